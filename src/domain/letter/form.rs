//! The sheets that are drawn from a case on demand: neither numbered nor frozen.

use serde::Serialize;

use super::closing::Closing;
use super::facts::{Desk, LetterFacts, Signer, you};
use super::kind::LetterKind;
use super::{LetterError, LetterRef, Sheet, clause, written, zh};
use crate::domain::case::{Case, Manner, ServedLetter, Service};
use crate::domain::channel::{Carrier, Delivery};
use crate::domain::deadline::legal_day;
use crate::domain::ids::UserId;
use crate::domain::regulation::RuleSetId;

/// What identifies or reaches the applicant, as the reader may see it; empty where nothing is known.
#[expect(missing_docs, reason = "the words of the form, by the names of its placeholders")]
#[derive(Clone, Debug, Default, Serialize)]
pub struct Personal {
    pub applicant_name: String,
    pub id_number: String,
    pub phone: String,
    pub address: String,
    pub postcode: String,
    pub email: String,
    pub contact_name: String,
}

/// The facts of a sheet.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(private_interfaces, reason = "made by the functions of this module alone")]
pub enum FormFacts {
    /// The form of the application.
    Application(Application),
    /// The receipt of a registered application.
    Receipt(Receipt),
    /// The sheet with which a case goes to a unit.
    Transfer(Transfer),
    /// The sheet of the reviews of an answer.
    Review(Review),
    /// The proof of service.
    Proof(Proof),
    /// The index of the papers of a case.
    Closing(Closing),
}

/// A box to tick.
#[derive(Debug, Serialize)]
struct Choice {
    label: String,
    chosen: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "boxes of the form, each ticked or not")]
#[derive(Debug, Serialize)]
struct Application {
    #[serde(flatten)]
    personal: Personal,
    is_person: bool,
    applicant_type: &'static str,
    id_kind: String,
    subject: String,
    description: String,
    rule_set: &'static str,
    purpose: String,
    fee_waiver: bool,
    carriers: Vec<Choice>,
    deliveries: Vec<Choice>,
    other_form: bool,
}

#[expect(clippy::struct_field_names, reason = "the names of the placeholders")]
#[derive(Debug, Serialize)]
struct Receipt {
    agency: String,
    addressee: String,
    you: &'static str,
    channel: &'static str,
    receipt_number: String,
    case_number: String,
    subject: String,
    receipt_date: String,
    id_kind: String,
    due_date: Option<String>,
    provisional: bool,
    regulation: String,
    article: Option<String>,
    status_page: Option<String>,
    contact: Option<String>,
    issued_on: String,
}

#[derive(Debug, Serialize)]
struct Transfer {
    agency: String,
    office: String,
    unit: String,
    case_number: String,
    subject: String,
    receipt_date: String,
    due_date: String,
    internal_due_date: String,
    officer: String,
    note: String,
    issued_on: String,
}

#[derive(Debug, Serialize)]
struct Review {
    agency: String,
    case_number: String,
    subject: String,
    decision_name: String,
    provided: String,
    reasons: String,
    drafter: String,
    drafted_on: String,
    reviews: Vec<ReviewLine>,
    issuer: Option<String>,
    issued_on: Option<String>,
    regulation: String,
    article: String,
}

/// One opinion.
#[derive(Debug, Serialize)]
struct ReviewLine {
    kind: String,
    verdict: String,
    opinion: Option<String>,
    basis: Option<String>,
    reviewer: String,
    reviewed_on: String,
}

#[derive(Debug, Serialize)]
struct Proof {
    agency: String,
    letter_title: String,
    letter_number: String,
    addressee: String,
    address: String,
    manners: Vec<Choice>,
    mail_number: String,
    sent_on: String,
    signed_on: String,
    substitute: String,
    remark: String,
}

fn drawn(kind: LetterKind, facts: FormFacts, desk: &Desk<'_>) -> Result<Sheet, LetterError> {
    desk.office.letters.fill(kind, &LetterFacts::Form(Box::new(facts)))
}

/// The text under which a case would be judged today, when it is not in the register yet.
fn rule_set(case: &Case, desk: &Desk<'_>) -> RuleSetId {
    let clock = case.record.clock.as_ref();
    clock.map_or_else(|| desk.law.text_in_force(desk.today), |clock| clock.rule_set)
}

fn id_kind(case: &Case) -> String {
    let kind = case.record.intake.application.applicant.id_kind;
    kind.map(|kind| zh(kind.label_zh())).unwrap_or_default()
}

