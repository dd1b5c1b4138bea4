//! Writing letters.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{Conn, ROWS_PER_STATEMENT, Result};
use crate::store::letters::{LetterRow, LetterSeriesRow};
use crate::store::schema::{letter_seals, letter_series, letters};
use crate::store::seals::SealRow;
use crate::store::types::{At, Key};

/// Freezes letters that were issued.
pub(in crate::store) fn write_letters(conn: &mut Conn, rows: &[LetterRow]) -> Result<()> {
    insert_all!(conn, letters::table, rows);
    Ok(())
}

/// Declares letters void.
pub(in crate::store) fn void_letters(conn: &mut Conn, voided: &[(Key, At)]) -> Result<()> {
    for (id, at) in voided {
        diesel::update(letters::table.filter(letters::id.eq(id)))
            .set(letters::voided_at.eq(at))
            .execute(conn)?;
    }
    Ok(())
}

/// Writes new and settled seals.
pub(in crate::store) fn write_seals(conn: &mut Conn, rows: &[SealRow]) -> Result<()> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        on_each!(conn, c => diesel::insert_into(letter_seals::table)
            .values(chunk)
            .on_conflict(letter_seals::letter_id)
            .do_update()
            .set((
                letter_seals::state.eq(excluded(letter_seals::state)),
                letter_seals::requested_at.eq(excluded(letter_seals::requested_at)),
                letter_seals::object_key.eq(excluded(letter_seals::object_key)),
                letter_seals::size.eq(excluded(letter_seals::size)),
                letter_seals::sha256.eq(excluded(letter_seals::sha256)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Moves the series of letters on.
pub(in crate::store) fn write_letter_series(
    conn: &mut Conn,
    rows: &[LetterSeriesRow],
) -> Result<()> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        on_each!(conn, c => diesel::insert_into(letter_series::table)
            .values(chunk)
            .on_conflict((letter_series::series, letter_series::year))
            .do_update()
            .set(letter_series::last.eq(excluded(letter_series::last)))
            .execute(c))?;
    }
    Ok(())
}
