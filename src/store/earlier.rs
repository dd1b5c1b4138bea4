//! A person's earlier cases, by the digests of what identifies or reaches him.

use std::collections::HashMap;

use diesel::prelude::*;

use super::cases::{CaseLine, within};
use super::conn::{Conn, MultiBackend};
use super::error::{Error, Result};
use super::schema::cases;
use crate::domain::actor::CaseScope;
use crate::domain::earlier::{EarlierCase, SHOWN_AT_MOST};
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::Status;
use crate::domain::sealed::{BlindIndex, PersonalField};

/// A datum by which a person is recognised.
pub type PersonKey = (PersonalField, BlindIndex);

/// Which of these data any case was recorded with, whoever may see it; the others are left out. Most who apply do so for
/// the first time, and are asked for together.
///
/// # Errors
/// The database cannot be read.
pub fn known(conn: &mut Conn, keys: &[PersonKey]) -> Result<HashMap<PersonKey, bool>> {
    macro_rules! among {
        ($column:expr, $digests:expr) => {
            cases::table
                .filter($column.eq_any($digests))
                .select($column.assume_not_null())
                .distinct()
                .load(conn)
        };
    }
    let mut known = HashMap::new();
    for field in [PersonalField::IdNumber, PersonalField::Phone, PersonalField::Email] {
        let of_field = keys.iter().filter(|(kind, _)| *kind == field);
        let digests: Vec<Vec<u8>> = of_field.map(|(_, index)| index.as_bytes().to_vec()).collect();
        if digests.is_empty() {
            continue;
        }
        let found: Vec<Vec<u8>> = match field {
            PersonalField::IdNumber => among!(cases::id_number_index, digests),
            PersonalField::Phone => among!(cases::phone_index, digests),
            PersonalField::Email => among!(cases::email_index, digests),
            // An address is not indexed: a house has many people.
            PersonalField::Address => continue,
        }?;
        let found = found.iter().filter_map(|digest| BlindIndex::from_slice(digest));
        known.extend(found.map(|index| ((field, index), true)));
    }
    Ok(known)
}

/// The newest cases of a person and one more when there are more, newest first; each once, with
/// all the data by which he was recognised. A voided case is none. One query by index per datum.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn of_person(
    conn: &mut Conn,
    scope: &CaseScope,
    keys: &[(PersonalField, BlindIndex)],
) -> Result<Vec<EarlierCase>> {
    let mut found: Vec<EarlierCase> = Vec::new();
    for (field, index) in keys {
        for line in by_key(conn, scope, *field, index)? {
            match found.iter_mut().find(|case| case.id.0 == line.id.0) {
                Some(known) => known.recognised_by.push(*field),
                None => found.push(earlier_case(line, *field)?),
            }
        }
    }
    found.sort_by_key(|case| std::cmp::Reverse((case.received_at, case.id)));
    found.truncate(SHOWN_AT_MOST + 1);
    Ok(found)
}

fn by_key(
    conn: &mut Conn,
    scope: &CaseScope,
    field: PersonalField,
    index: &BlindIndex,
) -> Result<Vec<CaseLine>> {
    let digest = index.as_bytes().to_vec();
    let query = cases::table
        .into_boxed::<MultiBackend>()
        .filter(within(scope))
        .filter(cases::status.ne(Status::Voided.as_str()));
    let query = match field {
        PersonalField::IdNumber => query.filter(cases::id_number_index.eq(digest)),
        PersonalField::Phone => query.filter(cases::phone_index.eq(digest)),
        PersonalField::Email => query.filter(cases::email_index.eq(digest)),
        // An address is not indexed: a house has many people.
        PersonalField::Address => return Ok(Vec::new()),
    };
    let limit = i64::try_from(SHOWN_AT_MOST + 1).unwrap_or(i64::MAX);
    let query = query.order((cases::received_at.desc(), cases::id.desc()));
    Ok(query.limit(limit).select(CaseLine::as_select()).load(conn)?)
}

fn earlier_case(line: CaseLine, field: PersonalField) -> Result<EarlierCase> {
    Ok(EarlierCase {
        id: CaseId(line.id.0),
        receipt_number: line.receipt_number,
        case_number: line.case_number,
        status: Status::parse(&line.status).map_err(Error::corrupt)?,
        applicant_name: line.applicant_name,
        subject: line.subject,
        received_at: line.received_at.0,
        answer_date: line.answer_date,
        decision: line.decision,
        recognised_by: vec![field],
        likeness: 0,
        repeated: false,
    })
}
