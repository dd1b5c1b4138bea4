//! Reading cases: one by id, lists by filter, exact search by blind index. Scope is a predicate of
//! every query.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use super::conn::{Conn, MultiBackend};
use super::error::Result;
use super::rows::{CaseRow, case_of};
use super::schema::cases;
use super::types::{At, Doc, Key};
use crate::domain::actor::CaseScope;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::Case;
use crate::domain::channel::Channel;
use crate::domain::ids::{CaseId, UnitId, UserId};
use crate::domain::lifecycle::Status;
use crate::domain::measure::{Cohort, Part};
use crate::domain::sealed::BlindIndex;

#[diesel::declare_sql_function]
extern "SQL" {
    /// The text with A-Z in lower case: SQLite knows no other letters, and PostgreSQL none in a
    /// column of collation "C". LIKE alone would heed the case on one database only.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A condition on the table of cases.
pub(super) type Condition =
    Box<dyn BoxableExpression<cases::table, MultiBackend, SqlType = Nullable<Bool>>>;

/// Which cases exist for the actor, as a condition.
pub(super) fn within(scope: &CaseScope) -> Condition {
    match scope {
        CaseScope::All => Box::new(cases::version.ge(1).nullable()),
        CaseScope::Units(units) => {
            let keys: Vec<Key> = units.iter().map(|unit| Key(unit.0)).collect();
            Box::new(
                cases::holding_unit_id
                    .eq_any(keys.clone())
                    .or(cases::receiving_unit_id.eq_any(keys).nullable()),
            )
        }
        CaseScope::Nothing => Box::new(cases::version.lt(1).nullable()),
    }
}

/// What a list asks for; every member narrows it.
#[derive(Clone, Debug, Default)]
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
    /// Due on or after this day.
    pub due_from: Option<NaiveDate>,
    /// Due on or before this day.
    pub due_to: Option<NaiveDate>,
    /// Recorded at or after this instant.
    pub received_from: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    pub received_before: Option<DateTime<Utc>>,
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
    /// Counted in one of these parts of a rate.
    pub counted: Option<(Cohort, Vec<Part>)>,
}

/// A marker: only cases that nobody holds.
#[derive(Clone, Copy, Debug)]
pub struct Unassigned;

/// A marker: only cases that still owe a reply.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered;

/// The order of a list. Each ends with the id, so that it is total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Newest first.
    ReceivedDesc,
    /// Oldest first.
    ReceivedAsc,
    /// Due first; cases without a due date are left out.
    DueAsc,
    /// Due last; cases without a due date are left out.
    DueDesc,
}

/// The place in a list after which the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an order by recording.
    Received(DateTime<Utc>, CaseId),
    /// In an order by due date.
    Due(NaiveDate, CaseId),
}

/// A line of a list: what needs no document.
#[expect(missing_docs, reason = "the columns are described in the migrations")]
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct CaseLine {
    pub id: Key,
    pub version: i64,
    pub status: String,
    pub receipt_number: String,
    pub case_number: Option<String>,
    pub channel: String,
    pub applicant_type: String,
    pub applicant_name: String,
    pub subject: String,
    pub receiving_unit_id: Key,
    pub holding_unit_id: Option<Key>,
    pub officer_id: Option<Key>,
    pub received_at: At,
    pub receipt_date: Option<NaiveDate>,
    pub due_date: Option<NaiveDate>,
    pub supplement_due_date: Option<NaiveDate>,
    pub answer_date: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub decision: Option<String>,
    pub extended: bool,
    pub updated_at: At,
}

impl CaseLine {
    /// The place of this line in a list of that order; none when it has no place there.
    #[must_use]
    pub fn place(&self, sort: Sort) -> Option<Place> {
        let id = CaseId(self.id.0);
        match sort {
            Sort::ReceivedDesc | Sort::ReceivedAsc => Some(Place::Received(self.received_at.0, id)),
            Sort::DueAsc | Sort::DueDesc => self.due_date.map(|day| Place::Due(day, id)),
        }
    }
}

type Boxed<'a> = cases::BoxedQuery<'a, MultiBackend>;

/// One case.
///
/// # Errors
/// The database cannot be read, or the row is corrupt.
pub fn get(conn: &mut Conn, scope: &CaseScope, id: CaseId) -> Result<Option<Case>> {
    let row: Option<(Key, i64, String, At, Doc)> = cases::table
        .filter(cases::id.eq(Key(id.0)))
        .filter(within(scope))
        .select((cases::id, cases::version, cases::status, cases::updated_at, cases::record))
        .first(conn)
        .optional()?;
    row.map(|(id, version, status, at, record)| case_of(id, version, &status, at, &record))
        .transpose()
}

