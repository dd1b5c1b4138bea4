//! The texts of the regulation as data: 政府信息公开条例 of 2007 and of 2019, the fee notice and
//! the remedy laws. Every figure of the clock (limits, caps, dates of effect) is read from
//! `data/rule_sets.json`; the code holds only the shape of the arithmetic.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::Calendar;
use crate::domain::deadline::{Consulted, Fact, ReceiptRule};

const BUILTIN: &str = include_str!("../../data/rule_sets.json");

/// A text of the regulation (版本).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleSetId {
    /// State Council Order 492, in force 2008-05-01 to 2019-05-14.
    #[serde(rename = "2007")]
    Text2007,
    /// State Council Order 711, in force from 2019-05-15.
    #[serde(rename = "2019")]
    Text2019,
}

impl RuleSetId {
    /// All texts, oldest first.
    pub const ALL: [Self; 2] = [Self::Text2007, Self::Text2019];

    /// `2007` or `2019`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text2007 => "2007",
            Self::Text2019 => "2019",
        }
    }

    /// The year as a number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Text2007 => 2007,
            Self::Text2019 => 2019,
        }
    }
}

/// A phrase in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// First and last day of force, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// First day.
    pub from: NaiveDate,
    /// Last day; none while in force.
    pub to: Option<NaiveDate>,
}

/// The article that a text gives for each figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Articles {
    /// Receipt date (2019 art. 31; before, notice 2015-207).
    pub receipt: Bilingual,
    /// Answer limit (2007 art. 24, 2019 art. 33).
    pub answer: Bilingual,
    /// Extension (2007 art. 24, 2019 art. 33).
    pub extension: Bilingual,
    /// Supplement (2007 art. 21(4), 2019 art. 30).
    pub supplement: Bilingual,
    /// Excluded consultation time (2007 art. 24 para. 3, 2019 art. 33 para. 3).
    pub consultation: Bilingual,
    /// Proactive disclosure (2007 art. 18, 2019 art. 26).
    pub proactive: Bilingual,
}

/// The figures of one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet {
    /// Which text.
    pub id: RuleSetId,
    /// Its title and order number.
    pub title: Bilingual,
    /// When it is in force.
    pub in_force: InForce,
    /// Answer limit in working days (2007 art. 24: 15; 2019 art. 33: 20).
    pub answer_working_days: u32,
    /// Most extension in total, in working days (2007 art. 24: 15; 2019 art. 33: 20).
    pub extension_working_days: u32,
    /// Working days for the supplement notice (2019 art. 30: 7; 2007: none).
    pub supplement_notice_working_days: Option<u32>,
    /// Working days for an opinion, after which its pause ends (2019 art. 32; for 2007 and for
    /// general consultation of agencies the figure is ours).
    pub opinion_working_days: u32,
    /// Whose consultation stops the clock (2007 art. 24 para. 3: third parties; 2019 art. 33
    /// para. 3: agencies too).
    pub pausing_consultations: Vec<Consulted>,
    /// Working days for proactive disclosure (2007 art. 18, 2019 art. 26).
    pub proactive_working_days: u32,
    /// Per channel the fact that is the receipt date (2019 art. 31; before, notice 2015-207).
    pub receipt_fact: BTreeMap<ReceiptRule, Fact>,
    /// The articles to cite.
    pub articles: Articles,
}

/// Supplement figures that no text gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementFigures {
    /// Default "reasonable period" in working days (the bureau's own figure).
    pub default_working_days: u32,
}

/// The information handling fee (信息处理费, notice 2020-109).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeFigures {
    /// First date on which a notice may be given.
    pub from: NaiveDate,
    /// Calendar days to pay, counted from the day after receipt of the notice.
    pub pay_within_days: u32,
    /// The source to cite.
    pub article: Bilingual,
}

/// A limit for direct litigation and its date of effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LitigationLimit {
    /// First day of effect; none for the oldest.
    pub from: Option<NaiveDate>,
    /// Months.
    pub months: u32,
    /// The source to cite.
    pub article: Bilingual,
}

/// The articles of the remedies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemedyArticles {
    /// The limit for reconsideration.
    pub reconsideration: Bilingual,
    /// Reconsideration before litigation.
    pub reconsideration_first: Bilingual,
    /// Rolling of the last day.
    pub rolling: Bilingual,
}

/// Remedy limits (行政复议, 行政诉讼) with their dates of effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemedyFigures {
    /// Calendar days for reconsideration.
    pub reconsideration_days: u32,
    /// Litigation limits, oldest first.
    pub litigation_months: Vec<LitigationLimit>,
    /// From this date of service a refusal goes to reconsideration first.
    pub reconsideration_first_from: NaiveDate,
    /// The articles to cite.
    pub articles: RemedyArticles,
}

