//! A case as it was: rebuilt from its entries up to an instant (docs/adr/0012-a-case-from-its-ledger.md).

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::conn::Conn;
use super::error::{Error, Result};
use super::ledger;
use super::rows::EventRow;
use super::schema::events;
use super::types::{At, Key};
use super::vault::Vault;
use crate::domain::case::{Case, Record};
use crate::domain::ids::{CaseId, Version};

/// The case as the entries up to an instant left it; none when it had not been recorded yet. The
/// caller has made sure that it exists for the actor.
///
/// # Errors
/// The database cannot be read, or an entry is corrupt.
pub fn case_at(
    conn: &mut Conn,
    vault: &Vault,
    id: CaseId,
    until: DateTime<Utc>,
) -> Result<Option<Case>> {
    let entries: Vec<EventRow> = events::table
        .filter(events::subject_id.eq(Key(id.0)))
        .filter(events::at.le(At(until)))
        .order(events::version)
        .load(conn)?;
    let mut parts = Map::new();
    for entry in &entries {
        let body: Value = serde_json::from_str(&entry.body).map_err(Error::corrupt)?;
        let kept = body.get("record").unwrap_or(&Value::Null);
        ledger::read_change(vault, entry.subject_id.0, entry.version, kept)?.make(&mut parts);
    }
    let Some(last) = entries.last() else { return Ok(None) };
    let record: Record = serde_json::from_value(Value::Object(parts)).map_err(Error::corrupt)?;
    Ok(Some(Case { id, version: Version(last.version), updated_at: last.at.0, record }))
}
