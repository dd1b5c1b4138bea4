//! What is packed inside a document that is an archive (OOXML, OFD), and whether it may be.

use std::collections::BTreeSet;

use super::FileType;
use super::content::ContentFault;

/// The most parts in one document.
const ENTRIES_AT_MOST: usize = 2000;

/// The most that a document may unfold to, in bytes, all parts together.
const EXPANDED_AT_MOST: u64 = 1024 * 1024 * 1024;

/// How many times its packed size a document may unfold to.
const RATIO_AT_MOST: u64 = 100;

/// What is below this in all unfolds to nothing that could harm, however well it was packed.
const HARMLESS: u64 = 10 * 1024 * 1024;

/// The part of an OOXML document that says of what type every other is (ECMA-376 part 2, §10.1.2).
pub const TYPES_PART: &str = "[Content_Types].xml";

/// The largest [`TYPES_PART`] that is looked at, in bytes.
pub const TYPES_AT_MOST: u64 = 1024 * 1024;

/// One part of an archive. The size is what really came out of it, not what the archive says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its path.
    pub name: String,
    /// Its packed length in bytes.
    pub packed: u64,
    /// Its unpacked length in bytes.
    pub expanded: u64,
    /// Is it a link to something else?
    pub link: bool,
}

/// An archive, unpacked and looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its length as a file, in bytes.
    pub size: u64,
    /// Does anything stand before its first part, or behind its end?
    pub wrapped: bool,
    /// Its parts.
    pub parts: Vec<Part>,
    /// The bytes of [`TYPES_PART`], when it has one.
    pub types: Option<Vec<u8>>,
}

/// The largest directory of an archive that is read, in bytes.
const DIRECTORY_AT_MOST: u64 = 2 * 1024 * 1024;

/// How many parts an archive says it has, by its last bytes (APPNOTE 4.3.16). Asked before its directory
/// is read, so that none is read that is too long, and no other than the one that ends with the file.
///
/// # Errors
/// There is no such end, it is one for archives of more than 4 GiB, or something stands between it and
/// the directory.
pub fn parts_declared(tail: &[u8], size: u64) -> Result<usize, ContentFault> {
    let broken = ContentFault::Broken;
    let end = tail.len().checked_sub(22).ok_or(broken)?;
    let long = end.checked_sub(20).and_then(|start| at::<4>(tail, start));
    if at::<6>(tail, end) != Some(*b"PK\x05\x06\0\0") || long == Some(*b"PK\x06\x07") {
        return Err(broken);
    }
    let short = |from: usize| at::<2>(tail, end + from).map(u16::from_le_bytes).ok_or(broken);
    let long = |from: usize| at::<4>(tail, end + from).map(u32::from_le_bytes).ok_or(broken);
    let (here, all) = (short(10)?, short(8)?);
    let (directory, start) = (u64::from(long(12)?), u64::from(long(16)?));
    if short(20)? != 0 || here != all || start + directory + 22 != size {
        return Err(broken);
    }
    if usize::from(all) > ENTRIES_AT_MOST || directory > DIRECTORY_AT_MOST {
        return Err(ContentFault::Expands);
    }
    Ok(usize::from(all))
}

impl Container {
    /// How many bytes more may come out of it. To be asked while unpacking, so that it ends in time.
    #[must_use]
    pub fn room(&self) -> u64 {
        let expanded: u64 = self.parts.iter().map(|part| part.expanded).sum();
        let most = self.size.saturating_mul(RATIO_AT_MOST).clamp(HARMLESS, EXPANDED_AT_MOST);
        most.saturating_sub(expanded)
    }

