//! Importing a year, putting it in force, giving it up.

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::path::VersionPath;
use super::views::{CalendarVersionView, YearSource};
use super::{Reply, imported, source};
use crate::domain::calendar::{CalendarVersion, Holiday, Notice};
use crate::domain::said::Said;
use crate::http::auth::{Auth, ManageCalendar, SignedIn};
use crate::http::extract::{Body, Checked, IdempotencyKey, IfMatch};
use crate::http::problem::FieldError;
use crate::http::reply::{Shown, Sight, Tagged};
use crate::http::strict::{day, days, objects, plain};
use crate::service::{App, calendar};
use crate::store::command::Replayed;

/// One holiday of the notice, as in `一、元旦:1月1日至3日放假调休,共3天。1月4日(周日)上班。`
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidayBody {
    /// Its name.
    #[validate(length(min = 1, max = 20), custom(function = plain))]
    #[schema(min_length = 1, max_length = 20, example = "元旦")]
    pub name: String,
    /// The first day off, in the year. Weekends within are off anyway.
    #[serde(deserialize_with = "day")]
    pub from_date: NaiveDate,
    /// The last day off, in the year.
    #[serde(deserialize_with = "day")]
    pub to_date: NaiveDate,
    /// Saturdays and Sundays that are worked for it.
    #[serde(default, deserialize_with = "days")]
    #[validate(length(max = 10))]
    #[schema(max_items = 10)]
    pub make_up_dates: Vec<NaiveDate>,
}

/// A year in the form of the yearly notice of the State Council's General Office. A day of another year
/// that the notice arranges, too, is entered in that year.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCalendarBody {
    /// The year: one of the calendar, to replace it, or the one after its last.
    #[validate(range(min = 1949, max = 2200))]
    #[schema(minimum = 1949, maximum = 2200)]
    pub year: i32,
    /// The title of the notice.
    #[validate(length(min = 1, max = 200), custom(function = plain))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its number, e.g. 国办发明电〔2025〕7号.
    #[validate(length(min = 1, max = 50), custom(function = plain))]
    #[schema(min_length = 1, max_length = 50)]
    pub notice_number: Option<String>,
    /// Where it is published.
    #[validate(length(min = 1, max = 300), custom(function = plain))]
    #[schema(min_length = 1, max_length = 300)]
    pub link: Option<String>,
    /// All holidays of the year.
    #[serde(deserialize_with = "objects")]
    #[validate(nested, length(min = 1, max = 30))]
    #[schema(min_items = 1, max_items = 30)]
    pub holidays: Vec<HolidayBody>,
}

/// Putting a version in force.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyCalendarBody {
    /// The name of the calendar in force, as `effects` told it: what was looked at is what will be.
    #[validate(length(min = 1, max = 40), custom(function = plain))]
    #[schema(min_length = 1, max_length = 40, example = "2008-2026/1")]
    pub calendar_version: String,
}

/// Nothing more to say.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardCalendarBody {}

impl ImportCalendarBody {
    fn notice(&self) -> Notice {
        let holiday = |body: &HolidayBody| Holiday {
            name: body.name.clone(),
            from: body.from_date,
            to: body.to_date,
            make_up_days: body.make_up_dates.clone(),
        };
        Notice {
            year: self.year,
            name: self.name.clone(),
            number: self.notice_number.clone(),
            link: self.link.clone(),
            holidays: self.holidays.iter().map(holiday).collect(),
        }
    }
}

impl Checked for ImportCalendarBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        // More than can be right are not compared with each other.
        if self.holidays.len() > 30 {
            return Vec::new();
        }
        let told = self.notice().faults().into_iter().map(|placed| FieldError {
            pointer: format!("#{}", placed.pointer),
            code: placed.fault.as_str().to_owned(),
            detail: Said::of(placed.fault.label_zh(), placed.fault.label_en())
                .with(&Said::neutral(placed.day.to_string())),
        });
        told.collect()
    }
}

impl Checked for ApplyCalendarBody {}
impl Checked for DiscardCalendarBody {}

fn tagged<const STATUS: u16>(
    app: &App,
    (version, replayed): (CalendarVersion, Replayed),
) -> Tagged<CalendarVersionView, STATUS> {
    let value = CalendarVersionView::of(&version, &app.store.picture());
    let location = (STATUS == 201).then(|| value.links.own.clone());
    Tagged { version: value.version, location, replayed, value }
}

/// `POST /api/v1/calendar`
pub async fn import(
    auth: Auth<ManageCalendar>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Body<ImportCalendarBody>,
) -> Reply<Tagged<CalendarVersionView, 201>> {
    let origin = auth.origin(body.keyed(&key, "import_calendar"));
    let made = calendar::import(&app, origin, body.value.notice()).await?;
    Ok(tagged(&app, made))
}

/// `GET /api/v1/calendar/{year}/versions/{number}`
pub async fn show(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    path: VersionPath,
) -> Reply<Shown<CalendarVersionView>> {
    let picture = app.store.current().await?;
    let value = match source(&app, &picture, path.year, path.number).await? {
        YearSource::Imported(version) => CalendarVersionView::of(&version, &picture),
        YearSource::Builtin(said) => {
            let calendar = picture.calendars.all().next().map(|first| &first.calendar);
            let calendar = calendar.map_or("", |calendar| calendar.version());
            CalendarVersionView::of_program(path.year, &said, calendar)
        }
    };
    Ok(Shown { version: value.version, sight: Sight::Whole, value })
}

/// `POST /api/v1/calendar/{year}/versions/{number}/apply`
pub async fn apply(
    auth: Auth<ManageCalendar>,
    app: web::Data<App>,
    path: VersionPath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<ApplyCalendarBody>,
) -> Reply<Tagged<CalendarVersionView, 200>> {
    let operation = format!("apply_calendar {} {}", path.year, path.number);
    let origin = auth.origin(body.keyed(&key, &operation));
    let expected = if_match.version()?;
    let id = imported(&app, path.year, path.number).await?.id;
    let seen = body.value.calendar_version;
    let applied = calendar::apply(&app, origin, (id, expected), seen).await?;
    let told = tagged(&app, applied);
    // The cases follow in the background; how far they have come is told by `recalculation`.
    calendar::begin(app.into_inner());
    Ok(told)
}

/// `POST /api/v1/calendar/{year}/versions/{number}/discard`
pub async fn discard(
    auth: Auth<ManageCalendar>,
    app: web::Data<App>,
    path: VersionPath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<DiscardCalendarBody>,
) -> Reply<Tagged<CalendarVersionView, 200>> {
    let operation = format!("discard_calendar {} {}", path.year, path.number);
    let origin = auth.origin(body.keyed(&key, &operation));
    let expected = if_match.version()?;
    let id = imported(&app, path.year, path.number).await?.id;
    Ok(tagged(&app, calendar::discard(&app, origin, (id, expected)).await?))
}
