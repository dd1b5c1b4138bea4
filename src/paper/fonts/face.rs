//! Faces, read when a letter first needs them.
//!
//! Nothing is kept from one letter to the next but where the faces are ([`Fonts::unread`]): what is
//! read takes a few milliseconds, and a file that is replaced while the server runs must never give a
//! letter the glyphs of one version by the numbers of another.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use skrifa::charmap::MapVariant;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use super::find::{Finding, Place, find};
use super::{FontError, FontSettings, Role, sfnt};

/// A face among those of [`Fonts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceId(usize);

/// What shows a character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// The face that it is of.
    pub face: FaceId,
    /// Its number there.
    pub id: u32,
    /// How far the next one is, in units of the size.
    pub advance: f32,
}

/// A face of which the tables have been read by which characters are found and measured.
struct Face {
    file: sfnt::Sfnt,
    index: u32,
    units: f32,
}

impl Face {
    fn read(place: &Place) -> Result<Self, FontError> {
        let broken = |reason| sfnt::broken(&place.path, reason);
        let mut file = sfnt::Sfnt::open(&place.path)?;
        file.read_tables(place.index, sfnt::METRICS)?;
        let font = FontRef::from_index(file.bytes(), place.index);
        let font = font.map_err(|_| broken("its tables cannot be read"))?;
        let units = font.metrics(Size::unscaled(), LocationRef::default()).units_per_em;
        if units == 0 {
            return Err(broken("its tables cannot be read"));
        }
        if super::find::family(file.bytes(), place.index).as_ref() != Some(&place.family) {
            return Err(broken("is another one than it was"));
        }
        Ok(Self { file, index: place.index, units: units.into() })
    }

    /// The face with the outlines of these glyphs, to be embedded.
    fn embeddable(&self, glyphs: &BTreeSet<u32>) -> Result<krilla::text::Font, FontError> {
        let mut file = self.file.afresh()?;
        file.read_tables(self.index, sfnt::METRICS)?;
        file.read_outlines(self.index, glyphs)?;
        let broken = file.broken("its tables cannot be read");
        krilla::text::Font::new(file.into_bytes().into(), self.index).ok_or(broken)
    }

    /// The glyph of a character and its advance, in units of the size.
    fn glyph(&self, character: char, selector: Option<char>) -> Option<(u32, f32)> {
        let font = FontRef::from_index(self.file.bytes(), self.index).ok()?;
        let characters = font.charmap();
        let variant = selector.and_then(|selector| characters.map_variant(character, selector));
        let glyph = match variant {
            Some(MapVariant::Variant(glyph)) => glyph,
            Some(MapVariant::UseDefault) | None => characters.map(character)?,
        };
        if glyph == GlyphId::NOTDEF {
            return None;
        }
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let advance = metrics.advance_width(glyph)? / self.units;
        Some((glyph.to_u32(), advance))
    }
}

/// The faces for every role, none of them read before it is needed.
pub struct Fonts {
    slots: Vec<(Place, OnceLock<Face>)>,
    roles: Vec<FaceId>,
    spare: Option<FaceId>,
}

impl Fonts {
    /// Looks for the faces.
    ///
    /// # Errors
    /// There is none, or one that the settings name cannot be used.
    pub fn find(settings: &FontSettings) -> Result<Self, FontError> {
        let Finding { roles, spare } = find(settings)?;
        let mut fonts = Self { slots: Vec::new(), roles: Vec::new(), spare: None };
        fonts.roles = roles.into_iter().map(|place| fonts.slot(place)).collect();
        fonts.spare = spare.map(|place| fonts.slot(place));
        Ok(fonts)
    }

    /// The same faces, none of them read.
    #[must_use]
    pub fn unread(&self) -> Self {
        let slots = self.slots.iter().map(|(place, _)| (place.clone(), OnceLock::new()));
        Self { slots: slots.collect(), roles: self.roles.clone(), spare: self.spare }
    }

    /// The face of every role, in the order of [`Role::ALL`].
    pub fn places(&self) -> impl Iterator<Item = (Role, &Place)> {
        let places = self.roles.iter().filter_map(|id| Some(&self.slots.get(id.0)?.0));
        Role::ALL.iter().copied().zip(places)
    }

    /// What shows this character in this role: by the role's own face, or else by those of Song, Hei
    /// and the others. A variation selector chooses among forms where the face has them.
    ///
    /// # Errors
    /// A face cannot be read, or none has the character.
    pub fn glyph(
        &self,
        role: Role,
        character: char,
        selector: Option<char>,
    ) -> Result<Glyph, FontError> {
        let mut asked = Vec::new();
        let role = self.roles.get(role as usize);
        let others = [Role::Song, Role::Hei, Role::Fangsong, Role::Kai].map(|role| role as usize);
        let others = others.iter().filter_map(|role| self.roles.get(*role));
        for id in role.into_iter().chain(others).chain(&self.spare) {
            if asked.contains(id) {
                continue;
            }
            asked.push(*id);
            if let Some((glyph, advance)) = self.face(*id)?.glyph(character, selector) {
                return Ok(Glyph { face: *id, id: glyph, advance });
            }
        }
        Err(FontError::GlyphMissing { character })
    }

    /// A face with the outlines of these glyphs, to be embedded.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn embeddable(
        &self,
        id: FaceId,
        glyphs: &BTreeSet<u32>,
    ) -> Result<krilla::text::Font, FontError> {
        self.face(id)?.embeddable(glyphs)
    }

    /// A face, read now if it has not been before.
    fn face(&self, id: FaceId) -> Result<&Face, FontError> {
        let (place, slot) = self.slots.get(id.0).ok_or(FontError::NoChineseFont)?;
        if let Some(face) = slot.get() {
            return Ok(face);
        }
        let face = Face::read(place)?;
        Ok(slot.get_or_init(|| face))
    }

    fn slot(&mut self, place: Place) -> FaceId {
        let same = |(other, _): &(Place, _)| *other == place;
        let at = self.slots.iter().position(same).unwrap_or(self.slots.len());
        if at == self.slots.len() {
            self.slots.push((place, OnceLock::new()));
        }
        FaceId(at)
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places: Vec<&Path> = self.slots.iter().map(|(place, _)| place.path.as_path()).collect();
        f.debug_struct("Fonts").field("places", &places).finish_non_exhaustive()
    }
}
