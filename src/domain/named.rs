//! What units and users are called, and why a unit is closed. Every door reads these texts here, so
//! that none takes what another refuses. What is stored already is not read again: an older name
//! stays what it is until it is changed.

use std::ops::RangeInclusive;

/// Why a text will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// It is no user name.
    UserName,
    /// It is no code of a unit.
    UnitCode,
    /// It has too few or too many characters; these are allowed.
    Length(RangeInclusive<usize>),
    /// It is blank, or a character of it controls something.
    BlankOrControlCharacter,
}

/// Is this one line of text that says something: not blank and without control characters, of which
/// PostgreSQL refuses one (NUL)?
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

fn line(text: &str, length: RangeInclusive<usize>) -> Result<String, NameFault> {
    if !length.contains(&text.chars().count()) {
        Err(NameFault::Length(length))
    } else if is_plain(text) {
        Ok(text.to_owned())
    } else {
        Err(NameFault::BlankOrControlCharacter)
    }
}

/// A text that has been read.
macro_rules! read_text {
    ($(#[$about:meta])* $name:ident by $read:expr) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Reads it.
            ///
            /// # Errors
            /// What is wrong with the text.
            pub fn parse(text: &str) -> Result<Self, NameFault> {
                let read: fn(&str) -> Result<String, NameFault> = $read;
                read(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

read_text! {
    /// The name by which a user logs in: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or
    /// digit. One way to write it, so that no two names look alike.
    UserName by |text| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let goes_on = |b: u8| plain(b) || b".-_".contains(&b);
        of_bytes(text, 64, plain, goes_on).ok_or(NameFault::UserName)
    }
}

read_text! {
    /// The short stable name of a unit: 1 to 40 of `a-z 0-9 _ -`, beginning with a letter.
    UnitCode by |text| {
        let goes_on = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b);
        of_bytes(text, 40, |b| b.is_ascii_lowercase(), goes_on).ok_or(NameFault::UnitCode)
    }
}

read_text! {
    /// The name of a user that others see: 1 to 50 characters.
    DisplayName by |text| line(text, 1..=50)
}

read_text! {
    /// The name of a unit, as letters print it: 1 to 100 characters.
    UnitName by |text| line(text, 1..=100)
}

read_text! {
    /// Why a unit is closed: 1 to 1000 characters.
    ClosingReason by |text| line(text, 1..=1000)
}

fn of_bytes(
    text: &str,
    most: usize,
    begins: impl Fn(u8) -> bool,
    goes_on: impl Fn(u8) -> bool,
) -> Option<String> {
    let mut bytes = text.bytes();
    let good = bytes.next().is_some_and(begins) && text.len() <= most && bytes.all(goes_on);
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_one_way_to_be_written() {
        for good in ["a", "0", "wang.li-2_x", &"a".repeat(64)] {
            assert_eq!(UserName::parse(good).map(String::from).as_deref(), Ok(good));
        }
        for bad in ["", "Bad Name", "Groß Ü", ".a", "a\n", "wang\u{200b}", &"a".repeat(65)] {
            assert_eq!(UserName::parse(bad), Err(NameFault::UserName), "{bad:?}");
        }
        for good in ["a", "window_nanguan-2", &"a".repeat(40)] {
            assert_eq!(UnitCode::parse(good).map(String::from).as_deref(), Ok(good));
        }
        for bad in ["", "Bad Code!", "1a", "a.b", "a ", &"a".repeat(41)] {
            assert_eq!(UnitCode::parse(bad), Err(NameFault::UnitCode), "{bad:?}");
        }
    }

    #[test]
    fn names_are_one_line_that_says_something() {
        let blank = NameFault::BlankOrControlCharacter;
        for good in ["王丽", "O'Neil Ü", &"王".repeat(50)] {
            assert_eq!(DisplayName::parse(good).map(String::from).as_deref(), Ok(good));
        }
        assert_eq!(DisplayName::parse(""), Err(NameFault::Length(1..=50)));
        assert_eq!(DisplayName::parse(&"王".repeat(51)), Err(NameFault::Length(1..=50)));
        assert_eq!(UnitName::parse(&"局".repeat(101)), Err(NameFault::Length(1..=100)));
        assert_eq!(ClosingReason::parse(""), Err(NameFault::Length(1..=1000)));
        for bad in ["  ", "\u{3000}", "a\tb", "a\nb", "a\0"] {
            assert_eq!(UnitName::parse(bad), Err(blank.clone()), "{bad:?}");
            assert_eq!(DisplayName::parse(bad), Err(blank.clone()), "{bad:?}");
        }
    }
}
