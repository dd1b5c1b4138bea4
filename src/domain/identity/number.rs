//! Numbers that the state gives to persons and organisations.

use chrono::{Datelike, NaiveDate};

use super::{IdentityError, compact_upper, is_dash, mask_middle, personal_text};

const RESIDENT_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const RESIDENT_CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANIZATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// Receipt years whose paper files may still carry a 15-digit number: from the Regulation's
/// first year to the last before such cards ended on 1 January 2013.
const FIFTEEN_DIGIT_YEARS: std::ops::RangeInclusive<i32> = 2008..=2012;

/// A citizen's identity number (公民身份号码), 18 characters with upper-case `X`, or, in files of
/// 2008 to 2012, 15 digits. Source: GB 11643-1999.
///
/// The area code is not checked against a list: codes of abolished areas stay on valid cards.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentId(String);
personal_text!(ResidentId);

impl ResidentId {
    /// Reads an 18-character number. Spaces, full-width digits and a lower-case `x` are accepted.
    ///
    /// # Errors
    /// Length, characters, check character, or a birth date that does not exist or is after
    /// `today`; a 15-digit number has its own error.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, IdentityError> {
        let number = compact_upper(text);
        match number.chars().count() {
            0 => Err(IdentityError::EMPTY),
            15 => Err(IdentityError::FIFTEEN_DIGITS),
            18 => check_eighteen(&number, today).map(|()| Self(number)),
            _ => Err(IdentityError::LENGTH),
        }
    }

    /// Reads a number from a paper file: like [`ResidentId::parse`], and for a receipt date in
    /// 2008 to 2012 also a 15-digit one, which has no check character and births of 19xx only.
    ///
    /// # Errors
    /// As [`ResidentId::parse`], with `receipt_date` for today.
    pub fn parse_historical(text: &str, receipt_date: NaiveDate) -> Result<Self, IdentityError> {
        let number = compact_upper(text);
        if number.chars().count() != 15 || !FIFTEEN_DIGIT_YEARS.contains(&receipt_date.year()) {
            return Self::parse(text, receipt_date);
        }
        if !number.chars().all(|c| c.is_ascii_digit()) {
            return Err(IdentityError::CHARACTERS);
        }
        let birth: String = "19".chars().chain(number.chars().skip(6).take(6)).collect();
        check_birth(&birth, receipt_date).map(|()| Self(number))
    }

    /// The birth date that the number carries.
    #[must_use]
    pub fn birth_date(&self) -> Option<NaiveDate> {
        let digits: String = if self.0.len() == 15 {
            "19".chars().chain(self.0.chars().skip(6).take(6)).collect()
        } else {
            self.0.chars().skip(6).take(8).collect()
        };
        date_of(&digits)
    }

    /// Area code and last four characters: `220102********1235`.
    #[must_use]
    pub fn masked(&self) -> String {
        mask_middle(&self.0, 6, 4)
    }
}

/// Checks form, check character and birth date of 18 characters after GB 11643.
pub(super) fn check_eighteen(number: &str, today: NaiveDate) -> Result<(), IdentityError> {
    let mut sum = 0;
    for (c, weight) in number.chars().zip(RESIDENT_WEIGHTS) {
        let digit = c.to_digit(10).ok_or(IdentityError::CHARACTERS)?;
        sum += digit * weight;
    }
    let last = number.chars().nth(17).ok_or(IdentityError::LENGTH)?;
    if !last.is_ascii_digit() && last != 'X' {
        return Err(IdentityError::CHARACTERS);
    }
    let birth: String = number.chars().skip(6).take(8).collect();
    check_birth(&birth, today)?;
    if RESIDENT_CHECKS.get((sum % 11) as usize) == Some(&last) {
        Ok(())
    } else {
        Err(IdentityError::CHECKSUM)
    }
}

fn check_birth(digits: &str, today: NaiveDate) -> Result<(), IdentityError> {
    match date_of(digits) {
        Some(birth) if birth <= today => Ok(()),
        _ => Err(IdentityError::BIRTH_DATE),
    }
}

