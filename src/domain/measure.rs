//! The rates, and what they are made of (docs/law.md).

use chrono::NaiveDate;
use serde::Serialize;

use super::text_enum::text_enum;

/// The cases that a period is about, as of a day: received in it, or carried into it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cohort {
    /// First day of the period.
    pub from: NaiveDate,
    /// Last day of the period.
    pub to: NaiveDate,
    /// The day at whose end the figures are taken.
    pub as_of: NaiveDate,
}

text_enum! {
    /// A part of the cohort. The first four after `on_time` are disjoint and cover it.
    pub enum Part in "part" {
        Answered = "answered" : "已答复" / "answered",
        OnTime = "on_time" : "按时答复" / "answered on time",
        OpenInTime = "open_in_time" : "未到期" / "open and in time, or paused",
        OpenOverdue = "open_overdue" : "逾期未答复" / "open and overdue",
        ClosedWithoutReply = "closed_without_reply" : "无需答复结案" / "closed without a duty to reply",
        Received = "received" : "本期收到" / "received in the period",
        CarriedIn = "carried_in" : "上期结转" / "carried in open",
        Extended = "extended" : "延期答复" / "answered after an extension",
    }
}

text_enum! {
    /// By what figures are broken down.
    pub enum GroupBy in "group_by" {
        Unit = "unit" : "单位" / "unit",
        Channel = "channel" : "受理方式" / "channel",
        Month = "month" : "收件月份" / "month of receipt",
        ApplicantType = "applicant_type" : "申请人类型" / "type of applicant",
    }
}

/// How many cases of a cohort stand where, as of the end of a day.
///
/// `answered`, `open_in_time`, `open_overdue` and `closed_without_reply` are disjoint and add up to
/// `received + carried_in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Received in the period.
    pub received: i64,
    /// Received before it and open when it began.
    pub carried_in: i64,
    /// Replied to.
    pub answered: i64,
    /// Of these, on or before the due date.
    pub on_time: i64,
    /// Of the answered, after an extension.
    pub extended: i64,
    /// Not replied to, and in time or paused.
    pub open_in_time: i64,
    /// Not replied to, and overdue.
    pub open_overdue: i64,
    /// Closed without a duty to reply: deemed abandoned, withdrawn.
    pub closed_without_reply: i64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.carried_in += other.carried_in;
        self.answered += other.answered;
        self.on_time += other.on_time;
        self.extended += other.extended;
        self.open_in_time += other.open_in_time;
        self.open_overdue += other.open_overdue;
        self.closed_without_reply += other.closed_without_reply;
    }
}

/// A share with both its parts, so that it can be proven.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// How many of the denominator.
    pub numerator: i64,
    /// Of how many.
    pub denominator: i64,
    /// Per cent with one decimal, rounded half up, but 100.0 only when both parts are equal; none
    /// when the denominator is 0.
    pub percent: Option<f64>,
}

impl Rate {
    /// The rate of two counts.
    #[must_use]
    pub fn of(numerator: i64, denominator: i64) -> Self {
        Self { numerator, denominator, percent: permille(numerator, denominator).map(tenth) }
    }
}

/// Tenths of a per cent, by integers so that no rounding error can turn 99.95 into 100.
fn permille(numerator: i64, denominator: i64) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let rounded =
        (i128::from(numerator) * 2000 + i128::from(denominator)) / (2 * i128::from(denominator));
    let rounded = i64::try_from(rounded).ok()?;
    Some(if numerator == denominator { rounded } else { rounded.min(999) })
}

#[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
fn tenth(permille: i64) -> f64 {
    permille as f64 / 10.0
}

impl Counts {
    /// 答复率: replied to, of those that had to be.
    #[must_use]
    pub fn reply_rate(&self) -> Rate {
        Rate::of(self.answered, self.answered + self.open_overdue)
    }

    /// 按时答复率: replied to in time, of those that had to be.
    #[must_use]
    pub fn on_time_rate(&self) -> Rate {
        Rate::of(self.on_time, self.answered + self.open_overdue)
    }

    /// 办结率: finished, of all that came in or were carried in.
    #[must_use]
    pub fn closure_rate(&self) -> Rate {
        Rate::of(self.answered + self.closed_without_reply, self.received + self.carried_in)
    }

    /// 延期率: replied to after an extension, of those replied to. Extensions can make a rate look
    /// perfect, so they are shown beside it.
    #[must_use]
    pub fn extension_rate(&self) -> Rate {
        Rate::of(self.extended, self.answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_the_definitions() {
        let counts = Counts {
            received: 164,
            carried_in: 3,
            answered: 158,
            on_time: 155,
            extended: 0,
            open_in_time: 4,
            open_overdue: 1,
            closed_without_reply: 4,
        };
        assert_eq!(counts.reply_rate().percent, Some(99.4));
        assert_eq!(counts.on_time_rate().percent, Some(97.5));
        assert_eq!(counts.closure_rate().percent, Some(97.0));
    }

    #[test]
    fn only_equality_is_a_hundred_and_nothing_is_no_rate() {
        assert_eq!(Rate::of(9999, 10_000).percent, Some(99.9));
        assert_eq!(Rate::of(164, 164).percent, Some(100.0));
        assert_eq!(Rate::of(0, 0).percent, None);
        assert_eq!(Rate::of(0, 7).percent, Some(0.0));
        assert_eq!(Rate::of(1, 2000).percent, Some(0.1));
    }
}
