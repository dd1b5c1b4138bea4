//! How to reach an applicant: telephone, e-mail, postcode.

use super::{IdentityError, fold_width, is_dash, personal_text};

/// A Chinese telephone number: mobile `13800000000`, or landline with area code
/// `0431-88900000`, with an extension `0431-88900000-123`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);
personal_text!(Phone);

impl Phone {
    /// Reads a number. Spaces, brackets, any kind of dash, full-width digits and `+86` are
    /// accepted; the same number always gets the same stored form.
    ///
    /// # Errors
    /// Empty, or neither a mobile nor a landline number.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let typed: String = text
            .chars()
            .map(fold_width)
            .map(|c| if is_dash(c) || matches!(c, '(' | ')') { '-' } else { c })
            .filter(|c| !c.is_whitespace())
            .collect();
        if typed.is_empty() {
            return Err(IdentityError::EMPTY);
        }
        let (national, abroad) = match typed.strip_prefix("+86").or(typed.strip_prefix("0086")) {
            Some(rest) => (rest, true),
            None => (typed.as_str(), false),
        };
        let groups: Vec<&str> = national.split('-').filter(|g| !g.is_empty()).collect();
        if groups.iter().any(|g| !g.chars().all(|c| c.is_ascii_digit())) {
            return Err(IdentityError::PHONE);
        }
        let digits = groups.concat();
        if is_mobile(&digits) {
            return Ok(Self(digits));
        }
        let zero = if abroad && !digits.starts_with('0') { "0" } else { "" };
        landline(zero, &groups).map(Self).ok_or(IdentityError::PHONE)
    }

    /// Whether this is a mobile number.
    #[must_use]
    pub fn is_mobile(&self) -> bool {
        is_mobile(&self.0)
    }

    /// `138****0000`, or `0431-****0000` without the extension.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut groups = self.0.split('-');
        let first = groups.next().unwrap_or_default();
        match groups.next() {
            None => {
                let head: String = first.chars().take(3).collect();
                format!("{head}****{}", last_four(first))
            }
            Some(local) => format!("{first}-****{}", last_four(local)),
        }
    }
}

fn last_four(digits: &str) -> String {
    digits.chars().skip(digits.chars().count().saturating_sub(4)).collect()
}

/// `^1[3-9]\d{9}$`
fn is_mobile(digits: &str) -> bool {
    let mut chars = digits.chars();
    chars.next() == Some('1')
        && chars.next().is_some_and(|c| matches!(c, '3'..='9'))
        && chars.clone().count() == 9
        && chars.all(|c| c.is_ascii_digit())
}

/// `^0\d{2,3}-?\d{7,8}(-\d{1,6})?$`, with dashes inside the local number tolerated.
fn landline(zero: &str, groups: &[&str]) -> Option<String> {
    let (first, rest) = groups.split_first()?;
    let first = format!("{zero}{first}");
    if !first.starts_with('0') {
        return None;
    }
    // Without a dash the length of the area code follows from its second digit: 010 and 02x
    // have three digits, all others four.
    let three = matches!(first.chars().nth(1), Some('1' | '2'));
    let area_length = if first.len() == 3 || three { 3 } else { 4 };
    let (area, attached) = first.split_at_checked(area_length)?;
    let mut local = attached.to_owned();
    let mut rest = rest.iter();
    while local.len() < 7 {
        local.push_str(rest.next()?);
    }
    let extension: Vec<&&str> = rest.collect();
    if local.len() > 8 {
        return None;
    }
    match extension.as_slice() {
        [] => Some(format!("{area}-{local}")),
        [extension] if extension.len() <= 6 => Some(format!("{area}-{local}-{extension}")),
        _ => None,
    }
}

/// An e-mail address (电子邮箱) in ASCII; the domain is stored in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);
personal_text!(Email);

