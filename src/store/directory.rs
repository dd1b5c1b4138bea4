//! Reading the directory of units and users.

use diesel::prelude::*;

use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::{UnitRow, UserRow};
use super::schema::{heads, sessions, units, users};
use super::types::{At, Key};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::unit::{Directory, EndedSessions};

/// The version of the directory; it grows with every change of a unit or user.
///
/// # Errors
/// The database cannot be read.
pub fn version(conn: &mut Conn) -> Result<i64> {
    heads::table
        .filter(heads::name.eq("directory"))
        .select(heads::value)
        .first(conn)
        .map_err(Error::from)
}

/// All units and users as of a version.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn load(conn: &mut Conn, version: i64) -> Result<Directory> {
    let units = units::table.load::<UnitRow>(conn)?;
    let users = users::table.load::<UserRow>(conn)?;
    Ok(Directory::new(
        version,
        units.into_iter().map(UnitRow::into_unit).collect::<Result<_>>()?,
        users.iter().map(UserRow::to_user).collect::<Result<_>>()?,
        ended_sessions(conn)?,
    ))
}

/// For how long an ended session is remembered: longer than an access token lives.
const REMEMBERED_MINUTES: i64 = 20;

/// The sessions that ended within the last twenty minutes before the last end: at least those that
/// ended within the last twenty minutes before now, whatever the clock of the database says.
fn ended_sessions(conn: &mut Conn) -> Result<EndedSessions> {
    let last: Option<At> = sessions::table
        .filter(sessions::ended_at.is_not_null())
        .order(sessions::ended_at.desc())
        .select(sessions::ended_at.assume_not_null())
        .first(conn)
        .optional()?;
    let Some(last) = last else { return Ok(EndedSessions::new()) };
    let since = At(last.0 - chrono::Duration::minutes(REMEMBERED_MINUTES));
    let found: Vec<Key> =
        sessions::table.filter(sessions::ended_at.ge(since)).select(sessions::id).load(conn)?;
    Ok(found.into_iter().map(|key| SessionId(key.0)).collect())
}

/// The row of one user, with his password's hash.
///
/// # Errors
/// The database cannot be read.
pub fn user_row(conn: &mut Conn, id: UserId) -> Result<Option<UserRow>> {
    users::table.filter(users::id.eq(Key(id.0))).first(conn).optional().map_err(Error::from)
}

/// The row of the user who logs in by this name.
///
/// # Errors
/// The database cannot be read.
pub fn user_row_by_name(conn: &mut Conn, username: &str) -> Result<Option<UserRow>> {
    users::table.filter(users::username.eq(username)).first(conn).optional().map_err(Error::from)
}
