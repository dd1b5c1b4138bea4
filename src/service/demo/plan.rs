//! From rows and routes to one agenda in the order of time.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::DemoError;
use super::data::{Act, Plot, Row, Topic};
use super::days;
use crate::domain::case::ReviewKind;
use crate::domain::decision::{DecisionCode, Decisions};
use crate::domain::lifecycle::reviews_needed;
use crate::domain::practice::Practice;
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

/// The route with the reviews that the draft of this decision must pass, on the day of the draft. A
/// draft that the route does not issue waits for them.
pub(super) fn reviewed(
    route: &[(u32, Act)],
    decision: &str,
    practice: Practice,
) -> Vec<(u32, Act)> {
    let row = DecisionCode::parse(decision).ok().and_then(|code| Decisions::builtin().find(code));
    let needed = row.map(|row| reviews_needed(row, practice)).unwrap_or_default();
    let issued = route.iter().rposition(|(_, act)| matches!(act, Act::Issue | Act::IssueServed));
    let last = route.iter().rposition(|(_, act)| *act == Act::Draft);
    let mut whole = Vec::with_capacity(route.len() + needed.len());
    for (at, (day, act)) in route.iter().enumerate() {
        whole.push((*day, *act));
        if Some(at) == last && issued.is_some() {
            whole.extend(needed.iter().map(|kind| match kind {
                ReviewKind::Secrecy => (*day, Act::ReviewSecrecy),
                ReviewKind::Legality => (*day, Act::ReviewLegality),
            }));
        }
    }
    whole
}

/// Lays out a plot over the calendar.
pub(super) fn story(
    plot: Plot,
    topics: &BTreeMap<String, Topic>,
    (law, practice): (&Law, Practice),
    today: NaiveDate,
) -> Result<Story, DemoError> {
    let mut agenda = Vec::new();
    let mut arrivals = Vec::with_capacity(plot.applications.len());
    for (number, row) in plot.applications.iter().enumerate() {
        let arrival = days::arrival(row, law, today)?;
        arrivals.push(arrival);
        let route = plot
            .routes
            .get(&row.route)
            .ok_or_else(|| DemoError::Data(format!("no route {}", row.route)))?;
        let missing = || DemoError::Data(format!("no topic {}", row.topic));
        let topic = topics.get(&row.topic).ok_or_else(missing)?;
        let decision = if row.repeats.is_some() { "repeat" } else { &topic.decision };
        let route = reviewed(route, decision, practice);
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
