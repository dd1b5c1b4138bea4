//! Reading the ledger.

use diesel::prelude::*;

use super::conn::Conn;
use super::error::Result;
use super::rows::EventRow;
use super::schema::events;
use super::types::Key;
use crate::domain::ids::CaseId;

/// The entries on one case, oldest first, after the given number. The caller has made sure that
/// the case exists for the actor.
///
/// # Errors
/// The database cannot be read.
pub fn of_case(conn: &mut Conn, case: CaseId, after: i64, limit: i64) -> Result<Vec<EventRow>> {
    Ok(events::table
        .filter(events::subject_id.eq(Key(case.0)))
        .filter(events::version.gt(after))
        .order(events::version)
        .limit(limit)
        .load(conn)?)
}

/// The whole ledger from one entry on, oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn from(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<EventRow>> {
    Ok(events::table.filter(events::seq.ge(seq)).order(events::seq).limit(limit).load(conn)?)
}
