//! What a case looks like from outside. What identifies or reaches a person is masked by role.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::applicant::{ApplicantView, applicant_view, name_for};
use super::archive::ArchiveView;
use super::drafting::{AnswerView, DraftView, ReviewView};
use super::earlier::EarlierCasesView;
use super::letters::{LetterView, letters_of};
use super::subtasks::SubtaskView;
use crate::domain::actor::Actor;
use crate::domain::case::{
    Arrival, Case, ClockFlag, ClockState, DeadlineOrigin, Manner, PostalOperator, ServedLetter,
    Stage, Verdict,
};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::Moment;
use crate::domain::external_ref::ExternalRef;
use crate::domain::lifecycle::Status;
use crate::service::App;
use crate::store::Result;

/// Where the resource is.
#[derive(Serialize, ToSchema)]
pub struct Links {
    /// Its address.
    #[serde(rename = "self")]
    pub own: String,
}

impl Links {
    pub(super) fn of(id: Uuid) -> Self {
        Self { own: format!("/api/v1/cases/{id}") }
    }
}

/// The facts of arrival.
#[derive(Serialize, ToSchema)]
pub struct ArrivalView {
    /// Handed in.
    pub submitted_at: Option<Moment>,
    /// Signed for.
    pub signed_at: Option<Moment>,
    /// Arrived unsigned.
    pub arrived_at: Option<Moment>,
    /// Taken in by a system.
    pub received_at: Option<Moment>,
    /// Confirmed.
    pub confirmed_at: Option<Moment>,
    /// By whom.
    pub confirmed_by: Option<String>,
    /// How.
    pub confirmation_manner: Option<String>,
}

/// The statutory clock as of the last change; `/deadline` explains it day by day.
#[derive(Serialize, ToSchema)]
pub struct ClockView {
    /// The text of the Regulation that governs the case: `2007` or `2019`.
    #[schema(example = "2019")]
    pub rule_set: String,
    /// The date of receipt.
    pub receipt_date: NaiveDate,
    /// The last lawful day for the answer; null while the clock is stopped or has ended.
    pub due_date: Option<NaiveDate>,
    /// The last day for a supplement notice.
    pub supplement_notice_due_date: Option<NaiveDate>,
    /// The last day for the applicant's supplement.
    pub supplement_due_date: Option<NaiveDate>,
    /// The day from which the clock was started anew.
    pub restarted_from_date: Option<NaiveDate>,
    /// The day on which the answer counts as given.
    pub answer_date: Option<NaiveDate>,
    /// Was it given by the due date? Left out while there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_time: Option<bool>,
    /// Is an extension in effect?
    pub extended: bool,
    /// Does the due date rest on a year that has not been announced?
    pub provisional: bool,
    /// What went wrong with the periods.
    #[schema(value_type = Vec<ClockFlag>)]
    pub flags: Vec<String>,
}

/// Who holds the case.
#[derive(Serialize, ToSchema)]
pub struct HoldingView {
    /// The unit.
    pub unit_id: Uuid,
    /// The officer.
    pub officer_id: Option<Uuid>,
    /// When an officer accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was assigned.
    pub assigned_at: DateTime<Utc>,
    /// By when the query room wants it.
    pub internal_due_date: Option<NaiveDate>,
    /// A remark.
    pub note: Option<String>,
}

/// The request for a supplement.
#[derive(Serialize, ToSchema)]
pub struct SupplementView {
    /// What is unclear.
    pub items: String,
    /// How to put it right.
    pub guidance: String,
    /// The day of the notice.
    pub notice_date: NaiveDate,
    /// The last day for the applicant.
    pub due_date: NaiveDate,
    /// Where that day comes from.
    pub due_date_origin: DeadlineOrigin,
    /// What he sent; null while it is awaited.
    pub content: Option<String>,
    /// By which channel it came; null while it is awaited.
    pub channel: Option<Channel>,
    /// The facts of its arrival; null while it is awaited.
    pub arrival: Option<ArrivalView>,
    /// When it was recorded.
    pub supplemented_at: Option<DateTime<Utc>>,
}

/// A request for extension.
#[derive(Serialize, ToSchema)]
pub struct ExtensionView {
    /// Working days.
    pub days: u32,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// The decision; null while it is pending.
    pub verdict: Option<Verdict>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// When the applicant was told; without it the extension has no effect.
    pub notified_date: Option<NaiveDate>,
}

/// How a case ended without an answer.
#[derive(Serialize, ToSchema)]
pub struct ClosureView {
    /// Why.
    pub reason: String,
    /// On which legal day.
    pub closed_date: NaiveDate,
    /// The case that it duplicates.
    pub duplicate_of: Option<Uuid>,
}

