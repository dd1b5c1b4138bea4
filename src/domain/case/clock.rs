//! The statutory clock of a case: what its facts are to the deadline engine, and the figures that
//! lists and statistics need of it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Case, ExtensionDecision, Manner, ServedLetter, Stage, Verdict};
use crate::domain::deadline::{
    AnswerService, Assessment, ClockError, ClockEvent, Matter, Moment, ServiceRoute, Standing,
    assess_brief, legal_day,
};
use crate::domain::regulation::{Law, RuleSetId};

/// The clock as of the last change of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// The text that governs the case.
    pub rule_set: RuleSetId,
    /// The date of receipt.
    pub receipt_date: NaiveDate,
    /// The last lawful day for the answer; none while the clock is stopped or has ended.
    pub due_date: Option<NaiveDate>,
    /// The due date that was in force before the supplement was requested.
    pub prior_due_date: Option<NaiveDate>,
    /// The day of the notice that stopped the clock.
    pub paused_from: Option<NaiveDate>,
    /// The day from which the clock was started anew.
    pub resumed_on: Option<NaiveDate>,
    /// The last day for a supplement notice (2019 text, art. 30).
    pub supplement_notice_due: Option<NaiveDate>,
    /// The last day for the applicant's supplement.
    pub supplement_due: Option<NaiveDate>,
    /// The day on which the answer counts as given.
    pub answer_date: Option<NaiveDate>,
    /// Was it given by the due date?
    pub on_time: Option<bool>,
    /// Was an extension in effect?
    pub extended: bool,
    /// Does the due date rest on a year that has not been announced?
    pub provisional: bool,
    /// What went wrong with the periods, in the order of the events.
    pub flags: Vec<String>,
    /// The calendar that was used.
    pub calendar: String,
}

/// The facts of a case that move its clock. Pure: the same case always gives the same matter.
#[must_use]
pub fn matter(case: &Case) -> Matter {
    let record = &case.record;
    let mut events: Vec<(NaiveDate, ClockEvent)> = Vec::new();
    if let Some(round) = &record.supplement {
        let supplemented = round.reply.as_ref().map(|reply| reply.arrival.receipt(reply.channel));
        // The period of a notice that reached nobody has not begun, so it has no last day.
        let begun = case.effective_service(ServedLetter::SupplementNotice).is_some()
            || supplemented.is_some();
        events.push((
            round.notice_date,
            ClockEvent::SupplementNotice {
                date: Moment::Date(round.notice_date),
                deadline: begun.then_some(Moment::Date(round.deadline)),
                supplemented,
            },
        ));
    }
    for extension in &record.extensions {
        if let Some(ExtensionDecision {
            verdict: Verdict::Granted,
            decided_at,
            notified_on: Some(notified),
            ..
        }) = &extension.decision
        {
            events.push((
                *notified,
                ClockEvent::Extension {
                    days: extension.days,
                    decided: Moment::Instant(*decided_at),
                    notified: Moment::Date(*notified),
                },
            ));
        }
    }
    // R11: events are processed in the order of their days; equal days keep the order above.
    events.sort_by_key(|(day, _)| *day);
    Matter {
        receipt: record.intake.arrival.receipt(record.intake.channel),
        events: events.into_iter().map(|(_, event)| event).collect(),
        answer: answer_service(case),
    }
}

/// The service by which the answer counts as given (R9).
fn answer_service(case: &Case) -> Option<AnswerService> {
    let service = case.effective_service(ServedLetter::Answer)?;
    let day = Some(Moment::Date(service.counts_on));
    Some(match service.manner {
        Manner::HandedOver | Manner::Substitute | Manner::Returned => {
            AnswerService { via: ServiceRoute::Hand, signed: day, posted: None, sent: None }
        }
        Manner::Posted => {
            AnswerService { via: ServiceRoute::Post, posted: day, signed: None, sent: None }
        }
        Manner::Sent => {
            AnswerService { via: ServiceRoute::Online, sent: day, posted: None, signed: None }
        }
    })
}

impl ClockState {
    /// Computes the clock of a registered case as of a legal day.
    ///
    /// # Errors
    /// As [`assess_brief`]: a fact is missing, or a year has no calendar.
    pub fn of(case: &Case, law: &Law, today: NaiveDate) -> Result<Self, ClockError> {
        let matter = matter(case);
        let now = assess_brief(&matter, law, Some(today))?;
        let due_date = match &now.standing {
            Standing::Running { due, .. } => Some(*due),
            Standing::Paused { .. } | Standing::Abandoned { .. } => None,
        };
        let round = case.record.supplement.as_ref();
        let prior_due_date =
            round.map(|round| due_before(&matter, law, round.notice_date)).transpose()?.flatten();
        Ok(Self {
            rule_set: now.rule_set,
            receipt_date: now.receipt_date,
            due_date,
            prior_due_date,
            paused_from: round.map(|round| round.notice_date),
            resumed_on: now.clock_restarted_from,
            supplement_notice_due: now.supplement_notice_due,
            supplement_due: round.map(|round| round.deadline),
            answer_date: now.answer.map(|answer| answer.date),
            on_time: now.answer.map(|answer| answer.on_time),
            extended: now.extension_days > 0,
            provisional: now.provisional,
            flags: flags(case, &now),
            calendar: law.calendar.version().to_owned(),
        })
    }

    /// Has the answer been given too late, or not at all although it is due, by the given day?
    #[must_use]
    pub fn breached(&self, stage: &Stage, today: NaiveDate) -> bool {
        if stage.closure().is_some() {
            return false;
        }
        self.due_date.is_some_and(|due| self.answer_date.unwrap_or(today) > due)
    }
}

/// The defects that the engine found, and one more that only the case can tell: an extension that
/// the applicant was told of no later than the day on which the clock started anew has no effect
/// (R14). One decided before that day has simply lapsed; one decided since was meant to count.
fn flags(case: &Case, now: &Assessment) -> Vec<String> {
    let mut flags: Vec<String> = now.flags.iter().map(|flag| flag.as_str().to_owned()).collect();
    if let Some(restart) = now.clock_restarted_from {
        let in_vain =
            case.record.extensions.iter().filter_map(|e| e.decision.as_ref()).filter(|d| {
                d.verdict == Verdict::Granted
                    && legal_day(d.decided_at) >= restart
                    && d.notified_on.is_some_and(|day| day <= restart)
            });
        flags.extend(in_vain.map(|_| "extension_without_effect".to_owned()));
    }
    flags
}

/// The due date that was in force on the day before the clock was stopped.
fn due_before(
    matter: &Matter,
    law: &Law,
    notice: NaiveDate,
) -> Result<Option<NaiveDate>, ClockError> {
    let events = matter
        .events
        .iter()
        .take_while(|event| !matches!(event, ClockEvent::SupplementNotice { .. }))
        .cloned()
        .collect();
    let before = Matter { receipt: matter.receipt, events, answer: None };
    Ok(match assess_brief(&before, law, Some(notice))?.standing {
        Standing::Running { due, .. } => Some(due),
        Standing::Paused { .. } | Standing::Abandoned { .. } => None,
    })
}
