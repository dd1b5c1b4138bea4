//! Fictional applicants: well-formed data that belong to nobody.
//!
//! Serial numbers 000 are not given to citizens, telephone numbers 14000 not to people, and
//! example.com to no one; the check characters are right, so the system accepts them. Applicants at
//! different places share nothing by which one could be taken for the other, up to [`PLACES`].

use chrono::{Datelike as _, NaiveDate};

use super::DemoError;
use super::data::ApplicantRow;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::identity::{Address, Email, IdDocument, IdKind, Phone, Postcode};
use crate::service::cases::ApplicantInput;

/// The areas in which the applicants live: codes and names.
const AREAS: [(&str, &str); 6] = [
    ("220102", "南关区"),
    ("220103", "宽城区"),
    ("220104", "朝阳区"),
    ("220105", "二道区"),
    ("220106", "绿园区"),
    ("220112", "双阳区"),
];

/// The days of birth that a citizen may have: 28 of every month of 45 years.
const BIRTHS: usize = 45 * 12 * 28;

/// How many applicants can be told apart.
pub(super) const PLACES: usize = AREAS.len() * BIRTHS;

/// From this year on organisations show the unified social credit code.
const UNIFIED_CODE_YEAR: i32 = 2016;

/// The applicant at a place of the list, as he introduces himself on a day.
pub(super) fn applicant(
    place: usize,
    row: &ApplicantRow,
    day: NaiveDate,
) -> Result<ApplicantInput, DemoError> {
    let home = (place + place / BIRTHS) % AREAS.len();
    let (area, district) = AREAS.get(home).copied().unwrap_or(("220102", "南关区"));
    let (kind, number) = if row.kind.is_natural_person() {
        (IdKind::ResidentIdCard, resident_number(area, place))
    } else if day.year() < UNIFIED_CODE_YEAR {
        (IdKind::OrganizationCode, organization_code(place))
    } else {
        (IdKind::UnifiedSocialCreditCode, credit_code(row.kind, place))
    };
    let street = format!("吉林省长春市{district}示例路{}号", place + 1);
    let contact = (!row.kind.is_natural_person()).then(|| "经办人".to_owned());
    Ok(ApplicantInput {
        kind: row.kind,
        name: row.name.clone(),
        document: Some(IdDocument::parse(kind, &number, day)?),
        phone: Some(Phone::parse(&format!("140{place:08}"))?),
        address: Some(Address::parse(&street)?),
        postcode: Some(Postcode::parse("130000")?),
        email: Some(Email::parse(&format!("applicant{place:03}@example.com"))?),
        contact_name: contact,
    })
}

/// A citizen's number with its check character (GB 11643).
fn resident_number(area: &str, place: usize) -> String {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    // Neighbours are not born on neighbouring days: 7919 is prime, so no birth comes twice.
    let birth = place * 7919 % BIRTHS;
    let (year, month, day) = (1950 + birth / 336, 1 + birth / 28 % 12, 1 + birth % 28);
    let body = format!("{area}{year}{month:02}{day:02}000");
    let sum = weighted(&body, &WEIGHTS);
    let check = "10X98765432".chars().nth(sum % 11).unwrap_or('0');
    format!("{body}{check}")
}

/// An organisation code with its check character (GB 11714).
fn organization_code(place: usize) -> String {
    const WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("{place:08}");
    let check = match 11 - weighted(&body, &WEIGHTS) % 11 {
        10 => "X".to_owned(),
        11 => "0".to_owned(),
        digit => digit.to_string(),
    };
    format!("{body}{check}")
}

/// A unified social credit code with its check character (GB 32100).
fn credit_code(kind: ApplicantType, place: usize) -> String {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let registry = match kind {
        ApplicantType::ResearchInstitution => "12",
        ApplicantType::LegalServiceOrganization => "31",
        ApplicantType::PublicWelfareOrganization => "53",
        ApplicantType::NaturalPerson
        | ApplicantType::CommercialEnterprise
        | ApplicantType::OtherOrganization => "91",
    };
    let body = format!("{registry}220101{}", organization_code(place));
    let value = |c: char| ALPHABET.chars().position(|a| a == c).unwrap_or_default();
    let sum: usize = body.chars().zip(WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    let check = ALPHABET.chars().nth((31 - sum % 31) % 31).unwrap_or('0');
    format!("{body}{check}")
}

fn weighted(digits: &str, weights: &[usize]) -> usize {
    let values = digits.chars().map(|c| c.to_digit(10).unwrap_or_default() as usize);
    values.zip(weights).map(|(value, weight)| value * weight).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_applicants_can_be_taken_for_one() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let mut seen = HashSet::new();
        for kind in [ApplicantType::NaturalPerson, ApplicantType::CommercialEnterprise] {
            let row = ApplicantRow { name: "示例".to_owned(), kind };
            seen.clear();
            for place in 0..PLACES {
                let made = applicant(place, &row, day).unwrap();
                let document = made.document.unwrap().as_str().to_owned();
                assert!(seen.insert(document), "{kind:?} {place}");
                assert!(seen.insert(made.phone.unwrap().as_str().to_owned()), "{place}");
                assert!(seen.insert(made.email.unwrap().as_str().to_owned()), "{place}");
            }
        }
    }
}
