//! Lines into pages: the order and the places of GB/T 9704.
//!
//! The letter is a pile of [`Strut`]s, each a stretch of the page with its marks; pages are filled
//! from the top. What must not be parted is kept together: a heading with what follows, the signature
//! with the last two lines above it (it never stands alone on a page, 7.3.5.4).

use super::fonts::{FontError, Fonts, Role};
use super::line::{Line, Style, set, set_one};
use super::measure::{
    AFTER_DATE, AFTER_TITLE, BEFORE_AGENCY, BEFORE_NUMBER, BEFORE_TITLE, BLACK, BODY, COLUMNS,
    Colour, FAINT, FOLIO_DROP, FOLIO_INSET, HEAD, HEAD_DROP, INDENT, LEFT, PITCH, RED, RULE,
    RULE_DROP, SEAL, SMALL, TEXT_HEIGHT, TEXT_WIDTH, TINIEST, TITLE, TITLE_PITCH, TOP, ems, lines,
};
use super::title::set_title;
use super::{Edition, Marking, field_label, seal_words, table};
use crate::domain::letter::{Block, Sheet};

/// Something on a page. Its `y` is counted from the top of the strut, on a page from its upper edge.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line of text.
    Text {
        /// The line.
        line: Line,
        /// Its left end and its baseline.
        at: (f32, f32),
        /// In which colour.
        colour: Colour,
    },
    /// A straight rule.
    Rule {
        /// From here.
        from: (f32, f32),
        /// To here.
        to: (f32, f32),
        /// How thick.
        width: f32,
        /// In which colour.
        colour: Colour,
    },
    /// A dashed circle: the place of a seal.
    Circle {
        /// Its centre.
        centre: (f32, f32),
        /// Its radius.
        radius: f32,
        /// In which colour.
        colour: Colour,
    },
}

impl Mark {
    /// A line in the middle of a stretch that begins at `top`, in black.
    pub(super) fn text(line: Line, x: f32, top: f32, pitch: f32) -> Self {
        let baseline = top + (pitch - line.size) / 2.0 + ASCENT * line.size;
        Self::Text { line, at: (x, baseline), colour: BLACK }
    }

    fn coloured(self, colour: Colour) -> Self {
        match self {
            Self::Text { line, at, .. } => Self::Text { line, at, colour },
            other => other,
        }
    }

    fn lowered(self, by: f32) -> Self {
        match self {
            Self::Text { line, at: (x, y), colour } => Self::Text { line, at: (x, y + by), colour },
            Self::Rule { from, to, width, colour } => {
                Self::Rule { from: (from.0, from.1 + by), to: (to.0, to.1 + by), width, colour }
            }
            Self::Circle { centre: (x, y), radius, colour } => {
                Self::Circle { centre: (x, y + by), radius, colour }
            }
        }
    }
}

/// Of the square of a Chinese character, the part above the baseline.
const ASCENT: f32 = 0.88;

/// A stretch of a page, as wide as the type area.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strut {
    pub(super) height: f32,
    pub(super) marks: Vec<Mark>,
    keep: Keep,
    start: Start,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Free,
    WithNext,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Anywhere,
    /// Room that is lost at the top of a page.
    NotFirst,
    NewPage,
}

impl Strut {
    pub(super) const fn blank(height: f32) -> Self {
        Self { height, marks: Vec::new(), keep: Keep::Free, start: Start::Anywhere }
    }

    pub(super) fn keep_with_next(&mut self) {
        self.keep = Keep::WithNext;
    }

    fn line(line: Line, x: f32) -> Self {
        let mut strut = Self::blank(PITCH);
        strut.marks.push(Mark::text(line, x, 0.0, PITCH));
        strut
    }
}

/// A page that has been put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// What is on it.
    pub marks: Vec<Mark>,
}

/// Puts a letter together in pages.
///
/// # Errors
/// A character has no glyph, or a font cannot be read.
pub fn pages(sheet: &Sheet, edition: &Edition, fonts: &Fonts) -> Result<Vec<Page>, FontError> {
    let kind = if sheet.addressee.is_some() { Kind::Letter } else { Kind::Form };
    let mut composer = Composer { fonts, kind, struts: Vec::new(), page_ahead: false };
    composer.front(sheet)?;
    let first_break = sheet.blocks.iter().position(|block| *block == Block::Break);
    let (body, after) = sheet.blocks.split_at(first_break.unwrap_or(sheet.blocks.len()));
    composer.blocks(body)?;
    composer.signature(sheet, edition.marking)?;
    composer.blocks(after)?;
    let mut pages = fill(composer.struts);
    for (page, number) in pages.iter_mut().zip(1_usize..) {
        page.marks.push(folio(fonts, number)?);
    }
    Ok(pages)
}

/// What is addressed to somebody is a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Letter,
    Form,
}

struct Composer<'a> {
    fonts: &'a Fonts,
    kind: Kind,
    struts: Vec<Strut>,
    page_ahead: bool,
}

