//! The answer: as it is drafted, and as it is issued.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::review::ReviewKind;
use crate::domain::attachment::ProvidedFile;
use crate::domain::channel::{Carrier, Delivery};
use crate::domain::decision::{DecisionCode, DraftField};
use crate::domain::ids::{ParagraphId, UserId, Version};

/// One search for the information (SPC11 art. 5: the agency bears the burden of proof).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchEntry {
    /// Who searched.
    pub searcher: String,
    /// In which archive or system.
    pub system: String,
    /// By which key words.
    pub keywords: String,
    /// On which day.
    pub searched_on: NaiveDate,
    /// What was found, or that nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// The particulars that a decision code may demand; which ones is a row of data/decisions.json.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The reasons, as the letter gives them.
    pub reasons: Option<String>,
    /// The article and item relied on, when the code leaves a choice.
    pub article: Option<String>,
    /// The harm that disclosure would do.
    pub harm: Option<String>,
    /// The searches made.
    pub search_log: Vec<SearchEntry>,
    /// What is provided.
    pub provided: Option<String>,
    /// Where and how published information is found.
    pub how_to_obtain: Option<String>,
    /// The organ that has the information.
    pub right_organ: Option<String>,
    /// The number of the earlier case that this one repeats.
    pub earlier_case_number: Option<String>,
    /// What the third party said.
    pub consultation_result: Option<String>,
    /// The channel for complaints or special queries.
    pub channel_pointer: Option<String>,
    /// The gazette, newspaper or book.
    pub publication_source: Option<String>,
    /// The law or administrative regulation that forbids or governs.
    pub basis_law: Option<String>,
    /// The day on which the earlier case was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_answered_on: Option<NaiveDate>,
    /// The request for the applicant's reasons (Regulation 2019, art. 35).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// What becomes of the application, in words, where no article says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<String>,
}

/// That the applicant was asked for the reasons of his many applications (Regulation 2019, art. 35).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The number of the letter.
    pub number: Option<String>,
    /// Its day.
    pub asked_on: NaiveDate,
}

/// What is said of one part of the information that is withheld.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroundFacts {
    /// Which part.
    pub about: String,
    /// The reasons, as the letter gives them.
    pub reasons: Option<String>,
    /// The article and item relied on.
    pub article: Option<String>,
    /// The harm that disclosure would do.
    pub harm: Option<String>,
    /// The law or administrative regulation that forbids or governs.
    pub basis_law: Option<String>,
    /// What the third party said.
    pub consultation_result: Option<String>,
    /// The channel for special queries.
    pub channel_pointer: Option<String>,
    /// The organ that has the information.
    pub right_organ: Option<String>,
}

/// One ground of an answer that gives several: a part withheld, and why (Regulation 2019, art. 37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The decision that would be made on that part alone.
    pub decision: DecisionCode,
    /// What is said of it.
    #[serde(flatten)]
    pub facts: GroundFacts,
}

impl GroundFacts {
    /// The fields that are filled in, of those that data/decisions.json may demand. What the draft
    /// holds once for all its grounds, counts as filled in.
    #[must_use]
    pub fn present(&self) -> BTreeSet<DraftField> {
        let here = |field: &DraftField| match field {
            DraftField::Reasons => filled(self.reasons.as_deref()),
            DraftField::Article => filled(self.article.as_deref()),
            DraftField::Harm => filled(self.harm.as_deref()),
            DraftField::RightOrgan => filled(self.right_organ.as_deref()),
            DraftField::ConsultationResult => filled(self.consultation_result.as_deref()),
            DraftField::ChannelPointer => filled(self.channel_pointer.as_deref()),
            DraftField::BasisLaw => filled(self.basis_law.as_deref()),
            DraftField::SearchLog
            | DraftField::Provided
            | DraftField::HowToObtain
            | DraftField::EarlierCaseNumber
            | DraftField::PublicationSource
            | DraftField::Grounds
            | DraftField::EarlierAnsweredDate
            | DraftField::Explanation
            | DraftField::Conclusion => true,
        };
        DraftField::ALL.iter().copied().filter(here).collect()
    }
}

impl Particulars {
    /// The fields that are filled in, of those that data/decisions.json may demand; the grounds are
    /// the draft's.
    #[must_use]
    pub fn present(&self) -> BTreeSet<DraftField> {
        let here = |field: &DraftField| match field {
            DraftField::Reasons => filled(self.reasons.as_deref()),
            DraftField::Article => filled(self.article.as_deref()),
            DraftField::Harm => filled(self.harm.as_deref()),
            DraftField::SearchLog => !self.search_log.is_empty(),
            DraftField::Provided => filled(self.provided.as_deref()),
            DraftField::HowToObtain => filled(self.how_to_obtain.as_deref()),
            DraftField::RightOrgan => filled(self.right_organ.as_deref()),
            DraftField::EarlierCaseNumber => filled(self.earlier_case_number.as_deref()),
            DraftField::ConsultationResult => filled(self.consultation_result.as_deref()),
            DraftField::ChannelPointer => filled(self.channel_pointer.as_deref()),
            DraftField::PublicationSource => filled(self.publication_source.as_deref()),
            DraftField::BasisLaw => filled(self.basis_law.as_deref()),
            DraftField::EarlierAnsweredDate => self.earlier_answered_on.is_some(),
            DraftField::Explanation => self.explanation.is_some(),
            DraftField::Conclusion => filled(self.conclusion.as_deref()),
            DraftField::Grounds => false,
        };
        DraftField::ALL.iter().copied().filter(here).collect()
    }

    /// The searches that lie after the given day, which cannot be.
    pub fn searches_after(&self, today: NaiveDate) -> impl Iterator<Item = &SearchEntry> {
        self.search_log.iter().filter(move |entry| entry.searched_on > today)
    }
}

fn filled(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// A standard paragraph in a draft: its text is the draft's own from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insert {
    /// Which paragraph it was taken from.
    pub paragraph_id: ParagraphId,
    /// In which version.
    pub version: Version,
    /// The text.
    pub text: String,
}

/// A drafted answer (拟稿). A new draft replaces the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The decision.
    pub decision: DecisionCode,
    /// Its particulars.
    pub particulars: Particulars,
    /// Further grounds: of a partial disclosure one for each part withheld, of a refusal those beside
    /// the decision, which alone counts in the annual table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<Ground>,
    /// The reviews that it must pass, fixed when it was drafted; none in what was drafted before there
    /// were reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<ReviewKind>>,
    /// On what the information is provided.
    pub carrier: Option<Carrier>,
    /// How it is handed over.
    pub delivery: Option<Delivery>,
    /// The files that are provided with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ProvidedFile>,
    /// Standard paragraphs, as they read when it was drafted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inserts: Vec<Insert>,
    /// Who drafted it.
    pub drafted_by: UserId,
    /// When.
    pub drafted_at: DateTime<Utc>,
}

/// An issued answer (答复).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The draft as it was issued.
    pub draft: Draft,
    /// The articles on which the decision rests under the text that governs the case.
    pub basis: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// By whom.
    pub issued_by: UserId,
    /// Did one clerk, alone and on the spot, point to published information?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_one_clerk: bool,
}

impl Draft {
    /// What is filled in of what the decision may demand.
    #[must_use]
    pub fn present(&self) -> BTreeSet<DraftField> {
        let mut present = self.particulars.present();
        if !self.grounds.is_empty() {
            present.insert(DraftField::Grounds);
        }
        present
    }
}
