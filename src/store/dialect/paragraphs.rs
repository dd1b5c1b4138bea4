//! Writing standard paragraphs.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{Conn, ROWS_PER_STATEMENT, Result};
use crate::store::paragraphs::ParagraphRow;
use crate::store::schema::paragraphs;

/// Writes new and changed paragraphs.
pub(in crate::store) fn write_paragraphs(conn: &mut Conn, rows: &[ParagraphRow]) -> Result<()> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        on_each!(conn, c => diesel::insert_into(paragraphs::table)
            .values(chunk)
            .on_conflict(paragraphs::id)
            .do_update()
            .set((
                paragraphs::subject.eq(excluded(paragraphs::subject)),
                paragraphs::title.eq(excluded(paragraphs::title)),
                paragraphs::body.eq(excluded(paragraphs::body)),
                paragraphs::version.eq(excluded(paragraphs::version)),
                paragraphs::updated_at.eq(excluded(paragraphs::updated_at)),
                paragraphs::closed_at.eq(excluded(paragraphs::closed_at)),
            ))
            .execute(c))?;
    }
    Ok(())
}
