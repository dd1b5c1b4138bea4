//! Everything in which the two databases differ. Nothing above this file knows which one runs.
//!
//! The macro compiles one Diesel expression against each concrete connection: that is how the
//! features get in that `MultiConnection` lacks (multi-row INSERT, ON CONFLICT, FOR UPDATE).

mod arrays;

use diesel::backend::Backend;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Array;
use diesel::sqlite::Sqlite;
use diesel::upsert::excluded;
use diesel::{Connection, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use self::arrays::{Arrays, arrays, excluded_listed, insert_rows, listed, upsert_rows};
use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::{
    AttachmentRow, CaseRow, EventRow, ExternalRefRow, HeadRow, IdempotencyRow, LinkRow, OutboxRow,
    SeriesRow, SessionRow, SubtaskRow, TaskRow, UnitRow, UserRow,
};
use super::schema::{
    attachments, case_tasks, cases, data_keys, events, external_refs, heads, idempotency_keys,
    number_series, one_time_links, outbox, sessions, subtasks, units, users,
};
use super::types::Key;
use crate::domain::case::SubtaskState;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Rows per statement, so that no statement has more parameters than SQLite (32,766) or
/// PostgreSQL (65,535) takes.
pub(super) const ROWS_PER_STATEMENT: usize = 500;

macro_rules! on_each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            Conn::Pg($c) => $body,
            Conn::Sqlite($c) => $body,
        }
    };
}

/// Inserts rows of which a batch has few, by few statements.
macro_rules! insert_all {
    ($conn:expr, $table:path, $rows:expr) => {
        for chunk in $rows.chunks(ROWS_PER_STATEMENT) {
            on_each!($conn, c => diesel::insert_into($table).values(chunk).execute(c))?;
        }
    };
}

mod calendar;
mod documents;
mod letters;
mod paragraphs;

pub(super) use calendar::{write_calendar, write_clocks};
pub(super) use documents::documents;
pub(super) use letters::{void_letters, write_letter_series, write_letters, write_seals};
pub(super) use paragraphs::write_paragraphs;

/// Starts a transaction that will write: SQLite takes its write lock at once, so that it can never
/// fail half-way for having read first.
pub(super) fn begin_write(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Pg(c) => AnsiTransactionManager::begin_transaction(c),
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
    }
    .map_err(Error::from)
}

/// Commits. A failure here leaves open whether the change happened, unless the database says no.
pub(super) fn commit(conn: &mut Conn) -> Result<()> {
    on_each!(conn, c => commit_transaction(c)).map_err(|error| match Error::from(error) {
        Error::Unavailable(text) | Error::Other(text) => Error::OutcomeUnknown(text),
        decided => decided,
    })
}

fn commit_transaction<C>(conn: &mut C) -> QueryResult<()>
where
    C: Connection<TransactionManager = AnsiTransactionManager>,
    AnsiTransactionManager: diesel::connection::TransactionManager<C>,
{
    AnsiTransactionManager::commit_transaction(conn)
}

/// Rolls back; an error means that the connection is gone, and the transaction with it.
pub(super) fn rollback(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Pg(c) => AnsiTransactionManager::rollback_transaction(c),
        Conn::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c),
    }
    .map_err(Error::from)
}

/// Runs several reads on one consistent picture of the data.
///
/// # Errors
/// The database cannot be read.
pub fn snapshot<T>(conn: &mut Conn, read: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match conn {
        Conn::Pg(c) => AnsiTransactionManager::begin_transaction_sql(
            c,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction(c),
    }?;
    let found = read(conn);
    let ended = rollback(conn);
    found.and_then(|found| ended.map(|()| found))
}

/// Lifts the limit of time from this connection's statements: for a command that looks at everything.
///
/// # Errors
/// The database cannot be reached.
pub(super) fn take_time(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Pg(c) => Ok(c.batch_execute("SET statement_timeout = 0")?),
        Conn::Sqlite(_) => Ok(()),
    }
}

/// Has this connection go by an index wherever there is one. PostgreSQL keeps the plan that it made of a
/// statement while the table was small or empty: by it, every batch would read the whole table until
/// the next time that statistics are taken. For the writer, none of whose statements is better off
/// without an index; SQLite has no such choice to make.
pub(super) fn keep_to_indexes(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Pg(c) => Ok(c.batch_execute("SET enable_seqscan = off")?),
        Conn::Sqlite(_) => Ok(()),
    }
}

