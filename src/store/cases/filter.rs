//! What a list of cases asks for, as conditions on rows.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::{Boxed, Condition};
use crate::domain::actor::CaseScope;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::Channel;
use crate::domain::ids::{CaseId, UnitId, UserId};
use crate::domain::lifecycle::Status;
use crate::domain::measure::{Cohort, Part};
use crate::domain::text_enum::TextEnum;
use crate::store::schema::{case_tasks, cases};
use crate::store::tasks::Wait;
use crate::store::types::{At, Key};

#[diesel::declare_sql_function]
extern "SQL" {
    /// The text with A-Z in lower case: SQLite knows no other letters, and PostgreSQL none in a
    /// column of collation "C". LIKE alone would heed the case on one database only.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What a list asks for; every member narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CaseFilter {
    /// In one of these statuses.
    pub statuses: Vec<Status>,
    /// Answered for by one of these units.
    pub units: Option<Vec<UnitId>>,
    /// By one of these channels.
    pub channels: Vec<Channel>,
    /// From one of these kinds of applicant.
    pub applicant_types: Vec<ApplicantType>,
    /// Accepted by, or assigned to, this officer.
    pub officer: Option<UserId>,
    /// In the register and with nobody.
    pub unassigned: Option<Unassigned>,
    /// That wait for one of these.
    pub awaiting: Option<Vec<Wait>>,
    /// And that since this instant or longer.
    pub awaiting_since: Option<DateTime<Utc>>,
    /// Due on or after this day.
    pub due_from: Option<NaiveDate>,
    /// Due on or before this day.
    pub due_to: Option<NaiveDate>,
    /// Recorded at or after this instant.
    pub received_from: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    pub received_before: Option<DateTime<Utc>>,
    /// Last changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Last changed before this instant.
    pub updated_before: Option<DateTime<Utc>>,
    /// With a date of receipt on or after this day.
    pub receipt_from: Option<NaiveDate>,
    /// With a date of receipt on or before this day.
    pub receipt_to: Option<NaiveDate>,
    /// Without a reply, and due before this day.
    pub overdue_on: Option<NaiveDate>,
    /// Without a reply although in the register.
    pub unanswered: Option<Unanswered>,
    /// Whose case or receipt number begins so.
    pub number_prefix: Option<String>,
    /// Whose applicant's name begins so.
    pub name_prefix: Option<String>,
    /// Whose subject contains this.
    pub subject_contains: Option<String>,
    /// One of these cases.
    pub only: Option<Vec<CaseId>>,
    /// In which these words are found.
    pub words: Option<Words>,
    /// Counted in one of these parts of a rate.
    pub counted: Option<(Cohort, Vec<Part>)>,
}

/// A marker: only cases that nobody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unassigned;

/// A marker: only cases that still owe a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unanswered;

/// Words that are looked for where people look first: as the beginning of a number or of the
/// applicant's name, or anywhere in the subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    /// What was typed.
    pub text: String,
    /// May the name be asked?
    pub names: Names,
}

/// Whether a search may ask the applicant's name: who sees it masked may not guess at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Names {
    /// It may.
    Asked,
    /// It may not.
    LeftOut,
}

impl CaseFilter {
    /// Does it let every case through?
    pub(super) fn is_empty(&self) -> bool {
        self.statuses.is_empty() && self.units.is_none() && self.asks_nothing_else()
    }

    /// Does it ask for the open work of some units, and for nothing else?
    pub(super) fn is_open_work(&self) -> bool {
        self.units.is_some() && self.is_open() && self.asks_nothing_else()
    }

    /// Does it let no case through that is finished?
    fn is_open(&self) -> bool {
        !self.statuses.is_empty() && self.statuses.iter().all(|status| status.is_open())
    }

    /// Does it let no case through that is beyond this scope? The unit that answers for a case holds
    /// it or, when nobody does, received it (`Case::responsible_unit`).
    pub(super) fn stays_within(&self, scope: &CaseScope) -> bool {
        match (scope, &self.units) {
            (CaseScope::Units(seen), Some(units)) => units.iter().all(|unit| seen.contains(unit)),
            _ => false,
        }
    }

