//! What falls due on the cases, for the working list.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::conn::{Conn, MultiBackend};
use super::dialect;
use super::error::{Error, Result};
use super::page::{Page, Stretch};
use super::schema::{case_clocks, cases};
use super::types::Key;
use crate::domain::case::Case;
use crate::domain::clocks::{self, ClockKind};
use crate::domain::ids::{CaseId, UnitId, UserId};

/// A row of `case_clocks`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = case_clocks, treat_none_as_default_value = false)]
pub(super) struct ClockRow {
    pub(super) case_id: Key,
    pub(super) kind: String,
    pub(super) number: i32,
    pub(super) due_date: NaiveDate,
    pub(super) unit_id: Key,
    pub(super) officer_id: Option<Key>,
}

impl ClockRow {
    /// The rows of a case.
    ///
    /// # Errors
    /// A number is too large, which no case can have.
    pub(super) fn all(case: &Case) -> Result<Vec<Self>> {
        let row = |clock: clocks::DueClock| {
            Ok(Self {
                case_id: Key(case.id.0),
                kind: clock.kind.as_str().to_owned(),
                number: i32::try_from(clock.number).map_err(Error::corrupt)?,
                due_date: clock.due_date,
                unit_id: Key(clock.unit.0),
                officer_id: clock.officer.map(|user| Key(user.0)),
            })
        };
        clocks::of(case).into_iter().map(row).collect()
    }
}

/// Which of what falls due.
#[derive(Clone, Debug, Default)]
pub struct ClockFilter {
    /// Whose turn it is; all when none.
    pub units: Option<Vec<UnitId>>,
    /// Of whose cases.
    pub officer: Option<UserId>,
    /// What; everything when empty.
    pub kinds: Vec<ClockKind>,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// Up to this day, included.
    pub to: Option<NaiveDate>,
}

/// Something that falls due, on the list.
#[derive(Clone, Debug)]
pub struct ClockLine {
    /// The case.
    pub case: CaseId,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// For what it is, in one line.
    pub subject: String,
    /// What falls due.
    pub kind: ClockKind,
    /// Which, where a case has several of the kind.
    pub number: u32,
    /// When.
    pub due_date: NaiveDate,
    /// Whose turn it is.
    pub unit: UnitId,
    /// The officer.
    pub officer: Option<UserId>,
}

/// The place of a line: what is due first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPlace(pub NaiveDate, pub CaseId, pub ClockKind, pub u32);

impl ClockLine {
    /// Its place.
    #[must_use]
    pub const fn place(&self) -> ClockPlace {
        ClockPlace(self.due_date, self.case, self.kind, self.number)
    }
}

type Found = (Key, String, i32, NaiveDate, Key, Option<Key>, Option<String>, String);

/// The two parts of the list: what is over, without the kinds that leave it with their day, and what
/// is still to come. Each is one stretch of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Over,
    Coming,
}

/// How much falls due of each kind.
pub type Counted = Vec<(ClockKind, ClockCounts)>;

/// One page of what falls due, and how much there is of each kind on all pages; both of one picture of
/// the data.
///
/// # Errors
/// As [`list`].
pub fn listed(
    conn: &mut Conn,
    filter: &ClockFilter,
    today: NaiveDate,
    page: Page<ClockPlace>,
    limit: i64,
) -> Result<(Stretch<ClockLine>, Counted)> {
    dialect::snapshot(conn, |conn| {
        let lines = list(conn, filter, today, page, limit)?;
        Ok((lines, count(conn, filter, today)?))
    })
}

/// One page of what falls due, as of a day.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn list(
    conn: &mut Conn,
    filter: &ClockFilter,
    today: NaiveDate,
    page: Page<ClockPlace>,
    limit: i64,
) -> Result<Stretch<ClockLine>> {
    let parts =
        if page.is_backward() { [Part::Coming, Part::Over] } else { [Part::Over, Part::Coming] };
    let mut lines: Vec<ClockLine> = Vec::new();
    for part in parts {
        let read = i64::try_from(lines.len()).map_err(Error::corrupt)?;
        if read > limit || !reaches(filter, part, today, page) {
            continue;
        }
        let rows = stretch(conn, filter, (part, today), page, limit + 1 - read)?;
        lines.extend(rows.into_iter().map(line).collect::<Result<Vec<_>>>()?);
    }
    Ok(Stretch::of(&page, lines, limit))
}

/// Can the page hold anything of this part?
fn reaches(filter: &ClockFilter, part: Part, today: NaiveDate, page: Page<ClockPlace>) -> bool {
    let within = match part {
        Part::Over => filter.from.is_none_or(|from| from < today),
        Part::Coming => filter.to.is_none_or(|to| to >= today),
    };
    let behind = match (part, page) {
        (Part::Over, Page::After(ClockPlace(day, ..))) => day < today,
        (Part::Coming, Page::Before(ClockPlace(day, ..))) => day >= today,
        _ => true,
    };
    within && behind
}

