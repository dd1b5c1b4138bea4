//! Standard paragraphs within a batch.

use super::Workspace;
use crate::domain::ids::ParagraphId;
use crate::domain::paragraph::Paragraph;
use crate::store::command::{Command, Request};
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::Result;
use crate::store::paragraphs::{self, ParagraphRow};

impl Workspace<'_> {
    /// Reads those that the commands change or insert.
    pub(super) fn load_paragraphs(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let mut ids: Vec<ParagraphId> = Vec::new();
        for request in requests {
            match &request.command {
                Command::ChangeParagraph { paragraph, .. } => ids.push(*paragraph),
                Command::Act { step, .. } => ids.extend(step.paragraphs()),
                _ => {}
            }
        }
        if !ids.is_empty() {
            ids.sort_unstable();
            ids.dedup();
            let found = paragraphs::of_ids(conn, &ids)?;
            self.paragraphs.extend(found.into_iter().map(|own| (own.id, own)));
        }
        Ok(())
    }

    /// Puts a new or changed one in.
    pub(in crate::store) fn put_paragraph(&mut self, paragraph: Paragraph) {
        self.pending.paragraphs.insert(paragraph.id);
        self.paragraphs.insert(paragraph.id, paragraph);
    }

    /// Writes them; their units are written already.
    pub(super) fn flush_paragraphs(&self, conn: &mut Conn) -> Result<()> {
        let changed = self.pending.paragraphs.iter().filter_map(|id| self.paragraphs.get(id));
        let rows: Vec<ParagraphRow> = changed.map(ParagraphRow::of).collect();
        dialect::write_paragraphs(conn, &rows)
    }
}
