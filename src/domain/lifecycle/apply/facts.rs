//! Facts of service, and the checks that all dates share.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::{may_return, served_letters};
use super::super::step::ServiceFacts;
use super::letters;
use super::supplement::default_deadline;
use crate::domain::actor::By;
use crate::domain::case::{
    Case, DeadlineOrigin, Extension, ExtensionDecision, Manner, PostalOperator, ServedLetter,
    Service, Verdict,
};
use crate::domain::deadline::{Moment, legal_day};
use crate::domain::letter::{LetterId, LetterKind, LetterRef};
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

pub(super) const SUPPLEMENT_NOTICE: ServedLetter = ServedLetter::SupplementNotice;
pub(super) const ANSWER: ServedLetter = ServedLetter::Answer;

/// The fault of a fact that lies in the future: an instant after now, or a day after today.
pub(super) fn not_after(moment: Moment, pointer: &str, ctx: &Context<'_>) -> Option<Rejection> {
    let late = match moment {
        Moment::Instant(instant) => instant > ctx.at,
        Moment::Date(day) => day > ctx.today(),
    };
    late.then(|| Rejection::new(Reason::DateInFuture).at(pointer))
}

/// The letter that an attempt is of.
struct Addressed {
    letter: ServedLetter,
    /// Its id; none for what was issued before letters were kept, or is issued in this very step.
    id: Option<LetterId>,
    /// The granted extension that it tells of, by its place.
    extension: Option<usize>,
}

/// The letter that an attempt names, or, where it names a kind alone, the one that it must mean: that
/// of the request, that of the answer, the next notice of extension that nobody has yet, or, when it
/// came back, the last that somebody had.
fn addressed(
    case: &Case,
    (letter, named): (ServedLetter, Option<LetterId>),
    manner: Manner,
) -> Result<Addressed, Rejection> {
    if let Some(id) = named {
        let refused = |reason: Reason| Rejection::new(reason).at("/letter_id");
        let mut letters = case.record.letters.iter();
        let found =
            letters.find(|own| own.id == id).ok_or_else(|| refused(Reason::LetterUnknown))?;
        if !found.is_valid() {
            return Err(refused(Reason::LetterVoided));
        }
        if found.kind.is_internal() {
            return Err(refused(Reason::InternalSheet));
        }
        if ServedLetter::of(found.kind) != letter {
            return Err(Rejection::new(Reason::LetterUnknown).at("/letter"));
        }
        return Ok(Addressed { letter, id: Some(id), extension: found.extension });
    }
    let id_of = |letter: Option<&LetterRef>| letter.map(|letter| letter.id);
    let extension = match letter {
        ServedLetter::ExtensionNotice => next_notice(case, manner),
        ServedLetter::SupplementNotice | ServedLetter::Answer | ServedLetter::Other => None,
    };
    let id = match letter {
        ServedLetter::SupplementNotice => id_of(case.letter_of(LetterKind::SUPPLEMENT_NOTICE)),
        ServedLetter::Answer => id_of(case.answer_letter()),
        ServedLetter::ExtensionNotice => extension.and_then(|place| {
            id_of(case.valid_letters().rev().find(|letter| letter.extension == Some(place)))
        }),
        ServedLetter::Other => return Err(Rejection::new(Reason::FactMissing).at("/letter_id")),
    };
    Ok(Addressed { letter, id, extension })
}

/// The place of the next notice of an extension that nobody has yet; or of the last that somebody had.
fn next_notice(case: &Case, manner: Manner) -> Option<usize> {
    let mut extensions = case.record.extensions.iter();
    let told = |extension: &Extension| granted(extension).map(|d| d.notified_on.is_some());
    if manner == Manner::Returned {
        extensions.rposition(|extension| told(extension) == Some(true))
    } else {
        extensions.position(|extension| told(extension) == Some(false))
    }
}

/// Records one attempt to serve one letter and lets it take effect.
pub(super) fn serve(
    case: &mut Case,
    (letter, named): (ServedLetter, Option<LetterId>),
    service: &ServiceFacts,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    if !served_letters(case).contains(&letter) {
        return Err(Rejection::new(Reason::NothingToServe).at("/letter").into());
    }
    let what = addressed(case, (letter, named), service.manner)?;
    record(case, &what, service, ctx)
}

/// The same for the notice of the extension that was granted just now, which is made only afterwards.
pub(super) fn serve_grant(
    case: &mut Case,
    service: &ServiceFacts,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let extension = case.record.extensions.len().checked_sub(1);
    let what = Addressed { letter: ServedLetter::ExtensionNotice, id: None, extension };
    record(case, &what, service, ctx)
}

