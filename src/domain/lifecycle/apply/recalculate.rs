//! What becomes of a case when the working-day calendar changes. Nobody acts on the case: it follows
//! from a decision about the calendar, so there is no row in the table for it.

use chrono::{DateTime, NaiveDate, Utc};

use super::handover::is_unfinished;
use crate::domain::case::{Case, ClockState};
use crate::domain::deadline::{ClockError, legal_day};
use crate::domain::regulation::Law;

/// How a change of the calendar moves a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The due date so far; none while the clock waits.
    pub from: Option<NaiveDate>,
    /// The due date by the new calendar.
    pub to: Option<NaiveDate>,
    /// Did it rest on a year that had not been announced?
    pub was_provisional: bool,
    /// Does it still?
    pub is_provisional: bool,
    clock: ClockState,
}

/// How another calendar moves a case; none when it stays as it is, or has its answer. A date that was
/// stated in a notice to the applicant is no computed one and stays.
///
/// # Errors
/// The clock does not run by the new calendar.
pub fn moved_by(case: &Case, law: &Law, today: NaiveDate) -> Result<Option<Move>, ClockError> {
    let Some(was) = case.record.clock.as_ref().filter(|_| is_unfinished(case)) else {
        return Ok(None);
    };
    let clock = ClockState::of(case, law, today)?;
    let same = ClockState { calendar: clock.calendar.clone(), ..was.clone() } == clock;
    Ok((!same).then_some(Move {
        from: was.due_date,
        to: clock.due_date,
        was_provisional: was.provisional,
        is_provisional: clock.provisional,
        clock,
    }))
}

/// The case by another calendar; none when it stays as it is.
///
/// # Errors
/// As [`moved_by`].
pub fn recalculate(case: &Case, law: &Law, at: DateTime<Utc>) -> Result<Option<Case>, ClockError> {
    let moved = moved_by(case, law, legal_day(at))?;
    Ok(moved.map(|moved| {
        let mut next = case.clone();
        next.record.clock = Some(moved.clock);
        next.version = case.version.next();
        next.updated_at = at;
        next
    }))
}
