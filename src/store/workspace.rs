//! The rows that a batch of commands reads, in memory, and the changes that they make. Commands
//! are decided here one after the other, so that two on one case see each other; the changes are
//! written in bulk afterwards.

mod calendar;
mod letters;
mod paragraphs;
mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use aws_lc_rs::digest;
use chrono::{DateTime, Datelike as _, Duration, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::clocks::ClockRow;
use super::command::{Caller, Command, DailyQuota, Denied, Idempotency, Outcome, Request};
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::ledger::{self, Head};
use super::outcomes;
use super::picture::Picture;
use super::public;
use super::references::Holder;
use super::rows::{
    AttachmentRow, CaseRow, EventRow, ExternalRefRow, IdempotencyRow, LinkRow, OutboxRow,
    SeriesRow, SessionRow, SubtaskRow, TaskRow, UserRow,
};
use super::schema::{cases, number_series};
use super::seals::SealRow;
use super::tasks::{self, Task};
use super::types::Key;
use super::vault::Vault;
use crate::domain::calendar::Calendars;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::decision::Decisions;
use crate::domain::external_ref::ExternalRef;
use crate::domain::ids::{CaseId, ParagraphId, SessionId, UnitId, UserId};
use crate::domain::letter::{LetterOffice, SeriesCode};
use crate::domain::lifecycle::{EarlierCases, Status};
use crate::domain::paragraph::Paragraphs;
use crate::domain::practice::Practice;
use crate::domain::regulation::Law;
use crate::domain::rejection::Reason;
use crate::domain::sealed::BlindIndex;
use crate::domain::unit::{Directory, EndedSessions, Unit};

/// How long the outcome of an idempotent command is kept.
pub(super) const OUTCOME_KEPT_HOURS: i64 = 48;

/// What the decisions of every batch rest on; the same for the life of the process.
pub struct Basis {
    /// The rule sets and the built-in calendar.
    pub law: Arc<Law>,
    /// The decision codes.
    pub decisions: &'static Decisions,
    /// What the bureau has chosen where the law leaves it the choice.
    pub practice: Practice,
    /// The keys that seal personal data.
    pub vault: Arc<Vault>,
    /// The pattern of case numbers.
    pub case_pattern: String,
    /// What letters are made of.
    pub office: Arc<LetterOffice>,
}

/// One batch.
pub(super) struct Workspace<'a> {
    pub(super) basis: &'a Basis,
    pub(super) directory: Arc<Directory>,
    /// Every state of the calendar.
    pub(super) calendars: Arc<Calendars>,
    /// The law with the calendar in force.
    pub(super) law: Arc<Law>,
    /// What commands on the calendar need.
    pub(super) calendar: calendar::Desk,
    pub(super) head: Head,
    cases: HashMap<CaseId, Case>,
    known_cases: HashSet<CaseId>,
    /// The cases that a draft names as earlier ones, by their numbers.
    pub(super) earlier: EarlierCases,
    /// The standard paragraphs that commands change or insert.
    pub(super) paragraphs: Paragraphs,
    /// What waited on each loaded case before the batch.
    tasks: HashMap<CaseId, Vec<Task>>,
    /// The subtasks of each loaded case before the batch.
    subtasks: HashMap<CaseId, Vec<SubtaskRow>>,
    /// What fell due on each loaded case before the batch.
    clocks: HashMap<CaseId, Vec<ClockRow>>,
    user_rows: HashMap<UserId, UserRow>,
    sessions: HashMap<SessionId, SessionRow>,
    links: BTreeMap<Vec<u8>, LinkRow>,
    series: BTreeMap<(&'static str, i32), i64>,
    /// The last numbers of letters by year, of the years in which this batch can issue any.
    letter_series: BTreeMap<i32, BTreeMap<SeriesCode, i64>>,
    outcomes: HashMap<(Uuid, String), IdempotencyRow>,
    ended: EndedSessions,
    pub(super) references: HashMap<ExternalRef, Holder>,
    /// How many applications each person who sends one in online has sent in today.
    sent_today: HashMap<BlindIndex, i64>,
    /// How many bytes each user who attaches a file has uploaded today.
    pub(super) uploaded_today: HashMap<UserId, u64>,
    pub(super) pending: Pending,
}

/// The changes of a batch that are still to be written.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) cases: HashSet<CaseId>,
    pub(super) series: HashSet<(&'static str, i32)>,
    pub(super) letter_series: BTreeSet<(i32, SeriesCode)>,
    pub(super) letters: letters::PendingLetters,
    pub(super) events: Vec<EventRow>,
    pub(super) outbox: Vec<OutboxRow>,
    pub(super) outcomes: Vec<IdempotencyRow>,
    pub(super) units: BTreeMap<UnitId, Unit>,
    pub(super) paragraphs: BTreeSet<ParagraphId>,
    pub(super) users: HashSet<UserId>,
    pub(super) sessions: HashSet<SessionId>,
    pub(super) links: HashSet<Vec<u8>>,
    pub(super) references: Vec<ExternalRefRow>,
    pub(super) attachments: BTreeMap<Key, AttachmentRow>,
    pub(super) seals: BTreeMap<Key, SealRow>,
    /// Voided cases whose references go to others.
    pub(super) given_up: Vec<Key>,
}

impl<'a> Workspace<'a> {
    /// Reads everything that the commands name, one query per table, and holds it until the end
    /// of the transaction.
    pub(super) fn load(
        conn: &mut Conn,
        basis: &'a Basis,
        known: &Picture,
        requests: &[&Request],
    ) -> Result<Self> {
        let heads = dialect::lock_heads(conn)?;
        let value = |name: &str| {
            let head = heads.iter().find(|head| head.name == name);
            head.ok_or_else(|| Error::corrupt(format_args!("no head row {name}")))
        };
        let version = value("directory")?.value;
        let picture = if known.directory.version() == version {
            known.clone()
        } else {
            Picture::load(conn, version, &basis.law)?
        };
        let mut workspace = Self {
            basis,
            directory: picture.directory,
            calendars: picture.calendars,
            law: picture.law,
            calendar: calendar::Desk::default(),
            head: Head::of(value("ledger")?)?,
            cases: HashMap::new(),
            known_cases: HashSet::new(),
            earlier: EarlierCases::new(),
            paragraphs: Paragraphs::new(),
            tasks: HashMap::new(),
            subtasks: HashMap::new(),
            clocks: HashMap::new(),
            user_rows: HashMap::new(),
            sessions: HashMap::new(),
            links: BTreeMap::new(),
            series: BTreeMap::new(),
            letter_series: BTreeMap::new(),
            outcomes: HashMap::new(),
            ended: EndedSessions::new(),
            references: HashMap::new(),
            sent_today: HashMap::new(),
            uploaded_today: HashMap::new(),
            pending: Pending::default(),
        };
        workspace.load_cases(conn, requests)?;
        workspace.load_freed_cases(conn, requests)?;
        workspace.load_sessions(conn, requests)?;
        workspace.load_links(conn, requests)?;
        workspace.load_users(conn, requests)?;
        workspace.load_paragraphs(conn, requests)?;
        workspace.load_series(conn, requests)?;
        workspace.load_letter_series(conn, requests)?;
        workspace.load_outcomes(conn, requests)?;
        workspace.load_references(conn, requests)?;
        workspace.load_quotas(conn, requests)?;
        workspace.load_uploads(conn, requests)?;
        workspace.load_calendar(conn, requests)?;
        Ok(workspace)
    }

    fn load_quotas(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        for request in requests {
            if let Command::Receive(receive) = &request.command
                && let Some(quota) = &receive.quota
                && let Some(person) = quota.person.first()
                && !self.sent_today.contains_key(person)
            {
                let sent = public::online_since(conn, &quota.person, quota.since)?;
                self.sent_today.insert(*person, sent);
            }
        }
        Ok(())
    }

    /// May this person send in one more application today? Counts it.
    pub(super) fn take_from_quota(
        &mut self,
        quota: &DailyQuota,
    ) -> std::result::Result<(), Denied> {
        let Some(sent) = quota.person.first().and_then(|person| self.sent_today.get_mut(person))
        else {
            return Ok(());
        };
        if *sent >= quota.most {
            return Err(Reason::DailyLimitReached.into());
        }
        *sent += 1;
        Ok(())
    }

    fn load_cases(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let mut acted = Vec::new();
        let mut named = Vec::new();
        let mut numbers = Vec::new();
        for request in requests {
            match &request.command {
                Command::Act { case, step, .. } => {
                    acted.push(*case);
                    named.extend(step.other_case());
                    numbers.extend(step.earlier_number());
                }
                Command::SupplementByCode { case, .. }
                | Command::AnswerByCode { case, .. }
                | Command::SettleSeal { case, .. } => {
                    acted.push(*case);
                }
                _ => {}
            }
        }
        acted.sort_unstable();
        acted.dedup();
        let ids: Vec<Key> = acted.iter().map(|id| Key(id.0)).collect();
        if !ids.is_empty() {
            for row in dialect::lock_cases(conn, &ids)? {
                self.hold(row.to_case()?)?;
            }
        }
        if !numbers.is_empty() {
            self.earlier = tasks::earlier(conn, &numbers)?;
        }
        if !named.is_empty() {
            let keys: Vec<Key> = named.iter().map(|id| Key(id.0)).collect();
            let found: Vec<Key> = cases::table
                .filter(cases::id.eq_any(keys))
                .filter(cases::status.ne(Status::Voided.as_str()))
                .select(cases::id)
                .load(conn)?;
            self.known_cases.extend(found.into_iter().map(|key| CaseId(key.0)));
        }
        Ok(())
    }

    /// Takes in a case as it was before the batch.
    pub(super) fn hold(&mut self, case: Case) -> Result<()> {
        if !self.cases.contains_key(&case.id) {
            self.tasks.insert(case.id, tasks::of(&case));
            self.subtasks.insert(case.id, SubtaskRow::all(&case)?);
            self.clocks.insert(case.id, ClockRow::all(&case)?);
            self.cases.insert(case.id, case);
        }
        Ok(())
    }

    fn load_series(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        use crate::domain::lifecycle::Action;
        let numbering = requests.iter().filter(|request| match &request.command {
            Command::Receive(_) => true,
            Command::Act { step, .. } => step.action() == Action::Register,
            _ => false,
        });
        let mut years: Vec<i32> = numbering.map(|r| legal_day(r.at).year()).collect();
        years.sort_unstable();
        years.dedup();
        if years.is_empty() {
            return Ok(());
        }
        for year in &years {
            self.series.insert(("case", *year), 0);
            self.series.insert(("receipt", *year), 0);
        }
        let rows: Vec<SeriesRow> =
            number_series::table.filter(number_series::year.eq_any(years)).load(conn)?;
        for row in rows {
            let series = if row.series == "case" { "case" } else { "receipt" };
            self.series.insert((series, row.year), row.last);
        }
        Ok(())
    }

    fn load_outcomes(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let keys: Vec<&str> = requests
            .iter()
            .filter_map(|request| request.idempotency.as_ref())
            .map(|idempotency| idempotency.key.as_str())
            .collect();
        for row in outcomes::of_keys(conn, &keys)? {
            self.outcomes.insert((row.principal.0, row.idempotency_key.clone()), row);
        }
        Ok(())
    }

    /// The remembered outcome of the same command, if there is one that has not expired.
    pub(super) fn remembered(
        &self,
        principal: Uuid,
        idempotency: &Idempotency,
        at: DateTime<Utc>,
    ) -> std::result::Result<Option<Outcome>, Denied> {
        let Some(row) = self.outcomes.get(&(principal, idempotency.key.clone())) else {
            return Ok(None);
        };
        if at - row.created_at.0 > Duration::hours(OUTCOME_KEPT_HOURS) {
            return Ok(None);
        }
        if row.fingerprint != idempotency.fingerprint {
            return Err(Reason::IdempotencyKeyReused.into());
        }
        ledger::open_outcome(&self.basis.vault, row).map(Some).map_err(Denied::Failed)
    }

    /// Keeps the outcome of an idempotent command, to be written with the batch.
    pub(super) fn remember(
        &mut self,
        principal: Uuid,
        idempotency: &Idempotency,
        outcome: &Outcome,
    ) -> Result<()> {
        let row = ledger::seal_outcome(&self.basis.vault, principal, idempotency, outcome)?;
        self.outcomes.insert((principal, idempotency.key.clone()), row.clone());
        self.pending.outcomes.push(row);
        Ok(())
    }

    /// The case as it stands within this batch.
    pub(super) fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id)
    }

    /// Is there such a case that counts, in this batch or before it? A voided one is no case that
    /// another could duplicate: two could void each other out of every figure.
    pub(super) fn knows_case(&self, id: CaseId) -> bool {
        match self.cases.get(&id) {
            Some(case) => case.status() != Status::Voided,
            None => self.known_cases.contains(&id),
        }
    }

    /// Puts a new or changed case in.
    pub(super) fn put_case(&mut self, case: Case) {
        self.pending.cases.insert(case.id);
        self.cases.insert(case.id, case);
    }

    /// The next number of a series.
    pub(super) fn next_number(&self, series: &'static str, year: i32) -> i64 {
        self.series.get(&(series, year)).copied().unwrap_or(0) + 1
    }

    /// Takes the next number of a series: the command that needs it has been accepted.
    pub(super) fn take_number(&mut self, series: &'static str, year: i32) {
        *self.series.entry((series, year)).or_insert(0) += 1;
        self.pending.series.insert((series, year));
    }

    /// Writes the batch: one statement per table, the heads last.
    pub(super) fn flush(&self, conn: &mut Conn, directory_before: i64) -> Result<()> {
        use super::schema::heads;
        let pending = &self.pending;
        self.flush_people(conn)?;
        self.flush_paragraphs(conn)?;
        let rows = pending
            .cases
            .iter()
            .filter_map(|id| self.cases.get(id))
            .map(CaseRow::of)
            .collect::<Result<Vec<_>>>()?;
        dialect::write_cases(conn, &rows)?;
        self.flush_tasks(conn)?;
        self.flush_references(conn)?;
        self.flush_letters(conn)?;
        self.flush_attachments(conn)?;
        self.flush_seals(conn)?;
        self.flush_calendar(conn)?;
        dialect::append_events(conn, &pending.events)?;
        dialect::append_outbox(conn, &pending.outbox)?;
        let outcomes = self.last_outcomes();
        dialect::remember_outcomes(conn, &outcomes)?;
        if let Some(newest) = outcomes.iter().map(|row| row.created_at.0).max() {
            outcomes::forget(conn, newest - Duration::hours(OUTCOME_KEPT_HOURS))?;
        }
        let series: Vec<SeriesRow> = pending
            .series
            .iter()
            .map(|(series, year)| SeriesRow {
                series: (*series).to_owned(),
                year: *year,
                last: self.next_number(series, *year) - 1,
            })
            .collect();
        dialect::write_series(conn, &series)?;
        if !pending.events.is_empty() {
            diesel::update(heads::table.filter(heads::name.eq("ledger")))
                .set((heads::value.eq(self.head.seq), heads::hash.eq(self.head.hash.to_vec())))
                .execute(conn)?;
        }
        if self.directory.version() != directory_before {
            diesel::update(heads::table.filter(heads::name.eq("directory")))
                .set(heads::value.eq(self.directory.version()))
                .execute(conn)?;
        }
        Ok(())
    }

    /// Writes what waits on the cases on which something else waits now than before.
    fn flush_tasks(&self, conn: &mut Conn) -> Result<()> {
        let mut changed = Vec::new();
        let mut rows = Vec::new();
        let mut reasked = Vec::new();
        let mut asked = Vec::new();
        let mut retimed = Vec::new();
        let mut clocks = Vec::new();
        for case in self.pending.cases.iter().filter_map(|id| self.cases.get(id)) {
            let now = tasks::of(case);
            if self.tasks.get(&case.id).map_or(&[][..], Vec::as_slice) != now {
                changed.push(Key(case.id.0));
                rows.extend(now.iter().map(|task| TaskRow::of(case.id, task)));
            }
            let now = SubtaskRow::all(case)?;
            if self.subtasks.get(&case.id).map_or(&[][..], Vec::as_slice) != now {
                reasked.push(Key(case.id.0));
                asked.extend(now);
            }
            let now = ClockRow::all(case)?;
            match self.clocks.get(&case.id) {
                Some(before) if *before == now => {}
                before => {
                    // Nothing is taken away from a new case.
                    retimed.extend(before.map(|_| Key(case.id.0)));
                    clocks.extend(now);
                }
            }
        }
        dialect::write_tasks(conn, &changed, &rows)?;
        dialect::write_subtasks(conn, &reasked, &asked)?;
        dialect::write_clocks(conn, &retimed, &clocks)
    }

    /// The outcomes to write, one per key: an upsert cannot touch a row twice.
    fn last_outcomes(&self) -> Vec<IdempotencyRow> {
        let mut last: BTreeMap<(Uuid, &str), &IdempotencyRow> = BTreeMap::new();
        for row in &self.pending.outcomes {
            last.insert((row.principal.0, &row.idempotency_key), row);
        }
        last.into_values().cloned().collect()
    }

    /// Is there anything to write?
    pub(super) fn is_clean(&self) -> bool {
        self.pending.events.is_empty()
            && self.pending.sessions.is_empty()
            && self.pending.links.is_empty()
            && self.calendar.is_clean()
    }
}

/// The principal under which an idempotency key is kept; the operator has none. An applicant has no
/// account, so his is made of the key and the whole request: who does not know both finds nothing
/// under the key, and the code in the outcome stays with him who sent the request.
pub(super) fn principal(caller: Caller, idempotency: &Idempotency) -> Option<Uuid> {
    match caller {
        Caller::User(id) => Some(id.0),
        Caller::Operator | Caller::LinkHolder | Caller::Server => None,
        Caller::Applicant => {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(b"gongkai/applicant/v1|");
            context.update(&idempotency.fingerprint);
            context.update(idempotency.key.as_bytes());
            let hash = context.finish();
            let bytes = hash.as_ref().first_chunk::<16>().copied().unwrap_or_default();
            // Version 8 (RFC 9562 §5.8): no id of a user is one.
            Some(uuid::Builder::from_custom_bytes(bytes).into_uuid())
        }
    }
}
