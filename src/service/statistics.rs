//! The supervisor's figures; their definitions are in [`crate::domain::measure`].

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};

use super::App;
use crate::domain::actor::CaseScope;
use crate::domain::deadline::legal_day;
use crate::domain::measure::{Cohort, Counts, GroupBy};
use crate::store::statistics::{self, OpenWork};
use crate::store::{Error, Result, dialect};

/// Working days within which an open case counts as due soon.
pub const DUE_SOON_WORKING_DAYS: u32 = 3;

/// The counts of a period, in all and by group.
pub struct Figures {
    /// Of what.
    pub cohort: Cohort,
    /// In all.
    pub total: Counts,
    /// By group.
    pub groups: BTreeMap<String, Counts>,
}

/// The period when the caller names none: this year up to today.
#[must_use]
pub fn period(
    app: &App,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    as_of: Option<NaiveDate>,
) -> Cohort {
    let as_of = as_of.unwrap_or_else(|| legal_day(app.clock.now()));
    let to = to.unwrap_or(as_of);
    let start = NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(to);
    Cohort { from: from.unwrap_or(start), to, as_of }
}

/// Counts a cohort on one consistent picture of the data. The total is the sum of the groups.
///
/// # Errors
/// The database cannot be read.
pub async fn figures(
    app: &Arc<App>,
    scope: CaseScope,
    cohort: Cohort,
    group_by: GroupBy,
) -> Result<Figures> {
    let groups = app
        .store
        .readers
        .run(move |conn| {
            dialect::snapshot(conn, |conn| statistics::counts(conn, &scope, &cohort, group_by))
        })
        .await?;
    let mut total = Counts::default();
    for counts in groups.values() {
        total += *counts;
    }
    Ok(Figures { cohort, total, groups })
}

/// The open work of every unit in scope.
pub struct Overview {
    /// The legal day on which it is so.
    pub today: NaiveDate,
    /// The last day that counts as soon.
    pub horizon: NaiveDate,
    /// By unit.
    pub units: BTreeMap<uuid::Uuid, OpenWork>,
}

/// Counts the open work.
///
/// # Errors
/// The database cannot be read, or the calendar does not reach.
pub async fn overview(app: &Arc<App>, scope: CaseScope) -> Result<Overview> {
    let today = legal_day(app.clock.now());
    let horizon = due_soon_until(app, today)?;
    let units = app
        .store
        .readers
        .run(move |conn| {
            dialect::snapshot(conn, |conn| statistics::open_work(conn, &scope, today, horizon))
        })
        .await?;
    Ok(Overview { today, horizon, units })
}

/// The last day that counts as soon.
///
/// # Errors
/// The calendar does not reach.
pub fn due_soon_until(app: &App, today: NaiveDate) -> Result<NaiveDate> {
    app.law()
        .calendar
        .nth_working_day_after(today, DUE_SOON_WORKING_DAYS)
        .map(|(day, _)| day)
        .map_err(|error| Error::Other(error.to_string()))
}
