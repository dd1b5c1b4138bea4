//! A letter as DOCX (ISO/IEC 29500, transitional): the page of GB/T 9704, its 22 lines of 28
//! characters, its faces by name. Whoever opens it has the faces, breaks the lines and may still
//! change the text; what was issued is the sheet and its PDF.

mod styles;
mod xml;

use std::io::{Cursor, Write as _};

use chrono::SecondsFormat;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::measure::{
    AFTER_DATE, BEFORE_AGENCY, FOLIO_DROP, HEAD, LEFT, MM, PAGE_HEIGHT, PAGE_WIDTH, PITCH,
    RULE_DROP, SMALL, TEXT_HEIGHT, TEXT_WIDTH, TOP, lines,
};
use super::table::{Wish, columns, text_size};
use super::{Edition, Marking, PaperError, document_title, field_label, seal_words};
use crate::domain::letter::{Block, Sheet};
use xml::Part;

/// The namespace of the parts of a text.
const W: (&str, &str) = ("xmlns:w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main");
const R: (&str, &str) =
    ("xmlns:r", "http://schemas.openxmlformats.org/officeDocument/2006/relationships");

/// The words where a seal belongs.
const GREY: &str = "9A9A9A";

/// The size of the body in a word processor, in points.
const TYPE: f32 = 16.0;

/// A letter as DOCX. The same arguments give the same bytes.
///
/// # Errors
/// None that a sheet can cause; the archive could not be written.
pub fn docx(sheet: &Sheet, edition: &Edition) -> Result<Vec<u8>, PaperError> {
    let marked = edition.marking.words();
    let mut parts = vec![
        ("[Content_Types].xml", content_types(marked)?),
        ("_rels/.rels", relations(PACKAGE)?),
        ("docProps/core.xml", properties(sheet, edition)?),
        ("word/document.xml", document(sheet, edition)?),
        ("word/_rels/document.xml.rels", document_relations(marked)?),
        ("word/styles.xml", styles::styles()?),
        ("word/settings.xml", styles::settings()?),
        ("word/fontTable.xml", styles::font_table()?),
        ("word/footer1.xml", styles::footer("right")?),
        ("word/footer2.xml", styles::footer("left")?),
    ];
    if let Some(words) = marked {
        parts.push(("word/header1.xml", styles::header(edition.marking, words)?));
    }
    let form = |error: &dyn std::fmt::Display| PaperError::Form(error.to_string());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, bytes) in parts {
        archive.start_file(name, options).map_err(|error| form(&error))?;
        archive.write_all(&bytes).map_err(|error| form(&error))?;
    }
    Ok(archive.finish().map_err(|error| form(&error))?.into_inner())
}

/// Points in twentieths of a point.
fn twips(points: f32) -> String {
    format!("{:.0}", points * 20.0)
}

const PACKAGE: &[(&str, &str)] = &[
    (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
        "word/document.xml",
    ),
    (
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
        "docProps/core.xml",
    ),
];

fn document_relations(marked: Option<&str>) -> Result<Vec<u8>, PaperError> {
    const BASE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut targets = vec![
        ("footer", "footer1.xml"),
        ("footer", "footer2.xml"),
        ("styles", "styles.xml"),
        ("settings", "settings.xml"),
        ("fontTable", "fontTable.xml"),
    ];
    targets.extend(marked.map(|_| ("header", "header1.xml")));
    let kinds: Vec<String> = targets.iter().map(|(kind, _)| format!("{BASE}/{kind}")).collect();
    let targets = kinds.iter().zip(&targets).map(|(kind, (_, target))| (kind.as_str(), *target));
    relations(&targets.collect::<Vec<_>>())
}

/// Relations named rId1, rId2, … in this order.
fn relations(targets: &[(&str, &str)]) -> Result<Vec<u8>, PaperError> {
    const SPACE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let mut part = Part::new();
    part.element("Relationships", &[("xmlns", SPACE)], |part| {
        for ((kind, target), at) in targets.iter().zip(1_usize..) {
            let id = format!("rId{at}");
            part.leaf("Relationship", &[("Id", &id), ("Type", kind), ("Target", target)]);
        }
    });
    part.finish()
}

