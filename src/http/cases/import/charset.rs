//! In which encoding a register was written: told by the sender, or found out and told back.

use encoding_rs::GB18030;

use crate::domain::text_enum::text_enum;

text_enum! {
    /// The encodings in which a register may come.
    pub enum Charset in "charset" {
        Utf8 = "utf_8" : "UTF-8" / "UTF-8",
        Utf8Bom = "utf_8_bom" : "带BOM的UTF-8" / "UTF-8 with a byte order mark",
        Gb18030 = "gb18030" : "GB18030(含GBK、GB2312)" / "GB18030, of which GBK and GB2312 are parts",
    }
}

/// Why bytes could not be read as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// UTF-8 that is broken on this line.
    Broken {
        /// The line, from 1.
        line: usize,
    },
    /// UTF-16, as Excel's "Unicode text".
    Utf16,
    /// Neither UTF-8 nor GB18030.
    Unknown,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The text, and the encoding in which it was. Without a mark it is UTF-8 when it is valid UTF-8,
/// else GB18030; a file that is mostly UTF-8 with broken places is refused and not misread.
pub(super) fn decode(
    bytes: &[u8],
    declared: Option<Charset>,
) -> Result<(String, Charset), Unreadable> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Unreadable::Utf16);
    }
    if declared == Some(Charset::Gb18030) {
        return gb18030(bytes);
    }
    let (marked, rest) = match bytes.strip_prefix(BOM) {
        Some(rest) => (Charset::Utf8Bom, rest),
        None => (Charset::Utf8, bytes),
    };
    match std::str::from_utf8(rest) {
        Ok(text) => Ok((text.to_owned(), marked)),
        Err(error) if declared.is_some() || marked == Charset::Utf8Bom || mostly_utf8(rest) => {
            let valid = rest.get(..error.valid_up_to()).unwrap_or_default();
            let line = valid.split(|byte| *byte == b'\n').count();
            Err(Unreadable::Broken { line })
        }
        Err(_) => gb18030(bytes),
    }
}

fn gb18030(bytes: &[u8]) -> Result<(String, Charset), Unreadable> {
    GB18030
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(|text| (text.into_owned(), Charset::Gb18030))
        .ok_or(Unreadable::Unknown)
}

/// Three-byte sequences of UTF-8 hardly ever come about in GB18030, where a Chinese character has
/// two bytes; in UTF-8 nearly every Chinese character is one.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let mut wide = 0_usize;
    let mut broken = 0_usize;
    for chunk in bytes.utf8_chunks() {
        wide += chunk.valid().chars().filter(|c| *c >= '\u{800}').count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    wide > broken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "登记号,申请人,所需信息\n2026-1,王小明,联通公司2024年收费标准\n";

    #[test]
    fn each_encoding_is_found_out() {
        let (gb, _, _) = GB18030.encode(TEXT);
        let marked = [BOM, TEXT.as_bytes()].concat();
        for (bytes, charset) in [
            (TEXT.as_bytes(), Charset::Utf8),
            (marked.as_slice(), Charset::Utf8Bom),
            (gb.as_ref(), Charset::Gb18030),
        ] {
            assert_eq!(decode(bytes, None), Ok((TEXT.to_owned(), charset)));
        }
        assert_eq!(decode(&gb, Some(Charset::Gb18030)), decode(&gb, None));
        assert_eq!(decode(&gb, Some(Charset::Utf8)), Err(Unreadable::Broken { line: 1 }));
    }

    #[test]
    fn broken_text_is_not_misread() {
        let mut bytes = TEXT.as_bytes().to_vec();
        let at = TEXT.find("王").unwrap();
        bytes.remove(at + 1);
        assert_eq!(decode(&bytes, None), Err(Unreadable::Broken { line: 2 }));
        let utf16: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&[b"\xFF\xFE", utf16.as_slice()].concat(), None), Err(Unreadable::Utf16));
        assert_eq!(decode(b"\xFF\xFF\xFF,\xFF", None), Err(Unreadable::Unknown));
    }

    proptest! {
        #[test]
        fn chinese_text_in_gb18030_reads_back(text in "[一-龥，。A-Za-z0-9,\n]{1,200}") {
            let whole = format!("登记号,申请人\n{text}");
            let (bytes, _, _) = GB18030.encode(&whole);
            prop_assert_eq!(decode(&bytes, None).map(|(text, _)| text), Ok(whole));
        }

        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let _ = decode(&bytes, None);
        }
    }
}
