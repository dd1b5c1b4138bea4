//! The query code (查询码) by which an applicant without an account follows his case.

use std::fmt;

/// Crockford base 32: no I, L, O, U.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// A secret of 80 random bits, shown once as `XXXX-XXXX-XXXX-XXXX` and stored only as a keyed
/// digest. It has no `Display` and its `Debug` is redacted: [`QueryCode::reveal`] is the only
/// way to its text.
#[derive(Clone, PartialEq, Eq)]
pub struct QueryCode([u8; 10]);

/// A text that is not a query code. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a query code has 16 letters and digits, as XXXX-XXXX-XXXX-XXXX")]
pub struct QueryCodeError;

impl QueryCodeError {
    /// The stable code, for programs.
    pub const CODE: &'static str = "query_code_malformed";
}

impl QueryCode {
    /// Makes a code of ten random bytes, which the caller draws.
    #[must_use]
    pub const fn from_random(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// Reads a code as people type it: any case, with or without dashes and spaces, full-width
    /// characters, O for 0, I and L for 1.
    ///
    /// # Errors
    /// Not 16 characters of the alphabet.
    pub fn parse(text: &str) -> Result<Self, QueryCodeError> {
        let mut value = 0_u128;
        let mut count = 0_u32;
        for c in text.chars() {
            let c = narrow(c);
            if c.is_whitespace() || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}') {
                continue;
            }
            count += 1;
            if count > 16 {
                return Err(QueryCodeError);
            }
            value = value << 5 | u128::from(digit(c).ok_or(QueryCodeError)?);
        }
        if count != 16 {
            return Err(QueryCodeError);
        }
        let wide = value.to_be_bytes();
        wide.last_chunk::<10>().map(|bytes| Self(*bytes)).ok_or(QueryCodeError)
    }

    /// The clear text `XXXX-XXXX-XXXX-XXXX`, for the receipt and nothing else.
    #[must_use]
    pub fn reveal(&self) -> String {
        let value = self.0.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
        let mut text = String::with_capacity(19);
        for at in 0..16_u32 {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            let index = (value >> (5 * (15 - at)) & 31) as usize;
            text.extend(ALPHABET.get(index));
        }
        text
    }

    /// The ten bytes, for the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }
}

impl fmt::Debug for QueryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueryCode([secret])")
    }
}

fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c)
        }
        _ => c,
    }
}

/// The value of a character, 0 to 31.
fn digit(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|a| *a == c).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_texts() {
        assert_eq!(QueryCode::from_random([0; 10]).reveal(), "0000-0000-0000-0000");
        assert_eq!(QueryCode::from_random([255; 10]).reveal(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        let ascending = QueryCode::from_random([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(ascending.reveal(), "0410-6105-0R3G-G28A");
    }

    #[test]
    fn typing_is_forgiven() {
        let code = QueryCode::parse("0101-ABCD-EFGH-JKMN").unwrap();
        for typed in [
            "0101abcdefghjkmn",
            " oIoL abcd efgh jkmn ",
            "OiOl–ABCD—EFGH－JKMN",
            "０１０１-ABCD-EFGH-JKMN",
        ] {
            assert_eq!(QueryCode::parse(typed), Ok(code.clone()), "{typed}");
        }
        for wrong in
            ["", "0101-ABCD-EFGH-JKM", "0101-ABCD-EFGH-JKMNP", "0101-ABCD-EFGH-JKMU", "查询码"]
        {
            assert_eq!(QueryCode::parse(wrong), Err(QueryCodeError), "{wrong}");
        }
    }

    #[test]
    fn debug_is_redacted() {
        assert_eq!(format!("{:?}", QueryCode::from_random([9; 10])), "QueryCode([secret])");
    }

    proptest! {
        #[test]
        fn round_trip(bytes: [u8; 10]) {
            let code = QueryCode::from_random(bytes);
            prop_assert_eq!(QueryCode::parse(&code.reveal()), Ok(code.clone()));
            prop_assert_eq!(QueryCode::parse(&code.reveal().to_lowercase()), Ok(code));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = QueryCode::parse(&text);
        }
    }
}
