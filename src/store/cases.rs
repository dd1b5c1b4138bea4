//! Reading cases: one by id, lists by filter, exact search by blind index. Scope is a predicate of
//! every query.

mod by_unit;
mod filter;
mod order;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use super::conn::{Conn, MultiBackend};
use super::dialect;
use super::error::{Error, Result};
use super::known::Known;
use super::page::{Page, Stretch};
use super::rows::{CaseRow, case_of};
use super::schema::cases;
use super::types::{At, Key};
use crate::domain::actor::CaseScope;
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, UnitId};
use crate::domain::sealed::{BlindIndex, PersonalField};

pub use filter::{CaseFilter, Names, Unanswered, Unassigned, Words};
pub use order::{Direction, Place, Sort, SortKey};

pub use super::tasks::Wait;

/// A condition on the table of cases.
pub(super) type Condition =
    Box<dyn BoxableExpression<cases::table, MultiBackend, SqlType = Nullable<Bool>>>;

/// Which cases exist for the actor, as a condition.
pub(super) fn within(scope: &CaseScope) -> Condition {
    match scope {
        CaseScope::All => Box::new(true.into_sql::<Bool>().nullable()),
        CaseScope::Units(units) => {
            let keys: Vec<Key> = units.iter().map(|unit| Key(unit.0)).collect();
            Box::new(
                cases::holding_unit_id
                    .eq_any(keys.clone())
                    .or(cases::receiving_unit_id.eq_any(keys).nullable()),
            )
        }
        CaseScope::Nothing => Box::new(false.into_sql::<Bool>().nullable()),
    }
}

/// A line of a list: what needs no document.
#[expect(missing_docs, reason = "the columns are described in the migrations")]
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct CaseLine {
    pub id: Key,
    pub version: i64,
    pub status: String,
    pub receipt_number: String,
    pub case_number: Option<String>,
    pub channel: String,
    pub applicant_type: String,
    pub applicant_name: String,
    pub subject: String,
    pub receiving_unit_id: Key,
    pub holding_unit_id: Option<Key>,
    pub officer_id: Option<Key>,
    pub received_at: At,
    pub receipt_date: Option<NaiveDate>,
    pub due_date: Option<NaiveDate>,
    pub supplement_due_date: Option<NaiveDate>,
    pub answer_date: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub decision: Option<String>,
    pub extended: bool,
    pub updated_at: At,
}

impl CaseLine {
    /// The last lawful day for the answer, unless nothing is due any more.
    #[must_use]
    pub fn due_now(&self) -> Option<NaiveDate> {
        self.due_date.filter(|_| self.closed_on.is_none())
    }
}

type Boxed<'a> = cases::BoxedQuery<'a, MultiBackend>;

/// A case as it lies in its row, before it is known whether it exists for the actor.
#[derive(Clone, Debug)]
pub struct Stored {
    receiving: UnitId,
    holding: Option<UnitId>,
    case: Result<Arc<Case>>,
}

impl Stored {
    /// The case, if it exists for the actor.
    ///
    /// # Errors
    /// The row is corrupt.
    pub fn within(self, scope: &CaseScope) -> Result<Option<Arc<Case>>> {
        if scope.contains(self.receiving, self.holding) { self.case.map(Some) } else { Ok(None) }
    }
}

/// The cases of these ids, whoever may see them. What has not changed since it was last read is not
/// fetched again.
///
/// # Errors
/// The database cannot be read.
pub(super) fn by_ids(
    conn: &mut Conn,
    known: &Known<CaseId, Case>,
    ids: &[CaseId],
) -> Result<HashMap<CaseId, Stored>> {
    let before = known.of_these(ids);
    let version = |id| before.get(id).map_or(0, |(version, _)| version.0);
    let wanted: Vec<_> = ids.iter().map(|id| (Key(id.0), version(id))).collect();
    let rows = dialect::documents(conn, &wanted)?.into_iter();
    let cases = rows.map(|row| {
        let id = CaseId(row.id.0);
        let receiving = UnitId(row.receiving_unit_id.0);
        let holding = row.holding_unit_id.map(|unit| UnitId(unit.0));
        let case = match (&row.record, before.get(&id)) {
            (None, Some((_, case))) if case.status().as_str() == row.status => Ok(Arc::clone(case)),
            (None, _) => Err(Error::corrupt(format_args!("case {id}: status column disagrees"))),
            (Some(record), _) => case_of(row.id, row.version, &row.status, row.updated_at, record)
                .map(|case| {
                    let case = Arc::new(case);
                    known.remember(id, case.version, &case, record.0.len());
                    case
                }),
        };
        (id, Stored { receiving, holding, case })
    });
    Ok(cases.collect())
}

/// One case that exists for the actor.
///
/// # Errors
/// The database cannot be read, or the row is corrupt.
pub fn get(conn: &mut Conn, scope: &CaseScope, id: CaseId) -> Result<Option<Case>> {
    let found = by_ids(conn, &Known::default(), &[id])?
        .remove(&id)
        .map(|stored| stored.within(scope))
        .transpose()?;
    Ok(found.flatten().map(Arc::unwrap_or_clone))
}

/// Which lines of a list are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lines {
    /// In which order.
    pub sort: Sort,
    /// On which page.
    pub page: Page<Place>,
    /// How many at most.
    pub limit: i64,
}