/// The date of eight digits `YYYYMMDD`.
fn date_of(digits: &str) -> Option<NaiveDate> {
    let number: i32 = digits.parse().ok()?;
    let month = u32::try_from(number / 100 % 100).ok()?;
    let day = u32::try_from(number % 100).ok()?;
    NaiveDate::from_ymd_opt(number / 10_000, month, day)
}

/// A unified social credit code (统一社会信用代码), 18 characters. Source: GB 32100-2015.
///
/// Some codes of the first years fail the check character and are nevertheless in use, so a
/// failure is a warning for the clerk, [`CreditCode::checksum_ok`], and no rejection.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CreditCode(String);
personal_text!(CreditCode);

impl CreditCode {
    /// Reads 18 characters of the alphabet without I, O, S, V, Z; lower case is accepted.
    ///
    /// # Errors
    /// Length or characters. A wrong check character is no error.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let code = compact_upper(text);
        match code.chars().count() {
            0 => Err(IdentityError::EMPTY),
            18 if code.chars().all(|c| CREDIT_ALPHABET.contains(c)) => Ok(Self(code)),
            18 => Err(IdentityError::CHARACTERS),
            _ => Err(IdentityError::LENGTH),
        }
    }

    /// Whether the 18th character is the check character of the other 17.
    #[must_use]
    pub fn checksum_ok(&self) -> bool {
        let value = |c: char| CREDIT_ALPHABET.chars().zip(0_u32..).find(|(a, _)| *a == c);
        let sum: u32 = self
            .0
            .chars()
            .zip(CREDIT_WEIGHTS)
            .map(|(c, weight)| value(c).map_or(0, |(_, v)| v) * weight)
            .sum();
        let check = (31 - sum % 31) % 31;
        CREDIT_ALPHABET.chars().nth(check as usize) == self.0.chars().nth(17)
    }

    /// First six and last four characters.
    #[must_use]
    pub fn masked(&self) -> String {
        mask_middle(&self.0, 6, 4)
    }
}

/// An organisation code (组织机构代码), eight characters and a check character, in use before the
/// unified social credit code. Source: GB 11714-1997.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OrganizationCode(String);
personal_text!(OrganizationCode);

