//! Versions of calendar years, the states of the calendar that they make, and the cases that a change
//! of it concerns.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::conn::{Conn, MultiBackend};
use super::error::{Error, Result};
use super::rows::{CaseRow, case_of};
use super::schema::{calendar_versions, case_clocks, cases};
use super::types::{At, Doc, Key};
use crate::domain::actor::CaseScope;
use crate::domain::calendar::{Calendar, CalendarState, CalendarVersion, Calendars, Progress};
use crate::domain::case::Case;
use crate::domain::clocks::ClockKind;
use crate::domain::ids::{CalendarVersionId, CaseId, UserId, Version};

/// A computed date of a case can lie so much behind its due date: that of an opinion which came early
/// (15 working days, R6). A generous bound; what it lets in too much is computed and found unchanged.
const BEHIND_DUE_DAYS: u64 = 60;

/// A row of `calendar_versions`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = calendar_versions, treat_none_as_default_value = false)]
pub(super) struct CalendarRow {
    pub(super) id: Key,
    pub(super) year: i32,
    pub(super) number: i32,
    pub(super) state: String,
    pub(super) edition: Option<i32>,
    pub(super) version: i64,
    pub(super) notice: Doc,
    pub(super) imported_by: Key,
    pub(super) imported_at: At,
    pub(super) decided_by: Option<Key>,
    pub(super) decided_at: Option<At>,
    pub(super) total: i64,
    pub(super) looked: i64,
    pub(super) moved: i64,
    pub(super) failed: i64,
    pub(super) place_date: Option<NaiveDate>,
    pub(super) place_id: Option<Key>,
    pub(super) finished_at: Option<At>,
}

impl CalendarRow {
    /// The row of a version that has just been imported, or of one read from the ledger.
    ///
    /// # Errors
    /// A number is too large for its column.
    pub(super) fn of(version: &CalendarVersion) -> Result<Self> {
        let number = |number: u32| i32::try_from(number).map_err(Error::corrupt);
        let count = |count: u64| i64::try_from(count).map_err(Error::corrupt);
        let progress = version.progress.unwrap_or_default();
        Ok(Self {
            id: Key(version.id.0),
            year: version.notice.year,
            number: number(version.number)?,
            state: version.state.as_str().to_owned(),
            edition: version.edition.map(number).transpose()?,
            version: version.version.0,
            notice: Doc(serde_json::to_string(&version.notice).map_err(Error::corrupt)?),
            imported_by: Key(version.imported_by.0),
            imported_at: At(version.imported_at),
            decided_by: version.decided_by.map(|user| Key(user.0)),
            decided_at: version.decided_at.map(At),
            total: count(progress.total)?,
            looked: count(progress.looked)?,
            moved: count(progress.moved)?,
            failed: count(progress.failed)?,
            place_date: None,
            place_id: None,
            finished_at: progress.finished_at.map(At),
        })
    }

    /// The version.
    ///
    /// # Errors
    /// The row is corrupt.
    pub(super) fn to_version(&self) -> Result<CalendarVersion> {
        let number = |number: i32| u32::try_from(number).map_err(Error::corrupt);
        let count = |count: i64| u64::try_from(count).map_err(Error::corrupt);
        let edition = self.edition.map(number).transpose()?;
        let progress = Progress {
            total: count(self.total)?,
            looked: count(self.looked)?,
            moved: count(self.moved)?,
            failed: count(self.failed)?,
            finished_at: self.finished_at.map(|at| at.0),
        };
        Ok(CalendarVersion {
            id: CalendarVersionId(self.id.0),
            number: number(self.number)?,
            state: CalendarState::parse(&self.state).map_err(Error::corrupt)?,
            edition,
            version: Version(self.version),
            notice: serde_json::from_str(&self.notice.0).map_err(Error::corrupt)?,
            imported_by: UserId(self.imported_by.0),
            imported_at: self.imported_at.0,
            decided_by: self.decided_by.map(|key| UserId(key.0)),
            decided_at: self.decided_at.map(|at| at.0),
            progress: edition.map(|_| progress),
        })
    }

    /// The place of the last case that was looked at.
    pub(super) fn place(&self) -> Option<Place> {
        self.place_id.map(|id| Place { due: self.place_date, id: CaseId(id.0) })
    }
}

/// The place of a case in the order of a recalculation: those of which nothing is due come first, and
/// either are in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its due date when it was looked for; none while its clock waits.
    pub due: Option<NaiveDate>,
    /// The case.
    pub id: CaseId,
}

/// Every version that was imported, in the order of year and number.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn versions(conn: &mut Conn) -> Result<Vec<CalendarVersion>> {
    rows(conn)?.iter().map(CalendarRow::to_version).collect()
}

pub(super) fn rows(conn: &mut Conn) -> Result<Vec<CalendarRow>> {
    let order = (calendar_versions::year, calendar_versions::number);
    Ok(calendar_versions::table.order(order).load(conn)?)
}

/// A version whose recalculation has not been finished.
///
/// # Errors
/// The database cannot be read.
pub fn unfinished(conn: &mut Conn) -> Result<Option<CalendarVersionId>> {
    let found: Option<Key> = calendar_versions::table
        .filter(calendar_versions::edition.is_not_null())
        .filter(calendar_versions::finished_at.is_null())
        .order(calendar_versions::edition)
        .select(calendar_versions::id)
        .first(conn)
        .optional()?;
    Ok(found.map(|key| CalendarVersionId(key.0)))
}

