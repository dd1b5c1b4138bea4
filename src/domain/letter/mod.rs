//! The documents of a case (文书): what kinds there are, how each is worded, numbered and frozen, and
//! which remedies it tells of. All of it is data, read and proved as a whole.
//!
//! A letter's content is a [`Sheet`]; HTML and every other form are made from it and hold nothing
//! else (docs/adr/0015-letters.md).

mod answer;
mod content;
mod facts;
mod form;
mod kind;
mod matter;
mod notice;
mod preview;
mod reference;
mod remedy;
mod seal;
mod series;
pub mod sheet;
mod template;
mod third_party;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::decision::{DecisionCode, Decisions};
use super::regulation::RuleSetId;

pub use answer::{AnswerFacts, answer};
pub use content::ContentHash;
pub use facts::{Desk, LetterFacts, LetterOffice, Signer};
pub use form::{
    FormFacts, Personal, application_form, receipt, review_sheet, service_receipt, subtask_sheet,
    transfer_sheet,
};
pub use kind::{Audience, IssuedBy, KindRow, LetterKind};
pub use matter::{Collection, LetterMatter, SeparateLetter};
pub use notice::{NoticeFacts, collection_notice, extension_notice, supplement_notice};
pub use preview::preview;
pub use reference::{LetterId, LetterNumber, LetterRef, LetterVoid};
pub use remedy::{Issuer, Remedies, RemedyParagraph};
pub use seal::{ElectronicSeal, SealFailure, SealOutcome, SealSettled, SealState, SealedFile};
pub use series::{Series, SeriesCode};
pub use sheet::{Block, SealPlace, Sheet};
pub use template::LetterError;
pub use third_party::ThirdPartyFacts;
pub use words::{clause, sentence, written, zh, zh_number};

use template::Templates;

macro_rules! templates {
    ($($code:literal),+ $(,)?) => {
        /// The text of a built-in template.
        fn builtin_template(code: &str) -> Option<&'static str> {
            match code {
                $($code => Some(include_str!(concat!("../../../data/letters/", $code, ".txt"))),)+
                _ => None,
            }
        }
    };
}

templates!(
    "application_form",
    "closing_index",
    "collection_notice",
    "consultation_notice",
    "disclosure",
    "explanation_request",
    "extension_notice",
    "fee_notice",
    "joint_agency_consultation",
    "needs_processing",
    "not_exist",
    "not_ours",
    "not_processed",
    "other_notice",
    "partial_disclosure",
    "petition",
    "phone_record",
    "publication",
    "receipt",
    "refusal",
    "repeat",
    "review_sheet",
    "service_receipt",
    "special_channel",
    "still_unclear",
    "subtask_sheet",
    "supplement_notice",
    "third_party_consultation",
    "third_party_decision_notice",
    "transfer_sheet",
    "urge_sheet",
);

static NO_TEMPLATES: BTreeMap<String, String> = BTreeMap::new();

/// The texts that the documents are read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Of the form of `data/letters.json`.
    pub letters: &'a str,
    /// Of the form of `data/letter_series.json`.
    pub series: &'a str,
    /// Of the form of `data/remedies.json`.
    pub remedies: &'a str,
    /// The template of a code.
    pub template: fn(&str) -> Option<&'static str>,
    /// Templates that stand in the place of those, by their codes.
    pub replaced: &'a BTreeMap<String, String>,
}

impl Sources<'static> {
    /// What is built into the program.
    #[must_use]
    pub const fn builtin() -> Self {
        Self {
            letters: include_str!("../../../data/letters.json"),
            series: include_str!("../../../data/letter_series.json"),
            remedies: include_str!("../../../data/remedies.json"),
            template: builtin_template,
            replaced: &NO_TEMPLATES,
        }
    }
}

/// Why the documents cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct LettersError {
    /// The file or the code at fault.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl LettersError {
    fn new(place: impl Into<String>, what: impl std::fmt::Display) -> Self {
        Self { place: place.into(), what: what.to_string() }
    }

    /// The same, told of the file in which it stands.
    fn of(self, file: &str) -> Self {
        if self.place == file { self } else { Self::new(file, self) }
    }
}

