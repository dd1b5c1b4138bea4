//! Facts of service, and the checks that all dates share.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::{can_come_back, served_letters};
use super::super::step::ServiceFacts;
use super::letters;
use super::supplement::default_deadline;
use crate::domain::actor::By;
use crate::domain::case::{
    Case, DeadlineOrigin, Manner, PostalOperator, ServedLetter, Service, Verdict,
};
use crate::domain::deadline::{Moment, legal_day};
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

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
    match (ctx.by, service.manner) {
        (By::Applicant, Manner::Downloaded) if letter == ANSWER => {}
        (By::Applicant, _) => return Err(Reason::RoleNotPermitted.into()),
        (By::Staff(_), Manner::Downloaded) => {
            return Err(Rejection::new(Reason::FactOutOfPlace).at("/service/manner").into());
        }
        (By::Staff(_), _) => {}
    }
    let counts_on = counting_day(service, ctx)?;
    // A formal answer goes by the postal enterprise; other letters may go by whom they will.
    if letter == ANSWER && service.postal_operator == Some(PostalOperator::Courier) {
        let refused = Rejection::new(Reason::PostOperatorNotPermitted);
        return Err(refused.at("/service/postal_operator").by("国办公开办函〔2016〕235号").into());
    }
    let came_back = service.manner == Manner::Returned;
    let earliest = earliest_day(case, letter, service.manner)
        .map_err(|reason| Rejection::new(reason).at("/letter"))?;
    if came_back && !can_come_back(case, letter) {
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
    case.record.services.push(Service {
        letter,
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
    });
    if came_back {
        undo_effect(case, letter);
        Ok(())
    } else {
        let known = service.delivered_at.map_or(counts_on, Moment::legal_day);
        take_effect(case, letter, (counts_on, known), ctx)
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
/// back, that of the service that has failed. Every granted extension has its own notice; they
/// are served in the order of their grants.
fn earliest_day(case: &Case, letter: ServedLetter, manner: Manner) -> Result<NaiveDate, Reason> {
    let record = &case.record;
    let came_back = manner == Manner::Returned;
    let issued = match letter {
        ServedLetter::ExtensionNotice => {
            let mut notices = record.extensions.iter().filter_map(granted);
            if came_back {
                let told = notices.rev().find_map(|decision| decision.notified_on);
                return told.ok_or(Reason::NothingToServe);
            }
            let next = notices.find(|decision| decision.notified_on.is_none());
            return next
                .map(|decision| legal_day(decision.decided_at))
                .ok_or(Reason::AlreadyServed);
        }
        ServedLetter::SupplementNotice => record.supplement.as_ref().map(|r| r.requested_at),
        ServedLetter::Answer => record.stage.answer().map(|answer| answer.issued_at),
    };
    match (case.effective_service(letter), came_back) {
        (Some(service), true) => Ok(service.counts_on),
        (Some(_), false) => Err(Reason::AlreadyServed),
        (None, true) => Err(Reason::NothingToServe),
        (None, false) => issued.map(legal_day).ok_or(Reason::NothingToServe),
    }
}

fn granted(
    extension: &crate::domain::case::Extension,
) -> Option<&crate::domain::case::ExtensionDecision> {
    extension.decision.as_ref().filter(|decision| decision.verdict == Verdict::Granted)
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
            let told = granted_mut(case).rev().find(|decision| decision.notified_on.is_some());
            if let Some(decision) = told {
                decision.notified_on = None;
            }
        }
        ServedLetter::Answer => {}
    }
}

fn granted_mut(
    case: &mut Case,
) -> impl DoubleEndedIterator<Item = &mut crate::domain::case::ExtensionDecision> {
    case.record.extensions.iter_mut().filter_map(|extension| {
        extension.decision.as_mut().filter(|decision| decision.verdict == Verdict::Granted)
    })
}

fn take_effect(
    case: &mut Case,
    letter: ServedLetter,
    (day, known): (NaiveDate, NaiveDate),
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    match letter {
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
            let next = granted_mut(case).find(|decision| decision.notified_on.is_none());
            if let Some(decision) = next {
                decision.notified_on = Some(day);
            }
        }
        // The answer date follows from the services themselves.
        ServedLetter::Answer => {}
    }
    Ok(())
}
