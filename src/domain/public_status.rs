//! What an applicant is told about his case when he shows its number and his query code: where it
//! stands, on which days what happened, and until when what is due. No name, no number of a person,
//! no officer, no unit, and nothing that somebody wrote.

use chrono::NaiveDate;

use super::case::{Case, Manner, ServedLetter, Stage};
use super::deadline::legal_day;
use super::lifecycle::Status;
use super::text_enum::text_enum;

text_enum! {
    /// Where a case stands, in the words for the public (查询状态).
    pub enum PublicStatus in "public_status" {
        Received = "received" : "已收到，待确认登记" / "received, to be confirmed and registered",
        InProgress = "in_progress" : "办理中" / "in progress",
        AwaitingSupplement = "awaiting_supplement" : "等待您补正" / "waiting for your supplement",
        Answered = "answered" : "已答复" / "answered",
        Closed = "closed" : "已办结" / "closed without an answer",
    }
}

text_enum! {
    /// What has become of the answer on its way to the applicant (送达状态).
    pub enum DeliveryState in "delivery_state" {
        Pending = "pending" : "尚未送达" / "not served yet",
        Dispatched = "dispatched" : "已寄出或者已发送" / "posted or sent",
        Delivered = "delivered" : "已送达" / "delivered",
        Returned = "returned" : "被退回" / "came back",
    }
}

/// The days on which something happened; none for what has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    /// The application was recorded.
    pub received: Option<NaiveDate>,
    /// It was entered in the register.
    pub registered: Option<NaiveDate>,
    /// It counts as received (Regulation 2019, art. 31): the period for the answer runs from here.
    pub receipt: Option<NaiveDate>,
    /// A supplement was asked for.
    pub supplement_requested: Option<NaiveDate>,
    /// The supplement counts as received: the period runs anew from here.
    pub supplemented: Option<NaiveDate>,
    /// The applicant was told of an extension that counts.
    pub extended: Option<NaiveDate>,
    /// The answer was issued.
    pub answered: Option<NaiveDate>,
    /// The case ended without an answer.
    pub closed: Option<NaiveDate>,
}

/// A case as its applicant may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicView {
    /// The number on the receipt.
    pub receipt_number: String,
    /// The number of the case; none before registration.
    pub case_number: Option<String>,
    /// Where it stands.
    pub status: PublicStatus,
    /// What happened when.
    pub milestones: Milestones,
    /// The last day for the answer; none before registration, while the clock stands still, and of a
    /// case that ended without an answer.
    pub due: Option<NaiveDate>,
    /// The last day for the applicant's supplement; none while none is awaited, or while the notice
    /// has not been served and its period has not begun.
    pub supplement_due: Option<NaiveDate>,
    /// What has become of the answer and on which day; none before there is one.
    pub delivery: Option<(DeliveryState, Option<NaiveDate>)>,
    /// Is there an answer to be had at the public door?
    pub answer_online: bool,
}

/// Does a case in this status exist for the public? One that was withdrawn or voided answers as if
/// it had never been.
#[must_use]
pub const fn exists_in(status: Status) -> bool {
    !matches!(status, Status::Withdrawn | Status::Voided)
}

impl PublicView {
    /// The view of a case; none for one that does not exist for the public ([`exists_in`]).
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        let status = match &case.record.stage {
            Stage::Received => PublicStatus::Received,
            Stage::Registered | Stage::Assigned | Stage::Supplemented => PublicStatus::InProgress,
            Stage::AwaitingSupplement => PublicStatus::AwaitingSupplement,
            Stage::Answered(_) => PublicStatus::Answered,
            Stage::Lapsed(_) => PublicStatus::Closed,
            Stage::Withdrawn(_) | Stage::Voided(_) => return None,
        };
        let record = &case.record;
        let served = case.effective_service(ServedLetter::SupplementNotice).is_some();
        let awaited = status == PublicStatus::AwaitingSupplement && served;
        let owes_answer = matches!(status, PublicStatus::InProgress | PublicStatus::Answered);
        Some(Self {
            receipt_number: record.intake.receipt_number.clone(),
            case_number: record.registration.as_ref().map(|entry| entry.case_number.clone()),
            status,
            milestones: milestones(case),
            due: record.clock.as_ref().and_then(|clock| clock.due_date).filter(|_| owes_answer),
            supplement_due: record
                .supplement
                .as_ref()
                .filter(|_| awaited)
                .map(|round| round.deadline),
            delivery: record.stage.answer().map(|_| delivery(case)),
            answer_online: case.online_answer().is_some(),
        })
    }
}

fn milestones(case: &Case) -> Milestones {
    let record = &case.record;
    let clock = record.clock.as_ref();
    let told = record
        .extensions
        .iter()
        .filter_map(|extension| extension.decision.as_ref()?.notified_on)
        .max()
        .filter(|_| clock.is_some_and(|clock| clock.extended));
    Milestones {
        received: Some(legal_day(record.intake.received_at)),
        registered: record.registration.as_ref().map(|entry| legal_day(entry.registered_at)),
        receipt: clock.map(|clock| clock.receipt_date),
        supplement_requested: record.supplement.as_ref().map(|round| round.notice_date),
        supplemented: clock.and_then(|clock| clock.resumed_on),
        extended: told,
        answered: record.stage.answer().map(|answer| legal_day(answer.issued_at)),
        closed: record.stage.closure().map(|closure| closure.closed_on),
    }
}

/// The last attempt to serve the answer tells where it is.
fn delivery(case: &Case) -> (DeliveryState, Option<NaiveDate>) {
    let services = &case.record.services;
    let last = services.iter().rev().find(|service| service.letter == ServedLetter::Answer);
    let Some(last) = last else { return (DeliveryState::Pending, None) };
    match (last.manner, last.delivered_on) {
        (Manner::HandedOver | Manner::Substitute | Manner::Left | Manner::Downloaded, _) => {
            (DeliveryState::Delivered, Some(last.counts_on))
        }
        (Manner::Posted, Some(delivered)) => (DeliveryState::Delivered, Some(delivered)),
        (Manner::Posted | Manner::Sent, _) => (DeliveryState::Dispatched, Some(last.counts_on)),
        (Manner::Returned, _) => (DeliveryState::Returned, Some(last.counts_on)),
    }
}
