//! Writing versions of calendar years, and what falls due.

use diesel::prelude::*;
use diesel::sql_types::Array;
use diesel::upsert::excluded;

use super::arrays::{Arrays, arrays, insert_rows, listed};
use super::{Conn, ROWS_PER_STATEMENT, Result};
use crate::store::calendar::CalendarRow;
use crate::store::clocks::ClockRow;
use crate::store::schema::{calendar_versions, case_clocks};
use crate::store::types::Key;

/// Writes new and changed versions.
pub(in crate::store) fn write_calendar(conn: &mut Conn, rows: &[CalendarRow]) -> Result<()> {
    use calendar_versions as table;
    for row in rows {
        on_each!(conn, c => diesel::insert_into(table::table)
            .values(row.clone())
            .on_conflict(table::id)
            .do_update()
            .set((
                table::state.eq(excluded(table::state)),
                table::edition.eq(excluded(table::edition)),
                table::version.eq(excluded(table::version)),
                table::decided_by.eq(excluded(table::decided_by)),
                table::decided_at.eq(excluded(table::decided_at)),
                table::total.eq(excluded(table::total)),
                table::looked.eq(excluded(table::looked)),
                table::moved.eq(excluded(table::moved)),
                table::failed.eq(excluded(table::failed)),
                table::place_date.eq(excluded(table::place_date)),
                table::place_id.eq(excluded(table::place_id)),
                table::finished_at.eq(excluded(table::finished_at)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Writes what falls due on these cases in the place of what fell due on them.
pub(in crate::store) fn write_clocks(
    conn: &mut Conn,
    changed: &[Key],
    rows: &[ClockRow],
) -> Result<()> {
    for chunk in changed.chunks(ROWS_PER_STATEMENT) {
        let old = case_clocks::table.filter(case_clocks::case_id.eq_any(chunk.to_vec()));
        on_each!(conn, c => diesel::delete(old).execute(c))?;
    }
    insert_rows!(
        conn,
        case_clocks,
        ClockRow,
        rows,
        [case_id, kind, number, due_date, unit_id, officer_id]
    );
    Ok(())
}
