//! Working days of mainland China (工作日), from the annual notices of the State Council.
//!
//! The data are `data/calendar.json`: per year the weekdays off and the weekends worked. A year
//! that was not announced is never taken for Monday to Friday in silence: before the last
//! announced year it is an error, past it the answer is marked provisional.

mod editions;
mod notice;
mod version;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

pub use editions::{Calendars, Edition, OutOfSequence};
pub use notice::{Holiday, Notice, NoticeFault, Placed};
pub use version::{CalendarState, CalendarVersion, Progress};

const BUILTIN: &str = include_str!("../../data/calendar.json");

/// Longest walk over the calendar, in days (a technical bound, about 54 years).
pub const MAX_WALK_DAYS: i32 = 20_000;

/// Years a calendar may hold; bounds the memory of an imported file.
const YEARS: std::ops::RangeInclusive<i32> = 1949..=2200;

/// Why a question to the calendar has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The year lies before the last announced one and has no calendar.
    #[error("no working-day calendar for {year}")]
    NotConfigured {
        /// The year asked for.
        year: i32,
    },
    /// The result lies beyond the dates that can be represented.
    #[error("date out of range")]
    OutOfRange,
    /// The walk would be longer than [`MAX_WALK_DAYS`].
    #[error("period longer than {MAX_WALK_DAYS} days")]
    TooLong,
    /// The calendar file contradicts itself.
    #[error("invalid calendar: {reason}")]
    Invalid {
        /// What is wrong, in one sentence.
        reason: String,
    },
}

/// What a day is in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// Monday to Friday, worked.
    Weekday,
    /// Saturday or Sunday, not worked.
    Weekend,
    /// Monday to Friday, off by a notice (放假).
    Holiday,
    /// Saturday or Sunday, worked by a notice (调休上班).
    MakeUpWorkday,
    /// Monday to Friday past the last announced year.
    AssumedWeekday,
    /// Saturday or Sunday past the last announced year.
    AssumedWeekend,
    /// A holiday of fixed solar date past the last announced year.
    AssumedHoliday,
}

/// One day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Whether it is a working day.
    pub working: bool,
    /// What it is.
    pub kind: DayKind,
    /// True past the last announced year.
    pub provisional: bool,
}

/// The exceptions of one announced year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarYear {
    /// Which version of the year this is; the built-in data are the first.
    #[serde(default = "first")]
    pub number: u32,
    /// Mondays to Fridays off, in the year itself.
    pub off_weekdays: Vec<NaiveDate>,
    /// Saturdays and Sundays worked, in the year itself.
    pub worked_weekends: Vec<NaiveDate>,
    /// Where the notices stand (addresses or numbers).
    #[serde(default)]
    pub notices: Vec<String>,
    /// Remarks, for example a second notice in the middle of the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

const fn first() -> u32 {
    1
}

#[derive(Deserialize)]
struct CalendarFile {
    version: String,
    fixed_solar_holidays: Vec<String>,
    years: BTreeMap<i32, CalendarYear>,
}

/// The working-day calendar: announced years as bit sets, constant time per day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    years: BTreeMap<i32, CalendarYear>,
    fixed_holidays: Vec<(u32, u32)>,
    first_day: i32,
    last_day: i32,
    known: Vec<u64>,
    working: Vec<u64>,
}

