//! What was asked of units, for their lists.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::conn::{Conn, MultiBackend};
use super::error::{Error, Result};
use super::page::{Page, Stretch};
use super::schema::{cases, subtasks};
use super::types::{At, Key};
use crate::domain::case::{SubtaskKind, SubtaskState};
use crate::domain::ids::{CaseId, UnitId};

/// One subtask on a list.
#[derive(Clone, Debug)]
pub struct SubtaskLine {
    /// The case.
    pub case: CaseId,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// For what the case is, in one line.
    pub subject: String,
    /// The number of the subtask within the case.
    pub number: u32,
    /// The unit that was asked.
    pub unit: UnitId,
    /// For what.
    pub kind: SubtaskKind,
    /// Where it stands.
    pub state: SubtaskState,
    /// By when it is wanted.
    pub due_date: NaiveDate,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
}

/// The place of a subtask on a list: the most urgent come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubtaskPlace(pub NaiveDate, pub CaseId, pub u32);

impl SubtaskLine {
    /// Its place.
    #[must_use]
    pub const fn place(&self) -> SubtaskPlace {
        SubtaskPlace(self.due_date, self.case, self.number)
    }
}

type Found = (Key, i32, Key, String, String, NaiveDate, At, Option<String>, String);

/// One page of what was asked of these units, or of any.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn asked_of(
    conn: &mut Conn,
    units: Option<&[UnitId]>,
    state: Option<SubtaskState>,
    page: Page<SubtaskPlace>,
    limit: i64,
) -> Result<Stretch<SubtaskLine>> {
    let mut query = subtasks::table
        .inner_join(cases::table)
        .select((
            subtasks::case_id,
            subtasks::number,
            subtasks::unit_id,
            subtasks::kind,
            subtasks::state,
            subtasks::due_date,
            subtasks::asked_at,
            cases::case_number,
            cases::subject,
        ))
        .into_boxed::<MultiBackend>()
        .limit(limit + 1);
    if let Some(units) = units {
        let keys: Vec<Key> = units.iter().map(|unit| Key(unit.0)).collect();
        query = query.filter(subtasks::unit_id.eq_any(keys));
    }
    if let Some(state) = state {
        query = query.filter(subtasks::state.eq(state.as_str()));
    }
    if let Some(SubtaskPlace(day, case, number)) = page.place() {
        let number = i32::try_from(number).map_err(Error::corrupt)?;
        let (due, id) = (subtasks::due_date, subtasks::case_id);
        let case = Key(case.0);
        query = if page.is_backward() {
            let here = id.lt(case).or(id.eq(case).and(subtasks::number.lt(number)));
            query.filter(due.lt(day).or(due.eq(day).and(here)))
        } else {
            let here = id.gt(case).or(id.eq(case).and(subtasks::number.gt(number)));
            query.filter(due.gt(day).or(due.eq(day).and(here)))
        };
    }
    let (due, id, number) = (subtasks::due_date, subtasks::case_id, subtasks::number);
    query = if page.is_backward() {
        query.order((due.desc(), id.desc(), number.desc()))
    } else {
        query.order((due.asc(), id.asc(), number.asc()))
    };
    let rows: Vec<Found> = query.load(conn)?;
    let lines = rows.into_iter().map(line).collect::<Result<Vec<_>>>()?;
    Ok(Stretch::of(&page, lines, limit))
}

fn line(row: Found) -> Result<SubtaskLine> {
    let (case, number, unit, kind, state, due_date, asked_at, case_number, subject) = row;
    Ok(SubtaskLine {
        case: CaseId(case.0),
        case_number,
        subject,
        number: u32::try_from(number).map_err(Error::corrupt)?,
        unit: UnitId(unit.0),
        kind: SubtaskKind::parse(&kind).map_err(Error::corrupt)?,
        state: SubtaskState::parse(&state).map_err(Error::corrupt)?,
        due_date,
        asked_at: asked_at.0,
    })
}
