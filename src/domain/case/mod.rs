//! A case (申请件): one application and all that is done on it.

mod application;
mod archive;
mod change;
mod clock;
mod draft;
mod proceedings;
mod review;
mod subtask;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use application::{Applicant, Application, Arrival, LookupKeys};
pub use archive::Archive;
pub use change::Change;
pub use clock::{ClockFlag, ClockState, matter};
pub use draft::{Answer, Draft, Explanation, Ground, GroundFacts, Particulars, SearchEntry};
pub use proceedings::{
    Closure, DeadlineOrigin, Extension, ExtensionDecision, Holding, Manner, PostalOperator,
    Registration, ServedLetter, Service, SupplementReply, SupplementRound, Verdict,
};
pub use review::{Review, ReviewKind, ReviewVerdict, Reviews};
pub use subtask::{Ended, Reminder, Subtask, SubtaskEnd, SubtaskKind, SubtaskState};

use super::attachment::{Attachment, ProvidedFile};
use super::channel::{Carrier, Channel};
use super::external_ref::ExternalRef;
use super::ids::{AttachmentId, CaseId, UnitId, UserId, Version};
use super::letter::{LetterKind, LetterRef};
use super::lifecycle::Status;

/// One case. Its parts agree with each other as [`Case::faults`] states; every change goes
/// through [`super::lifecycle::apply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Changes seen.
    pub version: Version,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Everything else; stored as one document.
    pub record: Record,
}

/// The content of a case, as it is stored (docs/adr/0003-case-as-document.md).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The application as received.
    pub intake: Intake,
    /// The entry in the register; none before registration.
    pub registration: Option<Registration>,
    /// The unit that handles it, or handled it last.
    pub holding: Option<Holding>,
    /// Where it stands.
    pub stage: Stage,
    /// The one request for a supplement.
    pub supplement: Option<SupplementRound>,
    /// Requests for extension, oldest first.
    pub extensions: Vec<Extension>,
    /// The current draft of the answer.
    pub draft: Option<Draft>,
    /// The reviews of the current draft.
    #[serde(default, skip_serializing_if = "Reviews::is_empty")]
    pub reviews: Reviews,
    /// What was asked of other units, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtasks: Vec<Subtask>,
    /// Attempts of service, oldest first.
    pub services: Vec<Service>,
    /// The letters that were issued, oldest first; none is ever taken out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<LetterRef>,
    /// Files, oldest first; with those that were taken down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// That it was put away; none while it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
    /// The statutory clock as of the last change; none before registration.
    pub clock: Option<ClockState>,
}

/// How a case came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// The number on the receipt.
    pub receipt_number: String,
    /// Keyed digest of the query code, hexadecimal; the code itself is shown once and not kept.
    pub query_code_digest: String,
    /// What was asked for.
    pub application: Application,
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival.
    pub arrival: Arrival,
    /// The unit that received it.
    pub receiving_unit: UnitId,
    /// When it was recorded.
    pub received_at: DateTime<Utc>,
    /// By whom; none when the applicant did it online.
    pub received_by: Option<UserId>,
    /// The number by which another system or a paper register knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<ExternalRef>,
}

/// Where a case stands, with what exists only there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", content = "outcome", rename_all = "snake_case")]
pub enum Stage {
    /// Recorded, not yet in the register.
    Received,
    /// In the register, with nobody.
    Registered,
    /// With a unit.
    Assigned,
    /// The applicant has been asked to supplement.
    AwaitingSupplement,
    /// The supplement has arrived.
    Supplemented,
    /// Answered.
    Answered(Box<Answer>),
    /// Deemed abandoned.
    Lapsed(Closure),
    /// Taken back by the applicant.
    Withdrawn(Closure),
    /// Entered by mistake or twice; counted nowhere.
    Voided(Closure),
}

impl Stage {
    /// The status that this stage is.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Received => Status::Received,
            Self::Registered => Status::Registered,
            Self::Assigned => Status::Assigned,
            Self::AwaitingSupplement => Status::AwaitingSupplement,
            Self::Supplemented => Status::Supplemented,
            Self::Answered(_) => Status::Answered,
            Self::Lapsed(_) => Status::Lapsed,
            Self::Withdrawn(_) => Status::Withdrawn,
            Self::Voided(_) => Status::Voided,
        }
    }

    /// How the case ended without an answer, if it did.
    #[must_use]
    pub const fn closure(&self) -> Option<&Closure> {
        match self {
            Self::Lapsed(closure) | Self::Withdrawn(closure) | Self::Voided(closure) => {
                Some(closure)
            }
            Self::Received
            | Self::Registered
            | Self::Assigned
            | Self::AwaitingSupplement
            | Self::Supplemented
            | Self::Answered(_) => None,
        }
    }

    /// The answer, if there is one.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answered(answer) => Some(answer),
            _ => None,
        }
    }
}