    fn asks_nothing_else(&self) -> bool {
        let Self {
            statuses: _,
            units: _,
            channels,
            applicant_types,
            officer,
            unassigned,
            awaiting,
            awaiting_since,
            due_from,
            due_to,
            received_from,
            received_before,
            updated_from,
            updated_before,
            receipt_from,
            receipt_to,
            overdue_on,
            unanswered,
            number_prefix,
            name_prefix,
            subject_contains,
            only,
            words,
            counted,
        } = self;
        let days = [due_from, due_to, receipt_from, receipt_to, overdue_on];
        let instants =
            [received_from, received_before, updated_from, updated_before, awaiting_since];
        let texts = [number_prefix, name_prefix, subject_contains];
        channels.is_empty()
            && applicant_types.is_empty()
            && officer.is_none()
            && unassigned.is_none()
            && awaiting.is_none()
            && unanswered.is_none()
            && only.is_none()
            && words.is_none()
            && counted.is_none()
            && days.iter().all(|day| day.is_none())
            && instants.iter().all(|at| at.is_none())
            && texts.iter().all(|text| text.is_none())
    }

    /// Does it let only those cases through of which something is due?
    pub(super) const fn wants_due(&self) -> bool {
        self.due_from.is_some() || self.due_to.is_some() || self.overdue_on.is_some()
    }
}

/// The query with every condition of the filter.
pub(super) fn narrowed<'a>(query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    let query = narrowed_by_kind(query, filter);
    let query = narrowed_by_time(query, filter);
    narrowed_by_text(query, filter)
}

/// The query with the condition of the status alone.
pub(super) fn in_status<'a>(query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    if filter.statuses.is_empty() {
        return query;
    }
    if !filter.is_open() {
        return query.filter(cases::status.eq_any(codes(&filter.statuses)));
    }
    // It follows from the statuses, and is the condition of an index.
    let query = query.filter(cases::answer_date.is_null()).filter(cases::closed_on.is_null());
    let all = Status::ALL.iter().filter(|status| status.is_open());
    if all.into_iter().all(|status| filter.statuses.contains(status)) {
        // An answer that has not been served is the one thing that is neither open nor finished.
        // Said so, the statement has no list, and SQLite can keep it prepared.
        query.filter(cases::status.ne(Status::Answered.as_str()))
    } else {
        query.filter(cases::status.eq_any(codes(&filter.statuses)))
    }
}

fn codes<T: TextEnum>(values: &[T]) -> Vec<&'static str> {
    values.iter().map(|value| value.code()).collect()
}

fn narrowed_by_kind<'a>(mut query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    if let Some(only) = &filter.only {
        let keys: Vec<Key> = only.iter().map(|case| Key(case.0)).collect();
        query = query.filter(cases::id.eq_any(keys));
    }
    query = in_status(query, filter);
    if let Some(units) = &filter.units {
        let keys: Vec<Key> = units.iter().map(|unit| Key(unit.0)).collect();
        query = query.filter(cases::responsible_unit_id.eq_any(keys));
    }
    if !filter.channels.is_empty() {
        query = query.filter(cases::channel.eq_any(codes(&filter.channels)));
    }
    if !filter.applicant_types.is_empty() {
        query = query.filter(cases::applicant_type.eq_any(codes(&filter.applicant_types)));
    }
    if let Some(officer) = filter.officer {
        query = query.filter(cases::officer_id.eq(Key(officer.0)));
    }
    if filter.unassigned.is_some() {
        query = query
            .filter(cases::holding_unit_id.is_null())
            .filter(cases::status.eq_any(codes(&[Status::Registered, Status::Supplemented])));
    }
    if let Some(kinds) = &filter.awaiting {
        let tasks: Vec<&str> = kinds.iter().map(|wait| wait.code()).collect();
        let waiting = case_tasks::table.filter(case_tasks::task.eq_any(tasks));
        let waiting = waiting.select(case_tasks::case_id);
        query = match filter.awaiting_since {
            Some(at) => {
                query.filter(cases::id.eq_any(waiting.filter(case_tasks::since.le(At(at)))))
            }
            None => query.filter(cases::id.eq_any(waiting)),
        };
    }
    if filter.unanswered.is_some() {
        query = query.filter(owes_reply());
    }
    if let Some((cohort, parts)) = &filter.counted {
        query = query.filter(cohort.condition());
        let mut any: Option<Condition> = None;
        for part in parts {
            let part = cohort.part(*part);
            any = Some(match any {
                None => part,
                Some(others) => Box::new(others.or(part)),
            });
        }
        if let Some(any) = any {
            query = query.filter(any);
        }
    }
    query
}

