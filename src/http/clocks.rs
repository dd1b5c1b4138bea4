//! The working list of clocks: what falls due, today and in the next days.

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, ReadCases};
use super::extract::Params;
use super::flaw::Flaw;
use super::page::{Bound, DEFAULT_LIMIT, PageLinks, Position};
use super::problem::{Fault, FieldError, Problem};
use super::reply::{Listed, Paged};
use super::strict::some_day;
use crate::domain::actor::CaseScope;
use crate::domain::case::{Reminder, SubtaskState};
use crate::domain::clocks::ClockKind;
use crate::domain::deadline::legal_day;
use crate::domain::ids::{CaseId, UnitId, UserId};
use crate::service::{App, statistics};
use crate::store::Error;
use crate::store::clocks::{self, ClockCounts, ClockFilter, ClockLine, ClockPlace};

/// Working days ahead that the list shows when the caller does not say.
const WITHIN: u32 = 5;

/// What of it.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ClockParams {
    /// Due within so many working days from today, and what is overdue; 0 is today. 5 when both this
    /// and `due_date[lte]` are left out.
    #[validate(range(min = 0, max = 250))]
    #[param(minimum = 0, maximum = 250)]
    pub within: Option<u32>,
    /// Due on or before this day; in the place of `within`.
    #[serde(rename = "due_date[lte]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[lte]")]
    pub due_lte: Option<NaiveDate>,
    /// Due on or after this day: today, to leave out what is overdue.
    #[serde(rename = "due_date[gte]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[gte]")]
    pub due_gte: Option<NaiveDate>,
    /// Of these kinds, separated by commas; all when left out.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200, example = "answer,supplement")]
    pub kind: Option<String>,
    /// Whose turn it is, this unit's or that of one below it.
    pub unit: Option<Uuid>,
    /// Of the cases of this officer; `me` is the caller.
    #[validate(length(min = 1, max = 36))]
    #[param(min_length = 1, max_length = 36)]
    pub officer: Option<String>,
    /// Lines on a page; 20 when left out.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

/// Something that falls due.
#[derive(Serialize, ToSchema)]
pub struct ClockLineView {
    /// The case.
    pub case_id: Uuid,
    /// Its number in the register; null before it has one.
    pub case_number: Option<String>,
    /// For what it is, in one line.
    pub subject: String,
    /// What falls due.
    pub kind: ClockKind,
    /// Which, where a case has several of the kind (a subtask has its own number); else 0.
    pub number: u32,
    /// The last day.
    pub due_date: NaiveDate,
    /// How urgent it is.
    pub reminder: Reminder,
    /// The unit whose turn it is.
    pub unit_id: Uuid,
    /// The officer of the case, when it is his unit's turn.
    pub officer_id: Option<Uuid>,
    /// Where it is dealt with.
    pub href: String,
}

/// How much of a kind falls due.
#[derive(Serialize, ToSchema)]
pub struct ClockCountView {
    /// The kind.
    pub kind: ClockKind,
    /// Over already.
    pub overdue: i64,
    /// Today.
    pub today: i64,
    /// Later, within the bounds of the list.
    pub later: i64,
}

/// One page of what falls due, the most urgent first.
#[derive(Serialize, ToSchema)]
pub struct ClocksView {
    /// The legal day on which it is so.
    pub as_of_date: NaiveDate,
    /// The last day of the list.
    pub until_date: NaiveDate,
    /// How much there is of each kind, on all pages.
    pub counts: Vec<ClockCountView>,
    /// The lines.
    pub items: Vec<ClockLineView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
}

impl Paged for ClocksView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

