//! Facts of service, and the checks that all dates share.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::served_letters;
use super::super::step::ServiceFacts;
use super::supplement::default_deadline;
use crate::domain::case::{Case, DeadlineOrigin, Manner, ServedLetter, Service, Verdict};
use crate::domain::deadline::{Moment, legal_day};
use crate::domain::rejection::{Reason, Refusal, Rejection};

pub(super) const SUPPLEMENT_NOTICE: ServedLetter = ServedLetter::SupplementNotice;
pub(super) const EXTENSION_NOTICE: ServedLetter = ServedLetter::ExtensionNotice;
pub(super) const ANSWER: ServedLetter = ServedLetter::Answer;

/// The fault of a fact that lies in the future: an instant after now, or a day after today.
pub(super) fn not_after(moment: Moment, pointer: &str, ctx: &Context<'_>) -> Option<Rejection> {
    let late = match moment {
        Moment::Instant(instant) => instant > ctx.at,
        Moment::Date(day) => day > ctx.today(),
    };
    late.then(|| Rejection::new(Reason::DateInFuture).at(pointer))
}

/// Records one attempt to serve one letter and lets it take effect.
pub(super) fn serve(
    case: &mut Case,
    letter: ServedLetter,
    service: &ServiceFacts,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    if !served_letters(case).contains(&letter) {
        return Err(Rejection::new(Reason::NothingToServe).at("/letter").into());
    }
    let counts_on = counting_day(service, ctx)?;
    let issued = issue_day(case, letter).unwrap_or(counts_on);
    if counts_on < issued {
        return Err(Rejection::new(Reason::DateTooEarly)
            .at("/service")
            .saying(format!("{counts_on} < {issued}"))
            .into());
    }
    let came_back = service.manner == Manner::Returned;
    if came_back != already_effective(case, letter) {
        let reason = if came_back { Reason::NothingToServe } else { Reason::AlreadyServed };
        return Err(Rejection::new(reason).at("/letter").into());
    }
    case.record.services.push(Service {
        letter,
        manner: service.manner,
        counts_on,
        mail_number: service.mail_number.clone(),
        delivered_on: service.delivered_at.map(Moment::legal_day),
        recipient: service.recipient.clone(),
        recorded_at: ctx.at,
        recorded_by: ctx.actor.user,
    });
    if came_back {
        undo_effect(case, letter);
        Ok(())
    } else {
        take_effect(case, letter, counts_on, ctx)
    }
}

/// The day that counts for a manner of service, and no facts that belong to another (R9).
fn counting_day(service: &ServiceFacts, ctx: &Context<'_>) -> Result<NaiveDate, Refusal> {
    let given = [
        ("signed_at", service.signed_at),
        ("posted_at", service.posted_at),
        ("sent_at", service.sent_at),
        ("returned_at", service.returned_at),
    ];
    let wanted = match service.manner {
        Manner::HandedOver | Manner::Substitute => "signed_at",
        Manner::Posted => "posted_at",
        Manner::Sent => "sent_at",
        Manner::Returned => "returned_at",
    };
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
    if let Some(delivered) = service.delivered_at {
        faults.extend(not_after(delivered, "/service/delivered_at", ctx));
        if service.manner != Manner::Posted {
            faults.push(Rejection::new(Reason::FactOutOfPlace).at("/service/delivered_at"));
        }
    }
    match (Refusal::of(faults), day) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(day)) => Ok(day),
        (None, None) => Err(Rejection::new(Reason::FactMissing).at("/service").into()),
    }
}

/// The legal day on which the letter was issued; nothing is served before.
fn issue_day(case: &Case, letter: ServedLetter) -> Option<NaiveDate> {
    let record = &case.record;
    let instant = match letter {
        ServedLetter::SupplementNotice => record.supplement.as_ref()?.requested_at,
        ServedLetter::ExtensionNotice => {
            record.extensions.iter().rev().find_map(granted)?.decided_at
        }
        ServedLetter::Answer => record.stage.answer()?.issued_at,
    };
    Some(legal_day(instant))
}

fn granted(
    extension: &crate::domain::case::Extension,
) -> Option<&crate::domain::case::ExtensionDecision> {
    extension.decision.as_ref().filter(|decision| decision.verdict == Verdict::Granted)
}

/// Has the letter, for an extension the last granted one, already been served?
fn already_effective(case: &Case, letter: ServedLetter) -> bool {
    match letter {
        ServedLetter::ExtensionNotice => case
            .record
            .extensions
            .iter()
            .rev()
            .find_map(granted)
            .is_some_and(|decision| decision.notified_on.is_some()),
        ServedLetter::SupplementNotice | ServedLetter::Answer => {
            case.effective_service(letter).is_some()
        }
    }
}

/// A letter that came back has reached nobody: its period has not begun, its extension has no
/// effect, until another attempt succeeds.
fn undo_effect(case: &mut Case, letter: ServedLetter) {
    match letter {
        ServedLetter::SupplementNotice => {
            if let Some(round) = &mut case.record.supplement
                && round.reply.is_none()
            {
                round.notice_date = legal_day(round.requested_at);
            }
        }
        ServedLetter::ExtensionNotice => {
            if let Some(decision) = last_granted(case) {
                decision.notified_on = None;
            }
        }
        ServedLetter::Answer => {}
    }
}

fn last_granted(case: &mut Case) -> Option<&mut crate::domain::case::ExtensionDecision> {
    case.record.extensions.iter_mut().rev().find_map(|extension| {
        extension.decision.as_mut().filter(|decision| decision.verdict == Verdict::Granted)
    })
}

fn take_effect(
    case: &mut Case,
    letter: ServedLetter,
    day: NaiveDate,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    match letter {
        ServedLetter::SupplementNotice => {
            if let Some(round) = &mut case.record.supplement
                && round.reply.is_none()
            {
                round.notice_date = day;
                if round.deadline_origin == DeadlineOrigin::Default {
                    round.deadline = default_deadline(day, ctx)?;
                } else if round.deadline < day {
                    return Err(Rejection::new(Reason::DateTooEarly).at("/service").into());
                }
            }
        }
        ServedLetter::ExtensionNotice => {
            if let Some(decision) = last_granted(case) {
                decision.notified_on = Some(day);
            }
        }
        // The answer date follows from the services themselves.
        ServedLetter::Answer => {}
    }
    Ok(())
}
