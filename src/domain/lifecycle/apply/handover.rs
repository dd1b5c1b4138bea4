//! What becomes of a case when its unit is closed or its officer goes. Nobody acts on the case: it
//! follows from a decision about the unit or the user, so there is no row in the table for it. The
//! status and the clock stay as they are; the one statutory period runs on (2019 art. 33).

use chrono::{DateTime, Utc};

use crate::domain::case::Case;
use crate::domain::ids::{UnitId, UserId};
use crate::domain::lifecycle::Status;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// What happens to a case without an action on it: it follows from a decision about its unit or its
    /// officer, from a change of the calendar, or from what an outside service did, and stands in the ledger under this name.
    pub enum Consequence in "consequence" {
        HandOver = "hand_over" : "移交" / "handed over with the unit that was closed",
        Release = "release" : "退回待接收" / "given back by an officer who has gone",
        SettleSeal = "settle_seal" : "用印结果" / "the seal service has sealed a letter, or has not",
        /// apply/recalculate.rs
        Recalculate = "recalculate" : "期限重算" / "due date recalculated after a change of the calendar",
    }
}

/// Is there still something to be done on a case? An answer that has not reached the applicant is no
/// reply yet (2019 art. 33; R9).
#[must_use]
pub fn is_unfinished(case: &Case) -> bool {
    let answered = case.record.clock.as_ref().and_then(|clock| clock.answer_date);
    case.status().is_open() || (case.status() == Status::Answered && answered.is_none())
}

/// The case with one unit in the place of another, as the one that received it and as the one that
/// holds it. Of an open case the officer stays when he goes with it; else nobody has accepted it.
#[must_use]
pub fn hand_over(
    case: &Case,
    from: UnitId,
    to: UnitId,
    with_officer: Option<UserId>,
    at: DateTime<Utc>,
) -> Case {
    let mut next = case.clone();
    if next.record.intake.receiving_unit == from {
        next.record.intake.receiving_unit = to;
    }
    for subtask in next.record.subtasks.iter_mut().filter(|subtask| subtask.is_open()) {
        if subtask.unit == from {
            subtask.unit = to;
        }
    }
    let open = case.status().is_open();
    if let Some(holding) = next.record.holding.as_mut().filter(|holding| holding.unit == from) {
        holding.unit = to;
        if open && (holding.officer.is_none() || holding.officer != with_officer) {
            holding.officer = None;
            holding.accepted_at = None;
        }
    }
    stamped(next, at)
}

/// The case back on its unit's list of what nobody has accepted.
#[must_use]
pub fn release(case: &Case, at: DateTime<Utc>) -> Case {
    let mut next = case.clone();
    if let Some(holding) = &mut next.record.holding {
        holding.officer = None;
        holding.accepted_at = None;
    }
    stamped(next, at)
}

fn stamped(mut case: Case, at: DateTime<Utc>) -> Case {
    case.version = case.version.next();
    case.updated_at = at;
    case
}