fn stretch(
    conn: &mut Conn,
    filter: &ClockFilter,
    (part, today): (Part, NaiveDate),
    page: Page<ClockPlace>,
    limit: i64,
) -> Result<Vec<Found>> {
    use case_clocks as table;
    let mut query = table::table
        .inner_join(cases::table)
        .select((
            table::case_id,
            table::kind,
            table::number,
            table::due_date,
            table::unit_id,
            table::officer_id,
            cases::case_number,
            cases::subject,
        ))
        .into_boxed::<MultiBackend>()
        .limit(limit);
    narrow!(query, filter, part, today);
    let order = (table::due_date, table::case_id, table::kind, table::number);
    if let Some(ClockPlace(day, case, kind, number)) = page.place() {
        let number = i32::try_from(number).map_err(Error::corrupt)?;
        let (case, kind) = (Key(case.0), kind.as_str());
        query = if page.is_backward() {
            let here = table::kind.lt(kind).or(table::kind.eq(kind).and(table::number.lt(number)));
            let here = table::case_id.lt(case).or(table::case_id.eq(case).and(here));
            query
                .filter(table::due_date.le(day))
                .filter(table::due_date.lt(day).or(table::due_date.eq(day).and(here)))
        } else {
            let here = table::kind.gt(kind).or(table::kind.eq(kind).and(table::number.gt(number)));
            let here = table::case_id.gt(case).or(table::case_id.eq(case).and(here));
            query
                .filter(table::due_date.ge(day))
                .filter(table::due_date.gt(day).or(table::due_date.eq(day).and(here)))
        };
    }
    query = if page.is_backward() {
        query.order((order.0.desc(), order.1.desc(), order.2.desc(), order.3.desc()))
    } else {
        query.order((order.0.asc(), order.1.asc(), order.2.asc(), order.3.asc()))
    };
    Ok(query.load(conn)?)
}

/// How much of one kind falls due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockCounts {
    /// Over already.
    pub overdue: i64,
    /// Today.
    pub today: i64,
    /// Later, within the bounds of the list.
    pub later: i64,
}

/// Counts what falls due by kind, as of a day.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn count(conn: &mut Conn, filter: &ClockFilter, today: NaiveDate) -> Result<Counted> {
    use case_clocks as table;
    use diesel::dsl::count_star;
    let mut found: std::collections::BTreeMap<ClockKind, ClockCounts> =
        std::collections::BTreeMap::new();
    for part in [Part::Over, Part::Coming] {
        if !reaches(filter, part, today, Page::First) {
            continue;
        }
        let mut query = table::table
            .group_by((table::kind, table::due_date))
            .select((table::kind, table::due_date, count_star()))
            .into_boxed::<MultiBackend>();
        narrow!(query, filter, part, today);
        let rows: Vec<(String, NaiveDate, i64)> = query.load(conn)?;
        for (kind, day, count) in rows {
            let counts = found.entry(ClockKind::parse(&kind).map_err(Error::corrupt)?).or_default();
            let place = match day.cmp(&today) {
                std::cmp::Ordering::Less => &mut counts.overdue,
                std::cmp::Ordering::Equal => &mut counts.today,
                std::cmp::Ordering::Greater => &mut counts.later,
            };
            *place += count;
        }
    }
    Ok(found.into_iter().collect())
}

/// What a filter and a part of the list leave of a query; the list and the counts must agree.
macro_rules! narrow {
    ($query:ident, $filter:expr, $part:expr, $today:expr) => {
        $query = match $part {
            Part::Over => $query
                .filter(table::due_date.lt($today))
                .filter(table::kind.ne(ClockKind::SupplementNotice.as_str())),
            Part::Coming => $query.filter(table::due_date.ge($today)),
        };
        if let Some(units) = &$filter.units {
            let keys: Vec<Key> = units.iter().map(|unit| Key(unit.0)).collect();
            $query = $query.filter(table::unit_id.eq_any(keys));
        }
        if let Some(officer) = $filter.officer {
            $query = $query.filter(table::officer_id.assume_not_null().eq(Key(officer.0)));
        }
        if !$filter.kinds.is_empty() {
            let kinds: Vec<&str> = $filter.kinds.iter().map(|kind| kind.as_str()).collect();
            $query = $query.filter(table::kind.eq_any(kinds));
        }
        if let Some(from) = $filter.from {
            $query = $query.filter(table::due_date.ge(from));
        }
        if let Some(to) = $filter.to {
            $query = $query.filter(table::due_date.le(to));
        }
    };
}
use narrow;

fn line(row: Found) -> Result<ClockLine> {
    let (case, kind, number, due_date, unit, officer, case_number, subject) = row;
    Ok(ClockLine {
        case: CaseId(case.0),
        case_number,
        subject,
        kind: ClockKind::parse(&kind).map_err(Error::corrupt)?,
        number: u32::try_from(number).map_err(Error::corrupt)?,
        due_date,
        unit: UnitId(unit.0),
        officer: officer.map(|key| UserId(key.0)),
    })
}
