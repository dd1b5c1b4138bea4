//! Supplement and extension: the two acts by which an office moves its own due date.

use chrono::NaiveDate;

use super::super::Context;
use super::super::guard::{days_allowed, days_in_force};
use super::super::step::{ServiceFacts, SupplementFacts};
use super::facts;
use super::intake::check_arrival;
use crate::domain::case::{
    Arrival, Case, DeadlineOrigin, Extension, ExtensionDecision, Stage, SupplementReply,
    SupplementRound, Verdict,
};
use crate::domain::channel::Channel;
use crate::domain::deadline::{ClockError, act_date, legal_day, receipt_date_under};
use crate::domain::regulation::RuleSet;
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
        Some(service) => facts::serve(case, (facts::SUPPLEMENT_NOTICE, None), service, ctx),
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
    let Some(text) = case.record.clock.as_ref().map(|clock| clock.rule_set) else {
        return Err(Reason::StatusForbids.into());
    };
    let act = dated(facts.channel, &facts.arrival, ctx.law.rule_set(text), "/arrival")?;
    in_time(case, act, "/arrival")?;
    let Some(round) = &mut case.record.supplement else {
        return Err(Reason::StatusForbids.into());
    };
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
    case.record.reviews.clear();
    Ok(())
}

/// Where the facts of the supplement's arrival stand in an amendment.
const IN_AMENDMENT: &str = "/supplement_arrival";

/// Corrects facts of the arrival of a supplement that is there.
pub(super) fn correct(case: &mut Case, given: &Arrival, ctx: &Context<'_>) -> Result<(), Refusal> {
    let reply = case.record.supplement.as_mut().and_then(|round| round.reply.as_mut());
    let Some(reply) = reply else {
        return Err(Rejection::new(Reason::StatusForbids).at(IN_AMENDMENT).into());
    };
    check_arrival(given, IN_AMENDMENT, ctx)?;
    not_put_off(reply, given)?;
    reply.arrival = reply.arrival.completed_by(given);
    check_arrival(&reply.arrival, IN_AMENDMENT, ctx)
}

/// A corrected fact lies no later than the record of the supplement, or than the fact was: an
/// overdue case is not healed by a supplement that came after it had been recorded. A first
/// confirmation may be given later, as it was not needed before (ours; docs/law.md).
fn not_put_off(reply: &SupplementReply, given: &Arrival) -> Result<(), Refusal> {
    let recorded = legal_day(reply.recorded_at);
    let faults = given.moments().into_iter().zip(reply.arrival.moments()).filter_map(
        |((name, given), (_, was))| {
            let day = given?.legal_day();
            let first_confirmation = name == "confirmed_at" && was.is_none();
            let last = was.map_or(recorded, |was| was.legal_day().max(recorded));
            (day > last && !first_confirmation).then(|| {
                Rejection::new(Reason::DateTooEarly)
                    .at(format!("{IN_AMENDMENT}/{name}"))
                    .saying(Said::before(last, day))
            })
        },
    );
    Refusal::of(faults.collect()).map_or(Ok(()), Err)
}

/// After an amendment: the supplement that is there has the facts that the text now governing the
/// case dates it by (R15), and answers its notice in time.
pub(super) fn still_stands(case: &mut Case, rules: &RuleSet) -> Result<(), Refusal> {
    let reply = case.record.supplement.as_ref().and_then(|round| round.reply.as_ref());
    let Some(reply) = reply else {
        return Ok(());
    };
    let act = dated(reply.channel, &reply.arrival, rules, IN_AMENDMENT)?;
    in_time(case, act, IN_AMENDMENT)
}

/// The applicant's act lies between the notice and the end of its period (art. 30).
fn in_time(case: &mut Case, act: NaiveDate, base: &str) -> Result<(), Refusal> {
    let served = case.effective_service(facts::SUPPLEMENT_NOTICE).is_some();
    let Some(round) = &mut case.record.supplement else {
        return Err(Reason::StatusForbids.into());
    };
    if act < round.notice_date {
        return Err(Rejection::new(Reason::DateTooEarly)
            .at(base)
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
    Ok(())
}

/// The day of the applicant's act, when the day of receipt is known as well: under the text that
/// governs the case (R15), whatever text the supplement alone would fall under.
fn dated(
    channel: Channel,
    arrival: &Arrival,
    rules: &RuleSet,
    base: &str,
) -> Result<NaiveDate, Refusal> {
    let receipt = arrival.receipt(channel);
    let mut faults: Vec<Rejection> = Vec::new();
    match (act_date(&receipt), receipt_date_under(&receipt, rules)) {
        (Ok(act), Ok(_)) => return Ok(act),
        (act, received) => {
            for error in [act.err(), received.err()].into_iter().flatten() {
                let fault = missing(&error, base);
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
    }
    Err(Refusal::of(faults).unwrap_or_else(|| Reason::ConfirmationMissing.into()))
}

fn missing(error: &ClockError, base: &str) -> Rejection {
    let missing = Rejection::new(Reason::ConfirmationMissing).by("2019 art. 31");
    match error {
        ClockError::MissingFact { fact } => {
            missing.at(format!("{base}/{fact}")).saying(Said::neutral(*fact))
        }
        other => missing.at(base).saying(other.said()),
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
            .saying(Said::new(
                format!("已延长{used}个工作日,再延长{days}个,超过{total}个"),
                format!("{used} working days and {days} more are more than {total}"),
            ))
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
