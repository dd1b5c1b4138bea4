//! Is the content of a file what its name says, and nothing else besides? Told by its first and its
//! last bytes, never by what the client declares.
//!
//! A file that is two things at once (a PDF that is also a ZIP, a picture with a page behind it) is
//! refused: who looks at the one would pass on the other.

use super::FileType;
use super::container::{Container, at};
use crate::domain::text_enum::text_enum;

/// So many of the first bytes are looked at: a camera puts previews and colours before the picture.
pub const HEAD_BYTES: usize = 1024 * 1024;

/// So many of the last bytes: the longest end of a ZIP archive with its comment.
pub const TAIL_BYTES: usize = 22 + 65_535;

text_enum! {
    /// What is wrong with the content of a file.
    pub enum ContentFault in "file_content_fault" {
        Differs = "content_differs" : "文件内容与扩展名不符" / "The content is not of the type that the name says.",
        Incomplete = "content_incomplete" : "文件不完整或者末尾有多余内容" / "The file does not end where a file of its type ends.",
        TwoTypes = "content_of_two_types" : "文件同时具有另一类型的内容" / "The file is of another type as well.",
        PictureSize = "picture_size" : "图像宽高须在 2 至 20000 像素之间" / "Width and height of a picture are 2 to 20,000 pixels.",
        Encrypted = "archive_encrypted" : "文件已加密" / "The file is encrypted.",
        Macros = "archive_macros" : "文件含有宏" / "The file has macros.",
        UnsafePath = "archive_unsafe_path" : "文件内部路径不安全" / "A path inside the file is unsafe.",
        Expands = "archive_expands" : "文件解压后过大或者条目过多" / "The file unfolds to too much.",
        Broken = "archive_broken" : "文件内部结构损坏" / "The structure inside the file is broken.",
    }
}

impl ContentFault {
    /// Does it lie in what is packed inside?
    #[must_use]
    pub const fn is_of_archive(self) -> bool {
        match self {
            Self::Encrypted | Self::Macros | Self::UnsafePath | Self::Expands | Self::Broken => {
                true
            }
            Self::Differs | Self::Incomplete | Self::TwoTypes | Self::PictureSize => false,
        }
    }
}

/// What was seen of a file.
#[derive(Clone, Copy, Debug)]
pub struct Glimpse<'a> {
    /// Its first bytes, up to [`HEAD_BYTES`].
    pub head: &'a [u8],
    /// Its last bytes, up to [`TAIL_BYTES`].
    pub tail: &'a [u8],
    /// What is packed inside, for a type that is an archive.
    pub container: Option<&'a Container>,
}

impl Glimpse<'_> {
    /// Is this a file of the type, whole, and of no other?
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, file_type: FileType) -> Result<(), ContentFault> {
        let begins = match file_type {
            // The library finds the sign anywhere in the first kilobyte; a file of ours begins with it.
            FileType::Pdf => infer::archive::is_pdf(self.head) && self.head.starts_with(b"%PDF-"),
            FileType::Jpeg => infer::image::is_jpeg(self.head),
            FileType::Png => {
                infer::image::is_png(self.head) && self.head.starts_with(b"\x89PNG\r\n\x1a\n")
            }
            FileType::Docx | FileType::Xlsx | FileType::Ofd => {
                infer::archive::is_zip(self.head) && self.head.starts_with(b"PK\x03\x04")
            }
        };
        if !begins {
            return Err(ContentFault::Differs);
        }
        match file_type {
            FileType::Pdf => self.ends_as_pdf()?,
            FileType::Jpeg => {
                self.ends_with(b"\xFF\xD9")?;
                is_reasonable(jpeg_size(self.head))?;
            }
            FileType::Png => {
                self.ends_with(b"\0\0\0\0IEND\xAE\x42\x60\x82")?;
                is_reasonable(png_size(self.head))?;
            }
            FileType::Docx | FileType::Xlsx | FileType::Ofd => {
                // Readers of PDF look for its sign in the first kilobyte.
                if infer::archive::is_pdf(self.head) {
                    return Err(ContentFault::TwoTypes);
                }
                let container = self.container.ok_or(ContentFault::Broken)?;
                return container.check(file_type);
            }
        }
        // An archive is read from its end, whatever stands before it.
        if has_end_of_archive(self.tail) { Err(ContentFault::TwoTypes) } else { Ok(()) }
    }

    /// The mark of the end in the last kilobyte, and nothing but white space behind the last one.
    fn ends_as_pdf(&self) -> Result<(), ContentFault> {
        let mark = b"%%EOF";
        let found = self.tail.windows(mark.len()).rposition(|window| window == mark);
        let behind = found.and_then(|start| self.tail.get(start + mark.len()..));
        let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
        match behind {
            Some(behind) if behind.len() <= 1024 && behind.iter().all(blank) => Ok(()),
            _ => Err(ContentFault::Incomplete),
        }
    }

    /// The last bytes, but for padding with zeros.
    fn ends_with(&self, end: &[u8]) -> Result<(), ContentFault> {
        let last = self.tail.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let ends = self.tail.get(..last).is_some_and(|whole| whole.ends_with(end));
        if ends { Ok(()) } else { Err(ContentFault::Incomplete) }
    }
}

