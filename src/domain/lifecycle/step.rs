//! The inputs of the actions, parsed: what a command carries beside the case and the actor.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::table::Action;
use crate::domain::attachment::{FileLimits, FileName, FileType, ObjectKey, Purpose, Sha256};
use crate::domain::case::{
    Applicant, Arrival, GroundFacts, LookupKeys, Manner, Particulars, ReviewKind, ReviewVerdict,
    ServedLetter, Verdict,
};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::Moment;
use crate::domain::ids::{AttachmentId, CaseId, UnitId, UserId};

/// One action on an existing case with its input. Serialised it is what the ledger keeps of the
/// input; members that may hold personal data are left out of that and sealed beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Step {
    /// Enter the case in the register.
    Register {
        /// The facts of arrival that were still missing.
        arrival: Arrival,
    },
    /// Correct facts.
    Amend {
        /// Why.
        reason: String,
        /// The corrected values.
        #[serde(skip)]
        changes: Box<Changes>,
    },
    /// Take out a case that was entered by mistake or twice.
    Void {
        /// Why.
        reason: String,
        /// The case that it duplicates.
        duplicate_of: Option<CaseId>,
    },
    /// Give the case to a unit.
    Assign {
        /// The unit.
        unit_id: UnitId,
        /// An officer of that unit.
        officer_id: Option<UserId>,
        /// By when the query room wants it.
        internal_due_date: Option<NaiveDate>,
        /// A remark.
        note: Option<String>,
    },
    /// Take the case as an officer.
    Accept,
    /// Give the case back.
    Return {
        /// Why.
        reason: String,
    },
    /// Ask the applicant to supplement.
    RequestSupplement {
        /// What is unclear.
        items: String,
        /// How to put it right.
        guidance: String,
        /// The last day; none for the default period.
        deadline: Option<NaiveDate>,
        /// The service of the notice, when it happened at once.
        service: Option<ServiceFacts>,
    },
    /// Record the applicant's supplement.
    Supplement {
        /// What came.
        #[serde(flatten)]
        facts: SupplementFacts,
    },
    /// Close the case as deemed abandoned.
    Lapse {
        /// Why.
        reason: String,
    },
    /// Ask for an extension.
    RequestExtension {
        /// Working days.
        days: u32,
        /// Why.
        reason: String,
    },
    /// Decide on the pending request.
    DecideExtension {
        /// Granted or refused.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
        /// The service of the notice, when it happened at once.
        service: Option<ServiceFacts>,
    },
    /// Draft the answer.
    DraftAnswer {
        /// What it shall say.
        #[serde(flatten)]
        wording: Box<Wording>,
    },
    /// Review the current draft.
    Review {
        /// For what.
        kind: ReviewKind,
        /// The conclusion.
        verdict: ReviewVerdict,
        /// The reviewer's words; they may speak of persons, so sealed in the ledger.
        #[serde(skip)]
        opinion: Option<String>,
        /// On what the conclusion rests.
        basis: Option<String>,
    },
    /// Issue the current draft.
    Answer {
        /// The service of the answer, when it happened at once.
        service: Option<ServiceFacts>,
    },
    /// Record an attempt of service.
    Serve {
        /// Of which letter.
        letter: ServedLetter,
        /// The facts.
        service: ServiceFacts,
    },
    /// Close the case on the applicant's word.
    Withdraw {
        /// How and why he withdrew it.
        reason: String,
    },
    /// Attach a file, whose bytes have been stored.
    Attach {
        /// The file.
        #[serde(flatten)]
        file: Box<NewFile>,
    },
    /// Take a file down.
    Detach {
        /// Which.
        attachment_id: AttachmentId,
        /// Why.
        reason: String,
    },
}

/// A file to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewFile {
    /// Its id.
    pub attachment_id: AttachmentId,
    /// For what it is attached.
    pub purpose: Purpose,
    /// Its name; it may name a person, so it is sealed in the ledger.
    #[serde(skip)]
    pub name: FileName,
    /// What kind of file it is.
    pub file_type: FileType,
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Where its bytes are.
    pub object: ObjectKey,
    /// A remark, sealed in the ledger.
    #[serde(skip)]
    pub note: Option<String>,
    /// How much is taken.
    #[serde(skip)]
    pub limits: FileLimits,
}

/// The corrected values of an amendment; none means as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The applicant, with the digests that belong to him.
    pub applicant: Option<(Applicant, LookupKeys)>,
    /// The subject.
    pub subject: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The channel.
    pub channel: Option<Channel>,
    /// Facts of arrival; each given one replaces the old one.
    pub arrival: Option<Arrival>,
    /// Facts of the supplement's arrival, likewise.
    pub supplement_arrival: Option<Arrival>,
    /// On what the information is wanted.
    pub carrier: Option<Carrier>,
    /// How it is to be obtained.
    pub delivery: Option<Delivery>,
}

