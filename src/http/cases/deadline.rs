//! When a case is due and why, day by day: now, and as it was known at any moment in the past.

use std::sync::Arc;

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{Reply, load};
use crate::domain::case::{Case, ClockFlag, matter};
use crate::domain::deadline::{self, DayLine, Explanation, Moment, legal_day, start_of_legal_day};
use crate::domain::regulation::Law;
use crate::domain::rejection::Reason;
use crate::domain::said::{Language, Said};
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::{CasePath, Params};
use crate::http::flaw::Flaw;
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::{Conditional, Json};
use crate::service::App;
use crate::store::{Picture, history};

/// As of when.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DeadlineParams {
    /// A day, at whose end, or an instant, at which: what was recorded by then, by the calendar that
    /// was in force then. Now when left out.
    #[param(value_type = Option<Moment>)]
    pub as_of: Option<Moment>,
}

/// One day of the count.
#[derive(Serialize, ToSchema)]
pub struct DayView {
    /// The day.
    pub date: NaiveDate,
    /// `counted`, `excluded`, `rest_day` or `void`.
    pub kind: String,
    /// Its running number, if it counts.
    pub number: Option<u32>,
    /// Why, as a code.
    pub reason: String,
    /// What the calendar says of it, e.g. `make_up_workday`.
    pub calendar: String,
    /// The version of its calendar year that says so; null past the last announced year.
    pub year_version: Option<u32>,
    /// Why, in words, in the language of the answer.
    pub text: String,
    /// The source, in the language of the answer.
    pub article: String,
}

/// The count in short.
#[derive(Serialize, ToSchema)]
pub struct ClockSummaryView {
    /// Receipt or last restart; the day after is day 1.
    pub start_date: NaiveDate,
    /// Working days to the due date, extension included.
    pub goal: u32,
    /// Of these, gone by.
    pub elapsed: u32,
    /// Of these, left.
    pub remaining: u32,
    /// Is the clock stopped?
    pub paused: bool,
    /// Is the due date past, without an answer on or before it?
    pub breached: bool,
    /// The last lawful day; null while the clock is stopped or has ended.
    pub due_date: Option<NaiveDate>,
    /// The legal day that this is said of.
    pub as_of_date: NaiveDate,
}

/// When the answer counts as given.
#[derive(Serialize, ToSchema)]
pub struct AnsweredView {
    /// The day.
    pub answer_date: NaiveDate,
    /// Was it by the due date?
    pub on_time: bool,
}

/// A due date explained day by day.
#[derive(Serialize, ToSchema)]
pub struct DeadlineView {
    /// The text that governs: `2007` or `2019`.
    pub rule_set: String,
    /// The state of the rule data.
    pub rules_version: String,
    /// The state of the calendar.
    pub calendar_version: String,
    /// The date of receipt.
    pub receipt_date: NaiveDate,
    /// Does it rest on a year that has not been announced?
    pub provisional: bool,
    /// What went wrong with the periods, in the order of the events.
    #[schema(value_type = Vec<ClockFlag>)]
    pub flags: Vec<String>,
    /// Last day for a supplement notice; null under the text of 2007.
    pub supplement_notice_due_date: Option<NaiveDate>,
    /// Last day for the opinion of each consultation that stops the clock.
    pub opinion_due_dates: Vec<NaiveDate>,
    /// Last day to pay.
    pub fee_due_date: Option<NaiveDate>,
    /// Last day for what the clock waits for.
    pub waits_until_date: Option<NaiveDate>,
    /// From this day on the application counts as abandoned.
    pub abandoned_date: Option<NaiveDate>,
    /// The answer; null without one.
    pub answer: Option<AnsweredView>,
    /// In short.
    pub summary: ClockSummaryView,
    /// Every day from the day after receipt.
    pub days: Vec<DayView>,
}