impl Composer<'_> {
    /// Head, number, rule, title and addressee.
    fn front(&mut self, sheet: &Sheet) -> Result<(), FontError> {
        let mut strut = Strut::blank(0.0);
        let mut y = 0.0;
        if let Some(head) = &sheet.head {
            // A form without a number is no letter to the outside: it keeps no room for marks.
            y += if sheet.number.is_some() { HEAD_DROP } else { 0.0 };
            let line = self.fitting(head)?;
            let height = line.size;
            strut.marks.push(centred(line, y, height).coloured(RED));
            y += height;
            if let Some(number) = &sheet.number {
                y += lines(BEFORE_NUMBER);
                let line = set_one(self.fonts, number, Style::alone(Role::Fangsong, BODY))?;
                strut.marks.push(centred(line, y, BODY));
                y += BODY;
            }
            y += RULE_DROP + RULE / 2.0;
            let (from, to) = ((LEFT, y), (LEFT + TEXT_WIDTH, y));
            strut.marks.push(Mark::Rule { from, to, width: RULE, colour: RED });
            y += lines(if sheet.number.is_some() { BEFORE_TITLE } else { 1 });
        } else if let Some(number) = &sheet.number {
            let line = set_one(self.fonts, number, Style::alone(Role::Fangsong, BODY))?;
            strut.marks.push(Mark::text(line, LEFT, y, PITCH));
            y += lines(2);
        }
        self.title(&sheet.title, y, strut)?;
        if let Some(addressee) = &sheet.addressee {
            self.paragraph(addressee, Style::text(Role::Fangsong, BODY), 0.0)?;
            self.keep_last(1);
        }
        Ok(())
    }

    /// A title below what the strut has, and the blank line after it; up to a whole line of the page.
    fn title(&mut self, title: &str, top: f32, mut strut: Strut) -> Result<(), FontError> {
        let mut y = top;
        let style = Style::alone(Role::Song, TITLE);
        for line in set_title(self.fonts, title, style, TEXT_WIDTH)? {
            strut.marks.push(centred(line, y, TITLE_PITCH));
            y += TITLE_PITCH;
        }
        // A letter goes on on the lines of the page, a form with its table.
        strut.height = match self.kind {
            Kind::Letter => ((y + lines(AFTER_TITLE)) / PITCH).ceil() * PITCH,
            Kind::Form => y + lines(AFTER_TITLE) / 2.0,
        };
        strut.keep = Keep::WithNext;
        self.push(strut);
        Ok(())
    }

    /// The head in one line, smaller when it must be.
    fn fitting(&self, head: &str) -> Result<Line, FontError> {
        let line = set_one(self.fonts, head, Style::alone(Role::Song, HEAD))?;
        if line.width <= TEXT_WIDTH {
            return Ok(line);
        }
        let size = HEAD * TEXT_WIDTH / line.width;
        set_one(self.fonts, head, Style::alone(Role::Song, size))
    }

    fn blocks(&mut self, blocks: &[Block]) -> Result<(), FontError> {
        let body = Style::text(Role::Fangsong, BODY);
        for block in blocks {
            match block {
                Block::Paragraph(text) | Block::Item(text) => {
                    self.paragraph(text, body, ems(INDENT))?;
                }
                // A form of its own begins with its title.
                Block::Heading(text) if self.page_ahead => {
                    self.kind = Kind::Form;
                    self.title(text, 0.0, Strut::blank(0.0))?;
                }
                Block::Heading(text) => {
                    let role = if text.starts_with('（') { Role::Kai } else { Role::Hei };
                    let lines = self.paragraph(text, Style::text(role, BODY), ems(INDENT))?;
                    self.keep_last(lines);
                }
                Block::Table(rows) => self.table(rows)?,
                Block::Field(label) => self.field(label)?,
                Block::Break => self.page_ahead = true,
            }
        }
        Ok(())
    }

    fn paragraph(&mut self, text: &str, style: Style, indent: f32) -> Result<usize, FontError> {
        let set = set(self.fonts, text, style, ems(COLUMNS), indent)?;
        let count = set.len();
        for line in set {
            self.push(Strut::line(line, LEFT));
        }
        Ok(count)
    }

    fn table(&mut self, rows: &[Vec<String>]) -> Result<(), FontError> {
        let room = Strut { start: Start::NotFirst, ..Strut::blank(PITCH / 4.0) };
        self.push(room.clone());
        for strut in table::struts(self.fonts, rows)? {
            self.push(strut);
        }
        self.push(room);
        Ok(())
    }

    /// A label and a rule to write on.
    fn field(&mut self, label: &str) -> Result<(), FontError> {
        const ROOM: u16 = 12;
        let style = Style::text(Role::Fangsong, BODY);
        let mut lines = set(self.fonts, &field_label(label), style, ems(COLUMNS), ems(INDENT))?;
        let last = lines.pop();
        for line in lines {
            self.push(Strut::line(line, LEFT));
            self.keep_last(1);
        }
        if let Some(line) = last {
            let from = LEFT + line.width + BODY / 4.0;
            let to = (from + ems(ROOM)).min(LEFT + TEXT_WIDTH);
            let mut strut = Strut::line(line, LEFT);
            let y = PITCH * 0.82;
            strut.marks.push(Mark::Rule {
                from: (from, y),
                to: (to.max(from), y),
                width: 0.6,
                colour: BLACK,
            });
            self.push(strut);
        }
        Ok(())
    }

    /// The agency over the date, with room for the seal.
    fn signature(&mut self, sheet: &Sheet, marking: Marking) -> Result<(), FontError> {
        if sheet.agency.is_none() && sheet.date.is_none() {
            return Ok(());
        }
        let style = Style::alone(Role::Fangsong, BODY);
        let date = sheet.date.as_ref().map(|date| set_one(self.fonts, date, style)).transpose()?;
        let names = match &sheet.agency {
            Some(agency) => set_title(self.fonts, agency, style, TEXT_WIDTH)?,
            None => Vec::new(),
        };
        let date_width = date.as_ref().map_or(ems(7), |line| line.width);
        let widest = names.iter().map(|line| line.width).fold(date_width, f32::max);
        let right = LEFT + TEXT_WIDTH;
        // The name is centred over the date, and neither crosses the edge.
        let middle = (right - ems(AFTER_DATE) - date_width / 2.0).min(right - widest / 2.0);
        let mut strut = Strut::blank(0.0);
        let mut y = lines(BEFORE_AGENCY);
        for line in names.into_iter().chain(date) {
            let x = middle - line.width / 2.0;
            strut.marks.push(Mark::text(line, x, y, PITCH));
            y += PITCH;
        }
        if let Some(words) = seal_words(sheet.seal) {
            let radius = SEAL / 2.0;
            let top = PITCH * 0.4;
            y = y.max(top + SEAL);
            if marking == Marking::Draft {
                let line = set_one(self.fonts, words, Style::alone(Role::Fangsong, TINIEST))?;
                let x = middle - line.width / 2.0;
                strut.marks.push(Mark::text(line, x, top + PITCH * 0.55, PITCH).coloured(FAINT));
                let centre = (middle, top + radius);
                strut.marks.push(Mark::Circle { centre, radius, colour: FAINT });
            }
        }
        strut.height = y;
        self.keep_last(2);
        self.push(strut);
        Ok(())
    }

    fn keep_last(&mut self, count: usize) {
        for strut in self.struts.iter_mut().rev().take(count) {
            strut.keep_with_next();
        }
    }

    fn push(&mut self, mut strut: Strut) {
        if self.page_ahead && strut.start != Start::NotFirst {
            strut.start = Start::NewPage;
            self.page_ahead = false;
        }
        self.struts.push(strut);
    }
}