fn narrowed_by_time<'a>(mut query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    // Nothing is due of a case that ended without an answer.
    if filter.due_from.is_some() || filter.due_to.is_some() {
        query = query.filter(cases::closed_on.is_null());
    }
    if let Some(day) = filter.due_from {
        query = query.filter(cases::due_date.ge(day));
    }
    if let Some(day) = filter.due_to {
        query = query.filter(cases::due_date.le(day));
    }
    if let Some(at) = filter.received_from {
        query = query.filter(cases::received_at.ge(At(at)));
    }
    if let Some(at) = filter.received_before {
        query = query.filter(cases::received_at.lt(At(at)));
    }
    if let Some(at) = filter.updated_from {
        query = query.filter(cases::updated_at.ge(At(at)));
    }
    if let Some(at) = filter.updated_before {
        query = query.filter(cases::updated_at.lt(At(at)));
    }
    if let Some(day) = filter.receipt_from {
        query = query.filter(cases::receipt_date.ge(day));
    }
    if let Some(day) = filter.receipt_to {
        query = query.filter(cases::receipt_date.le(day));
    }
    if let Some(today) = filter.overdue_on {
        query = query.filter(cases::due_date.lt(today)).filter(owes_reply());
    }
    query
}

/// In the register, and neither replied to nor closed without a reply. An issued answer that has
/// not been served is no reply yet (crate::domain::measure).
fn owes_reply() -> Condition {
    Box::new(cases::finished_on.is_null().and(cases::case_number.is_not_null()).nullable())
}

fn narrowed_by_text<'a>(mut query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    if let Some(prefix) = &filter.number_prefix {
        query = query.filter(number_begins(prefix));
    }
    if let Some(prefix) = &filter.name_prefix {
        query = query.filter(name_begins(prefix));
    }
    if let Some(part) = &filter.subject_contains {
        query = query.filter(subject_contains(part));
    }
    if let Some(Words { text, names }) = &filter.words {
        let found = number_begins(text).or(subject_contains(text));
        query = match names {
            Names::Asked => query.filter(found.or(name_begins(text))),
            Names::LeftOut => query.filter(found),
        };
    }
    query
}

fn number_begins(prefix: &str) -> Condition {
    let end = end_of_prefix(prefix);
    let case_number =
        cases::case_number.ge(prefix.to_owned()).and(cases::case_number.lt(end.clone()));
    let receipt_number =
        cases::receipt_number.ge(prefix.to_owned()).and(cases::receipt_number.lt(end));
    Box::new(case_number.or(receipt_number.nullable()))
}

fn name_begins(prefix: &str) -> Condition {
    let begins = cases::applicant_name
        .ge(prefix.to_owned())
        .and(cases::applicant_name.lt(end_of_prefix(prefix)));
    Box::new(begins.nullable())
}

/// Letters A-Z match in either case.
fn subject_contains(part: &str) -> Condition {
    let part = part.to_ascii_lowercase();
    let escaped = part.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    Box::new(lower(cases::subject).like(format!("%{escaped}%")).escape('\\').nullable())
}

/// The first text after every text with this prefix, in the order of code points, which is that
/// of UTF-8 bytes and so of both databases.
fn end_of_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}
