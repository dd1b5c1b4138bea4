//! Reading sessions and one-time links.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::{LinkRow, SessionRow};
use super::schema::{one_time_links, sessions};
use super::types::{At, Key};
use crate::domain::ids::{SessionId, UserId};

/// The session with this id.
///
/// # Errors
/// The database cannot be read.
pub fn session_row(conn: &mut Conn, id: SessionId) -> Result<Option<SessionRow>> {
    sessions::table.filter(sessions::id.eq(Key(id.0))).first(conn).optional().map_err(Error::from)
}

/// The sessions of a user that are alive, newest first. Those of an earlier epoch of his tokens
/// have died with it.
///
/// # Errors
/// The database cannot be read.
pub fn alive(
    conn: &mut Conn,
    user: UserId,
    epoch: i64,
    now: DateTime<Utc>,
) -> Result<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::user_id.eq(Key(user.0)))
        .filter(sessions::token_epoch.eq(epoch))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(At(now)))
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .limit(200)
        .load(conn)
        .map_err(Error::from)
}

/// The one-time link with this digest.
///
/// # Errors
/// The database cannot be read.
pub fn link_row(conn: &mut Conn, digest: &[u8; 32]) -> Result<Option<LinkRow>> {
    one_time_links::table
        .filter(one_time_links::digest.eq(digest.as_slice()))
        .first(conn)
        .optional()
        .map_err(Error::from)
}
