//! The demo: the bureau with its units and people, the year 2011 of its report, and the work
//! around today, built on an empty database by the real commands with a clock that is set.
//!
//! Everything that happens is data: `data/demo_cast.json`, `demo_year.json`, `demo_open.json`. A row
//! names an applicant, a topic and a route; a route says on which working day after arrival which
//! act is done. Nothing is left to chance, so two builds at the same instant tell the same story.

mod act;
mod cast;
mod data;
mod days;
mod draft;
mod draw;
mod persona;
mod plan;
mod run;
mod scene;
mod seed;

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::App;
use crate::clock::SettableClock;
use crate::domain::actor::Role;
use crate::domain::calendar::CalendarError;
use crate::domain::deadline::legal_day;
use crate::domain::identity::IdentityError;
use crate::store::command::Denied;
use cast::Cast;
use run::Runner;
pub use seed::{Load, seed};

/// The first year in which the work around today can lie; the texts of the answers fit from then.
const FIRST_YEAR: i32 = 2019;

/// A user of the demo, with his password in the clear: the demo listens on the loopback only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// The name by which he logs in.
    pub username: String,
    /// His password.
    pub password: String,
    /// The name that others see.
    pub display_name: String,
    /// His role.
    pub role: Role,
    /// The code of his unit.
    pub unit_code: String,
    /// Its name.
    pub unit_name: String,
}

/// How far the demo is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
    /// What is being done.
    pub phase: Phase,
}

/// What the demo is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Units and users are created.
    People,
    /// The year of the report is lived through.
    Year,
    /// The work around today is laid out.
    Today,
}

impl Phase {
    /// A short text for the terminal.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::People => "units and users",
            Self::Year => "the year 2011",
            Self::Today => "the work of today",
        }
    }
}

/// Why the demo could not be built.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database already holds something.
    #[error("an empty database is needed")]
    NotEmpty,
    /// Today lies too far back.
    #[error("the demo can be set up for {FIRST_YEAR} or later only")]
    TooEarly,
    /// The demo's own data contradict themselves.
    #[error("the demo data are damaged: {0}")]
    Data(String),
    /// A day cannot be found.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// An applicant cannot be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A command was refused.
    #[error("{what}: {denied}")]
    Denied {
        /// Which.
        what: String,
        /// Why.
        denied: Box<Denied>,
    },
}

impl DemoError {
    fn denied(what: impl Into<String>) -> impl FnOnce(Denied) -> Self {
        let what = what.into();
        move |denied| Self::Denied { what, denied: Box::new(denied) }
    }
}

/// Builds the demo on an empty database as of `now`, and returns who can log in. `clock` must be
/// the clock of `app`; it is set to the instant of every command, and to `now` in the end.
///
/// # Errors
/// The database is not empty, `now` lies before 2019, or a command was not carried out.
pub async fn build(
    app: &Arc<App>,
    clock: &Arc<SettableClock>,
    now: DateTime<Utc>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<DemoUser>, DemoError> {
    let today = legal_day(now);
    if today.year() < FIRST_YEAR {
        return Err(DemoError::TooEarly);
    }
    if !app.store.directory().await?.units().is_empty() {
        return Err(DemoError::NotEmpty);
    }
    let stage = data::stage()?;
    let year = plan::story(data::year()?, &stage.topics, (&app.law(), app.practice), today)?;
    let open = plan::story(data::open()?, &stage.topics, (&app.law(), app.practice), today)?;
    let total = stage.users.len() + year.agenda.len() + open.agenda.len();

    let opening = year.agenda.first().map_or(now, |entry| entry.at - TimeDelta::hours(1));
    clock.set(opening);
    progress(Progress { done: 0, total, phase: Phase::People });
    let users = cast::create(app, &stage.users).await?;
    let cast = Cast::new(app.store.directory().await?);

    let mut done = users.len();
    for (story, phase) in [(&year, Phase::Year), (&open, Phase::Today)] {
        let mut runner = Runner::new(app, clock, &stage, &cast, story);
        for entry in &story.agenda {
            progress(Progress { done, total, phase });
            runner.carry_out(entry).await?;
            done += 1;
        }
        runner.settle().await?;
        progress(Progress { done, total, phase });
    }
    clock.set(now);
    Ok(users)
}
