//! The letters that actions issue, and how one is declared void.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::not_voidable;
use super::super::step::Step;
use super::facts;
use super::supplement::default_deadline;
use crate::domain::actor::{Actor, Role};
use crate::domain::case::{Case, DeadlineOrigin, Stage, Verdict};
use crate::domain::decision::DecisionKind;
use crate::domain::letter::{
    self, ContentHash, LetterError, LetterId, LetterKind, LetterMatter, LetterNumber, LetterRef,
    LetterVoid, SeriesCode, Sheet, Signer,
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

/// A letter that is due, and of what it tells.
#[derive(Clone, Copy)]
enum Due<'s> {
    Supplement,
    /// The request for extension by its place.
    Extension(usize),
    Answer(LetterKind),
    /// How the answer was reviewed and signed.
    Review,
    /// The subtask by its number.
    Subtask(u32),
    Separate(&'s LetterMatter),
}

impl Due<'_> {
    const fn kind(self) -> LetterKind {
        match self {
            Self::Supplement => LetterKind::SUPPLEMENT_NOTICE,
            Self::Extension(_) => LetterKind::EXTENSION_NOTICE,
            Self::Answer(kind) => kind,
            Self::Review => LetterKind::REVIEW_SHEET,
            Self::Subtask(_) => LetterKind::SUBTASK_SHEET,
            Self::Separate(matter) => matter.kind(),
        }
    }

    const fn extension(self) -> Option<usize> {
        if let Self::Extension(place) = self { Some(place) } else { None }
    }

    const fn subtask(self) -> Option<u32> {
        if let Self::Subtask(number) = self { Some(number) } else { None }
    }
}

/// Issues the letters that document a step, when it has any: in the same command, each with the next
/// number of its series.
pub(super) fn document(
    case: &mut Case,
    step: &Step,
    ctx: &Context<'_>,
) -> Result<Vec<Issued>, Refusal> {
    let mut issued = Vec::new();
    for due in due_letters(case, step, ctx)? {
        let number = next_number(due.kind(), ctx);
        let text = number.as_ref().map(|number| number.text.as_str());
        let filled = fill(case, due, text, ctx).map_err(|error| incomplete(&error))?;
        issued.push(issue(case, due, filled, number, ctx)?);
    }
    // What was served at once is the letter that has been made only now.
    if let (Some(_), Some(first)) = (step.service_at_once(), issued.first())
        && let Some(service) = case.record.services.last_mut()
    {
        service.letter_id = Some(first.reference.id);
    }
    Ok(issued)
}

/// The letters that a step issues; no two of one series.
fn due_letters<'s>(
    case: &Case,
    step: &'s Step,
    ctx: &Context<'_>,
) -> Result<Vec<Due<'s>>, Refusal> {
    Ok(match step {
        Step::RequestSupplement { .. } => vec![Due::Supplement],
        Step::DecideExtension { verdict: Verdict::Granted, .. } => {
            let last = case.record.extensions.len().checked_sub(1);
            last.map(Due::Extension).into_iter().collect()
        }
        Step::AskSubtask { .. } => {
            let asked = case.record.subtasks.last();
            asked.map(|subtask| Due::Subtask(subtask.number)).into_iter().collect()
        }
        Step::Answer { .. } => {
            let answer = case.record.stage.answer().ok_or(Reason::NoDraft)?;
            let kind = ctx.office.letters.of_decision(answer.draft.decision);
            vec![Due::Answer(kind.ok_or(Reason::DecisionUnknown)?), Due::Review]
        }
        Step::IssueLetter { matter } => vec![Due::Separate(matter)],
        // The request stands and only the paper was wrong, so the notice is made anew at once.
        Step::VoidLetter { letter_id, .. } => {
            let voided = case.record.letters.iter().find(|letter| letter.id == *letter_id);
            let again = voided.and_then(|letter| match letter.kind {
                LetterKind::SUPPLEMENT_NOTICE => Some(Due::Supplement),
                LetterKind::EXTENSION_NOTICE => letter.extension.map(Due::Extension),
                _ => None,
            });
            again.into_iter().collect()
        }
        _ => Vec::new(),
    })
}