fn record(
    case: &mut Case,
    what: &Addressed,
    service: &ServiceFacts,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let letter = what.letter;
    match (ctx.by, service.manner) {
        (By::Applicant, Manner::Downloaded) if letter == ANSWER => {}
        (By::Applicant, _) => return Err(Reason::RoleNotPermitted.into()),
        (By::Staff(_), Manner::Downloaded) => {
            return Err(Rejection::new(Reason::FactOutOfPlace).at("/service/manner").into());
        }
        (By::Staff(_), _) => {}
    }
    let came_back = service.manner == Manner::Returned;
    let counts_on = counting_day(service, ctx)?;
    // A formal answer goes by the postal enterprise; other letters may go by whom they will.
    if letter == ANSWER && service.postal_operator == Some(PostalOperator::Courier) {
        let refused = Rejection::new(Reason::PostOperatorNotPermitted);
        return Err(refused.at("/service/postal_operator").by("国办公开办函〔2016〕235号").into());
    }
    let earliest = earliest_day(case, what, service.manner)
        .map_err(|reason| Rejection::new(reason).at("/letter"))?;
    if came_back && !may_return(attempts(case, what)) {
        return Err(Rejection::new(Reason::FactOutOfPlace).at("/service/manner").into());
    }
    if counts_on < earliest {
        return Err(Rejection::new(Reason::DateTooEarly)
            .at("/service")
            .saying(Said::before(counts_on, earliest))
            .into());
    }
    if letter == ANSWER && !came_back {
        letters::remedies_hold(case, counts_on, ctx)?;
    }
    case.record.services.push(attempt(what, counts_on, service, ctx));
    if came_back {
        undo_effect(case, what);
        Ok(())
    } else {
        let known = service.delivered_at.map_or(counts_on, Moment::legal_day);
        take_effect(case, what, (counts_on, known), ctx)
    }
}

/// The attempts to serve this letter, oldest first.
fn attempts<'c>(
    case: &'c Case,
    what: &'c Addressed,
) -> impl DoubleEndedIterator<Item = &'c Service> {
    let of_kind = case.record.services.iter().filter(|service| service.letter == what.letter);
    of_kind.filter(|service| match (service.letter_id, what.id) {
        (Some(own), Some(id)) => own == id,
        (_, _) => true,
    })
}

fn attempt(
    what: &Addressed,
    counts_on: NaiveDate,
    service: &ServiceFacts,
    ctx: &Context<'_>,
) -> Service {
    Service {
        letter: what.letter,
        letter_id: what.id,
        manner: service.manner,
        counts_on,
        mail_number: service.mail_number.clone(),
        delivered_on: service.delivered_at.map(Moment::legal_day),
        recipient: service.recipient.clone(),
        relation: service.relation.clone(),
        witness: service.witness.clone(),
        reason: service.reason.clone(),
        place: service.place.clone(),
        served_by: service.served_by.clone(),
        postal_operator: service.postal_operator,
        recorded_at: ctx.at,
        recorded_by: ctx.by.user(),
    }
}

/// The day that counts for a manner of service, and no facts that belong to another (R9).
fn counting_day(service: &ServiceFacts, ctx: &Context<'_>) -> Result<NaiveDate, Refusal> {
    let given = [
        ("signed_at", service.signed_at),
        ("posted_at", service.posted_at),
        ("sent_at", service.sent_at),
        ("returned_at", service.returned_at),
        ("left_at", service.left_at),
        ("downloaded_at", service.downloaded_at),
    ];
    let wanted = service.manner.dating_fact();
    let mut faults = Vec::new();
    let mut day = None;
    for (name, moment) in given {
        let pointer = format!("/service/{name}");
        match moment {
            Some(moment) if name == wanted => {
                faults.extend(not_after(moment, &pointer, ctx));
                day = Some(moment.legal_day());
            }
            Some(_) => faults.push(Rejection::new(Reason::FactOutOfPlace).at(pointer)),
            None if name == wanted => {
                faults.push(Rejection::new(Reason::FactMissing).at(pointer));
            }
            None => {}
        }
    }
    let told = [
        ("recipient", service.recipient.is_some()),
        ("relation", service.relation.is_some()),
        ("witness", service.witness.is_some()),
        ("reason", service.reason.is_some()),
    ];
    let needed = service.manner.needed_facts();
    let lacking = told.iter().filter(|(name, told)| needed.contains(name) && !told);
    faults.extend(
        lacking.map(|(name, _)| Rejection::new(Reason::FactMissing).at(format!("/service/{name}"))),
    );
    // A witness belongs to a refusal, a postal operator to the post.
    let left = service.manner == Manner::Left;
    if service.witness.is_some() && !left {
        faults.push(Rejection::new(Reason::FactOutOfPlace).at("/service/witness"));
    }
    if service.postal_operator.is_some() && !service.manner.is_by_post() {
        faults.push(Rejection::new(Reason::FactOutOfPlace).at("/service/postal_operator"));
    }
    if let Some(delivered) = service.delivered_at {
        faults.extend(not_after(delivered, "/service/delivered_at", ctx));
        if !service.manner.takes_delivery_day() {
            faults.push(Rejection::new(Reason::FactOutOfPlace).at("/service/delivered_at"));
        } else if day.is_some_and(|posted| delivered.legal_day() < posted) {
            faults.push(Rejection::new(Reason::DateTooEarly).at("/service/delivered_at"));
        }
    }
    match (Refusal::of(faults), day) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(day)) => Ok(day),
        (None, None) => Err(Rejection::new(Reason::FactMissing).at("/service").into()),
    }
}