/// All states of the calendar, the built-in one first.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub(super) fn editions(conn: &mut Conn, builtin: &Arc<Calendar>) -> Result<Calendars> {
    let rows: Vec<CalendarRow> = calendar_versions::table
        .filter(calendar_versions::edition.is_not_null())
        .order(calendar_versions::edition)
        .load(conn)?;
    let applied = rows.iter().map(CalendarRow::to_version).collect::<Result<Vec<_>>>()?;
    Calendars::with_all(Arc::clone(builtin), &applied).map_err(Error::corrupt)
}

/// The first of the last days of cases that a change from this day on can concern.
fn first_due(changed: NaiveDate) -> NaiveDate {
    changed.checked_sub_days(Days::new(BEHIND_DUE_DAYS)).unwrap_or(changed)
}

/// The unfinished cases whose clock waits.
fn waiting<'a>() -> cases::BoxedQuery<'a, MultiBackend> {
    cases::table
        .filter(cases::finished_on.is_null())
        .filter(cases::case_number.is_not_null())
        .filter(cases::due_date.is_null())
        .into_boxed()
}

/// How many cases a change from a day on can concern.
///
/// # Errors
/// The database cannot be read.
pub(super) fn count_concerned(conn: &mut Conn, changed: NaiveDate) -> Result<i64> {
    let waiting: i64 = waiting().count().get_result(conn)?;
    let due: i64 = case_clocks::table
        .filter(case_clocks::kind.eq(ClockKind::Answer.as_str()))
        .filter(case_clocks::due_date.ge(first_due(changed)))
        .count()
        .get_result(conn)?;
    Ok(waiting + due)
}

/// The places of the next cases that a change from a day on can concern: whose clock waits, then of
/// which an answer is due from then on; either in the order of their ids, which no recalculation
/// changes, so that each is looked at once.
fn next_places(
    conn: &mut Conn,
    changed: NaiveDate,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<Place>> {
    let at_most = |taken: usize| i64::try_from(limit - taken).map_err(Error::corrupt);
    let mut found: Vec<Place> = Vec::with_capacity(limit);
    if after.is_none_or(|place| place.due.is_none()) {
        let mut query = waiting();
        if let Some(place) = after {
            query = query.filter(cases::id.gt(Key(place.id.0)));
        }
        let ids: Vec<Key> = query
            .order((cases::due_date, cases::id))
            .limit(at_most(0)?)
            .select(cases::id)
            .load(conn)?;
        found.extend(ids.into_iter().map(|id| Place { due: None, id: CaseId(id.0) }));
    }
    let left = at_most(found.len())?;
    if left > 0 {
        let mut query = case_clocks::table
            .filter(case_clocks::kind.eq(ClockKind::Answer.as_str()))
            .filter(case_clocks::due_date.ge(first_due(changed)))
            .into_boxed::<MultiBackend>();
        if let Some(place) = after.filter(|place| place.due.is_some()) {
            query = query.filter(case_clocks::case_id.gt(Key(place.id.0)));
        }
        let due: Vec<(Key, NaiveDate)> = query
            .order(case_clocks::case_id)
            .limit(left)
            .select((case_clocks::case_id, case_clocks::due_date))
            .load(conn)?;
        found.extend(due.into_iter().map(|(id, day)| Place { due: Some(day), id: CaseId(id.0) }));
    }
    Ok(found)
}

fn keys(places: &[Place]) -> Vec<Key> {
    places.iter().map(|place| Key(place.id.0)).collect()
}

/// The next cases to be recalculated, held until the commit, with the place of the last of them.
///
/// # Errors
/// The database cannot be read.
pub(super) fn next_to_recalculate(
    conn: &mut Conn,
    changed: NaiveDate,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<CaseRow>, Option<Place>)> {
    let places = next_places(conn, changed, after, limit)?;
    let rows = super::dialect::lock_cases(conn, &keys(&places))?;
    Ok((rows, places.last().copied().or(after)))
}

/// One stretch of the cases that a change can concern.
pub struct Concerned {
    /// The cases; a damaged one is told and left out.
    pub cases: Vec<Case>,
    /// Where the next stretch begins; none when there is no more.
    pub next: Option<Place>,
    /// Damaged rows.
    pub damaged: u64,
}

/// The cases of this scope that a change from a day on can concern, some at a time.
///
/// # Errors
/// The database cannot be read.
pub fn look_at(
    conn: &mut Conn,
    scope: &CaseScope,
    changed: NaiveDate,
    after: Option<Place>,
    limit: usize,
) -> Result<Concerned> {
    let places = next_places(conn, changed, after, limit)?;
    let mut rows: Vec<(Key, i64, String, Doc, At)> = cases::table
        .filter(cases::id.eq_any(keys(&places)))
        .filter(super::cases::within(scope))
        .select((cases::id, cases::version, cases::status, cases::record, cases::updated_at))
        .load(conn)?;
    let order: HashMap<Key, usize> = keys(&places).into_iter().zip(0..).collect();
    rows.sort_by_key(|(id, ..)| order.get(id).copied());
    let mut damaged = 0;
    let mut whole = Vec::with_capacity(rows.len());
    for (id, version, status, record, updated_at) in &rows {
        match case_of(*id, *version, status, *updated_at, record) {
            Ok(case) => whole.push(case),
            Err(error) => {
                tracing::error!(%error, "a case is left out of a preview");
                damaged += 1;
            }
        }
    }
    let next = places.last().copied().filter(|_| places.len() == limit);
    Ok(Concerned { cases: whole, next, damaged })
}
