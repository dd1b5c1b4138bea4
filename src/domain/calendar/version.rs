//! A version of a calendar year on its way into force: imported by one, put in force by another.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Notice;
use crate::domain::ids::{CalendarVersionId, UserId, Version};
use crate::domain::text_enum::text_enum;

text_enum! {
    /// Where a version of a calendar year stands.
    pub enum CalendarState in "calendar_state" {
        Draft = "draft" : "待启用" / "draft",
        Applied = "applied" : "已启用" / "applied",
        Discarded = "discarded" : "已放弃" / "discarded",
    }
}

/// A version of a calendar year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarVersion {
    /// Its id.
    pub id: CalendarVersionId,
    /// Which version of its year.
    pub number: u32,
    /// Where it stands.
    pub state: CalendarState,
    /// The state of the calendar that it made; none before it is in force.
    pub edition: Option<u32>,
    /// Changes seen.
    pub version: Version,
    /// What it says.
    pub notice: Notice,
    /// Who imported it.
    pub imported_by: UserId,
    /// When.
    pub imported_at: DateTime<Utc>,
    /// Who put it in force, or discarded it.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// How far the open cases have been recalculated by it.
    pub progress: Option<Progress>,
}

/// How far the open cases have been recalculated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Cases that can be concerned, as counted at the start.
    pub total: u64,
    /// Of these, looked at.
    pub looked: u64,
    /// Of these, changed.
    pub moved: u64,
    /// Of these, such whose clock does not run; the log tells of each.
    pub failed: u64,
    /// When it was done; none while it goes on.
    pub finished_at: Option<DateTime<Utc>>,
}

impl CalendarVersion {
    /// Is the recalculation that it demands still under way?
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.progress.is_some_and(|progress| progress.finished_at.is_none())
    }
}
