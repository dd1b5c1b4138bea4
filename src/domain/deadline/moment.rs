//! Legal dates and instants (R1): every limit runs in Asia/Shanghai calendar dates.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// China Standard Time, +08:00 without daylight saving in the years of the regulation.
const SHANGHAI: TimeDelta = TimeDelta::hours(8);

/// The Asia/Shanghai date of an instant (R1).
#[must_use]
pub fn legal_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.naive_utc().checked_add_signed(SHANGHAI).map_or(NaiveDate::MAX, |local| local.date())
}

/// The time of day of an instant in Asia/Shanghai.
#[must_use]
pub fn legal_time(instant: DateTime<Utc>) -> NaiveTime {
    instant.naive_utc().checked_add_signed(SHANGHAI).map_or(NaiveTime::MIN, |local| local.time())
}

/// The instant at which a legal day begins in Asia/Shanghai.
#[must_use]
pub fn start_of_legal_day(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN)
        .checked_sub_signed(SHANGHAI)
        .map_or(DateTime::<Utc>::MIN_UTC, |start| start.and_utc())
}

/// The day that is written as `YYYY-MM-DD`, in digits of ASCII and with leading zeros.
#[must_use]
pub fn calendar_day(text: &str) -> Option<NaiveDate> {
    let digits = |at: usize, byte: u8| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let formed = text.len() == "YYYY-MM-DD".len()
        && text.bytes().enumerate().all(|(at, byte)| digits(at, byte));
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| formed)
}

/// When something happened: a legal date, or an instant that is converted to one.
///
/// As text `YYYY-MM-DD` or RFC 3339 with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// A date in Asia/Shanghai.
    Date(NaiveDate),
    /// A point in time.
    Instant(DateTime<Utc>),
}

impl Moment {
    /// The legal date.
    #[must_use]
    pub fn legal_day(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Instant(instant) => legal_day(instant),
        }
    }
}

impl From<NaiveDate> for Moment {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::Instant(instant)
    }
}

/// The text is neither a date nor an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither a date (YYYY-MM-DD) nor an instant (RFC 3339)")]
pub struct MomentError(String);

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let refuse = || MomentError(text.chars().take(40).collect());
        if text.len() == "YYYY-MM-DD".len() {
            return calendar_day(text).map(Self::Date).ok_or_else(refuse);
        }
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| refuse())?;
        Ok(Self::Instant(instant.to_utc()))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::Instant(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date (YYYY-MM-DD) or an instant (RFC 3339)")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
                // Without the text: it came from outside and may be personal.
                text.parse()
                    .map_err(|_| E::custom("neither a date (YYYY-MM-DD) nor an instant (RFC 3339)"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
