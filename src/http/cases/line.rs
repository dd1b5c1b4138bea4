//! A case as a line of a list.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::applicant::name_for;
use super::views::Links;
use crate::domain::actor::Actor;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::Channel;
use crate::domain::lifecycle::Status;
use crate::http::written;
use crate::store::cases::CaseLine;

/// A line of a list.
#[derive(Serialize, ToSchema)]
pub struct CaseLineView {
    /// Its id.
    pub id: Uuid,
    /// Changes seen.
    pub version: i64,
    /// Where it stands.
    #[schema(value_type = Status)]
    pub status: String,
    /// The number on the receipt.
    pub receipt_number: String,
    /// The number in the register.
    pub case_number: Option<String>,
    /// By which channel it came.
    #[schema(value_type = Channel)]
    pub channel: String,
    /// The kind of applicant.
    #[schema(value_type = ApplicantType)]
    pub applicant_type: String,
    /// The applicant's name; masked for a supervisor.
    pub applicant_name: String,
    /// For what.
    pub subject: String,
    /// The unit that received it.
    pub receiving_unit_id: Uuid,
    /// The unit that holds it.
    pub holding_unit_id: Option<Uuid>,
    /// The officer.
    pub officer_id: Option<Uuid>,
    /// When it was recorded.
    #[serde(serialize_with = "written::instant")]
    pub received_at: DateTime<Utc>,
    /// The same instant, under the name that every resource has for it.
    #[serde(serialize_with = "written::instant")]
    pub created_at: DateTime<Utc>,
    /// The date of receipt.
    #[serde(serialize_with = "written::day")]
    pub receipt_date: Option<NaiveDate>,
    /// The last lawful day for the answer.
    #[serde(serialize_with = "written::day")]
    pub due_date: Option<NaiveDate>,
    /// The last day for the applicant's supplement.
    #[serde(serialize_with = "written::day")]
    pub supplement_due_date: Option<NaiveDate>,
    /// The day on which the answer counts as given.
    #[serde(serialize_with = "written::day")]
    pub answer_date: Option<NaiveDate>,
    /// The day on which it ended without an answer.
    #[serde(serialize_with = "written::day")]
    pub closed_date: Option<NaiveDate>,
    /// The decision.
    pub decision: Option<String>,
    /// Was the period extended?
    pub extended: bool,
    /// Is it overdue today?
    pub overdue: bool,
    /// When it last changed.
    #[serde(serialize_with = "written::instant")]
    pub updated_at: DateTime<Utc>,
    /// Where it is.
    pub links: Links,
}

impl CaseLineView {
    /// The line as this actor may see it.
    #[must_use]
    pub fn of(actor: &Actor, line: &CaseLine, today: NaiveDate) -> Self {
        let due_date = line.due_now();
        let finished = line.answer_date.is_some() || line.closed_on.is_some();
        Self {
            id: line.id.0,
            version: line.version,
            status: line.status.clone(),
            receipt_number: line.receipt_number.clone(),
            case_number: line.case_number.clone(),
            channel: line.channel.clone(),
            applicant_type: line.applicant_type.clone(),
            applicant_name: name_for(actor, &line.applicant_name),
            subject: line.subject.clone(),
            receiving_unit_id: line.receiving_unit_id.0,
            holding_unit_id: line.holding_unit_id.map(|key| key.0),
            officer_id: line.officer_id.map(|key| key.0),
            received_at: line.received_at.0,
            created_at: line.received_at.0,
            receipt_date: line.receipt_date,
            due_date,
            supplement_due_date: line.supplement_due_date,
            answer_date: line.answer_date,
            closed_date: line.closed_on,
            decision: line.decision.clone(),
            extended: line.extended,
            overdue: !finished && line.due_date.is_some_and(|due| due < today),
            updated_at: line.updated_at.0,
            links: Links::of(line.id.0),
        }
    }
}
