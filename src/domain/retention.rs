//! How long the papers of a case are kept (保管期限): the table `data/retention.json`, and what the
//! bureau has set instead of its rows.

use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{Months, NaiveDate};
use serde::Deserialize;

use super::case::{Case, Stage};
use super::decision::{DecisionKind, Decisions};
use super::text_enum::text_enum;

text_enum! {
    /// For how long (机关文件材料归档范围和文书档案保管期限规定).
    pub enum RetentionClass in "retention" {
        Permanent = "permanent" : "永久" / "for ever",
        Years30 = "years_30" : "30年" / "30 years",
        Years10 = "years_10" : "10年" / "10 years",
    }
}

text_enum! {
    /// How a case ended, as far as the keeping of its papers depends on it.
    pub enum Ending in "ending" {
        Disclosure = "disclosure" : "予以公开" / "disclosure",
        Partial = "partial" : "部分公开" / "partial disclosure",
        Refusal = "refusal" : "不予公开" / "refusal",
        Unavailable = "unavailable" : "无法提供" / "unavailable",
        NotProcessed = "not_processed" : "不予处理" / "not processed",
        Other = "other" : "其他处理" / "other",
        Lapsed = "lapsed" : "视为放弃" / "lapsed",
        Withdrawn = "withdrawn" : "申请人撤回" / "withdrawn",
    }
}

impl Ending {
    /// How a case ended; none while it is open, and of one that was entered by mistake.
    #[must_use]
    pub fn of(case: &Case, decisions: &Decisions) -> Option<Self> {
        match &case.record.stage {
            Stage::Answered(answer) => {
                let kind = decisions.find(answer.draft.decision).map(|decision| decision.kind)?;
                Some(match kind {
                    DecisionKind::Disclosure => Self::Disclosure,
                    DecisionKind::Partial => Self::Partial,
                    DecisionKind::Refusal => Self::Refusal,
                    DecisionKind::Unavailable => Self::Unavailable,
                    DecisionKind::NotProcessed => Self::NotProcessed,
                    DecisionKind::Other => Self::Other,
                    DecisionKind::Lapse => Self::Lapsed,
                })
            }
            Stage::Lapsed(_) => Some(Self::Lapsed),
            Stage::Withdrawn(_) => Some(Self::Withdrawn),
            Stage::Received
            | Stage::Registered
            | Stage::Assigned
            | Stage::AwaitingSupplement
            | Stage::Supplemented
            | Stage::Voided(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRow {
    code: RetentionClass,
    years: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    ending: Ending,
    class: RetentionClass,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "about")]
    _about: String,
    #[serde(rename = "marks")]
    _marks: std::collections::BTreeMap<String, String>,
    #[serde(rename = "articles")]
    _articles: Vec<String>,
    classes: Vec<ClassRow>,
    rules: Vec<RuleRow>,
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "embedded data, proven by a test")]
        serde_json::from_str(include_str!("../../data/retention.json"))
            .expect("data/retention.json is valid")
    });
    &TABLE
}

impl RetentionClass {
    /// How many years; none for ever.
    #[must_use]
    pub fn years(self) -> Option<u32> {
        table().classes.iter().find(|row| row.code == self).and_then(|row| row.years)
    }

    /// The last day on which the papers of a case that ended on this day are kept; none when they are
    /// kept for ever. The years are counted from the day after the end.
    #[must_use]
    pub fn until(self, ended_on: NaiveDate) -> Option<NaiveDate> {
        ended_on.checked_add_months(Months::new(self.years()?.saturating_mul(12)))
    }
}

/// A class for every ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention([RetentionClass; Ending::ALL.len()]);

impl Default for Retention {
    /// That of the table.
    fn default() -> Self {
        let mut retention = Self([RetentionClass::Years10; Ending::ALL.len()]);
        for row in &table().rules {
            retention.set(row.ending, row.class);
        }
        retention
    }
}

impl Retention {
    /// The class of an ending.
    #[must_use]
    pub fn class(self, ending: Ending) -> RetentionClass {
        self.0.get(ending as usize).copied().unwrap_or(RetentionClass::Permanent)
    }

    fn set(&mut self, ending: Ending, class: RetentionClass) {
        if let Some(place) = self.0.get_mut(ending as usize) {
            *place = class;
        }
    }
}

/// A text that says no retention. Does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a class for all, or ending=class, separated by commas")]
pub struct UnknownRetention;

impl FromStr for Retention {
    type Err = UnknownRetention;

    /// One class for all endings, or `ending=class` for some, separated by commas; the others stay as
    /// in the table.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut retention = Self::default();
        let mut seen = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (ending, class) = match part.split_once('=') {
                Some((ending, class)) => (
                    Some(Ending::parse(ending.trim()).map_err(|_| UnknownRetention)?),
                    class.trim(),
                ),
                None => (None, part),
            };
            if seen.contains(&ending) {
                return Err(UnknownRetention);
            }
            seen.push(ending);
            let class = RetentionClass::parse(class).map_err(|_| UnknownRetention)?;
            match ending {
                Some(ending) => retention.set(ending, class),
                // A class for all comes first, so that it takes nothing back.
                None if seen.len() == 1 => {
                    for ending in Ending::ALL {
                        retention.set(*ending, class);
                    }
                }
                None => return Err(UnknownRetention),
            }
        }
        Ok(retention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete() {
        for class in RetentionClass::ALL {
            assert_eq!(table().classes.iter().filter(|row| row.code == *class).count(), 1);
            assert_eq!(class.years().is_none(), *class == RetentionClass::Permanent);
        }
        for ending in Ending::ALL {
            assert_eq!(table().rules.iter().filter(|row| row.ending == *ending).count(), 1);
            assert_eq!(Retention::default().class(*ending), RetentionClass::Years10);
        }
    }

    #[test]
    fn a_setting_takes_the_place_of_rows() {
        let all: Retention = "permanent".parse().unwrap();
        assert!(Ending::ALL.iter().all(|ending| all.class(*ending) == RetentionClass::Permanent));
        let some: Retention = "refusal=years_30, lapsed=permanent".parse().unwrap();
        assert_eq!(some.class(Ending::Refusal), RetentionClass::Years30);
        assert_eq!(some.class(Ending::Lapsed), RetentionClass::Permanent);
        assert_eq!(some.class(Ending::Other), RetentionClass::Years10);
        let both: Retention = "years_30,refusal=permanent".parse().unwrap();
        assert_eq!(both.class(Ending::Refusal), RetentionClass::Permanent);
        assert_eq!(both.class(Ending::Withdrawn), RetentionClass::Years30);
        let wrong =
            ["", "years_5", "refusal", "refusal=", "x=years_10", "refusal=years_30,years_10"];
        for text in wrong.into_iter().chain(["refusal=years_30,refusal=years_10", "years_10,,"]) {
            assert_eq!(text.parse::<Retention>(), Err(UnknownRetention), "{text:?}");
        }
    }

    #[test]
    fn the_last_day_is_counted_from_the_day_after_the_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let ten = RetentionClass::Years10;
        assert_eq!(ten.until(day("2024-03-05")), Some(day("2034-03-05")));
        assert_eq!(ten.until(day("2024-02-29")), Some(day("2034-02-28")));
        assert_eq!(RetentionClass::Years30.until(day("2024-03-05")), Some(day("2054-03-05")));
        assert_eq!(RetentionClass::Permanent.until(day("2024-03-05")), None);
        assert_eq!(ten.until(NaiveDate::MAX), None);
    }
}
