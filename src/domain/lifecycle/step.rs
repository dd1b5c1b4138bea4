//! The inputs of the actions, parsed: what a command carries beside the case and the actor.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::table::Action;
use crate::domain::attachment::{FileLimits, FileName, FileType, ObjectKey, Purpose, Sha256};
use crate::domain::case::{
    Applicant, Arrival, GroundFacts, LookupKeys, Manner, Particulars, PostalOperator, ReviewKind,
    ReviewVerdict, SearchEntry, ServedLetter, SubtaskKind, Verdict,
};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::Moment;
use crate::domain::ids::{AttachmentId, CaseId, UnitId, UserId};
use crate::domain::letter::LetterId;

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
    /// Ask another unit.
    AskSubtask {
        /// For what.
        #[serde(flatten)]
        wording: SubtaskWording,
    },
    /// Reply to what this unit was asked.
    ReplySubtask {
        /// The number of the subtask.
        subtask: u32,
        /// What was found, or is thought; it may speak of persons, so sealed in the ledger.
        #[serde(skip)]
        reply: String,
        /// The searches made.
        #[serde(skip)]
        search_log: Vec<SearchEntry>,
    },
    /// Give back what this unit was asked.
    ReturnSubtask {
        /// The number of the subtask.
        subtask: u32,
        /// Why.
        reason: String,
    },
    /// Wait no longer for a unit.
    WaiveSubtask {
        /// The number of the subtask.
        subtask: u32,
        /// Why.
        reason: String,
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
    /// Declare a letter void that has not reached anybody. A notice is issued anew in the same step; an
    /// answer goes back to be drafted.
    VoidLetter {
        /// Which.
        letter_id: LetterId,
        /// Why.
        reason: String,
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
    /// Put an ended case away.
    Archive {
        /// How many pages its papers have, as far as they were counted.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pages: Vec<PageCount>,
    },
}

/// How many pages a letter or a file of a case has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PageCount {
    /// Its id.
    pub id: Uuid,
    /// So many.
    pub pages: u32,
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

/// What another unit is asked, as the asking one words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubtaskWording {
    /// Which unit.
    #[serde(rename = "unit_id")]
    pub unit: UnitId,
    /// For what.
    pub kind: SubtaskKind,
    /// What exactly; it may speak of persons, so sealed in the ledger.
    #[serde(skip)]
    pub question: String,
    /// By when; none for the default period.
    pub due_date: Option<NaiveDate>,
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
    /// When it was left with him, who would not take it.
    pub left_at: Option<Moment>,
    /// When the applicant took it at the public door.
    pub downloaded_at: Option<Moment>,
    /// The number of the registered letter.
    pub mail_number: Option<String>,
    /// Who carried a posted letter.
    pub postal_operator: Option<PostalOperator>,
    /// Where; perhaps where he lives, so sealed in the ledger.
    #[serde(skip)]
    pub place: Option<String>,
    /// Why it was refused or came back; sealed likewise.
    #[serde(skip)]
    pub reason: Option<String>,
    /// Who took it; a person's name, so sealed likewise.
    #[serde(skip)]
    pub recipient: Option<String>,
    /// What he is to the applicant; sealed likewise.
    #[serde(skip)]
    pub relation: Option<String>,
    /// Who saw that it was refused; sealed likewise.
    #[serde(skip)]
    pub witness: Option<String>,
    /// Who served it; sealed likewise.
    #[serde(skip)]
    pub served_by: Option<String>,
}

impl ServiceFacts {
    /// Nothing but the manner.
    #[must_use]
    pub const fn by(manner: Manner) -> Self {
        Self {
            manner,
            signed_at: None,
            posted_at: None,
            sent_at: None,
            returned_at: None,
            delivered_at: None,
            left_at: None,
            downloaded_at: None,
            mail_number: None,
            postal_operator: None,
            place: None,
            reason: None,
            recipient: None,
            relation: None,
            witness: None,
            served_by: None,
        }
    }

    /// The applicant takes a letter at the public door.
    #[must_use]
    pub fn downloaded(at: DateTime<Utc>) -> Self {
        Self { downloaded_at: Some(Moment::Instant(at)), ..Self::by(Manner::Downloaded) }
    }

    /// What it says of people and places.
    fn persons(&self) -> Option<serde_json::Value> {
        let named = [
            ("recipient", &self.recipient),
            ("relation", &self.relation),
            ("witness", &self.witness),
            ("served_by", &self.served_by),
            ("place", &self.place),
            ("reason", &self.reason),
        ];
        let named = named.into_iter().filter_map(|(name, value)| {
            value.as_ref().map(|value| (name.to_owned(), serde_json::Value::from(value.as_str())))
        });
        let members: serde_json::Map<String, serde_json::Value> = named.collect();
        (!members.is_empty()).then_some(serde_json::Value::Object(members))
    }
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
            Self::AskSubtask { .. } => Action::AskSubtask,
            Self::ReplySubtask { .. } => Action::ReplySubtask,
            Self::ReturnSubtask { .. } => Action::ReturnSubtask,
            Self::WaiveSubtask { .. } => Action::WaiveSubtask,
            Self::Answer { .. } => Action::Answer,
            Self::Serve { .. } => Action::Serve,
            Self::VoidLetter { .. } => Action::VoidLetter,
            Self::Withdraw { .. } => Action::Withdraw,
            Self::Attach { .. } => Action::Attach,
            Self::Detach { .. } => Action::Detach,
            Self::Archive { .. } => Action::Archive,
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
            Self::AskSubtask { wording } => {
                Some(serde_json::json!({ "question": wording.question }))
            }
            Self::ReplySubtask { reply, search_log, .. } => {
                Some(serde_json::json!({ "reply": reply, "search_log": search_log }))
            }
            Self::Attach { file } => {
                Some(serde_json::json!({ "name": file.name, "note": file.note }))
            }
            Self::Serve { service, .. }
            | Self::RequestSupplement { service: Some(service), .. }
            | Self::DecideExtension { service: Some(service), .. }
            | Self::Answer { service: Some(service) } => service.persons(),
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
            | Self::ReturnSubtask { .. }
            | Self::WaiveSubtask { .. }
            | Self::VoidLetter { .. }
            | Self::Withdraw { .. }
            | Self::Detach { .. }
            | Self::Archive { .. } => None,
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

    /// Can it issue a letter, so that the next numbers are wanted?
    #[must_use]
    pub const fn may_issue(&self) -> bool {
        matches!(
            self,
            Self::RequestSupplement { .. }
                | Self::DecideExtension { .. }
                | Self::Answer { .. }
                | Self::VoidLetter { .. }
                | Self::Archive { .. }
        )
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
