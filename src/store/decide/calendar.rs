//! The working-day calendar: a year is imported by one, put in force by another, and the open cases are
//! recalculated by it, some at a time.

use serde_json::json;

use super::super::calendar::CalendarRow;
use super::super::command::{Caller, Outcome};
use super::super::error::Error;
use super::super::ledger::{Origin, Subject};
use super::super::types::{At, Key};
use super::super::workspace::Workspace;
use super::people::check_version;
use super::{Decided, plain_outcome, subject};
use crate::domain::actor::Actor;
use crate::domain::calendar::{CalendarState, CalendarVersion, Notice, OutOfSequence};
use crate::domain::ids::{CalendarVersionId, Version};
use crate::domain::lifecycle::{self, Consequence};
use crate::domain::policy::Right;
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;

/// What the ledger calls a version of a calendar year.
const KIND: &str = "calendar";

impl Workspace<'_> {
    pub(super) fn import_calendar(
        &mut self,
        id: CalendarVersionId,
        notice: &Notice,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let actor = keeper(origin)?;
        let current = &self.calendars.current().calendar;
        current.takes(notice.year).map_err(out_of_sequence)?;
        let known = current.years().get(&notice.year);
        let own = notice.to_year(1);
        if known.is_some_and(|year| {
            year.off_weekdays == own.off_weekdays && year.worked_weekends == own.worked_weekends
        }) {
            return Err(Reason::Unchanged.into());
        }
        let builtin = u32::from(self.basis.law.calendar.years().contains_key(&notice.year));
        let mut number = builtin;
        for row in self.calendar.rows().filter(|row| row.year == notice.year) {
            number = number.max(u32::try_from(row.number).map_err(Error::corrupt)?);
        }
        let version = CalendarVersion {
            id,
            number: number + 1,
            state: CalendarState::Draft,
            edition: None,
            version: Version::FIRST,
            notice: notice.clone(),
            imported_by: actor.user,
            imported_at: origin.at,
            decided_by: None,
            decided_at: None,
            progress: None,
        };
        let subject = Subject { kind: KIND, id: id.0, version: 1, action: "import_calendar" };
        let facts = json!({
            "year": notice.year, "number": version.number, "state": version.state, "notice": notice,
        });
        self.enter(&subject, origin, (json!({}), facts))?;
        self.calendar.put(CalendarRow::of(&version)?);
        Ok(Outcome { calendar: Some(version), ..plain_outcome(origin.at) })
    }

    pub(super) fn apply_calendar(
        &mut self,
        id: CalendarVersionId,
        expected: Version,
        seen: &str,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let actor = keeper(origin)?;
        let row = self.draft(id, expected)?;
        if row.imported_by == Key(actor.user.0) {
            return Err(Reason::ImporterMayNotApply.into());
        }
        if self.calendar.rows().any(|row| row.edition.is_some() && row.finished_at.is_none()) {
            return Err(Reason::RecalculationUnderWay.into());
        }
        let version = row.to_version()?;
        let current = self.calendars.current();
        if current.calendar.version() != seen {
            let now = Said::neutral(current.calendar.version().to_owned());
            let moved_on = Rejection::new(Reason::CalendarMovedOn).at("/calendar_version");
            return Err(moved_on.saying(now).into());
        }
        current.calendar.takes(version.notice.year).map_err(out_of_sequence)?;
        let edition = current.number + 1;
        let was = current.calendar.version().to_owned();
        let calendars = self.calendars.with(edition, origin.at, &version.notice, version.number);
        let calendars = calendars.map_err(Error::corrupt)?;
        let is = calendars.current().calendar.version().to_owned();
        let total = self.calendar.concerned(id);
        let row = CalendarRow {
            state: CalendarState::Applied.as_str().to_owned(),
            edition: Some(i32::try_from(edition).map_err(Error::corrupt)?),
            total,
            ..decided(row, actor, origin)
        };
        self.put_calendars(calendars)?;
        let before = json!({ "state": CalendarState::Draft, "calendar": was });
        let after = json!({
            "state": CalendarState::Applied, "calendar": is, "edition": edition, "cases": total,
        });
        self.put_version(row, "apply_calendar", (before, after), origin)
    }

    pub(super) fn discard_calendar(
        &mut self,
        id: CalendarVersionId,
        expected: Version,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let actor = keeper(origin)?;
        let row = self.draft(id, expected)?;
        let state = CalendarState::Discarded.as_str().to_owned();
        let row = CalendarRow { state, ..decided(row, actor, origin) };
        let before = json!({ "state": CalendarState::Draft });
        let after = json!({ "state": CalendarState::Discarded });
        self.put_version(row, "discard_calendar", (before, after), origin)
    }

    /// A draft as the caller saw it.
    fn draft(&self, id: CalendarVersionId, expected: Version) -> Decided<CalendarRow> {
        let row = self.calendar.row(id).ok_or(Reason::NotFound)?.clone();
        check_version(Version(row.version), Some(expected))?;
        if row.state != CalendarState::Draft.as_str() {
            return Err(Reason::CalendarVersionDecided.into());
        }
        Ok(row)
    }

    fn put_version(
        &mut self,
        row: CalendarRow,
        action: &str,
        facts: (serde_json::Value, serde_json::Value),
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let version = row.to_version()?;
        let subject = Subject { kind: KIND, id: version.id.0, version: version.version.0, action };
        self.enter(&subject, origin, facts)?;
        self.calendar.put(row);
        Ok(Outcome { calendar: Some(version), ..plain_outcome(origin.at) })
    }

    /// Recalculates the next cases. Where it has come to is written with them, so that nothing is done
    /// twice and nothing is left out, whoever goes on.
    pub(super) fn recalculate(
        &mut self,
        id: CalendarVersionId,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        if origin.caller != Caller::Server {
            return Err(Reason::RoleNotPermitted.into());
        }
        let mut row = self.calendar.row(id).ok_or(Reason::NotFound)?.clone();
        let Some(next) = self.calendar.take_next(id) else {
            let calendar = Some(row.to_version()?);
            return Ok(Outcome { calendar, ..plain_outcome(origin.at) });
        };
        let input = json!({
            "calendar_version_id": id,
            "calendar": self.law.calendar.version(),
            "decided_by": row.decided_by.map(|key| key.0),
        });
        let law = std::sync::Arc::clone(&self.law);
        for case in &next.cases {
            row.looked += 1;
            let Some(before) = self.case(*case).cloned() else {
                row.failed += 1;
                continue;
            };
            match lifecycle::recalculate(&before, &law, origin.at) {
                Ok(None) => {}
                Ok(Some(after)) => {
                    row.moved += 1;
                    let subject = subject(&after, Consequence::Recalculate.as_str());
                    self.enter_case(
                        Some(&before),
                        &after,
                        &subject,
                        origin,
                        (input.clone(), None),
                    )?;
                    self.put_case(after);
                }
                Err(error) => {
                    row.failed += 1;
                    tracing::error!(%error, %case, "the clock of a stored case does not run");
                }
            }
        }
        if let Some(last) = next.last {
            row.place_date = last.due;
            row.place_id = Some(Key(last.id.0));
        }
        if !next.is_end {
            let calendar = Some(row.to_version()?);
            self.calendar.put(row);
            return Ok(Outcome { calendar, ..plain_outcome(origin.at) });
        }
        row.finished_at = Some(At(origin.at));
        row.version += 1;
        let counts = json!({ "looked": row.looked, "moved": row.moved, "failed": row.failed });
        self.put_version(row, "finish_recalculation", (json!({}), counts), origin)
    }
}

/// Whoever keeps the calendar.
fn keeper<'a>(origin: &Origin<'a>) -> Decided<&'a Actor> {
    let actor = origin.actor.ok_or(Reason::RoleNotPermitted)?;
    if Right::ManageCalendar.granted_to(actor.role) {
        Ok(actor)
    } else {
        Err(Reason::RoleNotPermitted.into())
    }
}

fn decided(row: CalendarRow, actor: &Actor, origin: &Origin<'_>) -> CalendarRow {
    CalendarRow {
        decided_by: Some(Key(actor.user.0)),
        decided_at: Some(At(origin.at)),
        version: row.version + 1,
        ..row
    }
}

fn out_of_sequence(error: OutOfSequence) -> Rejection {
    let (first, last) = (error.first, error.last);
    let next = last.saturating_add(1);
    Rejection::new(Reason::CalendarYearOutOfSequence).at("/year").saying(Said::new(
        format!("现有{first}至{last}年,可录入其中一年或者{next}年"),
        format!("there are {first} to {last}; one of these or {next} can be entered"),
    ))
}
