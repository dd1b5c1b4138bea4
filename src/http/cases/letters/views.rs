//! What letters look like from outside.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::seal::ElectronicSealView;
use crate::domain::case::{Case, ServedLetter};
use crate::domain::letter::{Block, LetterRef, SealPlace, Sheet};
use crate::domain::text_enum::text_enum;

/// Where a letter is.
#[derive(Serialize, ToSchema)]
pub struct LetterLinks {
    /// Its address.
    #[serde(rename = "self")]
    pub own: String,
    /// The page to print.
    pub html: String,
    /// The file to send and keep.
    pub pdf: String,
    /// The file for an office program.
    pub docx: String,
    /// Where its electronic seal is asked for.
    pub seal: String,
    /// The case.
    pub case: String,
}

impl LetterLinks {
    pub(super) fn of(case: Uuid, letter: Uuid) -> Self {
        let case = format!("/api/v1/cases/{case}");
        let own = format!("{case}/letters/{letter}");
        Self {
            html: format!("{own}/html"),
            pdf: format!("{own}/pdf"),
            docx: format!("{own}/docx"),
            seal: format!("{own}/seal"),
            own,
            case,
        }
    }
}

/// A letter that was issued.
#[derive(Serialize, ToSchema)]
pub struct LetterView {
    /// Its id.
    pub id: Uuid,
    /// What it is: a code of `letter_kinds` in the dictionaries.
    #[schema(example = "refusal")]
    pub kind: String,
    /// The title that it bears.
    #[schema(example = "政府信息不予公开告知书")]
    pub title: String,
    /// Its number; null for a kind that bears none.
    #[schema(example = "长公公开不予〔2026〕17号")]
    pub number: Option<String>,
    /// SHA-256 of its canonical content, hexadecimal.
    #[schema(example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub content_hash: String,
    /// As what it is served; null for a sheet of the house, which is served on nobody.
    pub served_as: Option<ServedLetter>,
    /// The number of the subtask that it documents; null for every other letter.
    pub subtask: Option<u32>,
    /// The paragraph on remedies that it bears; null when it tells of none.
    #[schema(example = "R-C")]
    pub remedy: Option<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// By whom.
    pub issued_by: Uuid,
    /// Its electronic seal; null until one is asked for.
    pub electronic_seal: Option<ElectronicSealView>,
    /// When it was declared void; null while it holds.
    pub voided_at: Option<DateTime<Utc>>,
    /// Why it is void; null while it holds.
    pub void_reason: Option<String>,
    /// Where it is.
    pub links: LetterLinks,
}

impl LetterView {
    fn of(case: &Case, letter: &LetterRef) -> Self {
        Self {
            id: letter.id.0,
            kind: letter.kind.as_str().to_owned(),
            title: letter.kind.title().to_owned(),
            number: letter.number.as_ref().map(|number| number.text.clone()),
            content_hash: letter.content_hash.to_string(),
            served_as: (!letter.kind.is_internal()).then(|| ServedLetter::of(letter.kind)),
            subtask: letter.subtask,
            remedy: letter.remedy.clone(),
            issued_at: letter.issued_at,
            issued_by: letter.issued_by.0,
            electronic_seal: letter.seal.as_ref().map(ElectronicSealView::from),
            voided_at: letter.void.as_ref().map(|void| void.at),
            void_reason: letter.void.as_ref().map(|void| void.reason.clone()),
            links: LetterLinks::of(case.id.0, letter.id.0),
        }
    }
}

/// The letters of a case, oldest first.
pub fn letters_of(case: &Case) -> Vec<LetterView> {
    case.record.letters.iter().map(|letter| LetterView::of(case, letter)).collect()
}

/// The letters of a case, oldest first, void ones among them.
#[derive(Serialize, ToSchema)]
pub struct LettersView {
    /// The letters.
    pub items: Vec<LetterView>,
}

text_enum! {
    /// What a part of a letter is.
    pub enum BlockKind in "block_kind" {
        Paragraph = "paragraph" : "段落" / "paragraph",
        Heading = "heading" : "标题" / "heading",
        Item = "item" : "条目" / "point of a list",
        Table = "table" : "表格" / "table",
        Field = "field" : "填写栏" / "line to be filled in by hand",
        Break = "break" : "换页" / "page break",
    }
}

/// A part of the body.
#[derive(Serialize, ToSchema)]
pub struct BlockView {
    /// What it is.
    pub kind: BlockKind,
    /// Its text; null for a table and a page break.
    pub text: Option<String>,
    /// The rows of a table, cell by cell; empty for everything else.
    pub rows: Vec<Vec<String>>,
}

impl From<Block> for BlockView {
    fn from(block: Block) -> Self {
        let said = |kind, text| Self { kind, text: Some(text), rows: Vec::new() };
        match block {
            Block::Paragraph(text) => said(BlockKind::Paragraph, text),
            Block::Heading(text) => said(BlockKind::Heading, text),
            Block::Item(text) => said(BlockKind::Item, text),
            Block::Field(text) => said(BlockKind::Field, text),
            Block::Table(rows) => Self { kind: BlockKind::Table, text: None, rows },
            Block::Break => Self { kind: BlockKind::Break, text: None, rows: Vec::new() },
        }
    }
}

text_enum! {
    /// Which seal belongs over the signature (印章).
    pub enum Seal in "seal" {
        None = "none" : "不盖章" / "none",
        Agency = "agency" : "机关印章" / "the agency's seal",
        Office = "office" : "政府信息公开专用章" / "the seal of the disclosure office",
        Receipt = "receipt" : "收件章" / "the receipt seal",
    }
}

/// A letter with its content.
#[derive(Serialize, ToSchema)]
pub struct LetterDetailView {
    /// The letter.
    #[serde(flatten)]
    pub letter: LetterView,
    /// The agency in the red head; null on forms.
    pub head: Option<String>,
    /// Whom it addresses. Masked for who may not see names.
    pub addressee: Option<String>,
    /// The body from top to bottom, likewise.
    pub blocks: Vec<BlockView>,
    /// Who signs.
    pub agency: Option<String>,
    /// The day, as the letter writes it.
    #[schema(example = "2026年4月2日")]
    pub written_day: Option<String>,
    /// Which seal belongs over the signature.
    pub seal: Seal,
}

impl LetterDetailView {
    pub(super) fn of(case: &Case, letter: &LetterRef, sheet: Sheet) -> Self {
        Self {
            letter: LetterView::of(case, letter),
            head: sheet.head,
            addressee: sheet.addressee,
            blocks: sheet.blocks.into_iter().map(BlockView::from).collect(),
            agency: sheet.agency,
            written_day: sheet.date,
            seal: match sheet.seal {
                SealPlace::None => Seal::None,
                SealPlace::Agency => Seal::Agency,
                SealPlace::Office => Seal::Office,
                SealPlace::Receipt => Seal::Receipt,
            },
        }
    }
}
