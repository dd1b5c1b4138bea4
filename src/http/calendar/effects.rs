//! What a draft would do to the open cases, and how far they have been recalculated.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::path::VersionPath;
use super::{Reply, YearSource, imported, source};
use crate::domain::calendar::CalendarState;
use crate::domain::ids::CaseId;
use crate::domain::rejection::Reason;
use crate::http::auth::{Auth, ManageCalendar, ReadCases, SignedIn};
use crate::http::extract::Params;
use crate::http::page::{Bound, DEFAULT_LIMIT, PageLinks, Position};
use crate::http::problem::{Fault, Problem};
use crate::http::reply::{Conditional, Json, Listed, Paged};
use crate::service::App;
use crate::service::calendar::{self, MovedCase, Preview};
use crate::store::calendar::Place;
use crate::store::page::{Page, Stretch};

/// So many cases are moved from one day to another.
#[derive(Serialize, ToSchema)]
pub struct MoveCountView {
    /// The due date so far.
    pub from_date: NaiveDate,
    /// The due date by the draft.
    pub to_date: NaiveDate,
    /// How many cases.
    pub cases: u64,
}

/// What putting a version in force would do to the open cases.
#[derive(Serialize, ToSchema)]
pub struct CalendarEffectsView {
    /// The year.
    pub year: i32,
    /// Which version of it.
    pub number: u32,
    /// The name of the calendar in force, which to apply it names.
    pub calendar_version: String,
    /// The first day that is changed; null when none is.
    pub first_changed_date: Option<NaiveDate>,
    /// Open cases that the change can concern.
    pub looked: u64,
    /// Of these, such that it changes in any way.
    pub changed: u64,
    /// Of these, due later.
    pub later: u64,
    /// Due earlier.
    pub earlier: u64,
    /// No longer provisional.
    pub settled: u64,
    /// Such that could not be computed.
    pub failed: u64,
    /// From which day to which, in their order.
    pub moves: Vec<MoveCountView>,
}

impl CalendarEffectsView {
    fn of(preview: Preview, (year, number): (i32, u32), calendar_version: String) -> Self {
        let moves = preview.moves.into_iter();
        Self {
            year,
            number,
            calendar_version,
            first_changed_date: preview.first_changed,
            looked: preview.looked,
            changed: preview.changed,
            later: preview.later,
            earlier: preview.earlier,
            settled: preview.settled,
            failed: preview.failed,
            moves: moves
                .map(|((from_date, to_date), cases)| MoveCountView { from_date, to_date, cases })
                .collect(),
        }
    }
}

/// `GET /api/v1/calendar/{year}/versions/{number}/effects`
pub async fn effects(
    _: Auth<ManageCalendar>,
    app: web::Data<App>,
    path: VersionPath,
) -> Reply<Conditional<Json<CalendarEffectsView>>> {
    let version = imported(&app, path.year, path.number).await?;
    let calendar_version = app.store.picture().law.calendar.version().to_owned();
    let preview = calendar::preview(&app, &version).await?;
    let named = (path.year, path.number);
    Ok(Conditional(Json(CalendarEffectsView::of(preview, named, calendar_version))))
}

/// Which page.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MoveParams {
    /// Cases on a page; 20 when left out.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

/// A case that a draft would change.
#[derive(Serialize, ToSchema)]
pub struct MovedCaseView {
    /// The case.
    pub case_id: Uuid,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// The unit that answers for it.
    pub unit_id: Uuid,
    /// Its due date so far; null while its clock waits.
    pub from_date: Option<NaiveDate>,
    /// Its due date by the draft.
    pub to_date: Option<NaiveDate>,
    /// Was the date provisional, and is no more?
    pub settled: bool,
    /// Where the case is.
    pub href: String,
}

/// One page of the cases of one's scope that a draft would change: those whose clock waits first; as they
/// were recorded. The list goes forwards only.
#[derive(Serialize, ToSchema)]
pub struct MovedCasesView {
    /// The cases.
    pub items: Vec<MovedCaseView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it: always null.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
}

impl Paged for MovedCasesView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

impl Position for Place {
    fn written(self) -> String {
        match self.due {
            Some(day) => format!("{day}:{}", self.id),
            None => format!("-:{}", self.id),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (day, id) = text.split_once(':')?;
        let due = if day == "-" { None } else { Some(day.parse().ok()?) };
        Some(Self { due, id: CaseId(Uuid::parse_str(id).ok()?) })
    }
}

impl From<MovedCase> for MovedCaseView {
    fn from(moved: MovedCase) -> Self {
        Self {
            case_id: moved.id.0,
            case_number: moved.case_number,
            unit_id: moved.unit.0,
            from_date: moved.change.from,
            to_date: moved.change.to,
            settled: moved.change.was_provisional && !moved.change.is_provisional,
            href: format!("/api/v1/cases/{}", moved.id),
        }
    }
}

/// `GET /api/v1/calendar/{year}/versions/{number}/moves`
pub async fn moves(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    path: VersionPath,
    Params(params, query): Params<MoveParams>,
) -> Reply<Conditional<Listed<MovedCasesView>>> {
    let version = imported(&app, path.year, path.number).await?;
    let calendar = app.store.picture().law.calendar.version().to_owned();
    let identity = format!("{} {} {calendar}", query.identity(), auth.actor.user);
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page::<Place>(params.cursor.as_deref())?;
    let after = match page {
        Page::First => None,
        Page::After(place) => Some(place),
        Page::Before(_) | Page::Last => return Err(Problem::new(Fault::InvalidCursor)),
    };
    let limit = usize::try_from(params.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(usize::MAX);
    let scope = auth.actor.case_scope();
    let (rows, goes_on) = calendar::moves(&app, scope, &version, after, limit).await?;
    let found = Stretch { rows, goes_on };
    let mut cursors = bound.around(page, &found, |moved| moved.place);
    cursors.prev = None;
    Ok(Conditional(Listed(MovedCasesView {
        items: found.rows.into_iter().map(MovedCaseView::from).collect(),
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: None,
    })))
}

/// How far the open cases have been recalculated by a version.
#[derive(Serialize, ToSchema)]
pub struct RecalculationView {
    /// The year.
    pub year: i32,
    /// Which version of it.
    pub number: u32,
    /// Open cases that the change can concern, as counted when it was put in force.
    pub total: u64,
    /// Of these, looked at.
    pub looked: u64,
    /// Of these, changed.
    pub moved: u64,
    /// Such that could not be computed; they stay as they are, and the log tells of each.
    pub failed: u64,
    /// When it was put in force.
    pub applied_at: Option<DateTime<Utc>>,
    /// When the last case had been looked at; null while it goes on.
    pub finished_at: Option<DateTime<Utc>>,
}

/// `GET /api/v1/calendar/{year}/versions/{number}/recalculation`
pub async fn recalculation(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    path: VersionPath,
) -> Reply<Json<RecalculationView>> {
    let picture = app.store.current().await?;
    // The program's own years were in force before there were cases.
    let YearSource::Imported(version) = source(&app, &picture, path.year, path.number).await?
    else {
        return Err(Reason::NotFound.into());
    };
    let progress = version.progress.filter(|_| version.state == CalendarState::Applied);
    let progress = progress.ok_or(Reason::NotFound)?;
    Ok(Json(RecalculationView {
        year: path.year,
        number: path.number,
        total: progress.total,
        looked: progress.looked,
        moved: progress.moved,
        failed: progress.failed,
        applied_at: version.decided_at,
        finished_at: progress.finished_at,
    }))
}
