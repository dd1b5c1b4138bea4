//! What the public door reads: a case by a number that somebody typed, and how much one person has
//! sent in. There is no scope: nobody is told anything of a case before he has shown its code.

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::command::{Caller, Idempotency};
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::{cases, idempotency_keys};
use super::types::{At, Key};
use super::workspace::{OUTCOME_KEPT_HOURS, principal};
use crate::domain::channel::Channel;
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::Status;
use crate::domain::public_status::exists_in;
use crate::domain::sealed::BlindIndex;

/// The case that exists for the public with one of these numbers, a receipt number or a case number, and the digest of its
/// query code: no more than it takes to compare, so that a case which is there costs no more than
/// one which is not.
///
/// # Errors
/// The database cannot be read.
pub fn by_number(conn: &mut Conn, numbers: &[String]) -> Result<Option<(CaseId, String)>> {
    let found: Option<(Key, String, String)> = cases::table
        .filter(
            cases::receipt_number.eq_any(numbers).nullable().or(cases::case_number.eq_any(numbers)),
        )
        .order(cases::id)
        .select((cases::id, cases::query_code_digest, cases::status))
        .first(conn)
        .optional()?;
    let Some((id, digest, status)) = found else { return Ok(None) };
    let status = Status::parse(&status).map_err(Error::corrupt)?;
    Ok(exists_in(status).then_some((CaseId(id.0), digest)))
}

/// How many applications of one person have come online since an instant.
///
/// # Errors
/// The database cannot be read.
pub fn online_since(conn: &mut Conn, person: &[BlindIndex], since: DateTime<Utc>) -> Result<i64> {
    let person: Vec<Vec<u8>> = person.iter().map(|index| index.as_bytes().to_vec()).collect();
    Ok(cases::table
        .filter(cases::id_number_index.eq_any(person))
        .filter(cases::channel.eq(Channel::Online.as_str()))
        .filter(cases::received_at.ge(At(since)))
        .select(count_star())
        .first(conn)?)
}

/// Has this request of an applicant been carried out before, so that it only asks for its outcome?
///
/// # Errors
/// The database cannot be read.
pub fn is_repeated(conn: &mut Conn, idempotency: &Idempotency, now: DateTime<Utc>) -> Result<bool> {
    let Some(principal) = principal(Caller::Applicant, idempotency) else { return Ok(false) };
    let known = idempotency_keys::table
        .filter(idempotency_keys::principal.eq(Key(principal)))
        .filter(idempotency_keys::idempotency_key.eq(&idempotency.key))
        .filter(idempotency_keys::created_at.ge(At(now - Duration::hours(OUTCOME_KEPT_HOURS))));
    Ok(diesel::select(exists(known)).get_result(conn)?)
}
