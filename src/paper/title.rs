//! A title in lines of about the same length, broken where a word begins (词意完整, 7.3.1).

use super::fonts::{FontError, Fonts};
use super::line::{Line, Style, closes, set_one};

/// Where a title of this office is best broken: before these.
const WORDS: &[&str] = &[
    "政府信息",
    "公开",
    "申请",
    "不予",
    "不作为",
    "处理",
    "重复",
    "征求",
    "意见",
    "第三方",
    "登记",
    "补正",
    "延期",
    "说明",
    "告知书",
    "通知书",
    "（",
];

/// What it costs to break within a word, in characters that the lines differ by.
const WITHIN_A_WORD: f32 = 5.0;

/// Sets a title in as few lines of this width as hold it.
pub(super) fn set_title(
    fonts: &Fonts,
    text: &str,
    style: Style,
    width: f32,
) -> Result<Vec<Line>, FontError> {
    let mut lines = Vec::new();
    for part in text.split('\n') {
        let mut rest = part.to_owned();
        loop {
            let line = set_one(fonts, &rest, style)?;
            let count = (line.width / width).ceil();
            if count <= 1.0 {
                lines.push(line);
                break;
            }
            let Some(at) = best_break(&line, line.width / count, width) else {
                lines.push(line);
                break;
            };
            let (first, left) = rest.split_at(at);
            lines.push(set_one(fonts, first, style)?);
            rest = left.to_owned();
        }
    }
    Ok(lines)
}

/// The place in the text of the line that is best to break at, when its first part should be about
/// `wish` wide and must not be wider than `width`.
fn best_break(line: &Line, wish: f32, width: f32) -> Option<usize> {
    let cost = |x: f32, at: usize| {
        let word =
            line.text.get(at..).is_some_and(|rest| WORDS.iter().any(|w| rest.starts_with(w)));
        (x - wish).abs() / line.size + if word { 0.0 } else { WITHIN_A_WORD }
    };
    let allowed = |at: usize| {
        let next = line.text.get(at..).and_then(|rest| rest.chars().next());
        let before = line.text.get(..at).and_then(|text| text.chars().next_back());
        let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let within_a_word = word(next) && word(before);
        let opened = before.is_some_and(|c| "（《“〔".contains(c));
        !(next.is_some_and(closes) || opened || within_a_word)
    };
    let places = line.glyphs.iter().skip(1).map(|glyph| (glyph.x, glyph.range.start));
    let places = places.filter(|(x, at)| *x <= width && allowed(*at));
    let best = places.min_by(|a, b| cost(a.0, a.1).total_cmp(&cost(b.0, b.1)));
    best.map(|(_, at)| at)
}
