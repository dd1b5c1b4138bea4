//! Reads of a font file what a letter needs, each part at its place, in a buffer as long as the
//! file: tables of one face, and of its outlines those of the glyphs that are printed. A face with
//! all of Chinese is 20 MiB long; a letter needs 2 of them.
//!
//! What is not read takes no memory: the buffer is longer than any that an allocator keeps to itself
//! (32 MiB for glibc), so it comes from the system, zeroed, page by page when a page is written to,
//! and goes back there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::FontError;

/// No font is longer.
const LONGEST: u64 = 256 << 20;
/// No buffer is shorter.
const SHORTEST: usize = 33 << 20;
/// No collection has more faces.
const MOST_FACES: u32 = 256;

/// The tables by which a face is named.
pub(super) const NAMES: &[&[u8; 4]] = &[b"name", b"head", b"maxp"];
/// The tables by which its glyphs are found and measured.
pub(super) const METRICS: &[&[u8; 4]] =
    &[b"cmap", b"head", b"hhea", b"hmtx", b"maxp", b"name", b"OS/2", b"post"];
/// The tables with its outlines, but for `CFF `, which is read in part. TrueType outlines are made of
/// one another and are read whole.
const OUTLINES: &[&[u8; 4]] = &[b"glyf", b"loca", b"cvt ", b"fpgm", b"prep"];

/// An open font file.
pub(super) struct Sfnt {
    path: PathBuf,
    file: File,
    bytes: Vec<u8>,
}

/// A table of a face.
struct Table {
    tag: [u8; 4],
    place: usize,
    length: usize,
}

/// An INDEX of the Compact Font Format (Adobe Technical Note 5176, 5), by places in the file.
struct Index {
    count: usize,
    offset_size: usize,
    offsets: usize,
    end: usize,
}

impl Sfnt {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Self, FontError> {
        let unreadable = |error| unreadable(path, &error);
        let file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() || about.len() > LONGEST {
            return Err(broken(path, "too long"));
        }
        let length = usize::try_from(about.len()).map_err(|_| broken(path, "too long"))?;
        Ok(Self { path: path.to_owned(), file, bytes: vec![0; length.max(SHORTEST)] })
    }

    /// The same file, of which nothing has been read.
    pub(super) fn afresh(&self) -> Result<Self, FontError> {
        let file = self.file.try_clone().map_err(|error| unreadable(&self.path, &error))?;
        Ok(Self { path: self.path.clone(), file, bytes: vec![0; self.bytes.len()] })
    }

    /// How many faces there are.
    pub(super) fn faces(&mut self) -> Result<u32, FontError> {
        self.read(0, 12)?;
        if !self.bytes.starts_with(b"ttcf") {
            return Ok(1);
        }
        let count = self.number(8, 4)?;
        match u32::try_from(count) {
            Ok(count @ 1..=MOST_FACES) => Ok(count),
            _ => Err(self.broken("a collection of no faces, or of too many")),
        }
    }

    /// Reads these tables of one face.
    pub(super) fn read_tables(&mut self, face: u32, wanted: &[&[u8; 4]]) -> Result<(), FontError> {
        for Table { tag, place, length } in self.directory(face)? {
            if wanted.contains(&&tag) {
                self.read(place, length)?;
            }
        }
        Ok(())
    }

    /// Reads the outlines of these glyphs.
    pub(super) fn read_outlines(
        &mut self,
        face: u32,
        glyphs: &BTreeSet<u32>,
    ) -> Result<(), FontError> {
        self.read_tables(face, OUTLINES)?;
        for Table { tag, place, length } in self.directory(face)? {
            if tag == *b"CFF " {
                self.read_cff(place, length, glyphs)?;
            }
        }
        Ok(())
    }

    /// What was read.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What was read, for good.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The tables of a face.
    fn directory(&mut self, face: u32) -> Result<Vec<Table>, FontError> {
        let count = self.faces()?;
        if face >= count {
            return Err(self.broken("has no face of this index"));
        }
        let mut start = 0;
        if self.bytes.starts_with(b"ttcf") {
            let entry = 12 + 4 * face as usize;
            self.read(entry, 4)?;
            start = self.number(entry, 4)?;
        }
        self.read(start, 12)?;
        let tables = self.number(start + 4, 2)?;
        self.read(start + 12, 16 * tables)?;
        let mut directory = Vec::new();
        for record in (0..tables).map(|table| start + 12 + 16 * table) {
            let tag = self.bytes.get(record..record + 4);
            let tag = tag.and_then(|tag| tag.try_into().ok());
            let tag = tag.ok_or_else(|| self.broken("ends too early"))?;
            let (place, length) = (self.number(record + 8, 4)?, self.number(record + 12, 4)?);
            directory.push(Table { tag, place, length });
        }
        Ok(directory)
    }

