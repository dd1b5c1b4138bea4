//! Keeping the calendar: a year is imported by one, looked at before it holds, put in force by
//! another, and the open cases are recalculated by it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chrono::NaiveDate;

use super::App;
use super::cases::Origin;
use crate::domain::actor::CaseScope;
use crate::domain::calendar::{CalendarState, CalendarVersion, Notice};
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::ids::{CalendarVersionId, CaseId, UnitId, Version};
use crate::domain::lifecycle::{Move, moved_by};
use crate::domain::regulation::Law;
use crate::domain::rejection::Reason;
use crate::store::calendar::{self as rows, Place};
use crate::store::command::{Caller, Command, Denied};
use crate::store::{Error, Result};

/// Cases that one command recalculates. Others that write wait for one command at most: some dozens of
/// milliseconds.
pub const AT_ONCE: usize = 400;

/// Cases that a preview looks at by one read.
const LOOKED_AT: usize = 1_000;

/// How often a process looks whether another has left a recalculation unfinished.
const EVERY: Duration = Duration::from_secs(20);

/// What putting a version in force would do to the open cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The first day that it changes; none when it changes nothing.
    pub first_changed: Option<NaiveDate>,
    /// Cases that it can concern.
    pub looked: u64,
    /// Of these, such that it changes in any way.
    pub changed: u64,
    /// Of these, such that are due later.
    pub later: u64,
    /// Such that are due earlier.
    pub earlier: u64,
    /// Such whose due date rested on a year that was not announced, and does no more.
    pub settled: u64,
    /// Such whose clock does not run, or whose row is damaged.
    pub failed: u64,
    /// How many are moved from which day to which.
    pub moves: BTreeMap<(NaiveDate, NaiveDate), u64>,
}

/// One case that a version would change.
#[derive(Clone, Debug)]
pub struct MovedCase {
    /// Its place.
    pub place: Place,
    /// The case.
    pub id: CaseId,
    /// Its number.
    pub case_number: Option<String>,
    /// Who answers for it.
    pub unit: UnitId,
    /// How it moves.
    pub change: Move,
}

/// Takes a version in as a draft.
///
/// # Errors
/// The command is refused, or the store could not carry it out.
pub async fn import(
    app: &App,
    origin: Origin,
    notice: Notice,
) -> std::result::Result<(CalendarVersion, crate::store::command::Replayed), Denied> {
    let id = CalendarVersionId(app.fresh_id());
    decided(app, origin, Command::ImportCalendar { id, notice: Box::new(notice) }).await
}

/// Puts a version in force; the cases are recalculated by it afterwards ([`carry_on`]).
///
/// # Errors
/// As [`import`].
pub async fn apply(
    app: &App,
    origin: Origin,
    (id, expected): (CalendarVersionId, Version),
    calendar: String,
) -> std::result::Result<(CalendarVersion, crate::store::command::Replayed), Denied> {
    decided(app, origin, Command::ApplyCalendar { id, expected, calendar }).await
}

/// Gives a draft up.
///
/// # Errors
/// As [`import`].
pub async fn discard(
    app: &App,
    origin: Origin,
    (id, expected): (CalendarVersionId, Version),
) -> std::result::Result<(CalendarVersion, crate::store::command::Replayed), Denied> {
    decided(app, origin, Command::DiscardCalendar { id, expected }).await
}

async fn decided(
    app: &App,
    origin: Origin,
    command: Command,
) -> std::result::Result<(CalendarVersion, crate::store::command::Replayed), Denied> {
    let outcome = app.submit(origin, command).await?;
    let version =
        outcome.calendar.ok_or_else(|| Error::corrupt("a command without its version"))?;
    Ok((version, outcome.replayed))
}

