//! Text into lines, as Chinese is set: break opportunities by UAX #14 in its strict form (避头尾),
//! marks that share room with their neighbours or give half of theirs up at the end of a line,
//! a quarter of an em between Chinese and Latin, and full lines that end at the edge.

use std::ops::Range;

use icu_segmenter::LineSegmenter;
use icu_segmenter::options::{LineBreakOptions, LineBreakStrictness};

use super::fonts::{FaceId, FontError, Fonts, Role};

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Whose face.
    pub role: Role,
    /// How large, in points.
    pub size: f32,
    /// What stands between Chinese and Latin.
    pub spacing: Spacing,
    /// Where full lines end.
    pub edge: Edge,
}

/// Where the full lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// All at the same place.
    Flush,
    /// Where their last character ends: narrow columns, in which gaps would show.
    Ragged,
}

/// What stands between Chinese and Latin or digits that adjoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// A quarter of an em.
    Quarter,
    /// Nothing: numbers and dates that stand alone.
    None,
}

impl Style {
    /// Running text.
    #[must_use]
    pub const fn text(role: Role, size: f32) -> Self {
        Self { role, size, spacing: Spacing::Quarter, edge: Edge::Flush }
    }

    /// A text that stands alone, such as a number.
    #[must_use]
    pub const fn alone(role: Role, size: f32) -> Self {
        Self { role, size, spacing: Spacing::None, edge: Edge::Flush }
    }

    /// The same, with lines that end where they end.
    #[must_use]
    pub const fn ragged(self) -> Self {
        Self { edge: Edge::Ragged, ..self }
    }
}

/// A glyph at its place in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The face.
    pub face: FaceId,
    /// The glyph.
    pub id: u32,
    /// From the beginning of the line, in points.
    pub x: f32,
    /// What it shows, in the text of the line.
    pub range: Range<usize>,
}

/// A line that has been set.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its text, with the blanks at its end.
    pub text: String,
    /// Its glyphs from left to right.
    pub glyphs: Vec<Placed>,
    /// The size, in points.
    pub size: f32,
    /// How wide it is, in points, indentation included.
    pub width: f32,
}

/// What a character is to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An opening mark: its left half is blank.
    Open,
    /// A closing mark or a stop: its right half is blank.
    Close,
    /// Latin, digits and the like.
    Narrow,
    /// A blank that may be lost at the end of a line.
    Blank,
    /// A dash or an ellipsis, which is two characters long and must not be torn.
    Long,
    /// Chinese, and everything else.
    Wide,
}

#[derive(Clone, Copy, Debug)]
struct Atom {
    start: usize,
    /// The end of what its glyph shows.
    shown: usize,
    /// The end of that with what shows nothing behind it.
    end: usize,
    character: char,
    face: FaceId,
    id: u32,
    /// In points.
    advance: f32,
    kind: Kind,
    /// May the line end after it?
    breaks: bool,
}

/// Is this one of the marks that no line begins with?
#[must_use]
pub fn closes(character: char) -> bool {
    "，。、；：！？）》〉」』】〕〗”’％‰℃·・,.;:!?)]}%".contains(character)
}

fn kind(character: char) -> Kind {
    match character {
        '《' | '〈' | '「' | '『' | '【' | '〔' | '〖' | '（' | '“' | '‘' => Kind::Open,
        '》' | '〉' | '」' | '』' | '】' | '〕' | '〗' | '）' | '”' | '’' | '，' | '。' | '、'
        | '；' | '：' | '！' | '？' => Kind::Close,
        '—' | '…' | '⸺' => Kind::Long,
        ' ' => Kind::Blank,
        _ if character.is_ascii_graphic() => Kind::Narrow,
        '\u{a1}'..='\u{24f}' | '\u{370}'..='\u{52f}' => Kind::Narrow,
        _ => Kind::Wide,
    }
}

/// Characters that show nothing: a letter neither prints nor misses them.
fn invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || selects(character)
        || character.is_control()
}

