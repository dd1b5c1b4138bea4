//! The letters that actions issue, and how one is declared void.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::not_voidable;
use super::super::step::Step;
use super::facts;
use super::supplement::default_deadline;
use crate::domain::actor::{Actor, Role};
use crate::domain::case::{Case, DeadlineOrigin, Stage, Verdict};
use crate::domain::letter::{
    self, ContentHash, LetterError, LetterId, LetterKind, LetterNumber, LetterRef, LetterVoid,
    SeriesCode, Sheet, Signer,
};
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;
use crate::domain::unit::Directory;

/// A letter that was issued just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// What the case keeps of it.
    pub reference: LetterRef,
    /// Its canonical text, which is frozen.
    pub content: String,
}

/// In whose name an actor's letters on a case go out: the holding unit's when it may answer itself and
/// does (Regulation 2019, art. 10), else the bureau's.
#[must_use]
pub fn signer(case: &Case, actor: &Actor, directory: &Directory) -> Signer {
    let holder = case.holding_unit().and_then(|unit| directory.unit(unit));
    match holder {
        Some(unit) if actor.role == Role::ServiceCenter && unit.may_issue => Signer::Unit(unit.id),
        Some(_) | None => Signer::Bureau,
    }
}

/// What is filled in, and what the reference keeps beside it.
struct Filled {
    kind: LetterKind,
    sheet: Sheet,
    remedy: Option<String>,
    extension: Option<usize>,
}

/// Issues the letter that documents a step, when it has one: in the same command, with the next number
/// of its series.
pub(super) fn document(
    case: &mut Case,
    step: &Step,
    ctx: &Context<'_>,
) -> Result<Vec<Issued>, Refusal> {
    let last_extension = || case.record.extensions.len().checked_sub(1);
    let (kind, extension) = match step {
        Step::RequestSupplement { .. } => (LetterKind::SUPPLEMENT_NOTICE, None),
        Step::DecideExtension { verdict: Verdict::Granted, .. } => {
            (LetterKind::EXTENSION_NOTICE, last_extension())
        }
        Step::Answer { .. } => {
            let answer = case.record.stage.answer().ok_or(Reason::NoDraft)?;
            let kind = ctx.office.letters.of_decision(answer.draft.decision);
            (kind.ok_or(Reason::DecisionUnknown)?, None)
        }
        Step::Archive { .. } => (LetterKind::CLOSING_INDEX, None),
        // The request stands and only the paper was wrong, so the notice is made anew at once.
        Step::VoidLetter { letter_id, .. } => {
            match case.record.letters.iter().find(|letter| letter.id == *letter_id) {
                Some(letter) if !letter.kind.is_answer() => (letter.kind, letter.extension),
                Some(_) | None => return Ok(Vec::new()),
            }
        }
        _ => return Ok(Vec::new()),
    };
    let number = next_number(kind, ctx);
    let text = number.as_ref().map(|number| number.text.as_str());
    let filled = match step {
        Step::Archive { pages } => letter::closing_index(case, pages, &ctx.desk(), text)
            .map(|sheet| Filled { kind, sheet, remedy: None, extension: None }),
        _ => fill(case, (kind, extension), text, ctx),
    };
    let filled = filled.map_err(|error| incomplete(&error))?;
    issue(case, filled, number, ctx).map(|issued| vec![issued])
}

/// The number that a letter of this kind would get.
fn next_number(kind: LetterKind, ctx: &Context<'_>) -> Option<LetterNumber> {
    let series = ctx.office.letters.series_of(kind)?;
    let code = SeriesCode::parse(&series.code)?;
    let n = ctx.numbers.letters.get(&code).copied().unwrap_or(0) + 1;
    let year = ctx.numbers.year;
    Some(LetterNumber { series: code, year, n, text: series.number(year, n) })
}

fn fill(
    case: &Case,
    (kind, extension): (LetterKind, Option<usize>),
    number: Option<&str>,
    ctx: &Context<'_>,
) -> Result<Filled, LetterError> {
    let desk = ctx.desk();
    let name = ctx.staff().map_or(Signer::Bureau, |actor| signer(case, actor, ctx.directory));
    let mut remedy = None;
    let sheet = match (case.record.stage.answer(), extension) {
        (_, Some(place)) => letter::extension_notice(case, place, &desk, name, number)?,
        (Some(answer), None) => {
            let served = case.effective_service(facts::ANSWER).map(|service| service.counts_on);
            let (sheet, code) = letter::answer(case, &answer.draft, &desk, (name, number), served)?;
            remedy = Some(code);
            sheet
        }
        (None, None) => letter::supplement_notice(case, &desk, name, number)?,
    };
    Ok(Filled { kind, sheet, remedy, extension })
}