/// The end record of a ZIP archive (APPNOTE 4.3.16) whose comment reaches to the end of the file.
fn has_end_of_archive(tail: &[u8]) -> bool {
    let sign = b"PK\x05\x06";
    let starts = tail.windows(sign.len()).enumerate().filter(|(_, window)| *window == sign);
    let mut records = starts.map(|(start, _)| start);
    records.any(|start| {
        let comment = at::<2>(tail, start + 20).map(u16::from_le_bytes);
        comment.is_some_and(|length| start + 22 + usize::from(length) == tail.len())
    })
}

fn is_reasonable(size: Option<(u32, u32)>) -> Result<(), ContentFault> {
    let (width, height) = size.ok_or(ContentFault::Differs)?;
    let sides = 2..=20_000;
    if sides.contains(&width) && sides.contains(&height) {
        Ok(())
    } else {
        Err(ContentFault::PictureSize)
    }
}

/// Width and height by the header of a PNG (RFC 2083 §4.1.1).
fn png_size(head: &[u8]) -> Option<(u32, u32)> {
    let is_header = head.get(8..16)? == b"\0\0\0\x0DIHDR";
    let side = |start| at::<4>(head, start).map(u32::from_be_bytes);
    Some((side(16)?, side(20)?)).filter(|_| is_header)
}