/// Reads the head rows and holds them until the commit: writers of several processes take turns.
pub(super) fn lock_heads(conn: &mut Conn) -> Result<Vec<HeadRow>> {
    let rows = heads::table.order(heads::name);
    match conn {
        Conn::Pg(c) => rows.for_update().load(c),
        Conn::Sqlite(c) => rows.load(c),
    }
    .map_err(Error::from)
}

/// Is the list of all that some units hold or received better put together from theirs
/// (cases/by_unit.rs)? SQLite's planner errs in the choice between an index of units and one of times.
/// PostgreSQL's chooses well.
pub(super) const fn merges_visible(conn: &Conn) -> bool {
    matches!(conn, Conn::Sqlite(_))
}

/// Reads the named cases and holds them until the commit.
pub(super) fn lock_cases(conn: &mut Conn, ids: &[Key]) -> Result<Vec<CaseRow>> {
    let rows = cases::table.filter(cases::id.eq_any(ids.to_vec()));
    match conn {
        Conn::Pg(c) => rows.for_update().load(c),
        Conn::Sqlite(c) => rows.load(c),
    }
    .map_err(Error::from)
}

/// Reads the unfinished cases that one of these units received or holds or one of these officers has,
/// and holds them until the commit.
pub(super) fn lock_unfinished_cases_of(
    conn: &mut Conn,
    units: &[Key],
    officers: &[Key],
) -> Result<Vec<CaseRow>> {
    // Those that have asked one of these units, and wait for it.
    let asked = subtasks::table
        .filter(subtasks::unit_id.eq_any(units.to_vec()))
        .filter(subtasks::state.eq(SubtaskState::Open.as_str()))
        .select(subtasks::case_id);
    let rows = cases::table.filter(cases::finished_on.is_null()).filter(
        cases::holding_unit_id
            .assume_not_null()
            .eq_any(units.to_vec())
            .or(cases::receiving_unit_id.eq_any(units.to_vec()))
            .or(cases::officer_id.assume_not_null().eq_any(officers.to_vec()))
            .or(cases::id.eq_any(asked)),
    );
    match conn {
        Conn::Pg(c) => rows.for_update().load(c),
        Conn::Sqlite(c) => rows.load(c),
    }
    .map_err(Error::from)
}

/// Writes new and changed cases, whole rows, in one statement. That no change of another process
/// is overwritten follows from the lock under which they were read and, should that ever fail, from
/// the ledger's unique key of case and version, which is written in the same transaction.
#[rustfmt::skip]
pub(super) fn write_cases(conn: &mut Conn, rows: &[CaseRow]) -> Result<()> {
    upsert_rows!(
        conn, cases, CaseRow, rows,
        [id],
        [receipt_number, query_code_digest, received_at],
        [
            version, status, case_number, channel, applicant_type, applicant_name,
            id_number_index, phone_index, email_index, subject, receiving_unit_id,
            holding_unit_id, responsible_unit_id, officer_id, receipt_date, rule_set, due_date,
            prior_due_date, paused_from, resumed_on, supplement_due_date, answer_date, closed_on,
            finished_on, decision, extended, record, updated_at
        ]
    );
    Ok(())
}

/// Writes what waits on these cases in the place of what waited on them.
pub(super) fn write_tasks(conn: &mut Conn, changed: &[Key], rows: &[TaskRow]) -> Result<()> {
    for chunk in changed.chunks(ROWS_PER_STATEMENT) {
        let old = case_tasks::table.filter(case_tasks::case_id.eq_any(chunk.to_vec()));
        on_each!(conn, c => diesel::delete(old).execute(c))?;
    }
    insert_all!(conn, case_tasks::table, rows);
    Ok(())
}

/// Writes the subtasks of these cases in the place of what they had.
pub(super) fn write_subtasks(conn: &mut Conn, changed: &[Key], rows: &[SubtaskRow]) -> Result<()> {
    for chunk in changed.chunks(ROWS_PER_STATEMENT) {
        let old = subtasks::table.filter(subtasks::case_id.eq_any(chunk.to_vec()));
        on_each!(conn, c => diesel::delete(old).execute(c))?;
    }
    insert_all!(conn, subtasks::table, rows);
    Ok(())
}

/// Gives cases their external references.
pub(super) fn write_references(conn: &mut Conn, rows: &[ExternalRefRow]) -> Result<()> {
    insert_all!(conn, external_refs::table, rows);
    Ok(())
}