fn selects(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Sets a text in lines of at most this width, the first one set in by `indent`. Every line but the
/// last fills the width. A line feed ends a line and begins another one like the first.
///
/// # Errors
/// A character has no glyph, or a font cannot be read.
pub fn set(
    fonts: &Fonts,
    text: &str,
    style: Style,
    width: f32,
    indent: f32,
) -> Result<Vec<Line>, FontError> {
    let mut lines = Vec::new();
    for part in text.split('\n') {
        let atoms = atoms(fonts, part, style)?;
        let mut from = 0;
        let mut left = indent;
        loop {
            let to = end_of_line(&atoms, from, width - left, style);
            let rest = atoms.get(to..).unwrap_or_default();
            let here = atoms.get(from..to).unwrap_or_default();
            let fill = if rest.is_empty() { None } else { Some(width - left) };
            lines.push(place(part, here, style, left, fill));
            if rest.is_empty() {
                break;
            }
            from = to;
            left = 0.0;
        }
    }
    Ok(lines)
}

/// Sets a text in one line, however long.
///
/// # Errors
/// As [`set`].
pub fn set_one(fonts: &Fonts, text: &str, style: Style) -> Result<Line, FontError> {
    let text: String = text.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let atoms = atoms(fonts, &text, style)?;
    Ok(place(&text, &atoms, style, 0.0, None))
}

/// How wide the widest part of a text is that no line may be broken in.
///
/// # Errors
/// As [`set`].
pub fn widest_word(fonts: &Fonts, text: &str, style: Style) -> Result<f32, FontError> {
    let mut widest = 0.0_f32;
    for part in text.split('\n') {
        let mut word = 0.0;
        for atom in atoms(fonts, part, style)? {
            word += atom.advance;
            widest = widest.max(word);
            if atom.breaks {
                word = 0.0;
            }
        }
    }
    Ok(widest)
}

fn atoms(fonts: &Fonts, text: &str, style: Style) -> Result<Vec<Atom>, FontError> {
    let mut options = LineBreakOptions::default();
    options.strictness = Some(LineBreakStrictness::Strict);
    let segmenter = LineSegmenter::new_for_non_complex_scripts(options);
    let mut opportunities = segmenter.segment_str(text).skip(1).peekable();
    let mut atoms: Vec<Atom> = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let end = start + character.len_utf8();
        let mut breaks = false;
        while let Some(at) = opportunities.next_if(|at| *at <= end) {
            breaks = at == end;
        }
        let seen = if character == '\t' { ' ' } else { character };
        if character != '\t' && invisible(character) {
            if let Some(before) = atoms.last_mut() {
                // A selector that chose the form belongs to what is shown.
                if selects(character) && before.shown == start {
                    before.shown = end;
                }
                before.end = end;
                before.breaks = breaks;
            }
            continue;
        }
        let next = characters.peek().map(|(_, next)| *next);
        let glyph = fonts.glyph(style.role, seen, next.filter(|next| selects(*next)))?;
        let advance = glyph.advance * style.size;
        let kind = match kind(seen) {
            // Narrow in this face: there is no blank half to give up.
            Kind::Open | Kind::Close if glyph.advance < 0.9 => Kind::Narrow,
            kind => kind,
        };
        let (face, id, shown) = (glyph.face, glyph.id, end);
        atoms.push(Atom { start, shown, end, character, face, id, advance, kind, breaks });
    }
    let next: Vec<_> = atoms.iter().skip(1).copied().collect();
    for (atom, next) in atoms.iter_mut().zip(&next) {
        atom.breaks = breaks_between(atom, next);
    }
    Ok(atoms)
}

/// Units that stay with their number (数字、年份不能回行).
const UNITS: &str = "年月日号时分条款项件元页％";

/// What Chinese usage says beyond UAX #14, which takes no side on quotation marks and allows a line
/// to begin with the dot within a name.
fn breaks_between(before: &Atom, after: &Atom) -> bool {
    let chinese = |kind| matches!(kind, Kind::Wide | Kind::Open);
    let unit = before.character.is_ascii_digit() && UNITS.contains(after.character);
    if before.kind == Kind::Open || closes(after.character) || unit {
        false
    } else if before.kind == Kind::Close && chinese(after.kind) {
        true
    } else {
        before.breaks || (before.kind == Kind::Wide && after.kind == Kind::Open)
    }
}

