//! Letters on paper: DOCX and PDF from a [`Sheet`], in the form of GB/T 9704-2012.
//!
//! Both are functions of the sheet, the [`Edition`] and, for PDF, the [`Fonts`]: the same arguments
//! give the same bytes, so that nothing needs to be kept but the sheet. [`measure`] holds the figures
//! of the standard, [`line`] breaks text into lines, [`page`] lines into pages, [`pdf`] draws them.
//! DOCX carries the text and the figures; its lines are broken by whoever opens it.

pub mod docx;
pub mod fonts;
pub mod line;
pub mod measure;
pub mod page;
pub mod pdf;
pub mod table;
mod title;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::letter::{SealPlace, Sheet};
use crate::domain::text_enum::text_enum;
use fonts::FontError;

pub use docx::docx;
pub use fonts::{FaceSetting, FontSettings, Fonts, Role};
pub use pdf::pdf;

text_enum! {
    /// What a letter says of its own standing.
    pub enum Marking in "marking" {
        Issued = "issued" : "正式" / "Issued",
        Draft = "draft" : "草稿" / "Draft",
        Void = "void" : "作废" / "Void",
    }
}

impl Marking {
    /// The words across every page, if any.
    #[must_use]
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Self::Issued => None,
            Self::Draft => Some("草稿"),
            Self::Void => Some("作废"),
        }
    }
}

/// What is told about a letter beside its text. It goes into the properties of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Its standing.
    pub marking: Marking,
    /// When it was issued; of a draft, when it was drawn up.
    pub made_at: DateTime<Utc>,
    /// The letter.
    pub id: Uuid,
}

/// A letter could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// By the fonts of this machine.
    #[error(transparent)]
    Font(#[from] FontError),
    /// By what the form of the file permits.
    #[error("{0}")]
    Form(String),
}

/// The words where a seal belongs, as drafts show them.
pub(crate) const fn seal_words(seal: SealPlace) -> Option<&'static str> {
    match seal {
        SealPlace::None => None,
        SealPlace::Agency => Some("（印章）"),
        SealPlace::Office => Some("（政府信息公开专用章）"),
        SealPlace::Receipt => Some("（收件章）"),
    }
}

/// What stands in a form before the room for a hand: the label and a colon.
pub(crate) fn field_label(label: &str) -> String {
    if label.ends_with(['：', ':']) { label.to_owned() } else { format!("{label}：") }
}

/// The title of the document in its properties.
pub(crate) fn document_title(sheet: &Sheet) -> String {
    match &sheet.number {
        Some(number) => format!("{}（{number}）", sheet.title),
        None => sheet.title.clone(),
    }
}
