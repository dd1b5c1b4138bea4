//! The clock: a due date (答复期限) is a pure function of the receipt, the events, the answer, the
//! [`Law`] and, for an open matter, a date "as of".
//!
//! - [`receipt`](receipt_date): which text governs, and from which date (R1-R3, R18)
//! - `engine`: the events, one after the other (R5-R8, R11-R16)
//! - `pause`: consultation time that does not count (R6) and the walk over counted days (R4)
//! - [`explain()`]: the same result day by day, with articles
//! - [`remedy()`], [`proactive()`]: limits outside the answer (R10, R19)
//!
//! The rules R1-R20 and which of them are the law's words stand in `docs/law.md`; their figures
//! in `data/rule_sets.json`. Nothing here reads a clock: the date "as of" is a parameter.

mod assessment;
mod engine;
mod error;
mod event;
mod explain;
mod moment;
mod pause;
mod receipt;
mod remedy;

use chrono::NaiveDate;

pub use assessment::{
    ALL_FLAGS, Abandonment, Answered, Assessment, Flag, PauseReason, RestartCause, Standing,
};
pub use error::ClockError;
pub use event::{AnswerService, ClockEvent, Consulted, Matter, ServiceRoute};
pub use explain::{DayLine, DayReason, Explanation, LineKind, Summary, explain};
pub use moment::{Moment, MomentError, calendar_day, legal_day, legal_time, start_of_legal_day};
pub use receipt::{
    Fact, Receipt, ReceiptRule, act_date, missing_facts, needed_facts, receipt_date,
    receipt_date_under,
};
pub use remedy::{DecisionEffect, Proactive, Remedy, proactive, remedy};

use crate::domain::regulation::Law;

/// Most events of one matter (a technical bound; a real one has fewer than ten).
pub const MAX_EVENTS: usize = 1_000;

/// Computes where the clock of a matter stands, with the lists of counted and excluded days.
///
/// `as_of: None` reads the matter as complete: an act that is not there never came, so that
/// silence is abandonment, and a fact that a rule needs but is absent is an error. `Some(T)` reads
/// it as the ledger up to T: an act whose period has not ended at T (last day >= T) leaves the
/// clock [`Standing::Paused`], and facts about letters still under way are not errors.
///
/// # Errors
/// See [`ClockError`]; no input panics.
pub fn assess(
    matter: &Matter,
    law: &Law,
    as_of: Option<NaiveDate>,
) -> Result<Assessment, ClockError> {
    let run = engine::run(matter, law, as_of)?;
    let mut assessment = run.conclude(matter)?;
    if let Standing::Running { due, counted, excluded } = &mut assessment.standing {
        (*counted, *excluded) = run.pauses.split(&law.calendar, run.base(), *due)?;
    }
    Ok(assessment)
}

/// [`assess`] without the day lists, which stay empty: for lists and recomputation of many cases.
///
/// # Errors
/// As for [`assess`].
pub fn assess_brief(
    matter: &Matter,
    law: &Law,
    as_of: Option<NaiveDate>,
) -> Result<Assessment, ClockError> {
    engine::run(matter, law, as_of)?.conclude(matter)
}