/// The application on the office's form (Regulation 2007, art. 20; 2019, art. 29), to be signed.
///
/// # Errors
/// None that a case can cause.
pub fn application_form(
    case: &Case,
    personal: Personal,
    desk: &Desk<'_>,
) -> Result<Sheet, LetterError> {
    let asked = &case.record.intake.application;
    let carrier = |c: &Carrier| Choice { label: zh(c.label_zh()), chosen: *c == asked.carrier };
    let delivery = |d: &Delivery| Choice { label: zh(d.label_zh()), chosen: *d == asked.delivery };
    let facts = Application {
        personal,
        is_person: asked.applicant.kind.is_natural_person(),
        applicant_type: asked.applicant.kind.label_zh(),
        id_kind: id_kind(case),
        subject: asked.subject.clone(),
        description: asked.description.clone(),
        rule_set: rule_set(case, desk).as_str(),
        purpose: asked.purpose.clone().unwrap_or_default(),
        fee_waiver: asked.fee_waiver_requested,
        carriers: Carrier::ALL.iter().map(carrier).collect(),
        deliveries: Delivery::ALL.iter().map(delivery).collect(),
        other_form: asked.accepts_other_form,
    };
    drawn(LetterKind::APPLICATION_FORM, FormFacts::Application(facts), desk)
}

/// The receipt of a registered application, without the query code, which nobody keeps.
///
/// # Errors
/// The case is not in the register.
pub fn receipt(case: &Case, addressee: String, desk: &Desk<'_>) -> Result<Sheet, LetterError> {
    let kind = LetterKind::RECEIPT;
    let missing = || LetterError::new(kind, "not in the register");
    let record = &case.record;
    let entry = record.registration.as_ref().ok_or_else(missing)?;
    let clock = record.clock.as_ref().ok_or_else(missing)?;
    let row = desk.office.letters.kind(kind).ok_or_else(missing)?;
    let open = case.status().is_open();
    let facts = Receipt {
        agency: desk.agency(Signer::Bureau),
        addressee,
        you: you(case),
        channel: record.intake.channel.label_zh(),
        receipt_number: record.intake.receipt_number.clone(),
        case_number: entry.case_number.clone(),
        subject: record.intake.application.subject.clone(),
        receipt_date: written(clock.receipt_date),
        id_kind: id_kind(case),
        due_date: clock.due_date.filter(|_| open).map(written),
        provisional: clock.provisional,
        regulation: desk.regulation(clock.rule_set),
        article: row.basis(clock.rule_set).map(|basis| basis.zh.clone()),
        status_page: desk.office.status_page.clone(),
        contact: desk.office.contact.clone(),
        issued_on: written(desk.today),
    };
    drawn(kind, FormFacts::Receipt(facts), desk)
}

fn name_of(user: UserId, desk: &Desk<'_>) -> String {
    desk.directory.user(user).map(|user| user.display_name.clone()).unwrap_or_default()
}

/// The sheet with which a case goes to the unit that holds it.
///
/// # Errors
/// Nobody holds the case.
pub fn transfer_sheet(case: &Case, desk: &Desk<'_>) -> Result<Sheet, LetterError> {
    let kind = LetterKind::TRANSFER_SHEET;
    let missing = || LetterError::new(kind, "nobody holds the case");
    let record = &case.record;
    let holding = record.holding.as_ref().ok_or_else(missing)?;
    let entry = record.registration.as_ref().ok_or_else(missing)?;
    let clock = record.clock.as_ref().ok_or_else(missing)?;
    let unit = desk.directory.unit(holding.unit).ok_or_else(missing)?;
    let by = desk.directory.user(holding.assigned_by);
    let office = by.and_then(|user| desk.directory.unit(user.unit));
    let facts = Transfer {
        agency: desk.agency(Signer::Bureau),
        office: office.map(|unit| unit.name.clone()).unwrap_or_default(),
        unit: unit.name.clone(),
        case_number: entry.case_number.clone(),
        subject: record.intake.application.subject.clone(),
        receipt_date: written(clock.receipt_date),
        due_date: clock.due_date.map(written).unwrap_or_default(),
        internal_due_date: holding.internal_due_date.map(written).unwrap_or_default(),
        officer: holding.officer.map(|user| name_of(user, desk)).unwrap_or_default(),
        note: holding.note.clone().unwrap_or_default(),
        issued_on: written(legal_day(holding.assigned_at)),
    };
    drawn(kind, FormFacts::Transfer(facts), desk)
}

