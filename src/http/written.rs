//! Instants and days as text, as `chrono` writes them, for the lines of a list: a page has hundreds, and
//! half of the time that its JSON took went into their formatting, sign by sign.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use serde::{Serialize as _, Serializer};

/// A short text that is put together sign by sign.
#[derive(Default)]
struct Text {
    bytes: [u8; 27],
    length: usize,
}

impl Text {
    fn push(&mut self, sign: u8) -> &mut Self {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = sign;
            self.length += 1;
        }
        self
    }

    /// The last digits of a number, two of them.
    fn two(&mut self, number: u32) -> &mut Self {
        self.one(number / 10).one(number)
    }

    /// The last digit of a number.
    fn one(&mut self, number: u32) -> &mut Self {
        self.push(b'0' + u8::try_from(number % 10).unwrap_or_default())
    }

    fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.length)?).ok()
    }

    /// `2026-11-25`; none for a year that has not four digits.
    fn of_day(day: NaiveDate) -> Option<Self> {
        let year = u32::try_from(day.year()).ok().filter(|year| *year <= 9999)?;
        let mut text = Self::default();
        text.two(year / 100).two(year);
        text.push(b'-').two(day.month()).push(b'-').two(day.day());
        Some(text)
    }

    /// `2026-11-25T14:33:32.676067Z`, the fraction in thousandths or left out where that says all of
    /// it; none for what is not whole microseconds or falls into a leap second.
    fn of_instant(at: DateTime<Utc>) -> Option<Self> {
        let nanos = at.nanosecond();
        if !nanos.is_multiple_of(1000) || nanos >= 1_000_000_000 {
            return None;
        }
        let mut text = Self::of_day(at.date_naive())?;
        text.push(b'T').two(at.hour());
        text.push(b':').two(at.minute()).push(b':').two(at.second());
        let micros = nanos / 1000;
        if micros > 0 {
            text.push(b'.').two(micros / 10_000).one(micros / 1000);
        }
        if !micros.is_multiple_of(1000) {
            text.two(micros / 10).one(micros);
        }
        text.push(b'Z');
        Some(text)
    }
}

/// Writes an instant.
pub(super) fn instant<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    match Text::of_instant(*at).as_ref().and_then(Text::as_str) {
        Some(text) => to.serialize_str(text),
        None => at.serialize(to),
    }
}

/// Writes a day, or null.
#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde wants"
)]
pub(super) fn day<S: Serializer>(day: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
    match day.and_then(Text::of_day).as_ref().and_then(Text::as_str) {
        Some(text) => to.serialize_some(text),
        None => day.serialize(to),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, Utc};
    use serde::Serialize;

    #[derive(Serialize)]
    struct Ours {
        #[serde(serialize_with = "super::instant")]
        at: DateTime<Utc>,
        #[serde(serialize_with = "super::day")]
        day: Option<NaiveDate>,
    }

    #[derive(Serialize)]
    struct Theirs {
        at: DateTime<Utc>,
        day: Option<NaiveDate>,
    }

    fn assert_same(at: DateTime<Utc>, day: Option<NaiveDate>) {
        let (ours, theirs) = (Ours { at, day }, Theirs { at, day });
        assert_eq!(serde_json::to_string(&ours).unwrap(), serde_json::to_string(&theirs).unwrap());
    }

    #[test]
    fn an_instant_and_a_day_are_written_as_chrono_writes_them() {
        let fractions = [0, 1, 999, 1_000, 10_000, 676_067, 676_000, 999_999, 500_000];
        for second in (-62_200_000_000_i64..253_500_000_000).step_by(977_777_777) {
            for micros in fractions {
                let at = DateTime::from_timestamp_micros(second * 1_000_000 + micros).unwrap();
                assert_same(at, Some(at.date_naive()));
            }
        }
        for nanos in [1, 999_999_999, 1_000_000_000, 1_999_999_999] {
            assert_same(DateTime::from_timestamp(59, nanos).unwrap_or_default(), None);
        }
    }
}