/// What is added between two neighbours, or taken away.
fn between(before: &Atom, after: &Atom, style: Style) -> f32 {
    match (before.kind, after.kind) {
        (Kind::Close, Kind::Close | Kind::Open) | (Kind::Open, Kind::Open) => -style.size / 2.0,
        (Kind::Wide, Kind::Narrow) if is_word(after.character) => quarter(style),
        (Kind::Narrow, Kind::Wide) if is_word(before.character) => quarter(style),
        _ => 0.0,
    }
}

fn quarter(style: Style) -> f32 {
    match style.spacing {
        Spacing::Quarter => style.size / 4.0,
        Spacing::None => 0.0,
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '%'
}

/// A line may be so much too long by rounding.
const SLACK: f32 = 0.01;

/// Where the line that begins at `from` ends: after the last opportunity that fits, or, in a word
/// longer than a line, after the last character that does.
fn end_of_line(atoms: &[Atom], from: usize, width: f32, style: Style) -> usize {
    let mut x = 0.0;
    let mut good = None;
    let mut torn = None;
    let mut before: Option<&Atom> = None;
    for (at, atom) in atoms.iter().enumerate().skip(from) {
        x += before.map_or(0.0, |before| between(before, atom, style));
        let least = match atom.kind {
            Kind::Close => atom.advance - style.size / 2.0,
            Kind::Blank => 0.0,
            _ => atom.advance,
        };
        if x + least > width + SLACK {
            return good.or(torn).unwrap_or_else(|| at.max(from + 1));
        }
        x += atom.advance;
        let next = atoms.get(at + 1);
        if atom.breaks {
            good = Some(at + 1);
        } else if atom.kind != Kind::Open && next.is_none_or(|next| !closes(next.character)) {
            torn = Some(at + 1);
        }
        before = Some(atom);
    }
    atoms.len()
}

/// No gap grows wider than this part of the size; a line that would need more stays short.
const WIDEST_GAP: f32 = 0.25;

/// Places the glyphs of a line, stretched to `fill` when it says so.
fn place(text: &str, atoms: &[Atom], style: Style, left: f32, fill: Option<f32>) -> Line {
    let start = atoms.first().map_or(0, |atom| atom.start);
    let end = atoms.last().map_or(start, |atom| atom.end);
    let ink = atoms.iter().rposition(|atom| atom.kind != Kind::Blank).map_or(0, |at| at + 1);
    let shown = atoms.get(..ink).unwrap_or_default();
    let mut glyphs: Vec<Placed> = Vec::with_capacity(shown.len());
    let mut gaps = Vec::with_capacity(shown.len());
    let mut x = 0.0;
    let mut before: Option<&Atom> = None;
    for atom in shown {
        x += before.map_or(0.0, |before| between(before, atom, style));
        gaps.push(before.is_some_and(|before| stretches(before, atom)));
        let range = atom.start - start..atom.shown - start;
        glyphs.push(Placed { face: atom.face, id: atom.id, x: left + x, range });
        x += atom.advance;
        before = Some(atom);
    }
    let mut width = x;
    if let Some(fill) = fill {
        // The mark at the end keeps its blank half when there is room for it.
        let closes = shown.last().is_some_and(|atom| atom.kind == Kind::Close);
        if width > fill + SLACK && closes {
            width -= style.size / 2.0;
        }
        let count = gaps.iter().filter(|stretches| **stretches).count();
        let rest = if style.edge == Edge::Flush { fill - width } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "no line has that many characters")]
        let each = rest / count.max(1) as f32;
        if rest > 0.0 && each <= WIDEST_GAP * style.size {
            let mut moved = 0.0;
            for (glyph, stretches) in glyphs.iter_mut().zip(&gaps) {
                moved += if *stretches { each } else { 0.0 };
                glyph.x += moved;
            }
            width += moved;
        }
    } else if let Some(atom) = shown.last()
        && atom.kind == Kind::Close
    {
        width -= style.size / 2.0;
    }
    let text = text.get(start..end).unwrap_or_default().to_owned();
    Line { text, glyphs, size: style.size, width: left + width }
}

/// May room be put between these? Not within a word or a dash, nor between a mark and what it
/// belongs to.
fn stretches(before: &Atom, after: &Atom) -> bool {
    match (before.kind, after.kind) {
        (Kind::Narrow, Kind::Narrow) => false,
        (Kind::Long, Kind::Long) => before.character != after.character,
        (before, after) => before != Kind::Open && after != Kind::Close,
    }
}