/// Writes the files that were attached or taken down.
pub(super) fn write_attachments(conn: &mut Conn, rows: &[AttachmentRow]) -> Result<()> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        on_each!(conn, c => diesel::insert_into(attachments::table)
            .values(chunk)
            .on_conflict(attachments::id)
            .do_update()
            .set(attachments::detached_at.eq(excluded(attachments::detached_at)))
            .execute(c))?;
    }
    Ok(())
}

/// Appends to the ledger.
pub(super) fn append_events(conn: &mut Conn, rows: &[EventRow]) -> Result<()> {
    insert_rows!(
        conn,
        events,
        EventRow,
        rows,
        [seq, subject_kind, subject_id, version, action, at, body, prev_hash, hash]
    );
    Ok(())
}

/// Puts messages out for delivery after the commit.
pub(super) fn append_outbox(conn: &mut Conn, rows: &[OutboxRow]) -> Result<()> {
    insert_rows!(conn, outbox, OutboxRow, rows, [seq, topic, payload, created_at, delivered_at]);
    Ok(())
}

/// Remembers the outcomes of commands that carried an idempotency key. A key whose outcome has
/// expired is taken over by the new command.
pub(super) fn remember_outcomes(conn: &mut Conn, rows: &[IdempotencyRow]) -> Result<()> {
    upsert_rows!(
        conn,
        idempotency_keys,
        IdempotencyRow,
        rows,
        [principal, idempotency_key],
        [],
        [fingerprint, outcome, created_at]
    );
    Ok(())
}

/// Moves number series on.
pub(super) fn write_series(conn: &mut Conn, rows: &[SeriesRow]) -> Result<()> {
    upsert_rows!(conn, number_series, SeriesRow, rows, [series, year], [], [last]);
    Ok(())
}

/// Writes new and changed units.
pub(super) fn write_units(conn: &mut Conn, rows: &[UnitRow]) -> Result<()> {
    upsert_rows!(
        conn,
        units,
        UnitRow,
        rows,
        [id],
        [kind, created_at],
        [code, name, parent_id, may_issue, closed_at, version, updated_at]
    );
    Ok(())
}

/// Writes new and changed sessions.
pub(super) fn write_sessions(conn: &mut Conn, rows: &[SessionRow]) -> Result<()> {
    upsert_rows!(
        conn,
        sessions,
        SessionRow,
        rows,
        [id],
        [user_id, token_epoch, client, created_at, expires_at],
        [generation, refresh_digest, last_used_at, ended_at, end_cause]
    );
    Ok(())
}

/// Writes new and used one-time links.
pub(super) fn write_links(conn: &mut Conn, rows: &[LinkRow]) -> Result<()> {
    upsert_rows!(
        conn,
        one_time_links,
        LinkRow,
        rows,
        [digest],
        [purpose, user_id, created_at, expires_at],
        [used_at]
    );
    Ok(())
}

/// Writes new and changed users.
pub(super) fn write_users(conn: &mut Conn, rows: &[UserRow]) -> Result<()> {
    upsert_rows!(
        conn,
        users,
        UserRow,
        rows,
        [id],
        [username, created_at],
        [
            display_name,
            password_hash,
            role,
            unit_id,
            capabilities,
            disabled_at,
            token_epoch,
            version,
            updated_at
        ]
    );
    Ok(())
}

