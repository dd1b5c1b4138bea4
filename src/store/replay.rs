//! Every case rebuilt from its entries in the ledger and compared with what is stored: the row with
//! each of its columns, the letters, the messages, the series of numbers, the references, the head.
//!
//! The entries are taken at their word here; that nobody changed them is what [`super::audit`] shows.

mod calendar;
mod letters;
mod paragraphs;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::clocks::ClockRow;
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::ledger;
use super::rows::{
    AttachmentRow, CaseRow, EventRow, ExternalRefRow, OutboxRow, SeriesRow, SubtaskRow, TaskRow,
};
use super::schema::{
    case_tasks, cases, events, external_refs, heads, number_series, outbox, subtasks,
};
use super::seals::SealRow;
use super::tasks;
use super::types::Key;
use super::vault::Vault;
use crate::domain::actor::Role;
use crate::domain::case::{Case, Record};
use crate::domain::ids::{CaseId, Version};
use crate::domain::lifecycle::table::rules_of;
use crate::domain::lifecycle::{Action, Consequence, Party, Status, Target};

/// Cases that are rebuilt at once.
const AT_ONCE: i64 = 200;

/// Something stored that is not what the entries say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Difference {
    /// Where: a case with its version, a series, a table.
    pub place: String,
    /// What.
    pub what: String,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Cases rebuilt.
    pub cases: i64,
    /// Entries that they were rebuilt from.
    pub events: i64,
    /// Differences found.
    pub differences: u64,
}

/// What a case number is made of, to find the number in it again.
pub struct CasePattern<'a>(pub &'a str);

impl CasePattern<'_> {
    /// The running number of a case number of that year.
    fn number(&self, case_number: &str, year: i32) -> Option<i64> {
        let (front, back) = self.0.split_once("{n}")?;
        let year = year.to_string();
        let (front, back) = (front.replace("{year}", &year), back.replace("{year}", &year));
        case_number.strip_prefix(&front)?.strip_suffix(&back)?.parse().ok()
    }
}

/// Rebuilds and compares everything, on one consistent picture of the data; a server may go on
/// working beside it. Each difference goes to `found`, how far it has come to `progress`.
///
/// # Errors
/// The database cannot be read.
pub fn check(
    conn: &mut Conn,
    vault: &Vault,
    pattern: &CasePattern<'_>,
    found: &mut dyn FnMut(Difference),
    progress: &mut dyn FnMut(i64),
) -> Result<Looked> {
    dialect::take_time(conn)?;
    dialect::snapshot(conn, |conn| {
        let mut check = Check {
            vault,
            pattern,
            found,
            looked: Looked::default(),
            used: BTreeMap::new(),
            references: Vec::new(),
            tasks: BTreeSet::new(),
            seals: BTreeSet::new(),
            subtasks: BTreeSet::new(),
            clocks: BTreeSet::new(),
            seen: letters::Seen::default(),
        };
        check.all_cases(conn, progress)?;
        check.entries_without_case(conn)?;
        check.series(conn)?;
        check.letter_series(conn)?;
        check.external_refs(conn)?;
        check.tasks(conn)?;
        check.paragraphs(conn)?;
        check.seals(conn)?;
        check.clocks(conn)?;
        check.calendar(conn)?;
        check.head(conn)?;
        check.messages(conn)?;
        Ok(check.looked)
    })
}

/// Numbers used in a series of a year: how many, and the highest.
#[derive(Clone, Copy, Default)]
struct Used {
    count: i64,
    highest: i64,
}

struct Check<'a> {
    vault: &'a Vault,
    pattern: &'a CasePattern<'a>,
    found: &'a mut dyn FnMut(Difference),
    looked: Looked,
    used: BTreeMap<(&'static str, i32), Used>,
    references: Vec<(String, String, Key)>,
    tasks: BTreeSet<TaskRow>,
    seals: BTreeSet<SealRow>,
    subtasks: BTreeSet<SubtaskRow>,
    clocks: BTreeSet<ClockRow>,
    seen: letters::Seen,
}