impl Calendar {
    /// Reads a calendar from JSON text of the form of `data/calendar.json`.
    ///
    /// # Errors
    /// [`CalendarError::Invalid`] when the text is malformed, a date stands under a foreign year,
    /// a weekday off is a weekend, a worked weekend is a weekday, or no year is given.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let file: CalendarFile =
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let fixed = file
            .fixed_solar_holidays
            .iter()
            .map(|text| month_and_day(text))
            .collect::<Result<Vec<_>, _>>()?;
        Self::build(file.version, file.years, fixed)
    }

    /// The calendar compiled into the program.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "embedded data, proven by a test")]
            Calendar::parse(BUILTIN).expect("data/calendar.json is valid")
        });
        &CALENDAR
    }

    /// This calendar with one year added or replaced (a new or a second notice).
    ///
    /// # Errors
    /// [`CalendarError::Invalid`] as for [`Calendar::parse`].
    pub fn with_year(
        &self,
        version: String,
        year: i32,
        notice: CalendarYear,
    ) -> Result<Self, CalendarError> {
        let mut years = self.years.clone();
        years.insert(year, notice);
        Self::build(version, years, self.fixed_holidays.clone())
    }

    fn build(
        version: String,
        years: BTreeMap<i32, CalendarYear>,
        fixed_holidays: Vec<(u32, u32)>,
    ) -> Result<Self, CalendarError> {
        let (Some(&first), Some(&last)) = (years.keys().next(), years.keys().next_back()) else {
            return Err(invalid("no year"));
        };
        if !YEARS.contains(&first) || !YEARS.contains(&last) {
            return Err(invalid("a year is out of range"));
        }
        let first_day = new_year(first)?;
        let last_day = new_year(last + 1)? - 1;
        let words = usize::try_from((last_day - first_day) / 64 + 1).unwrap_or(0);
        let mut calendar = Self {
            version,
            years: BTreeMap::new(),
            fixed_holidays,
            first_day,
            last_day,
            known: vec![0; words],
            working: vec![0; words],
        };
        for (&year, notice) in &years {
            check_year(year, notice)?;
            calendar.load_year(year, notice)?;
        }
        calendar.years = years;
        Ok(calendar)
    }

    fn load_year(&mut self, year: i32, notice: &CalendarYear) -> Result<(), CalendarError> {
        for day in new_year(year)?..new_year(year + 1)? {
            let weekday = date_of(day)?.weekday();
            let (word, mask) = position(day - self.first_day);
            set(&mut self.known, word, mask);
            if !is_weekend(weekday) {
                set(&mut self.working, word, mask);
            }
        }
        for date in &notice.off_weekdays {
            let (word, mask) = position(date.num_days_from_ce() - self.first_day);
            clear(&mut self.working, word, mask);
        }
        for date in &notice.worked_weekends {
            let (word, mask) = position(date.num_days_from_ce() - self.first_day);
            set(&mut self.working, word, mask);
        }
        Ok(())
    }

    /// Name of the state of the data, for example `2008-2026/1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The announced years with their exceptions.
    #[must_use]
    pub fn years(&self) -> &BTreeMap<i32, CalendarYear> {
        &self.years
    }

    /// The version of the announced year in which a date lies; none past the last.
    #[must_use]
    pub fn year_version(&self, date: NaiveDate) -> Option<u32> {
        self.years.get(&date.year()).map(|year| year.number)
    }

    /// The holidays of fixed solar date in a year (全国年节及纪念日放假办法).
    pub(crate) fn fixed_holidays(&self, year: i32) -> impl Iterator<Item = NaiveDate> {
        let days = self.fixed_holidays.iter();
        days.filter_map(move |(month, day)| NaiveDate::from_ymd_opt(year, *month, *day))
    }

    /// The first day on which the two say something else, or with other certainty.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<NaiveDate> {
        let from = self.first_day.min(other.first_day);
        let to = self.last_day.max(other.last_day);
        let said = |calendar: &Self, day: i32| {
            (calendar.is_working_number(day).ok(), day > calendar.last_day)
        };
        (from..=to)
            .find(|day| said(self, *day) != said(other, *day))
            .and_then(|day| date_of(day).ok())
    }

    /// Whether a date lies past the last announced year, so that what is said of it is provisional.
    #[must_use]
    pub fn is_provisional(&self, date: NaiveDate) -> bool {
        date.num_days_from_ce() > self.last_day
    }

    /// What a day is.
    ///
    /// # Errors
    /// [`CalendarError::NotConfigured`] for a year without a calendar before the last announced.
    pub fn day(&self, date: NaiveDate) -> Result<Day, CalendarError> {
        let number = date.num_days_from_ce();
        let working = self.is_working_number(number)?;
        let provisional = number > self.last_day;
        let weekend = is_weekend(date.weekday());
        let kind = match (provisional, weekend, working) {
            (false, false, true) => DayKind::Weekday,
            (false, false, false) => DayKind::Holiday,
            (false, true, true) => DayKind::MakeUpWorkday,
            (false, true, false) => DayKind::Weekend,
            (true, true, _) => DayKind::AssumedWeekend,
            (true, false, true) => DayKind::AssumedWeekday,
            (true, false, false) => DayKind::AssumedHoliday,
        };
        Ok(Day { working, kind, provisional })
    }

    /// Whether a date is a working day.
    ///
    /// # Errors
    /// As for [`Calendar::day`].
    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, CalendarError> {
        self.is_working_number(date.num_days_from_ce())
    }

    /// [`Calendar::is_working_day`] for a day number since year 1; what the clock walks on.
    pub(crate) fn is_working_number(&self, day: i32) -> Result<bool, CalendarError> {
        if day > self.last_day {
            return self.is_assumed_working(day);
        }
        if day >= self.first_day {
            let (word, mask) = position(day - self.first_day);
            if is_set(&self.known, word, mask) {
                return Ok(is_set(&self.working, word, mask));
            }
        }
        Err(CalendarError::NotConfigured { year: date_of(day)?.year() })
    }

    /// Past the last announced year: Monday to Friday without the holidays of fixed solar date
    /// (ours; the Holiday Measures name the dates, the notices move days around them).
    fn is_assumed_working(&self, day: i32) -> Result<bool, CalendarError> {
        let date = date_of(day)?;
        let holiday = self.fixed_holidays.contains(&(date.month(), date.day()));
        Ok(!holiday && !is_weekend(date.weekday()))
    }

    /// The `count`-th working day after a date (the date itself is not counted; 0 gives it back),
    /// and whether it is provisional.
    ///
    /// # Errors
    /// An unconfigured year, a date out of range, a walk over [`MAX_WALK_DAYS`].
    pub fn nth_working_day_after(
        &self,
        date: NaiveDate,
        count: u32,
    ) -> Result<(NaiveDate, bool), CalendarError> {
        let start = date.num_days_from_ce();
        let mut day = start;
        let mut left = count;
        while left > 0 {
            day += 1;
            if day - start > MAX_WALK_DAYS {
                return Err(CalendarError::TooLong);
            }
            if self.is_working_number(day)? {
                left -= 1;
            }
        }
        Ok((date_of(day)?, day > self.last_day))
    }

    /// Number of working days in (`after`, `until`]; 0 when the interval is empty.
    ///
    /// # Errors
    /// As for [`Calendar::nth_working_day_after`].
    pub fn working_days_in(
        &self,
        after: NaiveDate,
        until: NaiveDate,
    ) -> Result<u32, CalendarError> {
        let (start, end) = (after.num_days_from_ce(), until.num_days_from_ce());
        if end.saturating_sub(start) > MAX_WALK_DAYS {
            return Err(CalendarError::TooLong);
        }
        let mut count = 0;
        for day in start + 1..=end {
            count += u32::from(self.is_working_number(day)?);
        }
        Ok(count)
    }

    /// The date itself when it is a working day, else the next working day
    /// (期间届满的最后一日是法定休假日的,以法定休假日后的第一日为期间届满的日期; Civil Procedure Law art. 85).
    ///
    /// # Errors
    /// As for [`Calendar::nth_working_day_after`].
    pub fn roll_forward(&self, date: NaiveDate) -> Result<NaiveDate, CalendarError> {
        if self.is_working_day(date)? {
            return Ok(date);
        }
        Ok(self.nth_working_day_after(date, 1)?.0)
    }
}