    /// Reads a CFF table but for the outlines of other glyphs, which are nearly all of it.
    fn read_cff(
        &mut self,
        start: usize,
        length: usize,
        glyphs: &BTreeSet<u32>,
    ) -> Result<(), FontError> {
        self.read(start, 4)?;
        let names = self.index(start + self.number(start + 2, 1)?)?;
        let fonts = self.index(names.end)?;
        let (from, to) = self.entry(&fonts, 0)?;
        self.read(from, to.saturating_sub(from))?;
        let dict = self.bytes.get(from..to).unwrap_or_default();
        let outlines = outlines_place(dict).ok_or_else(|| self.broken("has no outlines"))?;
        let outlines = self.index(start + outlines)?;
        let first = self.entry(&outlines, 0)?.0;
        let end = start + length;
        if outlines.end > end {
            return Err(self.broken("ends too early"));
        }
        self.read(start, first.saturating_sub(start))?;
        self.read(outlines.end, end - outlines.end)?;
        // Glyph 0 shows that there is none, and every face has it.
        for glyph in std::iter::once(0).chain(glyphs.iter().copied()) {
            let (from, to) = self.entry(&outlines, glyph as usize)?;
            self.read(from, to.saturating_sub(from))?;
        }
        Ok(())
    }

    /// Reads the offsets of an INDEX.
    fn index(&mut self, at: usize) -> Result<Index, FontError> {
        self.read(at, 3)?;
        let count = self.number(at, 2)?;
        if count == 0 {
            return Ok(Index { count, offset_size: 1, offsets: at + 2, end: at + 2 });
        }
        let offset_size = self.number(at + 2, 1)?;
        if !(1..=4).contains(&offset_size) {
            return Err(self.broken("its outlines cannot be read"));
        }
        let offsets = at + 3;
        self.read(offsets, (count + 1) * offset_size)?;
        let mut index = Index { count, offset_size, offsets, end: 0 };
        index.end = self.entry(&index, count - 1)?.1;
        Ok(index)
    }

    /// From where to where an entry of an INDEX goes.
    fn entry(&self, index: &Index, entry: usize) -> Result<(usize, usize), FontError> {
        if entry >= index.count {
            return Err(self.broken("has no such glyph"));
        }
        // Offsets count from the byte before the data.
        let base = index.offsets + (index.count + 1) * index.offset_size - 1;
        let offset =
            |entry| self.number(index.offsets + entry * index.offset_size, index.offset_size);
        let (from, to) = (base + offset(entry)?, base + offset(entry + 1)?);
        if from > to { Err(self.broken("its outlines cannot be read")) } else { Ok((from, to)) }
    }

    /// A big-endian number of some bytes, which have been read.
    fn number(&self, at: usize, length: usize) -> Result<usize, FontError> {
        let bytes = at.checked_add(length).and_then(|end| self.bytes.get(at..end));
        let bytes = bytes.ok_or_else(|| self.broken("ends too early"))?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn read(&mut self, at: usize, length: usize) -> Result<(), FontError> {
        let room = at.checked_add(length).and_then(|end| self.bytes.get_mut(at..end));
        let Some(room) = room else { return Err(self.broken("ends too early")) };
        let read = self.file.read_exact_at(room, at as u64);
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.broken("ends too early"),
            _ => unreadable(&self.path, &error),
        })
    }

    /// This file is broken.
    pub(super) fn broken(&self, reason: &'static str) -> FontError {
        broken(&self.path, reason)
    }
}

/// The operand of CharStrings in a Top DICT: where the outlines are, from the beginning of the table
/// (Technical Note 5176, 4 and 9).
fn outlines_place(dict: &[u8]) -> Option<usize> {
    const CHAR_STRINGS: u8 = 17;
    const ESCAPE: u8 = 12;
    let mut bytes = dict.iter().copied();
    let mut operand = None;
    while let Some(byte) = bytes.next() {
        match byte {
            CHAR_STRINGS => return usize::try_from(operand?).ok(),
            0..=21 => {
                if byte == ESCAPE {
                    bytes.next();
                }
                operand = None;
            }
            28 => operand = Some(i32::from(i16::from_be_bytes([bytes.next()?, bytes.next()?]))),
            29 => {
                let number = [bytes.next()?, bytes.next()?, bytes.next()?, bytes.next()?];
                operand = Some(i32::from_be_bytes(number));
            }
            // A decimal fraction, up to a half byte of ones.
            30 => while bytes.next().is_some_and(|byte| byte & 15 != 15 && byte >> 4 != 15) {},
            32..=246 => operand = Some(i32::from(byte) - 139),
            247..=250 => {
                operand = Some((i32::from(byte) - 247) * 256 + i32::from(bytes.next()?) + 108);
            }
            251..=254 => {
                operand = Some((251 - i32::from(byte)) * 256 - i32::from(bytes.next()?) - 108);
            }
            _ => return None,
        }
    }
    None
}

pub(super) fn broken(path: &Path, reason: &'static str) -> FontError {
    FontError::NotAFont { path: path.to_owned(), reason }
}

fn unreadable(path: &Path, error: &std::io::Error) -> FontError {
    FontError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::outlines_place;

    #[test]
    fn the_outlines_are_found_in_every_form_of_number() {
        // A fraction, an escaped operator, then CharStrings.
        let dict = |number: &[u8]| [&[30, 0x1a, 0x2f, 12, 31], number, &[17]].concat();
        assert_eq!(outlines_place(&dict(&[29, 0, 1, 0x81, 0xd0])), Some(98_768));
        assert_eq!(outlines_place(&dict(&[28, 0x7f, 0xff])), Some(32_767));
        assert_eq!(outlines_place(&dict(&[139 + 5])), Some(5));
        assert_eq!(outlines_place(&dict(&[248, 2])), Some(366));
        assert_eq!(outlines_place(&dict(&[252, 2])), None, "a negative place");
        assert_eq!(outlines_place(&[29, 0]), None, "cut off");
        assert_eq!(outlines_place(&[17]), None, "no number");
    }
}