impl Check<'_> {
    fn differs(&mut self, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.looked.differences += 1;
        (self.found)(Difference { place: place.to_string(), what: what.to_string() });
    }

    fn all_cases(&mut self, conn: &mut Conn, progress: &mut dyn FnMut(i64)) -> Result<()> {
        let mut after: Option<Key> = None;
        loop {
            let rows: Vec<CaseRow> = match after {
                None => cases::table.order(cases::id).limit(AT_ONCE).load(conn)?,
                Some(last) => cases::table
                    .filter(cases::id.gt(last))
                    .order(cases::id)
                    .limit(AT_ONCE)
                    .load(conn)?,
            };
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id);
            let ids: Vec<Key> = rows.iter().map(|row| row.id).collect();
            let entries: Vec<EventRow> = events::table
                .filter(events::subject_id.eq_any(ids.clone()))
                .order((events::subject_id, events::version))
                .load(conn)?;
            let mut letters = letters::of(conn, &ids)?;
            let seqs: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
            let messages: Vec<OutboxRow> =
                outbox::table.filter(outbox::seq.eq_any(seqs)).load(conn)?;
            let messages: BTreeMap<i64, OutboxRow> =
                messages.into_iter().map(|row| (row.seq, row)).collect();
            let files = super::attachments::of_cases(conn, rows.iter().map(|row| row.id))?;
            let mut rest = entries.as_slice();
            for row in &rows {
                let own = rest.iter().take_while(|entry| entry.subject_id == row.id).count();
                let (own, more) = rest.split_at(own);
                rest = more;
                let files: &[_] = files.get(&row.id).map_or(&[], Vec::as_slice);
                self.case(row, own, (&messages, files), &mut letters);
            }
            progress(self.looked.cases);
        }
    }

    fn case(
        &mut self,
        row: &CaseRow,
        entries: &[EventRow],
        (messages, files): (&BTreeMap<i64, OutboxRow>, &[AttachmentRow]),
        letters: &mut letters::Stored,
    ) {
        self.looked.cases += 1;
        self.looked.events += i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let id = CaseId(row.id.0);
        let mut parts = Map::new();
        let mut case: Option<Case> = None;
        for entry in entries {
            let place = format!("case {id} version {}", entry.version);
            match self.next(case.as_ref(), entry, &mut parts, messages.get(&entry.seq)) {
                Ok(next) => {
                    for what in next.faults {
                        self.differs(&place, what);
                    }
                    case = Some(next.case);
                }
                Err(error) => {
                    self.differs(&place, error);
                    return;
                }
            }
        }
        let Some(case) = case else {
            return self.differs(format!("case {id}"), "no entry in the ledger");
        };
        self.compare(row, &case);
        match SubtaskRow::all(&case) {
            Ok(rows) => self.subtasks.extend(rows),
            Err(error) => self.differs(format_args!("case {id}"), error),
        }
        match ClockRow::all(&case) {
            Ok(rows) => self.clocks.extend(rows),
            Err(error) => self.differs(format_args!("case {id}"), error),
        }
        self.tasks.extend(tasks::of(&case).iter().map(|task| TaskRow::of(case.id, task)));
        match SealRow::all(&case) {
            Ok(rows) => self.seals.extend(rows),
            Err(error) => self.differs(format_args!("case {id}"), error),
        }
        self.letters(&case, letters);
        self.attachments(&case, files);
        self.count_numbers(&case);
    }

    /// The case after one more entry, and what of the entry is not as it should be.
    fn next(
        &self,
        before: Option<&Case>,
        entry: &EventRow,
        parts: &mut Map<String, Value>,
        message: Option<&OutboxRow>,
    ) -> Result<Next> {
        let mut faults = Vec::new();
        let body: Value = serde_json::from_str(&entry.body).map_err(Error::corrupt)?;
        let kept = body.get("record").unwrap_or(&Value::Null);
        ledger::read_change(self.vault, entry.subject_id.0, entry.version, kept)?.make(parts);
        let record: Record =
            serde_json::from_value(Value::Object(parts.clone())).map_err(Error::corrupt)?;
        let case = Case {
            id: CaseId(entry.subject_id.0),
            version: Version(entry.version),
            updated_at: entry.at.0,
            record,
        };
        let expected = before.map_or(Version::FIRST, |case| case.version.next());
        if case.version != expected {
            faults.push(format!("version {} was expected here", expected.0));
        }
        faults.extend(case.faults().iter().map(ToString::to_string));
        if !is_legal(before.map(Case::status), &entry.action, case.status(), &body) {
            let from = before.map_or("nothing", |case| case.status().as_str());
            let to = case.status();
            faults.push(format!("{} does not lead from {from} to {to} by this role", entry.action));
        }
        let (was, is) = ledger::difference(before, &case);
        if body.get("before") != Some(&Value::Object(was))
            || body.get("after") != Some(&Value::Object(is))
        {
            faults.push("before and after are not what was changed".to_owned());
        }
        let made = ledger::message(entry, before, &case)?;
        match message {
            None => faults.push("no message in the outbox".to_owned()),
            Some(stored) if (&stored.topic, &stored.payload) != (&made.topic, &made.payload) => {
                faults.push("another message in the outbox".to_owned());
            }
            Some(_) => {}
        }
        Ok(Next { case, faults })
    }

    fn compare(&mut self, row: &CaseRow, case: &Case) {
        let place = format!("case {}", case.id);
        let rebuilt = match CaseRow::of(case) {
            Ok(rebuilt) => rebuilt,
            Err(error) => return self.differs(place, error),
        };
        for column in row.columns_that_differ(&rebuilt) {
            self.differs(&place, format_args!("column {column}"));
        }
        match row.to_case() {
            Ok(stored) if stored.record == case.record => {}
            Ok(_) => self.differs(&place, "column record"),
            Err(error) => self.differs(&place, error),
        }
    }

    fn attachments(&mut self, case: &Case, stored: &[AttachmentRow]) {
        let made: Result<Vec<AttachmentRow>> =
            case.record.attachments.iter().map(|file| AttachmentRow::of(case.id, file)).collect();
        let place = format!("case {}", case.id);
        match made {
            Ok(mut made) => {
                made.sort_by_key(|row| row.id);
                if made != stored {
                    self.differs(place, "the table of its files");
                }
            }
            Err(error) => self.differs(place, error),
        }
    }

    fn count_numbers(&mut self, case: &Case) {
        let intake = &case.record.intake;
        let receipt =
            intake.receipt_number.strip_prefix("SJ").and_then(|rest| rest.split_once('-'));
        let receipt = receipt.and_then(|(year, n)| Some((year.parse().ok()?, n.parse().ok()?)));
        let entry = case.record.registration.as_ref();
        let number = entry
            .map(|entry| Some((entry.year, self.pattern.number(&entry.case_number, entry.year)?)));
        for (series, used) in [("receipt", Some(receipt)), ("case", number)] {
            match used {
                Some(Some((year, n))) => {
                    let used = self.used.entry((series, year)).or_default();
                    used.count += 1;
                    used.highest = used.highest.max(n);
                }
                Some(None) => {
                    self.differs(
                        format_args!("case {}", case.id),
                        format_args!("a {series} number of another form"),
                    );
                }
                None => {}
            }
        }
        if case.status() != Status::Voided
            && let Some(known) = &intake.external_ref
        {
            let (source, reference) = (known.source().to_owned(), known.reference().to_owned());
            self.references.push((reference, source, Key(case.id.0)));
        }
    }

    /// Numbers are unique (the database sees to it), so a series without gaps has as many as its last.
    fn series(&mut self, conn: &mut Conn) -> Result<()> {
        let rows: Vec<SeriesRow> = number_series::table.load(conn)?;
        let mut used = std::mem::take(&mut self.used);
        for row in rows {
            let series = if row.series == "case" { "case" } else { "receipt" };
            let Used { count, highest } = used.remove(&(series, row.year)).unwrap_or_default();
            if (count, highest) != (row.last, row.last) {
                let what =
                    format!("ends at {}, but {count} numbers are used up to {highest}", row.last);
                self.differs(format_args!("series {series} {}", row.year), what);
            }
        }
        for ((series, year), _) in used {
            self.differs(format_args!("series {series} {year}"), "has no row");
        }
        Ok(())
    }

    fn external_refs(&mut self, conn: &mut Conn) -> Result<()> {
        let rows: Vec<ExternalRefRow> = external_refs::table.load(conn)?;
        let mut stored: Vec<(String, String, Key)> =
            rows.into_iter().map(|row| (row.reference, row.source, row.case_id)).collect();
        stored.sort_unstable();
        let mut made = std::mem::take(&mut self.references);
        made.sort_unstable();
        let only = |these: &[(String, String, Key)], those: &[(String, String, Key)]| {
            let lone = these.iter().filter(|entry| those.binary_search(entry).is_err());
            lone.map(|(_, _, case)| case.0).collect::<Vec<_>>()
        };
        for case in only(&stored, &made) {
            self.differs(
                format_args!("case {case}"),
                "an external reference that no entry gave it",
            );
        }
        for case in only(&made, &stored) {
            self.differs(format_args!("case {case}"), "its external reference is not kept");
        }
        Ok(())
    }

    fn tasks(&mut self, conn: &mut Conn) -> Result<()> {
        let stored: Vec<TaskRow> = case_tasks::table.load(conn)?;
        let stored = BTreeSet::from_iter(stored);
        let made = std::mem::take(&mut self.tasks);
        for row in stored.difference(&made) {
            let what = format!("a {} waits that no entry asked for", row.task);
            self.differs(format_args!("case {}", row.case_id.0), what);
        }
        for row in made.difference(&stored) {
            let what = format!("its {} is not waiting", row.task);
            self.differs(format_args!("case {}", row.case_id.0), what);
        }
        let stored: Vec<SubtaskRow> = subtasks::table.load(conn)?;
        let stored = BTreeSet::from_iter(stored);
        let made = std::mem::take(&mut self.subtasks);
        for row in stored.symmetric_difference(&made) {
            let what = format!("its subtask {} is stored otherwise than entered", row.number);
            self.differs(format_args!("case {}", row.case_id.0), what);
        }
        Ok(())
    }

    fn entries_without_case(&mut self, conn: &mut Conn) -> Result<()> {
        let all: i64 =
            events::table.filter(events::subject_kind.eq("case")).count().get_result(conn)?;
        if all != self.looked.events {
            let lost = all - self.looked.events;
            self.differs(
                "events",
                format_args!("{lost} entries belong to cases that are not there"),
            );
        }
        Ok(())
    }

    fn head(&mut self, conn: &mut Conn) -> Result<()> {
        let stored: (i64, Vec<u8>) = heads::table
            .filter(heads::name.eq("ledger"))
            .select((heads::value, heads::hash))
            .first(conn)?;
        let last: Option<(i64, Vec<u8>)> = events::table
            .order(events::seq.desc())
            .select((events::seq, events::hash))
            .first(conn)
            .optional()?;
        if last.unwrap_or((0, vec![0; 32])) != stored {
            self.differs("heads", "the head is not the last entry");
        }
        let count: i64 = events::table.count().get_result(conn)?;
        if count != stored.0 {
            self.differs("events", format_args!("{count} entries, but the head is {}", stored.0));
        }
        Ok(())
    }

    fn messages(&mut self, conn: &mut Conn) -> Result<()> {
        let count: i64 = outbox::table.count().get_result(conn)?;
        if count != self.looked.events {
            let events = self.looked.events;
            self.differs("outbox", format_args!("{count} messages for {events} entries"));
        }
        Ok(())
    }
}

