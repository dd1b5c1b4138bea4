//! A due date explained: every day from the day after receipt, why it counts or not, and the
//! article. What an applicant, a reviewer or a court would check by hand.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::engine::{Run, run};
use super::{
    Abandonment, Answered, Assessment, ClockError, Consulted, Flag, Matter, PauseReason,
    RestartCause, Standing,
};
use crate::domain::calendar::{DayKind, MAX_WALK_DAYS, date_of};
use crate::domain::regulation::{Bilingual, Law, RuleSetId};

/// How a day stands in the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A working day that counts.
    Counted,
    /// A working day that a consultation excludes.
    Excluded,
    /// Not a working day.
    RestDay,
    /// A working day before a restart, or in a clock that waits or ended; it counts no more.
    Void,
}

/// Why a day stands so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayReason {
    /// Within the answer limit.
    AnswerLimit,
    /// Within the extension.
    Extension,
    /// A third party is consulted.
    ThirdPartyConsulted,
    /// Another agency is consulted.
    AgencyConsulted,
    /// Saturday or Sunday.
    Weekend,
    /// A holiday by notice.
    Holiday,
    /// A holiday of fixed date in a year not announced yet.
    AssumedHoliday,
    /// The supplement restarted the clock later.
    RestartedBySupplement,
    /// The payment restarted the clock later.
    RestartedByPayment,
    /// After the due date that held until the clock began to wait.
    PastDue,
    /// The clock waits for the applicant.
    Waiting,
    /// The matter ended without an answer.
    Abandoned,
}

impl DayReason {
    /// A short text: Chinese, English.
    #[must_use]
    pub const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::AnswerLimit => ("计入答复期限", "counts towards the limit"),
            Self::Extension => ("计入延长期限", "counts towards the extension"),
            Self::ThirdPartyConsulted => ("征求第三方意见,不计入", "third party consulted"),
            Self::AgencyConsulted => ("征求其他机关意见,不计入", "other agency consulted"),
            Self::Weekend => ("周末", "weekend"),
            Self::Holiday => ("节假日", "public holiday"),
            Self::AssumedHoliday => ("节假日(暂定)", "public holiday (provisional)"),
            Self::RestartedBySupplement => ("补正后重新起算", "void: restarted by the supplement"),
            Self::RestartedByPayment => ("缴费后重新起算", "void: restarted by the payment"),
            Self::PastDue => ("已过答复期限", "past the due date"),
            Self::Waiting => ("等待申请人补正或缴费", "waiting for the applicant"),
            Self::Abandoned => ("视为放弃申请", "void: abandoned"),
        }
    }
}

/// One day of the explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayLine {
    /// The day.
    pub date: NaiveDate,
    /// How it stands.
    pub kind: LineKind,
    /// Its running number after the receipt or the last restart, if it counts.
    pub number: Option<u32>,
    /// Why.
    pub reason: DayReason,
    /// What the calendar says of it.
    pub calendar: DayKind,
    /// The version of its calendar year; none past the last announced one.
    pub year_version: Option<u32>,
    /// The reason in words.
    pub text: Bilingual,
    /// The source of the reason.
    pub article: Bilingual,
}

/// The count as of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Receipt or last restart; the day after is day 1.
    pub started_on: NaiveDate,
    /// Working days to the due date, extension included.
    pub goal: u32,
    /// Counted days up to the "as of" date, or to the answer if that is earlier.
    pub elapsed: u32,
    /// `goal` less `elapsed`.
    pub remaining: u32,
    /// The "as of" date lies in a consultation pause, or the clock waits for the applicant.
    pub paused: bool,
    /// The due date is past and no answer was given on or before it.
    pub breached: bool,
    /// Last day to answer; none while waiting or after an end.
    pub due_date: Option<NaiveDate>,
    /// The date that the summary is of; the due date when none was asked for.
    pub as_of: Option<NaiveDate>,
}

