//! What a case looks like from outside. What identifies or reaches a person is masked by role.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::{Actor, Role};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::{
    Applicant, Arrival, Case, ClockState, DeadlineOrigin, Draft, Manner, Particulars, ServedLetter,
    Verdict,
};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::Moment;
use crate::domain::identity::{Address, Email, IdDocument, IdKind, PersonName, Phone};
use crate::domain::lifecycle::Status;
use crate::service::App;
use crate::service::cases::{Opened, open_applicant};
use crate::store::Result;
use crate::store::cases::CaseLine;

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

/// The applicant. Numbers and addresses are always masked; a supervisor sees the name masked too and
/// the rest not at all.
#[derive(Serialize, ToSchema)]
pub struct ApplicantView {
    /// The column of annual table three.
    pub r#type: ApplicantType,
    /// The name.
    pub name: String,
    /// The kind of identity document.
    pub id_kind: Option<IdKind>,
    /// Its number, masked.
    #[schema(example = "220102********1235")]
    pub id_number: Option<String>,
    /// Telephone, masked.
    #[schema(example = "138****0000")]
    pub phone: Option<String>,
    /// Postal address, masked.
    pub address: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// E-mail, masked.
    pub email: Option<String>,
    /// The person to speak to.
    pub contact_name: Option<String>,
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
    /// Was it given by the due date?
    pub on_time: Option<bool>,
    /// Is an extension in effect?
    pub extended: bool,
    /// Does the due date rest on a year that has not been announced?
    pub provisional: bool,
    /// What went wrong with the periods.
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

/// A search for the information.
#[derive(Serialize, ToSchema)]
pub struct SearchView {
    /// Who searched.
    pub searcher: String,
    /// In which archive or system.
    pub system: String,
    /// By which key words.
    pub keywords: String,
    /// On which day.
    pub searched_on: NaiveDate,
}

/// A draft, or the draft as it was issued.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    /// The decision code.
    pub decision: String,
    /// Who drafted it.
    pub drafted_by: Uuid,
    /// When.
    pub drafted_at: DateTime<Utc>,
    /// The reasons.
    pub reasons: Option<String>,
    /// The article relied on.
    pub article: Option<String>,
    /// The harm of disclosure.
    pub harm: Option<String>,
    /// The searches.
    pub search_log: Vec<SearchView>,
    /// What is provided.
    pub provided: Option<String>,
    /// Where published information is found.
    pub how_to_obtain: Option<String>,
    /// The organ that has it.
    pub right_organ: Option<String>,
    /// The earlier case.
    pub earlier_case_number: Option<String>,
    /// What the third party said.
    pub consultation_result: Option<String>,
    /// The proper channel.
    pub channel_pointer: Option<String>,
    /// The publication.
    pub publication_source: Option<String>,
    /// The law relied on.
    pub basis_law: Option<String>,
    /// On what it is provided.
    pub carrier: Option<Carrier>,
    /// How it is handed over.
    pub delivery: Option<Delivery>,
}

/// An issued answer.
#[derive(Serialize, ToSchema)]
pub struct AnswerView {
    /// The draft as it was issued.
    pub draft: DraftView,
    /// The articles on which it rests.
    pub basis: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// By whom.
    pub issued_by: Uuid,
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
    pub counts_on: NaiveDate,
    /// The number of the registered letter.
    pub mail_number: Option<String>,
    /// When a posted letter was delivered.
    pub delivered_on: Option<NaiveDate>,
    /// Who took it.
    pub recipient: Option<String>,
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
    /// When it was recorded.
    pub received_at: DateTime<Utc>,
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
    /// The answer.
    pub answer: Option<AnswerView>,
    /// How it ended without an answer.
    pub closure: Option<ClosureView>,
    /// Attempts of service.
    pub services: Vec<ServiceView>,
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
}

/// A line of a list.
#[derive(Serialize, ToSchema)]
pub struct CaseLineView {
    /// Its id.
    pub id: Uuid,
    /// Changes seen.
    pub version: i64,
    /// Where it stands.
    pub status: String,
    /// The number on the receipt.
    pub receipt_number: String,
    /// The number in the register.
    pub case_number: Option<String>,
    /// By which channel it came.
    pub channel: String,
    /// The kind of applicant.
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
    pub received_at: DateTime<Utc>,
    /// The date of receipt.
    pub receipt_date: Option<NaiveDate>,
    /// The last lawful day for the answer.
    pub due_date: Option<NaiveDate>,
    /// The last day for the applicant's supplement.
    pub supplement_due_date: Option<NaiveDate>,
    /// The day on which the answer counts as given.
    pub answer_date: Option<NaiveDate>,
    /// The day on which it ended without an answer.
    pub closed_date: Option<NaiveDate>,
    /// The decision.
    pub decision: Option<String>,
    /// Was the period extended?
    pub extended: bool,
    /// Is it overdue today?
    pub overdue: bool,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Where it is.
    pub links: Links,
}

fn name_for(actor: &Actor, name: &str) -> String {
    if actor.role == Role::Supervisor {
        PersonName::parse(name).map_or_else(|_| "*".to_owned(), |name| name.masked())
    } else {
        name.to_owned()
    }
}