impl Position for ClockPlace {
    fn written(self) -> String {
        let Self(day, case, kind, number) = self;
        format!("{day}:{case}:{kind}:{number}")
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (day, case, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let number = parts.next()?.parse().ok()?;
        let case = CaseId(Uuid::parse_str(case).ok()?);
        Some(Self(day.parse().ok()?, case, ClockKind::parse(kind).ok()?, number))
    }
}

impl ClockLineView {
    fn of(line: ClockLine, today: NaiveDate, soon: NaiveDate) -> Self {
        let behind = if line.kind == ClockKind::Subtask { "/subtasks" } else { "" };
        Self {
            case_id: line.case.0,
            case_number: line.case_number,
            subject: line.subject,
            kind: line.kind,
            number: line.number,
            due_date: line.due_date,
            reminder: Reminder::of(SubtaskState::Open, line.due_date, today, soon),
            unit_id: line.unit.0,
            officer_id: line.officer.map(|user| user.0),
            href: format!("/api/v1/cases/{}{behind}", line.case),
        }
    }
}

impl From<(ClockKind, ClockCounts)> for ClockCountView {
    fn from((kind, counts): (ClockKind, ClockCounts)) -> Self {
        Self { kind, overdue: counts.overdue, today: counts.today, later: counts.later }
    }
}

fn wrong(parameter: &str, detail: crate::domain::said::Said) -> Problem {
    let fault = FieldError::saying(parameter, Flaw::InvalidParameter, detail);
    Problem::new(Fault::UnknownParameter).with(vec![fault])
}

fn kinds(text: Option<&str>) -> Result<Vec<ClockKind>, Problem> {
    let each = text.into_iter().flat_map(|text| text.split(','));
    each.map(|code| {
        ClockKind::parse(code)
            .map_err(|_| wrong("kind", Flaw::UnknownValue.allowing(ClockKind::CODES)))
    })
    .collect()
}

/// The last day of the list.
fn until(app: &App, params: &ClockParams, today: NaiveDate) -> Result<NaiveDate, Problem> {
    match (params.due_lte, params.within) {
        (Some(_), Some(_)) => Err(wrong("within", Flaw::OneOfNeeded.said())),
        (Some(day), None) => Ok(day),
        (None, within) => {
            let days = within.unwrap_or(WITHIN);
            let found = app.law().calendar.nth_working_day_after(today, days);
            Ok(found.map_err(|error| Error::Other(error.to_string()))?.0)
        }
    }
}

/// `GET /api/v1/clocks`
pub async fn list(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    Params(params, query): Params<ClockParams>,
) -> Result<Listed<ClocksView>, Problem> {
    let directory = app.store.directory().await?;
    let today = legal_day(app.clock.now());
    let until_date = until(&app, &params, today)?;
    let reach = match auth.actor.case_scope() {
        CaseScope::All => None,
        CaseScope::Units(units) => Some(units),
        CaseScope::Nothing => Some(Vec::new()),
    };
    let wanted = params.unit.map(|unit| directory.reach(UnitId(unit)).to_vec());
    let units = match (reach, wanted) {
        (Some(reach), Some(wanted)) => {
            Some(wanted.into_iter().filter(|unit| reach.contains(unit)).collect())
        }
        (reach, wanted) => reach.or(wanted),
    };
    let officer = match params.officer.as_deref() {
        None => None,
        Some("me") => Some(auth.actor.user),
        Some(id) => {
            let id = Uuid::parse_str(id);
            Some(UserId(id.map_err(|_| wrong("officer", Flaw::InvalidParameter.said()))?))
        }
    };
    let kinds = kinds(params.kind.as_deref())?;
    let filter = ClockFilter { units, officer, kinds, from: params.due_gte, to: Some(until_date) };
    let identity = format!("{} {} {today}", query.identity(), auth.actor.user);
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page::<ClockPlace>(params.cursor.as_deref())?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let read =
        move |conn: &mut crate::store::Conn| clocks::listed(conn, &filter, today, page, limit);
    let (found, counts) = app.store.readers.run(read).await?;
    let cursors = bound.around(page, &found, ClockLine::place);
    let soon = statistics::due_soon_until(&app, today)?;
    let items = found.rows.into_iter().map(|line| ClockLineView::of(line, today, soon));
    Ok(Listed(ClocksView {
        as_of_date: today,
        until_date,
        counts: counts.into_iter().map(ClockCountView::from).collect(),
        items: items.collect(),
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
    }))
}