/// All rule sets and the figures that no text of the regulation holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleBook {
    /// Name of the state of the data.
    pub version: String,
    /// The 2007 text.
    pub text_2007: RuleSet,
    /// The 2019 text.
    pub text_2019: RuleSet,
    /// Supplement figures.
    pub supplement: SupplementFigures,
    /// Fee figures.
    pub fees: FeeFigures,
    /// Remedy figures.
    pub remedies: RemedyFigures,
    /// The source of rest days.
    pub rest_days: Bilingual,
}

#[derive(Deserialize)]
struct RuleBookFile {
    version: String,
    rule_sets: Vec<RuleSet>,
    supplement: SupplementFigures,
    fees: FeeFigures,
    remedies: RemedyFigures,
    rest_days: Bilingual,
}

/// Why a rule file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid rule sets: {reason}")]
pub struct RuleBookError {
    reason: String,
}

impl RuleBook {
    /// Reads rule sets from JSON text of the form of `data/rule_sets.json`.
    ///
    /// # Errors
    /// [`RuleBookError`] when the text is malformed, a rule set is missing, lacks a channel,
    /// has a limit of 0 or one over 1000 days, or no litigation limit is given.
    pub fn parse(text: &str) -> Result<Self, RuleBookError> {
        let refuse = |reason: String| RuleBookError { reason };
        let file: RuleBookFile = serde_json::from_str(text).map_err(|e| refuse(e.to_string()))?;
        let mut sets = file.rule_sets;
        for set in &sets {
            check(set).map_err(|what| refuse(format!("{}: {what}", set.id.as_str())))?;
        }
        if file.remedies.litigation_months.is_empty() {
            return Err(refuse("no litigation limit".to_owned()));
        }
        let mut take = |id: RuleSetId| {
            let at = sets.iter().position(|set| set.id == id);
            at.map(|at| sets.swap_remove(at))
                .ok_or_else(|| refuse(format!("{} is missing", id.as_str())))
        };
        Ok(Self {
            version: file.version,
            text_2007: take(RuleSetId::Text2007)?,
            text_2019: take(RuleSetId::Text2019)?,
            supplement: file.supplement,
            fees: file.fees,
            remedies: file.remedies,
            rest_days: file.rest_days,
        })
    }

    /// The figures of one text.
    #[must_use]
    pub fn rule_set(&self, id: RuleSetId) -> &RuleSet {
        match id {
            RuleSetId::Text2007 => &self.text_2007,
            RuleSetId::Text2019 => &self.text_2019,
        }
    }
}

fn check(set: &RuleSet) -> Result<(), &'static str> {
    const LIMITS: std::ops::RangeInclusive<u32> = 1..=1000;
    let limits = [
        set.answer_working_days,
        set.extension_working_days,
        set.supplement_notice_working_days.unwrap_or(1),
        set.opinion_working_days,
        set.proactive_working_days,
    ];
    if !limits.iter().all(|limit| LIMITS.contains(limit)) {
        return Err("a limit is 0 or over 1000 working days");
    }
    if !ReceiptRule::ALL.iter().all(|rule| set.receipt_fact.contains_key(rule)) {
        return Err("a channel has no receipt fact");
    }
    Ok(())
}

/// Everything a computation needs besides the case: the calendar and the rule sets.
///
/// Cheap to clone; a new calendar makes a new `Law` ([`Law::with_calendar`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// Working days.
    pub calendar: Arc<Calendar>,
    /// Figures.
    pub rules: Arc<RuleBook>,
}

impl Law {
    /// The law as compiled into the program.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static LAW: LazyLock<Law> = LazyLock::new(|| Law {
            calendar: Arc::new(Calendar::builtin().clone()),
            #[expect(clippy::expect_used, reason = "embedded data, proven by a test")]
            rules: Arc::new(RuleBook::parse(BUILTIN).expect("data/rule_sets.json is valid")),
        });
        &LAW
    }

    /// The same rules on another calendar.
    #[must_use]
    pub fn with_calendar(&self, calendar: Calendar) -> Self {
        Self { calendar: Arc::new(calendar), rules: Arc::clone(&self.rules) }
    }

    /// The text that is in force on a day.
    #[must_use]
    pub fn text_in_force(&self, day: NaiveDate) -> RuleSetId {
        let new = &self.rules.text_2019;
        if day < new.in_force.from { RuleSetId::Text2007 } else { new.id }
    }

    /// The figures of one text.
    #[must_use]
    pub fn rule_set(&self, id: RuleSetId) -> &RuleSet {
        self.rules.rule_set(id)
    }
}
