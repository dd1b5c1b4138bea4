//! What the clock says about a matter.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::regulation::RuleSetId;

/// A defect that the clock noticed; it does not stop the computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The first supplement notice came after its limit (2019 art. 30; R5).
    SupplementNoticeLate,
    /// A further supplement notice, which has no effect (2019 art. 30 一次性; R15).
    SecondSupplementNoticeNotAllowed,
    /// Under the 2007 text the time of other agencies counts (2007 art. 24 para. 3; R6).
    #[serde(rename = "agency_consultation_not_excluded_2007")]
    AgencyConsultationNotExcluded2007,
    /// An extension decided or notified after the due date, without effect (R7, R13).
    ExtensionTooLate,
    /// An extension over the total, without effect (2007 art. 24, 2019 art. 33; R13).
    ExtensionOverLimit,
    /// A fee notice after the due date; it still restarts the clock (R16).
    FeeNoticeAfterDue,
    /// A fee notice before the fee existed, without effect (R16).
    #[serde(rename = "fee_notice_before_2021")]
    FeeNoticeBefore2021,
    /// Live only: receipt of the consultation letter is not recorded yet, the day of sending is
    /// used until it is, so that the limit shown is never too long.
    ConsultationLetterUnconfirmed,
}

/// Every flag, in the order of the enum.
pub const ALL_FLAGS: [Flag; 8] = [
    Flag::SupplementNoticeLate,
    Flag::SecondSupplementNoticeNotAllowed,
    Flag::AgencyConsultationNotExcluded2007,
    Flag::ExtensionTooLate,
    Flag::ExtensionOverLimit,
    Flag::FeeNoticeAfterDue,
    Flag::FeeNoticeBefore2021,
    Flag::ConsultationLetterUnconfirmed,
];

impl Flag {
    /// The stable name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SupplementNoticeLate => "supplement_notice_late",
            Self::SecondSupplementNoticeNotAllowed => "second_supplement_notice_not_allowed",
            Self::AgencyConsultationNotExcluded2007 => "agency_consultation_not_excluded_2007",
            Self::ExtensionTooLate => "extension_too_late",
            Self::ExtensionOverLimit => "extension_over_limit",
            Self::FeeNoticeAfterDue => "fee_notice_after_due",
            Self::FeeNoticeBefore2021 => "fee_notice_before_2021",
            Self::ConsultationLetterUnconfirmed => "consultation_letter_unconfirmed",
        }
    }
}

/// Why a matter ended without a duty to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abandonment {
    /// No supplement by the stated date (视为放弃申请; 2019 art. 30).
    DeemedAbandoned,
    /// The fee was not paid in time (notice 2020-109).
    AbandonedUnpaid,
}

/// What a standing clock waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PauseReason {
    /// The applicant may still supplement.
    #[serde(rename = "awaiting_supplement")]
    Supplement,
    /// A supplement came in time, its receipt is not confirmed yet.
    #[serde(rename = "awaiting_confirmation")]
    Confirmation,
    /// The applicant may still pay.
    #[serde(rename = "awaiting_fee")]
    Fee,
}

/// Where the clock stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// It runs to a due date (including a running consultation, whose end is assumed at its cap).
    Running {
        /// Last day to answer.
        due: NaiveDate,
        /// The working days that count, after the receipt or the last restart.
        counted: Vec<NaiveDate>,
        /// The working days that consultations exclude, up to `due`.
        excluded: Vec<NaiveDate>,
    },
    /// It stands still until the applicant acts (only with an "as of" date).
    Paused {
        /// Date of the notice.
        since: NaiveDate,
        /// What it waits for.
        reason: PauseReason,
        /// Last day for the applicant's act; none while it cannot be known.
        until: Option<NaiveDate>,
    },
    /// It ended.
    Abandoned {
        /// Why.
        status: Abandonment,
        /// The calendar day after the last day (R12).
        from: NaiveDate,
    },
}

/// The answer as the clock sees it (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// Date of the answer.
    pub date: NaiveDate,
    /// Whether it is not after the due date.
    pub on_time: bool,
}

/// What a restart of the clock came from (R14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartCause {
    /// The supplemented application was received (2019 art. 30).
    Supplement,
    /// The fee was paid in full (notice 2020-109).
    Payment,
}

/// The result of [`super::assess`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// The text that governs.
    pub rule_set: RuleSetId,
    /// The receipt date under it.
    pub receipt_date: NaiveDate,
    /// Last day for a supplement notice; none under the 2007 text.
    pub supplement_notice_due: Option<NaiveDate>,
    /// The last restart; none without one.
    pub clock_restarted_from: Option<NaiveDate>,
    /// Last day for the opinion of each consultation that stops the clock, in event order.
    pub opinion_due: Vec<NaiveDate>,
    /// Last day to pay, of the last fee notice.
    pub fee_due: Option<NaiveDate>,
    /// Working days of extension now in effect.
    pub extension_days: u32,
    /// Where the clock stands.
    pub standing: Standing,
    /// The answer; none without one, and none after an abandonment.
    pub answer: Option<Answered>,
    /// Defects, in event order, repeats kept (R11).
    pub flags: Vec<Flag>,
    /// A date of the result lies past the last announced calendar year (R20).
    pub provisional: bool,
}

impl Assessment {
    /// The due date while the clock runs.
    #[must_use]
    pub const fn due_date(&self) -> Option<NaiveDate> {
        match self.standing {
            Standing::Running { due, .. } => Some(due),
            Standing::Paused { .. } | Standing::Abandoned { .. } => None,
        }
    }
}