/// A due date with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The text that governs.
    pub rule_set: RuleSetId,
    /// State of the rule data.
    pub rules_version: String,
    /// State of the calendar data.
    pub calendar_version: String,
    /// The receipt date.
    pub receipt_date: NaiveDate,
    /// A date of the result lies past the last announced calendar year.
    pub provisional: bool,
    /// Defects, in event order.
    pub flags: Vec<Flag>,
    /// Last day for a supplement notice; none under the 2007 text.
    pub supplement_notice_due: Option<NaiveDate>,
    /// Last day for the opinion of each consultation that stops the clock, in event order.
    pub opinion_due: Vec<NaiveDate>,
    /// Last day to pay, of the last fee notice.
    pub fee_due: Option<NaiveDate>,
    /// Last day for the act of the applicant that the clock waits for.
    pub waits_until: Option<NaiveDate>,
    /// The day from which the application counts as abandoned.
    pub abandoned_from: Option<NaiveDate>,
    /// The answer; none without one.
    pub answer: Option<Answered>,
    /// The count.
    pub summary: Summary,
    /// The days, from the day after receipt.
    pub days: Vec<DayLine>,
}

/// Explains the due date of a matter; `as_of` as for [`super::assess`].
///
/// # Errors
/// As for [`super::assess`].
pub fn explain(
    matter: &Matter,
    law: &Law,
    as_of: Option<NaiveDate>,
) -> Result<Explanation, ClockError> {
    let run = run(matter, law, as_of)?;
    let assessment = run.conclude(matter)?;
    let days = list_days(&run, &assessment, law, as_of)?;
    let summary = summarise(&run, &assessment, &days, as_of);
    let (waits_until, abandoned_from) = match assessment.standing {
        Standing::Running { .. } => (None, None),
        Standing::Paused { until, .. } => (until, None),
        Standing::Abandoned { from, .. } => (None, Some(from)),
    };
    Ok(Explanation {
        rule_set: assessment.rule_set,
        rules_version: law.rules.version.clone(),
        calendar_version: law.calendar.version().to_owned(),
        receipt_date: assessment.receipt_date,
        provisional: assessment.provisional,
        flags: assessment.flags,
        supplement_notice_due: assessment.supplement_notice_due,
        opinion_due: assessment.opinion_due,
        fee_due: assessment.fee_due,
        waits_until,
        abandoned_from,
        answer: assessment.answer,
        summary,
        days,
    })
}

fn list_days(
    run: &Run<'_>,
    assessment: &Assessment,
    law: &Law,
    as_of: Option<NaiveDate>,
) -> Result<Vec<DayLine>, ClockError> {
    let last = match assessment.standing {
        Standing::Running { due, .. } => due,
        Standing::Paused { since, .. } => as_of.unwrap_or(since),
        Standing::Abandoned { from, .. } => from.pred_opt().unwrap_or(from),
    };
    let start = run.receipt_date.min(run.base()).num_days_from_ce();
    let end = last.num_days_from_ce();
    if end.saturating_sub(start) > MAX_WALK_DAYS {
        return Err(ClockError::PeriodTooLong);
    }
    let mut lines = Vec::new();
    let mut number = 0;
    for day in start + 1..=end {
        let date = date_of(day)?;
        let calendar = law.calendar.day(date)?.kind;
        let (kind, reason) = classify(run, assessment, date, calendar, number);
        if kind == LineKind::Counted {
            number += 1;
        }
        lines.push(DayLine {
            date,
            kind,
            number: (kind == LineKind::Counted).then_some(number),
            reason,
            calendar,
            year_version: law.calendar.year_version(date),
            text: in_words(reason, calendar),
            article: article(reason, run, law).clone(),
        });
    }
    Ok(lines)
}

/// The reason in words; a weekend that is worked says why it is a working day at all.
fn in_words(reason: DayReason, calendar: DayKind) -> Bilingual {
    let (zh, en) = reason.text();
    match calendar {
        DayKind::MakeUpWorkday => Bilingual {
            zh: format!("{zh}(调休上班)"),
            en: format!("{en} (make-up working day)"),
        },
        _ => Bilingual { zh: zh.to_owned(), en: en.to_owned() },
    }
}

