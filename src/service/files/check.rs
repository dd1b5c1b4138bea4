//! Looks at a file that has been gathered: its ends, and what is packed inside. What that means is the
//! domain's word.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::domain::attachment::{
    Container, ContentFault, FileType, Glimpse, HEAD_BYTES, Part, TAIL_BYTES, TYPES_AT_MOST,
    TYPES_PART, parts_declared,
};

/// Is it a file of this type?
///
/// # Errors
/// The file cannot be read; inside, what is wrong with its content.
pub(super) fn look(
    file: &mut File,
    size: u64,
    file_type: FileType,
) -> io::Result<Result<(), ContentFault>> {
    let head = stretch(file, 0, HEAD_BYTES)?;
    let tail = stretch(file, size.saturating_sub(TAIL_BYTES as u64), TAIL_BYTES)?;
    let glimpse = Glimpse { head: &head, tail: &tail, container: None };
    if !file_type.is_container() || !head.starts_with(b"PK") {
        return Ok(glimpse.check(file_type));
    }
    Ok(match parts_declared(&tail, size).and_then(|parts| unpacked(file, size, parts)) {
        Ok(container) => Glimpse { container: Some(&container), ..glimpse }.check(file_type),
        Err(fault) => Err(fault),
    })
}

fn stretch(file: &mut File, start: u64, length: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Unpacks an archive and counts what comes out, until it is too much. Nothing of it is kept.
fn unpacked(file: &File, size: u64, declared: usize) -> Result<Container, ContentFault> {
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(|error| fault(&error))?;
    let mut container = Container { size, wrapped: archive.offset() != 0, ..Container::default() };
    // Of two parts of one name the library gives one.
    if archive.len() != declared {
        return Err(ContentFault::Broken);
    }
    if archive.has_overlapping_files().map_err(|error| fault(&error))? {
        return Err(ContentFault::Broken);
    }
    for index in 0..declared {
        let mut entry = archive.by_index(index).map_err(|error| fault(&error))?;
        if entry.encrypted() {
            return Err(ContentFault::Encrypted);
        }
        let name = entry.name().map_err(|_| ContentFault::UnsafePath)?.into_owned();
        let room = container.room();
        let (expanded, kept) = if name == TYPES_PART {
            let types = read_up_to(&mut entry, room.min(TYPES_AT_MOST))?;
            (types.len() as u64, Some(types))
        } else {
            let copied = io::copy(&mut Read::by_ref(&mut entry).take(room + 1), &mut io::sink());
            (copied.map_err(|_| ContentFault::Broken)?, None)
        };
        if expanded > room {
            return Err(ContentFault::Expands);
        }
        let (packed, link) = (entry.compressed_size(), entry.is_symlink());
        container.parts.push(Part { name, packed, expanded, link });
        container.types = container.types.or(kept);
    }
    Ok(container)
}

fn read_up_to<R: Read>(entry: &mut ZipFile<'_, R>, most: u64) -> Result<Vec<u8>, ContentFault> {
    let mut bytes = Vec::new();
    entry.take(most + 1).read_to_end(&mut bytes).map_err(|_| ContentFault::Broken)?;
    if bytes.len() as u64 > most { Err(ContentFault::Expands) } else { Ok(bytes) }
}

fn fault(error: &ZipError) -> ContentFault {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            ContentFault::Encrypted
        }
        _ => ContentFault::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const TYPES: &[u8] =
        b"<Types><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";

    /// An archive with these parts.
    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
        let own: [(&str, &[u8]); 2] =
            [(TYPES_PART, TYPES), ("word/document.xml", b"<w:document/>")];
        archive(&[own.as_slice(), more].concat())
    }

    fn looked(bytes: &[u8], file_type: FileType) -> Result<(), ContentFault> {
        let name = crate::domain::hex::encode(&crate::store::vault::fresh_bytes::<8>().unwrap());
        let path = std::env::temp_dir().join(format!("gongkai-check-{name}"));
        let options = &mut File::options();
        let mut file = options.read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file.write_all(bytes).unwrap();
        look(&mut file, bytes.len() as u64, file_type).unwrap()
    }

    #[test]
    fn documents_are_looked_into() {
        assert_eq!(looked(&docx(&[]), FileType::Docx), Ok(()));
        assert_eq!(looked(&docx(&[]), FileType::Xlsx), Err(ContentFault::Differs));
        assert_eq!(looked(&archive(&[("OFD.xml", b"<ofd/>")]), FileType::Ofd), Ok(()));
        assert_eq!(looked(&archive(&[("a.txt", b"")]), FileType::Docx), Err(ContentFault::Differs));
        let macros = docx(&[("word/vbaProject.bin", b"x")]);
        assert_eq!(looked(&macros, FileType::Docx), Err(ContentFault::Macros));
        assert_eq!(looked(b"PK\x03\x04 and nothing", FileType::Docx), Err(ContentFault::Broken));
        assert_eq!(looked(b"not packed", FileType::Docx), Err(ContentFault::Differs));
    }

    #[test]
    fn a_bomb_is_found_before_it_has_unfolded() {
        let zeros = vec![0; 40 * 1024 * 1024];
        let bomb = docx(&[("word/media/a.png", &zeros)]);
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        assert_eq!(looked(&bomb, FileType::Docx), Err(ContentFault::Expands));
    }

    #[test]
    fn what_an_archive_says_of_its_sizes_is_not_believed() {
        // The declared length of the one large part, in both of its headers, is made a lie.
        let zeros = vec![0; 40 * 1024 * 1024];
        let mut liar = docx(&[("word/media/a.png", &zeros)]);
        let (large, small) = (40 * 1024 * 1024_u32, 10_u32);
        let mut at = 0;
        while let Some(found) = liar[at..].windows(4).position(|w| w == large.to_le_bytes()) {
            at += found;
            liar[at..at + 4].copy_from_slice(&small.to_le_bytes());
        }
        assert!(matches!(
            looked(&liar, FileType::Docx),
            Err(ContentFault::Expands | ContentFault::Broken)
        ));
    }

    #[test]
    fn changed_and_wrapped_archives_are_refused() {
        let whole = docx(&[]);
        let mut before = b"MZ".to_vec();
        before.extend(&whole);
        assert_eq!(looked(&before, FileType::Docx), Err(ContentFault::Differs));
        let mut behind = whole.clone();
        behind.extend(b"more");
        assert_eq!(looked(&behind, FileType::Docx), Err(ContentFault::Broken));
        let cut = &whole[..whole.len() - 5];
        assert_eq!(looked(cut, FileType::Docx), Err(ContentFault::Broken));
        // One byte of a packed part: the digest of the part tells.
        let mut changed = whole.clone();
        let name = b"word/document.xml";
        let start = changed.windows(name.len()).position(|window| window == name).unwrap();
        changed[start + name.len() + 5] ^= 0x55;
        assert_eq!(looked(&changed, FileType::Docx), Err(ContentFault::Broken));
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for name in ["../evil", "/etc/x", "a/../../b"] {
            let fault = looked(&docx(&[(name, b"x")]), FileType::Docx);
            assert_eq!(fault, Err(ContentFault::UnsafePath), "{name}");
        }
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        let plain = SimpleFileOptions::default();
        for (name, content) in [(TYPES_PART, TYPES), ("word/document.xml", b"<x/>")] {
            writer.start_file(name, plain).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.add_symlink("word/link", "/etc/passwd", plain).unwrap();
        let linked = writer.finish().unwrap().into_inner();
        assert_eq!(looked(&linked, FileType::Docx), Err(ContentFault::UnsafePath));
    }
}
