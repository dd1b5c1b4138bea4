//! From rows and routes to one agenda in the order of time.

use chrono::{DateTime, NaiveDate, Utc};

use super::DemoError;
use super::data::{Act, Plot, Row};
use super::days;
use crate::domain::regulation::Law;

/// One act at its time.
pub(super) struct Entry {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// On which row's case.
    pub(super) row: usize,
    /// What.
    pub(super) act: Act,
}

/// The rows and what happens to them.
pub(super) struct Story {
    /// The applications.
    pub(super) rows: Vec<Row>,
    /// When each arrived.
    pub(super) arrivals: Vec<NaiveDate>,
    /// Every act, in the order of time.
    pub(super) agenda: Vec<Entry>,
}

/// Lays out a plot over the calendar.
pub(super) fn story(plot: Plot, law: &Law, today: NaiveDate) -> Result<Story, DemoError> {
    let mut agenda = Vec::new();
    let mut arrivals = Vec::with_capacity(plot.applications.len());
    for (number, row) in plot.applications.iter().enumerate() {
        let arrival = days::arrival(row, law, today)?;
        arrivals.push(arrival);
        let route = plot
            .routes
            .get(&row.route)
            .ok_or_else(|| DemoError::Data(format!("no route {}", row.route)))?;
        let received =
            Entry { at: days::instant(arrival, number, 0), row: number, act: Act::Receive };
        agenda.push(received);
        for (step, (after, act)) in route.iter().enumerate() {
            let (day, _) = law.calendar.nth_working_day_after(arrival, *after)?;
            let at = days::instant(day, number, step + 1);
            agenda.push(Entry { at, row: number, act: *act });
        }
    }
    // Stable: the steps of a case keep their order, the rows theirs at the same instant.
    agenda.sort_by_key(|entry| entry.at);
    Ok(Story { rows: plot.applications, arrivals, agenda })
}
