//! The paragraph on remedies that a letter bears: by the day of its service, by whether
//! reconsideration must come first, and by who answers.

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::Value;

use super::LettersError;

/// In whose name a letter goes out (Regulation 2019, art. 10): that decides who reconsiders it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issuer {
    /// The bureau's.
    Bureau,
    /// That of a unit that may answer itself.
    Unit,
}

/// One paragraph, for the letters served in its time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemedyParagraph {
    /// The stable code.
    pub code: String,
    served_from: NaiveDate,
    served_to: Option<NaiveDate>,
    /// Only where reconsideration comes first, or only where it does not; none for both.
    first: Option<bool>,
    zh: String,
    /// On what it rests.
    pub articles: Vec<String>,
    /// How sure that is.
    pub mark: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organs {
    issuer: Issuer,
    from: NaiveDate,
    to: Option<NaiveDate>,
    zh: String,
    #[serde(rename = "mark")]
    _mark: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Court {
    zh: String,
    #[serde(rename = "mark")]
    _mark: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RemedySettings {
    organs: Vec<Organs>,
    court: Court,
}

#[expect(clippy::struct_field_names, reason = "the names of the file")]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    decision: Option<String>,
    letter: Option<String>,
    first: bool,
    #[serde(rename = "mark")]
    _mark: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemediesFile {
    #[serde(rename = "about")]
    _about: String,
    settings: RemedySettings,
    paragraphs: Vec<RemedyParagraph>,
    reconsideration_first: Vec<First>,
    #[serde(rename = "none_for")]
    _none_for: Value,
    #[serde(rename = "service_after_change")]
    _service_after_change: Value,
}

/// The table `data/remedies.json`.
#[derive(Clone, Debug)]
pub struct Remedies {
    settings: RemedySettings,
    paragraphs: Vec<RemedyParagraph>,
    first: Vec<First>,
}

impl Remedies {
    pub(super) fn read(text: &str) -> Result<Self, LettersError> {
        let file: RemediesFile = serde_json::from_str(text)
            .map_err(|error| LettersError::new("remedies.json", error))?;
        for first in [true, false] {
            let of = file.paragraphs.iter().filter(|p| p.first.is_none_or(|only| only == first));
            joins(of.map(|p| (p.served_from, p.served_to)).collect(), "paragraphs")?;
        }
        for issuer in [Issuer::Bureau, Issuer::Unit] {
            let of = file.settings.organs.iter().filter(|organs| organs.issuer == issuer);
            joins(of.map(|organs| (organs.from, organs.to)).collect(), "organs")?;
        }
        Ok(Self {
            settings: file.settings,
            paragraphs: file.paragraphs,
            first: file.reconsideration_first,
        })
    }

    /// Must reconsideration come before litigation, for a decision or a kind of letter? None when the
    /// table does not know it.
    #[must_use]
    pub fn is_first(&self, code: &str) -> Option<bool> {
        let names = |row: &&First| {
            row.decision.as_deref() == Some(code) || row.letter.as_deref() == Some(code)
        };
        self.first.iter().find(names).map(|row| row.first)
    }

    /// The paragraph that holds for a decision served on a day; none before the first text of the
    /// Regulation.
    #[must_use]
    pub fn paragraph(&self, code: &str, served: NaiveDate) -> Option<&RemedyParagraph> {
        let first = self.is_first(code)?;
        self.paragraphs.iter().find(|paragraph| {
            paragraph.first.is_none_or(|only| only == first)
                && within(paragraph.served_from, paragraph.served_to, served)
        })
    }

    /// The first day on which a decision has a paragraph; none when the table does not know it.
    #[must_use]
    pub(super) fn first_day(&self, code: &str) -> Option<NaiveDate> {
        let first = self.is_first(code)?;
        let of = self.paragraphs.iter().filter(|own| own.first.is_none_or(|only| only == first));
        of.map(|own| own.served_from).min()
    }

    /// The days from which other paragraphs hold, but for the first.
    pub fn borders(&self) -> impl Iterator<Item = NaiveDate> {
        let first = self.paragraphs.iter().map(|paragraph| paragraph.served_from).min();
        let from = self.paragraphs.iter().map(|paragraph| paragraph.served_from);
        from.filter(move |from| Some(*from) != first)
    }

    /// The paragraph as the letter prints it.
    #[must_use]
    pub fn text(&self, paragraph: &RemedyParagraph, issuer: Issuer, served: NaiveDate) -> String {
        let organs = self
            .settings
            .organs
            .iter()
            .find(|organs| organs.issuer == issuer && within(organs.from, organs.to, served));
        let organs = organs.map_or("", |organs| &organs.zh);
        paragraph.zh.replace("{organs}", organs).replace("{court}", &self.settings.court.zh)
    }
}

fn within(from: NaiveDate, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    day >= from && to.is_none_or(|to| day <= to)
}

/// The intervals follow each other without gap or overlap, and the last has no end.
fn joins(
    mut intervals: Vec<(NaiveDate, Option<NaiveDate>)>,
    place: &str,
) -> Result<(), LettersError> {
    intervals.sort_unstable();
    let mut next: Option<NaiveDate> = None;
    let mut open = false;
    for (from, to) in intervals {
        if open || next.is_some_and(|next| next != from) {
            return Err(LettersError::new(place, format!("a gap or an overlap at {from}")));
        }
        next = to.and_then(|to| to.checked_add_days(Days::new(1)));
        open = to.is_none();
    }
    if open { Ok(()) } else { Err(LettersError::new(place, "the last interval has an end")) }
}
