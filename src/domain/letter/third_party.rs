//! What a third party may be told: of the information, never of the applicant (PIPL art. 6, 34).

use serde::Serialize;

/// Every name under which a letter to a third party finds a fact.
pub(super) const FIELDS: [&str; 18] = [
    "agency",
    "number",
    "issued_on",
    "contact",
    "regulation",
    "rule_set",
    "article",
    "third_party",
    "you",
    "yours",
    "interest",
    "information",
    "opinion_days",
    "consulted_on",
    "opinion",
    "reasons",
    "provided",
    "remedy",
];

/// The facts of a letter to a third party.
#[expect(missing_docs, reason = "the words of the letter, by the names of its placeholders")]
#[derive(Debug, Serialize)]
pub struct ThirdPartyFacts {
    pub agency: String,
    pub number: String,
    pub issued_on: String,
    pub contact: Option<String>,
    pub regulation: String,
    pub rule_set: &'static str,
    pub article: Option<String>,
    pub third_party: String,
    pub you: &'static str,
    pub yours: &'static str,
    pub interest: Option<String>,
    pub information: String,
    pub opinion_days: Option<u32>,
    pub consulted_on: Option<String>,
    pub opinion: Option<String>,
    /// Why and what is disclosed against the third party's will: the bureau's words.
    pub reasons: Option<String>,
    pub provided: Option<String>,
    pub remedy: Option<String>,
}
