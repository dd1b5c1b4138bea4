//! The fixed parts of a document: styles, settings, fonts, footers, header.

use super::xml::Part;
use super::{W, twips};
use crate::paper::measure::{
    BEFORE_NUMBER, BEFORE_TITLE, FANGSONG_NAME, FOLIO_INSET, HEAD_DROP, HEI_NAME, INDENT, KAI_NAME,
    PITCH, SONG_NAME, TITLE_NAME, TITLE_PITCH, lines,
};
use crate::paper::{Marking, PaperError};

/// 三号, in half points: a word processor's is 16 pt.
const BODY: &str = "32";
/// What it is set closer by, in twentieths of a point, so that 28 characters are a line. The grid of
/// characters that the format has for this is taken in different ways by different programs.
const CLOSER: &str = "-5";
/// 二号, in half points.
const TITLE: &str = "44";
/// 四号, in half points.
pub(super) const SMALL: &str = "28";
/// The colour of the head.
pub(super) const RED: &str = "D80000";

/// A paragraph style.
struct Style<'a> {
    id: &'a str,
    name: &'a str,
    face: &'a str,
    size: &'a str,
    jc: &'a str,
    /// Points before it, after it, and from line to line.
    before: f32,
    after: f32,
    pitch: f32,
    indent: bool,
    keep: bool,
    colour: Option<&'a str>,
}

const BASE: Style = Style {
    id: "Body",
    name: "公文正文",
    face: FANGSONG_NAME,
    size: BODY,
    jc: "both",
    before: 0.0,
    after: 0.0,
    pitch: PITCH,
    indent: true,
    keep: false,
    colour: None,
};

fn styles_of_letters() -> Vec<Style<'static>> {
    let flush = Style { indent: false, ..BASE };
    let title = Style { face: TITLE_NAME, size: TITLE, jc: "center", keep: true, ..flush };
    vec![
        Style { ..BASE },
        Style { id: "Addressee", name: "公文主送", keep: true, ..flush },
        Style { id: "HeadingHei", name: "公文一级标题", face: HEI_NAME, keep: true, ..BASE },
        Style { id: "HeadingKai", name: "公文二级标题", face: KAI_NAME, keep: true, ..BASE },
        Style {
            id: "Head",
            name: "公文发文机关标志",
            pitch: 0.0,
            colour: Some(RED),
            before: HEAD_DROP,
            ..title
        },
        Style {
            id: "FormHead", name: "公文表头机关", pitch: 0.0, colour: Some(RED), ..title
        },
        Style {
            id: "Number",
            name: "公文发文字号",
            jc: "center",
            keep: true,
            before: lines(BEFORE_NUMBER),
            ..flush
        },
        Style {
            id: "Title",
            name: "公文标题",
            pitch: TITLE_PITCH,
            before: lines(BEFORE_TITLE),
            ..title
        },
        Style {
            id: "FormTitle",
            name: "公文表格标题",
            pitch: TITLE_PITCH,
            before: PITCH,
            after: PITCH / 2.0,
            ..title
        },
        Style { id: "Signature", name: "公文落款", jc: "right", keep: true, ..flush },
        Style {
            id: "SealPlace",
            name: "公文印章位置",
            jc: "right",
            keep: true,
            size: "21",
            ..flush
        },
        Style { id: "Cell", name: "公文表格", size: SMALL, pitch: 0.0, ..flush },
        Style {
            id: "Folio",
            name: "公文页码",
            face: SONG_NAME,
            size: SMALL,
            jc: "right",
            pitch: 0.0,
            ..flush
        },
    ]
}

pub(super) fn styles() -> Result<Vec<u8>, PaperError> {
    let mut part = Part::new();
    part.element("w:styles", &[W], |part| {
        part.element("w:docDefaults", &[], |part| {
            part.element("w:rPrDefault", &[], |part| {
                part.element("w:rPr", &[], |part| {
                    faces(part, FANGSONG_NAME);
                    part.leaf("w:sz", &[("w:val", BODY)]);
                    part.leaf("w:szCs", &[("w:val", BODY)]);
                    part.leaf("w:lang", &[("w:val", "en-US"), ("w:eastAsia", "zh-CN")]);
                });
            });
            part.leaf("w:pPrDefault", &[]);
        });
        let default = [("w:type", "paragraph"), ("w:default", "1"), ("w:styleId", "Normal")];
        part.element("w:style", &default, |part| part.leaf("w:name", &[("w:val", "Normal")]));
        for letters in styles_of_letters() {
            style(part, &letters);
        }
    });
    part.finish()
}

fn faces(part: &mut Part, face: &str) {
    let latin = "Times New Roman";
    let fonts = [("w:ascii", latin), ("w:hAnsi", latin), ("w:cs", latin), ("w:eastAsia", face)];
    part.leaf("w:rFonts", &fonts);
}

