//! A search or an opinion asked of another unit on one case (协办). The one statutory period runs on
//! meanwhile (Regulation 2019, art. 33).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::SearchEntry;
use crate::domain::ids::{UnitId, UserId};
use crate::domain::text_enum::text_enum;

text_enum! {
    /// What another unit is asked for.
    pub enum SubtaskKind in "subtask_kind" {
        Search = "search" : "检索" / "search",
        Opinion = "opinion" : "出具意见" / "opinion",
    }
}

text_enum! {
    /// Where a subtask stands.
    pub enum SubtaskState in "subtask_state" {
        Open = "open" : "待回复" / "open",
        Replied = "replied" : "已回复" / "replied",
        Returned = "returned" : "已退回" / "returned",
        Waived = "waived" : "不再等待" / "waived",
    }
}

text_enum! {
    /// How urgent an open subtask is.
    pub enum Reminder in "reminder" {
        None = "none" : "未到提醒时间" / "not yet",
        DueSoon = "due_soon" : "即将到期" / "due soon",
        Overdue = "overdue" : "已逾期" / "overdue",
    }
}

/// What came of a subtask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SubtaskEnd {
    /// The unit has replied.
    Replied {
        /// What it found, or thinks.
        reply: String,
        /// Its searches.
        search_log: Vec<SearchEntry>,
    },
    /// The unit has given it back.
    Returned {
        /// Why.
        reason: String,
    },
    /// The answer does not wait for it any more.
    Waived {
        /// Why.
        reason: String,
    },
}

/// When and by whom something came of a subtask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// What.
    #[serde(flatten)]
    pub end: SubtaskEnd,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: UserId,
}

/// One subtask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtask {
    /// Its number within the case, from 1.
    pub number: u32,
    /// For what.
    pub kind: SubtaskKind,
    /// Of which unit.
    pub unit: UnitId,
    /// What exactly.
    pub question: String,
    /// By when the asking unit wants it; not a statutory date.
    pub due_date: NaiveDate,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// By whom.
    pub asked_by: UserId,
    /// What came of it; none while it is awaited.
    pub ended: Option<Ended>,
}

impl Subtask {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> SubtaskState {
        match self.ended.as_ref().map(|ended| &ended.end) {
            None => SubtaskState::Open,
            Some(SubtaskEnd::Replied { .. }) => SubtaskState::Replied,
            Some(SubtaskEnd::Returned { .. }) => SubtaskState::Returned,
            Some(SubtaskEnd::Waived { .. }) => SubtaskState::Waived,
        }
    }

    /// Is it still awaited?
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// How urgent it is on a day; `soon` is the last day that counts as soon.
    #[must_use]
    pub fn reminder(&self, today: NaiveDate, soon: NaiveDate) -> Reminder {
        Reminder::of(self.state(), self.due_date, today, soon)
    }
}

impl Reminder {
    /// How urgent a subtask is that stands so and is wanted by that day.
    #[must_use]
    pub fn of(state: SubtaskState, due: NaiveDate, today: NaiveDate, soon: NaiveDate) -> Self {
        if state != SubtaskState::Open || due > soon {
            Self::None
        } else if due < today {
            Self::Overdue
        } else {
            Self::DueSoon
        }
    }
}