fn classify(
    run: &Run<'_>,
    assessment: &Assessment,
    date: NaiveDate,
    calendar: DayKind,
    counted: u32,
) -> (LineKind, DayReason) {
    match calendar {
        DayKind::Weekend | DayKind::AssumedWeekend => {
            return (LineKind::RestDay, DayReason::Weekend);
        }
        DayKind::Holiday => return (LineKind::RestDay, DayReason::Holiday),
        DayKind::AssumedHoliday => return (LineKind::RestDay, DayReason::AssumedHoliday),
        DayKind::Weekday | DayKind::MakeUpWorkday | DayKind::AssumedWeekday => {}
    }
    if let Some(pause) = run.pauses.covering(date) {
        let reason = match pause.who {
            Consulted::ThirdParty => DayReason::ThirdPartyConsulted,
            Consulted::Agency => DayReason::AgencyConsulted,
        };
        return (LineKind::Excluded, reason);
    }
    let voiding = run.restarts.iter().filter(|restart| restart.date >= date);
    if let Some(restart) = voiding.min_by_key(|restart| restart.date) {
        let reason = match restart.cause {
            RestartCause::Supplement => DayReason::RestartedBySupplement,
            RestartCause::Payment => DayReason::RestartedByPayment,
        };
        return (LineKind::Void, reason);
    }
    match assessment.standing {
        Standing::Abandoned { .. } => (LineKind::Void, DayReason::Abandoned),
        Standing::Paused { since, .. } if date > since => (LineKind::Void, DayReason::Waiting),
        Standing::Paused { .. } if counted >= run.goal() => (LineKind::Void, DayReason::PastDue),
        Standing::Running { .. } | Standing::Paused { .. } => {
            let within = counted < run.rules.answer_working_days;
            let reason = if within { DayReason::AnswerLimit } else { DayReason::Extension };
            (LineKind::Counted, reason)
        }
    }
}

fn article<'a>(reason: DayReason, run: &Run<'a>, law: &'a Law) -> &'a Bilingual {
    let articles = &run.rules.articles;
    match reason {
        DayReason::AnswerLimit | DayReason::PastDue => &articles.answer,
        DayReason::Extension => &articles.extension,
        DayReason::ThirdPartyConsulted | DayReason::AgencyConsulted => &articles.consultation,
        DayReason::Weekend | DayReason::Holiday | DayReason::AssumedHoliday => &law.rules.rest_days,
        DayReason::RestartedBySupplement => &articles.supplement,
        DayReason::RestartedByPayment => &law.rules.fees.article,
        DayReason::Waiting | DayReason::Abandoned => {
            let of_fee = match (run.end, run.hold) {
                (Some(end), _) => end.status == Abandonment::AbandonedUnpaid,
                (None, hold) => hold.is_some_and(|hold| hold.reason == PauseReason::Fee),
            };
            if of_fee { &law.rules.fees.article } else { &articles.supplement }
        }
    }
}

fn summarise(
    run: &Run<'_>,
    assessment: &Assessment,
    days: &[DayLine],
    as_of: Option<NaiveDate>,
) -> Summary {
    let due_date = assessment.due_date();
    let as_of = as_of.or(due_date);
    let answered = assessment.answer.map(|answer| answer.date);
    let reached = match (as_of, answered) {
        (Some(as_of), Some(answered)) => Some(as_of.min(answered)),
        (as_of, answered) => as_of.or(answered),
    };
    let elapsed = days
        .iter()
        .filter(|line| reached.is_some_and(|reached| line.date <= reached))
        .filter_map(|line| line.number)
        .max()
        .unwrap_or(0);
    let goal = run.goal();
    let in_time = assessment.answer.is_some_and(|answer| answer.on_time);
    let late = assessment.answer.is_some_and(|answer| !answer.on_time);
    let past = due_date.is_some_and(|due| as_of.is_some_and(|as_of| due < as_of));
    let waiting = matches!(assessment.standing, Standing::Paused { .. });
    let consulting = due_date.is_some()
        && answered.is_none()
        && as_of.is_some_and(|as_of| run.pauses.covering(as_of).is_some());
    Summary {
        started_on: run.base(),
        goal,
        elapsed,
        remaining: goal.saturating_sub(elapsed),
        paused: waiting || consulting,
        breached: (past && !in_time) || late,
        due_date,
        as_of,
    }
}