/// One page of a list, and one line more when there is a next page.
///
/// # Errors
/// The database cannot be read.
pub fn list(
    conn: &mut Conn,
    scope: &CaseScope,
    filter: &CaseFilter,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<CaseLine>> {
    let query = narrowed(cases::table.into_boxed::<MultiBackend>().filter(within(scope)), filter);
    let query = placed(query, sort, after);
    Ok(query.limit(limit).select(CaseLine::as_select()).load(conn)?)
}

/// How many cases a filter finds.
///
/// # Errors
/// The database cannot be read.
pub fn count(conn: &mut Conn, scope: &CaseScope, filter: &CaseFilter) -> Result<i64> {
    let query = narrowed(cases::table.into_boxed::<MultiBackend>().filter(within(scope)), filter);
    Ok(query.count().get_result(conn)?)
}

/// One page of the cases of one person, found by the digest of one sealed field, newest first.
///
/// # Errors
/// The database cannot be read.
pub fn by_index(
    conn: &mut Conn,
    scope: &CaseScope,
    field: crate::domain::sealed::PersonalField,
    index: &BlindIndex,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<CaseLine>> {
    use crate::domain::sealed::PersonalField;
    let digest = index.as_bytes().to_vec();
    let query = cases::table.into_boxed::<MultiBackend>().filter(within(scope));
    let query = match field {
        PersonalField::IdNumber => query.filter(cases::id_number_index.eq(digest)),
        PersonalField::Phone => query.filter(cases::phone_index.eq(digest)),
        PersonalField::Email => query.filter(cases::email_index.eq(digest)),
        PersonalField::Address => return Ok(Vec::new()),
    };
    let query = placed(query, Sort::ReceivedDesc, after);
    Ok(query.limit(limit).select(CaseLine::as_select()).load(conn)?)
}

fn narrowed<'a>(query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    let query = narrowed_by_kind(query, filter);
    let query = narrowed_by_time(query, filter);
    narrowed_by_text(query, filter)
}

fn narrowed_by_kind<'a>(mut query: Boxed<'a>, filter: &CaseFilter) -> Boxed<'a> {
    fn codes<T: crate::domain::text_enum::TextEnum>(values: &[T]) -> Vec<&'static str> {
        values.iter().map(|value| value.code()).collect()
    }
    if let Some(only) = &filter.only {
        query = query.filter(cases::id.eq_any(only.iter().map(|id| Key(id.0)).collect::<Vec<_>>()));
    }
    if !filter.statuses.is_empty() {
        query = query.filter(cases::status.eq_any(codes(&filter.statuses)));
    }
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
        let end = end_of_prefix(prefix);
        query = query.filter(
            cases::case_number.ge(prefix.clone()).and(cases::case_number.lt(end.clone())).or(
                cases::receipt_number
                    .ge(prefix.clone())
                    .and(cases::receipt_number.lt(end))
                    .nullable(),
            ),
        );
    }
    if let Some(prefix) = &filter.name_prefix {
        query = query
            .filter(cases::applicant_name.ge(prefix.clone()))
            .filter(cases::applicant_name.lt(end_of_prefix(prefix)));
    }
    if let Some(part) = &filter.subject_contains {
        let part = part.to_ascii_lowercase();
        let escaped = part.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        query = query.filter(lower(cases::subject).like(format!("%{escaped}%")).escape('\\'));
    }
    query
}

/// The first text after every text with this prefix, in the order of code points, which is that
/// of UTF-8 bytes and so of both databases.
fn end_of_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

fn placed(query: Boxed<'_>, sort: Sort, after: Option<Place>) -> Boxed<'_> {
    // The bound on the first column says nothing new, but lets both databases enter the index at
    // the place instead of walking to it.
    let query = match (sort, after) {
        (Sort::ReceivedDesc, Some(Place::Received(at, id))) => query
            .filter(cases::received_at.le(At(at)))
            .filter(cases::received_at.lt(At(at)).or(cases::id.lt(Key(id.0)))),
        (Sort::ReceivedAsc, Some(Place::Received(at, id))) => query
            .filter(cases::received_at.ge(At(at)))
            .filter(cases::received_at.gt(At(at)).or(cases::id.gt(Key(id.0)))),
        (Sort::DueAsc, Some(Place::Due(day, id))) => query
            .filter(cases::due_date.ge(day))
            .filter(cases::due_date.gt(day).or(cases::id.gt(Key(id.0)).nullable())),
        (Sort::DueDesc, Some(Place::Due(day, id))) => query
            .filter(cases::due_date.le(day))
            .filter(cases::due_date.lt(day).or(cases::id.lt(Key(id.0)).nullable())),
        (_, None) => query,
        // A place of the other order cannot follow anything here.
        (_, Some(_)) => query.filter(cases::version.lt(1)),
    };
    match sort {
        Sort::ReceivedDesc => query.order((cases::received_at.desc(), cases::id.desc())),
        Sort::ReceivedAsc => query.order((cases::received_at.asc(), cases::id.asc())),
        Sort::DueAsc => query
            .filter(cases::due_date.is_not_null())
            .filter(cases::closed_on.is_null())
            .order((cases::due_date.asc(), cases::id.asc())),
        Sort::DueDesc => query
            .filter(cases::due_date.is_not_null())
            .filter(cases::closed_on.is_null())
            .order((cases::due_date.desc(), cases::id.desc())),
    }
}

/// The whole row of a case, for tests that look beneath the domain.
///
/// # Errors
/// The database cannot be read.
pub fn row(conn: &mut Conn, id: CaseId) -> Result<Option<CaseRow>> {
    Ok(cases::table.filter(cases::id.eq(Key(id.0))).first(conn).optional()?)
}