    /// Is it a document of this type, without macros and without anything that could harm who opens
    /// it?
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, file_type: FileType) -> Result<(), ContentFault> {
        if self.wrapped {
            return Err(ContentFault::TwoTypes);
        }
        if self.parts.len() > ENTRIES_AT_MOST {
            return Err(ContentFault::Expands);
        }
        let packed: u64 = self.parts.iter().map(|part| part.packed).sum();
        // Parts that share their bytes unfold to more than any of them seems to.
        if packed > self.size {
            return Err(ContentFault::Broken);
        }
        let mut seen = BTreeSet::new();
        for part in &self.parts {
            if part.link || !is_safe_path(&part.name) {
                return Err(ContentFault::UnsafePath);
            }
            // Two readers would take two different ones.
            if !seen.insert(part.name.to_lowercase()) {
                return Err(ContentFault::Broken);
            }
        }
        let has = |name: &str| self.parts.iter().any(|part| part.name == name);
        let kinds = [
            (FileType::Docx, has(TYPES_PART) && has("word/document.xml")),
            (FileType::Xlsx, has(TYPES_PART) && has("xl/workbook.xml")),
            (FileType::Ofd, has("OFD.xml")),
        ];
        let found: Vec<FileType> =
            kinds.into_iter().filter(|(_, holds)| *holds).map(|(kind, _)| kind).collect();
        match found.as_slice() {
            [only] if *only == file_type => {}
            [] | [_] => return Err(ContentFault::Differs),
            _ => return Err(ContentFault::TwoTypes),
        }
        if file_type == FileType::Ofd { Ok(()) } else { self.has_no_macros() }
    }

    /// Macros are found by the names of their parts and by the types that the document declares, for
    /// a part may have any name.
    fn has_no_macros(&self) -> Result<(), ContentFault> {
        let by_name = self.parts.iter().map(|part| part.name.to_lowercase()).any(|name| {
            name.ends_with("vbaproject.bin")
                || name.ends_with("vbadata.xml")
                || name.contains("macrosheets/")
        });
        if by_name {
            return Err(ContentFault::Macros);
        }
        let types = self.types.as_deref().ok_or(ContentFault::Broken)?;
        let types = std::str::from_utf8(types).map_err(|_| ContentFault::Broken)?;
        // The names of types need no entities; behind one a name could hide.
        if types.contains('&') || types.contains("<!") && !only_comments(types) {
            return Err(ContentFault::Broken);
        }
        let types = types.to_lowercase();
        let declared = ["vbaproject", "vbadata", "macroenabled", "macrosheet", "vba"];
        if declared.iter().any(|sign| types.contains(sign)) {
            return Err(ContentFault::Macros);
        }
        Ok(())
    }
}

/// Is every `<!` the beginning of a comment?
fn only_comments(xml: &str) -> bool {
    xml.match_indices("<!").all(|(start, _)| xml.get(start..start + 4) == Some("<!--"))
}

/// Does a path stay where it is unpacked?
#[must_use]
pub fn is_safe_path(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 512
        && !name.starts_with('/')
        && !name.contains(|c: char| c.is_control() || c == '\\' || c == ':')
        && name.split('/').all(|step| step != ".." && step != ".")
}

