//! Assigning, accepting and giving back.

use chrono::NaiveDate;

use super::super::Context;
use crate::domain::case::{Case, Holding, Stage};
use crate::domain::ids::{UnitId, UserId};
use crate::domain::lifecycle::guard::role_may;
use crate::domain::lifecycle::table::{Action, Status};
use crate::domain::rejection::{Reason, Refusal, Rejection};

/// To whom a case goes.
pub(super) struct Assignment {
    pub unit: UnitId,
    pub officer: Option<UserId>,
    pub internal_due_date: Option<NaiveDate>,
    pub note: Option<String>,
}

/// Gives the case to a unit; what an officer had accepted before is his no longer.
pub(super) fn assign(case: &mut Case, to: Assignment, ctx: &Context<'_>) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    match ctx.directory.unit(to.unit) {
        None => faults.push(Rejection::new(Reason::UnitUnknown).at("/unit_id")),
        Some(unit) if !unit.kind.can_hold() => {
            faults.push(Rejection::new(Reason::UnitCannotHold).at("/unit_id"));
        }
        Some(unit) if !unit.is_open() => {
            faults.push(Rejection::new(Reason::UnitClosed).at("/unit_id"));
        }
        Some(_) => {}
    }
    if let Some(officer) = to.officer {
        let belongs = ctx
            .directory
            .user(officer)
            .filter(|user| user.unit == to.unit && user.disabled_at.is_none())
            .is_some_and(|user| role_may(user.role, Action::Accept));
        if !belongs {
            faults.push(Rejection::new(Reason::OfficerUnknown).at("/officer_id"));
        }
    }
    if to.internal_due_date.is_some_and(|day| day < ctx.today()) {
        faults.push(Rejection::new(Reason::DateTooEarly).at("/internal_due_date"));
    }
    if let Some(refusal) = Refusal::of(faults) {
        return Err(refusal);
    }
    case.record.holding = Some(Holding {
        unit: to.unit,
        officer: to.officer,
        accepted_at: None,
        assigned_at: ctx.at,
        assigned_by: ctx.staff()?.user,
        internal_due_date: to.internal_due_date,
        note: to.note,
    });
    if case.status() != Status::Supplemented {
        case.record.stage = Stage::Assigned;
    }
    Ok(())
}

/// The acting officer takes the case.
pub(super) fn accept(case: &mut Case, ctx: &Context<'_>) -> Result<(), Rejection> {
    if let Some(holding) = &mut case.record.holding {
        holding.officer = Some(ctx.staff()?.user);
        holding.accepted_at = Some(ctx.at);
    }
    Ok(())
}

/// The case goes back to the query room.
pub(super) fn give_back(case: &mut Case) {
    case.record.holding = None;
    if case.status() == Status::Assigned {
        case.record.stage = Stage::Registered;
    }
}
