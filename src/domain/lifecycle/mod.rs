//! The lifecycle of a case: which action is legal in which status, by whom, and what it does.
//!
//! [`table::RULES`] is the only place that says so. The guard, the "what may I do now" answer,
//! docs/lifecycle.md, docs/permissions.md, the CHECK constraints and the tests all read it.

mod apply;
mod gates;
mod guard;
mod step;
pub mod table;

pub use apply::{
    Applied, Consequence, Issued, Move, NewCase, apply, can_be_sealed, hand_over, is_unfinished,
    moved_by, recalculate, receive, release, settle_seal, signer,
};
pub use gates::{awaited_reviews, needed_by, reviews_needed};
pub use guard::{Availability, applicant_may, availability, role_may};
pub use step::{
    Changes, GroundWording, NewFile, PageCount, ServiceFacts, Step, SubtaskWording,
    SupplementFacts, Wording,
};
pub use table::{Action, Party, Rule, Status, Target};

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::actor::{Actor, By};
use super::applicant_type::ApplicantType;
use super::case::LookupKeys;
use super::deadline::legal_day;
use super::decision::{Decisions, Demand};
use super::ids::CaseId;
use super::letter::{Desk, LetterOffice, SeriesCode};
use super::paragraph::Paragraphs;
use super::practice::Practice;
use super::regulation::Law;
use super::rejection::{Reason, Rejection};
use super::said::Said;
use super::unit::Directory;

/// What a decision needs to know beside the case and the input. Everything in it is given: the
/// domain reads no clock and no database.
pub struct Context<'a> {
    /// Who acts.
    pub by: By<'a>,
    /// When.
    pub at: DateTime<Utc>,
    /// The rule sets and the calendar.
    pub law: &'a Law,
    /// The decision codes.
    pub decisions: &'static Decisions,
    /// What the bureau has chosen where the law leaves it the choice.
    pub practice: Practice,
    /// Facts of the cases that the input names by number.
    pub earlier: &'a EarlierCases,
    /// The standard paragraphs that the input names.
    pub paragraphs: &'a Paragraphs,
    /// Units and users.
    pub directory: &'a Directory,
    /// What letters are made of.
    pub office: &'a LetterOffice,
    /// The numbers that the next case and the next letters would get.
    pub numbers: &'a NextNumbers,
}

/// What a decision may know of other cases, by their numbers.
pub type EarlierCases = BTreeMap<String, EarlierCase>;

/// Another case, as far as a repeated application needs it (Regulation 2019, art. 36(6)).
#[derive(Clone, Debug)]
pub struct EarlierCase {
    /// Which.
    pub id: CaseId,
    /// What its applicant is found by.
    pub lookup: LookupKeys,
    /// What kind of applicant.
    pub applicant_type: ApplicantType,
    /// The applicant's name.
    pub applicant_name: String,
    /// The day on which it was answered; none when it was not.
    pub answered_on: Option<NaiveDate>,
}

/// The next free numbers of the year's series. They are taken only when the command is accepted,
/// so that the series have no gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextNumbers {
    /// The year of the series.
    pub year: i32,
    /// The next receipt number.
    pub receipt: i64,
    /// The next case number.
    pub case: i64,
    /// The pattern of case numbers, with `{year}` and `{n}`.
    pub case_pattern: String,
    /// The last number taken in each series of letters; a series without an entry begins.
    pub letters: BTreeMap<SeriesCode, i64>,
}

impl NextNumbers {
    /// The next receipt number, e.g. `SJ2026-000017`.
    #[must_use]
    pub fn receipt_number(&self) -> String {
        format!("SJ{}-{:06}", self.year, self.receipt)
    }

    /// The next case number, e.g. 长公公开〔2026〕17号.
    #[must_use]
    pub fn case_number(&self) -> String {
        self.case_pattern
            .replace("{year}", &self.year.to_string())
            .replace("{n}", &self.case.to_string())
    }
}

/// That a draft lacks what its decision demands.
fn missing(demand: &'static Demand) -> Rejection {
    let field = Said::of(demand.field.label_zh(), demand.field.label_en());
    Rejection::new(Reason::FactMissing).by(&demand.article).saying(field)
}

impl<'a> Context<'a> {
    /// The member of staff who acts.
    ///
    /// # Errors
    /// It is the applicant. The guard has let him through to what the table gives him; whatever
    /// else asks for a member of staff is not for him.
    pub fn staff(&self) -> Result<&'a Actor, Rejection> {
        match self.by {
            By::Staff(actor) => Ok(actor),
            By::Applicant => Err(Reason::RoleNotPermitted.into()),
        }
    }

    /// Everything beside the case from which a letter is filled.
    #[must_use]
    pub fn desk(&self) -> Desk<'a> {
        Desk {
            office: self.office,
            law: self.law,
            decisions: self.decisions,
            directory: self.directory,
            today: self.today(),
        }
    }

    /// The legal day on which the command is given.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        legal_day(self.at)
    }
}