/// The number that a letter of this kind would get.
fn next_number(kind: LetterKind, ctx: &Context<'_>) -> Option<LetterNumber> {
    let series = ctx.office.letters.series_of(kind)?;
    let code = SeriesCode::parse(&series.code)?;
    let n = ctx.numbers.letters.get(&code).copied().unwrap_or(0) + 1;
    let year = ctx.numbers.year;
    Some(LetterNumber { series: code, year, n, text: series.number(year, n) })
}

/// Fills a letter; of an answer with the code of its paragraph on remedies.
fn fill(
    case: &Case,
    due: Due<'_>,
    number: Option<&str>,
    ctx: &Context<'_>,
) -> Result<(Sheet, Option<String>), LetterError> {
    let desk = ctx.desk();
    let name = ctx.staff().map_or(Signer::Bureau, |actor| signer(case, actor, ctx.directory));
    let missing = || LetterError::new(due.kind(), "nothing to tell of");
    let sheet = match due {
        Due::Supplement => letter::supplement_notice(case, &desk, name, number)?,
        Due::Extension(place) => letter::extension_notice(case, place, &desk, name, number)?,
        Due::Answer(_) => {
            let answer = case.record.stage.answer().ok_or_else(missing)?;
            let served = case.effective_service(facts::ANSWER).map(|service| service.counts_on);
            let (sheet, code) = letter::answer(case, &answer.draft, &desk, (name, number), served)?;
            return Ok((sheet, Some(code)));
        }
        Due::Review => letter::review_sheet(case, &desk)?,
        Due::Subtask(number_of) => {
            let mut subtasks = case.record.subtasks.iter();
            let subtask = subtasks.find(|subtask| subtask.number == number_of);
            letter::subtask_sheet(case, subtask.ok_or_else(missing)?, &desk, number)?
        }
        Due::Separate(LetterMatter::CollectionNotice(collection)) => {
            letter::collection_notice(case, collection, &desk, name, number)?
        }
    };
    Ok((sheet, None))
}

fn issue(
    case: &mut Case,
    due: Due<'_>,
    (sheet, remedy): (Sheet, Option<String>),
    number: Option<LetterNumber>,
    ctx: &Context<'_>,
) -> Result<Issued, Refusal> {
    let content = sheet.canonical().map_err(|_| Reason::LetterIncomplete)?;
    let reference = LetterRef {
        id: LetterId::of(case.id, case.record.letters.len()),
        kind: due.kind(),
        number,
        content_hash: ContentHash::of(&content),
        remedy,
        extension: due.extension(),
        subtask: due.subtask(),
        issued_at: ctx.at,
        issued_by: ctx.staff()?.user,
        seal: None,
        void: None,
    };
    case.record.letters.push(reference.clone());
    Ok(Issued { reference, content })
}

/// Checks what a letter of its own shall tell, before it is issued. What can be collected is what the
/// answer provides.
pub(super) fn check_separate(
    case: &Case,
    matter: &LetterMatter,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let LetterMatter::CollectionNotice(collection) = matter;
    let answer = case.record.stage.answer().ok_or(Reason::StatusForbids)?;
    let kind = ctx.decisions.find(answer.draft.decision).map(|row| row.kind);
    if !matches!(kind, Some(DecisionKind::Disclosure | DecisionKind::Partial)) {
        let provided = Rejection::new(Reason::LetterNotDue).at("/kind");
        return Err(provided.by("2019 art. 36(2); 2007 art. 21(1)").into());
    }
    let mut faults = Vec::new();
    let (from, to) = (collection.collect_from, collection.collect_to);
    let early = |pointer: &str, day, earliest| {
        let rejection = Rejection::new(Reason::DateTooEarly).at(pointer);
        rejection.saying(Said::before(day, earliest))
    };
    if from < ctx.today() {
        faults.push(early("/collect_from_date", from, ctx.today()));
    }
    if to < from {
        faults.push(early("/collect_to_date", to, from));
    }
    Refusal::of(faults).map_or(Ok(()), Err)
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
    let void = LetterVoid { reason: reason.to_owned(), at: ctx.at, by };
    for letter in &mut case.record.letters {
        // The sheet of the reviews goes with the answer that it documents.
        let documents = kind.is_answer() && letter.kind == LetterKind::REVIEW_SHEET;
        if letter.id == id || (documents && letter.is_valid()) {
            letter.void = Some(void.clone());
        }
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