fn style(part: &mut Part, style: &Style) {
    let about = [("w:type", "paragraph"), ("w:customStyle", "1"), ("w:styleId", style.id)];
    part.element("w:style", &about, |part| {
        part.leaf("w:name", &[("w:val", style.name)]);
        part.leaf("w:basedOn", &[("w:val", "Normal")]);
        part.leaf("w:qFormat", &[]);
        part.element("w:pPr", &[], |part| {
            if style.keep {
                part.leaf("w:keepNext", &[]);
            }
            if style.pitch == 0.0 {
                part.leaf("w:snapToGrid", &[("w:val", "0")]);
            }
            let (before, after, line) =
                (twips(style.before), twips(style.after), twips(style.pitch));
            let mut spacing = vec![("w:before", &*before), ("w:after", &*after)];
            if style.pitch > 0.0 {
                spacing.extend([("w:line", &*line), ("w:lineRule", "exact")]);
            }
            part.leaf("w:spacing", &spacing);
            if style.indent {
                let (chars, first) = (format!("{INDENT}00"), twips(f32::from(INDENT) * 16.0));
                part.leaf("w:ind", &[("w:firstLineChars", &*chars), ("w:firstLine", &*first)]);
            }
            part.leaf("w:jc", &[("w:val", style.jc)]);
        });
        part.element("w:rPr", &[], |part| {
            faces(part, style.face);
            if let Some(colour) = style.colour {
                part.leaf("w:color", &[("w:val", colour)]);
            }
            if style.size == BODY {
                part.leaf("w:spacing", &[("w:val", CLOSER)]);
            }
            part.leaf("w:sz", &[("w:val", style.size)]);
            part.leaf("w:szCs", &[("w:val", style.size)]);
        });
    });
}

pub(super) fn settings() -> Result<Vec<u8>, PaperError> {
    let mut part = Part::new();
    part.element("w:settings", &[W], |part| {
        part.leaf("w:evenAndOddHeaders", &[]);
        part.leaf("w:drawingGridVerticalSpacing", &[("w:val", &*twips(PITCH / 2.0))]);
        part.leaf("w:characterSpacingControl", &[("w:val", "compressPunctuation")]);
        part.element("w:compat", &[], |part| {
            part.leaf("w:useFELayout", &[]);
            let mode = [
                ("w:name", "compatibilityMode"),
                ("w:uri", "http://schemas.microsoft.com/office/word"),
                ("w:val", "15"),
            ];
            part.leaf("w:compatSetting", &mode);
        });
        part.leaf("w:themeFontLang", &[("w:val", "en-US"), ("w:eastAsia", "zh-CN")]);
    });
    part.finish()
}

/// The faces by name, and the names under which other systems have them.
pub(super) fn font_table() -> Result<Vec<u8>, PaperError> {
    let fonts = [
        (FANGSONG_NAME, "仿宋"),
        (TITLE_NAME, "方正小标宋_GBK"),
        (HEI_NAME, "SimHei"),
        (KAI_NAME, "楷体"),
        (SONG_NAME, "SimSun"),
    ];
    let mut part = Part::new();
    part.element("w:fonts", &[W], |part| {
        for (name, other) in fonts {
            part.element("w:font", &[("w:name", name)], |part| {
                part.leaf("w:altName", &[("w:val", other)]);
                part.leaf("w:charset", &[("w:val", "86")]);
            });
        }
    });
    part.finish()
}

/// The page number: to the right on odd pages, to the left on even ones, one character from the edge.
pub(super) fn footer(jc: &str) -> Result<Vec<u8>, PaperError> {
    let mut part = Part::new();
    part.element("w:ftr", &[W], |part| {
        part.element("w:p", &[], |part| {
            part.element("w:pPr", &[], |part| {
                part.leaf("w:pStyle", &[("w:val", "Folio")]);
                let inset = twips(FOLIO_INSET);
                part.leaf("w:ind", &[(&*format!("w:{jc}"), &*inset)]);
                part.leaf("w:jc", &[("w:val", jc)]);
            });
            run(part, "— ");
            part.element("w:fldSimple", &[("w:instr", " PAGE ")], |part| run(part, "1"));
            run(part, " —");
        });
    });
    part.finish()
}

/// The standing of the letter, above every page.
pub(super) fn header(marking: Marking, words: &str) -> Result<Vec<u8>, PaperError> {
    let colour = if marking == Marking::Void { RED } else { "808080" };
    let mut part = Part::new();
    part.element("w:hdr", &[W], |part| {
        part.element("w:p", &[], |part| {
            part.element("w:pPr", &[], |part| part.leaf("w:jc", &[("w:val", "center")]));
            part.element("w:r", &[], |part| {
                part.element("w:rPr", &[], |part| {
                    faces(part, HEI_NAME);
                    part.leaf("w:b", &[]);
                    part.leaf("w:color", &[("w:val", colour)]);
                    part.leaf("w:sz", &[("w:val", "72")]);
                });
                part.element("w:t", &[], |part| part.text(words));
            });
        });
    });
    part.finish()
}

fn run(part: &mut Part, text: &str) {
    part.element("w:r", &[], |part| {
        part.element("w:t", &[("xml:space", "preserve")], |part| part.text(text));
    });
}
