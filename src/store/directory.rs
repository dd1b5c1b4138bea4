//! Reading the directory of units and users.

use diesel::prelude::*;

use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::{UnitRow, UserRow};
use super::schema::{heads, units, users};
use super::types::Key;
use crate::domain::ids::UserId;
use crate::domain::unit::Directory;

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
    ))
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
