//! What a letter says that has no action of its own: it is issued because somebody decides to.

use chrono::NaiveDate;
use serde::Serialize;

use super::LetterKind;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// The kinds of letters that are issued by themselves.
    pub enum SeparateLetter in "separate_letter" {
        CollectionNotice = "collection_notice" : "政府信息提供日期通知书" / "notice of collection",
    }
}

/// What such a letter tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LetterMatter {
    /// From when to when what the answer provides can be collected, and where.
    CollectionNotice(Collection),
}

/// When and where something is collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collection {
    /// From this day.
    pub collect_from: NaiveDate,
    /// To this day, which counts.
    pub collect_to: NaiveDate,
    /// Where.
    pub place: String,
}

impl LetterMatter {
    /// The kind of letter that tells it.
    #[must_use]
    pub const fn kind(&self) -> LetterKind {
        match self {
            Self::CollectionNotice(_) => LetterKind::COLLECTION_NOTICE,
        }
    }
}
