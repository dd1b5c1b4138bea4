//! What is done on a case after it has arrived: holding, supplement, extensions, service. The answer
//! is in draft.rs and review.rs.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::application::Arrival;
use crate::domain::channel::Channel;
use crate::domain::ids::{CaseId, UnitId, UserId};
use crate::domain::letter::{LetterId, LetterKind, LetterRef};
use crate::domain::text_enum::text_enum;

/// The entry in the register that starts the clock (登记).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The number of the case, e.g. 长公公开〔2026〕17号.
    pub case_number: String,
    /// The year of the number's series.
    pub year: i32,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// By whom.
    pub registered_by: UserId,
}

/// Which unit handles the case, and who in it (承办).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The unit.
    pub unit: UnitId,
    /// The officer named by the query room, or who accepted.
    pub officer: Option<UserId>,
    /// When an officer accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was assigned.
    pub assigned_at: DateTime<Utc>,
    /// By whom.
    pub assigned_by: UserId,
    /// The date by which the query room wants it; not a statutory date.
    pub internal_due_date: Option<NaiveDate>,
    /// A remark on the 转办单.
    pub note: Option<String>,
}

/// The one request to supplement the application (补正; Regulation 2019, art. 30).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementRound {
    /// What is unclear.
    pub items: String,
    /// How to put it right.
    pub guidance: String,
    /// The day of the notice: its service when served, until then its issue.
    pub notice_date: NaiveDate,
    /// The last day for the applicant.
    pub deadline: NaiveDate,
    /// Whether the officer set that day, or it follows from the default period.
    pub deadline_origin: DeadlineOrigin,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    pub requested_by: UserId,
    /// What came back; none while it is awaited.
    pub reply: Option<SupplementReply>,
}

text_enum! {
    /// Where the last day of a period comes from.
    pub enum DeadlineOrigin in "deadline_origin" {
        Stated = "stated" : "指定" / "stated by the officer",
        Default = "default" : "默认" / "by the default period",
    }
}

/// The applicant's supplement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementReply {
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival.
    pub arrival: Arrival,
    /// What it says.
    pub content: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// By whom; none when the applicant sent it in himself.
    pub recorded_by: Option<UserId>,
}

/// A request to extend the period, and what became of it (Regulation 2007, art. 24; 2019, art. 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Working days asked for.
    pub days: u32,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    pub requested_by: UserId,
    /// The decision; none while it is pending.
    pub decision: Option<ExtensionDecision>,
}

/// What the head of the disclosure office decided on an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionDecision {
    /// Granted or refused.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// By whom.
    pub decided_by: UserId,
    /// The day on which the applicant was told; an extension without it has no effect (R7).
    pub notified_on: Option<NaiveDate>,
}

text_enum! {
    /// Yes or no.
    pub enum Verdict in "verdict" {
        Granted = "granted" : "同意" / "granted",
        Refused = "refused" : "不同意" / "refused",
    }
}

/// How a case ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Why.
    pub reason: String,
    /// The legal day on which it ended.
    pub closed_on: NaiveDate,
    /// By whom.
    pub closed_by: UserId,
    /// The case that it duplicates, when it was voided for that.
    pub duplicate_of: Option<CaseId>,
}

text_enum! {
    /// The letters whose service the clock needs, and all others.
    pub enum ServedLetter in "served_letter" {
        SupplementNotice = "supplement_notice" : "补正申请通知书" / "supplement notice",
        ExtensionNotice = "extension_notice" : "延期答复告知书" / "extension notice",
        Answer = "answer" : "答复书" / "answer",
        /// A letter of another kind; which, is told by its id.
        Other = "other" : "其他文书" / "another letter",
    }
}

impl ServedLetter {
    /// As what a letter of this kind is served.
    #[must_use]
    pub fn of(kind: LetterKind) -> Self {
        match kind {
            LetterKind::SUPPLEMENT_NOTICE => Self::SupplementNotice,
            LetterKind::EXTENSION_NOTICE => Self::ExtensionNotice,
            kind if kind.is_answer() => Self::Answer,
            _ => Self::Other,
        }
    }
}

