//! The rows of the tables as Diesel sees them, and their translation from and to domain values.
//! A stored row that is not a valid domain value is a corruption error: not a panic, not a 404,
//! not a default.

#![expect(missing_docs, reason = "the columns are described in the migrations")]

use chrono::NaiveDate;
use diesel::prelude::*;

use super::error::{Error, Result};
use super::schema::{
    attachments, case_tasks, cases, events, external_refs, heads, idempotency_keys, number_series,
    one_time_links, outbox, sessions, subtasks, units, users,
};
use super::tasks::Task;
use super::types::{At, Doc, Key};
use crate::domain::actor::{Capability, Role};
use crate::domain::attachment::Attachment;
use crate::domain::case::{Case, Record, Subtask};
use crate::domain::ids::{CaseId, UnitId, UserId, Version};
use crate::domain::unit::{Unit, UnitKind, UnitPlan, User};

/// A row of `units`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = units, treat_none_as_default_value = false)]
pub struct UnitRow {
    pub id: Key,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub parent_id: Option<Key>,
    pub may_issue: bool,
    pub created_at: At,
    pub closed_at: Option<At>,
    pub version: i64,
    pub updated_at: At,
}

impl UnitRow {
    /// The unit.
    ///
    /// # Errors
    /// The row is corrupt.
    pub fn into_unit(self) -> Result<Unit> {
        Ok(Unit {
            id: UnitId(self.id.0),
            plan: UnitPlan {
                kind: UnitKind::parse(&self.kind).map_err(Error::corrupt)?,
                code: self.code,
                name: self.name,
                parent: self.parent_id.map(|key| UnitId(key.0)),
                may_issue: self.may_issue,
            },
            closed_at: self.closed_at.map(|at| at.0),
            version: Version(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }

    /// The row of a unit.
    #[must_use]
    pub fn of(unit: &Unit) -> Self {
        Self {
            id: Key(unit.id.0),
            code: unit.code.clone(),
            name: unit.name.clone(),
            kind: unit.kind.as_str().to_owned(),
            parent_id: unit.parent.map(|parent| Key(parent.0)),
            may_issue: unit.may_issue,
            created_at: At(unit.created_at),
            closed_at: unit.closed_at.map(At),
            version: unit.version.0,
            updated_at: At(unit.updated_at),
        }
    }
}

/// A row of `users`.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct UserRow {
    pub id: Key,
    pub username: String,
    pub display_name: String,
    pub password_hash: String,
    pub role: String,
    pub unit_id: Key,
    pub capabilities: Doc,
    pub disabled_at: Option<At>,
    pub token_epoch: i64,
    pub version: i64,
    pub created_at: At,
    pub updated_at: At,
}

impl UserRow {
    /// The user, without the password.
    ///
    /// # Errors
    /// The row is corrupt.
    pub fn to_user(&self) -> Result<User> {
        let capabilities: Vec<Capability> =
            serde_json::from_str(&self.capabilities.0).map_err(Error::corrupt)?;
        Ok(User {
            id: UserId(self.id.0),
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            role: Role::parse(&self.role).map_err(Error::corrupt)?,
            unit: UnitId(self.unit_id.0),
            capabilities,
            disabled_at: self.disabled_at.map(|at| at.0),
            token_epoch: self.token_epoch,
            version: Version(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

/// A row of `sessions`.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct SessionRow {
    pub id: Key,
    pub user_id: Key,
    pub token_epoch: i64,
    pub generation: i64,
    pub refresh_digest: Vec<u8>,
    pub client: String,
    pub created_at: At,
    pub last_used_at: At,
    pub expires_at: At,
    pub ended_at: Option<At>,
    pub end_cause: Option<String>,
}

/// A row of `one_time_links`.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = one_time_links, treat_none_as_default_value = false)]
pub struct LinkRow {
    pub digest: Vec<u8>,
    pub purpose: String,
    pub user_id: Option<Key>,
    pub created_at: At,
    pub expires_at: At,
    pub used_at: Option<At>,
}

/// A row of `cases`: the document, and beside it what lists and statistics filter by.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = cases, treat_none_as_default_value = false)]
pub struct CaseRow {
    pub id: Key,
    pub version: i64,
    pub status: String,
    pub receipt_number: String,
    pub case_number: Option<String>,
    pub query_code_digest: String,
    pub channel: String,
    pub applicant_type: String,
    pub applicant_name: String,
    pub id_number_index: Option<Vec<u8>>,
    pub phone_index: Option<Vec<u8>>,
    pub email_index: Option<Vec<u8>>,
    pub subject: String,
    pub receiving_unit_id: Key,
    pub holding_unit_id: Option<Key>,
    pub responsible_unit_id: Key,
    pub officer_id: Option<Key>,
    pub received_at: At,
    pub receipt_date: Option<NaiveDate>,
    pub rule_set: Option<String>,
    pub due_date: Option<NaiveDate>,
    pub prior_due_date: Option<NaiveDate>,
    pub paused_from: Option<NaiveDate>,
    pub resumed_on: Option<NaiveDate>,
    pub supplement_due_date: Option<NaiveDate>,
    pub answer_date: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub finished_on: Option<NaiveDate>,
    pub decision: Option<String>,
    pub extended: bool,
    pub record: Doc,
    pub updated_at: At,
}

impl CaseRow {
    /// The row of a case.
    ///
    /// # Errors
    /// Its document cannot be written as JSON.
    pub fn of(case: &Case) -> Result<Self> {
        let record = &case.record;
        let intake = &record.intake;
        let application = &intake.application;
        let clock = record.clock.as_ref();
        let answer_date = clock.and_then(|clock| clock.answer_date);
        let closed_on = record.stage.closure().map(|closure| closure.closed_on);
        Ok(Self {
            id: Key(case.id.0),
            version: case.version.0,
            status: case.status().as_str().to_owned(),
            receipt_number: intake.receipt_number.clone(),
            case_number: record.registration.as_ref().map(|entry| entry.case_number.clone()),
            query_code_digest: intake.query_code_digest.clone(),
            channel: intake.channel.as_str().to_owned(),
            applicant_type: application.applicant.kind.as_str().to_owned(),
            applicant_name: application.applicant.name.clone(),
            id_number_index: application.lookup.id_number.as_ref().map(|i| i.as_bytes().to_vec()),
            phone_index: application.lookup.phone.as_ref().map(|i| i.as_bytes().to_vec()),
            email_index: application.lookup.email.as_ref().map(|i| i.as_bytes().to_vec()),
            subject: application.subject.clone(),
            receiving_unit_id: Key(intake.receiving_unit.0),
            holding_unit_id: case.holding_unit().map(|unit| Key(unit.0)),
            responsible_unit_id: Key(case.responsible_unit().0),
            officer_id: record.holding.as_ref().and_then(|h| h.officer).map(|user| Key(user.0)),
            received_at: At(intake.received_at),
            receipt_date: clock.map(|clock| clock.receipt_date),
            rule_set: clock.map(|clock| clock.rule_set.as_str().to_owned()),
            due_date: clock.and_then(|clock| clock.due_date),
            prior_due_date: clock.and_then(|clock| clock.prior_due_date),
            paused_from: clock.and_then(|clock| clock.paused_from),
            resumed_on: clock.and_then(|clock| clock.resumed_on),
            supplement_due_date: clock.and_then(|clock| clock.supplement_due),
            answer_date,
            closed_on,
            finished_on: answer_date.or(closed_on),
            decision: record.stage.answer().map(|a| a.draft.decision.as_str().to_owned()),
            extended: clock.is_some_and(|clock| clock.extended),
            record: Doc(serde_json::to_string(record).map_err(Error::corrupt)?),
            updated_at: At(case.updated_at),
        })
    }

    /// The names of the columns in which the rows differ, but for the document: its text depends on
    /// the database, so it is compared as what it means.
    #[must_use]
    pub fn columns_that_differ(&self, other: &Self) -> Vec<&'static str> {
        let mut differ = Vec::new();
        macro_rules! compare {
            ($($column:ident),+) => {
                // Taken apart, so that a new column cannot be forgotten here.
                let Self { record: _, $($column),+ } = self;
                $(if *$column != other.$column {
                    differ.push(stringify!($column));
                })+
            };
        }
        compare!(
            id,
            version,
            status,
            receipt_number,
            case_number,
            query_code_digest,
            channel,
            applicant_type,
            applicant_name,
            id_number_index,
            phone_index,
            email_index,
            subject,
            receiving_unit_id,
            holding_unit_id,
            responsible_unit_id,
            officer_id,
            received_at,
            receipt_date,
            rule_set,
            due_date,
            prior_due_date,
            paused_from,
            resumed_on,
            supplement_due_date,
            answer_date,
            closed_on,
            finished_on,
            decision,
            extended,
            updated_at
        );
        differ
    }

    /// The case.
    ///
    /// # Errors
    /// The row is corrupt: its document cannot be read, contradicts itself, or is not what the
    /// columns say.
    pub fn to_case(&self) -> Result<Case> {
        case_of(self.id, self.version, &self.status, self.updated_at, &self.record)
    }
}

/// What a case is built from, and the units for which it exists.
#[derive(Clone, Debug, Queryable)]
pub struct CaseDocument {
    pub id: Key,
    pub version: i64,
    pub status: String,
    pub receiving_unit_id: Key,
    pub holding_unit_id: Option<Key>,
    /// None when its reader knows this version.
    pub record: Option<Doc>,
    pub updated_at: At,
}

/// Builds a case from the columns that hold it; the status column, by which lists and figures find
/// it, must agree.
pub(super) fn case_of(
    id: Key,
    version: i64,
    status: &str,
    updated_at: At,
    record: &Doc,
) -> Result<Case> {
    let id = CaseId(id.0);
    let record: Record = serde_json::from_str(&record.0)
        .map_err(|error| Error::corrupt(format_args!("case {id}: {error}")))?;
    let case = Case { id, version: Version(version), updated_at: updated_at.0, record };
    match case.faults().first() {
        None if case.status().as_str() == status => Ok(case),
        None => Err(Error::corrupt(format_args!("case {id}: status column disagrees"))),
        Some(fault) => Err(Error::corrupt(format_args!("case {id}: {fault}"))),
    }
}

/// A row of `attachments`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
pub struct AttachmentRow {
    pub id: Key,
    pub case_id: Key,
    pub object_key: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub attached_by: Key,
    pub attached_at: At,
    pub detached_at: Option<At>,
}

impl AttachmentRow {
    /// The row of a file.
    ///
    /// # Errors
    /// It is longer than the column holds.
    pub fn of(case: CaseId, file: &Attachment) -> Result<Self> {
        Ok(Self {
            id: Key(file.id.0),
            case_id: Key(case.0),
            object_key: file.object.as_str().to_owned(),
            size: i64::try_from(file.size).map_err(Error::corrupt)?,
            sha256: file.sha256.0.to_vec(),
            attached_by: Key(file.attached_by.0),
            attached_at: At(file.attached_at),
            detached_at: file.detached.as_ref().map(|detached| At(detached.at)),
        })
    }
}

/// A row of `events`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct EventRow {
    pub seq: i64,
    pub subject_kind: String,
    pub subject_id: Key,
    pub version: i64,
    pub action: String,
    pub at: At,
    pub body: String,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// A row of `outbox`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct OutboxRow {
    pub seq: i64,
    pub topic: String,
    pub payload: String,
    pub created_at: At,
    pub delivered_at: Option<At>,
}

/// A row of `idempotency_keys`.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub struct IdempotencyRow {
    pub principal: Key,
    pub idempotency_key: String,
    pub fingerprint: Vec<u8>,
    pub outcome: Vec<u8>,
    pub created_at: At,
}

/// A row of `number_series`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = number_series, treat_none_as_default_value = false)]
pub struct SeriesRow {
    pub series: String,
    pub year: i32,
    pub last: i64,
}

/// A row of `heads`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = heads, treat_none_as_default_value = false)]
pub struct HeadRow {
    pub name: String,
    pub value: i64,
    pub hash: Vec<u8>,
}

/// A row of `external_refs`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = external_refs, treat_none_as_default_value = false)]
pub struct ExternalRefRow {
    pub source: String,
    pub reference: String,
    pub case_id: Key,
}

/// A row of `case_tasks`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = case_tasks, treat_none_as_default_value = false)]
pub struct TaskRow {
    pub case_id: Key,
    pub task: String,
    pub since: At,
}

impl TaskRow {
    /// The row of what waits on a case.
    #[must_use]
    pub fn of(case: CaseId, task: &Task) -> Self {
        Self { case_id: Key(case.0), task: task.wait.code().to_owned(), since: At(task.since) }
    }
}

/// A row of `subtasks`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = subtasks, treat_none_as_default_value = false)]
pub struct SubtaskRow {
    pub case_id: Key,
    pub number: i32,
    pub unit_id: Key,
    pub kind: String,
    pub state: String,
    pub due_date: NaiveDate,
    pub asked_at: At,
}

impl SubtaskRow {
    /// The rows of the subtasks of a case.
    ///
    /// # Errors
    /// A number is too large, which no case can have.
    pub fn all(case: &Case) -> Result<Vec<Self>> {
        let row = |subtask: &Subtask| {
            Ok(Self {
                case_id: Key(case.id.0),
                number: i32::try_from(subtask.number).map_err(Error::corrupt)?,
                unit_id: Key(subtask.unit.0),
                kind: subtask.kind.as_str().to_owned(),
                state: subtask.state().as_str().to_owned(),
                due_date: subtask.due_date,
                asked_at: At(subtask.asked_at),
            })
        };
        case.record.subtasks.iter().map(row).collect()
    }
}
