//! Standard paragraphs: their rows, and the lists of them.

use diesel::prelude::*;

use super::conn::{Conn, MultiBackend};
use super::error::Result;
use super::page::{Page, Stretch};
use super::schema::paragraphs;
use super::types::{At, Key};
use crate::domain::ids::{ParagraphId, UnitId, Version};
use crate::domain::paragraph::{Paragraph, ParagraphPlan};

/// A row of `paragraphs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = paragraphs, treat_none_as_default_value = false)]
pub(in crate::store) struct ParagraphRow {
    pub id: Key,
    pub unit_id: Option<Key>,
    pub subject: String,
    pub title: String,
    pub body: String,
    pub version: i64,
    pub created_at: At,
    pub updated_at: At,
    pub closed_at: Option<At>,
}

impl ParagraphRow {
    pub(super) fn of(paragraph: &Paragraph) -> Self {
        let plan = &paragraph.plan;
        Self {
            id: Key(paragraph.id.0),
            unit_id: plan.unit.map(|unit| Key(unit.0)),
            subject: plan.subject.clone(),
            title: plan.title.clone(),
            body: plan.body.clone(),
            version: paragraph.version.0,
            created_at: At(paragraph.created_at),
            updated_at: At(paragraph.updated_at),
            closed_at: paragraph.closed_at.map(At),
        }
    }

    pub(super) fn into_paragraph(self) -> Paragraph {
        Paragraph {
            id: ParagraphId(self.id.0),
            plan: ParagraphPlan {
                unit: self.unit_id.map(|key| UnitId(key.0)),
                subject: self.subject,
                title: self.title,
                body: self.body,
            },
            closed_at: self.closed_at.map(|at| at.0),
            version: Version(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        }
    }
}

/// Which paragraphs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParagraphFilter {
    /// Of this unit alone.
    pub unit: Option<UnitId>,
    /// Of the bureau, or of one of these units.
    pub usable_by: Option<Vec<UnitId>>,
    /// On this subject.
    pub subject: Option<String>,
    /// Open ones, or closed ones.
    pub standing: Option<ParagraphStanding>,
}

/// Whether drafts can insert a paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParagraphStanding {
    /// They can.
    Open,
    /// They cannot any more.
    Closed,
}

/// One paragraph.
///
/// # Errors
/// The database cannot be read.
pub fn one(conn: &mut Conn, id: ParagraphId) -> Result<Option<Paragraph>> {
    let row: Option<ParagraphRow> =
        paragraphs::table.filter(paragraphs::id.eq(Key(id.0))).first(conn).optional()?;
    Ok(row.map(ParagraphRow::into_paragraph))
}

/// Those with these ids.
pub(super) fn of_ids(conn: &mut Conn, ids: &[ParagraphId]) -> Result<Vec<Paragraph>> {
    let keys: Vec<Key> = ids.iter().map(|id| Key(id.0)).collect();
    let rows: Vec<ParagraphRow> =
        paragraphs::table.filter(paragraphs::id.eq_any(keys)).load(conn)?;
    Ok(rows.into_iter().map(ParagraphRow::into_paragraph).collect())
}

/// All of them.
pub(super) fn all(conn: &mut Conn) -> Result<Vec<ParagraphRow>> {
    Ok(paragraphs::table.load(conn)?)
}

/// One page, the oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn list(
    conn: &mut Conn,
    filter: ParagraphFilter,
    page: Page<ParagraphId>,
    limit: i64,
) -> Result<Stretch<Paragraph>> {
    let mut query = paragraphs::table.into_boxed::<MultiBackend>().limit(limit + 1);
    if let Some(unit) = filter.unit {
        query = query.filter(paragraphs::unit_id.eq(Key(unit.0)));
    }
    if let Some(units) = filter.usable_by {
        let keys: Vec<Key> = units.into_iter().map(|unit| Key(unit.0)).collect();
        let bureau = paragraphs::unit_id.is_null().nullable();
        query = query.filter(bureau.or(paragraphs::unit_id.eq_any(keys)));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(paragraphs::subject.eq(subject));
    }
    query = match filter.standing {
        Some(ParagraphStanding::Open) => query.filter(paragraphs::closed_at.is_null()),
        Some(ParagraphStanding::Closed) => query.filter(paragraphs::closed_at.is_not_null()),
        None => query,
    };
    let place = page.place().map(|id: ParagraphId| Key(id.0));
    query = match (place, page.is_backward()) {
        (Some(id), true) => query.filter(paragraphs::id.lt(id)),
        (Some(id), false) => query.filter(paragraphs::id.gt(id)),
        (None, _) => query,
    };
    query = if page.is_backward() {
        query.order(paragraphs::id.desc())
    } else {
        query.order(paragraphs::id.asc())
    };
    let rows: Vec<ParagraphRow> = query.load(conn)?;
    let found = rows.into_iter().map(ParagraphRow::into_paragraph).collect();
    Ok(Stretch::of(&page, found, limit))
}
