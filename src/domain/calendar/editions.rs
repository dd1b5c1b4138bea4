//! The states that the calendar has had. A due date was computed by one of them, and is explained by
//! that one, whatever has changed since.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Calendar, CalendarError, CalendarVersion, Notice};

/// A year that would leave a gap, or lies before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calendar holds {first} to {last}; {last} or the year after it can follow")]
pub struct OutOfSequence {
    /// The first year of the calendar.
    pub first: i32,
    /// The last.
    pub last: i32,
}

/// One state of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Its number; the built-in data are the first.
    pub number: u32,
    /// Since when it is in force; none for the built-in data, which always were.
    pub since: Option<DateTime<Utc>>,
    /// The calendar.
    pub calendar: Arc<Calendar>,
}

/// All states of the calendar, oldest first; the first is the built-in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendars {
    first: Edition,
    later: Vec<Edition>,
}

impl Calendars {
    /// The built-in calendar alone.
    #[must_use]
    pub fn of(calendar: Arc<Calendar>) -> Self {
        Self { first: Edition { number: 1, since: None, calendar }, later: Vec::new() }
    }

    /// The built-in calendar and what was put in force since, in the order of the editions.
    ///
    /// # Errors
    /// A version contradicts itself, which none that was accepted does.
    pub fn with_all<'v>(
        calendar: Arc<Calendar>,
        applied: impl IntoIterator<Item = &'v CalendarVersion>,
    ) -> Result<Self, CalendarError> {
        let mut all = Self::of(calendar);
        for version in applied {
            if let (Some(edition), Some(since)) = (version.edition, version.decided_at) {
                all = all.with(edition, since, &version.notice, version.number)?;
            }
        }
        Ok(all)
    }

    /// The same, with one more state: a year added or replaced.
    ///
    /// # Errors
    /// [`CalendarError::Invalid`] as for [`Calendar::parse`].
    pub fn with(
        &self,
        edition: u32,
        since: DateTime<Utc>,
        notice: &Notice,
        number: u32,
    ) -> Result<Self, CalendarError> {
        let calendar = self.current().calendar.revised(edition, notice, number)?;
        let mut all = self.clone();
        let since = Some(since);
        all.later.push(Edition { number: edition, since, calendar: Arc::new(calendar) });
        Ok(all)
    }

    /// The one in force.
    #[must_use]
    pub fn current(&self) -> &Edition {
        self.later.last().unwrap_or(&self.first)
    }

    /// The one that was in force at an instant.
    #[must_use]
    pub fn at(&self, instant: DateTime<Utc>) -> &Edition {
        let was = |edition: &&Edition| edition.since.is_some_and(|since| since <= instant);
        self.later.iter().rev().find(was).unwrap_or(&self.first)
    }

    /// The one of this name, if it is known here.
    #[must_use]
    pub fn named(&self, version: &str) -> Option<&Edition> {
        self.all().find(|edition| edition.calendar.version() == version)
    }

    /// All, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Edition> {
        std::iter::once(&self.first).chain(&self.later)
    }
}

impl Calendar {
    /// This calendar with the year of a notice, under the name of that edition.
    ///
    /// # Errors
    /// [`CalendarError::Invalid`] as for [`Calendar::parse`].
    pub fn revised(
        &self,
        edition: u32,
        notice: &Notice,
        number: u32,
    ) -> Result<Self, CalendarError> {
        let (first, last) = self.span();
        let name = format!("{}-{}/{edition}", first.min(notice.year), last.max(notice.year));
        self.with_year(name, notice.year, notice.to_year(number))
    }

    /// The first and the last announced year.
    #[must_use]
    pub fn span(&self) -> (i32, i32) {
        let mut years = self.years.keys().copied();
        let first = years.next().unwrap_or_default();
        (first, years.next_back().unwrap_or(first))
    }

    /// Can this year be put in: one that is there, or the one after the last?
    ///
    /// # Errors
    /// It would leave a gap, or lies before the first.
    pub fn takes(&self, year: i32) -> Result<(), OutOfSequence> {
        let (first, last) = self.span();
        let fits = (first..=last.saturating_add(1)).contains(&year);
        if fits { Ok(()) } else { Err(OutOfSequence { first, last }) }
    }
}
