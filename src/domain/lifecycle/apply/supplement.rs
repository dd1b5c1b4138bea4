//! Supplement and extension: the two acts by which an office moves its own due date.

use chrono::NaiveDate;

use super::super::Context;
use super::super::step::{ServiceFacts, SupplementFacts};
use super::facts::{self, not_after};
use crate::domain::case::{
    Case, DeadlineOrigin, Extension, ExtensionDecision, Stage, SupplementReply, SupplementRound,
    Verdict,
};
use crate::domain::deadline::{act_date, missing_facts, receipt_date};
use crate::domain::rejection::{Reason, Refusal, Rejection};

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
        requested_by: ctx.actor.user,
        reply: None,
    });
    case.record.stage = Stage::AwaitingSupplement;
    match service {
        Some(service) => facts::serve(case, facts::SUPPLEMENT_NOTICE, service, ctx),
        None => Ok(()),
    }
}

/// The last day when the officer states none: a default period of working days that the bureau
/// sets (domain 1.3; the law says only 合理的补正期限).
pub(super) fn default_deadline(from: NaiveDate, ctx: &Context<'_>) -> Result<NaiveDate, Refusal> {
    let period = ctx.law.rules.supplement.default_working_days;
    ctx.law
        .calendar
        .nth_working_day_after(from, period)
        .map(|(day, _)| day)
        .map_err(|error| Rejection::new(Reason::DueDateInQuestion).saying(error.to_string()).into())
}

/// Records the applicant's supplement. It is in time by the applicant's act, and the clock starts
/// anew at its receipt (R5, R15).
pub(super) fn record(
    case: &mut Case,
    facts: &SupplementFacts,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let receipt = facts.arrival.receipt(facts.channel);
    let mut faults = Vec::new();
    for (name, moment) in facts.arrival.moments() {
        if let Some(moment) = moment {
            faults.extend(not_after(moment, &format!("/arrival/{name}"), ctx));
        }
    }
    faults.extend(missing_facts(&receipt, ctx.law).into_iter().map(|fact| {
        Rejection::new(Reason::ConfirmationMissing)
            .at(format!("/arrival/{}", fact.as_str()))
            .by("2019 art. 31")
            .saying(fact.as_str())
    }));
    if let Some(refusal) = Refusal::of(faults) {
        return Err(refusal);
    }
    let (_, received) =
        receipt_date(&receipt, ctx.law).map_err(|error| super::clock_refusal(&error))?;
    let Some(round) = &mut case.record.supplement else {
        return Err(Reason::StatusForbids.into());
    };
    if received < round.notice_date {
        return Err(Rejection::new(Reason::DateTooEarly)
            .at("/arrival")
            .saying(format!("{received} < {}", round.notice_date))
            .into());
    }
    if act_date(&receipt).is_ok_and(|day| day > round.deadline) {
        return Err(Rejection::new(Reason::SupplementPeriodOver)
            .by("2019 art. 30")
            .saying(format!("{}", round.deadline))
            .into());
    }
    round.reply = Some(SupplementReply {
        channel: facts.channel,
        arrival: facts.arrival.clone(),
        content: facts.content.clone(),
        recorded_at: ctx.at,
        recorded_by: ctx.actor.user,
    });
    case.record.stage = Stage::Supplemented;
    Ok(())
}

/// Asks the supervisor for more time, within the total that the law allows.
pub(super) fn request_extension(
    case: &mut Case,
    days: u32,
    reason: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let rules = case.record.clock.as_ref().map(|clock| ctx.law.rule_set(clock.rule_set));
    let total = rules.map_or(0, |rules| rules.extension_working_days);
    let used = days_in_force(case);
    if days == 0 || used.saturating_add(days) > total {
        return Err(Rejection::new(Reason::ExtensionOverLimit)
            .at("/days")
            .by("2019 art. 33; 2007 art. 24")
            .saying(format!("{used} + {days} > {total}"))
            .into());
    }
    case.record.extensions.push(Extension {
        days,
        reason: reason.to_owned(),
        requested_at: ctx.at,
        requested_by: ctx.actor.user,
        decision: None,
    });
    Ok(())
}

/// The days already granted since the clock last started; a restart renews the allowance (R14).
fn days_in_force(case: &Case) -> u32 {
    let restarted = case.record.clock.as_ref().and_then(|clock| clock.resumed_on);
    case.record
        .extensions
        .iter()
        .filter_map(|extension| {
            let decision = extension.decision.as_ref()?;
            let since_restart = match (decision.notified_on, restarted) {
                (Some(notified), Some(restarted)) => notified > restarted,
                (_, _) => true,
            };
            (decision.verdict == Verdict::Granted && since_restart).then_some(extension.days)
        })
        .fold(0, u32::saturating_add)
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
        decided_by: ctx.actor.user,
        notified_on: None,
    });
    Ok(())
}
