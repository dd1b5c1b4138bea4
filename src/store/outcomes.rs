//! What commands with an idempotency key led to, for as long as they are remembered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::conn::Conn;
use super::error::Result;
use super::rows::IdempotencyRow;
use super::schema::idempotency_keys;
use super::types::At;

/// What is remembered under these keys, whoever gave them.
///
/// # Errors
/// The database cannot be read.
pub fn of_keys(conn: &mut Conn, keys: &[&str]) -> Result<Vec<IdempotencyRow>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let known = idempotency_keys::table
        .filter(idempotency_keys::idempotency_key.eq_any(keys.iter().copied()));
    Ok(known.load(conn)?)
}

/// Deletes some outcomes that have expired. A batch that remembers one outcome forgets a few, so
/// the table stays as large as two days' work and no batch is slow for it.
///
/// # Errors
/// The database cannot be written.
pub(super) fn forget(conn: &mut Conn, before: DateTime<Utc>) -> Result<()> {
    const AT_ONCE: i64 = 300;
    let keys: Vec<String> = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(At(before)))
        .order(idempotency_keys::created_at)
        .limit(AT_ONCE)
        .select(idempotency_keys::idempotency_key)
        .load(conn)?;
    if keys.is_empty() {
        return Ok(());
    }
    let expired = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(At(before)))
        .filter(idempotency_keys::idempotency_key.eq_any(keys));
    diesel::delete(expired).execute(conn)?;
    Ok(())
}
