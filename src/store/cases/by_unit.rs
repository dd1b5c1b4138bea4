//! A list of the cases of a few units, put together from one list for each: an index gives each of
//! those in its order. So a page costs by the number of units, and not by the number of their cases.

use std::collections::HashMap;

use diesel::prelude::*;

use super::filter::{self, CaseFilter};
use super::order::{self, Direction, Run, SortKey};
use super::{CaseLine, Condition, Lines, within};
use crate::domain::actor::CaseScope;
use crate::domain::ids::UnitId;
use crate::store::conn::{Conn, MultiBackend};
use crate::store::dialect;
use crate::store::error::Result;
use crate::store::page::Stretch;
use crate::store::schema::cases;
use crate::store::types::{At, Key};

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
    // The lines themselves are read for the page alone, and all of the same picture.
    dialect::snapshot(conn, |conn| {
        let mut places: Vec<(At, Key)> = Vec::new();
        for condition in lists.conditions() {
            let query = cases::table.into_boxed::<MultiBackend>().filter(condition);
            let query = match lists {
                Lists::Visible(_) => query,
                Lists::Open(_) if filter.stays_within(scope) => filter::in_status(query, filter),
                Lists::Open(_) => filter::in_status(query.filter(within(scope)), filter),
            };
            let query = order::placed(query, Run::All, lines.sort, lines.page);
            let found = query.limit(lines.limit + 1).select((cases::received_at, cases::id));
            places.extend(found.load::<(At, Key)>(conn)?);
        }
        let backward = lines.page.is_backward();
        let descending = |direction| (direction == Direction::Descending) != backward;
        let way = |ordering: std::cmp::Ordering, direction| {
            if descending(direction) { ordering.reverse() } else { ordering }
        };
        places.sort_by(|a, b| {
            way(a.0.0.cmp(&b.0.0), lines.sort.direction)
                .then_with(|| way(a.1.0.cmp(&b.1.0), lines.sort.ids))
        });
        // A case that one of the units received and another holds is in two of the lists.
        places.dedup();
        places.truncate(usize::try_from(lines.limit + 1).unwrap_or(0));
        let ids = places.iter().map(|(_, id)| *id);
        let rows = cases::table.filter(cases::id.eq_any(ids)).select(CaseLine::as_select());
        let rows: Vec<CaseLine> = rows.load(conn)?;
        let mut rows: HashMap<_, _> = rows.into_iter().map(|line| (line.id.0, line)).collect();
        let found = places.iter().filter_map(|(_, id)| rows.remove(&id.0)).collect();
        Ok(Stretch::of(&lines.page, found, lines.limit))
    })
}