impl Case {
    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.record.stage.status()
    }

    /// The unit that holds it now or held it last.
    #[must_use]
    pub fn holding_unit(&self) -> Option<UnitId> {
        self.record.holding.as_ref().map(|holding| holding.unit)
    }

    /// The unit that answers for it in the statistics: the holder, else the receiver.
    #[must_use]
    pub fn responsible_unit(&self) -> UnitId {
        self.holding_unit().unwrap_or(self.record.intake.receiving_unit)
    }

    /// The answer that the applicant can have at the public door: issued, to be downloaded, and not
    /// void.
    #[must_use]
    pub fn online_answer(&self) -> Option<&LetterRef> {
        let answer = self.record.stage.answer()?;
        self.answer_letter().filter(|_| answer.draft.carrier == Some(Carrier::Download))
    }

    /// Does one of these units have a subtask on it that is still open?
    #[must_use]
    pub fn asks_one_of(&self, units: &[UnitId]) -> bool {
        let open = self.record.subtasks.iter().filter(|subtask| subtask.is_open());
        open.into_iter().any(|subtask| units.contains(&subtask.unit))
    }

    /// The extension request that awaits a decision.
    #[must_use]
    pub fn pending_extension(&self) -> Option<&Extension> {
        self.record.extensions.last().filter(|extension| extension.decision.is_none())
    }

    /// A file of the case, also one that was taken down.
    #[must_use]
    pub fn attachment(&self, id: AttachmentId) -> Option<&Attachment> {
        self.record.attachments.iter().find(|attachment| attachment.id == id)
    }

    /// The files that the current draft provides, and those that left with the answer.
    pub fn provided(&self) -> impl Iterator<Item = &ProvidedFile> {
        let issued = self.record.stage.answer().map(|answer| &answer.draft);
        self.record.draft.iter().chain(issued).flat_map(|draft| &draft.files)
    }

    /// The attempt by which a letter counts as served: the first since the last one that came
    /// back. A returned letter has not reached anybody, so another attempt takes its place (ours;
    /// docs/law.md).
    #[must_use]
    pub fn effective_service(&self, letter: ServedLetter) -> Option<&Service> {
        let attempts = self.record.services.iter().filter(|service| service.letter == letter);
        attempts.fold(None, |effective, attempt| match attempt.manner {
            Manner::Returned => None,
            Manner::HandedOver
            | Manner::Posted
            | Manner::Sent
            | Manner::Substitute
            | Manner::Left
            | Manner::Downloaded => effective.or(Some(attempt)),
        })
    }

    /// The legal day on which it ended: the answer counts as given, or it was closed without one. None
    /// while there is something to be done on it.
    #[must_use]
    pub fn ended_on(&self) -> Option<NaiveDate> {
        match &self.record.stage {
            Stage::Answered(_) => self.record.clock.as_ref().and_then(|clock| clock.answer_date),
            stage => stage.closure().map(|closure| closure.closed_on),
        }
    }

    /// The letters that hold, oldest first.
    #[must_use = "an iterator does nothing by itself"]
    pub fn valid_letters(&self) -> impl DoubleEndedIterator<Item = &LetterRef> {
        self.record.letters.iter().filter(|letter| letter.is_valid())
    }

    /// The letter that answers, when there is one that holds. Cases answered before letters were kept
    /// have none.
    #[must_use]
    pub fn answer_letter(&self) -> Option<&LetterRef> {
        self.valid_letters().rev().find(|letter| letter.kind.is_answer())
    }

    /// The last letter of a kind, when one holds.
    #[must_use]
    pub fn letter_of(&self, kind: LetterKind) -> Option<&LetterRef> {
        self.valid_letters().rev().find(|letter| letter.kind == kind)
    }

    /// What contradicts itself in this case. Empty for every case that the lifecycle produced;
    /// a stored row for which it is not empty is corrupt.
    #[must_use]
    pub fn faults(&self) -> Vec<&'static str> {
        let record = &self.record;
        let status = self.status();
        let registered = record.registration.is_some();
        let held = record.holding.is_some();
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault| {
            if !holds {
                faults.push(fault);
            }
        };
        match status {
            Status::Received => check(!registered, "a received case has no case number"),
            Status::Registered
            | Status::Assigned
            | Status::AwaitingSupplement
            | Status::Supplemented
            | Status::Answered
            | Status::Lapsed => check(registered, "the case has no case number"),
            Status::Withdrawn | Status::Voided => {}
        }
        check(status != Status::Assigned || held, "an assigned case has no holder");
        check(
            !matches!(status, Status::Received | Status::Registered) || !held,
            "nobody may hold it yet",
        );
        check(record.clock.is_some() == registered, "clock and register disagree");
        let reply = record.supplement.as_ref().map(|round| round.reply.is_some());
        match status {
            Status::AwaitingSupplement => check(reply == Some(false), "no supplement is awaited"),
            Status::Supplemented => check(reply == Some(true), "no supplement has arrived"),
            Status::Received
            | Status::Registered
            | Status::Assigned
            | Status::Answered
            | Status::Lapsed
            | Status::Withdrawn
            | Status::Voided => {}
        }
        if status == Status::Lapsed {
            check(reply == Some(false), "a lapsed case was never asked to supplement");
        }
        if let Some(answer) = record.stage.answer() {
            let by_two = answer.issued_by != answer.draft.drafted_by;
            check(by_two || answer.by_one_clerk, "the drafter issued the answer");
            check(!record.reviews.are_by(answer.issued_by), "a reviewer issued the answer");
        }
        check(record.draft.is_some() || record.reviews.is_empty(), "reviews of no draft");
        let answers = self.valid_letters().filter(|letter| letter.kind.is_answer()).count();
        check(
            answers <= usize::from(record.stage.answer().is_some()),
            "a letter answers a case that is not answered, or two do",
        );
        let attached = |file: &ProvidedFile| {
            let found = self.attachment(file.id).filter(|attachment| attachment.detached.is_none());
            found.is_some_and(|attachment| attachment.sha256 == file.sha256)
        };
        check(self.provided().all(attached), "a file is provided that is not attached");
        let pending = record.extensions.iter().rev().skip(1).any(|e| e.decision.is_none());
        check(!pending, "an extension request was passed over");
        let ended = self.ended_on().is_some() && status != Status::Voided;
        check(record.archive.is_none() || ended, "a case is archived that has not ended");
        faults
    }
}