/// So many bytes from a place on; none where the text is shorter.
pub(super) fn at<const N: usize>(bytes: &[u8], start: usize) -> Option<[u8; N]> {
    bytes.get(start..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: &[u8] = br#"<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;

    fn part(name: &str) -> Part {
        Part { name: name.to_owned(), packed: 10, expanded: 100, link: false }
    }

    fn docx(more: &[&str]) -> Container {
        let names = [TYPES_PART, "_rels/.rels", "word/document.xml"];
        let parts = names.iter().chain(more).map(|name| part(name)).collect();
        Container { size: 1000, wrapped: false, parts, types: Some(TYPES.to_vec()) }
    }

    fn declaring(types: &[u8]) -> Container {
        Container { types: Some(types.to_vec()), ..docx(&[]) }
    }

    #[test]
    fn documents_are_told_by_their_parts() {
        assert_eq!(docx(&["word/media/image1.png"]).check(FileType::Docx), Ok(()));
        assert_eq!(docx(&[]).check(FileType::Xlsx), Err(ContentFault::Differs));
        assert_eq!(docx(&[]).check(FileType::Ofd), Err(ContentFault::Differs));
        assert_eq!(docx(&["OFD.xml"]).check(FileType::Docx), Err(ContentFault::TwoTypes));
        assert_eq!(docx(&["xl/workbook.xml"]).check(FileType::Xlsx), Err(ContentFault::TwoTypes));
        let ofd = |names: &[&str]| Container {
            size: 100,
            parts: names.iter().map(|name| part(name)).collect(),
            ..Container::default()
        };
        assert_eq!(ofd(&["OFD.xml", "Doc_0/Document.xml"]).check(FileType::Ofd), Ok(()));
        assert_eq!(ofd(&["Doc_0/OFD.xml"]).check(FileType::Ofd), Err(ContentFault::Differs));
        assert_eq!(ofd(&[]).check(FileType::Ofd), Err(ContentFault::Differs));
    }

    #[test]
    fn macros_are_found_under_any_name() {
        for name in ["word/vbaProject.bin", "word/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml"] {
            assert_eq!(docx(&[name]).check(FileType::Docx), Err(ContentFault::Macros), "{name}");
        }
        let hidden = br#"<Types><Override PartName="/word/x.dat" ContentType="application/vnd.ms-office.vbaProject"/></Types>"#;
        assert_eq!(declaring(hidden).check(FileType::Docx), Err(ContentFault::Macros));
        let main = br#"<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>"#;
        assert_eq!(declaring(main).check(FileType::Docx), Err(ContentFault::Macros));
        for veiled in [
            b"<Types ContentType=\"application/vnd.ms-office.&#118;baProject\"/>".as_slice(),
            b"<!DOCTYPE x [<!ENTITY v 'vba'>]><Types/>",
            b"\xFE\xFF\0<\0T",
        ] {
            assert_eq!(declaring(veiled).check(FileType::Docx), Err(ContentFault::Broken));
        }
        assert_eq!(declaring(b"<!-- made by hand --><Types/>").check(FileType::Docx), Ok(()));
        let silent = Container { types: None, ..docx(&[]) };
        assert_eq!(silent.check(FileType::Docx), Err(ContentFault::Broken));
    }

    #[test]
    fn paths_stay_inside() {
        for name in ["/etc/passwd", "../x", "word/../../x", "C:/x", "a\\b", "a\0b", "", "./x"] {
            let fault = Err(ContentFault::UnsafePath);
            assert_eq!(docx(&[name]).check(FileType::Docx), fault, "{name:?}");
        }
        let mut linked = docx(&["word/x"]);
        linked.parts.last_mut().unwrap().link = true;
        assert_eq!(linked.check(FileType::Docx), Err(ContentFault::UnsafePath));
        let twice = docx(&["Word/Document.xml"]);
        assert_eq!(twice.check(FileType::Docx), Err(ContentFault::Broken));
    }

    #[test]
    fn bombs_are_refused() {
        let many: Vec<String> = (0..ENTRIES_AT_MOST).map(|n| format!("word/{n}.xml")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let many = Container { size: 1_000_000, ..docx(&many) };
        assert_eq!(many.check(FileType::Docx), Err(ContentFault::Expands));
        // Parts that lie over each other.
        let overlapping = Container { size: 25, ..docx(&[]) };
        assert_eq!(overlapping.check(FileType::Docx), Err(ContentFault::Broken));
        let wrapped = Container { wrapped: true, ..docx(&[]) };
        assert_eq!(wrapped.check(FileType::Docx), Err(ContentFault::TwoTypes));
    }

    #[test]
    fn the_end_of_an_archive_is_where_its_file_ends() {
        let end = |entries: u16, directory: u32, start: u32, comment: u16| {
            let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
            end.extend(entries.to_le_bytes());
            end.extend(entries.to_le_bytes());
            end.extend(directory.to_le_bytes());
            end.extend(start.to_le_bytes());
            end.extend(comment.to_le_bytes());
            end
        };
        assert_eq!(parts_declared(&end(3, 100, 900, 0), 1022), Ok(3));
        let broken = Err(ContentFault::Broken);
        assert_eq!(parts_declared(&end(3, 100, 900, 0), 1023), broken, "something between");
        assert_eq!(parts_declared(&end(3, 100, 900, 1), 1022), broken, "a comment");
        assert_eq!(parts_declared(b"PK\x05\x06", 4), broken);
        assert_eq!(parts_declared(b"", 0), broken);
        let locator = [b"PK\x06\x07".as_slice(), &[0; 16], &end(3, 100, 900, 0)].concat();
        assert_eq!(parts_declared(&locator, 1022), broken, "ZIP64");
        let expands = Err(ContentFault::Expands);
        assert_eq!(parts_declared(&end(2001, 100, 900, 0), 1022), expands);
        let long = end(3, 3_000_000, 0, 0);
        assert_eq!(parts_declared(&long, 3_000_022), expands);
    }

    #[test]
    fn there_is_room_for_what_is_reasonable() {
        let of = |size| Container { size, ..Container::default() }.room();
        assert_eq!(of(100), HARMLESS);
        assert_eq!(of(1024 * 1024), 100 * 1024 * 1024);
        assert_eq!(of(50 * 1024 * 1024), EXPANDED_AT_MOST);
        let mut used = Container { size: 100, parts: vec![part("a")], ..Container::default() };
        assert_eq!(used.room(), HARMLESS - 100);
        used.parts.push(Part { expanded: HARMLESS, ..part("b") });
        assert_eq!(used.room(), 0);
    }
}
