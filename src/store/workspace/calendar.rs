//! The calendar in the workspace: the versions of its years, and the cases that are next to be
//! recalculated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Workspace;
use crate::domain::calendar::{Calendar, Calendars};
use crate::domain::ids::{CalendarVersionId, CaseId};
use crate::domain::regulation::Law;
use crate::store::calendar::{self, CalendarRow, Place};
use crate::store::command::{Command, Request};
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::{Error, Result};
use crate::store::picture::Picture;

/// What commands on the calendar need, and what they change.
#[derive(Default)]
pub(in crate::store) struct Desk {
    rows: BTreeMap<CalendarVersionId, CalendarRow>,
    changed: BTreeSet<CalendarVersionId>,
    /// How many cases each draft named to be applied concerns.
    concerned: BTreeMap<CalendarVersionId, i64>,
    /// The next cases of each recalculation that is carried on; taken out by the first command.
    next: BTreeMap<CalendarVersionId, Next>,
}

/// The next cases of a recalculation.
pub(in crate::store) struct Next {
    /// The cases, in their order.
    pub(in crate::store) cases: Vec<CaseId>,
    /// The place of the last.
    pub(in crate::store) last: Option<Place>,
    /// Are there none behind them?
    pub(in crate::store) is_end: bool,
}

impl Desk {
    /// Is there nothing to write?
    pub(in crate::store) fn is_clean(&self) -> bool {
        self.changed.is_empty()
    }

    /// The rows, in the order of their ids.
    pub(in crate::store) fn rows(&self) -> impl Iterator<Item = &CalendarRow> {
        self.rows.values()
    }

    /// A version that a command names.
    pub(in crate::store) fn row(&self, id: CalendarVersionId) -> Option<&CalendarRow> {
        self.rows.get(&id)
    }

    /// Puts a new or changed version in.
    pub(in crate::store) fn put(&mut self, row: CalendarRow) {
        let id = CalendarVersionId(row.id.0);
        self.changed.insert(id);
        self.rows.insert(id, row);
    }

    /// How many cases a version concerns.
    pub(in crate::store) fn concerned(&self, id: CalendarVersionId) -> i64 {
        self.concerned.get(&id).copied().unwrap_or(0)
    }

    /// The next cases of a recalculation; none when a command of this batch has had them.
    pub(in crate::store) fn take_next(&mut self, id: CalendarVersionId) -> Option<Next> {
        self.next.remove(&id)
    }
}

impl Workspace<'_> {
    pub(super) fn load_calendar(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let mut wanted = false;
        let mut applied = Vec::new();
        let mut carried_on = Vec::new();
        for request in requests {
            match &request.command {
                Command::ImportCalendar { .. } | Command::DiscardCalendar { .. } => wanted = true,
                Command::ApplyCalendar { id, .. } => applied.push(*id),
                Command::Recalculate { id, at_most } => carried_on.push((*id, *at_most)),
                _ => {}
            }
        }
        if !wanted && applied.is_empty() && carried_on.is_empty() {
            return Ok(());
        }
        let rows = calendar::rows(conn)?.into_iter();
        self.calendar.rows = rows.map(|row| (CalendarVersionId(row.id.0), row)).collect();
        for id in applied {
            let Some(row) = self.calendar.rows.get(&id) else { continue };
            let version = row.to_version()?;
            let calendar = &self.calendars.current().calendar;
            // A year that does not fit is refused when the command is decided.
            let Ok(next) = calendar.revised(u32::MAX, &version.notice, version.number) else {
                continue;
            };
            if let Some(first) = calendar.first_difference(&next) {
                let count = calendar::count_concerned(conn, first)?;
                self.calendar.concerned.insert(id, count);
            }
        }
        for (id, at_most) in carried_on {
            self.load_next(conn, id, at_most)?;
        }
        Ok(())
    }

    fn load_next(&mut self, conn: &mut Conn, id: CalendarVersionId, at_most: usize) -> Result<()> {
        let Some(row) = self.calendar.rows.get(&id).filter(|row| row.finished_at.is_none()) else {
            return Ok(());
        };
        let (Some(edition), after) = (row.edition, row.place()) else { return Ok(()) };
        let next = match self.first_changed_by(edition)? {
            None => Next { cases: Vec::new(), last: None, is_end: true },
            Some(first) => {
                let (rows, last) = calendar::next_to_recalculate(conn, first, after, at_most)?;
                let cases = rows.iter().map(|row| CaseId(row.id.0)).collect::<Vec<_>>();
                let is_end = rows.len() < at_most;
                for row in rows {
                    match row.to_case() {
                        Ok(case) => self.hold(case)?,
                        // It stays as it is, and counts as failed: the others must not wait for it.
                        Err(error) => tracing::error!(%error, "a case is not recalculated"),
                    }
                }
                Next { cases, last, is_end }
            }
        };
        self.calendar.next.insert(id, next);
        Ok(())
    }

    /// The first day on which an edition says something else than the one before it.
    fn first_changed_by(&self, edition: i32) -> Result<Option<chrono::NaiveDate>> {
        let edition = u32::try_from(edition).map_err(Error::corrupt)?;
        let mut before: Option<&Arc<Calendar>> = None;
        for one in self.calendars.all() {
            if one.number == edition {
                return Ok(before.and_then(|before| before.first_difference(&one.calendar)));
            }
            before = Some(&one.calendar);
        }
        Err(Error::corrupt(format_args!("no edition {edition} of the calendar")))
    }

    /// Puts another calendar in force for the commands that follow; the picture of every process
    /// moves on.
    pub(in crate::store) fn put_calendars(&mut self, calendars: Calendars) -> Result<()> {
        let calendar = Arc::clone(&calendars.current().calendar);
        self.law = Arc::new(Law { calendar, rules: Arc::clone(&self.law.rules) });
        self.calendars = Arc::new(calendars);
        self.redraw()
    }

    /// The picture after this batch.
    pub(in crate::store) fn picture(&self) -> Picture {
        let (directory, calendars) = (Arc::clone(&self.directory), Arc::clone(&self.calendars));
        Picture { directory, calendars, law: Arc::clone(&self.law) }
    }

    /// Writes the versions that have changed.
    pub(super) fn flush_calendar(&self, conn: &mut Conn) -> Result<()> {
        let changed = self.calendar.changed.iter().filter_map(|id| self.calendar.rows.get(id));
        let rows: Vec<CalendarRow> = changed.cloned().collect();
        dialect::write_calendar(conn, &rows)
    }
}
