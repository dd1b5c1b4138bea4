//! When an application arrived, and at what time of a day something is done.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::DemoError;
use super::data::Row;
use crate::domain::calendar::Calendar;
use crate::domain::deadline::start_of_legal_day;
use crate::domain::regulation::Law;

/// The working day on which a row's application arrived.
pub(super) fn arrival(row: &Row, law: &Law, today: NaiveDate) -> Result<NaiveDate, DemoError> {
    match (row.on, row.ago, row.due_in) {
        (Some(on), None, None) => Ok(on),
        (None, Some(ago), None) => working_day_before(&law.calendar, today, ago),
        (None, None, Some(due_in)) => received_for(law, shifted(&law.calendar, today, due_in)?),
        _ => Err(DemoError::Data(format!("{}: when did it arrive?", row.topic))),
    }
}

/// The `count`-th working day before a day, which itself is not counted.
fn working_day_before(
    calendar: &Calendar,
    day: NaiveDate,
    count: u32,
) -> Result<NaiveDate, DemoError> {
    let mut at = day;
    let mut left = count;
    while left > 0 {
        at = at.pred_opt().ok_or_else(|| DemoError::Data("no day before".to_owned()))?;
        if calendar.is_working_day(at)? {
            left -= 1;
        }
    }
    Ok(at)
}

/// The working day so many working days from a day: forward, back, or the day itself, for which
/// the next one stands in when it is not worked.
fn shifted(calendar: &Calendar, day: NaiveDate, by: i32) -> Result<NaiveDate, DemoError> {
    match by {
        0 => Ok(calendar.roll_forward(day)?),
        1.. => Ok(calendar.nth_working_day_after(day, by.unsigned_abs())?.0),
        _ => working_day_before(calendar, day, by.unsigned_abs()),
    }
}

/// The day of receipt whose answer is due on the given working day: the period counts from the
/// day after, and the text that governs is the one in force on the day of receipt.
fn received_for(law: &Law, due: NaiveDate) -> Result<NaiveDate, DemoError> {
    let rules = &law.rules;
    let day = working_day_before(&law.calendar, due, rules.text_2019.answer_working_days)?;
    if day >= rules.text_2019.in_force.from {
        return Ok(day);
    }
    working_day_before(&law.calendar, due, rules.text_2007.answer_working_days)
}

/// The instant of one step on its day, in office hours: cases begin at different times, and the
/// steps of one case follow each other.
pub(super) fn instant(day: NaiveDate, row: usize, step: usize) -> DateTime<Utc> {
    const OPENING: i64 = 8 * 60 + 35;
    let start = i64::try_from(row * 37 % 185).unwrap_or_default();
    let later = i64::try_from(step * 17).unwrap_or_default();
    start_of_legal_day(day) + TimeDelta::minutes(OPENING + start + later)
}
