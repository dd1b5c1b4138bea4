//! The figures of GB/T 9704-2012 in one table. Lengths are points (1/72 inch).

/// A millimetre.
pub const MM: f32 = 72.0 / 25.4;

/// A4 (5.1).
pub const PAGE_WIDTH: f32 = 210.0 * MM;
/// A4 (5.1).
pub const PAGE_HEIGHT: f32 = 297.0 * MM;
/// 天头, the margin above: 37 mm (5.2.1).
pub const TOP: f32 = 37.0 * MM;
/// 订口, the margin at the binding: 28 mm (5.2.1).
pub const LEFT: f32 = 28.0 * MM;
/// 版心, the type area: 156 mm wide (5.2.1).
pub const TEXT_WIDTH: f32 = 156.0 * MM;
/// 版心, the type area: 225 mm high (5.2.1).
pub const TEXT_HEIGHT: f32 = 225.0 * MM;
/// Lines of a page (5.2.3).
pub const LINES: u16 = 22;
/// Characters of a line (5.2.3).
pub const COLUMNS: u16 = 28;
/// From line to line: the type area in 22.
pub const PITCH: f32 = TEXT_HEIGHT / 22.0;

/// 三号, the size of the body (5.2.2): 15.75 pt, of which 28 are 155.6 mm.
pub const BODY: f32 = 15.75;
/// 二号, the size of the title (7.3.1).
pub const TITLE: f32 = 22.0;
/// 四号, the size of page numbers (7.5) and of tables.
pub const SMALL: f32 = 14.0;
/// 小四, the size of tables of many columns.
pub const TINY: f32 = 12.0;
/// 五号, the size of tables of very many columns and of the words within the place of a seal.
pub const TINIEST: f32 = 10.5;
/// The head: the standard leaves it to the eye (7.2.4). It shrinks until it fits on its line.
pub const HEAD: f32 = 44.0;

/// From the type area's edge to the upper edge of the head: 35 mm (7.2.4), room for the marks of
/// secrecy and urgency.
pub const HEAD_DROP: f32 = 35.0 * MM;
/// From the number to the red rule: 4 mm (7.2.7).
pub const RULE_DROP: f32 = 4.0 * MM;
/// How thick the red rule is; the standard does not say.
pub const RULE: f32 = 1.4;
/// Blank lines between head and number (7.2.5).
pub const BEFORE_NUMBER: u16 = 2;
/// Blank lines between the red rule and the title (7.3.1).
pub const BEFORE_TITLE: u16 = 2;
/// Blank lines between title and addressee (7.3.2).
pub const AFTER_TITLE: u16 = 1;
/// From line to line within a title.
pub const TITLE_PITCH: f32 = 34.0;
/// 左空二字: how far a paragraph is set in (7.3.3).
pub const INDENT: u16 = 2;
/// Blank lines between the body and the agency that signs, room for the seal: its upper edge comes
/// within one line of the body (7.3.5.1).
pub const BEFORE_AGENCY: u16 = 2;
/// 右空四字: from the date to the right edge (7.3.5.1).
pub const AFTER_DATE: u16 = 4;
/// The round seal of an agency of this rank: 42 mm.
pub const SEAL: f32 = 42.0 * MM;
/// From the type area's lower edge to the dashes of the page number: 7 mm (7.5).
pub const FOLIO_DROP: f32 = 7.0 * MM;
/// 空一字: from the page number to the outer edge (7.5).
pub const FOLIO_INSET: f32 = SMALL;

/// Red, green, blue.
pub type Colour = (u8, u8, u8);
/// Everything that is not named here.
pub const BLACK: Colour = (0, 0, 0);
/// The head and its rule.
pub const RED: Colour = (0xD8, 0, 0);
/// Where a seal belongs, on drafts.
pub const FAINT: Colour = (0x9A, 0x9A, 0x9A);
/// 草稿 across a page.
pub const DRAFT_GREY: Colour = (0xE3, 0xE3, 0xE3);
/// 作废 across a page.
pub const VOID_RED: Colour = (0xF5, 0xC6, 0xC6);

/// The names by which a word processor asks for the faces of the standard.
pub const FANGSONG_NAME: &str = "仿宋_GB2312";
/// 小标宋, of the head and the title.
pub const TITLE_NAME: &str = "方正小标宋简体";
/// 黑体, of headings of the first order.
pub const HEI_NAME: &str = "黑体";
/// 楷体, of headings of the second order.
pub const KAI_NAME: &str = "楷体_GB2312";
/// 宋体, of page numbers.
pub const SONG_NAME: &str = "宋体";

/// So many characters of the body.
#[must_use]
pub fn ems(count: u16) -> f32 {
    f32::from(count) * BODY
}

/// So many lines.
#[must_use]
pub fn lines(count: u16) -> f32 {
    f32::from(count) * PITCH
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, LEFT, LINES, MM, PAGE_WIDTH, TEXT_HEIGHT, TEXT_WIDTH, ems, lines};

    #[test]
    fn the_type_area_holds_its_lines_and_characters() {
        assert!(ems(COLUMNS) <= TEXT_WIDTH, "28 characters fit");
        assert!(ems(COLUMNS + 1) > TEXT_WIDTH, "29 do not");
        assert!((lines(LINES) - TEXT_HEIGHT).abs() < 0.01);
        // 切口, the margin at the cut, is what is left: 26 mm.
        assert!((PAGE_WIDTH - LEFT - TEXT_WIDTH - 26.0 * MM).abs() < 0.01);
    }
}
