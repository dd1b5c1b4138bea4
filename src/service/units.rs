//! Setting up a bureau's tree of units from a file.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::App;
use super::cases::Origin;
use super::people::{UnitInput, create_unit};
use crate::domain::ids::UnitId;
use crate::domain::named::{NameFault, UnitCode, UnitName};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;
use crate::domain::unit::UnitKind;
use crate::store::command::Denied;

/// The bureau's own tree.
pub const BUREAU: &str = include_str!("../../data/units.json");

/// A tree of units, parents before children.
#[derive(Debug)]
pub struct UnitTree {
    units: Vec<UnitEntry>,
}

#[derive(Debug)]
struct UnitEntry {
    code: UnitCode,
    name: UnitName,
    kind: UnitKind,
    parent: Option<String>,
    may_issue: bool,
}

/// The file as it is written.
#[derive(Deserialize)]
struct TreeFile {
    units: Vec<EntryOfFile>,
}

#[derive(Deserialize)]
struct EntryOfFile {
    code: String,
    name: String,
    kind: UnitKind,
    parent: Option<String>,
    may_issue: bool,
}

/// Why a file is no tree of units.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// It is not of the form of data/units.json.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
    /// A unit, counted from 1, cannot be called that.
    #[error("unit {unit}")]
    Name {
        /// Which one.
        unit: usize,
        /// Why not.
        fault: NameFault,
    },
}

/// Reads a tree in the form of data/units.json.
///
/// # Errors
/// The text is not of that form, or a unit has a code or a name that none can have.
pub fn parse(text: &str) -> Result<UnitTree, TreeError> {
    let file: TreeFile = serde_json::from_str(text)?;
    let entry = |(unit, entry): (usize, EntryOfFile)| {
        let EntryOfFile { code, name, kind, parent, may_issue } = entry;
        let wrong = |fault| TreeError::Name { unit, fault };
        let code = UnitCode::parse(&code).map_err(wrong)?;
        let name = UnitName::parse(&name).map_err(wrong)?;
        Ok(UnitEntry { code, name, kind, parent, may_issue })
    };
    let units = (1..).zip(file.units).map(entry).collect::<Result<_, TreeError>>()?;
    Ok(UnitTree { units })
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
            .unit_by_code(entry.code.as_str())
            .or_else(|| if entry.parent.is_none() { root() } else { None });
        if let Some(unit) = known {
            made.insert(entry.code.clone().into(), unit.id);
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
        let input = UnitInput {
            code: entry.code.clone(),
            name: entry.name.clone(),
            kind: entry.kind,
            parent,
            may_issue: entry.may_issue,
        };
        let outcome = create_unit(app, Origin::operator(), input).await?;
        let id = outcome.person.map(|made| UnitId(made.id)).ok_or(Reason::NotFound)?;
        made.insert(entry.code.clone().into(), id);
        created += 1;
    }
    Ok(Planted { units: made, created })
}
