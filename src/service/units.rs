//! Setting up a bureau's tree of units from a file.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::App;
use super::people::{UnitInput, create_unit};
use crate::domain::ids::UnitId;
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::unit::UnitKind;
use crate::store::command::Denied;

/// The bureau's own tree.
pub const BUREAU: &str = include_str!("../../data/units.json");

/// A tree of units, parents before children.
#[derive(Debug, Deserialize)]
pub struct UnitTree {
    units: Vec<UnitEntry>,
}

/// One unit of the file.
#[derive(Debug, Deserialize)]
pub struct UnitEntry {
    code: String,
    name: String,
    kind: UnitKind,
    parent: Option<String>,
    may_issue: bool,
}

/// Reads a tree in the form of data/units.json.
///
/// # Errors
/// The text is not of that form.
pub fn parse(text: &str) -> Result<UnitTree, serde_json::Error> {
    serde_json::from_str(text)
}

/// Creates the units of a tree, and returns their ids by code. When one of them exists already, none
/// is created.
///
/// # Errors
/// A code is taken, a parent is unknown or comes later, or the store failed.
pub async fn create(app: &Arc<App>, tree: &UnitTree) -> Result<HashMap<String, UnitId>, Denied> {
    let directory = app.store.directory().await?;
    let codes = tree.units.iter().map(|entry| entry.code.as_str());
    let taken: Vec<&str> = codes.filter(|code| directory.unit_by_code(code).is_some()).collect();
    if !taken.is_empty() {
        return Err(Rejection::new(Reason::Taken).saying(taken.join(", ")).into());
    }
    let mut made: HashMap<String, UnitId> = HashMap::new();
    for entry in &tree.units {
        let parent = match &entry.parent {
            None => None,
            Some(code) => {
                let unknown = || Rejection::new(Reason::UnitUnknown).saying(code.clone());
                Some(made.get(code).copied().ok_or_else(unknown)?)
            }
        };
        let input = UnitInput {
            code: entry.code.clone(),
            name: entry.name.clone(),
            kind: entry.kind,
            parent,
            may_issue: entry.may_issue,
        };
        made.insert(entry.code.clone(), create_unit(app, input).await?);
    }
    Ok(made)
}
