//! Letters to print, and their texts.

use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::DateTime;
use gongkai::domain::letter::{Block, SealPlace, Sheet};
use gongkai::paper::{Edition, FontSettings, Fonts, Marking};
use uuid::Uuid;

/// Every sample, by its name.
pub(crate) fn all() -> Vec<(&'static str, Sheet)> {
    let texts = [
        ("refusal", include_str!("sheets/refusal.json")),
        ("partial_disclosure", include_str!("sheets/partial_disclosure.json")),
        ("supplement_notice", include_str!("sheets/supplement_notice.json")),
        ("closing_index", include_str!("sheets/closing_index.json")),
        ("receipt", include_str!("sheets/receipt.json")),
        ("third_party_consultation", include_str!("sheets/third_party_consultation.json")),
        ("petition", include_str!("sheets/petition.json")),
    ];
    texts.map(|(name, text)| (name, serde_json::from_str(text).expect(name))).into()
}

pub(crate) fn sample(name: &str) -> Sheet {
    all().into_iter().find(|(other, _)| *other == name).expect(name).1
}

/// A letter of these blocks.
pub(crate) fn letter(blocks: Vec<Block>) -> Sheet {
    Sheet {
        kind: "refusal".to_owned(),
        head: Some("长春市公安局".to_owned()),
        number: Some("长公公开答〔2026〕17号".to_owned()),
        title: "政府信息不予公开告知书".to_owned(),
        addressee: Some("张三：".to_owned()),
        blocks,
        agency: Some("长春市公安局".to_owned()),
        date: Some("2026年4月2日".to_owned()),
        seal: SealPlace::Agency,
    }
}

pub(crate) fn edition(marking: Marking) -> Edition {
    let made_at = DateTime::from_timestamp(1_775_095_200, 0).unwrap();
    Edition { marking, made_at, id: Uuid::from_u128(0x0195_0000_7000_8000_0000_0000_0000_0017) }
}

/// The fonts of this machine.
pub(crate) fn fonts() -> Fonts {
    Fonts::find(&FontSettings::default()).expect("fonts-noto-cjk is installed")
}

/// What a letter says, from the top to the bottom, in the order of the print.
pub(crate) fn texts(sheet: &Sheet) -> Vec<String> {
    let first_break = sheet.blocks.iter().position(|block| *block == Block::Break);
    let (body, after) = sheet.blocks.split_at(first_break.unwrap_or(sheet.blocks.len()));
    let mut texts: Vec<String> = Vec::new();
    texts.extend(sheet.head.clone());
    texts.extend(sheet.number.clone());
    texts.push(sheet.title.clone());
    texts.extend(sheet.addressee.clone());
    texts.extend(body.iter().flat_map(block_texts));
    texts.extend(sheet.agency.clone());
    texts.extend(sheet.date.clone());
    texts.extend(after.iter().flat_map(block_texts));
    texts
}

fn block_texts(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(text) | Block::Heading(text) | Block::Item(text) => vec![text.clone()],
        Block::Table(rows) => rows.iter().flatten().cloned().collect(),
        Block::Field(label) => vec![format!("{label}：")],
        Block::Break => Vec::new(),
    }
}

/// The same without blanks and line breaks.
pub(crate) fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The pages of a PDF as text, by poppler, in the order in which they were drawn.
pub(crate) fn pdftotext(pdf: &[u8]) -> Vec<String> {
    let text = piped("pdftotext", &["-raw", "-enc", "UTF-8", "-", "-"], pdf);
    let mut pages: Vec<String> = text.split('\u{c}').map(str::to_owned).collect();
    assert_eq!(pages.pop().as_deref(), Some(""), "a form feed ends every page");
    pages
}

/// Runs a tool of poppler over a PDF.
pub(crate) fn piped(tool: &str, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("poppler-utils is installed");
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{tool} does not like it");
    String::from_utf8(output.stdout).unwrap()
}
