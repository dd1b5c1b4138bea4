//! What becomes of a case when its unit is closed or its officer goes. Nobody acts on the case: it
//! follows from a decision about the unit or the user, so there is no row in the table for it. The
//! status and the clock stay as they are; the one statutory period runs on (2019 art. 33).

use chrono::{DateTime, Utc};

use crate::domain::case::Case;
use crate::domain::ids::{UnitId, UserId};

/// The case with another unit in the place of the one that held it. The officer stays when he goes
/// with it; else nobody has accepted it.
#[must_use]
pub fn hand_over(case: &Case, to: UnitId, with_officer: Option<UserId>, at: DateTime<Utc>) -> Case {
    let mut next = case.clone();
    if let Some(holding) = &mut next.record.holding {
        holding.unit = to;
        if holding.officer.is_none() || holding.officer != with_officer {
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
