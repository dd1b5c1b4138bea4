//! How the database is, by a few queries that cost next to nothing at any size.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::conn::{Conn, DatabaseUrl};
use super::dialect;
use super::error::Result;
use super::schema::{cases, outbox};
use super::types::At;
use super::vault::Vault;

/// What one look at the database shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// The first migration that it lacks.
    pub pending: Option<String>,
    /// What waits for delivery.
    pub outbox: OutboxLag,
}

/// What waits in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxLag {
    /// Undelivered messages, counted up to [`OUTBOX_COUNTED`].
    pub messages: i64,
    /// When the oldest of them was put there.
    pub oldest: Option<DateTime<Utc>>,
}

/// Undelivered messages that are counted at most: a long queue costs no more than a short one.
pub const OUTBOX_COUNTED: i64 = 10_000;

/// Looks.
///
/// # Errors
/// The database cannot be read.
pub fn take(conn: &mut Conn) -> Result<Pulse> {
    let pending = dialect::first_pending(conn)?;
    if pending.is_some() {
        return Ok(Pulse { pending, outbox: OutboxLag::default() });
    }
    Ok(Pulse { pending, outbox: waiting(conn)? })
}

/// What waits for delivery.
///
/// # Errors
/// The database cannot be read.
pub fn waiting(conn: &mut Conn) -> Result<OutboxLag> {
    // In the order of the index of these alone, word for word: for less, SQLite walks the whole table.
    let undelivered = outbox::table
        .filter(outbox::delivered_at.is_null())
        .order((outbox::delivered_at, outbox::seq));
    let oldest: Option<At> = undelivered.select(outbox::created_at).first(conn).optional()?;
    let messages: Vec<i64> = undelivered.select(outbox::seq).limit(OUTBOX_COUNTED).load(conn)?;
    let messages = i64::try_from(messages.len()).unwrap_or(OUTBOX_COUNTED);
    Ok(OutboxLag { messages, oldest: oldest.map(|at| at.0) })
}

/// Cases in the register that are neither answered nor closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owing {
    /// All of them.
    pub open: i64,
    /// Due between today and the horizon.
    pub due_soon: i64,
    /// Due before today.
    pub overdue: i64,
}

/// Counts them, by the index of what is owed.
///
/// # Errors
/// The database cannot be read.
pub fn owing(conn: &mut Conn, today: NaiveDate, horizon: NaiveDate) -> Result<Owing> {
    let owed =
        || cases::table.filter(cases::finished_on.is_null().and(cases::case_number.is_not_null()));
    Ok(Owing {
        open: owed().count().get_result(conn)?,
        due_soon: owed()
            .filter(cases::due_date.between(today, horizon))
            .count()
            .get_result(conn)?,
        overdue: owed().filter(cases::due_date.lt(today)).count().get_result(conn)?,
    })
}

/// What a database has to say to a program that is about to use it. Nothing is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMatch {
    /// Nothing has been sealed in it yet.
    Unsealed,
    /// It was sealed with this key.
    Same,
    /// It was sealed with another.
    Another,
}

/// Is the vault's key the one under which this database was sealed?
///
/// # Errors
/// The database cannot be read.
pub fn key_match(url: &DatabaseUrl, vault: &Vault) -> Result<KeyMatch> {
    let (id, proof) = super::key_proof(vault);
    let known = dialect::known_key_proofs(&mut url.connect()?)?;
    Ok(match known.as_slice() {
        [] => KeyMatch::Unsealed,
        known if known.iter().all(|(name, made)| *name == id && *made == proof) => KeyMatch::Same,
        _ => KeyMatch::Another,
    })
}
