//! What waits on a case for somebody else than its holder, and what a draft may know of other cases.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::conn::Conn;
use super::error::Result;
use super::rows::CaseRow;
use super::schema::cases;
use crate::domain::case::{Case, ReviewKind};
use crate::domain::lifecycle::{EarlierCase, EarlierCases, Status, awaited_reviews};

/// A review for which a draft waits; a row of `case_tasks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which.
    pub kind: ReviewKind,
    /// Since when: the draft's instant.
    pub since: DateTime<Utc>,
}

impl Task {
    /// What the review is called in the table.
    #[must_use]
    pub const fn code(kind: ReviewKind) -> &'static str {
        match kind {
            ReviewKind::Secrecy => "secrecy_review",
            ReviewKind::Legality => "legality_review",
        }
    }
}

/// What waits on a case; it follows from its record alone.
#[must_use]
pub fn of(case: &Case) -> Vec<Task> {
    let Some(draft) = &case.record.draft else { return Vec::new() };
    let since = draft.drafted_at;
    awaited_reviews(case).into_iter().map(|kind| Task { kind, since }).collect()
}

/// The cases with these numbers, as far as a draft that refers to them must know them.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub(super) fn earlier(conn: &mut Conn, numbers: &[&str]) -> Result<EarlierCases> {
    let rows: Vec<CaseRow> = cases::table
        .filter(cases::case_number.assume_not_null().eq_any(numbers.to_vec()))
        .filter(cases::status.ne(Status::Voided.as_str()))
        .load(conn)?;
    let mut found = EarlierCases::new();
    for row in rows {
        let case = row.to_case()?;
        let Some(entry) = case.record.registration else { continue };
        let application = case.record.intake.application;
        let known = EarlierCase {
            id: case.id,
            lookup: application.lookup,
            applicant_type: application.applicant.kind,
            applicant_name: application.applicant.name,
            answered_on: case.record.clock.and_then(|clock| clock.answer_date),
        };
        found.insert(entry.case_number, known);
    }
    Ok(found)
}
