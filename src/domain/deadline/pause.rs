//! Consultation pauses (R6) and the walk over counted days.

use chrono::{Datelike, NaiveDate};

use super::{ClockError, Consulted};
use crate::domain::calendar::{Calendar, MAX_WALK_DAYS, date_of};

/// One consultation that stops the clock: the days in (`after`, `until`] do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    pub who: Consulted,
    pub after: NaiveDate,
    pub until: NaiveDate,
}

/// The days that one consultation excludes (R6; the shape is ours, the statute gives none):
/// from the day after sending to the opinion, at the latest to the last day for the opinion.
pub(super) fn pause(
    who: Consulted,
    sent: NaiveDate,
    opinion_received: Option<NaiveDate>,
    opinion_due: NaiveDate,
) -> Pause {
    Pause {
        who,
        after: sent,
        until: opinion_received.map_or(opinion_due, |received| received.min(opinion_due)),
    }
}

/// The union of pauses as disjoint ascending day ranges (R6: overlaps count once).
#[derive(Debug, Clone, Default)]
pub(super) struct Pauses {
    each: Vec<Pause>,
    /// (after, until] as day numbers.
    union: Vec<(i32, i32)>,
}

impl Pauses {
    /// Adds a pause. Pauses come in the order of `after`, as events are processed in order.
    pub fn push(&mut self, pause: Pause) {
        let (after, until) = (pause.after.num_days_from_ce(), pause.until.num_days_from_ce());
        if until <= after {
            return;
        }
        self.each.push(pause);
        match self.union.last_mut() {
            Some(last) if after <= last.1 => last.1 = last.1.max(until),
            _ => self.union.push((after, until)),
        }
    }

    /// The first pause that covers a day.
    pub fn covering(&self, day: NaiveDate) -> Option<&Pause> {
        self.each.iter().find(|pause| pause.after < day && day <= pause.until)
    }

    /// The `count`-th working day after `base` that no pause covers (R4, R6).
    pub fn nth_counted_day(
        &self,
        calendar: &Calendar,
        base: NaiveDate,
        count: u32,
    ) -> Result<NaiveDate, ClockError> {
        let start = base.num_days_from_ce();
        let mut spans = self.union.iter().peekable();
        let mut day = start;
        let mut left = count;
        while left > 0 {
            day += 1;
            if let Some(end) = skip_to(&mut spans, day) {
                day = end;
            } else if calendar.is_working_number(day)? {
                left -= 1;
            }
            if day.saturating_sub(start) > MAX_WALK_DAYS {
                return Err(ClockError::PeriodTooLong);
            }
        }
        Ok(date_of(day)?)
    }

    /// The working days in (`base`, `due`], counted and excluded ones apart.
    pub fn split(
        &self,
        calendar: &Calendar,
        base: NaiveDate,
        due: NaiveDate,
    ) -> Result<(Vec<NaiveDate>, Vec<NaiveDate>), ClockError> {
        let (mut counted, mut excluded) = (Vec::with_capacity(48), Vec::new());
        let mut spans = self.union.iter().peekable();
        for day in base.num_days_from_ce() + 1..=due.num_days_from_ce() {
            if !calendar.is_working_number(day)? {
                continue;
            }
            let list = match skip_to(&mut spans, day) {
                Some(_) => &mut excluded,
                None => &mut counted,
            };
            list.push(date_of(day)?);
        }
        Ok((counted, excluded))
    }
}

/// The end of the pause that covers a day; drops pauses that lie before it.
fn skip_to(
    spans: &mut std::iter::Peekable<std::slice::Iter<'_, (i32, i32)>>,
    day: i32,
) -> Option<i32> {
    while spans.next_if(|span| span.1 < day).is_some() {}
    let &&(after, until) = spans.peek()?;
    (after < day).then_some(until)
}