/// A case after one more entry, and what of the entry is not as it should be.
struct Next {
    case: Case,
    faults: Vec<String>,
}

/// Does a row of the lifecycle table lead this way, for somebody in this role? What the directory does
/// with the cases of a unit or an officer changes no status.
fn is_legal(from: Option<Status>, action: &str, to: Status, body: &Value) -> bool {
    let Ok(action) = Action::parse(action) else {
        let status = from.filter(|from| *from == to);
        return match Consequence::parse(action) {
            Ok(Consequence::HandOver | Consequence::Recalculate) => {
                status.is_some_and(|s| s.is_open() || s == Status::Answered)
            }
            Ok(Consequence::Release) => status.is_some_and(Status::is_open),
            Ok(Consequence::SettleSeal) => status.is_some(),
            Err(_) => false,
        };
    };
    let actor = body.get("actor");
    let role =
        actor.and_then(|actor| actor.get("role")?.as_str()).and_then(|role| Role::parse(role).ok());
    let by = |party: &Party| match role {
        Some(role) => party.roles().contains(&role),
        None => *party == Party::Applicant,
    };
    rules_of(action).any(|rule| {
        let leads = match (rule.to, from) {
            (Target::New(status), None) => status == to,
            (Target::To(status), Some(from)) => rule.from.contains(&from) && status == to,
            (Target::OneOf(to_one), Some(from)) => {
                rule.from.contains(&from) && to_one.contains(&to)
            }
            (Target::Same, Some(from)) => rule.from.contains(&from) && from == to,
            _ => false,
        };
        leads && rule.by.iter().any(by)
    })
}