fn centred(line: Line, top: f32, pitch: f32) -> Mark {
    let x = LEFT + (TEXT_WIDTH - line.width) / 2.0;
    Mark::text(line, x, top, pitch)
}

/// Fills pages from the top.
fn fill(struts: Vec<Strut>) -> Vec<Page> {
    const SLACK: f32 = 0.5;
    let mut pages = vec![Page::default()];
    let mut y = 0.0;
    let mut struts = struts.into_iter().peekable();
    while let Some(first) = struts.next() {
        let mut group = vec![first];
        while group.last().is_some_and(|strut| strut.keep == Keep::WithNext) {
            let Some(next) = struts.next_if(|next| next.start != Start::NewPage) else { break };
            group.push(next);
        }
        let height: f32 = group.iter().map(|strut| strut.height).sum();
        let new = group.first().is_some_and(|strut| strut.start == Start::NewPage);
        let whole = height <= TEXT_HEIGHT + SLACK;
        if y > 0.0 && (new || (whole && y + height > TEXT_HEIGHT + SLACK)) {
            pages.push(Page::default());
            y = 0.0;
        }
        for strut in group {
            if y > 0.0 && y + strut.height > TEXT_HEIGHT + SLACK {
                pages.push(Page::default());
                y = 0.0;
            }
            if y == 0.0 && strut.start == Start::NotFirst {
                continue;
            }
            if let Some(page) = pages.last_mut() {
                page.marks.extend(strut.marks.into_iter().map(|mark| mark.lowered(TOP + y)));
            }
            y += strut.height;
        }
    }
    pages
}

/// The page number, to the right on odd pages and to the left on even ones.
fn folio(fonts: &Fonts, number: usize) -> Result<Mark, FontError> {
    let text = format!("— {number} —");
    let line = set_one(fonts, &text, Style::alone(Role::Fangsong, SMALL))?;
    let x = if number % 2 == 1 {
        LEFT + TEXT_WIDTH - FOLIO_INSET - line.width
    } else {
        LEFT + FOLIO_INSET
    };
    // A dash lies a good third of the size above the baseline.
    let baseline = TOP + TEXT_HEIGHT + FOLIO_DROP + 0.37 * SMALL;
    Ok(Mark::Text { line, at: (x, baseline), colour: BLACK })
}