/// Width and height by the frame of a JPEG (ITU-T T.81 B.2.2): the segments before it are stepped over.
fn jpeg_size(head: &[u8]) -> Option<(u32, u32)> {
    let mut place = 2;
    loop {
        let [0xFF, marker] = at::<2>(head, place)? else { return None };
        let side = |start| at::<2>(head, start).map(|two| u32::from(u16::from_be_bytes(two)));
        match marker {
            // Fill bytes.
            0xFF => place += 1,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return Some((side(place + 7)?, side(place + 5)?));
            }
            0x01 | 0xD0..=0xD7 => place += 2,
            // The picture's data, or its end, without a frame.
            0x00 | 0xD8..=0xDA => return None,
            _ => {
                let length = at::<2>(head, place + 2).map(u16::from_be_bytes)?;
                place += 2 + usize::from(length.max(2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n";
    const END_OF_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR".to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file.extend(b"\x08\x02\0\0\0\0\0\0\0");
        file.extend(b"\0\0\0\0IEND\xAE\x42\x60\x82");
        file
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut file = b"\xFF\xD8\xFF\xE1\x00\x10Exif\0\0\xFF\xC0\x00\x08\x08\xFF\0\0".to_vec();
        file.extend(b"\xFF\xFF\xC2\x00\x11\x08");
        file.extend(height.to_be_bytes());
        file.extend(width.to_be_bytes());
        file.extend(b"\x03\0\0\0\0\0\0\0\0\0\xFF\xDA\0\x02data\xFF\xD9");
        file
    }

    fn check(file: &[u8], file_type: FileType) -> Result<(), ContentFault> {
        let tail = file.get(file.len().saturating_sub(TAIL_BYTES)..).unwrap();
        Glimpse { head: file, tail, container: None }.check(file_type)
    }

    fn with(file: &[u8], more: &[u8]) -> Vec<u8> {
        [file, more].concat()
    }

    #[test]
    fn whole_files_of_their_type_are_taken() {
        assert_eq!(check(PDF, FileType::Pdf), Ok(()));
        assert_eq!(check(&with(PDF, b"\r\n\0"), FileType::Pdf), Ok(()));
        assert_eq!(check(&png(2, 20_000), FileType::Png), Ok(()));
        assert_eq!(check(&jpeg(640, 480), FileType::Jpeg), Ok(()));
        assert_eq!(check(&with(&jpeg(640, 480), &[0; 100]), FileType::Jpeg), Ok(()));
        // A picture inside a document may hold the sign of an archive's end.
        let inside = [b"%PDF-1.7\n", END_OF_ZIP, b"endobj\n%%EOF\n"].concat();
        assert_eq!(check(&inside, FileType::Pdf), Ok(()));
    }

    #[test]
    fn a_file_of_another_type_is_told() {
        let files = [PDF.to_vec(), png(9, 9), jpeg(9, 9), b"MZ\x90\0".to_vec(), Vec::new()];
        let own = [Some(FileType::Pdf), Some(FileType::Png), Some(FileType::Jpeg), None, None];
        for (file, own) in files.iter().zip(own) {
            for kind in FileType::ALL.iter().filter(|kind| Some(**kind) != own) {
                assert_eq!(check(file, *kind), Err(ContentFault::Differs), "{kind}");
            }
        }
        // What stands before the sign is looked at by nobody, so nothing does.
        assert_eq!(check(&with(b"MZ\n", PDF), FileType::Pdf), Err(ContentFault::Differs));
        let old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
        assert_eq!(check(old, FileType::Docx), Err(ContentFault::Differs));
    }

    #[test]
    fn cut_off_and_lengthened_files_are_refused() {
        for (file, kind) in [
            (PDF.to_vec(), FileType::Pdf),
            (png(9, 9), FileType::Png),
            (jpeg(9, 9), FileType::Jpeg),
        ] {
            let cut = file.get(..file.len() - 3).unwrap();
            assert_eq!(check(cut, kind), Err(ContentFault::Incomplete), "{kind}");
            let page = with(&file, b"<script>alert(1)</script>");
            assert_eq!(check(&page, kind), Err(ContentFault::Incomplete), "{kind}");
            assert!(check(&with(&file, END_OF_ZIP), kind).is_err(), "{kind}");
        }
        let late = with(PDF, &[b' '; 2000]);
        assert_eq!(check(&late, FileType::Pdf), Err(ContentFault::Incomplete));
    }

    #[test]
    fn an_archive_that_ends_like_a_document_is_refused() {
        for (file, kind, end) in [
            (PDF.to_vec(), FileType::Pdf, b"%%EOF\n".to_vec()),
            (png(9, 9), FileType::Png, b"\0\0\0\0IEND\xAE\x42\x60\x82".to_vec()),
            (jpeg(9, 9), FileType::Jpeg, b"\xFF\xD9".to_vec()),
        ] {
            // The true end of the document is the comment of the archive.
            let mut polyglot = with(&file, END_OF_ZIP);
            let length = polyglot.len() - 2;
            polyglot.truncate(length);
            polyglot.extend(u16::try_from(end.len()).unwrap().to_le_bytes());
            polyglot.extend(end);
            assert_eq!(check(&polyglot, kind), Err(ContentFault::TwoTypes), "{kind}");
        }
    }

    #[test]
    fn pictures_have_a_reasonable_size() {
        for (width, height) in [(1, 100_000), (1, 1), (0, 5), (5, 0), (20_001, 5), (5, 20_001)] {
            let fault = Err(ContentFault::PictureSize);
            assert_eq!(check(&png(width, height), FileType::Png), fault, "{width} x {height}");
        }
        assert_eq!(check(&jpeg(1, 9), FileType::Jpeg), Err(ContentFault::PictureSize));
        assert_eq!(check(&jpeg(9, 65_535), FileType::Jpeg), Err(ContentFault::PictureSize));
        let frameless = b"\xFF\xD8\xFF\xDA\0\x02data\xFF\xD9";
        assert_eq!(check(frameless, FileType::Jpeg), Err(ContentFault::Differs));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_checks(start in 0_usize..6, rest in prop::collection::vec(any::<u8>(), 0..200)) {
            let starts: [&[u8]; 6] =
                [b"", b"%PDF-", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR", b"PK\x03\x04", b"\xFF\xD8\xFF\xFF"];
            let file = with(starts[start], &rest);
            for kind in FileType::ALL {
                let _ = check(&file, *kind);
            }
        }
    }
}
