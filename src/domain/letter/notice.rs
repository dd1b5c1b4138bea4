//! The notices to the applicant on the way to the answer.

use serde::Serialize;

use super::facts::{Desk, LetterFacts, Masthead, Opening, Signer};
use super::kind::LetterKind;
use super::matter::Collection;
use super::{LetterError, Sheet, written};
use crate::domain::case::{Case, ClockState, DeadlineOrigin, ExtensionDecision, Verdict};
use crate::domain::deadline::legal_day;

/// The facts of a notice.
#[derive(Debug, Serialize)]
pub struct NoticeFacts {
    #[serde(flatten)]
    masthead: Masthead,
    #[serde(flatten)]
    opening: Opening,
    #[serde(flatten)]
    matter: Matter,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Matter {
    Supplement {
        items: String,
        guidance: String,
        deadline: Option<String>,
        period_days: u32,
    },
    Extension {
        reason: String,
        days: u32,
        old_due_date: String,
        new_due_date: String,
        provisional: bool,
    },
    Collection {
        answered_on: String,
        answer_number: String,
        collect_from: String,
        collect_to: String,
        place: String,
    },
}

fn fill(
    case: &Case,
    kind: LetterKind,
    matter: Matter,
    desk: &Desk<'_>,
    (signer, number): (Signer, Option<&str>),
) -> Result<Sheet, LetterError> {
    let missing = || LetterError::new(kind, "the case is not in the register");
    let clock = case.record.clock.as_ref().ok_or_else(missing)?;
    let letters = desk.office.letters;
    let row = letters.kind(kind).ok_or_else(missing)?;
    let facts = NoticeFacts {
        masthead: Masthead::of(desk, row, clock.rule_set, signer, number),
        opening: Opening::of(case).ok_or_else(missing)?,
        matter,
    };
    letters.fill(kind, &LetterFacts::Notice(Box::new(facts)))
}

/// The notice that asks for a supplement (Regulation 2019, art. 30; 2007, art. 21(4)). A period that
/// the officer did not state runs from the day on which the applicant has the notice, so it is told
/// in days.
///
/// # Errors
/// No supplement has been requested.
pub fn supplement_notice(
    case: &Case,
    desk: &Desk<'_>,
    signer: Signer,
    number: Option<&str>,
) -> Result<Sheet, LetterError> {
    let kind = LetterKind::SUPPLEMENT_NOTICE;
    let missing = || LetterError::new(kind, "no supplement has been requested");
    let round = case.record.supplement.as_ref().ok_or_else(missing)?;
    let stated = round.deadline_origin == DeadlineOrigin::Stated;
    let matter = Matter::Supplement {
        items: round.items.clone(),
        guidance: round.guidance.clone(),
        deadline: stated.then(|| written(round.deadline)),
        period_days: desk.law.rules.supplement.default_working_days,
    };
    fill(case, kind, matter, desk, (signer, number))
}

/// The notice of an extension, by its place among the requests (Regulation 2007, art. 24; 2019,
/// art. 33). The dates are those before and after it, as if the applicant were told today when he has
/// not been told yet.
///
/// # Errors
/// There is no such request, or no due date can be computed.
pub fn extension_notice(
    case: &Case,
    place: usize,
    desk: &Desk<'_>,
    signer: Signer,
    number: Option<&str>,
) -> Result<Sheet, LetterError> {
    let kind = LetterKind::EXTENSION_NOTICE;
    let missing = |what: &str| LetterError::new(kind, what);
    let known = |case: &Case, told: bool| {
        let mut case = case.clone();
        if let Some(extension) = case.record.extensions.get_mut(place) {
            let decided = extension.decision.take();
            let notified = decided.as_ref().and_then(|decision| decision.notified_on);
            extension.decision = Some(ExtensionDecision {
                verdict: Verdict::Granted,
                notified_on: told.then(|| notified.unwrap_or(desk.today)),
                reason: None,
                decided_at: decided.as_ref().map_or(extension.requested_at, |d| d.decided_at),
                decided_by: decided.map_or(extension.requested_by, |decision| decision.decided_by),
            });
        }
        ClockState::of(&case, desk.law, desk.today).ok().map(|clock| (case, clock))
    };
    let extension = case.record.extensions.get(place).ok_or_else(|| missing("no extension"))?;
    let (mut before, old) = known(case, false).ok_or_else(|| missing("no due date"))?;
    let (_, new) = known(case, true).ok_or_else(|| missing("no due date"))?;
    let due = |clock: &ClockState| clock.due_date.ok_or_else(|| missing("no due date"));
    let matter = Matter::Extension {
        reason: extension.reason.clone(),
        days: extension.days,
        old_due_date: written(due(&old)?),
        new_due_date: written(due(&new)?),
        provisional: new.provisional,
    };
    // The letter begins with what was the case before it.
    before.record.clock = Some(old);
    fill(&before, kind, matter, desk, (signer, number))
}

/// The notice from when to when and where what the answer provides can be collected (Regulation 2019,
/// art. 36(2); 2007, art. 21(1)).
///
/// # Errors
/// The case is not answered, or its answer was given before letters were kept and has no number.
pub fn collection_notice(
    case: &Case,
    collection: &Collection,
    desk: &Desk<'_>,
    signer: Signer,
    number: Option<&str>,
) -> Result<Sheet, LetterError> {
    let kind = LetterKind::COLLECTION_NOTICE;
    let missing = || LetterError::new(kind, "the case has no numbered answer");
    let answer = case.record.stage.answer().ok_or_else(missing)?;
    let letter = case.answer_letter().ok_or_else(missing)?;
    let matter = Matter::Collection {
        answered_on: written(legal_day(answer.issued_at)),
        answer_number: letter.number.as_ref().ok_or_else(missing)?.text.clone(),
        collect_from: written(collection.collect_from),
        collect_to: written(collection.collect_to),
        place: collection.place.clone(),
    };
    fill(case, kind, matter, desk, (signer, number))
}
