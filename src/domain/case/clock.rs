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
use crate::domain::text_enum::text_enum;

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
        Manner::HandedOver | Manner::Substitute | Manner::Left | Manner::Returned => {
            AnswerService { via: ServiceRoute::Hand, signed: day, posted: None, sent: None }
        }
        Manner::Posted => {
            AnswerService { via: ServiceRoute::Post, posted: day, signed: None, sent: None }
        }
        Manner::Sent | Manner::Downloaded => {
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

text_enum! {
    /// What went wrong with the periods of a case: what the engine finds, and one thing that only the
    /// case can tell.
    pub enum ClockFlag in "clock_flag" {
        SupplementNoticeLate = "supplement_notice_late" : "补正通知逾期发出" / "supplement notice sent late",
        SecondSupplementNotice = "second_supplement_notice_not_allowed" : "再次要求补正,不生效" / "second supplement notice, without effect",
        AgencyConsultationCounts = "agency_consultation_not_excluded_2007" : "按2007年条例,征求其他机关意见的时间计入期限" / "consultation of other agencies counts under the 2007 text",
        ExtensionTooLate = "extension_too_late" : "延期决定或者告知过迟,不生效" / "extension decided or notified too late, without effect",
        ExtensionOverLimit = "extension_over_limit" : "延期超过上限,不生效" / "extension over the limit, without effect",
        /// The applicant was told of it no later than the day on which the clock started anew (R14).
        ExtensionWithoutEffect = "extension_without_effect" : "延期告知不晚于期限重新起算之日,不生效" / "extension notified before the clock started anew, without effect",
        FeeNoticeAfterDue = "fee_notice_after_due" : "收费通知晚于答复期限" / "fee notice after the due date",
        FeeNoticeBefore2021 = "fee_notice_before_2021" : "2021年以前的收费通知,不生效" / "fee notice before 2021, without effect",
        ConsultationLetterUnconfirmed = "consultation_letter_unconfirmed" : "征求意见书收到日尚未登记,暂按发出日计算" / "receipt of the consultation letter not recorded, the day of sending is used",
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
        flags.extend(in_vain.map(|_| ClockFlag::ExtensionWithoutEffect.as_str().to_owned()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deadline::ALL_FLAGS;

    #[test]
    fn every_defect_of_the_engine_has_a_name() {
        for flag in ALL_FLAGS {
            assert!(ClockFlag::parse(flag.as_str()).is_ok(), "{}", flag.as_str());
        }
        assert_eq!(ClockFlag::ALL.len(), ALL_FLAGS.len() + 1);
    }
}