/// The day before which the attempt cannot lie: that of the letter, or, for a letter that came
/// back, that of the service that has failed. Every granted extension has its own notice; where none
/// is named, they are served in the order of their grants.
fn earliest_day(case: &Case, what: &Addressed, manner: Manner) -> Result<NaiveDate, Reason> {
    let record = &case.record;
    let came_back = manner == Manner::Returned;
    let issued = match what.letter {
        ServedLetter::ExtensionNotice => {
            let extension = what.extension.and_then(|place| record.extensions.get(place));
            let Some(decision) = extension.and_then(granted) else {
                let none = if came_back { Reason::NothingToServe } else { Reason::AlreadyServed };
                return Err(none);
            };
            return match (decision.notified_on, came_back) {
                (Some(told), true) => Ok(told),
                (Some(_), false) => Err(Reason::AlreadyServed),
                (None, true) => Err(Reason::NothingToServe),
                (None, false) => Ok(legal_day(decision.decided_at)),
            };
        }
        ServedLetter::SupplementNotice => record.supplement.as_ref().map(|r| r.requested_at),
        ServedLetter::Answer => record.stage.answer().map(|answer| answer.issued_at),
        ServedLetter::Other => {
            let letter = record.letters.iter().find(|letter| Some(letter.id) == what.id);
            letter.map(|letter| letter.issued_at)
        }
    };
    // That a letter was served before it was declared void does not serve the one in its place.
    let served = Service::effective(attempts(case, what));
    match (served, came_back) {
        (Some(service), true) => Ok(service.counts_on),
        (Some(_), false) => Err(Reason::AlreadyServed),
        (None, true) => Err(Reason::NothingToServe),
        (None, false) => issued.map(legal_day).ok_or(Reason::NothingToServe),
    }
}

fn granted(extension: &Extension) -> Option<&ExtensionDecision> {
    extension.decision.as_ref().filter(|decision| decision.verdict == Verdict::Granted)
}

/// A letter that came back has reached nobody: its period has not begun, its extension has no
/// effect, until another attempt succeeds.
fn undo_effect(case: &mut Case, what: &Addressed) {
    match what.letter {
        ServedLetter::SupplementNotice => {
            if let Some(round) = &mut case.record.supplement
                && round.reply.is_none()
            {
                round.notice_date = legal_day(round.requested_at);
            }
        }
        ServedLetter::ExtensionNotice => {
            if let Some(decision) = grant_of(case, what) {
                decision.notified_on = None;
            }
        }
        ServedLetter::Answer | ServedLetter::Other => {}
    }
}

/// The grant that a notice tells of.
fn grant_of<'c>(case: &'c mut Case, what: &Addressed) -> Option<&'c mut ExtensionDecision> {
    let extension = case.record.extensions.get_mut(what.extension?)?;
    extension.decision.as_mut().filter(|decision| decision.verdict == Verdict::Granted)
}

fn take_effect(
    case: &mut Case,
    what: &Addressed,
    (day, known): (NaiveDate, NaiveDate),
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    match what.letter {
        ServedLetter::SupplementNotice => {
            if let Some(round) = &mut case.record.supplement
                && round.reply.is_none()
            {
                round.notice_date = day;
                // A notice that came after its own last day leaves the applicant no period at
                // all; he has the default one instead (ours, from 合理的补正期限).
                if round.deadline_origin == DeadlineOrigin::Default || round.deadline <= day {
                    // It runs from the day on which he has the notice, as far as that is known.
                    round.deadline = default_deadline(known, ctx)?;
                    round.deadline_origin = DeadlineOrigin::Default;
                }
            }
        }
        ServedLetter::ExtensionNotice => {
            if let Some(decision) = grant_of(case, what) {
                decision.notified_on = Some(day);
            }
        }
        // The answer date follows from the services themselves.
        ServedLetter::Answer | ServedLetter::Other => {}
    }
    Ok(())
}
