//! A letter as it is frozen: everything that is printed, and nothing about how.

use serde::{Deserialize, Serialize};

/// One document, filled in. Its canonical JSON (RFC 8785) is what is frozen and hashed; HTML, DOCX
/// and PDF are made from it and hold nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The kind's code, e.g. `refusal`.
    pub kind: String,
    /// The agency in the red head; none on forms of a table only.
    pub head: Option<String>,
    /// The document number, e.g. 长公公开答〔2026〕17号; none when it bears none.
    pub number: Option<String>,
    /// The title, e.g. 政府信息不予公开告知书.
    pub title: String,
    /// Whom it addresses, with the colon, e.g. 张三：
    pub addressee: Option<String>,
    /// The body from top to bottom.
    pub blocks: Vec<Block>,
    /// Who signs (落款).
    pub agency: Option<String>,
    /// The day in words of the letter: 2026年4月2日.
    pub date: Option<String>,
    /// Which seal belongs over agency and date.
    pub seal: SealPlace,
}

/// A part of the body. A line feed within a text is a line break, not a new block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A paragraph, set in by two characters.
    Paragraph(String),
    /// A heading within the body.
    Heading(String),
    /// A numbered or listed point, set in like a paragraph.
    Item(String),
    /// A table: rows of cells, all rows of one table equally long (2 to 6 cells).
    Table(Vec<Vec<String>>),
    /// A line to be filled in by hand, e.g. 申请人签名: label, then room.
    Field(String),
    /// The next block begins a new page.
    Break,
}

/// The seal that is set over the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealPlace {
    /// None.
    None,
    /// The agency's seal (机关印章).
    Agency,
    /// The seal of the disclosure office (政府信息公开专用章).
    Office,
    /// The receipt seal of the counter (收件章).
    Receipt,
}
