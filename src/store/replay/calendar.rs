//! What falls due, and the versions of calendar years, rebuilt and compared.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::Value;

use super::Check;
use crate::domain::calendar::CalendarState;
use crate::store::calendar::{self, CalendarRow};
use crate::store::clocks::ClockRow;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::rows::EventRow;
use crate::store::schema::{case_clocks, events};
use crate::store::types::{At, Key};

impl Check<'_> {
    /// What falls due follows from the cases.
    pub(super) fn clocks(&mut self, conn: &mut Conn) -> Result<()> {
        let stored: Vec<ClockRow> = case_clocks::table.load(conn)?;
        let stored = BTreeSet::from_iter(stored);
        let made = std::mem::take(&mut self.clocks);
        for row in stored.symmetric_difference(&made) {
            let what = format!("its {} is stored otherwise than it is due", row.kind);
            self.differs(format_args!("case {}", row.case_id.0), what);
        }
        Ok(())
    }

    /// Every version of a calendar year is what its entries made of it. How far the recalculation has
    /// come between its beginning and its end is in no entry: each moved case has its own.
    pub(super) fn calendar(&mut self, conn: &mut Conn) -> Result<()> {
        let entries: Vec<EventRow> = events::table
            .filter(events::subject_kind.eq("calendar"))
            .order((events::subject_id, events::version))
            .load(conn)?;
        let mut stored: BTreeMap<Key, CalendarRow> =
            calendar::rows(conn)?.into_iter().map(|row| (row.id, row)).collect();
        for own in entries.chunk_by(|a, b| a.subject_id == b.subject_id) {
            let Some(first) = own.first() else { continue };
            let place = format!("calendar version {}", first.subject_id.0);
            let Some(row) = stored.remove(&first.subject_id) else {
                self.differs(place, "its row is missing");
                continue;
            };
            for what in differences(&row, own)? {
                self.differs(&place, what);
            }
        }
        for row in stored.values() {
            self.differs(format_args!("calendar version {}", row.id.0), "no entry in the ledger");
        }
        Ok(())
    }
}

/// What of a row is not as its entries say.
fn differences(row: &CalendarRow, entries: &[EventRow]) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    let mut said = Value::Null;
    let mut decided: Option<At> = None;
    let mut finished: Option<At> = None;
    for (at, entry) in (1_i64..).zip(entries) {
        let body: Value = serde_json::from_str(&entry.body).map_err(Error::corrupt)?;
        if entry.version != at {
            found.push("an entry of another version");
        }
        merge(&mut said, body.get("after"));
        match entry.action.as_str() {
            "apply_calendar" | "discard_calendar" => decided = Some(entry.at),
            "finish_recalculation" => finished = Some(entry.at),
            _ => {}
        }
    }
    let number = |name: &str| said.get(name).and_then(Value::as_i64);
    let notice: Value = serde_json::from_str(&row.notice.0).map_err(Error::corrupt)?;
    let state = said.get("state").and_then(Value::as_str);
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let mut check = |holds: bool, what| {
        if !holds {
            found.push(what);
        }
    };
    check(row.version == count, "column version");
    check(number("year") == Some(row.year.into()), "column year");
    check(number("number") == Some(row.number.into()), "column number");
    check(state == Some(&row.state), "column state");
    check(number("edition") == row.edition.map(i64::from), "column edition");
    check(said.get("notice") == Some(&notice), "column notice");
    check(decided == row.decided_at, "column decided_at");
    check(finished == row.finished_at, "column finished_at");
    if finished.is_some() {
        let counts = (number("looked"), number("moved"), number("failed"));
        check(counts == (Some(row.looked), Some(row.moved), Some(row.failed)), "its counts");
    }
    let applied = state == Some(CalendarState::Applied.as_str());
    check(applied || row.looked == 0, "recalculated without being in force");
    Ok(found)
}

/// Puts the members of an entry's facts over those of the entries before it.
fn merge(said: &mut Value, more: Option<&Value>) {
    let Some(Value::Object(more)) = more else { return };
    if !said.is_object() {
        *said = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(said) = said {
        said.extend(more.clone());
    }
}