fn content_types(marked: Option<&str>) -> Result<Vec<u8>, PaperError> {
    const SPACE: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
    const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let mut kinds = vec![
        ("document", "document.main"),
        ("styles", "styles"),
        ("settings", "settings"),
        ("fontTable", "fontTable"),
        ("footer1", "footer"),
        ("footer2", "footer"),
    ];
    kinds.extend(marked.map(|_| ("header1", "header")));
    let mut part = Part::new();
    part.element("Types", &[("xmlns", SPACE)], |part| {
        let relations = "application/vnd.openxmlformats-package.relationships+xml";
        part.leaf("Default", &[("Extension", "rels"), ("ContentType", relations)]);
        part.leaf("Default", &[("Extension", "xml"), ("ContentType", "application/xml")]);
        let core = "application/vnd.openxmlformats-package.core-properties+xml";
        part.leaf("Override", &[("PartName", "/docProps/core.xml"), ("ContentType", core)]);
        for (name, kind) in kinds {
            let (name, kind) = (format!("/word/{name}.xml"), format!("{WORD}.{kind}+xml"));
            part.leaf("Override", &[("PartName", &name), ("ContentType", &kind)]);
        }
    });
    part.finish()
}

fn properties(sheet: &Sheet, edition: &Edition) -> Result<Vec<u8>, PaperError> {
    const CORE: &str = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties";
    let spaces = [
        ("xmlns:cp", CORE),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ("xmlns:dcterms", "http://purl.org/dc/terms/"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ];
    let made_at = edition.made_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut part = Part::new();
    part.element("cp:coreProperties", &spaces, |part| {
        part.element("dc:title", &[], |part| part.text(&document_title(sheet)));
        let agency = sheet.agency.as_ref().or(sheet.head.as_ref());
        part.element("dc:creator", &[], |part| part.text(agency.map_or("", String::as_str)));
        part.element("dc:identifier", &[], |part| part.text(&edition.id.to_string()));
        part.element("dc:language", &[], |part| part.text("zh-CN"));
        for name in ["dcterms:created", "dcterms:modified"] {
            part.element(name, &[("xsi:type", "dcterms:W3CDTF")], |part| part.text(&made_at));
        }
        part.element("cp:contentStatus", &[], |part| part.text(edition.marking.label_zh()));
    });
    part.finish()
}

fn document(sheet: &Sheet, edition: &Edition) -> Result<Vec<u8>, PaperError> {
    let mut part = Part::new();
    part.element("w:document", &[W, R], |part| {
        part.element("w:body", &[], |part| {
            front(part, sheet);
            let first_break = sheet.blocks.iter().position(|block| *block == Block::Break);
            let (body, after) = sheet.blocks.split_at(first_break.unwrap_or(sheet.blocks.len()));
            let signed = sheet.agency.is_some() || sheet.date.is_some();
            blocks(part, body, if signed { Ending::Signature } else { Ending::None });
            signature(part, sheet, edition.marking);
            blocks(part, after, Ending::None);
            section(part, edition.marking);
        });
    });
    part.finish()
}

/// What comes after some blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Signature,
    None,
}

/// What a paragraph has beside its style.
#[derive(Clone, Copy, Default)]
struct Own<'a> {
    /// Points before it.
    before: Option<f32>,
    /// Characters between it and the right edge, in hundredths.
    right: Option<f32>,
    /// Half points.
    size: Option<&'a str>,
    /// The edges of the page are its own: it begins one.
    new_page: bool,
    keep: bool,
    /// Points between it and the red rule below, if there is one.
    rule: Option<f32>,
    jc: Option<&'a str>,
    colour: Option<&'a str>,
}

fn paragraph(part: &mut Part, style: &str, own: Own, text: &str) {
    part.element("w:p", &[], |part| {
        part.element("w:pPr", &[], |part| {
            part.leaf("w:pStyle", &[("w:val", style)]);
            if own.keep {
                part.leaf("w:keepNext", &[]);
            }
            if own.new_page {
                part.leaf("w:pageBreakBefore", &[]);
            }
            if let Some(space) = own.rule {
                part.element("w:pBdr", &[], |part| {
                    let space = format!("{space:.0}");
                    let rule = [
                        ("w:val", "single"),
                        ("w:sz", "12"),
                        ("w:space", &*space),
                        ("w:color", styles::RED),
                    ];
                    part.leaf("w:bottom", &rule);
                });
            }
            if let Some(before) = own.before {
                part.leaf("w:spacing", &[("w:before", &*twips(before))]);
            }
            if let Some(right) = own.right {
                let (chars, twips) = (format!("{right:.0}"), twips(right / 100.0 * TYPE));
                part.leaf("w:ind", &[("w:rightChars", &*chars), ("w:right", &*twips)]);
            }
            if let Some(jc) = own.jc {
                part.leaf("w:jc", &[("w:val", jc)]);
            }
        });
        part.element("w:r", &[], |part| {
            if own.size.is_some() || own.colour.is_some() {
                part.element("w:rPr", &[], |part| {
                    if let Some(colour) = own.colour {
                        part.leaf("w:color", &[("w:val", colour)]);
                    }
                    if let Some(size) = own.size {
                        part.leaf("w:sz", &[("w:val", size)]);
                        part.leaf("w:szCs", &[("w:val", size)]);
                    }
                });
            }
            part.element("w:t", &[("xml:space", "preserve")], |part| part.text(text));
        });
    });
}

