//! Limits outside the answer: remedies of the applicant (R10, R19) and proactive disclosure.

use chrono::{Days, Months, NaiveDate};
use serde::Serialize;

use super::{ClockError, Moment};
use crate::domain::regulation::Law;

/// Remedies against a decision (行政复议, 行政诉讼).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// Last day to apply for reconsideration.
    pub reconsideration_due: NaiveDate,
    /// Whether reconsideration must come before litigation (2023 law art. 23 para. 1(4)).
    pub reconsideration_first: bool,
    /// Last day to sue directly; none when reconsideration must come first.
    pub litigation_due: Option<NaiveDate>,
    /// A date lies past the last announced calendar year (R20).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// What a decision does, as far as its remedies differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecisionEffect {
    /// Information was refused, wholly or in part (不予公开).
    Refusal,
    /// Anything else.
    Other,
}

/// The remedies against a decision served on a day (R10).
///
/// The day of service is not counted; a last day that is a rest day rolls forward (2023
/// Reconsideration Law art. 88, Civil Procedure Law art. 85).
///
/// # Errors
/// A calendar error for the last day, or a date out of range.
pub fn remedy(served: Moment, effect: DecisionEffect, law: &Law) -> Result<Remedy, ClockError> {
    let (served, figures) = (served.legal_day(), &law.rules.remedies);
    let days = Days::new(figures.reconsideration_days.into());
    let last = served.checked_add_days(days).ok_or(ClockError::DateOutOfRange)?;
    let reconsideration_due = law.calendar.roll_forward(last)?;
    let reconsideration_first =
        effect == DecisionEffect::Refusal && served >= figures.reconsideration_first_from;
    let litigation_due = if reconsideration_first {
        None
    } else {
        let last = last_day_to_sue(served, law)?;
        Some(law.calendar.roll_forward(last)?)
    };
    let latest = litigation_due.map_or(reconsideration_due, |due| due.max(reconsideration_due));
    Ok(Remedy {
        reconsideration_due,
        reconsideration_first,
        litigation_due,
        provisional: law.calendar.is_provisional(latest),
    })
}

/// The last day to sue before rolling. A limit still open when a longer one takes effect becomes
/// the longer one, counted from the same service (SPC Interpretation 2015-9 art. 26). Where the
/// target month lacks the day, its last day (R19).
fn last_day_to_sue(served: NaiveDate, law: &Law) -> Result<NaiveDate, ClockError> {
    let mut last = served;
    for limit in &law.rules.remedies.litigation_months {
        if limit.from.is_none_or(|from| last >= from) {
            last = served
                .checked_add_months(Months::new(limit.months))
                .ok_or(ClockError::DateOutOfRange)?;
        }
    }
    Ok(last)
}

/// The limit for proactive disclosure (主动公开).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proactive {
    /// Last day to publish.
    pub due: NaiveDate,
    /// The working days that count.
    pub counted: Vec<NaiveDate>,
    /// A date lies past the last announced calendar year (R20).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// The limit for proactive disclosure of information formed or changed on a day
/// (2007 art. 18, 2019 art. 26).
///
/// # Errors
/// A calendar error.
pub fn proactive(formed: Moment, law: &Law) -> Result<Proactive, ClockError> {
    let (formed, rules) = (formed.legal_day(), &law.rules);
    let set =
        if formed < rules.text_2019.in_force.from { &rules.text_2007 } else { &rules.text_2019 };
    let calendar = &law.calendar;
    let mut counted = Vec::new();
    let mut due = formed;
    for _ in 0..set.proactive_working_days {
        due = calendar.nth_working_day_after(due, 1)?.0;
        counted.push(due);
    }
    Ok(Proactive { due, counted, provisional: calendar.is_provisional(due) })
}