text_enum! {
    /// How a letter reached, or failed to reach, its addressee (送达方式).
    pub enum Manner in "manner" {
        HandedOver = "handed_over" : "直接送达" / "handed over",
        Posted = "posted" : "邮寄送达" / "posted",
        Sent = "sent" : "电子送达" / "sent electronically",
        Substitute = "substitute" : "他人代收" / "received by a substitute",
        /// Left with him, who would not take it, before a witness.
        Left = "left" : "留置送达" / "left after a refusal, before a witness",
        /// Taken by the applicant himself at the public door; nobody of the staff records it.
        Downloaded = "downloaded" : "网上领取" / "downloaded by the applicant",
        Returned = "returned" : "退回" / "returned",
    }
}

impl Manner {
    /// The fact that dates it (R9): signed when handed over or taken by a substitute, posted when
    /// posted, sent when sent electronically, left when it was refused, returned when it came back.
    #[must_use]
    pub const fn dating_fact(self) -> &'static str {
        match self {
            Self::HandedOver | Self::Substitute => "signed_at",
            Self::Posted => "posted_at",
            Self::Left => "left_at",
            Self::Downloaded => "downloaded_at",
            Self::Sent => "sent_at",
            Self::Returned => "returned_at",
        }
    }

    /// The facts that must be told beside the day: who took it for him and what he is to him, or who
    /// saw that it was refused, and why.
    #[must_use]
    pub const fn needed_facts(self) -> &'static [&'static str] {
        match self {
            Self::Substitute => &["recipient", "relation"],
            Self::Left => &["witness", "reason"],
            Self::HandedOver | Self::Posted | Self::Sent | Self::Returned | Self::Downloaded => &[],
        }
    }

    /// Is it for the staff to record?
    #[must_use]
    pub const fn is_recorded_by_staff(self) -> bool {
        !matches!(self, Self::Downloaded)
    }

    /// Does the letter go by post?
    #[must_use]
    pub const fn is_by_post(self) -> bool {
        matches!(self, Self::Posted)
    }

    /// Can a day of delivery be told beside the day that counts?
    #[must_use]
    pub const fn takes_delivery_day(self) -> bool {
        matches!(self, Self::Posted)
    }
}

text_enum! {
    /// Who carries a posted letter. A formal answer goes by the postal enterprise
    /// (国办公开办函〔2016〕235号); what went by another is recorded for other letters alone.
    pub enum PostalOperator in "postal_operator" {
        Ems = "ems" : "邮政特快专递" / "EMS of the postal enterprise",
        Registered = "registered" : "邮政挂号信" / "registered letter of the postal enterprise",
        Ordinary = "ordinary" : "邮政平常信函" / "ordinary letter of the postal enterprise",
        Courier = "courier" : "其他快递企业" / "another courier",
    }
}

/// One attempt to serve one letter (送达; 国办公开办函〔2016〕235号).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Which letter.
    pub letter: ServedLetter,
    /// Its id; none where it was served before attempts named their letter, or was never kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter_id: Option<LetterId>,
    /// How.
    pub manner: Manner,
    /// The day that counts: signed when handed over, posted when posted, sent when sent (R9).
    pub counts_on: NaiveDate,
    /// The number of the registered letter or EMS.
    pub mail_number: Option<String>,
    /// The day on which a posted letter was delivered, for the file; it does not decide.
    pub delivered_on: Option<NaiveDate>,
    /// Who took it, when not the applicant himself.
    pub recipient: Option<String>,
    /// What he is to the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Who saw that it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// Why it was refused or came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Who served it (送达人).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    /// Who carried a posted letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_operator: Option<PostalOperator>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// By whom; none when the applicant took it himself.
    pub recorded_by: Option<UserId>,
}

impl Service {
    /// Is it an attempt to serve this letter? One that names no letter is one of every letter of its
    /// kind.
    #[must_use]
    pub fn is_of(&self, letter: &LetterRef) -> bool {
        match self.letter_id {
            Some(id) => id == letter.id,
            None => self.letter == ServedLetter::of(letter.kind),
        }
    }

    /// The attempt by which a letter counts as served: the first since the last one that came back.
    pub(in crate::domain) fn effective<'s>(
        attempts: impl Iterator<Item = &'s Self>,
    ) -> Option<&'s Self> {
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
}