/// One paragraph for each line of the text: a break within a justified one would tear it apart.
fn paragraphs(part: &mut Part, style: &str, own: Own, text: &str) {
    let mut own = own;
    for line in text.split('\n') {
        paragraph(part, style, own, line);
        own.new_page = false;
    }
}

fn front(part: &mut Part, sheet: &Sheet) {
    let letter = sheet.number.is_some();
    if let Some(head) = &sheet.head {
        // In one line: what is too long gets smaller.
        let size = (TEXT_WIDTH / rough_width(head)).min(HEAD);
        let size = format!("{:.0}", size * 2.0);
        let style = if letter { "Head" } else { "FormHead" };
        let own = Own { size: Some(&size), rule: (!letter).then_some(RULE_DROP), ..Own::default() };
        paragraphs(part, style, own, head);
    }
    if let Some(number) = &sheet.number {
        paragraphs(part, "Number", Own { rule: Some(RULE_DROP), ..Own::default() }, number);
    }
    let style = if letter { "Title" } else { "FormTitle" };
    paragraphs(part, style, Own::default(), &sheet.title);
    if let Some(addressee) = &sheet.addressee {
        let own = Own { before: Some(PITCH), ..Own::default() };
        paragraphs(part, "Addressee", own, addressee);
    }
}

fn blocks(part: &mut Part, blocks: &[Block], ending: Ending) {
    let mut new_page = false;
    let last = blocks.len().saturating_sub(1);
    for (at, block) in blocks.iter().enumerate() {
        // The last paragraph stays with the signature.
        let own =
            Own { new_page, keep: ending == Ending::Signature && at == last, ..Own::default() };
        match block {
            Block::Paragraph(text) | Block::Item(text) => paragraphs(part, "Body", own, text),
            Block::Heading(text) if new_page => paragraphs(part, "FormTitle", own, text),
            Block::Heading(text) if text.starts_with('（') => {
                paragraphs(part, "HeadingKai", own, text);
            }
            Block::Heading(text) => paragraphs(part, "HeadingHei", own, text),
            Block::Field(label) => field(part, own, label),
            Block::Table(rows) => {
                if new_page {
                    paragraph(part, "Cell", own, "");
                }
                table(part, rows);
            }
            Block::Break => {}
        }
        new_page = *block == Block::Break;
    }
}

/// A label and room to write on: blanks, underlined.
fn field(part: &mut Part, own: Own, label: &str) {
    part.element("w:p", &[], |part| {
        part.element("w:pPr", &[], |part| {
            part.leaf("w:pStyle", &[("w:val", "Body")]);
            if own.keep {
                part.leaf("w:keepNext", &[]);
            }
            if own.new_page {
                part.leaf("w:pageBreakBefore", &[]);
            }
        });
        part.element("w:r", &[], |part| {
            let label = field_label(&label.replace('\n', " "));
            part.element("w:t", &[("xml:space", "preserve")], |part| part.text(&label));
        });
        part.element("w:r", &[], |part| {
            part.element("w:rPr", &[], |part| part.leaf("w:u", &[("w:val", "single")]));
            let room = "\u{3000}".repeat(12);
            part.element("w:t", &[("xml:space", "preserve")], |part| part.text(&room));
        });
    });
}

