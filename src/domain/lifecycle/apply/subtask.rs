//! Asking other units, and what comes of it.

use chrono::NaiveDate;

use super::super::Context;
use super::super::gates::awaited_subtasks;
use super::super::step::SubtaskWording;
use crate::domain::case::{Case, Ended, SearchEntry, Subtask, SubtaskEnd, SubtaskKind};
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

/// The working days that a unit has when nobody says another day (ours).
const DEFAULT_WORKING_DAYS: u32 = 5;

/// Asks a unit. It must be one that can hold cases and does not hold this one, and its day lies
/// before the answer is due.
pub(super) fn ask(
    case: &mut Case,
    wording: &SubtaskWording,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    let at_unit = |reason: Reason| Rejection::new(reason).at("/unit_id");
    match ctx.directory.unit(wording.unit) {
        None => faults.push(at_unit(Reason::UnitUnknown)),
        Some(unit) if !unit.kind.can_hold() => faults.push(at_unit(Reason::UnitCannotHold)),
        Some(unit) if !unit.is_open() => faults.push(at_unit(Reason::UnitClosed)),
        Some(unit) if case.holding_unit() == Some(unit.id) => {
            faults.push(at_unit(Reason::UnitHoldsCase));
        }
        Some(_) => {}
    }
    let due_date = due_date(case, wording.due_date, ctx, &mut faults)?;
    if let Some(refusal) = Refusal::of(faults) {
        return Err(refusal);
    }
    let last = case.record.subtasks.last().map_or(0, |subtask| subtask.number);
    case.record.subtasks.push(Subtask {
        number: last + 1,
        kind: wording.kind,
        unit: wording.unit,
        question: wording.question.clone(),
        due_date,
        asked_at: ctx.at,
        asked_by: ctx.staff()?.user,
        ended: None,
    });
    Ok(())
}

/// The day by which it is wanted: as said, else some working days from today, and in any case not
/// after the answer is due. The one statutory period does not wait for a colleague (2019 art. 33).
fn due_date(
    case: &Case,
    said: Option<NaiveDate>,
    ctx: &Context<'_>,
    faults: &mut Vec<Rejection>,
) -> Result<NaiveDate, Refusal> {
    let due = case.record.clock.as_ref().and_then(|clock| clock.due_date);
    let Some(day) = said else {
        let calendar = &ctx.law.calendar;
        let (day, _) = calendar
            .nth_working_day_after(ctx.today(), DEFAULT_WORKING_DAYS)
            .map_err(|error| super::clock_refusal(&error.into()))?;
        return Ok(due.map_or(day, |due| day.min(due).max(ctx.today())));
    };
    if day < ctx.today() {
        let text = Said::before(day, ctx.today());
        faults.push(Rejection::new(Reason::DateTooEarly).at("/due_date").saying(text));
    } else if let Some(due) = due.filter(|due| day > *due) {
        let late = Rejection::new(Reason::DateTooLate).at("/due_date");
        faults.push(late.by("2019 art. 33; 2007 art. 24").saying(Said::before(due, day)));
    }
    Ok(day)
}

/// The reply of the unit that was asked. A search is shown by its log.
pub(super) fn reply(
    case: &mut Case,
    number: u32,
    (reply, search_log): (&str, &[SearchEntry]),
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let today = ctx.today();
    if search_log.iter().any(|entry| entry.searched_on > today) {
        return Err(Rejection::new(Reason::DateInFuture).at("/search_log").into());
    }
    let asked = mine(case, number, ctx)?;
    if asked.kind == SubtaskKind::Search && search_log.is_empty() {
        let missing = Rejection::new(Reason::FactMissing).at("/search_log");
        return Err(missing.by("SPC11 art. 5").into());
    }
    let end = SubtaskEnd::Replied { reply: reply.to_owned(), search_log: search_log.to_vec() };
    finish(case, number, end, ctx)
}

/// The unit that was asked gives it back.
pub(super) fn give_back(
    case: &mut Case,
    number: u32,
    reason: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    mine(case, number, ctx)?;
    finish(case, number, SubtaskEnd::Returned { reason: reason.to_owned() }, ctx)
}

/// The answer does not wait for it any more.
pub(super) fn waive(
    case: &mut Case,
    number: u32,
    reason: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let subtasks = &case.record.subtasks;
    if !subtasks.iter().any(|subtask| subtask.number == number) {
        return Err(unknown().into());
    }
    if !awaited_subtasks(case).any(|subtask| subtask.number == number) {
        return Err(Rejection::new(Reason::SubtaskClosed).at("/subtask").into());
    }
    finish(case, number, SubtaskEnd::Waived { reason: reason.to_owned() }, ctx)
}

fn unknown() -> Rejection {
    Rejection::new(Reason::SubtaskUnknown).at("/subtask")
}

/// An open subtask of the actor's unit. One of another unit is as if it were not there.
fn mine<'c>(case: &'c Case, number: u32, ctx: &Context<'_>) -> Result<&'c Subtask, Refusal> {
    let actor = ctx.staff()?;
    let subtask = case
        .record
        .subtasks
        .iter()
        .find(|subtask| subtask.number == number && actor.reaches(subtask.unit))
        .ok_or_else(unknown)?;
    if !subtask.is_open() {
        return Err(Rejection::new(Reason::SubtaskClosed).at("/subtask").into());
    }
    Ok(subtask)
}

fn finish(case: &mut Case, number: u32, end: SubtaskEnd, ctx: &Context<'_>) -> Result<(), Refusal> {
    let by = ctx.staff()?.user;
    let subtask = case.record.subtasks.iter_mut().find(|subtask| subtask.number == number);
    subtask.ok_or_else(unknown)?.ended = Some(Ended { end, at: ctx.at, by });
    Ok(())
}
