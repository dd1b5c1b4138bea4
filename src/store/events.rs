//! Reading the ledger.

use diesel::prelude::*;

use super::conn::{Conn, MultiBackend};
use super::error::Result;
use super::page::{Page, Stretch};
use super::rows::EventRow;
use super::schema::events;
use super::types::Key;
use crate::domain::ids::CaseId;

/// One page of the entries on one case, oldest first; the place of an entry is its version. The
/// caller has made sure that the case exists for the actor.
///
/// # Errors
/// The database cannot be read.
pub fn of_case(
    conn: &mut Conn,
    case: CaseId,
    page: Page<i64>,
    limit: i64,
) -> Result<Stretch<EventRow>> {
    let entries = events::table
        .into_boxed::<MultiBackend>()
        .filter(events::subject_id.eq(Key(case.0)))
        .limit(limit + 1);
    let entries = match page {
        Page::First | Page::Last => entries,
        Page::After(version) => entries.filter(events::version.gt(version)),
        Page::Before(version) => entries.filter(events::version.lt(version)),
    };
    let entries = if page.is_backward() {
        entries.order(events::version.desc())
    } else {
        entries.order(events::version.asc())
    };
    Ok(Stretch::of(&page, entries.load(conn)?, limit))
}

/// The whole ledger from one entry on, oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn from(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<EventRow>> {
    Ok(events::table.filter(events::seq.ge(seq)).order(events::seq).limit(limit).load(conn)?)
}
