//! Who an applicant is and how to reach him: validated, normalised personal data.
//!
//! Every type here is made by `parse` only, so a value that exists is well formed. None of them
//! prints its content: `Debug` is redacted and there is neither `Display` nor `Serialize`.
//! `as_str` gives the clear, normalised text (what is sealed and indexed), `masked` the form for
//! those who may not see it.

mod contact;
mod document;
mod name;
mod number;

pub use contact::{Email, Phone, Postcode};
pub use document::{IdDocument, IdKind};
pub use name::{Address, OrganizationName, PersonName};
pub use number::{CreditCode, OrganizationCode, ResidentId};

/// Why a text is not the personal datum it was given as. Never carries the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", .0.en)]
pub struct IdentityError(&'static Reason);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Reason {
    code: &'static str,
    zh: &'static str,
    en: &'static str,
}

macro_rules! reasons {
    ($($name:ident = $code:literal : $zh:literal / $en:literal),+ $(,)?) => {
        impl IdentityError {
            $(
                #[doc = concat!("`", $code, "`: ", $en)]
                pub const $name: Self = Self(&Reason { code: $code, zh: $zh, en: $en });
            )+
            /// Every reason, for the catalogue of errors.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

reasons! {
    EMPTY = "identity_empty" : "不能为空" / "must not be empty",
    LENGTH = "identity_length" : "长度不符合要求" / "the length is not permitted",
    CHARACTERS = "identity_characters" : "含有不允许的字符" / "contains characters that are not permitted",
    CHECKSUM = "identity_checksum" : "校验码不正确" / "the check character is wrong",
    BIRTH_DATE = "identity_birth_date" : "号码中的出生日期不存在或晚于当日"
        / "the birth date in the number does not exist or lies in the future",
    FIFTEEN_DIGITS = "identity_fifteen_digits" : "十五位身份证号码仅可用于2008年至2012年收到的申请"
        / "a 15-digit number is accepted only for applications received in 2008 to 2012",
    PHONE = "identity_phone" : "电话号码格式不正确,固定电话须带区号"
        / "not a mobile number, nor a landline number with its area code",
    EMAIL = "identity_email" : "电子邮箱格式不正确" / "not an e-mail address",
    POSTCODE = "identity_postcode" : "邮政编码应为六位数字" / "a postcode has six digits",
    DOCUMENT_NUMBER = "identity_document_number" : "证件号码与证件种类不符"
        / "the number does not have the form of this kind of document",
}

impl IdentityError {
    /// The stable code, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    /// The explanation in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        self.0.zh
    }

    /// The explanation in English.
    #[must_use]
    pub const fn en(self) -> &'static str {
        self.0.en
    }
}

/// Gives a newtype over a normalised text its redacted `Debug` and its `as_str`.
macro_rules! personal_text {
    ($name:ident) => {
        impl $name {
            /// The clear, normalised text. Seal it before it leaves the process.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([personal])"))
            }
        }
    };
}
use personal_text;

/// Full-width ASCII (as a Chinese input method types it) to ASCII; other characters unchanged.
pub(crate) fn fold_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c)
        }
        _ => c,
    }
}

/// One of the strokes that people type for a hyphen.
const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}'
    )
}

/// A number as written on paper or typed: width folded, spaces removed, letters upper case.
#[must_use]
pub fn compact_upper(text: &str) -> String {
    text.chars()
        .map(fold_width)
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Control characters, and the invisible ones that reorder or hide text.
fn is_control_or_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        )
}

/// Keeps `head` and `tail` characters and one `*` for each between them; hides at least half.
fn mask_middle(text: &str, head: usize, tail: usize) -> String {
    let length = text.chars().count();
    let (head, tail) = if head.saturating_add(tail) > length.div_ceil(2).max(1) && length < 15 {
        let kept = length / 4;
        (kept, kept)
    } else {
        (head, tail)
    };
    text.chars()
        .enumerate()
        .map(|(at, c)| {
            let shown = at < head || at.saturating_add(tail) >= length;
            if shown { c } else { '*' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_texts_present() {
        let codes: BTreeSet<_> = IdentityError::ALL.iter().map(|e| e.code()).collect();
        assert_eq!(codes.len(), IdentityError::ALL.len());
        for error in IdentityError::ALL {
            assert!(error.code().starts_with("identity_"));
            assert!(!error.zh().is_empty() && error.to_string() == error.en());
        }
    }

    #[test]
    fn masks_keep_little_of_short_numbers() {
        assert_eq!(mask_middle("220102199003071235", 6, 4), "220102********1235");
        assert_eq!(mask_middle("220102900307123", 6, 4), "220102*****7123");
        assert_eq!(mask_middle("E12345678", 6, 4), "E1*****78");
        assert_eq!(mask_middle("123", 6, 4), "***");
        assert_eq!(mask_middle("", 6, 4), "");
    }
}
