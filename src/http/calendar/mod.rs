//! The working-day calendar: its years with their versions, and how a year is changed.

mod effects;
mod path;
mod versions;
mod views;

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::auth::{Auth, SignedIn};
use super::extract::Params;
use super::problem::Problem;
use super::reply::Json;
use crate::domain::calendar::{Calendar, CalendarState, CalendarVersion};
use crate::domain::rejection::Reason;
use crate::service::App;
use crate::store::{Picture, calendar as rows};
use path::YearPath;
use views::{CalendarVersionView, YearSource};

pub use effects::{effects, moves, recalculation};
pub use versions::{apply, discard, import, show as version};

type Reply<R> = Result<R, Problem>;

/// A state that the calendar has had.
#[derive(Serialize, ToSchema)]
pub struct EditionView {
    /// Its number.
    pub number: u32,
    /// Its name, as explanations of due dates cite it.
    pub calendar_version: String,
    /// Since when it is in force; null for the data within the program.
    pub applied_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// A year of the calendar, in short.
#[derive(Serialize, ToSchema)]
pub struct YearLineView {
    /// The year.
    pub year: i32,
    /// The version in force.
    pub number: u32,
    /// Mondays to Fridays off.
    pub off_days: usize,
    /// Saturdays and Sundays worked.
    pub make_up_days: usize,
    /// Its address.
    pub href: String,
}

/// The calendar.
#[derive(Serialize, ToSchema)]
pub struct CalendarView {
    /// The name of its state.
    pub calendar_version: String,
    /// The first year.
    pub first_year: i32,
    /// The last; what falls due later is provisional.
    pub last_year: i32,
    /// The years, oldest first.
    pub years: Vec<YearLineView>,
    /// The states that it has had, oldest first.
    pub editions: Vec<EditionView>,
    /// Versions that wait to be put in force.
    pub drafts: Vec<CalendarVersionView>,
}

/// `GET /api/v1/calendar`
pub async fn show(_: Auth<SignedIn>, app: web::Data<App>) -> Reply<Json<CalendarView>> {
    let picture = app.store.current().await?;
    let versions = app.store.readers.run(rows::versions).await?;
    let current = &picture.law.calendar;
    let (first_year, last_year) = current.span();
    let years = current.years().iter().map(|(year, said)| YearLineView {
        year: *year,
        number: said.number,
        off_days: said.off_weekdays.len(),
        make_up_days: said.worked_weekends.len(),
        href: format!("/api/v1/calendar/{year}"),
    });
    let editions = picture.calendars.all().map(|edition| EditionView {
        number: edition.number,
        calendar_version: edition.calendar.version().to_owned(),
        applied_at: edition.since,
    });
    let drafts = versions.iter().filter(|version| version.state == CalendarState::Draft);
    Ok(Json(CalendarView {
        calendar_version: current.version().to_owned(),
        first_year,
        last_year,
        years: years.collect(),
        editions: editions.collect(),
        drafts: drafts.map(|draft| CalendarVersionView::of(draft, &picture)).collect(),
    }))
}

/// Which version of a year.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct YearParams {
    /// The number of a version of the year; the one in force when left out.
    #[validate(range(min = 1, max = 1_000_000))]
    #[param(minimum = 1, maximum = 1_000_000)]
    pub number: Option<u32>,
}

/// A year of the calendar.
#[derive(Serialize, ToSchema)]
pub struct YearView {
    /// The year.
    pub year: i32,
    /// Which version of it.
    pub number: u32,
    /// Is it the version in force?
    pub in_force: bool,
    /// Mondays to Fridays off.
    pub off_dates: Vec<NaiveDate>,
    /// Saturdays and Sundays worked.
    pub make_up_dates: Vec<NaiveDate>,
    /// Its working days.
    pub working_days: u32,
    /// Numbers and addresses of the notices.
    pub notices: Vec<String>,
}

/// `GET /api/v1/calendar/{year}`
pub async fn year(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    year: YearPath,
    Params(params, _): Params<YearParams>,
) -> Reply<Json<YearView>> {
    let picture = app.store.current().await?;
    let in_force = picture.law.calendar.years().get(&year.0).map(|said| said.number);
    let number = params.number.or(in_force).ok_or(Reason::NotFound)?;
    let source = source(&app, &picture, year.0, number).await?;
    let said = source.said();
    // Every day is known: the calendar holds this one year and none besides.
    let alone = picture.law.calendar.with_year(String::new(), year.0, said.clone());
    let working_days = alone.ok().and_then(|calendar| working_days(&calendar, year.0));
    Ok(Json(YearView {
        year: year.0,
        number,
        in_force: in_force == Some(number),
        off_dates: said.off_weekdays,
        make_up_dates: said.worked_weekends,
        working_days: working_days.unwrap_or(0),
        notices: said.notices,
    }))
}

fn working_days(calendar: &Calendar, year: i32) -> Option<u32> {
    let before = NaiveDate::from_ymd_opt(year.checked_sub(1)?, 12, 31)?;
    calendar.working_days_in(before, NaiveDate::from_ymd_opt(year, 12, 31)?).ok()
}

/// The versions of a year.
#[derive(Serialize, ToSchema)]
pub struct YearVersionsView {
    /// The versions, oldest first; the first of a year that the program brings is the program's.
    pub items: Vec<CalendarVersionView>,
}

/// `GET /api/v1/calendar/{year}/versions`
pub async fn versions_of(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    year: YearPath,
) -> Reply<Json<YearVersionsView>> {
    let picture = app.store.current().await?;
    let imported = app.store.readers.run(rows::versions).await?;
    let builtin = views::builtin(&picture, year.0);
    let imported = imported.iter().filter(|version| version.notice.year == year.0);
    let imported = imported.map(|version| CalendarVersionView::of(version, &picture));
    let items: Vec<_> = builtin.into_iter().chain(imported).collect();
    if items.is_empty() {
        Err(Reason::NotFound.into())
    } else {
        Ok(Json(YearVersionsView { items }))
    }
}

/// One version of a year: an imported one, or the program's.
async fn source(app: &App, picture: &Picture, year: i32, number: u32) -> Reply<YearSource> {
    let imported = app.store.readers.run(rows::versions).await?;
    let is_it = |version: &CalendarVersion| version.notice.year == year && version.number == number;
    if let Some(version) = imported.into_iter().find(is_it) {
        return Ok(YearSource::Imported(Box::new(version)));
    }
    let builtin =
        picture.calendars.all().next().and_then(|first| first.calendar.years().get(&year));
    match builtin.filter(|said| said.number == number) {
        Some(said) => Ok(YearSource::Builtin(said.clone())),
        None => Err(Reason::NotFound.into()),
    }
}

/// An imported version of a year. The program's own can be neither applied nor discarded.
async fn imported(app: &App, year: i32, number: u32) -> Reply<CalendarVersion> {
    let picture = app.store.current().await?;
    match source(app, &picture, year, number).await? {
        YearSource::Imported(version) => Ok(*version),
        YearSource::Builtin(_) => Err(Reason::CalendarVersionDecided.into()),
    }
}
