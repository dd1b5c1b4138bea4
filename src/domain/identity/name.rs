//! Names and addresses: free text with limits.

use super::{IdentityError, fold_width, is_control_or_invisible, personal_text};

/// Trims, turns runs of white space into one space, and checks length and characters.
fn free_text(text: &str, length: std::ops::RangeInclusive<usize>) -> Result<String, IdentityError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IdentityError::EMPTY);
    }
    if text.chars().any(is_control_or_invisible) {
        return Err(IdentityError::CHARACTERS);
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if length.contains(&text.chars().count()) { Ok(text) } else { Err(IdentityError::LENGTH) }
}

/// A person's name (姓名), 2 to 50 characters. The dot of minority names is stored as `·` U+00B7
/// whichever of its look-alikes was typed; characters beyond the basic plane are kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);
personal_text!(PersonName);

impl PersonName {
    /// Reads a name.
    ///
    /// # Errors
    /// Empty, length, or control and invisible characters.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let dotted: String = text
            .chars()
            .map(|c| match c {
                '\u{2022}' | '\u{2027}' | '\u{22C5}' | '\u{30FB}' | '\u{FF65}' => '·',
                other => other,
            })
            .collect();
        free_text(&dotted, 2..=50).map(Self)
    }

    /// The first character and one `*`, whatever the length: `张*`.
    #[must_use]
    pub fn masked(&self) -> String {
        self.0.chars().take(1).chain(['*']).collect()
    }
}

/// The name of an organisation (法人或其他组织名称), 2 to 100 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OrganizationName(String);
personal_text!(OrganizationName);

impl OrganizationName {
    /// Reads a name.
    ///
    /// # Errors
    /// Empty, length, or control and invisible characters.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        free_text(text, 2..=100).map(Self)
    }

    /// The first two characters (one of a name of two) and `***`.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = if self.0.chars().count() > 2 { 2 } else { 1 };
        self.0.chars().take(shown).chain(['*'; 3]).collect()
    }
}

/// A postal address (通信地址), 1 to 200 characters on one line; full-width digits and letters
/// are folded so that one address has one form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(String);
personal_text!(Address);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Empty, length, or control and invisible characters (a line break is one).
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let folded: String = text
            .chars()
            .map(|c| {
                let narrow = fold_width(c);
                if narrow.is_ascii_alphanumeric() || narrow == ' ' { narrow } else { c }
            })
            .collect();
        free_text(&folded, 1..=200).map(Self)
    }

    /// The first six characters (half of an address that has no more) and `***`.
    #[must_use]
    pub fn masked(&self) -> String {
        let length = self.0.chars().count();
        let shown = if length > 6 { 6 } else { length / 2 };
        self.0.chars().take(shown).chain(['*'; 3]).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        for (typed, stored, masked) in [
            (" 张三 ", "张三", "张*"),
            ("欧阳小明", "欧阳小明", "欧*"),
            ("买买提•艾力", "买买提·艾力", "买*"),
            ("John  Smith", "John Smith", "J*"),
            ("𠮷田", "𠮷田", "𠮷*"),
        ] {
            let name = PersonName::parse(typed).unwrap();
            assert_eq!((name.as_str(), name.masked().as_str()), (stored, masked));
        }
        assert_eq!(PersonName::parse("张"), Err(IdentityError::LENGTH));
        assert_eq!(PersonName::parse("  "), Err(IdentityError::EMPTY));
        assert_eq!(PersonName::parse(&"张".repeat(51)), Err(IdentityError::LENGTH));
        for hidden in ["张\u{0}三", "张\n三", "张\u{202E}三", "张\u{200B}三", "张\u{1b}[31m三"]
        {
            assert_eq!(PersonName::parse(hidden), Err(IdentityError::CHARACTERS), "{hidden:?}");
        }
    }

    #[test]
    fn organization_names() {
        let name = OrganizationName::parse("长春市某某科技有限公司").unwrap();
        assert_eq!(name.masked(), "长春***");
        assert!(OrganizationName::parse(&"长".repeat(100)).is_ok());
        assert!(OrganizationName::parse(&"长".repeat(101)).is_err());
        assert_eq!(OrganizationName::parse("一汽").unwrap().masked(), "一***");
    }

    #[test]
    fn addresses() {
        let address = Address::parse("长春市人民大街２６２７号(南楼),１０９室").unwrap();
        assert_eq!(address.as_str(), "长春市人民大街2627号(南楼),109室");
        assert_eq!(address.masked(), "长春市人民大***");
        assert_eq!(Address::parse("长春市南关区").unwrap().masked(), "长春市***");
        assert_eq!(Address::parse("甲").unwrap().masked(), "***");
        assert_eq!(Address::parse("a\r\nb"), Err(IdentityError::CHARACTERS));
        assert_eq!(Address::parse(&"长".repeat(201)), Err(IdentityError::LENGTH));
        assert_eq!(format!("{address:?}"), "Address([personal])");
    }

    proptest! {
        #[test]
        fn a_stored_text_reads_back_unchanged(text in "\\PC{0,60}") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name.clone()));
            }
            if let Ok(address) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(address.as_str()), Ok(address.clone()));
            }
        }
    }
}
