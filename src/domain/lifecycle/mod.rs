//! The lifecycle of a case: which action is legal in which status, by whom, and what it does.
//!
//! [`table::RULES`] is the only place that says so. The guard, the "what may I do now" answer,
//! docs/lifecycle.md, docs/permissions.md, the CHECK constraints and the tests all read it.

mod apply;
mod guard;
mod step;
pub mod table;

pub use apply::{Consequence, NewCase, apply, hand_over, is_unfinished, receive, release};
pub use guard::{Availability, applicant_may, availability, role_may};
pub use step::{Changes, ServiceFacts, Step, SupplementFacts};
pub use table::{Action, Party, Rule, Status, Target};

use chrono::{DateTime, NaiveDate, Utc};

use super::actor::{Actor, By};
use super::deadline::legal_day;
use super::decision::Decisions;
use super::regulation::Law;
use super::rejection::{Reason, Rejection};
use super::unit::Directory;

/// What a decision needs to know beside the case and the input. Everything in it is given: the
/// domain reads no clock and no database.
pub struct Context<'a> {
    /// Who acts.
    pub by: By<'a>,
    /// When.
    pub at: DateTime<Utc>,
    /// The rule sets and the calendar.
    pub law: &'a Law,
    /// The decision codes.
    pub decisions: &'a Decisions,
    /// Units and users.
    pub directory: &'a Directory,
    /// The numbers that the next case would get.
    pub numbers: &'a NextNumbers,
}

/// The next free numbers of the year's series. They are taken only when the command is accepted,
/// so that the series have no gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextNumbers {
    /// The year of the series.
    pub year: i32,
    /// The next receipt number.
    pub receipt: i64,
    /// The next case number.
    pub case: i64,
    /// The pattern of case numbers, with `{year}` and `{n}`.
    pub case_pattern: String,
}

impl NextNumbers {
    /// The next receipt number, e.g. `SJ2026-000017`.
    #[must_use]
    pub fn receipt_number(&self) -> String {
        format!("SJ{}-{:06}", self.year, self.receipt)
    }

    /// The next case number, e.g. 长公公开〔2026〕17号.
    #[must_use]
    pub fn case_number(&self) -> String {
        self.case_pattern
            .replace("{year}", &self.year.to_string())
            .replace("{n}", &self.case.to_string())
    }
}

impl<'a> Context<'a> {
    /// The member of staff who acts.
    ///
    /// # Errors
    /// It is the applicant. The guard has let him through to what the table gives him; whatever
    /// else asks for a member of staff is not for him.
    pub fn staff(&self) -> Result<&'a Actor, Rejection> {
        match self.by {
            By::Staff(actor) => Ok(actor),
            By::Applicant => Err(Reason::RoleNotPermitted.into()),
        }
    }

    /// The legal day on which the command is given.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        legal_day(self.at)
    }
}
