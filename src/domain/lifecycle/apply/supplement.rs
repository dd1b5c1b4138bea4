//! Supplement and extension: the two acts by which an office moves its own due date.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::{days_allowed, days_in_force};
use super::super::step::{ServiceFacts, SupplementFacts};
use super::facts;
use super::intake::check_arrival;
use crate::domain::case::{
    Case, DeadlineOrigin, Extension, ExtensionDecision, Stage, SupplementReply, SupplementRound,
    Verdict,
};
use crate::domain::deadline::{ClockError, act_date, receipt_date_under};
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

/// What the applicant is asked.
pub(super) struct Ask<'a> {
    pub items: &'a str,
    pub guidance: &'a str,
    pub deadline: Option<NaiveDate>,
}

/// Asks the applicant, once, to supplement the application (Regulation 2019, art. 30).
pub(super) fn request(
    case: &mut Case,
    ask: &Ask<'_>,
    service: Option<&ServiceFacts>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let today = ctx.today();
    if ask.deadline.is_some_and(|day| day <= today) {
        return Err(Rejection::new(Reason::DateTooEarly).at("/deadline_date").into());
    }
    let (deadline, deadline_origin) = match ask.deadline {
        Some(day) => (day, DeadlineOrigin::Stated),
        None => (default_deadline(today, ctx)?, DeadlineOrigin::Default),
    };
    case.record.supplement = Some(SupplementRound {
        items: ask.items.to_owned(),
        guidance: ask.guidance.to_owned(),
        notice_date: today,
        deadline,
        deadline_origin,
        requested_at: ctx.at,
        requested_by: ctx.staff()?.user,
        reply: None,
    });
    case.record.stage = Stage::AwaitingSupplement;
    match service {
        Some(service) => facts::serve(case, facts::SUPPLEMENT_NOTICE, service, ctx),
        None => Ok(()),
    }
}

/// The last day when the officer states none: a default period of working days that the bureau
/// sets (the law says only 合理的补正期限; docs/law.md).
pub(super) fn default_deadline(from: NaiveDate, ctx: &Context<'_>) -> Result<NaiveDate, Refusal> {
    let period = ctx.law.rules.supplement.default_working_days;
    ctx.law.calendar.nth_working_day_after(from, period).map(|(day, _)| day).map_err(|error| {
        let error = ClockError::from(error);
        Rejection::new(Reason::DueDateInQuestion).saying(error.said()).into()
    })
}

/// Records the applicant's supplement. It is in time by the applicant's act, and the clock starts
/// anew at its receipt (R5, R15).
pub(super) fn record(
    case: &mut Case,
    facts: &SupplementFacts,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    check_arrival(&facts.arrival, "/arrival", ctx)?;
    let (act, _) = dated(case, facts, ctx)?;
    let served = case.effective_service(facts::SUPPLEMENT_NOTICE).is_some();
    let Some(round) = &mut case.record.supplement else {
        return Err(Reason::StatusForbids.into());
    };
    if act < round.notice_date {
        return Err(Rejection::new(Reason::DateTooEarly)
            .at("/arrival")
            .saying(Said::before(act, round.notice_date))
            .into());
    }
    if !served {
        // A notice that reached nobody began no period, so none can be over.
        round.deadline = round.deadline.max(act);
    }
    if act > round.deadline {
        return Err(Rejection::new(Reason::SupplementPeriodOver)
            .by("2019 art. 30")
            .saying(Said::neutral(round.deadline.to_string()))
            .into());
    }
    round.reply = Some(SupplementReply {
        channel: facts.channel,
        arrival: facts.arrival.clone(),
        content: facts.content.clone(),
        recorded_at: ctx.at,
        recorded_by: ctx.by.user(),
    });
    case.record.stage = Stage::Supplemented;
    // A draft made before does not answer the application as it now is.
    case.record.draft = None;
    Ok(())
}

/// The day of the applicant's act and the day of receipt, under the text that governs the case
/// (R15), whatever text the supplement alone would fall under.
fn dated(
    case: &Case,
    facts: &SupplementFacts,
    ctx: &Context<'_>,
) -> Result<(NaiveDate, NaiveDate), Refusal> {
    let Some(clock) = &case.record.clock else {
        return Err(Reason::StatusForbids.into());
    };
    let receipt = facts.arrival.receipt(facts.channel);
    let received = receipt_date_under(&receipt, ctx.law.rule_set(clock.rule_set));
    let mut faults: Vec<Rejection> = Vec::new();
    match (act_date(&receipt), received) {
        (Ok(act), Ok(received)) => return Ok((act, received)),
        (act, received) => {
            for error in [act.err(), received.err()].into_iter().flatten() {
                let fault = missing(&error);
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
    }
    Err(Refusal::of(faults).unwrap_or_else(|| Reason::ConfirmationMissing.into()))
}

fn missing(error: &ClockError) -> Rejection {
    let missing = Rejection::new(Reason::ConfirmationMissing).by("2019 art. 31");
    match error {
        ClockError::MissingFact { fact } => {
            missing.at(format!("/arrival/{fact}")).saying(Said::neutral(*fact))
        }
        other => missing.at("/arrival").saying(other.said()),
    }
}

/// Asks the supervisor for more time, within the total that the law allows.
pub(super) fn request_extension(
    case: &mut Case,
    days: u32,
    reason: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let (used, total) = (days_in_force(case), days_allowed(case, ctx));
    if days == 0 || used.saturating_add(days) > total {
        return Err(Rejection::new(Reason::ExtensionOverLimit)
            .at("/days")
            .by("2019 art. 33; 2007 art. 24")
            .saying(Said::neutral(format!("{used} + {days} > {total}")))
            .into());
    }
    case.record.extensions.push(Extension {
        days,
        reason: reason.to_owned(),
        requested_at: ctx.at,
        requested_by: ctx.staff()?.user,
        decision: None,
    });
    Ok(())
}

/// The supervisor's decision. It has no effect before the applicant is told (R7).
pub(super) fn decide_extension(
    case: &mut Case,
    verdict: Verdict,
    reason: Option<&String>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    if verdict == Verdict::Refused && reason.is_none() {
        return Err(Rejection::new(Reason::FactMissing).at("/reason").into());
    }
    let Some(extension) = case.record.extensions.last_mut() else {
        return Err(Reason::NoExtensionPending.into());
    };
    extension.decision = Some(ExtensionDecision {
        verdict,
        reason: reason.cloned(),
        decided_at: ctx.at,
        decided_by: ctx.staff()?.user,
        notified_on: None,
    });
    Ok(())
}
