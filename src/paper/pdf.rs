//! Draws the pages as PDF/A-2u: every face embedded in the part that is used, every glyph with the
//! characters that it shows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Timelike as _};
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{Path, PathBuilder, Point, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};

use super::fonts::{FaceId, Fonts, Role};
use super::line::{Line, Style, set_one};
use super::measure::{Colour, DRAFT_GREY, PAGE_HEIGHT, PAGE_WIDTH, VOID_RED};
use super::page::{Mark, Page, pages};
use super::{Edition, Marking, PaperError, document_title};
use crate::domain::letter::Sheet;

/// What the properties of a document name as its maker.
const PRODUCER: &str = "gongkai";

/// A letter as PDF/A-2u. The same arguments give the same bytes.
///
/// # Errors
/// A font is missing or broken, a character has no glyph, or the form does not permit something.
pub fn pdf(sheet: &Sheet, edition: &Edition, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
    let pages = pages(sheet, edition, fonts)?;
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|error| PaperError::Form(format!("{error:?}")))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(sheet, edition));
    let stamp = stamp(edition.marking, fonts)?;
    let faces = faces(&pages, stamp.as_ref(), fonts)?;
    for page in &pages {
        let size = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT);
        let size = size.ok_or_else(|| PaperError::Form("no page has this size".to_owned()))?;
        let mut drawn = document.start_page_with(size);
        let mut surface = drawn.surface();
        if let Some((line, colour)) = &stamp {
            draw_stamp(&mut surface, line, *colour, &faces);
        }
        draw(&mut surface, page, &faces);
        surface.finish();
        drawn.finish();
    }
    document.finish().map_err(|error| PaperError::Form(format!("{error:?}")))
}

fn metadata(sheet: &Sheet, edition: &Edition) -> Metadata {
    let at = edition.made_at;
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let date = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0);
    let metadata = Metadata::new()
        .title(document_title(sheet))
        .language("zh-CN".to_owned())
        .creator(PRODUCER.to_owned())
        .producer(PRODUCER.to_owned())
        .creation_date(date)
        .document_id(edition.id.to_string());
    match sheet.agency.as_ref().or(sheet.head.as_ref()) {
        Some(agency) => metadata.authors(vec![agency.clone()]),
        None => metadata,
    }
}

/// The faces of a letter, with what it uses of them.
type Faces = BTreeMap<FaceId, Font>;

fn faces(
    pages: &[Page],
    stamp: Option<&(Line, Colour)>,
    fonts: &Fonts,
) -> Result<Faces, PaperError> {
    let marks = pages.iter().flat_map(|page| &page.marks);
    let lines = marks.filter_map(|mark| match mark {
        Mark::Text { line, .. } => Some(line),
        Mark::Rule { .. } | Mark::Circle { .. } => None,
    });
    let mut used: BTreeMap<FaceId, BTreeSet<u32>> = BTreeMap::new();
    for glyph in lines.chain(stamp.map(|(line, _)| line)).flat_map(|line| &line.glyphs) {
        used.entry(glyph.face).or_default().insert(glyph.id);
    }
    let mut faces = Faces::new();
    for (id, glyphs) in used {
        faces.insert(id, fonts.embeddable(id, &glyphs)?);
    }
    Ok(faces)
}

fn draw(surface: &mut Surface, page: &Page, faces: &Faces) {
    for mark in &page.marks {
        match mark {
            Mark::Text { line, at, colour } => draw_line(surface, line, *at, *colour, faces),
            Mark::Rule { from, to, width, colour } => {
                let mut path = PathBuilder::new();
                path.move_to(from.0, from.1);
                path.line_to(to.0, to.1);
                stroke(surface, path.finish(), *colour, *width, None);
            }
            Mark::Circle { centre, radius, colour } => {
                let dash = StrokeDash { array: vec![3.0, 3.0], offset: 0.0 };
                stroke(surface, circle(*centre, *radius), *colour, 0.6, Some(dash));
            }
        }
    }
}

/// Draws a line, in as many runs as it has faces.
fn draw_line(surface: &mut Surface, line: &Line, at: (f32, f32), colour: Colour, faces: &Faces) {
    surface.set_stroke(None);
    surface.set_fill(Some(fill(colour)));
    let mut glyphs = line.glyphs.iter().peekable();
    while let Some(first) = glyphs.next() {
        let mut run = vec![first];
        while let Some(next) = glyphs.next_if(|next| next.face == first.face) {
            run.push(next);
        }
        // Where the glyph after this run begins closes its last advance.
        let ends = run.iter().skip(1).map(|glyph| glyph.x);
        let last = glyphs.peek().map_or(line.width, |next| next.x);
        let ends = ends.chain([last]);
        let drawn: Vec<KrillaGlyph> = run
            .iter()
            .zip(ends)
            .map(|(glyph, end)| KrillaGlyph {
                glyph_id: GlyphId::new(glyph.id),
                text_range: glyph.range.clone(),
                x_advance: (end - glyph.x) / line.size,
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            })
            .collect();
        let start = Point::from_xy(at.0 + first.x, at.1);
        if let Some(font) = faces.get(&first.face) {
            surface.draw_glyphs(start, &drawn, font.clone(), &line.text, line.size, false);
        }
    }
}

/// The words of a draft or a void letter, as large as they lie across the page.
fn stamp(marking: Marking, fonts: &Fonts) -> Result<Option<(Line, Colour)>, PaperError> {
    const SIZE: f32 = 170.0;
    let colour = if marking == Marking::Void { VOID_RED } else { DRAFT_GREY };
    let Some(words) = marking.words() else { return Ok(None) };
    let line = set_one(fonts, words, Style::alone(Role::Song, SIZE))?;
    Ok(Some((line, colour)))
}

/// Below the text, so that all of it can be read.
fn draw_stamp(surface: &mut Surface, line: &Line, colour: Colour, faces: &Faces) {
    let (x, y) = (PAGE_WIDTH / 2.0, PAGE_HEIGHT / 2.0);
    surface.push_transform(&Transform::from_rotate_at(-35.0, x, y));
    let start = (x - line.width / 2.0, y + line.size * 0.38);
    draw_line(surface, line, start, colour, faces);
    surface.pop();
}

fn paint(colour: Colour) -> krilla::paint::Paint {
    rgb::Color::new(colour.0, colour.1, colour.2).into()
}

fn fill(colour: Colour) -> Fill {
    Fill { paint: paint(colour), opacity: NormalizedF32::ONE, rule: FillRule::default() }
}

fn stroke(
    surface: &mut Surface,
    path: Option<Path>,
    colour: Colour,
    width: f32,
    dash: Option<StrokeDash>,
) {
    // A path of no extent is none.
    let Some(path) = path else { return };
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke { paint: paint(colour), width, dash, ..Stroke::default() }));
    surface.draw_path(&path);
}

/// A circle of four Bézier curves.
fn circle(centre: (f32, f32), radius: f32) -> Option<Path> {
    const KAPPA: f32 = 0.552_284_8;
    let (x, y) = centre;
    let (r, k) = (radius, radius * KAPPA);
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    path.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    path.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    path.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    path.close();
    path.finish()
}