/// An instrument that the decision table names briefly, as a letter has to name it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FullName {
    short: String,
    full: String,
    #[serde(rename = "mark")]
    _mark: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LettersFile {
    #[serde(rename = "about")]
    _about: String,
    #[serde(rename = "marks")]
    _marks: BTreeMap<String, String>,
    kind_words: BTreeMap<String, String>,
    form_articles: BTreeMap<RuleSetId, String>,
    full_names: Vec<FullName>,
    letters: Vec<KindRow>,
}

fn names(rows: &[KindRow], code: &str) -> bool {
    rows.iter().any(|row| row.code == code)
}

/// Everything of which letters are made beside the case.
#[derive(Debug)]
pub struct Letters {
    kinds: Vec<KindRow>,
    kind_words: BTreeMap<String, String>,
    form_articles: BTreeMap<RuleSetId, String>,
    full_names: Vec<FullName>,
    series: Vec<Series>,
    remedies: Remedies,
    templates: Templates,
}

impl Letters {
    /// The documents built into the program.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static LETTERS: LazyLock<Letters> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "embedded data, proven by a test")]
            Letters::read(&Sources::builtin()).expect("data/letters.json is valid")
        });
        &LETTERS
    }

    /// Reads and proves the documents: every template prints what its row lists and nothing else, a
    /// template for a third party can print nothing of the applicant, every answer has its letter,
    /// numbers of two series never look alike, and on every day each decision has one paragraph on
    /// remedies.
    ///
    /// # Errors
    /// The first fault.
    pub fn read(sources: &Sources<'_>) -> Result<Self, LettersError> {
        let file: LettersFile = serde_json::from_str(sources.letters)
            .map_err(|error| LettersError::new("letters.json", error))?;
        let series = series::read(sources.series).map_err(|e| e.of("letter_series.json"))?;
        let remedies = Remedies::read(sources.remedies).map_err(|e| e.of("remedies.json"))?;
        let mut texts = Vec::with_capacity(file.letters.len());
        for row in &file.letters {
            let text = sources.replaced.get(&row.code).map(String::as_str);
            let text = text.or_else(|| (sources.template)(&row.code));
            texts.push(text.ok_or_else(|| LettersError::new(&row.code, "has no template"))?);
        }
        if let Some(code) = sources.replaced.keys().find(|code| !names(&file.letters, code)) {
            return Err(LettersError::new(code, "there is no such kind of letter"));
        }
        let codes = file.letters.iter().map(|row| row.code.as_str());
        let templates = Templates::read(codes.zip(texts))?;
        let letters = Self {
            kinds: file.letters,
            kind_words: file.kind_words,
            form_articles: file.form_articles,
            full_names: file.full_names,
            series,
            remedies,
            templates,
        };
        letters.prove(sources.replaced)?;
        Ok(letters)
    }

    fn prove(&self, replaced: &BTreeMap<String, String>) -> Result<(), LettersError> {
        let mut answered = BTreeSet::new();
        for row in &self.kinds {
            let fault = |what: String| Err(LettersError::new(&row.code, what));
            let printed = self.templates.placeholders(&row.code)?;
            let listed: BTreeSet<String> = row.placeholders.iter().cloned().collect();
            // A bureau's own wording may leave facts out, and can have none that nobody gives it.
            let fits = if replaced.contains_key(&row.code) {
                printed.is_subset(&listed)
            } else {
                printed == listed
            };
            if !fits {
                let differ: Vec<_> = printed.symmetric_difference(&listed).cloned().collect();
                return fault(format!("prints other facts than it lists: {}", differ.join(", ")));
            }
            let foreign = |name: &&String| !third_party::FIELDS.contains(&name.as_str());
            if row.to == Audience::ThirdParty
                && let Some(name) = listed.iter().find(foreign)
            {
                return fault(format!("would tell a third party {name}"));
            }
            if let Some(code) = &row.series
                && !self.series.iter().any(|series| series.code == *code)
            {
                let what = format!("no series {code}, in which {} is numbered", row.code);
                return Err(LettersError::new("letter_series.json", what));
            }
            self.templates.prove(row)?;
            for decision in &row.decisions {
                if DecisionCode::parse(decision).is_err() || !answered.insert(decision.clone()) {
                    return fault(format!("decision {decision} is unknown, or has two letters"));
                }
                if self.remedies.is_first(decision).is_none() {
                    let what = format!("no rule on remedies for {decision}");
                    return Err(LettersError::new("remedies.json", what));
                }
            }
        }
        let without = Decisions::builtin()
            .rows()
            .iter()
            .find(|row| !row.is_lapse() && !answered.contains(&row.code));
        match without {
            Some(row) => Err(LettersError::new(&row.code, "has no letter")),
            None => Ok(()),
        }
    }

    /// Whether these can stand in the place of the built-in ones: the series are the same, for numbers
    /// that were given name them, and every answer can be told its remedies as far back as those can.
    ///
    /// # Errors
    /// What is missing.
    pub fn replaces(&self, builtin: &Self) -> Result<(), LettersError> {
        let codes = |letters: &Self| -> BTreeSet<String> {
            letters.series.iter().map(|series| series.code.clone()).collect()
        };
        if codes(self) != codes(builtin) {
            let what = "the series must be those of the program, by their codes";
            return Err(LettersError::new("letter_series.json", what));
        }
        let answers = builtin.kinds.iter().flat_map(|row| &row.decisions);
        for decision in answers {
            let first = builtin.remedies.first_day(decision);
            if self.remedies.first_day(decision) > first
                || self.remedies.is_first(decision).is_none()
            {
                let what =
                    format!("no paragraph for {decision} from the first text of the Regulation");
                return Err(LettersError::new("remedies.json", what));
            }
        }
        Ok(())
    }

    /// Every kind, in the order of the table.
    #[must_use]
    pub fn kinds(&self) -> &[KindRow] {
        &self.kinds
    }

    /// The row of a kind.
    #[must_use]
    pub fn kind(&self, kind: LetterKind) -> Option<&KindRow> {
        self.kinds.iter().find(|row| row.code == kind.as_str())
    }

    /// The kind of letter that answers with a decision; none for a lapse.
    #[must_use]
    pub fn of_decision(&self, decision: DecisionCode) -> Option<LetterKind> {
        let answers = |row: &&KindRow| row.decisions.iter().any(|d| d == decision.as_str());
        self.kinds.iter().find(answers).and_then(|row| LetterKind::parse(&row.code).ok())
    }

    /// The series of numbers.
    #[must_use]
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// The series in which a kind is numbered.
    #[must_use]
    pub fn series_of(&self, kind: LetterKind) -> Option<&Series> {
        let code = self.kind(kind)?.series.as_deref()?;
        self.series.iter().find(|series| series.code == code)
    }

    /// The paragraphs on remedies.
    #[must_use]
    pub const fn remedies(&self) -> &Remedies {
        &self.remedies
    }

    /// What a ground of refusal says of the information.
    #[must_use]
    fn words_of(&self, decision: DecisionCode) -> Option<&str> {
        self.kind_words.get(decision.as_str()).map(String::as_str)
    }

    /// The article on the form in which information is provided.
    #[must_use]
    fn form_article(&self, rule_set: RuleSetId) -> Option<String> {
        self.form_articles.get(&rule_set).cloned()
    }

    /// A basis in full: instruments named briefly get their names.
    #[must_use]
    fn in_full(&self, basis: &str) -> String {
        self.full_names.iter().fold(basis.to_owned(), |text, name| {
            text.replace(name.short.as_str(), name.full.as_str())
        })
    }

    /// Fills the template of a kind.
    ///
    /// # Errors
    /// The facts are not for this kind's addressee, or one that the letter states is missing.
    pub fn fill(&self, kind: LetterKind, facts: &LetterFacts) -> Result<Sheet, LetterError> {
        let row = self.kind(kind).ok_or_else(|| LetterError::new(kind, "no such kind"))?;
        if !facts.are_for(row.to) {
            return Err(LetterError::new(kind, "these facts are not for its addressee"));
        }
        self.templates.fill(row, facts)
    }
}