/// The date of a day number.
pub(crate) fn date_of(day: i32) -> Result<NaiveDate, CalendarError> {
    NaiveDate::from_num_days_from_ce_opt(day).ok_or(CalendarError::OutOfRange)
}

fn invalid(reason: impl Into<String>) -> CalendarError {
    CalendarError::Invalid { reason: reason.into() }
}

fn is_weekend(weekday: Weekday) -> bool {
    matches!(weekday, Weekday::Sat | Weekday::Sun)
}

fn new_year(year: i32) -> Result<i32, CalendarError> {
    NaiveDate::from_ymd_opt(year, 1, 1)
        .map(|date| date.num_days_from_ce())
        .ok_or(CalendarError::OutOfRange)
}

fn month_and_day(text: &str) -> Result<(u32, u32), CalendarError> {
    // A leap year, so that 02-29 would be readable too.
    NaiveDate::parse_from_str(&format!("2000-{text}"), "%Y-%m-%d")
        .map(|date| (date.month(), date.day()))
        .map_err(|_| invalid(format!("'{text}' is not MM-DD")))
}

fn check_year(year: i32, notice: &CalendarYear) -> Result<(), CalendarError> {
    let off = notice.off_weekdays.iter().map(|date| (date, false));
    let worked = notice.worked_weekends.iter().map(|date| (date, true));
    for (date, weekend) in off.chain(worked) {
        if date.year() != year {
            return Err(invalid(format!("{date} stands under {year}")));
        }
        if is_weekend(date.weekday()) != weekend {
            return Err(invalid(format!("{date} is not of the kind listed")));
        }
    }
    Ok(())
}

/// Word and mask of a non-negative bit offset.
fn position(offset: i32) -> (usize, u64) {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    (offset / 64, 1 << (offset % 64))
}

fn is_set(bits: &[u64], word: usize, mask: u64) -> bool {
    bits.get(word).is_some_and(|bits| bits & mask != 0)
}

fn set(bits: &mut [u64], word: usize, mask: u64) {
    if let Some(bits) = bits.get_mut(word) {
        *bits |= mask;
    }
}

fn clear(bits: &mut [u64], word: usize, mask: u64) {
    if let Some(bits) = bits.get_mut(word) {
        *bits &= !mask;
    }
}
