//! Setting up a bureau's tree of units from a file.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::App;
use super::cases::Origin;
use super::people::create_unit;
use crate::domain::ids::UnitId;
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;
use crate::domain::unit::{UnitKind, UnitPlan};
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

/// What became of a tree.
pub struct Planted {
    /// The id of every unit of it, by code.
    pub units: HashMap<String, UnitId>,
    /// How many of them are new.
    pub created: usize,
}

/// Creates the units of a tree. A unit that is there already, by its code or as the one bureau, is
/// left as it is, so that a tree can be completed.
///
/// # Errors
/// A parent is unknown or comes later, or the store failed.
pub async fn create(app: &Arc<App>, tree: &UnitTree) -> Result<Planted, Denied> {
    let mut made: HashMap<String, UnitId> = HashMap::new();
    let mut created = 0;
    for entry in &tree.units {
        let directory = app.store.directory().await?;
        let root = || directory.units().into_iter().find(|unit| unit.parent.is_none());
        let known = directory
            .unit_by_code(&entry.code)
            .or_else(|| if entry.parent.is_none() { root() } else { None });
        if let Some(unit) = known {
            made.insert(entry.code.clone(), unit.id);
            continue;
        }
        let parent = match &entry.parent {
            None => None,
            Some(code) => {
                let unknown =
                    || Rejection::new(Reason::UnitUnknown).saying(Said::neutral(code.clone()));
                Some(made.get(code).copied().ok_or_else(unknown)?)
            }
        };
        let plan = UnitPlan {
            code: entry.code.clone(),
            name: entry.name.clone(),
            kind: entry.kind,
            parent,
            may_issue: entry.may_issue,
        };
        let outcome = create_unit(app, Origin::operator(), plan).await?;
        let id = outcome.person.map(|made| UnitId(made.id)).ok_or(Reason::NotFound)?;
        made.insert(entry.code.clone(), id);
        created += 1;
    }
    Ok(Planted { units: made, created })
}
