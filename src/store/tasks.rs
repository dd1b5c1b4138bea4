//! What waits on a case for somebody else than its holder, and what a draft may know of other cases.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::conn::Conn;
use super::error::Result;
use super::rows::CaseRow;
use super::schema::cases;
use crate::domain::case::{Case, ReviewKind, Subtask};
use crate::domain::deadline::start_of_legal_day;
use crate::domain::lifecycle::{EarlierCase, EarlierCases, Status, awaited_reviews};

/// What a case waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// A review of its draft.
    Review(ReviewKind),
    /// To be put away, since the day on which it ended.
    Archive,
    /// To be looked at, for its papers need not be kept any longer: since the day after the last on
    /// which they must be, which may lie ahead.
    Appraisal,
}

impl Wait {
    /// What it is called in the table.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Review(ReviewKind::Secrecy) => "secrecy_review",
            Self::Review(ReviewKind::Legality) => "legality_review",
            Self::Archive => "archive",
            Self::Appraisal => "appraisal",
        }
    }
}

/// Something for which a case waits; a row of `case_tasks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// For what.
    pub wait: Wait,
    /// Since when: for a review, the draft's instant.
    pub since: DateTime<Utc>,
}

/// What waits on a case; it follows from its record alone.
#[must_use]
pub fn of(case: &Case) -> Vec<Task> {
    let record = &case.record;
    if let Some(archive) = &record.archive {
        let over = archive.keep_until.and_then(|day| day.succ_opt()).map(start_of_legal_day);
        return over.map(|since| Task { wait: Wait::Appraisal, since }).into_iter().collect();
    }
    if let Some(ended_on) = case.ended_on() {
        let busy = record.subtasks.iter().any(Subtask::is_open);
        let closes = case.status() != Status::Voided && !busy;
        let since = start_of_legal_day(ended_on);
        return closes.then_some(Task { wait: Wait::Archive, since }).into_iter().collect();
    }
    let Some(draft) = &record.draft else { return Vec::new() };
    let since = draft.drafted_at;
    let reviews = awaited_reviews(case).into_iter();
    reviews.map(|kind| Task { wait: Wait::Review(kind), since }).collect()
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
