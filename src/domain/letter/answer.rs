//! The letter that answers: from the draft, the decision table and the table of remedies.

use chrono::NaiveDate;
use serde::Serialize;

use super::facts::{Desk, LetterFacts, Masthead, Opening, Signer};
use super::kind::LetterKind;
use super::{LetterError, Sheet, written, zh};
use crate::domain::attachment::ProvidedFile;
use crate::domain::case::{Case, Draft};
use crate::domain::channel::Carrier;
use crate::domain::decision::{Decision, DecisionCode, DecisionKind};
use crate::domain::regulation::RuleSetId;

/// The facts of an answer.
#[expect(clippy::struct_excessive_bools, reason = "a template asks each by its own name")]
#[derive(Debug, Serialize)]
pub struct AnswerFacts {
    #[serde(flatten)]
    masthead: Masthead,
    #[serde(flatten)]
    opening: Opening,
    decision: &'static str,
    basis_words: String,
    reasons: Option<String>,
    provided: Option<String>,
    how_to_obtain: Option<String>,
    right_organ: Option<String>,
    organ_known: bool,
    earlier_case_number: Option<String>,
    earlier_answered_on: Option<String>,
    explanation_asked_on: Option<String>,
    supplement_notice_on: Option<String>,
    consultation_result: Option<String>,
    channel_pointer: Option<String>,
    publication_source: Option<String>,
    basis_law: Option<String>,
    conclusion: Option<String>,
    /// Is it had at the public door?
    online: bool,
    carrier: Option<String>,
    delivery: Option<String>,
    asked_form: Option<String>,
    accepts_other_form: bool,
    form_article: Option<String>,
    search_log: Vec<SearchLine>,
    grounds: Vec<GroundLine>,
    inserts: Vec<String>,
    files: Vec<FileLine>,
    remedy: String,
}

/// One search. Who made it stays in the file: the letter needs no name of an officer.
#[derive(Debug, Serialize)]
struct SearchLine {
    searched_on: String,
    system: String,
    keywords: String,
    result: Option<String>,
}

/// One reason for not disclosing, with what it rests on.
#[derive(Debug, Serialize)]
struct GroundLine {
    about: String,
    kind_words: String,
    reasons: Option<String>,
    harm: Option<String>,
    consultation_result: Option<String>,
    right_organ: Option<String>,
    channel_pointer: Option<String>,
    basis: String,
    basis_law: Option<String>,
}

/// A file that goes with the letter.
#[derive(Debug, Serialize)]
struct FileLine {
    name: String,
    pages: Option<u32>,
}

/// The letter that answers a case by a draft, with the code of its paragraph on remedies. `served` is
/// the day of its service when that is known; the remedies are those of that day.
///
/// # Errors
/// The draft lacks what its letter states, or the decision does not exist under the text of the case.
pub fn answer(
    case: &Case,
    draft: &Draft,
    desk: &Desk<'_>,
    (signer, number): (Signer, Option<&str>),
    served: Option<NaiveDate>,
) -> Result<(Sheet, String), LetterError> {
    let letters = desk.office.letters;
    let kind = letters.of_decision(draft.decision).unwrap_or(LetterKind::RECEIPT);
    let missing = |what: &str| LetterError::new(kind, what);
    let row = letters.kind(kind).ok_or_else(|| missing("no such kind"))?;
    let clock = case.record.clock.as_ref().ok_or_else(|| missing("not in the register"))?;
    let decision = desk.decisions.find(draft.decision).ok_or_else(|| missing("no decision"))?;
    let day = served.unwrap_or(desk.today);
    let remedies = letters.remedies();
    let paragraph = remedies
        .paragraph_of(draft, day)
        .ok_or_else(|| missing("no paragraph on remedies for this day"))?;
    let opening = Opening::of(case).ok_or_else(|| missing("not in the register"))?;
    let wording = Wording { case, draft, decision, rule_set: clock.rule_set, desk };
    let masthead = Masthead::of(desk, row, clock.rule_set, signer, number);
    let remedy = remedies.text(paragraph, signer.issuer(), day);
    let facts = wording.facts(masthead, opening, remedy);
    let sheet = letters.fill(kind, &LetterFacts::Answer(Box::new(facts)))?;
    Ok((sheet, paragraph.code.clone()))
}

/// What the words of an answer follow from.
struct Wording<'a> {
    case: &'a Case,
    draft: &'a Draft,
    decision: &'a Decision,
    rule_set: RuleSetId,
    desk: &'a Desk<'a>,
}