/// A draft as the officer words it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Wording {
    /// The decision code.
    pub decision: String,
    /// Its particulars.
    pub particulars: Particulars,
    /// Further grounds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<GroundWording>,
    /// On what the information is provided; none for the applicant's wish.
    pub carrier: Option<Carrier>,
    /// How it is handed over; none for the applicant's wish.
    pub delivery: Option<Delivery>,
    /// The attached files that are provided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_ids: Vec<AttachmentId>,
}

/// A ground as the officer words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroundWording {
    /// The decision code.
    pub decision: String,
    /// What is said of that part.
    #[serde(flatten)]
    pub facts: GroundFacts,
}

/// What the applicant sent to supplement his application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SupplementFacts {
    /// By which channel.
    pub channel: Channel,
    /// The facts of its arrival.
    pub arrival: Arrival,
    /// What it says; the applicant's own words, so sealed in the ledger.
    #[serde(skip)]
    pub content: String,
}

impl SupplementFacts {
    /// A supplement that the applicant sends in by the number and the query code of his case. He has
    /// shown that it is his, and the receipt that he is shown at once is the office's word, so both
    /// sides have confirmed it when it is there (Regulation 2019, art. 31(3); docs/law.md).
    #[must_use]
    pub fn online(content: String, at: DateTime<Utc>) -> Self {
        let arrival = Arrival {
            confirmed_at: Some(Moment::Instant(at)),
            confirmation_manner: Some("凭编号和查询码在线提交,系统即时回执".to_owned()),
            ..Arrival::online(at)
        };
        Self { channel: Channel::Online, arrival, content }
    }
}

/// How a letter was served. Which day counts follows from the manner (R9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceFacts {
    /// The manner.
    pub manner: Manner,
    /// When it was signed for (handed over, substitute).
    pub signed_at: Option<Moment>,
    /// When it was posted.
    pub posted_at: Option<Moment>,
    /// When it was sent electronically.
    pub sent_at: Option<Moment>,
    /// When it came back.
    pub returned_at: Option<Moment>,
    /// When a posted letter was delivered.
    pub delivered_at: Option<Moment>,
    /// The number of the registered letter.
    pub mail_number: Option<String>,
    /// Who took it; a person's name, so sealed in the ledger.
    #[serde(skip)]
    pub recipient: Option<String>,
}

impl Step {
    /// The action that this is the input of.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Register { .. } => Action::Register,
            Self::Amend { .. } => Action::Amend,
            Self::Void { .. } => Action::Void,
            Self::Assign { .. } => Action::Assign,
            Self::Accept => Action::Accept,
            Self::Return { .. } => Action::Return,
            Self::RequestSupplement { .. } => Action::RequestSupplement,
            Self::Supplement { .. } => Action::Supplement,
            Self::Lapse { .. } => Action::Lapse,
            Self::RequestExtension { .. } => Action::RequestExtension,
            Self::DecideExtension { .. } => Action::DecideExtension,
            Self::DraftAnswer { .. } => Action::DraftAnswer,
            Self::Review { .. } => Action::Review,
            Self::Answer { .. } => Action::Answer,
            Self::Serve { .. } => Action::Serve,
            Self::Withdraw { .. } => Action::Withdraw,
            Self::Attach { .. } => Action::Attach,
            Self::Detach { .. } => Action::Detach,
        }
    }

    /// The part of the input that the ledger keeps only sealed.
    #[must_use]
    pub fn personal(&self) -> Option<serde_json::Value> {
        match self {
            Self::Amend { changes, .. } => serde_json::to_value(changes).ok(),
            Self::Supplement { facts } => Some(serde_json::json!({ "content": facts.content })),
            Self::Review { opinion, .. } => {
                opinion.as_ref().map(|opinion| serde_json::json!({ "opinion": opinion }))
            }
            Self::Attach { file } => {
                Some(serde_json::json!({ "name": file.name, "note": file.note }))
            }
            Self::Serve { service, .. }
            | Self::RequestSupplement { service: Some(service), .. }
            | Self::DecideExtension { service: Some(service), .. }
            | Self::Answer { service: Some(service) } => service
                .recipient
                .as_ref()
                .map(|recipient| serde_json::json!({ "recipient": recipient })),
            Self::RequestSupplement { .. }
            | Self::DecideExtension { .. }
            | Self::Answer { .. }
            | Self::Register { .. }
            | Self::Void { .. }
            | Self::Assign { .. }
            | Self::Accept
            | Self::Return { .. }
            | Self::Lapse { .. }
            | Self::RequestExtension { .. }
            | Self::DraftAnswer { .. }
            | Self::Withdraw { .. }
            | Self::Detach { .. } => None,
        }
    }

    /// The number of an earlier case that the input relies on.
    #[must_use]
    pub fn earlier_number(&self) -> Option<&str> {
        match self {
            Self::DraftAnswer { wording } => wording.particulars.earlier_case_number.as_deref(),
            _ => None,
        }
    }

    /// Another case that the input names and that must exist.
    #[must_use]
    pub const fn other_case(&self) -> Option<CaseId> {
        match self {
            Self::Void { duplicate_of, .. } => *duplicate_of,
            _ => None,
        }
    }
}
