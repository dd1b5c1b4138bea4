//! The electronic seals of letters: which are awaited, and where the sealed files are.

use diesel::prelude::*;

use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::schema::letter_seals;
use super::types::{At, Key};
use super::workspace::Workspace;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::letter::{LetterId, SealState};

/// A row of `letter_seals`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = letter_seals, treat_none_as_default_value = false)]
pub(in crate::store) struct SealRow {
    pub letter_id: Key,
    pub case_id: Key,
    pub state: String,
    pub requested_at: At,
    pub object_key: Option<String>,
    pub size: Option<i64>,
    pub sha256: Option<Vec<u8>>,
}

impl SealRow {
    /// Those of a case; they follow from its record alone.
    pub(super) fn all(case: &Case) -> Result<Vec<Self>> {
        let mut rows = Vec::new();
        for letter in &case.record.letters {
            let Some(seal) = &letter.seal else { continue };
            let file = seal.file();
            let size = file.map(|file| i64::try_from(file.size)).transpose();
            rows.push(Self {
                letter_id: Key(letter.id.0),
                case_id: Key(case.id.0),
                state: seal.state().as_str().to_owned(),
                requested_at: At(seal.requested_at),
                object_key: file.map(|file| file.object.as_str().to_owned()),
                size: size.map_err(Error::corrupt)?,
                sha256: file.map(|file| file.sha256.0.to_vec()),
            });
        }
        Ok(rows)
    }
}

/// The letters whose seal is awaited, the oldest request first.
///
/// # Errors
/// The database cannot be read.
pub fn awaited(conn: &mut Conn, limit: i64) -> Result<Vec<(CaseId, LetterId)>> {
    let rows: Vec<(Key, Key)> = letter_seals::table
        .filter(letter_seals::state.eq(SealState::Requested.as_str()))
        .order((letter_seals::requested_at, letter_seals::letter_id))
        .limit(limit)
        .select((letter_seals::case_id, letter_seals::letter_id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(case, letter)| (CaseId(case.0), LetterId(letter.0))).collect())
}

/// Which of these objects are sealed letters.
pub(super) fn known_objects(conn: &mut Conn, keys: &[&str]) -> Result<Vec<String>> {
    let found: Vec<Option<String>> = letter_seals::table
        .filter(letter_seals::object_key.eq_any(keys.to_vec()))
        .select(letter_seals::object_key)
        .load(conn)?;
    Ok(found.into_iter().flatten().collect())
}

/// All of them.
pub(super) fn all(conn: &mut Conn) -> Result<Vec<SealRow>> {
    Ok(letter_seals::table.load(conn)?)
}

impl Workspace<'_> {
    /// Keeps the rows of the seals that a command asked for or settled.
    pub(super) fn put_seals(&mut self, before: &Case, after: &Case) -> Result<()> {
        let old = SealRow::all(before)?;
        let changed = SealRow::all(after)?.into_iter().filter(|row| !old.contains(row));
        self.pending.seals.extend(changed.map(|row| (row.letter_id, row)));
        Ok(())
    }

    /// Writes them. Their letters have been written before.
    pub(super) fn flush_seals(&self, conn: &mut Conn) -> Result<()> {
        let rows: Vec<SealRow> = self.pending.seals.values().cloned().collect();
        dialect::write_seals(conn, &rows)
    }
}