impl Wording<'_> {
    fn facts(&self, masthead: Masthead, opening: Opening, remedy: String) -> AnswerFacts {
        let said = &self.draft.particulars;
        let round = self.case.record.supplement.as_ref();
        let asked = &self.case.record.intake.application;
        let other_form = self
            .draft
            .carrier
            .is_some_and(|c| c != asked.carrier && asked.carrier != Carrier::Download);
        AnswerFacts {
            masthead,
            opening,
            decision: self.draft.decision.as_str(),
            basis_words: self.desk.basis_words(self.decision, self.rule_set),
            reasons: said.reasons.clone(),
            provided: said.provided.clone(),
            how_to_obtain: said.how_to_obtain.clone(),
            right_organ: said.right_organ.clone(),
            organ_known: said.right_organ.as_ref().is_some_and(|organ| !organ.contains("无法确定")),
            earlier_case_number: said.earlier_case_number.clone(),
            earlier_answered_on: said.earlier_answered_on.map(written),
            explanation_asked_on: said.explanation.as_ref().map(|asked| written(asked.asked_on)),
            supplement_notice_on: round.map(|round| written(round.notice_date)),
            consultation_result: said.consultation_result.clone(),
            channel_pointer: said.channel_pointer.clone(),
            publication_source: said.publication_source.clone(),
            basis_law: said.basis_law.clone(),
            conclusion: said.conclusion.clone(),
            online: self.draft.carrier == Some(Carrier::Download),
            carrier: self.draft.carrier.map(|carrier| zh(carrier.label_zh())),
            delivery: self.draft.delivery.map(|delivery| zh(delivery.label_zh())),
            asked_form: other_form.then(|| zh(asked.carrier.label_zh())),
            accepts_other_form: asked.accepts_other_form,
            form_article: self.desk.office.letters.form_article(self.rule_set),
            search_log: self.searches(),
            grounds: self.grounds(),
            inserts: self.draft.inserts.iter().map(|insert| insert.text.clone()).collect(),
            files: self.files(),
            remedy,
        }
    }

    fn files(&self) -> Vec<FileLine> {
        let line =
            |file: &ProvidedFile| FileLine { name: file.name.as_str().to_owned(), pages: None };
        self.draft.files.iter().map(line).collect()
    }

    fn searches(&self) -> Vec<SearchLine> {
        let line = |search: &crate::domain::case::SearchEntry| SearchLine {
            searched_on: written(search.searched_on),
            system: search.system.clone(),
            keywords: search.keywords.clone(),
            result: search.result.clone(),
        };
        self.draft.particulars.search_log.iter().map(line).collect()
    }

    /// The reasons for not disclosing, each with its basis: those of the decision itself, then the
    /// further grounds. A partial disclosure rests on its grounds alone; one that was drafted before
    /// there were any gives its own.
    fn grounds(&self) -> Vec<GroundLine> {
        let partly = self.decision.kind == DecisionKind::Partial;
        let own = (!partly || self.draft.grounds.is_empty()).then(|| self.own_ground());
        let further = self.draft.grounds.iter().map(|ground| GroundLine {
            about: ground.facts.about.clone(),
            kind_words: self.words_of(ground.decision),
            reasons: ground.facts.reasons.clone(),
            harm: ground.facts.harm.clone(),
            consultation_result: ground.facts.consultation_result.clone(),
            right_organ: ground.facts.right_organ.clone(),
            channel_pointer: ground.facts.channel_pointer.clone(),
            basis: self.ground_basis(ground.decision, ground.facts.article.as_deref()),
            basis_law: ground.facts.basis_law.clone(),
        });
        own.into_iter().chain(further).collect()
    }

    fn own_ground(&self) -> GroundLine {
        let partly = self.decision.kind == DecisionKind::Partial;
        let said = &self.draft.particulars;
        let article = said.article.as_deref();
        let (about, basis) = if partly {
            ("其余部分", self.cited(article.unwrap_or_default()))
        } else {
            ("所申请的政府信息", self.ground_basis(self.draft.decision, article))
        };
        GroundLine {
            about: about.to_owned(),
            kind_words: self.words_of(self.draft.decision),
            reasons: said.reasons.clone(),
            harm: said.harm.clone(),
            consultation_result: said.consultation_result.clone(),
            right_organ: None,
            channel_pointer: None,
            basis,
            basis_law: said.basis_law.clone(),
        }
    }

    /// An article as the officer gives it, with the Regulation before it when he names no other.
    fn cited(&self, article: &str) -> String {
        let article = zh(article.trim());
        if article.starts_with('第') {
            format!("{}{article}", self.desk.regulation(self.rule_set))
        } else {
            article
        }
    }

    fn words_of(&self, code: DecisionCode) -> String {
        self.desk.office.letters.words_of(code).unwrap_or_default().to_owned()
    }

    /// The basis of a ground by the decision table, and the article that the officer relies on where
    /// the table does not name it.
    fn ground_basis(&self, code: DecisionCode, article: Option<&str>) -> String {
        let decision = self.desk.decisions.find(code);
        let basis =
            decision.map(|row| self.desk.basis_words(row, self.rule_set)).unwrap_or_default();
        match article.map(|article| zh(article.trim())) {
            Some(article) if article.is_empty() || basis.contains(&article) => basis,
            Some(article) => format!("{basis}（具体条款：{article}）"),
            None => basis,
        }
    }
}