/// Goes on with every recalculation that is not finished, by small commands, until none is left.
/// Several processes may do so at once: each command takes the next cases.
///
/// # Errors
/// The store could not go on; what has been done stays, and whoever comes next goes on from there.
pub async fn carry_on(app: &App) -> std::result::Result<(), Denied> {
    while let Some(id) = app.store.readers.run(rows::unfinished).await? {
        while step(app, id, AT_ONCE).await?.is_unfinished() {
            // Who stops need not wait: another goes on, or this one when it starts again.
            if app.health.is_draining() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Recalculates the next cases by a version, and tells how far it has come.
///
/// # Errors
/// As [`carry_on`].
pub async fn step(
    app: &App,
    id: CalendarVersionId,
    at_most: usize,
) -> std::result::Result<CalendarVersion, Denied> {
    let origin =
        Origin { caller: Caller::Server, request_id: format!("calendar-{id}"), idempotency: None };
    Ok(decided(app, origin, Command::Recalculate { id, at_most: at_most.max(1) }).await?.0)
}

/// Goes on in the background. What the store could not do, [`keep_current`] does.
pub fn begin(app: Arc<App>) {
    tokio::spawn(async move {
        if let Err(error) = carry_on(&app).await {
            tracing::warn!(%error, "the recalculation pauses");
        }
    });
}

/// Finishes what this process or another has left unfinished, now and every so often, as long as the
/// application is there. It does not keep it there.
pub async fn keep_current(application: Weak<App>) {
    while let Some(app) = application.upgrade() {
        if let Err(error) = carry_on(&app).await {
            tracing::warn!(%error, "the recalculation pauses");
        }
        drop(app);
        tokio::time::sleep(EVERY).await;
    }
}

/// The law as it would be by a draft, and the first day that differs.
fn law_by(app: &App, version: &CalendarVersion) -> Result<(Arc<Law>, Option<NaiveDate>)> {
    let picture = app.store.picture();
    let current = &picture.law.calendar;
    let edition = picture.calendars.current().number + 1;
    let next = current.revised(edition, &version.notice, version.number).map_err(Error::corrupt)?;
    let first = current.first_difference(&next);
    Ok((Arc::new(picture.law.with_calendar(next)), first))
}

/// A draft that can still be put in force.
fn undecided(app: &App, version: &CalendarVersion) -> std::result::Result<(), Denied> {
    if version.state != CalendarState::Draft {
        return Err(Reason::CalendarVersionDecided.into());
    }
    let calendar = app.store.picture().calendars.current().calendar.clone();
    calendar.takes(version.notice.year).map_err(|_| Reason::CalendarYearOutOfSequence.into())
}

/// What a draft would do to the open cases, each of which is computed by both calendars.
///
/// # Errors
/// It is no draft any more, or the store cannot be read.
pub async fn preview(app: &App, version: &CalendarVersion) -> std::result::Result<Preview, Denied> {
    undecided(app, version)?;
    let (law, first) = law_by(app, version)?;
    let mut all = Preview { first_changed: first, ..Preview::default() };
    let Some(first) = first else { return Ok(all) };
    let today = legal_day(app.clock.now());
    let mut after = None;
    loop {
        let law = Arc::clone(&law);
        let read = move |conn: &mut crate::store::Conn| {
            let found = rows::look_at(conn, &CaseScope::All, first, after, LOOKED_AT)?;
            let mut part = Preview { failed: found.damaged, ..Preview::default() };
            for case in &found.cases {
                part.note(case, &law, today);
            }
            Ok((part, found.next))
        };
        let (part, next) = app.store.readers.run(read).await?;
        all.take_in(part);
        if next.is_none() {
            return Ok(all);
        }
        after = next;
    }
}

impl Preview {
    fn note(&mut self, case: &Case, law: &Law, today: NaiveDate) {
        self.looked += 1;
        match moved_by(case, law, today) {
            Ok(None) => {}
            Ok(Some(change)) => {
                self.changed += 1;
                self.settled += u64::from(change.was_provisional && !change.is_provisional);
                if let (Some(from), Some(to)) = (change.from, change.to)
                    && from != to
                {
                    self.later += u64::from(to > from);
                    self.earlier += u64::from(to < from);
                    *self.moves.entry((from, to)).or_default() += 1;
                }
            }
            Err(_) => self.failed += 1,
        }
    }

    fn take_in(&mut self, part: Self) {
        self.looked += part.looked;
        self.changed += part.changed;
        self.later += part.later;
        self.earlier += part.earlier;
        self.settled += part.settled;
        self.failed += part.failed;
        for (days, count) in part.moves {
            *self.moves.entry(days).or_default() += count;
        }
    }
}

/// Cases of this scope that a draft would change, from a place on; and whether there are more.
///
/// # Errors
/// As [`preview`].
pub async fn moves(
    app: &App,
    scope: CaseScope,
    version: &CalendarVersion,
    after: Option<Place>,
    limit: usize,
) -> std::result::Result<(Vec<MovedCase>, bool), Denied> {
    undecided(app, version)?;
    let (law, first) = law_by(app, version)?;
    let Some(first) = first else { return Ok((Vec::new(), false)) };
    let today = legal_day(app.clock.now());
    let mut found: Vec<MovedCase> = Vec::new();
    let mut after = after;
    loop {
        let (law, scope) = (Arc::clone(&law), scope.clone());
        let read = move |conn: &mut crate::store::Conn| {
            let looked = rows::look_at(conn, &scope, first, after, LOOKED_AT)?;
            let moved = looked.cases.iter().filter_map(|case| moved_case(case, &law, today));
            Ok((moved.collect::<Vec<_>>(), looked.next))
        };
        let (moved, next) = app.store.readers.run(read).await?;
        found.extend(moved);
        if found.len() > limit || next.is_none() {
            let more = found.len() > limit;
            found.truncate(limit);
            return Ok((found, more));
        }
        after = next;
    }
}

fn moved_case(case: &Case, law: &Law, today: NaiveDate) -> Option<MovedCase> {
    // One whose clock does not run is told by the preview.
    let change = moved_by(case, law, today).ok().flatten()?;
    Some(MovedCase {
        place: Place { due: change.from, id: case.id },
        id: case.id,
        case_number: case.record.registration.as_ref().map(|entry| entry.case_number.clone()),
        unit: case.responsible_unit(),
        change,
    })
}
