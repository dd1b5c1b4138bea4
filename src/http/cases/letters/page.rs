//! A letter as a page to print, laid out after GB/T 9704-2012: no script, one style sheet.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::domain::letter::{Block, SealPlace, Sheet};
use crate::http::reply::Html;

const STYLE: &str = include_str!("letter.css");

/// What stands across a page that is no valid letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing.
    None,
    /// That it is a draft.
    Draft,
    /// That it is void.
    Void,
}

impl Mark {
    const fn text(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Draft => Some("草稿"),
            Self::Void => Some("作废"),
        }
    }
}

/// The page of a sheet.
pub(super) fn html(sheet: &Sheet, mark: Mark) -> Html {
    Html::new(STYLE, |policy| page(sheet, mark, policy).into_string())
}

/// The whole page. Everything in a sheet is text, and is escaped by the template.
fn page(sheet: &Sheet, mark: Mark, policy: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                // For a page that a client shows from memory, without this answer's headers.
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (sheet.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if let Some(text) = mark.text() { p.mark { (text) } }
                main { (text(sheet)) }
            }
        }
    }
}

/// What stands on the sheet.
pub(super) fn text(sheet: &Sheet) -> Markup {
    html! {
        @if let Some(head) = &sheet.head {
            header {
                p.head { (head) }
                @if let Some(number) = &sheet.number { p.number { (number) } }
            }
        }
        h1 { (sheet.title) }
        @if let Some(addressee) = &sheet.addressee { p.to { (addressee) } }
        @for block in &sheet.blocks { (part(block)) }
        (signature(sheet))
    }
}

fn part(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Paragraph(text) => p.text { (text) },
            Block::Heading(text) => h2 { (text) },
            Block::Item(text) => p.text.item { (text) },
            Block::Field(text) => p.field { span { (text) } span.line {} },
            Block::Break => div.break {},
            Block::Table(rows) => table {
                @for row in rows {
                    tr {
                        @for (at, cell) in row.iter().enumerate() {
                            @if at == 0 && row.len() == 2 {
                                th scope="row" { (cell) }
                            } @else {
                                td { (cell) }
                            }
                        }
                    }
                }
            },
        }
    }
}

/// Agency and date, with the place of the seal over them.
fn signature(sheet: &Sheet) -> Markup {
    let seal = match sheet.seal {
        SealPlace::None => None,
        SealPlace::Agency => Some("（机关印章）"),
        SealPlace::Office => Some("（政府信息公开专用章）"),
        SealPlace::Receipt => Some("（收件章）"),
    };
    html! {
        @if sheet.agency.is_some() || sheet.date.is_some() {
            div.signature {
                @if let Some(agency) = &sheet.agency { p { (agency) } }
                @if let Some(date) = &sheet.date { p { (date) } }
                @if let Some(seal) = seal { p.seal { (seal) } }
            }
        }
    }
}
