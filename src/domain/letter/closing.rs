//! The index of the papers of a case (结案表、归档表), made when the case is put away.

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::facts::{Desk, LetterFacts, Signer};
use super::form::FormFacts;
use super::kind::LetterKind;
use super::{LetterError, Sheet, written, zh};
use crate::domain::case::{Case, Manner, ServedLetter, Stage};
use crate::domain::deadline::legal_day;
use crate::domain::lifecycle::PageCount;

/// Digits of a digest that are printed; enough to know the paper again.
const DIGITS: usize = 16;

/// What the index says.
#[derive(Debug, Serialize)]
pub(super) struct Closing {
    agency: String,
    number: String,
    case_number: String,
    applicant_name: String,
    subject: String,
    channel: &'static str,
    receipt_date: String,
    due_date: String,
    outcome: String,
    answer_date: String,
    on_time: &'static str,
    retention: &'static str,
    retention_until: Option<String>,
    papers: Vec<PaperLine>,
    pages: Option<u32>,
}

/// A line of the index.
#[derive(Debug, Serialize)]
struct PaperLine {
    name: String,
    number: String,
    date: String,
    pages: String,
    digest: String,
}

/// One paper.
struct Paper {
    id: Option<Uuid>,
    name: String,
    number: String,
    on: NaiveDate,
    digest: String,
}

impl Paper {
    /// One that is printed whenever it is wanted, so that it has no digest of its own.
    fn drawn(name: impl Into<String>, number: impl Into<String>, on: NaiveDate) -> Self {
        Self { id: None, name: name.into(), number: number.into(), on, digest: String::new() }
    }
}

fn short(digest: impl std::fmt::Display) -> String {
    digest.to_string().chars().take(DIGITS).collect()
}

/// The title of a kind that has no constant.
fn title(code: &str) -> &'static str {
    LetterKind::parse(code).map_or("", LetterKind::title)
}

/// What is printed from the record: the application, the sheets of its way, what was asked of others.
fn drawn(case: &Case) -> Vec<Paper> {
    let record = &case.record;
    let intake = &record.intake;
    let number = &intake.receipt_number;
    let mut papers = vec![Paper::drawn(
        LetterKind::APPLICATION_FORM.title(),
        number,
        legal_day(intake.received_at),
    )];
    if let Some(holding) = &record.holding {
        let on = legal_day(holding.assigned_at);
        papers.push(Paper::drawn(LetterKind::TRANSFER_SHEET.title(), "", on));
    }
    if let Some(reply) = record.supplement.as_ref().and_then(|round| round.reply.as_ref()) {
        papers.push(Paper::drawn("申请人补正材料", "", legal_day(reply.recorded_at)));
    }
    papers.extend(record.subtasks.iter().map(|subtask| {
        let name = format!("{}（{}）", title("subtask_sheet"), subtask.kind.label_zh());
        Paper::drawn(name, "", legal_day(subtask.asked_at))
    }));
    if let Some(review) = record.reviews.iter().last() {
        let on = legal_day(review.reviewed_at);
        papers.push(Paper::drawn(LetterKind::REVIEW_SHEET.title(), "", on));
    }
    papers.extend(record.services.iter().map(|service| {
        let letter = match service.letter {
            ServedLetter::Answer => "答复",
            other => other.label_zh(),
        };
        let proof = match service.manner {
            Manner::Returned => "邮件退回凭证",
            _ => title("service_receipt"),
        };
        let mail = service.mail_number.as_deref().unwrap_or_default();
        Paper::drawn(format!("{proof}（{letter}）"), mail, service.counts_on)
    }));
    papers
}

/// Every paper, in the order of their days: what is printed from the record, the letters, void ones
/// among them, and the files.
fn papers(case: &Case) -> Vec<Paper> {
    let mut papers = drawn(case);
    papers.extend(case.record.letters.iter().map(|letter| {
        let void = if letter.is_valid() { "" } else { "（作废）" };
        Paper {
            id: Some(letter.id.0),
            name: format!("{}{void}", letter.kind.title()),
            number: letter.number.as_ref().map(|number| number.text.clone()).unwrap_or_default(),
            on: legal_day(letter.issued_at),
            digest: short(letter.content_hash),
        }
    }));
    let files = case.record.attachments.iter().filter(|file| file.detached.is_none());
    papers.extend(files.map(|file| Paper {
        id: Some(file.id.0),
        name: file.name.as_str().to_owned(),
        number: String::new(),
        on: legal_day(file.attached_at),
        digest: short(file.sha256),
    }));
    papers.sort_by_key(|paper| paper.on);
    papers
}

/// How the case ended, in words.
fn outcome(case: &Case, desk: &Desk<'_>) -> String {
    match &case.record.stage {
        Stage::Answered(answer) => {
            let decision = desk.decisions.find(answer.draft.decision);
            decision.map(|decision| zh(&decision.zh)).unwrap_or_default()
        }
        stage => zh(stage.status().label_zh()),
    }
}

/// The index of the papers of a case that is put away. `pages` are those that were counted.
///
/// # Errors
/// The case is not put away.
pub fn closing_index(
    case: &Case,
    pages: &[PageCount],
    desk: &Desk<'_>,
    number: Option<&str>,
) -> Result<Sheet, LetterError> {
    let kind = LetterKind::CLOSING_INDEX;
    let record = &case.record;
    let missing = || LetterError::new(kind, "the case is not archived");
    let archive = record.archive.as_ref().ok_or_else(missing)?;
    let clock = record.clock.as_ref();
    let counted = |id: Option<Uuid>| {
        let found = pages.iter().find(|count| Some(count.id) == id);
        found.map(|count| count.pages)
    };
    let papers = papers(case);
    let total = papers.iter().filter_map(|paper| counted(paper.id));
    let total = total.reduce(u32::saturating_add);
    let line = |paper: Paper| PaperLine {
        pages: counted(paper.id).map(|pages| pages.to_string()).unwrap_or_default(),
        name: paper.name,
        number: paper.number,
        date: written(paper.on),
        digest: paper.digest,
    };
    let entry = record.registration.as_ref();
    let closed = record.stage.closure().is_some();
    let facts = Closing {
        agency: desk.agency(Signer::Bureau),
        number: number.unwrap_or_default().to_owned(),
        // One that was withdrawn before it was registered has no other.
        case_number: entry
            .map_or(&record.intake.receipt_number, |entry| &entry.case_number)
            .clone(),
        applicant_name: record.intake.application.applicant.name.clone(),
        subject: record.intake.application.subject.clone(),
        channel: record.intake.channel.label_zh(),
        receipt_date: clock.map(|clock| written(clock.receipt_date)).unwrap_or_default(),
        due_date: clock
            .and_then(|clock| clock.due_date)
            .filter(|_| !closed)
            .map(written)
            .unwrap_or_default(),
        outcome: outcome(case, desk),
        answer_date: case.ended_on().filter(|_| !closed).map(written).unwrap_or_default(),
        on_time: match clock.and_then(|clock| clock.on_time) {
            Some(true) => "是",
            Some(false) => "否",
            None => "",
        },
        retention: archive.retention.label_zh(),
        retention_until: archive.keep_until.map(written),
        papers: papers.into_iter().map(line).collect(),
        pages: total,
    };
    desk.office.letters.fill(kind, &LetterFacts::Form(Box::new(FormFacts::Closing(facts))))
}