fn applicant_view(
    app: &App,
    actor: &Actor,
    case: &Case,
    today: NaiveDate,
) -> Result<ApplicantView> {
    let applicant = &case.record.intake.application.applicant;
    let hidden = actor.role == Role::Supervisor;
    let opened =
        if hidden { Opened::default() } else { open_applicant(&app.vault, case.id, applicant)? };
    Ok(ApplicantView {
        r#type: applicant.kind,
        name: name_for(actor, &applicant.name),
        id_kind: applicant.id_kind,
        id_number: masked_document(applicant, opened.id_number.as_deref(), today),
        phone: opened.phone.map(|text| masked(Phone::parse(&text).map(|p| p.masked()))),
        address: opened.address.map(|text| masked(Address::parse(&text).map(|a| a.masked()))),
        postcode: applicant.postcode.clone().filter(|_| !hidden),
        email: opened.email.map(|text| masked(Email::parse(&text).map(|e| e.masked()))),
        contact_name: applicant.contact_name.clone().filter(|_| !hidden),
    })
}

/// What was sealed was valid then; should the rules have become stricter, nothing is shown.
fn masked<E>(text: std::result::Result<String, E>) -> String {
    text.unwrap_or_else(|_| "***".to_owned())
}

fn masked_document(
    applicant: &Applicant,
    number: Option<&str>,
    today: NaiveDate,
) -> Option<String> {
    let kind = applicant.id_kind?;
    number.map(|number| masked(IdDocument::parse(kind, number, today).map(|d| d.masked())))
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
            received_at: intake.received_at,
            registered_at: record.registration.as_ref().map(|entry| entry.registered_at),
            holding: HoldingView::of(case),
            clock: record.clock.as_ref().map(ClockView::of),
            supplement: SupplementView::of(case),
            extensions: ExtensionView::all(case),
            draft: record.draft.as_ref().map(DraftView::of),
            answer: AnswerView::of(case),
            closure: record.stage.closure().map(|closure| ClosureView {
                reason: closure.reason.clone(),
                closed_date: closure.closed_on,
                duplicate_of: closure.duplicate_of.map(|id| id.0),
            }),
            services: ServiceView::all(case),
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
    fn of(clock: &ClockState) -> Self {
        Self {
            rule_set: clock.rule_set.as_str().to_owned(),
            receipt_date: clock.receipt_date,
            due_date: clock.due_date,
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

impl DraftView {
    fn of(draft: &Draft) -> Self {
        let Particulars {
            reasons,
            article,
            harm,
            search_log,
            provided,
            how_to_obtain,
            right_organ,
            earlier_case_number,
            consultation_result,
            channel_pointer,
            publication_source,
            basis_law,
        } = draft.particulars.clone();
        let search = |entry: crate::domain::case::SearchEntry| SearchView {
            searcher: entry.searcher,
            system: entry.system,
            keywords: entry.keywords,
            searched_on: entry.searched_on,
        };
        Self {
            decision: draft.decision.as_str().to_owned(),
            drafted_by: draft.drafted_by.0,
            drafted_at: draft.drafted_at,
            reasons,
            article,
            harm,
            search_log: search_log.into_iter().map(search).collect(),
            provided,
            how_to_obtain,
            right_organ,
            earlier_case_number,
            consultation_result,
            channel_pointer,
            publication_source,
            basis_law,
            carrier: draft.carrier,
            delivery: draft.delivery,
        }
    }
}

impl AnswerView {
    fn of(case: &Case) -> Option<Self> {
        case.record.stage.answer().map(|answer| Self {
            draft: DraftView::of(&answer.draft),
            basis: answer.basis.clone(),
            issued_at: answer.issued_at,
            issued_by: answer.issued_by.0,
        })
    }
}

impl ServiceView {
    fn all(case: &Case) -> Vec<Self> {
        let of = |service: &crate::domain::case::Service| Self {
            letter: service.letter,
            manner: service.manner,
            counts_on: service.counts_on,
            mail_number: service.mail_number.clone(),
            delivered_on: service.delivered_on,
            recipient: service.recipient.clone(),
        };
        case.record.services.iter().map(of).collect()
    }
}

impl CaseLineView {
    /// The line as this actor may see it.
    #[must_use]
    pub fn of(actor: &Actor, line: CaseLine, today: NaiveDate) -> Self {
        let finished = line.answer_date.is_some() || line.closed_on.is_some();
        Self {
            id: line.id.0,
            version: line.version,
            status: line.status,
            receipt_number: line.receipt_number,
            case_number: line.case_number,
            channel: line.channel,
            applicant_type: line.applicant_type,
            applicant_name: name_for(actor, &line.applicant_name),
            subject: line.subject,
            receiving_unit_id: line.receiving_unit_id.0,
            holding_unit_id: line.holding_unit_id.map(|key| key.0),
            officer_id: line.officer_id.map(|key| key.0),
            received_at: line.received_at.0,
            receipt_date: line.receipt_date,
            due_date: line.due_date,
            supplement_due_date: line.supplement_due_date,
            answer_date: line.answer_date,
            closed_date: line.closed_on,
            decision: line.decision,
            extended: line.extended,
            overdue: !finished && line.due_date.is_some_and(|due| due < today),
            updated_at: line.updated_at.0,
            links: Links::of(line.id.0),
        }
    }
}