/// A page of a list, as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Listing {
    /// Which cases exist for him.
    pub scope: CaseScope,
    /// Which of them are on the list.
    pub filter: CaseFilter,
    /// Which lines of it.
    pub lines: Lines,
    /// How far they are counted; not at all without.
    pub extent: Option<Extent>,
}

/// A page of a list, with the number of cases on all its pages when it was asked for; both of one
/// picture of the data.
pub type Listed = (Stretch<CaseLine>, Option<Total>);

/// One page of a list.
///
/// # Errors
/// The database cannot be read.
pub fn list(conn: &mut Conn, wanted: &Listing) -> Result<Listed> {
    let Listing { scope, filter, lines, extent } = wanted;
    let lines = *lines;
    if let Some(extent) = *extent {
        return dialect::snapshot(conn, |conn| {
            let total = total(conn, scope, filter, extent)?;
            Ok((listed(conn, scope, filter, lines)?, Some(total)))
        });
    }
    // A case that leaves one part for the other between two queries must not be read twice.
    if lines.sort.key == SortKey::DueDate && !filter.wants_due() {
        dialect::snapshot(conn, |conn| listed(conn, scope, filter, lines))
    } else {
        listed(conn, scope, filter, lines)
    }
    .map(|found| (found, None))
}

/// How far cases are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// To the last.
    All,
    /// Up to so many.
    UpTo(i64),
}

/// How many cases a filter finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(i64),
    /// More than so many.
    MoreThan(i64),
}

fn listed(
    conn: &mut Conn,
    scope: &CaseScope,
    filter: &CaseFilter,
    lines: Lines,
) -> Result<Stretch<CaseLine>> {
    if let Some(lists) = by_unit::Lists::of(scope, filter, lines)
        && lists.are_merged_by(conn)
    {
        return by_unit::merged(conn, scope, filter, lists, lines);
    }
    let runs = order::runs(lines.sort, lines.page);
    let runs = runs.iter().filter(|run| **run != order::Run::NothingDue || !filter.wants_due());
    page(conn, lines, runs, || narrowed(scope, filter))
}

/// Reads one part of a list after the other until the page is full. One line more than that tells
/// that the list goes on.
fn page<'a, 'r>(
    conn: &mut Conn,
    lines: Lines,
    runs: impl Iterator<Item = &'r order::Run>,
    cases: impl Fn() -> Boxed<'a>,
) -> Result<Stretch<CaseLine>> {
    let mut found: Vec<CaseLine> = Vec::new();
    let mut room = lines.limit + 1;
    for run in runs {
        let query = order::placed(cases(), *run, lines.sort, lines.page);
        let more: Vec<CaseLine> = query.limit(room).select(CaseLine::as_select()).load(conn)?;
        room -= i64::try_from(more.len()).unwrap_or(room);
        found.extend(more);
        if room <= 0 {
            break;
        }
    }
    Ok(Stretch::of(&lines.page, found, lines.limit))
}

fn narrowed<'a>(scope: &CaseScope, filter: &CaseFilter) -> Boxed<'a> {
    let query = cases::table.into_boxed::<MultiBackend>();
    filter::narrowed(
        if filter.stays_within(scope) { query } else { query.filter(within(scope)) },
        filter,
    )
}

/// How many cases a filter finds.
///
/// # Errors
/// The database cannot be read.
pub fn count(conn: &mut Conn, scope: &CaseScope, filter: &CaseFilter) -> Result<i64> {
    Ok(narrowed(scope, filter).count().get_result(conn)?)
}

/// How many cases a filter finds, as far as they are counted. Where an index serves the filter, a
/// bounded count reads no more of it than its bound.
///
/// # Errors
/// The database cannot be read.
pub fn total(
    conn: &mut Conn,
    scope: &CaseScope,
    filter: &CaseFilter,
    extent: Extent,
) -> Result<Total> {
    if let Extent::UpTo(most) = extent {
        let beyond: Option<Key> = narrowed(scope, filter)
            .select(cases::id)
            .offset(most)
            .limit(1)
            .first(conn)
            .optional()?;
        if beyond.is_some() {
            return Ok(Total::MoreThan(most));
        }
    }
    count(conn, scope, filter).map(Total::Exactly)
}

/// One page of the cases of one person, found by the digest of one sealed field, newest first.
///
/// # Errors
/// The database cannot be read.
pub fn by_index(
    conn: &mut Conn,
    scope: &CaseScope,
    field: PersonalField,
    index: &BlindIndex,
    place: Page<Place>,
    limit: i64,
) -> Result<Stretch<CaseLine>> {
    let lines = Lines { sort: Sort::NEWEST, page: place, limit };
    let digest = || index.as_bytes().to_vec();
    let cases = || {
        let query = cases::table.into_boxed::<MultiBackend>().filter(within(scope));
        match field {
            PersonalField::IdNumber => query.filter(cases::id_number_index.eq(digest())),
            PersonalField::Phone => query.filter(cases::phone_index.eq(digest())),
            PersonalField::Email => query.filter(cases::email_index.eq(digest())),
            // No index is kept of it.
            PersonalField::Address => query.filter(cases::version.lt(1)),
        }
    };
    page(conn, lines, order::runs(lines.sort, place).iter(), cases)
}

/// The whole row of a case, for tests that look beneath the domain.
///
/// # Errors
/// The database cannot be read.
pub fn row(conn: &mut Conn, id: CaseId) -> Result<Option<CaseRow>> {
    Ok(cases::table.filter(cases::id.eq(Key(id.0))).first(conn).optional()?)
}
