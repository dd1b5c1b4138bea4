//! The document by which an applicant proves who he is (身份证明, art. 29 of the 2019 text).

use chrono::NaiveDate;

use super::number::check_eighteen;
use super::{CreditCode, IdentityError, OrganizationCode, ResidentId, compact_upper, is_dash};
use crate::domain::text_enum::text_enum;

text_enum! {
    /// The kinds of identity document (证件种类).
    pub enum IdKind in "id_kind" {
        /// 18 characters, GB 11643-1999.
        ResidentIdCard = "resident_id_card" : "居民身份证" / "resident identity card",
        /// Carries the same number as the card.
        TemporaryIdCard = "temporary_id_card" : "临时居民身份证" / "temporary resident identity card",
        /// The page of a person, usually a minor, carries the citizen's identity number.
        HouseholdRegister = "household_register" : "户口簿" / "household register",
        /// Chinese or foreign: 5 to 15 letters and digits.
        Passport = "passport" : "护照" / "passport",
        /// `H` or `M` and 8 digits, with or without the two digits of the issue count.
        HkMacaoPermit = "hk_macao_permit" : "港澳居民来往内地通行证"
            / "mainland travel permit for Hong Kong and Macao residents",
        /// 8 digits; older ones 10 digits and perhaps a letter.
        TaiwanPermit = "taiwan_permit" : "台湾居民来往大陆通行证"
            / "mainland travel permit for Taiwan residents",
        /// 18 characters as of GB 11643 with area code 810000, 820000 or 830000.
        ResidencePermitHmt = "residence_permit_hmt" : "港澳台居民居住证"
            / "residence permit for Hong Kong, Macao and Taiwan residents",
        /// Three letters and 12 digits, or, since 2023, 18 characters beginning with 9.
        ForeignPermanentResidentCard = "foreign_permanent_resident_card" : "外国人永久居留身份证"
            / "foreign permanent resident identity card",
        /// Forms vary (军官证, 士兵证): 4 to 20 Chinese characters, letters and digits.
        MilitaryId = "military_id" : "军官证/士兵证" / "military identity card",
        /// GB 32100-2015, from October 2015.
        UnifiedSocialCreditCode = "unified_social_credit_code" : "统一社会信用代码"
            / "unified social credit code",
        /// GB 11714-1997, before the unified code.
        OrganizationCode = "organization_code" : "组织机构代码" / "organisation code",
        /// 15 digits, or the unified code that replaced it.
        BusinessLicence = "business_licence" : "营业执照" / "business licence",
    }
}

impl IdKind {
    /// Whether documents of this kind belong to organisations and not to natural persons.
    #[must_use]
    pub const fn is_for_organization(self) -> bool {
        matches!(
            self,
            Self::UnifiedSocialCreditCode | Self::OrganizationCode | Self::BusinessLicence
        )
    }
}

/// A kind of document and its number, checked as far as the form of the number is known.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdDocument {
    kind: IdKind,
    number: String,
    checksum_ok: bool,
}

impl IdDocument {
    /// Reads a number of the given kind; spaces, full-width and lower-case letters are accepted.
    ///
    /// # Errors
    /// Those of the number's own type, or [`IdentityError::DOCUMENT_NUMBER`].
    pub fn parse(kind: IdKind, number: &str, today: NaiveDate) -> Result<Self, IdentityError> {
        Self::read(kind, number, today, ResidentId::parse)
    }

    /// Reads a number from a paper file: 15-digit resident numbers are accepted when
    /// `receipt_date` lies in 2008 to 2012.
    ///
    /// # Errors
    /// As [`IdDocument::parse`].
    pub fn parse_historical(
        kind: IdKind,
        number: &str,
        receipt_date: NaiveDate,
    ) -> Result<Self, IdentityError> {
        Self::read(kind, number, receipt_date, ResidentId::parse_historical)
    }