impl OrganizationCode {
    /// Reads nine characters, with or without the hyphen before the last.
    ///
    /// # Errors
    /// Length or characters. A wrong check character is no error: see
    /// [`OrganizationCode::checksum_ok`].
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let code: String = compact_upper(text).chars().filter(|c| !is_dash(*c)).collect();
        let last_ok = code.chars().last().is_some_and(|c| c.is_ascii_digit() || c == 'X');
        match code.chars().count() {
            0 => Err(IdentityError::EMPTY),
            9 if last_ok && code.chars().all(|c| c.is_ascii_alphanumeric()) => Ok(Self(code)),
            9 => Err(IdentityError::CHARACTERS),
            _ => Err(IdentityError::LENGTH),
        }
    }

    /// Whether the ninth character is the check character of the other eight. A warning, as for
    /// [`CreditCode::checksum_ok`].
    #[must_use]
    pub fn checksum_ok(&self) -> bool {
        let sum: u32 = self
            .0
            .chars()
            .zip(ORGANIZATION_WEIGHTS)
            .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
            .sum();
        let expected = match 11 - sum % 11 {
            10 => Some('X'),
            11 => Some('0'),
            digit => char::from_digit(digit, 10),
        };
        expected == self.0.chars().nth(8)
    }

    /// First and last two characters.
    #[must_use]
    pub fn masked(&self) -> String {
        mask_middle(&self.0, 2, 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn resident(text: &str) -> Result<ResidentId, IdentityError> {
        ResidentId::parse(text, day("2024-06-03"))
    }

    #[test]
    fn valid_resident_numbers() {
        for number in
            ["11010519491231002X", "440524188001010014", "220102199003071235", "220104198512150028"]
        {
            assert_eq!(resident(number).unwrap().as_str(), number);
        }
        let typed = resident(" 110105 19491231 ００２x ").unwrap();
        assert_eq!(typed.as_str(), "11010519491231002X");
        assert_eq!(typed.birth_date(), Some(day("1949-12-31")));
        assert_eq!(typed.masked(), "110105********002X");
    }

    #[test]
    fn invalid_resident_numbers() {
        for (number, why) in [
            ("", IdentityError::EMPTY),
            ("110105194912310021", IdentityError::CHECKSUM),
            ("1101051949123100", IdentityError::LENGTH),
            ("1101051949123100X2", IdentityError::CHARACTERS),
            ("11010519491231002A", IdentityError::CHARACTERS),
            ("110105194902300025", IdentityError::BIRTH_DATE),
            ("220102900307123", IdentityError::FIFTEEN_DIGITS),
            ("身份证号码身份证号码身份证号码身份证", IdentityError::CHARACTERS),
        ] {
            assert_eq!(resident(number).unwrap_err(), why, "{number}");
        }
    }

    #[test]
    fn a_birth_date_may_be_today_but_not_tomorrow() {
        let number = "220102199003071235";
        assert!(ResidentId::parse(number, day("1990-03-07")).is_ok());
        assert_eq!(ResidentId::parse(number, day("1990-03-06")), Err(IdentityError::BIRTH_DATE));
    }

    #[test]
    fn fifteen_digits_only_in_files_of_2008_to_2012() {
        let old = "220102900307123";
        for (date, accepted) in [
            ("2007-12-31", false),
            ("2008-05-01", true),
            ("2012-12-31", true),
            ("2013-01-01", false),
        ] {
            assert_eq!(ResidentId::parse_historical(old, day(date)).is_ok(), accepted, "{date}");
        }
        let read = ResidentId::parse_historical(old, day("2011-03-01")).unwrap();
        assert_eq!(read.birth_date(), Some(day("1990-03-07")));
        assert_eq!(
            ResidentId::parse_historical("220102901307123", day("2011-03-01")),
            Err(IdentityError::BIRTH_DATE)
        );
        assert!(ResidentId::parse_historical("220102199003071235", day("2011-03-01")).is_ok());
    }

    #[test]
    fn credit_codes_warn_and_do_not_reject() {
        for (code, ok) in [
            ("91350100M000100Y43", true),
            ("91220101MA0Y1TE5T6", true),
            ("52220100MJ1234567T", true),
            ("11220100013523000D", true),
            ("91350100M000100Y4A", false),
            ("91310115MA1H8R7C6D", false),
        ] {
            assert_eq!(CreditCode::parse(code).unwrap().checksum_ok(), ok, "{code}");
        }
        assert_eq!(CreditCode::parse("91350100m000100y43").unwrap().as_str(), "91350100M000100Y43");
        assert_eq!(CreditCode::parse("91350100I000100Y43"), Err(IdentityError::CHARACTERS));
        assert_eq!(CreditCode::parse("91350100M000100Y4"), Err(IdentityError::LENGTH));
    }

    #[test]
    fn organization_codes() {
        let code = OrganizationCode::parse("D2143569-X").unwrap();
        assert_eq!(code.as_str(), "D2143569X");
        assert!(code.checksum_ok());
        assert!(!OrganizationCode::parse("D21435691").unwrap().checksum_ok());
        assert_eq!(OrganizationCode::parse("D2143569A"), Err(IdentityError::CHARACTERS));
        assert_eq!(OrganizationCode::parse("D2143569"), Err(IdentityError::LENGTH));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,24}") {
            let _ = resident(&text);
            let _ = ResidentId::parse_historical(&text, day("2011-01-01"));
            let _ = CreditCode::parse(&text).map(|c| c.checksum_ok());
            let _ = OrganizationCode::parse(&text).map(|c| c.checksum_ok());
        }

        #[test]
        fn one_wrong_digit_never_passes(at in 0_usize..17, add in 1_u8..10) {
            let mut digits: Vec<u8> = b"220102199003071235".to_vec();
            digits[at] = (digits[at] - b'0' + add) % 10 + b'0';
            let changed = String::from_utf8(digits).unwrap();
            prop_assert!(resident(&changed).is_err());
        }
    }

    #[test]
    fn debug_is_redacted() {
        let id = resident("220102199003071235").unwrap();
        assert_eq!(format!("{id:?}"), "ResidentId([personal])");
    }
}