impl Email {
    /// Reads an address: a dot-atom of RFC 5322 section 3.2.3 of at most 64 characters, `@`, and
    /// a domain with a dot; 254 characters in all (RFC 5321).
    ///
    /// # Errors
    /// Empty, length, or not such an address.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let text: String = text.trim().chars().map(fold_width).collect();
        if text.is_empty() {
            return Err(IdentityError::EMPTY);
        }
        if text.chars().count() > 254 {
            return Err(IdentityError::LENGTH);
        }
        match text.rsplit_once('@') {
            Some((local, domain)) if is_dot_atom(local) && is_mail_domain(domain) => {
                Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
            }
            _ => Err(IdentityError::EMAIL),
        }
    }

    /// The form for the blind index: lower case throughout, because nearly every server treats
    /// the local part so.
    #[must_use]
    pub fn index_text(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The first character and the domain: `z***@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let first: String = local.chars().take(1).collect();
        format!("{first}***@{domain}")
    }
}

fn is_dot_atom(local: &str) -> bool {
    local.len() <= 64
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
        })
}

fn is_mail_domain(domain: &str) -> bool {
    let last_has_letter =
        domain.rsplit('.').next().is_some_and(|l| l.chars().any(|c| c.is_ascii_alphabetic()));
    domain.contains('.')
        && last_has_letter
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// A postcode (邮政编码) of six digits; Changchun has 130xxx.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Postcode(String);
personal_text!(Postcode);

impl Postcode {
    /// Reads six digits.
    ///
    /// # Errors
    /// Empty, or not six digits.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let code = super::compact_upper(text);
        if code.is_empty() {
            Err(IdentityError::EMPTY)
        } else if code.len() == 6 && code.chars().all(|c| c.is_ascii_digit()) {
            Ok(Self(code))
        } else {
            Err(IdentityError::POSTCODE)
        }
    }

    /// The first three digits: `130***`.
    #[must_use]
    pub fn masked(&self) -> String {
        super::mask_middle(&self.0, 3, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn phones_have_one_form() {
        for (typed, stored, masked) in [
            ("13800000000", "13800000000", "138****0000"),
            ("+86 138-0000-0000", "13800000000", "138****0000"),
            ("１３８００００００００", "13800000000", "138****0000"),
            ("0431-88900000", "0431-88900000", "0431-****0000"),
            ("043188900000", "0431-88900000", "0431-****0000"),
            ("(0431) 8890 0000", "0431-88900000", "0431-****0000"),
            ("0431—8890—0000—123", "0431-88900000-123", "0431-****0000"),
            ("010-12345678", "010-12345678", "010-****5678"),
            ("01012345678", "010-12345678", "010-****5678"),
            ("+86 431 88900000", "0431-88900000", "0431-****0000"),
        ] {
            let phone = Phone::parse(typed).unwrap();
            assert_eq!((phone.as_str(), phone.masked().as_str()), (stored, masked), "{typed}");
        }
    }

    #[test]
    fn what_is_no_phone() {
        for wrong in [
            "88900000",
            "12800000000",
            "1380000000",
            "138000000000",
            "0431-8890",
            "110",
            "0431-889000001",
            "0431-88900000-1234567",
            "0431-88900000-1-2",
            "0431-8890000a",
            "-",
        ] {
            assert_eq!(Phone::parse(wrong), Err(IdentityError::PHONE), "{wrong}");
        }
        assert_eq!(Phone::parse(" "), Err(IdentityError::EMPTY));
    }

    #[test]
    fn emails() {
        let email = Email::parse(" Zhang.San+gk@Mail.Example.COM ").unwrap();
        assert_eq!(email.as_str(), "Zhang.San+gk@mail.example.com");
        assert_eq!(email.index_text(), "zhang.san+gk@mail.example.com");
        assert_eq!(Email::parse("zhangsan@example.com").unwrap().masked(), "z***@example.com");
        for wrong in [
            "a@b",
            "@example.com",
            "a@@example.com",
            "a b@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a@-x.com",
            "a@example.123",
            "a@exa_mple.com",
            "a\r\nb@example.com",
            "张三@example.com",
            "a@例子.com",
        ] {
            assert_eq!(Email::parse(wrong), Err(IdentityError::EMAIL), "{wrong}");
        }
        let long = format!("a@{}.com", "b.".repeat(130));
        assert_eq!(Email::parse(&long), Err(IdentityError::LENGTH));
    }

    #[test]
    fn postcodes() {
        assert_eq!(Postcode::parse("130 021").unwrap().as_str(), "130021");
        assert_eq!(Postcode::parse("130021").unwrap().masked(), "130***");
        for wrong in ["13002", "1300211", "13002x"] {
            assert_eq!(Postcode::parse(wrong), Err(IdentityError::POSTCODE));
        }
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in "[+0-9() -]{0,20}", mail in "\\PC{0,12}@\\PC{0,12}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone.clone()));
                prop_assert!(phone.masked().contains("****"));
            }
            if let Ok(email) = Email::parse(&mail) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            }
        }
    }

    #[test]
    fn debug_is_redacted() {
        let phone = Phone::parse("13800000000").unwrap();
        assert_eq!(format!("{phone:?}"), "Phone([personal])");
    }
}