    fn read(
        kind: IdKind,
        text: &str,
        date: NaiveDate,
        resident: fn(&str, NaiveDate) -> Result<ResidentId, IdentityError>,
    ) -> Result<Self, IdentityError> {
        let number = compact_upper(text);
        if number.is_empty() {
            return Err(IdentityError::EMPTY);
        }
        let mut checksum_ok = true;
        let number = match kind {
            IdKind::ResidentIdCard | IdKind::TemporaryIdCard | IdKind::HouseholdRegister => {
                resident(&number, date)?.as_str().to_owned()
            }
            IdKind::ResidencePermitHmt => {
                let area: String = number.chars().take(6).collect();
                only(number, matches!(area.as_str(), "810000" | "820000" | "830000"))
                    .and_then(|n| ResidentId::parse(&n, date))?
                    .as_str()
                    .to_owned()
            }
            IdKind::UnifiedSocialCreditCode => credit_code(&number, &mut checksum_ok)?,
            IdKind::BusinessLicence if number.chars().count() == 18 => {
                credit_code(&number, &mut checksum_ok)?
            }
            IdKind::BusinessLicence => licence(number)?,
            IdKind::OrganizationCode => {
                let code = OrganizationCode::parse(&number)?;
                checksum_ok = code.checksum_ok();
                code.as_str().to_owned()
            }
            IdKind::Passport => passport(number)?,
            IdKind::HkMacaoPermit => hk_macao_permit(number)?,
            IdKind::TaiwanPermit => taiwan_permit(&number)?,
            IdKind::ForeignPermanentResidentCard => foreign_card(number, date)?,
            IdKind::MilitaryId => military(number)?,
        };
        Ok(Self { kind, number, checksum_ok })
    }

    /// The kind of document.
    #[must_use]
    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The clear, normalised number. Seal it before it leaves the process.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// False when an organisation's code fails its check character: warn the clerk, who may go
    /// on. True for every kind without such a rule.
    #[must_use]
    pub const fn checksum_ok(&self) -> bool {
        self.checksum_ok
    }

    /// The number with its middle hidden: `220102********1235`.
    #[must_use]
    pub fn masked(&self) -> String {
        super::mask_middle(&self.number, 6, 4)
    }
}

impl std::fmt::Debug for IdDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdDocument({}, [personal])", self.kind)
    }
}

/// The number when it has the form of its kind.
#[expect(clippy::fn_params_excessive_bools, reason = "read as: only this, if that")]
fn only(number: String, has_form: bool) -> Result<String, IdentityError> {
    if has_form { Ok(number) } else { Err(IdentityError::DOCUMENT_NUMBER) }
}