/// The code of a value that serialises as one.
fn code(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

impl DayView {
    fn of(line: DayLine, language: Language) -> Self {
        Self {
            date: line.date,
            kind: code(line.kind),
            number: line.number,
            reason: code(line.reason),
            calendar: code(line.calendar),
            year_version: line.year_version,
            text: Said::from(line.text).into_text(language),
            article: Said::from(line.article).into_text(language),
        }
    }
}

impl DeadlineView {
    pub(super) fn of(explanation: Explanation, today: NaiveDate, language: Language) -> Self {
        let summary = explanation.summary;
        Self {
            rule_set: explanation.rule_set.as_str().to_owned(),
            rules_version: explanation.rules_version,
            calendar_version: explanation.calendar_version,
            receipt_date: explanation.receipt_date,
            provisional: explanation.provisional,
            flags: explanation.flags.iter().map(|flag| flag.as_str().to_owned()).collect(),
            supplement_notice_due_date: explanation.supplement_notice_due,
            opinion_due_dates: explanation.opinion_due,
            fee_due_date: explanation.fee_due,
            waits_until_date: explanation.waits_until,
            abandoned_date: explanation.abandoned_from,
            answer: explanation
                .answer
                .map(|answer| AnsweredView { answer_date: answer.date, on_time: answer.on_time }),
            summary: ClockSummaryView {
                start_date: summary.started_on,
                goal: summary.goal,
                elapsed: summary.elapsed,
                remaining: summary.remaining,
                paused: summary.paused,
                breached: summary.breached,
                due_date: summary.due_date,
                as_of_date: summary.as_of.unwrap_or(today),
            },
            days: explanation.days.into_iter().map(|line| DayView::of(line, language)).collect(),
        }
    }
}

/// A case as it was known at an instant, and the legal day of that.
struct AsOf {
    case: Arc<Case>,
    day: NaiveDate,
    law: Law,
}

/// The last instant of a moment that has gone by.
fn instant_of(moment: Moment, now: DateTime<Utc>) -> Reply<DateTime<Utc>> {
    let future = || {
        let said = Said::of("不能晚于现在", "It must not be in the future.");
        let fault = FieldError::saying("as_of", Flaw::InvalidParameter, said);
        Problem::new(Fault::UnknownParameter).with(vec![fault])
    };
    match moment {
        Moment::Instant(at) if at <= now => Ok(at),
        Moment::Date(day) if day <= legal_day(now) => {
            let end = day.succ_opt().map(start_of_legal_day).ok_or_else(future)?;
            Ok(now.min(end - chrono::TimeDelta::microseconds(1)))
        }
        Moment::Instant(_) | Moment::Date(_) => Err(future()),
    }
}

/// The law by which the clock of a case was computed: of one that has its answer or has ended, as of
/// its last change; of one that goes on, the law in force.
fn law_of(case: &Case, picture: &Picture) -> Law {
    let clock =
        case.record.clock.as_ref().filter(|_| !crate::domain::lifecycle::is_unfinished(case));
    let known = clock.and_then(|clock| picture.calendars.named(&clock.calendar));
    known.map_or_else(|| Law::clone(&picture.law), |edition| picture.law_with(&edition.calendar))
}

/// The case as its ledger had it at an instant, with the calendar that was in force.
async fn as_of(app: &App, case: &Case, at: DateTime<Utc>) -> Reply<AsOf> {
    let (vault, id) = (Arc::clone(&app.vault), case.id);
    let read = move |conn: &mut crate::store::Conn| history::case_at(conn, &vault, id, at);
    let found = app.store.readers.run(read).await?;
    let case = Arc::new(found.ok_or(Reason::NotRegistered)?);
    let picture = app.store.picture();
    let law = picture.law_with(&picture.calendars.at(at).calendar);
    Ok(AsOf { case, day: legal_day(at), law })
}

/// `GET /api/v1/cases/{id}/deadline`
pub async fn deadline(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    Params(params, _): Params<DeadlineParams>,
    language: Language,
) -> Reply<Conditional<Json<DeadlineView>>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let now = app.clock.now();
    let AsOf { case, day, law } = match params.as_of {
        Some(moment) => as_of(&app, &case, instant_of(moment, now)?).await?,
        None => AsOf { law: law_of(&case, &app.store.picture()), case, day: legal_day(now) },
    };
    if case.record.registration.is_none() {
        return Err(Reason::NotRegistered.into());
    }
    // The clock of a case that ended without an answer stood still on that day.
    let ended = case.record.stage.closure().map(|closure| closure.closed_on);
    let day = ended.map_or(day, |end| end.min(day));
    let explained = deadline::explain(&matter(&case), &law, Some(day)).map_err(|error| {
        tracing::error!(%error, case = %case.id, "the clock of a stored case does not run");
        Fault::Internal
    })?;
    let mut view = DeadlineView::of(explained, day, language);
    if ended.is_some() {
        view.summary.due_date = None;
        view.summary.breached = false;
    }
    Ok(Conditional(Json(view)))
}
