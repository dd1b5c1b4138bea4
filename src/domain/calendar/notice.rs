//! The yearly notice of the State Council's General Office on holidays (部分节假日安排的通知), in the
//! form in which it is published: per holiday the days off, and the weekends worked for them.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Calendar, CalendarYear, is_weekend};
use crate::domain::text_enum::text_enum;

/// The first year of the Holiday Measures of 2024, whose fixed dates a notice must hold.
const MEASURES_FROM: i32 = 2025;

/// Days off in a row at most; a technical bound, the longest so far had ten.
const LONGEST: u64 = 20;

text_enum! {
    /// What can be wrong with a notice that is entered.
    pub enum NoticeFault in "notice_fault" {
        AnotherYear = "day_of_another_year" : "不是该年的日期;跨年的假期须分年录入" / "The day is not in the year of the notice; a holiday across the turn of the year is entered in both years.",
        EndsBeforeStart = "ends_before_start" : "结束日早于开始日" / "The last day is before the first.",
        TooLong = "holiday_too_long" : "一次放假超过20天" / "More than 20 days off in a row.",
        Overlap = "holidays_overlap" : "与另一次放假的日期重叠" / "Another holiday has this day off already.",
        OffAndWorked = "day_off_and_worked" : "同一天既放假又上班" / "The day is both off and worked.",
        NotWeekend = "make_up_day_is_weekday" : "调休上班日须为周六或者周日" / "A make-up working day is a Saturday or a Sunday.",
        Repeated = "make_up_day_repeated" : "调休上班日重复" / "The make-up working day is named twice.",
        FixedHolidayMissing = "fixed_holiday_missing" : "缺少全国年节及纪念日放假办法规定的日期" / "A day that the Holiday Measures fix is not off.",
    }
}

/// A fault with the place where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where, as a JSON pointer within the notice.
    pub pointer: String,
    /// What.
    pub fault: NoticeFault,
    /// The day.
    pub day: NaiveDate,
}

/// One holiday of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Its name, e.g. 春节.
    pub name: String,
    /// The first day off.
    pub from: NaiveDate,
    /// The last day off; weekends among them are off anyway.
    pub to: NaiveDate,
    /// Saturdays and Sundays that are worked for it (调休上班).
    pub make_up_days: Vec<NaiveDate>,
}

/// A notice as it is entered and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The year that it arranges.
    pub year: i32,
    /// Its title.
    pub name: String,
    /// Its number, e.g. 国办发明电〔2025〕7号.
    pub number: Option<String>,
    /// Where it is published.
    pub link: Option<String>,
    /// The holidays, in the order of the notice.
    pub holidays: Vec<Holiday>,
}

impl Holiday {
    fn days(&self) -> impl Iterator<Item = NaiveDate> {
        let bound = self.from.checked_add_days(Days::new(LONGEST)).unwrap_or(self.to);
        self.from.iter_days().take_while({
            let last = self.to.min(bound);
            move |day| *day <= last
        })
    }
}

impl Notice {
    /// Everything that is wrong with it; empty for a notice that can be in force.
    #[must_use]
    pub fn faults(&self) -> Vec<Placed> {
        let mut found = Vec::new();
        for (at, holiday) in self.holidays.iter().enumerate() {
            self.period_faults(at, holiday, &mut found);
            self.make_up_faults(at, holiday, &mut found);
        }
        if self.year >= MEASURES_FROM {
            let off = |day: &NaiveDate| is_weekend(day.weekday()) || self.is_off(*day);
            let missing = Calendar::builtin().fixed_holidays(self.year).filter(|day| !off(day));
            found.extend(missing.map(|day| Placed {
                pointer: "/holidays".to_owned(),
                fault: NoticeFault::FixedHolidayMissing,
                day,
            }));
        }
        found
    }

    fn is_off(&self, day: NaiveDate) -> bool {
        self.holidays.iter().any(|holiday| (holiday.from..=holiday.to).contains(&day))
    }

    fn period_faults(&self, at: usize, holiday: &Holiday, found: &mut Vec<Placed>) {
        let mut tell = |member: &str, fault, day| {
            found.push(Placed { pointer: format!("/holidays/{at}/{member}"), fault, day });
        };
        let (from, to) = (holiday.from, holiday.to);
        for (member, day) in [("from_date", from), ("to_date", to)] {
            if day.year() != self.year {
                tell(member, NoticeFault::AnotherYear, day);
            }
        }
        if to < from {
            return tell("to_date", NoticeFault::EndsBeforeStart, to);
        }
        if from.checked_add_days(Days::new(LONGEST)).is_none_or(|last| to >= last) {
            return tell("to_date", NoticeFault::TooLong, to);
        }
        let earlier = self.holidays.iter().take(at).filter(|other| other.from <= other.to);
        let shared = earlier.filter(|other| other.from <= to && from <= other.to);
        if let Some(day) = shared.map(|other| from.max(other.from)).min() {
            tell("from_date", NoticeFault::Overlap, day);
        }
    }

    fn make_up_faults(&self, at: usize, holiday: &Holiday, found: &mut Vec<Placed>) {
        for (index, day) in holiday.make_up_days.iter().enumerate() {
            let mut tell = |fault| {
                let pointer = format!("/holidays/{at}/make_up_dates/{index}");
                found.push(Placed { pointer, fault, day: *day });
            };
            if day.year() != self.year {
                tell(NoticeFault::AnotherYear);
            }
            if !is_weekend(day.weekday()) {
                tell(NoticeFault::NotWeekend);
            }
            if self.is_off(*day) {
                tell(NoticeFault::OffAndWorked);
            }
            let before = self.holidays.iter().take(at).flat_map(|other| &other.make_up_days);
            if before.chain(holiday.make_up_days.iter().take(index)).any(|other| other == day) {
                tell(NoticeFault::Repeated);
            }
        }
    }

    /// The exceptions of the year, as the calendar holds them.
    #[must_use]
    pub fn to_year(&self, number: u32) -> CalendarYear {
        let weekday = |day: &NaiveDate| !is_weekend(day.weekday());
        let mut off: Vec<NaiveDate> =
            self.holidays.iter().flat_map(Holiday::days).filter(weekday).collect();
        let mut worked: Vec<NaiveDate> =
            self.holidays.iter().flat_map(|holiday| holiday.make_up_days.clone()).collect();
        off.sort_unstable();
        worked.sort_unstable();
        CalendarYear {
            number,
            off_weekdays: off,
            worked_weekends: worked,
            notices: self.number.iter().chain(&self.link).cloned().collect(),
            note: None,
        }
    }
}