fn all_digits(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

fn credit_code(number: &str, checksum_ok: &mut bool) -> Result<String, IdentityError> {
    let code = CreditCode::parse(number)?;
    *checksum_ok = code.checksum_ok();
    Ok(code.as_str().to_owned())
}

fn licence(number: String) -> Result<String, IdentityError> {
    let form = all_digits(&number, &[15]);
    only(number, form)
}

fn passport(number: String) -> Result<String, IdentityError> {
    let form = (5..=15).contains(&number.len())
        && number.chars().all(|c| c.is_ascii_alphanumeric())
        && number.chars().any(|c| c.is_ascii_digit());
    only(number, form)
}

fn hk_macao_permit(number: String) -> Result<String, IdentityError> {
    let form = number.strip_prefix(['H', 'M']).is_some_and(|rest| all_digits(rest, &[8, 10]));
    only(number, form)
}

fn taiwan_permit(number: &str) -> Result<String, IdentityError> {
    let number: String = number.chars().filter(|c| !matches!(c, '(' | ')')).collect();
    let old = number.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(&number);
    let form = all_digits(&number, &[8]) || all_digits(old, &[10]);
    only(number, form)
}

fn foreign_card(number: String, date: NaiveDate) -> Result<String, IdentityError> {
    if number.chars().count() == 18 {
        check_eighteen(&number, date)?;
        let form = number.starts_with('9');
        return only(number, form);
    }
    let letters = number.chars().take(3).filter(char::is_ascii_uppercase).count();
    let digits: String = number.chars().skip(3).collect();
    only(number, letters == 3 && all_digits(&digits, &[12]))
}

fn military(number: String) -> Result<String, IdentityError> {
    let form = (4..=20).contains(&number.chars().count())
        && number.chars().all(|c| c.is_alphanumeric() || is_dash(c))
        && number.chars().filter(char::is_ascii_digit).count() >= 4;
    only(number, form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: IdKind, number: &str) -> Result<IdDocument, IdentityError> {
        IdDocument::parse(kind, number, "2024-06-03".parse().unwrap())
    }

    #[test]
    fn accepted_numbers_of_every_kind() {
        let accepted = [
            (IdKind::ResidentIdCard, "220102199003071235", "220102********1235"),
            (IdKind::TemporaryIdCard, "11010519491231002x", "110105********002X"),
            (IdKind::HouseholdRegister, "440524188001010014", "440524********0014"),
            (IdKind::Passport, "e12345678", "E1*****78"),
            (IdKind::HkMacaoPermit, "H12345678", "H1*****78"),
            (IdKind::HkMacaoPermit, "M1234567801", "M1*******01"),
            (IdKind::TaiwanPermit, "12345678", "12****78"),
            (IdKind::TaiwanPermit, "0123456789(B)", "01*******9B"),
            (IdKind::ResidencePermitHmt, "810000199003071237", "810000********1237"),
            (IdKind::ForeignPermanentResidentCard, "USA110075081610", "USA110*****1610"),
            (IdKind::ForeignPermanentResidentCard, "911156198108160014", "911156********0014"),
            (IdKind::MilitaryId, "军字第2001988号", "军字*******8号"),
            (IdKind::UnifiedSocialCreditCode, "91220101MA0Y1TE5T6", "912201********E5T6"),
            (IdKind::OrganizationCode, "D2143569-X", "D2*****9X"),
            (IdKind::BusinessLicence, "220101000012345", "220101*****2345"),
            (IdKind::BusinessLicence, "91220101MA0Y1TE5T6", "912201********E5T6"),
        ];
        for (kind, number, masked) in accepted {
            let document = read(kind, number).unwrap_or_else(|e| panic!("{kind} {number}: {e}"));
            assert_eq!((document.kind(), document.checksum_ok()), (kind, true));
            assert_eq!(document.masked(), masked, "{kind}");
            assert_eq!(read(kind, document.as_str()), Ok(document));
        }
        for kind in IdKind::ALL {
            assert!(accepted.iter().any(|(k, ..)| k == kind), "{kind} has no example");
        }
    }

    #[test]
    fn refused_numbers() {
        for (kind, number) in [
            (IdKind::Passport, "E123"),
            (IdKind::Passport, "ABCDEFGH"),
            (IdKind::HkMacaoPermit, "T12345678"),
            (IdKind::TaiwanPermit, "123456789"),
            (IdKind::ResidencePermitHmt, "220102199003071235"),
            (IdKind::ForeignPermanentResidentCard, "US1110075081610"),
            (IdKind::ForeignPermanentResidentCard, "220102199003071235"),
            (IdKind::MilitaryId, "军字第号"),
            (IdKind::BusinessLicence, "22010100001234"),
        ] {
            assert_eq!(read(kind, number), Err(IdentityError::DOCUMENT_NUMBER), "{kind} {number}");
        }
        for kind in IdKind::ALL {
            assert_eq!(read(*kind, " "), Err(IdentityError::EMPTY));
        }
    }

    #[test]
    fn a_wrong_check_character_of_an_organisation_is_a_warning() {
        let document = read(IdKind::UnifiedSocialCreditCode, "91310115MA1H8R7C6D").unwrap();
        assert!(!document.checksum_ok());
    }

    #[test]
    fn old_numbers_need_the_historical_reading() {
        let date = "2011-03-01".parse().unwrap();
        let (kind, number) = (IdKind::ResidentIdCard, "220102900307123");
        assert!(IdDocument::parse(kind, number, date).is_err());
        assert!(IdDocument::parse_historical(kind, number, date).is_ok());
    }

    #[test]
    fn debug_is_redacted() {
        let document = read(IdKind::Passport, "E12345678").unwrap();
        assert_eq!(format!("{document:?}"), "IdDocument(passport, [personal])");
    }
}
