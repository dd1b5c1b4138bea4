//! An archive of a stranger, opened with care: nothing in it is compressed, encrypted, a link, outside
//! of its folder, named twice, or hidden between its entries; and nothing that it says of its lengths
//! is believed before it is seen.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom};

use aws_lc_rs::digest::{Context, SHA256};
use zip::{CompressionMethod, ZipArchive};

use super::report::Refused;
use crate::domain::attachment::{Sha256, TAIL_BYTES, is_safe_path, parts_declared};

/// The longest manifest, in bytes.
pub(super) const MANIFEST_AT_MOST: u64 = 4 * 1024 * 1024;

/// What may stand behind the bytes of an entry: nothing, or one of the forms of a data descriptor
/// (APPNOTE 4.3.9).
const DESCRIPTORS: [u64; 5] = [0, 12, 16, 20, 24];

/// What is done with the pieces of an entry.
type Taking<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), Refused>;

/// An archive.
pub(super) struct Container<'f, F: Read + Seek> {
    archive: ZipArchive<BufReader<&'f mut F>>,
    /// The place of every entry.
    places: BTreeMap<String, usize>,
}

impl<'f, F: Read + Seek> Container<'f, F> {
    /// Opens an archive and looks at all that it says of itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn open(file: &'f mut F) -> Result<Self, Refused> {
        let size = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES as u64)))?;
        let mut tail = Vec::new();
        Read::by_ref(file).take(TAIL_BYTES as u64).read_to_end(&mut tail)?;
        // Before its directory is read: how long that is, and that the file ends with it.
        let declared = parts_declared(&tail, size)
            .map_err(|_| Refused::Unsafe("it is cut off, wrapped, or its directory is too long"))?;
        let damaged = |_| Refused::Unsafe("it is damaged");
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        // Of two entries of one name the library gives one.
        if archive.offset() != 0 || archive.len() != declared {
            return Err(Refused::Unsafe(
                "two entries have one name, or something stands before it",
            ));
        }
        if archive.has_overlapping_files().map_err(damaged)? {
            return Err(Refused::Unsafe("entries lie over each other"));
        }
        let directory = archive.central_directory_start();
        let mut spans = Vec::with_capacity(declared);
        let mut places = BTreeMap::new();
        let mut folded = std::collections::BTreeSet::new();
        for index in 0..declared {
            let entry = archive.by_index(index).map_err(damaged)?;
            let name = entry.name().map_err(|_| Refused::Unsafe("a name is no text"))?.into_owned();
            if !is_safe_path(&name) || entry.is_dir() || entry.is_symlink() {
                return Err(Refused::Unsafe("an entry leads out of its folder"));
            }
            if entry.encrypted() || entry.compression() != CompressionMethod::Stored {
                return Err(Refused::Unsafe("an entry is compressed or encrypted"));
            }
            if entry.size() != entry.compressed_size() {
                return Err(Refused::Unsafe("an entry says two lengths"));
            }
            if !folded.insert(name.to_lowercase()) {
                return Err(Refused::Unsafe("two entries have one name"));
            }
            let start = entry.data_start().ok_or(Refused::Unsafe("it is damaged"))?;
            spans.push((entry.header_start(), start.saturating_add(entry.compressed_size())));
            places.insert(name, index);
        }
        if !are_close(spans, directory) {
            return Err(Refused::Unsafe("something is hidden between its entries"));
        }
        Ok(Self { archive, places })
    }

    /// The names of its entries.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Reads an entry piece by piece.
    ///
    /// # Errors
    /// It is not there, or not as the archive says.
    pub(super) fn read(&mut self, name: &str, take: Taking<'_>) -> Result<(), Refused> {
        let place = self.places.get(name).ok_or_else(|| Refused::Lacks(name.to_owned()))?;
        let damaged = Refused::Unsafe("an entry is damaged");
        let Ok(mut entry) = self.archive.by_index(*place) else { return Err(damaged) };
        let mut piece = vec![0; 64 * 1024];
        loop {
            match entry.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => take(piece.get(..read).unwrap_or_default())?,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // Its own digest (CRC-32) says so; ours would, too.
                Err(_) => return Err(damaged),
            }
        }
    }

    /// The length and the digest of an entry; none when it cannot be read to its end.
    pub(super) fn digest(&mut self, name: &str) -> Option<(u64, Sha256)> {
        let mut context = Context::new(&SHA256);
        let mut size = 0;
        let read = self.read(name, &mut |piece| {
            context.update(piece);
            size += piece.len() as u64;
            Ok(())
        });
        let sum = context.finish();
        let sha256 = Sha256(sum.as_ref().first_chunk().copied().unwrap_or_default());
        read.is_ok().then_some((size, sha256))
    }

    /// An entry that is read whole, if it is no longer than that.
    ///
    /// # Errors
    /// It is not there, is longer, or is damaged.
    pub(super) fn text(&mut self, name: &str, most: u64) -> Result<Vec<u8>, Refused> {
        let mut text = Vec::new();
        self.read(name, &mut |piece| {
            if (text.len() + piece.len()) as u64 > most {
                return Err(Refused::TooLarge(name.to_owned()));
            }
            text.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(text)
    }
}

/// Do the entries, each from its head to the end of its bytes, and the directory follow each other
/// without room for anything else?
fn are_close(mut spans: Vec<(u64, u64)>, directory: u64) -> bool {
    spans.sort_unstable();
    let mut at = 0;
    let starts = spans.iter().map(|(start, _)| *start).chain([directory]);
    let ends: Vec<u64> = spans.iter().map(|(_, end)| *end).chain([directory]).collect();
    for (count, (start, end)) in starts.zip(ends).enumerate() {
        let between = start.checked_sub(at);
        let fits = between
            .is_some_and(|gap| if count == 0 { gap == 0 } else { DESCRIPTORS.contains(&gap) });
        if !fits {
            return false;
        }
        at = end;
    }
    true
}
