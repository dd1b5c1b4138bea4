//! Names of files: what a person may read, save and trust.

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::FileType;
use crate::domain::text_enum::text_enum;

/// The longest name, in characters.
pub const NAME_CHARS_AT_MOST: usize = 120;

/// The longest name that file systems take, in bytes.
const NAME_BYTES_AT_MOST: usize = 255;

text_enum! {
    /// What is wrong with the name of a file.
    pub enum NameFault in "file_name_fault" {
        Empty = "file_name_empty" : "文件名为空" / "The file has no name.",
        TooLong = "file_name_too_long" : "文件名过长" / "The name is too long.",
        Character = "file_name_character" : "文件名含有不可用的字符" / "The name has a character that cannot stand in one.",
        Hidden = "file_name_invisible" : "文件名含有改变显示方向或不可见的字符" / "The name has a character that cannot be seen or turns the text around.",
        Edge = "file_name_edge" : "文件名不能以点或空格开头" / "The name begins with a dot or a space.",
        DoubleExtension = "file_name_double_extension" : "文件名有两个扩展名" / "The name has two extensions.",
        NotPermitted = "file_extension_not_permitted" : "扩展名不在允许范围" / "Files with this extension are not taken.",
    }
}

/// The name of a file (文件名): in normal form C, with one extension that stands for its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FileName(String);

/// What a second extension must not be: it would deceive who sees only the first, or a program that
/// minds only that.
const DECEIVING: [&str; 26] = [
    "bat", "cmd", "com", "cpl", "dll", "doc", "docm", "exe", "hta", "htm", "html", "jar", "js",
    "lnk", "msi", "php", "pif", "ps1", "scr", "sh", "svg", "vbs", "wsf", "xls", "xlsm", "zip",
];

impl FileName {
    /// Reads a name as a client sent it; a path before it is not taken away but refused.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<(Self, FileType), NameFault> {
        let name: String = text.nfc().collect();
        let name = name.trim_end();
        if name.is_empty() {
            return Err(NameFault::Empty);
        }
        if name.len() > NAME_BYTES_AT_MOST || name.chars().count() > NAME_CHARS_AT_MOST {
            return Err(NameFault::TooLong);
        }
        if name.chars().any(is_hidden) {
            return Err(NameFault::Hidden);
        }
        if name.chars().any(|c| c.is_control() || r#"/\:*?"<>|"#.contains(c)) {
            return Err(NameFault::Character);
        }
        if name.starts_with('.') || name.starts_with(char::is_whitespace) {
            return Err(NameFault::Edge);
        }
        let (stem, extension) = name.rsplit_once('.').ok_or(NameFault::NotPermitted)?;
        let file_type = FileType::of_extension(extension).ok_or(NameFault::NotPermitted)?;
        let inner = stem.rsplit_once('.').map(|(_, inner)| inner.trim().to_ascii_lowercase());
        let deceives = |inner: String| {
            DECEIVING.contains(&inner.as_str()) || FileType::of_extension(&inner).is_some()
        };
        if inner.is_some_and(deceives) {
            return Err(NameFault::DoubleExtension);
        }
        Ok((Self(name.to_owned()), file_type))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its ending, without the dot.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// Marks that turn the direction of text (Unicode UAX #9), characters without width, separators of
/// lines and paragraphs, tags and marks that alter how their neighbour looks.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00AD
            | 0x034F
            | 0x061C
            | 0x115F..=0x1160
            | 0x17B4..=0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200F
            | 0x2028..=0x202E
            | 0x2060..=0x206F
            | 0x3164
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFA0
            | 0xFFF0..=0xFFFD
            | 0xE0000..=0xE0FFF
    )
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Only what no rule ever let in: a rule that becomes stricter must not spoil what is stored.
        let text = String::deserialize(from)?;
        let broken = |c: char| c.is_control() || matches!(c, '/' | '\\' | '"');
        if text.is_empty() || text.contains(broken) {
            return Err(serde::de::Error::custom("no name of a file"));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_the_office_are_taken_as_they_are() {
        for (text, kind) in [
            ("2024年度车辆管理收费标准.pdf", FileType::Pdf),
            ("送达回证(张三).JPG", FileType::Jpeg),
            ("统计表 2024.1-2024.6.xlsx", FileType::Xlsx),
            ("v1.2.docx", FileType::Docx),
            ("公文〔2024〕17号.ofd", FileType::Ofd),
            ("𠮷.png", FileType::Png),
        ] {
            let (name, found) = FileName::parse(text).unwrap();
            assert_eq!((name.as_str(), found), (text, kind));
        }
    }

    #[test]
    fn a_name_has_one_form() {
        let (name, _) = FileName::parse("cafe\u{301}.pdf  ").unwrap();
        assert_eq!(name.as_str(), "café.pdf");
        assert_eq!(name.extension(), "pdf");
    }

    #[test]
    fn names_that_deceive_or_break_out_are_refused() {
        let long = format!("{}.pdf", "长".repeat(117));
        let bytes = format!("{}.pdf", "a".repeat(252));
        for (text, fault) in [
            ("", NameFault::Empty),
            ("   ", NameFault::Empty),
            (long.as_str(), NameFault::TooLong),
            (bytes.as_str(), NameFault::TooLong),
            ("答复\u{202E}fdp.exe", NameFault::Hidden),
            ("答复\u{202E}xcod.pdf", NameFault::Hidden),
            ("a\u{200F}.pdf", NameFault::Hidden),
            ("a\u{2066}b.pdf", NameFault::Hidden),
            ("a\u{FEFF}.pdf", NameFault::Hidden),
            ("a\u{200B}.pdf", NameFault::Hidden),
            ("a\u{2028}b.pdf", NameFault::Hidden),
            ("a\0.pdf", NameFault::Character),
            ("a.exe\0.pdf", NameFault::Character),
            ("a\r\nX-Y: z.pdf", NameFault::Character),
            ("../../etc/passwd.pdf", NameFault::Character),
            ("C:\\a.pdf", NameFault::Character),
            ("a.pdf:stream", NameFault::Character),
            ("a\".pdf", NameFault::Character),
            (".pdf", NameFault::Edge),
            ("..pdf", NameFault::Edge),
            (" a.pdf", NameFault::Edge),
            ("a.pdf.exe", NameFault::NotPermitted),
            ("a.exe.pdf", NameFault::DoubleExtension),
            ("a.PDF.docx", NameFault::DoubleExtension),
            ("a.html .pdf", NameFault::DoubleExtension),
            ("a", NameFault::NotPermitted),
            ("a.", NameFault::NotPermitted),
            ("a.doc", NameFault::NotPermitted),
            ("a.docm", NameFault::NotPermitted),
            ("a.svg", NameFault::NotPermitted),
        ] {
            assert_eq!(FileName::parse(text), Err(fault), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_and_stays(text in "\\PC{0,20}\\.(pdf|PNG|docx)") {
            if let Ok((name, kind)) = FileName::parse(&text) {
                prop_assert_eq!(FileName::parse(name.as_str()), Ok((name.clone(), kind)));
                let json = serde_json::to_string(&name).unwrap();
                prop_assert_eq!(serde_json::from_str::<FileName>(&json).unwrap(), name);
            }
        }
    }
}