fn table(part: &mut Part, rows: &[Vec<String>]) {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let size = text_size(count);
    let widths: Vec<String> =
        columns(&rough_wishes(rows, count, size), size).into_iter().map(twips).collect();
    let half_points = format!("{:.0}", size * 2.0);
    part.element("w:tbl", &[], |part| {
        part.element("w:tblPr", &[], |part| {
            part.leaf("w:tblW", &[("w:w", &*twips(TEXT_WIDTH)), ("w:type", "dxa")]);
            part.leaf("w:jc", &[("w:val", "center")]);
            part.element("w:tblBorders", &[], |part| {
                for side in ["top", "left", "bottom", "right", "insideH", "insideV"] {
                    let rule = [
                        ("w:val", "single"),
                        ("w:sz", "6"),
                        ("w:space", "0"),
                        ("w:color", "000000"),
                    ];
                    part.leaf(&format!("w:{side}"), &rule);
                }
            });
            part.leaf("w:tblLayout", &[("w:type", "fixed")]);
            part.element("w:tblCellMar", &[], |part| {
                for side in ["left", "right"] {
                    part.leaf(&format!("w:{side}"), &[("w:w", "80"), ("w:type", "dxa")]);
                }
            });
        });
        part.element("w:tblGrid", &[], |part| {
            for width in &widths {
                part.leaf("w:gridCol", &[("w:w", width)]);
            }
        });
        for (at, row) in rows.iter().enumerate() {
            part.element("w:tr", &[], |part| {
                part.element("w:trPr", &[], |part| {
                    let text: usize =
                        row.iter().map(|cell| cell.chars().count()).max().unwrap_or_default();
                    // What is longer than half a page may break.
                    if text < 400 {
                        part.leaf("w:cantSplit", &[]);
                    }
                    let by_hand = count == 2 && row.iter().any(|cell| cell.trim().is_empty());
                    let height = twips(SMALL * if by_hand { 4.0 } else { 2.1 });
                    part.leaf("w:trHeight", &[("w:val", &*height), ("w:hRule", "atLeast")]);
                });
                for (column, width) in widths.iter().enumerate() {
                    let label = if count == 2 { column == 0 } else { at == 0 };
                    let jc = if label { Some("center") } else { Some("left") };
                    let own = Own { size: Some(&half_points), jc, ..Own::default() };
                    part.element("w:tc", &[], |part| {
                        part.element("w:tcPr", &[], |part| {
                            part.leaf("w:tcW", &[("w:w", width), ("w:type", "dxa")]);
                            part.leaf("w:vAlign", &[("w:val", "center")]);
                        });
                        paragraphs(part, "Cell", own, row.get(column).map_or("", String::as_str));
                    });
                }
            });
        }
    });
}

fn signature(part: &mut Part, sheet: &Sheet, marking: Marking) {
    let date = sheet.date.as_deref();
    let date_width = date.map_or(7.0, rough_width);
    let right = |text: &str| {
        let right = f32::from(AFTER_DATE) + (date_width - rough_width(text)) / 2.0;
        Some(100.0 * right.max(0.0))
    };
    let mut before = Some(lines(BEFORE_AGENCY));
    if let (Marking::Draft, Some(words)) = (marking, seal_words(sheet.seal)) {
        let own =
            Own { before: Some(PITCH), right: right(words), colour: Some(GREY), ..Own::default() };
        paragraph(part, "SealPlace", own, words);
        before = None;
    }
    if let Some(agency) = &sheet.agency {
        let own = Own { before, right: right(agency), ..Own::default() };
        paragraphs(part, "Signature", own, agency);
        before = None;
    }
    if let Some(date) = date {
        let own = Own { before, right: right(date), ..Own::default() };
        paragraphs(part, "Signature", own, date);
    }
}

fn section(part: &mut Part, marking: Marking) {
    part.element("w:sectPr", &[], |part| {
        if marking.words().is_some() {
            for kind in ["default", "even"] {
                part.leaf("w:headerReference", &[("w:type", kind), ("r:id", "rId6")]);
            }
        }
        part.leaf("w:footerReference", &[("w:type", "default"), ("r:id", "rId1")]);
        part.leaf("w:footerReference", &[("w:type", "even"), ("r:id", "rId2")]);
        part.leaf("w:pgSz", &[("w:w", &*twips(PAGE_WIDTH)), ("w:h", &*twips(PAGE_HEIGHT))]);
        let below = PAGE_HEIGHT - TOP - TEXT_HEIGHT;
        let margins = [
            ("w:top", &*twips(TOP)),
            ("w:right", &*twips(PAGE_WIDTH - LEFT - TEXT_WIDTH)),
            ("w:bottom", &*twips(below)),
            ("w:left", &*twips(LEFT)),
            ("w:header", &*twips(12.0 * MM)),
            ("w:footer", &*twips(below - FOLIO_DROP - SMALL * 0.6)),
            ("w:gutter", "0"),
        ];
        part.leaf("w:pgMar", &margins);
        let grid = [("w:type", "lines"), ("w:linePitch", &*twips(PITCH))];
        part.leaf("w:docGrid", &grid);
    });
}

/// How wide a text is in ems, by what is usual: there are no faces here.
fn rough_width(text: &str) -> f32 {
    text.chars().map(|c| if c.is_ascii() { 0.52 } else { 1.0 }).sum::<f32>().max(0.5)
}

fn rough_wishes(rows: &[Vec<String>], count: usize, size: f32) -> Vec<Wish> {
    let mut wishes = vec![Wish::default(); count];
    for (at, row) in rows.iter().enumerate() {
        for (cell, wish) in row.iter().zip(&mut wishes) {
            let words = cell.split(|c: char| !c.is_ascii_alphanumeric());
            let word = words.map(|word| rough_width(word) * size * 1.1).fold(0.0, f32::max);
            wish.word = wish.word.max(word);
            if at > 0 || count == 2 {
                let line = cell.lines().map(|line| rough_width(line) * size).fold(0.0, f32::max);
                wish.line = wish.line.max(line);
            }
        }
    }
    wishes
}
