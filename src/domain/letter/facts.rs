//! What letters are filled with, in the words in which they print it.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::AnswerFacts;
use super::form::FormFacts;
use super::kind::{Audience, KindRow};
use super::notice::NoticeFacts;
use super::remedy::Issuer;
use super::third_party::ThirdPartyFacts;
use super::{Letters, written, zh};
use crate::domain::case::Case;
use crate::domain::decision::{Decision, Decisions};
use crate::domain::ids::UnitId;
use crate::domain::regulation::{Law, RuleSetId};
use crate::domain::unit::Directory;

/// What the office says of itself in letters, and the letters that it has.
#[derive(Clone, Debug)]
pub struct LetterOffice {
    /// Kinds, templates, series, remedies.
    pub letters: &'static Letters,
    /// Its name, where it is another than that of the bureau among the units.
    pub agency: Option<String>,
    /// Where applicants ask, in words.
    pub contact: Option<String>,
    /// The address of the page on which they follow their cases.
    pub status_page: Option<String>,
}

impl LetterOffice {
    /// An office that says nothing of itself beside what is in the directory.
    #[must_use]
    pub fn plain() -> Self {
        Self { letters: Letters::builtin(), agency: None, contact: None, status_page: None }
    }
}

/// Everything beside the case from which a letter is filled.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The office.
    pub office: &'a LetterOffice,
    /// The rule sets and the calendar.
    pub law: &'a Law,
    /// The decision codes.
    pub decisions: &'a Decisions,
    /// Units and users.
    pub directory: &'a Directory,
    /// The legal day on which it is filled.
    pub today: NaiveDate,
}

/// In whose name a letter goes out (Regulation 2019, art. 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The bureau's.
    Bureau,
    /// That of a unit that may answer itself.
    Unit(UnitId),
}

impl Signer {
    /// Whose remedies hold.
    #[must_use]
    pub const fn issuer(self) -> Issuer {
        match self {
            Self::Bureau => Issuer::Bureau,
            Self::Unit(_) => Issuer::Unit,
        }
    }
}

impl Desk<'_> {
    /// The name of who signs; empty before there is a bureau.
    #[must_use]
    pub fn agency(&self, signer: Signer) -> String {
        let unit = match signer {
            Signer::Unit(id) => self.directory.unit(id),
            Signer::Bureau => None,
        };
        let bureau = || self.directory.bureau().map(|unit| unit.name.as_str());
        let name = unit.map(|unit| unit.name.as_str());
        name.or(self.office.agency.as_deref()).or_else(bureau).unwrap_or_default().to_owned()
    }

    /// The Regulation as a letter of this day names it: with its order when another text is in force.
    #[must_use]
    pub fn regulation(&self, rule_set: RuleSetId) -> String {
        let title = zh(&self.law.rule_set(rule_set).title.zh);
        let (name, order) = title.split_once('（').unwrap_or((&title, ""));
        if self.law.text_in_force(self.today) == rule_set || order.is_empty() {
            format!("《{name}》")
        } else {
            format!("《{name}》（{order}")
        }
    }

    /// The basis of a decision in full: with the name of the Regulation when it rests on articles of
    /// it, with the names of other instruments else.
    #[must_use]
    pub(super) fn basis_words(&self, decision: &Decision, rule_set: RuleSetId) -> String {
        let Some(basis) = decision.basis(rule_set) else { return String::new() };
        let words = zh(&basis.zh);
        if basis.articles.is_empty() {
            self.office.letters.in_full(&words)
        } else {
            format!("{}{words}", self.regulation(rule_set))
        }
    }
}

/// What nearly every document says of the office.
#[derive(Debug, Serialize)]
pub(super) struct Masthead {
    agency: String,
    number: String,
    issued_on: String,
    contact: Option<String>,
    regulation: String,
    rule_set: &'static str,
    article: Option<String>,
}

impl Masthead {
    pub(super) fn of(
        desk: &Desk<'_>,
        row: &KindRow,
        rule_set: RuleSetId,
        signer: Signer,
        number: Option<&str>,
    ) -> Self {
        Self {
            agency: desk.agency(signer),
            number: number.unwrap_or_default().to_owned(),
            issued_on: written(desk.today),
            contact: desk.office.contact.clone(),
            regulation: desk.regulation(rule_set),
            rule_set: rule_set.as_str(),
            article: row.basis(rule_set).map(|basis| basis.zh.clone()),
        }
    }
}

/// How every letter to an applicant begins.
#[derive(Debug, Serialize)]
pub(super) struct Opening {
    addressee: String,
    you: &'static str,
    receipt_date: String,
    case_number: String,
    subject: String,
    supplemented_on: Option<String>,
    extended_until: Option<String>,
}

impl Opening {
    /// Of a registered case.
    pub(super) fn of(case: &Case) -> Option<Self> {
        let record = &case.record;
        let application = &record.intake.application;
        let (entry, clock) = (record.registration.as_ref()?, record.clock.as_ref()?);
        let reply = record.supplement.as_ref().and_then(|round| round.reply.as_ref());
        Some(Self {
            addressee: application.applicant.name.clone(),
            you: you(case),
            receipt_date: written(clock.receipt_date),
            case_number: entry.case_number.clone(),
            subject: application.subject.clone(),
            supplemented_on: reply.and(clock.resumed_on).map(written),
            extended_until: clock.due_date.filter(|_| clock.extended).map(written),
        })
    }
}

/// How the applicant is addressed.
pub(super) fn you(case: &Case) -> &'static str {
    let kind = case.record.intake.application.applicant.kind;
    if kind.is_natural_person() { "您" } else { "贵单位" }
}

/// The facts of one document. Those for a third party are a type of their own, in which there is no
/// room for the applicant.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum LetterFacts {
    /// Of an answer.
    Answer(Box<AnswerFacts>),
    /// Of a notice to the applicant on the way.
    Notice(Box<NoticeFacts>),
    /// Of a sheet that is drawn from the case on demand.
    Form(Box<FormFacts>),
    /// Of a letter to a third party.
    ThirdParty(Box<ThirdPartyFacts>),
    /// Of a document that is neither, as one object of its placeholders; never for a third party.
    Other {
        /// Whom it is for.
        #[serde(skip)]
        to: Audience,
        /// The facts.
        #[serde(flatten)]
        facts: Map<String, Value>,
    },
}

impl LetterFacts {
    /// Are they for documents to this addressee?
    pub(super) fn are_for(&self, to: Audience) -> bool {
        match self {
            Self::Answer(_) | Self::Notice(_) => to == Audience::Applicant,
            Self::Form(_) => to != Audience::ThirdParty,
            Self::ThirdParty(_) => to == Audience::ThirdParty,
            Self::Other { to: own, .. } => *own == to && to != Audience::ThirdParty,
        }
    }
}
