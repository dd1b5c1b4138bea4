//! Tables: columns by what stands in them, cells that wrap, rows that stay whole unless they are
//! taller than half a page.

use super::fonts::{FontError, Fonts, Role};
use super::line::{Line, Style, set, set_one, widest_word};
use super::measure::{BLACK, LEFT, SMALL, TEXT_HEIGHT, TEXT_WIDTH, TINIEST, TINY};
use super::page::{Mark, Strut};

/// From the rule to the text.
const INSET: f32 = 5.0;
/// How thick the rules are.
const RULE: f32 = 0.75;
/// From line to line, in units of the size.
const LEADING: f32 = 1.45;
/// The least room of a row that is filled in by hand, in lines.
const BY_HAND: f32 = 2.5;
/// A column that needs so much of an equal share, or less, gets what it needs.
const NEARLY: f32 = 1.15;
/// A column of labels is at most this part of the table.
const LABELS: f32 = 0.32;

struct Cell {
    lines: Vec<Line>,
    left: f32,
    width: f32,
    centred: bool,
}

/// The size of the text of a table with so many columns.
#[must_use]
pub fn text_size(columns: usize) -> f32 {
    match columns {
        0..=3 => SMALL,
        4..=5 => TINY,
        _ => TINIEST,
    }
}

/// What a column asks for: room for its longest line, and at least for its longest word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wish {
    /// The longest line.
    pub line: f32,
    /// The longest word.
    pub word: f32,
}

/// What the columns of a table ask for.
///
/// # Errors
/// A character has no glyph, or a font cannot be read.
pub fn wishes(fonts: &Fonts, rows: &[Vec<String>], size: f32) -> Result<Vec<Wish>, FontError> {
    let style = Style::text(Role::Fangsong, size);
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut wishes = vec![Wish::default(); count];
    for (at, row) in rows.iter().enumerate() {
        for (cell, wish) in row.iter().zip(&mut wishes) {
            wish.word = wish.word.max(widest_word(fonts, cell, style)?);
            // The names of many columns may wrap over short cells.
            if at == 0 && count > 2 {
                continue;
            }
            for line in cell.split('\n') {
                wish.line = wish.line.max(set_one(fonts, line, style)?.width);
            }
        }
    }
    Ok(wishes)
}

/// How wide the columns are: together as wide as the type area. A column of labels keeps to the room
/// that they need; of many columns those that need little get it, and the others share the rest.
#[must_use]
pub fn columns(wishes: &[Wish], size: f32) -> Vec<f32> {
    if let [labels, _] = wishes {
        let labels = (labels.line + 2.0 * INSET).clamp(6.0 * size, LABELS * TEXT_WIDTH);
        return vec![labels, TEXT_WIDTH - labels];
    }
    let with_room = |width: f32| width.max(2.0 * size) + 2.0 * INSET + 0.1;
    let mut widths: Vec<Option<f32>> = vec![None; wishes.len()];
    let mut share = TEXT_WIDTH;
    for _ in wishes {
        let left = TEXT_WIDTH - widths.iter().flatten().sum::<f32>();
        let open = widths.iter().filter(|width| width.is_none()).count();
        #[expect(clippy::cast_precision_loss, reason = "a table has few columns")]
        let equal = left / open.max(1) as f32;
        share = equal;
        for (wish, width) in wishes.iter().zip(&mut widths) {
            let (line, word) = (with_room(wish.line), with_room(wish.word));
            if width.is_none() && (word > equal || line <= equal * NEARLY) {
                *width = Some(line.min(equal * NEARLY).max(word));
            }
        }
    }
    let widths: Vec<f32> = widths.into_iter().map(|width| width.unwrap_or(share)).collect();
    let scale = TEXT_WIDTH / widths.iter().sum::<f32>();
    widths.into_iter().map(|width| width * scale).collect()
}

/// The struts of a table.
pub(super) fn struts(fonts: &Fonts, rows: &[Vec<String>]) -> Result<Vec<Strut>, FontError> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let size = text_size(count);
    let style = Style::text(Role::Fangsong, size);
    let widths = columns(&wishes(fonts, rows, size)?, size);
    let mut struts = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let mut cells = Vec::new();
        let mut left = LEFT;
        for (column, width) in widths.iter().enumerate() {
            let text = row.get(column).map_or("", String::as_str);
            let label = if count == 2 { column == 0 } else { at == 0 };
            let style = if label || count > 3 { style.ragged() } else { style };
            let lines = set(fonts, text, style, width - 2.0 * INSET, 0.0)?;
            let centred = label || (count > 2 && lines.len() == 1);
            cells.push(Cell { lines, left, width: *width, centred });
            left += width;
        }
        let by_hand = count == 2 && row.iter().any(|cell| cell.trim().is_empty());
        draw_row(&cells, size, if by_hand { BY_HAND } else { 1.0 }, &mut struts);
        // The names of the columns stay with the first row below them.
        if at == 0 && count > 2 {
            struts.iter_mut().for_each(Strut::keep_with_next);
        }
    }
    Ok(struts)
}

fn draw_row(cells: &[Cell], size: f32, least: f32, struts: &mut Vec<Strut>) {
    let pitch = size * LEADING;
    #[expect(clippy::cast_precision_loss, reason = "a cell has few lines")]
    let tall = |lines: usize| lines as f32 * pitch;
    let most = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or_default();
    let height = tall(most).max(least * pitch) + 2.0 * INSET;
    if height <= TEXT_HEIGHT / 2.0 {
        let mut strut = Strut::blank(height);
        for cell in cells {
            let top = (height - tall(cell.lines.len())) / 2.0;
            for (at, line) in cell.lines.iter().enumerate() {
                strut.marks.push(cell.mark(line, top + tall(at), pitch));
            }
        }
        rules(cells, height, &mut strut);
        across(cells, 0.0, &mut strut);
        across(cells, height, &mut strut);
        struts.push(strut);
        return;
    }
    for at in 0..most {
        let above = if at == 0 { INSET } else { 0.0 };
        let below = if at + 1 == most { INSET } else { 0.0 };
        let mut strut = Strut::blank(above + pitch + below);
        for cell in cells {
            if let Some(line) = cell.lines.get(at) {
                strut.marks.push(cell.mark(line, above, pitch));
            }
        }
        let height = strut.height;
        rules(cells, height, &mut strut);
        if at == 0 {
            across(cells, 0.0, &mut strut);
        }
        if at + 1 == most {
            across(cells, height, &mut strut);
        }
        struts.push(strut);
    }
}

impl Cell {
    fn mark(&self, line: &Line, top: f32, pitch: f32) -> Mark {
        let free = self.width - line.width;
        let x = self.left + if self.centred { free / 2.0 } else { INSET };
        Mark::text(line.clone(), x, top, pitch)
    }
}

fn rules(cells: &[Cell], height: f32, strut: &mut Strut) {
    let edges = cells.iter().map(|cell| cell.left);
    let last = cells.last().map(|cell| cell.left + cell.width);
    for x in edges.chain(last) {
        strut.marks.push(rule((x, 0.0), (x, height)));
    }
}

fn across(cells: &[Cell], y: f32, strut: &mut Strut) {
    let right = cells.last().map_or(LEFT, |cell| cell.left + cell.width);
    strut.marks.push(rule((LEFT - RULE / 2.0, y), (right + RULE / 2.0, y)));
}

fn rule(from: (f32, f32), to: (f32, f32)) -> Mark {
    Mark::Rule { from, to, width: RULE, colour: BLACK }
}
