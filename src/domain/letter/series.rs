//! The series of numbers: one per type of letter and year, without gaps.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Letters, LettersError};

/// One series.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The stable code.
    pub code: String,
    /// What it numbers.
    pub zh: String,
    /// How a number reads, with `{year}` and `{n}`.
    pub pattern: String,
}

impl Series {
    /// A number in words, e.g. 长公公开不予〔2026〕17号.
    #[must_use]
    pub fn number(&self, year: i32, n: i64) -> String {
        self.pattern.replace("{year}", &year.to_string()).replace("{n}", &n.to_string())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesFile {
    #[serde(rename = "about")]
    _about: String,
    #[serde(rename = "mark")]
    _mark: String,
    series: Vec<Series>,
}

/// Reads the series: every pattern names year and number once, and no two look alike.
pub(super) fn read(text: &str) -> Result<Vec<Series>, LettersError> {
    let file: SeriesFile = serde_json::from_str(text)
        .map_err(|error| LettersError::new("letter_series.json", error))?;
    let mut codes = BTreeSet::new();
    let mut patterns = BTreeSet::new();
    for series in &file.series {
        let once = |name: &str| series.pattern.matches(name).count() == 1;
        if !once("{year}") || !once("{n}") || series.pattern.contains("}{") {
            let what = "the pattern must have {year} and {n} once each, and not side by side";
            return Err(LettersError::new(&series.code, what));
        }
        if !codes.insert(&series.code) || !patterns.insert(&series.pattern) {
            return Err(LettersError::new(&series.code, "two series look alike"));
        }
    }
    Ok(file.series)
}

/// The code of a built-in series; cannot be made otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SeriesCode(&'static str);

impl SeriesCode {
    /// Looks a code up; none when there is no such series.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let mut rows = Letters::builtin().series().iter();
        rows.find(|row| row.code == code).map(|row| Self(&row.code))
    }

    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for SeriesCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'de> Deserialize<'de> for SeriesCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let unknown = || serde::de::Error::custom("unknown series of letters");
        Self::parse(&String::deserialize(from)?).ok_or_else(unknown)
    }
}