fn issue(
    case: &mut Case,
    filled: Filled,
    number: Option<LetterNumber>,
    ctx: &Context<'_>,
) -> Result<Issued, Refusal> {
    let content = filled.sheet.canonical().map_err(|_| Reason::LetterIncomplete)?;
    let reference = LetterRef {
        id: LetterId::of(case.id, case.record.letters.len()),
        kind: filled.kind,
        number,
        content_hash: ContentHash::of(&content),
        remedy: filled.remedy,
        extension: filled.extension,
        issued_at: ctx.at,
        issued_by: ctx.staff()?.user,
        void: None,
    };
    case.record.letters.push(reference.clone());
    Ok(Issued { reference, content })
}

/// Why a letter cannot be made, as a refusal of the command.
fn incomplete(error: &LetterError) -> Refusal {
    Rejection::new(Reason::LetterIncomplete).saying(Said::neutral(error.kind.title())).into()
}

/// Declares a letter void. Its number stays with it.
pub(super) fn void(
    case: &mut Case,
    id: LetterId,
    reason: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let by = ctx.staff()?.user;
    let unknown = || Rejection::new(Reason::LetterUnknown).at("/letter_id");
    let letter = case.record.letters.iter().find(|letter| letter.id == id).ok_or_else(unknown)?;
    if let Some(reason) = not_voidable(case, letter) {
        return Err(Rejection::new(reason).at("/letter_id").into());
    }
    let kind = letter.kind;
    if let Some(letter) = case.record.letters.iter_mut().find(|letter| letter.id == id) {
        letter.void = Some(LetterVoid { reason: reason.to_owned(), at: ctx.at, by });
    }
    if kind.is_answer() {
        take_back(case);
    } else if kind == LetterKind::SUPPLEMENT_NOTICE {
        ask_anew(case, ctx)?;
    }
    Ok(())
}

/// The answer was never given: the case stands where it stood before, with its draft.
fn take_back(case: &mut Case) {
    let supplemented = case.record.supplement.as_ref().is_some_and(|round| round.reply.is_some());
    let before = match (supplemented, case.record.holding.is_some()) {
        (true, _) => Stage::Supplemented,
        (false, true) => Stage::Assigned,
        (false, false) => Stage::Registered,
    };
    if let Stage::Answered(answer) = std::mem::replace(&mut case.record.stage, before) {
        case.record.draft = Some(answer.draft);
        // What was reviewed has gone out once already, and came back for a reason.
        case.record.reviews.clear();
    }
}

/// The request for a supplement is of today, and so is its period; a last day that is past cannot be
/// kept.
fn ask_anew(case: &mut Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let today = ctx.today();
    if let Some(round) = &mut case.record.supplement {
        round.notice_date = today;
        if round.deadline_origin == DeadlineOrigin::Default || round.deadline <= today {
            round.deadline = default_deadline(today, ctx)?;
            round.deadline_origin = DeadlineOrigin::Default;
        }
    }
    Ok(())
}

/// The letter tells of the remedies that hold on the day on which it is served (行政复议法(2023)
/// 第二十三条第二款). A case answered before letters were kept has none to compare.
pub(super) fn remedies_hold(
    case: &Case,
    served: NaiveDate,
    ctx: &Context<'_>,
) -> Result<(), Rejection> {
    let (Some(answer), Some(letter)) = (case.record.stage.answer(), case.answer_letter()) else {
        return Ok(());
    };
    let remedies = ctx.office.letters.remedies();
    let holds = remedies.paragraph(answer.draft.decision.as_str(), served);
    if holds.map(|paragraph| &paragraph.code) == letter.remedy.as_ref() {
        return Ok(());
    }
    Err(Rejection::new(Reason::RemedyOutdated)
        .at("/service")
        .by("行政复议法(2023)第二十三条第二款")
        .saying(Said::neutral(served.to_string())))
}
