//! A list of the cases of a few units, put together from one list for each: an index gives each of
//! those in its order. So a page costs by the number of units, and not by the number of their cases.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use super::filter::{self, CaseFilter};
use super::order::{self, Direction, Run, Sort, SortKey};
use super::{CaseLine, Condition, Lines, within};
use crate::domain::actor::CaseScope;
use crate::domain::ids::UnitId;
use crate::store::conn::{Conn, MultiBackend};
use crate::store::dialect;
use crate::store::error::Result;
use crate::store::page::Stretch;
use crate::store::schema::cases;
use crate::store::types::Key;

/// Lists that are put together at most: beyond that one query is no slower.
const LISTS: usize = 64;

/// Whose lists make up the wanted one; none when it is not made up of such.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lists<'a> {
    /// What these units hold or received: all that exists for the actor.
    Visible(&'a [UnitId]),
    /// The open work for which these units answer.
    Open(&'a [UnitId]),
}

impl<'a> Lists<'a> {
    pub(super) fn of(scope: &'a CaseScope, filter: &'a CaseFilter, lines: Lines) -> Option<Self> {
        if lines.sort.key != SortKey::ReceivedAt {
            return None;
        }
        let (lists, count) = match (scope, &filter.units) {
            (CaseScope::Units(units), None) if filter.is_empty() => {
                (Self::Visible(units), 2 * units.len())
            }
            (_, Some(units)) if filter.is_open_work() => (Self::Open(units), units.len()),
            _ => return None,
        };
        (count <= LISTS).then_some(lists)
    }

    /// Open work is always put together: no planner knows that it is recent, so it may walk back
    /// through years of finished cases for a page that is not full.
    pub(super) const fn are_merged_by(self, conn: &Conn) -> bool {
        match self {
            Self::Visible(_) => dialect::merges_visible(conn),
            Self::Open(_) => true,
        }
    }

    /// What stands between two of the lists. A case that one of the units received and another holds is
    /// in two of those of what is visible; one unit alone answers for it.
    const fn union(self) -> &'static str {
        match self {
            Self::Visible(_) => " UNION SELECT * FROM (",
            Self::Open(_) => " UNION ALL SELECT * FROM (",
        }
    }

    fn conditions(self) -> Vec<Condition> {
        let key = |unit: &UnitId| Key(unit.0);
        let holds = |unit| -> Condition { Box::new(cases::holding_unit_id.eq(key(unit))) };
        let received =
            |unit| -> Condition { Box::new(cases::receiving_unit_id.eq(key(unit)).nullable()) };
        let answers =
            |unit| -> Condition { Box::new(cases::responsible_unit_id.eq(key(unit)).nullable()) };
        match self {
            Self::Visible(units) => {
                units.iter().map(holds).chain(units.iter().map(received)).collect()
            }
            Self::Open(units) => units.iter().map(answers).collect(),
        }
    }
}

/// One page of the list that these lists make up.
///
/// # Errors
/// The database cannot be read.
pub(super) fn merged(
    conn: &mut Conn,
    scope: &CaseScope,
    filter: &CaseFilter,
    lists: Lists<'_>,
    lines: Lines,
) -> Result<Stretch<CaseLine>> {
    let limit = lines.limit + 1;
    let list = |condition| {
        let query = cases::table.into_boxed::<MultiBackend>().filter(condition);
        let query = match lists {
            Lists::Visible(_) => query,
            Lists::Open(_) if filter.stays_within(scope) => filter::in_status(query, filter),
            Lists::Open(_) => filter::in_status(query.filter(within(scope)), filter),
        };
        let query = order::placed(query, Run::All, lines.sort, lines.page);
        query.limit(limit).select((cases::received_at, cases::id))
    };
    let joint = Joint {
        lines: cases::table.select(CaseLine::as_select()),
        lists: lists.conditions().into_iter().map(list).collect(),
        union: lists.union(),
        sort: lines.sort.read(lines.page),
        limit,
    };
    let found = if joint.lists.is_empty() { Vec::new() } else { joint.load(conn)? };
    Ok(Stretch::of(&lines.page, found, lines.limit))
}

/// The beginning of several lists of cases in one order, as one statement.
struct Joint<L, Q> {
    /// The lines of all cases.
    lines: L,
    /// The beginning of each list in that order: when a case was recorded, and its id.
    lists: Vec<Q>,
    /// The SQL between two of them.
    union: &'static str,
    /// The order; by when the cases were recorded.
    sort: Sort,
    /// How many lines at most.
    limit: i64,
}

impl<L, Q> QueryFragment<MultiBackend> for Joint<L, Q>
where
    L: QueryFragment<MultiBackend>,
    Q: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let order = match (self.sort.direction, self.sort.ids) {
            (Direction::Ascending, Direction::Ascending) => " ORDER BY received_at, id",
            (Direction::Ascending, Direction::Descending) => " ORDER BY received_at, id DESC",
            (Direction::Descending, Direction::Ascending) => " ORDER BY received_at DESC, id",
            (Direction::Descending, Direction::Descending) => " ORDER BY received_at DESC, id DESC",
        };
        self.lines.walk_ast(out.reborrow())?;
        // SQLite takes no ORDER BY within a union, but within the tables that it is made of.
        let mut before = " WHERE id IN (SELECT id FROM (SELECT * FROM (";
        for list in &self.lists {
            out.push_sql(before);
            list.walk_ast(out.reborrow())?;
            out.push_sql(") AS list");
            before = self.union;
        }
        out.push_sql(") AS lists");
        out.push_sql(order);
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(")");
        out.push_sql(order);
        Ok(())
    }
}

impl<L: Query, Q> Query for Joint<L, Q> {
    type SqlType = L::SqlType;
}

/// Its text depends on how many lists there are.
impl<L, Q> QueryId for Joint<L, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<L, Q> RunQueryDsl<Conn> for Joint<L, Q> {}
