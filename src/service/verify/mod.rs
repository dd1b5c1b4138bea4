//! Checking offline what the program has given out and signed: without a database, without settings.
//! What kind of file it is stands in the file; each kind says what it proves, and what it cannot.

mod case_export;
mod container;
mod events;
mod keys;
mod report;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek, SeekFrom};

use self::container::Container;
pub use self::keys::{KeyFileError, VerifyKey};
pub use self::report::{Counted, Fault, Finding, Refused, Report, SignedBy, Unproven};
use super::export::format::{CASE_EXPORT, MANIFEST};
use crate::store::chain::Head;

/// What is believed beside the file.
#[derive(Debug, Default)]
pub struct Trust {
    /// Keys that came another way than the file; none: those in the file, which prove less.
    pub keys: Option<Vec<VerifyKey>>,
    /// Heads of the ledger that were written down, as `gongkai audit head` prints them.
    pub anchors: Vec<Head>,
}

/// The longest JSON file that is looked at, in bytes.
const JSON_AT_MOST: u64 = 16 * 1024 * 1024;

/// Checks a file. Whatever it is, it takes no more memory than the largest of its texts that are read
/// whole, all of which are bounded.
///
/// # Errors
/// It is none of the kinds that this version knows, or one that is not safe to be looked into.
pub fn verify<F: Read + Seek>(file: &mut F, trust: &Trust) -> Result<Report, Refused> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(4).read_to_end(&mut head)?;
    match head.first() {
        Some(b'P') if head.starts_with(b"PK") => of_archive(file, trust),
        Some(b'{') => of_json(file),
        _ => Err(Refused::NoKind),
    }
}

/// An archive names its kind in its manifest.
fn of_archive<F: Read + Seek>(file: &mut F, trust: &Trust) -> Result<Report, Refused> {
    let mut archive = Container::open(file)?;
    let manifest = archive.text(MANIFEST, container::MANIFEST_AT_MOST)?;
    match format_of(&manifest)?.as_str() {
        CASE_EXPORT => case_export::verify(&mut archive, &manifest, trust),
        other => Err(Refused::UnknownKind(shown(other))),
    }
}

/// A JSON file names its kind itself. There is none yet.
fn of_json<F: Read + Seek>(file: &mut F) -> Result<Report, Refused> {
    file.seek(SeekFrom::Start(0))?;
    let mut text = Vec::new();
    Read::by_ref(file).take(JSON_AT_MOST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > JSON_AT_MOST {
        return Err(Refused::TooLarge("the file".to_owned()));
    }
    Err(Refused::UnknownKind(shown(&format_of(&text)?)))
}

fn format_of(text: &[u8]) -> Result<String, Refused> {
    #[derive(serde::Deserialize)]
    struct Named {
        format: String,
    }
    let named: Named = serde_json::from_slice(text).map_err(|_| Refused::NoKind)?;
    Ok(named.format)
}

/// What a stranger wrote, as it can be shown: short, and without what a terminal would obey.
fn shown(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || crate::domain::attachment::is_hidden(c) { '\u{fffd}' } else { c }
    };
    text.chars().take(100).map(plain).collect()
}