/// An attempt of service.
#[derive(Serialize, ToSchema)]
pub struct ServiceView {
    /// Of which letter.
    pub letter: ServedLetter,
    /// How.
    pub manner: Manner,
    /// The day that counts.
    pub effective_date: NaiveDate,
    /// The number of the registered letter.
    pub mail_number: Option<String>,
    /// When a posted letter was delivered.
    pub delivery_date: Option<NaiveDate>,
    /// Who took it.
    pub recipient: Option<String>,
    /// What he is to the applicant.
    pub relation: Option<String>,
    /// Who saw that it was refused.
    pub witness: Option<String>,
    /// Why it was refused or came back.
    pub reason: Option<String>,
    /// Where.
    pub place: Option<String>,
    /// Who served it.
    pub served_by: Option<String>,
    /// Who carried a posted letter.
    pub postal_operator: Option<PostalOperator>,
}

/// The number by which another system or a paper register knows a case.
#[derive(Serialize, ToSchema)]
pub struct ExternalRefView {
    /// The system.
    #[schema(example = "paper_register")]
    pub source: String,
    /// The number within it.
    #[schema(example = "2026-0017")]
    pub r#ref: String,
}

impl From<&ExternalRef> for ExternalRefView {
    fn from(known: &ExternalRef) -> Self {
        Self { source: known.source().to_owned(), r#ref: known.reference().to_owned() }
    }
}

/// A case.
#[derive(Serialize, ToSchema)]
pub struct CaseView {
    /// Its id.
    pub id: Uuid,
    /// Changes seen; also the ETag.
    pub version: i64,
    /// Where it stands.
    pub status: Status,
    /// The number on the receipt.
    pub receipt_number: String,
    /// The number in the register; null before registration.
    #[schema(example = "长公公开〔2026〕17号")]
    pub case_number: Option<String>,
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival.
    pub arrival: ArrivalView,
    /// Who asks.
    pub applicant: ApplicantView,
    /// For what, in one line.
    pub subject: String,
    /// For what, in full.
    pub description: String,
    /// Why (2007 text).
    pub purpose: Option<String>,
    /// On what the information is wanted.
    pub carrier: Carrier,
    /// How it is to be obtained.
    pub delivery: Delivery,
    /// Would another form do?
    pub accepts_other_form: bool,
    /// Was a waiver of fees asked for?
    pub fee_waiver_requested: bool,
    /// The unit that received it.
    pub receiving_unit_id: Uuid,
    /// The number by which another system or a paper register knows it.
    pub external_ref: Option<ExternalRefView>,
    /// When it was recorded.
    pub received_at: DateTime<Utc>,
    /// The same instant, under the name that every resource has for it.
    pub created_at: DateTime<Utc>,
    /// When it was registered.
    pub registered_at: Option<DateTime<Utc>>,
    /// Who holds it, or held it last.
    pub holding: Option<HoldingView>,
    /// The statutory clock; null before registration.
    pub clock: Option<ClockView>,
    /// The request for a supplement.
    pub supplement: Option<SupplementView>,
    /// Requests for extension.
    pub extensions: Vec<ExtensionView>,
    /// The current draft.
    pub draft: Option<DraftView>,
    /// The reviews of the current draft, oldest first.
    pub reviews: Vec<ReviewView>,
    /// What was asked of other units, oldest first.
    pub subtasks: Vec<SubtaskView>,
    /// The answer.
    pub answer: Option<AnswerView>,
    /// How it ended without an answer.
    pub closure: Option<ClosureView>,
    /// That it was put away, and for how long; null while it was not.
    pub archive: Option<ArchiveView>,
    /// Attempts of service.
    pub services: Vec<ServiceView>,
    /// The letters that were issued, oldest first.
    pub letters: Vec<LetterView>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Where it is.
    pub links: Links,
}

/// A case that has just been received, with the code that is shown once.
#[derive(Serialize, ToSchema)]
pub struct ReceivedView {
    /// The case.
    #[serde(flatten)]
    pub case: CaseView,
    /// The query code for the applicant. Shown this once; only a keyed digest is kept.
    #[schema(example = "3KQD-8W2P-0RXV-5TZN")]
    pub query_code: String,
    /// The applicant's earlier cases, and a warning when this looks like a repetition of one.
    pub earlier_cases: EarlierCasesView,
}

impl CaseView {
    /// The case as this actor may see it.
    ///
    /// # Errors
    /// A sealed field does not open.
    pub fn of(app: &App, actor: &Actor, case: &Case, today: NaiveDate) -> Result<Self> {
        let record = &case.record;
        let intake = &record.intake;
        let application = &intake.application;
        Ok(Self {
            id: case.id.0,
            version: case.version.0,
            status: case.status(),
            receipt_number: intake.receipt_number.clone(),
            case_number: record.registration.as_ref().map(|entry| entry.case_number.clone()),
            channel: intake.channel,
            arrival: ArrivalView::of(&intake.arrival),
            applicant: applicant_view(app, actor, case, today)?,
            subject: application.subject.clone(),
            description: application.description.clone(),
            purpose: application.purpose.clone(),
            carrier: application.carrier,
            delivery: application.delivery,
            accepts_other_form: application.accepts_other_form,
            fee_waiver_requested: application.fee_waiver_requested,
            receiving_unit_id: intake.receiving_unit.0,
            external_ref: intake.external_ref.as_ref().map(ExternalRefView::from),
            received_at: intake.received_at,
            created_at: intake.received_at,
            registered_at: record.registration.as_ref().map(|entry| entry.registered_at),
            holding: HoldingView::of(case),
            clock: record.clock.as_ref().map(|clock| ClockView::of(clock, &record.stage)),
            supplement: SupplementView::of(case),
            extensions: ExtensionView::all(case),
            draft: record.draft.as_ref().map(DraftView::of),
            reviews: record.reviews.iter().map(ReviewView::of).collect(),
            subtasks: SubtaskView::all(app, case, today)?,
            answer: AnswerView::of(case),
            closure: record.stage.closure().map(|closure| ClosureView {
                reason: closure.reason.clone(),
                closed_date: closure.closed_on,
                duplicate_of: closure.duplicate_of.map(|id| id.0),
            }),
            archive: record.archive.as_ref().map(ArchiveView::from),
            services: ServiceView::all(actor, case),
            letters: letters_of(case),
            updated_at: case.updated_at,
            links: Links::of(case.id.0),
        })
    }
}

impl ArrivalView {
    fn of(arrival: &Arrival) -> Self {
        Self {
            submitted_at: arrival.submitted_at,
            signed_at: arrival.signed_at,
            arrived_at: arrival.arrived_at,
            received_at: arrival.received_at,
            confirmed_at: arrival.confirmed_at,
            confirmed_by: arrival.confirmed_by.clone(),
            confirmation_manner: arrival.confirmation_manner.clone(),
        }
    }
}

impl ClockView {
    fn of(clock: &ClockState, stage: &Stage) -> Self {
        Self {
            rule_set: clock.rule_set.as_str().to_owned(),
            receipt_date: clock.receipt_date,
            // Nothing is due of a case that ended without an answer.
            due_date: clock.due_date.filter(|_| stage.closure().is_none()),
            supplement_notice_due_date: clock.supplement_notice_due,
            supplement_due_date: clock.supplement_due,
            restarted_from_date: clock.resumed_on,
            answer_date: clock.answer_date,
            on_time: clock.on_time,
            extended: clock.extended,
            provisional: clock.provisional,
            flags: clock.flags.clone(),
        }
    }
}

impl HoldingView {
    fn of(case: &Case) -> Option<Self> {
        case.record.holding.as_ref().map(|holding| Self {
            unit_id: holding.unit.0,
            officer_id: holding.officer.map(|user| user.0),
            accepted_at: holding.accepted_at,
            assigned_at: holding.assigned_at,
            internal_due_date: holding.internal_due_date,
            note: holding.note.clone(),
        })
    }
}

impl SupplementView {
    fn of(case: &Case) -> Option<Self> {
        case.record.supplement.as_ref().map(|round| Self {
            items: round.items.clone(),
            guidance: round.guidance.clone(),
            notice_date: round.notice_date,
            due_date: round.deadline,
            due_date_origin: round.deadline_origin,
            content: round.reply.as_ref().map(|reply| reply.content.clone()),
            channel: round.reply.as_ref().map(|reply| reply.channel),
            arrival: round.reply.as_ref().map(|reply| ArrivalView::of(&reply.arrival)),
            supplemented_at: round.reply.as_ref().map(|reply| reply.recorded_at),
        })
    }
}

impl ExtensionView {
    fn all(case: &Case) -> Vec<Self> {
        let of = |extension: &crate::domain::case::Extension| {
            let decision = extension.decision.as_ref();
            Self {
                days: extension.days,
                reason: extension.reason.clone(),
                requested_at: extension.requested_at,
                verdict: decision.map(|decision| decision.verdict),
                decided_at: decision.map(|decision| decision.decided_at),
                notified_date: decision.and_then(|decision| decision.notified_on),
            }
        };
        case.record.extensions.iter().map(of).collect()
    }
}

impl ServiceView {
    fn all(actor: &Actor, case: &Case) -> Vec<Self> {
        let of = |service: &crate::domain::case::Service| Self {
            letter: service.letter,
            manner: service.manner,
            effective_date: service.counts_on,
            mail_number: service.mail_number.clone(),
            delivery_date: service.delivered_on,
            recipient: service.recipient.as_deref().map(|name| name_for(actor, name)),
            relation: service.relation.clone(),
            witness: service.witness.as_deref().map(|name| name_for(actor, name)),
            reason: service.reason.clone(),
            place: service.place.clone(),
            served_by: service.served_by.clone(),
            postal_operator: service.postal_operator,
        };
        case.record.services.iter().map(of).collect()
    }
}
