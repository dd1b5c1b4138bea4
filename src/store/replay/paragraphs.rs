//! The standard paragraphs, rebuilt from the entries of the units that keep them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::Check;
use crate::domain::ids::{ParagraphId, Version};
use crate::domain::paragraph::Paragraph;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::paragraphs::{self, ParagraphRow};
use crate::store::rows::EventRow;
use crate::store::schema::events;

const ACTIONS: [&str; 3] = ["create_paragraph", "change_paragraph", "close_paragraph"];

/// A paragraph as the entries so far have made it.
struct Made {
    members: Map<String, Value>,
    first: EventRow,
    last: EventRow,
    version: Version,
}

impl Check<'_> {
    /// Every paragraph is stored as it was entered, and no other.
    pub(super) fn paragraphs(&mut self, conn: &mut Conn) -> Result<()> {
        let entries: Vec<EventRow> = events::table
            .filter(events::subject_kind.eq("unit"))
            .filter(events::action.eq_any(ACTIONS))
            .order(events::seq)
            .load(conn)?;
        let mut made: BTreeMap<ParagraphId, Made> = BTreeMap::new();
        for entry in entries {
            let place = format!("entry {}", entry.seq);
            if let Err(fault) = enter(&mut made, entry) {
                self.differs(place, fault);
            }
        }
        let mut rows = BTreeSet::new();
        for (id, paragraph) in made {
            match paragraph.row(id) {
                Ok(row) => {
                    rows.insert(row);
                }
                Err(error) => self.differs(format_args!("paragraph {id}"), error),
            }
        }
        let stored: BTreeSet<ParagraphRow> = paragraphs::all(conn)?.into_iter().collect();
        for row in stored.symmetric_difference(&rows) {
            self.differs(
                format_args!("paragraph {}", row.id.0),
                "is stored otherwise than entered",
            );
        }
        Ok(())
    }
}

/// Takes one more entry in.
fn enter(made: &mut BTreeMap<ParagraphId, Made>, entry: EventRow) -> Result<()> {
    let body: Value = serde_json::from_str(&entry.body).map_err(Error::corrupt)?;
    let input = |name: &str| body.get("input").and_then(|input| input.get(name)).cloned();
    let id: ParagraphId = serde_json::from_value(input("paragraph_id").unwrap_or_default())
        .map_err(Error::corrupt)?;
    let version: Version =
        serde_json::from_value(input("version").unwrap_or_default()).map_err(Error::corrupt)?;
    let Some(Value::Object(after)) = body.get("after").cloned() else {
        return Err(Error::corrupt("an entry that changes nothing"));
    };
    match made.get_mut(&id) {
        Some(known) if version == known.version.next() => {
            known.members.extend(after);
            known.version = version;
            known.last = entry;
        }
        None if version == Version::FIRST => {
            let made_now = Made { members: after, first: entry.clone(), last: entry, version };
            made.insert(id, made_now);
        }
        Some(_) | None => return Err(Error::corrupt("a version is missing")),
    }
    Ok(())
}

impl Made {
    fn row(&self, id: ParagraphId) -> Result<ParagraphRow> {
        let plan = Value::Object(self.members.clone());
        let closed = self.members.get("closed_at").cloned().unwrap_or_default();
        let paragraph = Paragraph {
            id,
            plan: serde_json::from_value(plan).map_err(Error::corrupt)?,
            closed_at: serde_json::from_value(closed).map_err(Error::corrupt)?,
            version: self.version,
            created_at: self.first.at.0,
            updated_at: self.last.at.0,
        };
        Ok(ParagraphRow::of(&paragraph))
    }
}