/// The keys under which this database was sealed, with what each made of the fixed text. The given
/// one becomes the first, when there has been none.
pub(super) fn key_proofs(
    conn: &mut Conn,
    key_id: &str,
    proof: &[u8],
) -> Result<Vec<(String, Vec<u8>)>> {
    let found = known_key_proofs(conn)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let row = (data_keys::key_id.eq(key_id), data_keys::proof.eq(proof));
    on_each!(conn, c => diesel::insert_into(data_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    known_key_proofs(conn)
}

/// The same, without remembering any.
pub(super) fn known_key_proofs(conn: &mut Conn) -> Result<Vec<(String, Vec<u8>)>> {
    Ok(data_keys::table.order(data_keys::key_id).load(conn)?)
}

/// Brings the schema up to this program's version. Safe to run from several processes at once.
///
/// # Errors
/// A migration fails; the ones before it stay.
pub fn migrate_up(conn: &mut Conn) -> Result<Vec<String>> {
    serialised(conn, |conn| {
        match conn {
            Conn::Pg(c) => c.run_pending_migrations(POSTGRES).map(names),
            Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(names),
        }
        .map_err(|error| Error::Other(format!("migration: {error}")))
    })
}

/// Takes the last migration back.
///
/// # Errors
/// It fails.
pub fn migrate_down(conn: &mut Conn) -> Result<Option<String>> {
    serialised(conn, |conn| {
        let none = match conn {
            Conn::Pg(c) => c.applied_migrations().map(|applied| applied.is_empty()),
            Conn::Sqlite(c) => c.applied_migrations().map(|applied| applied.is_empty()),
        };
        if none.map_err(|error| Error::Other(format!("migration: {error}")))? {
            return Ok(None);
        }
        match conn {
            Conn::Pg(c) => c.revert_last_migration(POSTGRES).map(|version| version.to_string()),
            Conn::Sqlite(c) => c.revert_last_migration(SQLITE).map(|version| version.to_string()),
        }
        .map(Some)
        .map_err(|error| Error::Other(format!("migration: {error}")))
    })
}

/// The migrations that this database still lacks.
///
/// # Errors
/// The database cannot be read.
pub fn pending_migrations(conn: &mut Conn) -> Result<Vec<String>> {
    use diesel::migration::Migration as _;
    match conn {
        Conn::Pg(c) => c
            .pending_migrations(POSTGRES)
            .map(|found| found.iter().map(|m| m.name().to_string()).collect()),
        Conn::Sqlite(c) => c
            .pending_migrations(SQLITE)
            .map(|found| found.iter().map(|m| m.name().to_string()).collect()),
    }
    .map_err(|error| Error::Other(format!("migration: {error}")))
}

mod ran {
    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> Text,
        }
    }
}

/// The first migration that this database lacks, by one read. Unlike [`pending_migrations`] it
/// creates no table, so it may be asked often, of a read-only replica, and beside a migration.
pub(super) fn first_pending(conn: &mut Conn) -> Result<Option<String>> {
    use ran::__diesel_schema_migrations as ran;
    let applied: Vec<String> = ran::table.select(ran::version).load(conn)?;
    let lacking = |(number, name): (String, String)| (!applied.contains(&number)).then_some(name);
    Ok(match conn {
        Conn::Pg(_) => embedded::<Pg>(&POSTGRES)?.into_iter().find_map(lacking),
        Conn::Sqlite(_) => embedded::<Sqlite>(&SQLITE)?.into_iter().find_map(lacking),
    })
}

/// Version and name of the migrations in this program.
fn embedded<B: Backend>(source: &impl MigrationSource<B>) -> Result<Vec<(String, String)>> {
    let mut all: Vec<_> = source
        .migrations()
        .map_err(|error| Error::Other(format!("migration: {error}")))?
        .iter()
        .map(|m| (m.name().version().to_string(), m.name().to_string()))
        .collect();
    all.sort();
    Ok(all)
}

#[expect(clippy::needless_pass_by_value, reason = "called by map")]
fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// Two processes that start together migrate one after the other: on PostgreSQL by an advisory
/// lock, on SQLite by one write transaction around all of it.
fn serialised<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; \
         SELECT pg_advisory_lock(7230412041);";
    const UNLOCK: &str = "SELECT pg_advisory_unlock(7230412041); SET statement_timeout = '5s'; \
         SET lock_timeout = '2s';";
    match conn {
        Conn::Pg(c) => PgConnection::batch_execute(c, LOCK)?,
        Conn::Sqlite(_) => begin_write(conn)?,
    }
    let done = work(conn);
    match conn {
        Conn::Pg(c) => PgConnection::batch_execute(c, UNLOCK)?,
        Conn::Sqlite(_) if done.is_ok() => commit(conn)?,
        Conn::Sqlite(_) => rollback(conn)?,
    }
    done
}

/// Waits until SQLite has folded its log into the file, at a clean stop.
pub(super) fn tidy(conn: &mut Conn) -> Result<()> {
    if let Conn::Sqlite(c) = conn {
        SqliteConnection::batch_execute(c, "PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);")?;
    }
    Ok(())
}

/// Lets the database look at what it holds, after very much was written at once: its planner guesses
/// from that. Servers need not do it, both databases look by themselves in time.
///
/// # Errors
/// The database cannot be written.
pub fn survey(conn: &mut Conn) -> Result<()> {
    take_time(conn)?;
    match conn {
        Conn::Pg(c) => PgConnection::batch_execute(c, "VACUUM ANALYZE")?,
        Conn::Sqlite(c) => SqliteConnection::batch_execute(c, "ANALYZE")?,
    }
    tidy(conn)
}
