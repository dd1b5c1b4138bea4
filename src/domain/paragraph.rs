//! Standard paragraphs: wordings that an office keeps, by subject, for its own drafts or for everybody's.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Role};
use super::ids::{ParagraphId, UnitId, Version};
use super::rejection::Reason;
use super::unit::Directory;

/// One paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paragraph {
    /// Its id.
    pub id: ParagraphId,
    /// What it says, and for whom.
    pub plan: ParagraphPlan,
    /// Since when it is closed: no draft can insert it any more.
    pub closed_at: Option<DateTime<Utc>>,
    /// Changes seen.
    pub version: Version,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a paragraph says, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParagraphPlan {
    /// The unit whose it is; none for the whole bureau.
    #[serde(rename = "unit_id")]
    pub unit: Option<UnitId>,
    /// What it is about, e.g. 户籍.
    pub subject: String,
    /// By what it is found.
    pub title: String,
    /// The text, as a letter gives it.
    pub body: String,
}

/// New values of a paragraph; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParagraphPatch {
    /// What it is about.
    pub subject: Option<String>,
    /// By what it is found.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
}

/// A change of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParagraphChange {
    /// New values.
    Edit(ParagraphPatch),
    /// No draft shall insert it any more.
    Close {
        /// Why.
        reason: String,
    },
}

/// The paragraphs that an input names, as far as they exist.
pub type Paragraphs = BTreeMap<ParagraphId, Paragraph>;

/// May this role keep any?
#[must_use]
pub const fn keeps_some(role: Role) -> bool {
    matches!(role, Role::QueryRoom | Role::LegalOffice | Role::ServiceCenter)
}

/// Why this actor may not keep the paragraphs of this unit, or, with none, those of the bureau. The
/// bureau's are kept by the query room and the legal office, a unit's by its own officers.
///
/// # Errors
/// He may not.
pub fn may_keep(actor: &Actor, unit: Option<UnitId>) -> Result<(), Reason> {
    let may = match unit {
        None => matches!(actor.role, Role::QueryRoom | Role::LegalOffice),
        Some(unit) => actor.role == Role::ServiceCenter && actor.reaches(unit),
    };
    if may { Ok(()) } else { Err(Reason::ParagraphNotKept) }
}

impl Paragraph {
    /// May a draft by an actor of this unit, on a case that this unit holds, insert it? It is the
    /// bureau's, or that of one of these units or of a unit above.
    #[must_use]
    pub fn serves(&self, drafter: UnitId, holder: Option<UnitId>, directory: &Directory) -> bool {
        let Some(own) = self.plan.unit else { return true };
        let below = directory.reach(own);
        below.contains(&drafter) || holder.is_some_and(|holder| below.contains(&holder))
    }
}