/// The sheet on which an answer is reviewed and signed (Regulation 2019, art. 17).
///
/// # Errors
/// There is neither a draft nor an answer.
pub fn review_sheet(case: &Case, desk: &Desk<'_>) -> Result<Sheet, LetterError> {
    let kind = LetterKind::REVIEW_SHEET;
    let missing = || LetterError::new(kind, "nothing has been drafted");
    let record = &case.record;
    let answer = record.stage.answer();
    let draft = answer.map(|answer| &answer.draft).or(record.draft.as_ref()).ok_or_else(missing)?;
    let entry = record.registration.as_ref().ok_or_else(missing)?;
    let rule_set = rule_set(case, desk);
    let row = desk.office.letters.kind(kind).ok_or_else(missing)?;
    let decision = desk.decisions.find(draft.decision).ok_or_else(missing)?;
    let said = &draft.particulars;
    let reasons = [&said.reasons, &said.harm, &said.article, &said.basis_law];
    let mut reasons: Vec<String> = reasons.into_iter().flatten().map(|text| clause(text)).collect();
    reasons.extend(draft.grounds.iter().map(|ground| {
        let facts = &ground.facts;
        let said = [&facts.reasons, &facts.harm, &facts.article, &facts.basis_law];
        let said: Vec<String> = said.into_iter().flatten().map(|text| clause(text)).collect();
        format!("{}：{}", clause(&facts.about), said.join("；"))
    }));
    let facts = Review {
        agency: desk.agency(Signer::Bureau),
        case_number: entry.case_number.clone(),
        subject: record.intake.application.subject.clone(),
        decision_name: zh(&decision.zh),
        provided: said.provided.clone().or(said.how_to_obtain.clone()).unwrap_or_default(),
        reasons: reasons.join("；"),
        drafter: name_of(draft.drafted_by, desk),
        drafted_on: written(legal_day(draft.drafted_at)),
        reviews: record.reviews.iter().map(|review| reviewed(review, desk)).collect(),
        issuer: answer.map(|answer| name_of(answer.issued_by, desk)),
        issued_on: answer.map(|answer| written(legal_day(answer.issued_at))),
        regulation: desk.regulation(rule_set),
        article: row.basis(rule_set).map(|basis| basis.zh.clone()).unwrap_or_default(),
    };
    drawn(kind, FormFacts::Review(facts), desk)
}

fn reviewed(review: &crate::domain::case::Review, desk: &Desk<'_>) -> ReviewLine {
    ReviewLine {
        kind: review.kind.label_zh().to_owned(),
        verdict: review.verdict.label_zh().to_owned(),
        opinion: review.opinion.clone(),
        basis: review.basis.clone(),
        reviewer: name_of(review.reviewed_by, desk),
        reviewed_on: written(legal_day(review.reviewed_at)),
    }
}

/// The attempts by which a letter of this kind was served, oldest first.
fn attempts(case: &Case, kind: LetterKind) -> Vec<&Service> {
    let served = if kind == LetterKind::SUPPLEMENT_NOTICE {
        ServedLetter::SupplementNotice
    } else if kind == LetterKind::EXTENSION_NOTICE {
        ServedLetter::ExtensionNotice
    } else {
        ServedLetter::Answer
    };
    case.record.services.iter().filter(|service| service.letter == served).collect()
}

/// The proof of service of a letter, with the last attempt filled in
/// (国办公开办函〔2016〕235号).
///
/// # Errors
/// None that a case can cause.
pub fn service_receipt(
    case: &Case,
    letter: &LetterRef,
    personal: &Personal,
    desk: &Desk<'_>,
) -> Result<Sheet, LetterError> {
    let attempts = attempts(case, letter.kind);
    let last = attempts.last();
    let manner = |m: &Manner| Choice {
        label: zh(m.label_zh()),
        chosen: last.is_some_and(|service| service.manner == *m),
    };
    let on = |manners: &[Manner]| {
        let service = last.filter(|service| manners.contains(&service.manner));
        service.map(|service| written(service.counts_on)).unwrap_or_default()
    };
    let signed = on(&[Manner::HandedOver, Manner::Substitute]);
    let delivered = last.and_then(|service| service.delivered_on).map(written);
    let returned = attempts.iter().filter(|service| service.manner == Manner::Returned);
    let returned: Vec<String> =
        returned.map(|service| format!("{}退回", written(service.counts_on))).collect();
    let address = [personal.address.as_str(), personal.postcode.as_str()].join("　");
    let facts = Proof {
        agency: desk.agency(Signer::Bureau),
        letter_title: letter.kind.title().to_owned(),
        letter_number: letter.number.as_ref().map(|n| n.text.clone()).unwrap_or_default(),
        addressee: personal.applicant_name.clone(),
        address: address.trim_matches('　').to_owned(),
        manners: Manner::ALL.iter().map(manner).collect(),
        mail_number: last.and_then(|service| service.mail_number.clone()).unwrap_or_default(),
        sent_on: on(&[Manner::Posted, Manner::Sent]),
        signed_on: if signed.is_empty() { delivered.unwrap_or_default() } else { signed },
        substitute: last.and_then(|service| service.recipient.clone()).unwrap_or_default(),
        remark: returned.join("；"),
    };
    drawn(LetterKind::SERVICE_RECEIPT, FormFacts::Proof(facts), desk)
}
