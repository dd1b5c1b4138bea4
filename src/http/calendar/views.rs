//! A version of a calendar year on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::calendar::{CalendarState, CalendarVersion, CalendarYear, Holiday};
use crate::store::Picture;

/// Where a version of a year comes from.
pub enum YearSource {
    /// It was imported.
    Imported(Box<CalendarVersion>),
    /// The program brings it.
    Builtin(CalendarYear),
}

impl YearSource {
    /// The exceptions of the year.
    #[must_use]
    pub fn said(&self) -> CalendarYear {
        match self {
            Self::Imported(version) => version.notice.to_year(version.number),
            Self::Builtin(said) => said.clone(),
        }
    }
}

/// One holiday.
#[derive(Serialize, ToSchema)]
pub struct HolidayView {
    /// Its name.
    pub name: String,
    /// The first day off.
    pub from_date: NaiveDate,
    /// The last day off.
    pub to_date: NaiveDate,
    /// Saturdays and Sundays worked for it.
    pub make_up_dates: Vec<NaiveDate>,
}

/// Where something is, and what can be asked of it.
#[derive(Serialize, ToSchema)]
pub struct CalendarVersionLinks {
    /// Its own address.
    #[serde(rename = "self")]
    pub own: String,
}

/// A version of a calendar year.
#[derive(Serialize, ToSchema)]
pub struct CalendarVersionView {
    /// The year.
    pub year: i32,
    /// Which version of it.
    pub number: u32,
    /// Where it stands.
    pub state: CalendarState,
    /// The name of the calendar that it made; null before it is in force.
    pub calendar_version: Option<String>,
    /// The title of the notice; null for the data within the program.
    pub name: Option<String>,
    /// The number of the notice.
    pub notice_number: Option<String>,
    /// Where the notice is published.
    pub link: Option<String>,
    /// The holidays as the notice has them; none for the data within the program.
    pub holidays: Vec<HolidayView>,
    /// Mondays to Fridays off.
    pub off_dates: Vec<NaiveDate>,
    /// Saturdays and Sundays worked.
    pub make_up_dates: Vec<NaiveDate>,
    /// Who imported it; null for the data within the program.
    pub imported_by: Option<Uuid>,
    /// When.
    pub imported_at: Option<DateTime<Utc>>,
    /// Who put it in force, or discarded it.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Its version; send it as If-Match.
    pub version: i64,
    /// Its addresses.
    pub links: CalendarVersionLinks,
}

impl From<&Holiday> for HolidayView {
    fn from(holiday: &Holiday) -> Self {
        Self {
            name: holiday.name.clone(),
            from_date: holiday.from,
            to_date: holiday.to,
            make_up_dates: holiday.make_up_days.clone(),
        }
    }
}

fn links(year: i32, number: u32) -> CalendarVersionLinks {
    CalendarVersionLinks { own: format!("/api/v1/calendar/{year}/versions/{number}") }
}

impl CalendarVersionView {
    /// An imported version.
    #[must_use]
    pub fn of(version: &CalendarVersion, picture: &Picture) -> Self {
        let (notice, number) = (&version.notice, version.number);
        let said = notice.to_year(number);
        let edition = version
            .edition
            .and_then(|edition| picture.calendars.all().find(|known| known.number == edition));
        Self {
            year: notice.year,
            number,
            state: version.state,
            calendar_version: edition.map(|edition| edition.calendar.version().to_owned()),
            name: Some(notice.name.clone()),
            notice_number: notice.number.clone(),
            link: notice.link.clone(),
            holidays: notice.holidays.iter().map(HolidayView::from).collect(),
            off_dates: said.off_weekdays,
            make_up_dates: said.worked_weekends,
            imported_by: Some(version.imported_by.0),
            imported_at: Some(version.imported_at),
            decided_by: version.decided_by.map(|user| user.0),
            decided_at: version.decided_at,
            version: version.version.0,
            links: links(notice.year, number),
        }
    }

    /// The version that the program brings.
    #[must_use]
    pub fn of_program(year: i32, said: &CalendarYear, calendar: &str) -> Self {
        Self {
            year,
            number: said.number,
            state: CalendarState::Applied,
            calendar_version: Some(calendar.to_owned()),
            name: None,
            notice_number: None,
            link: said.notices.first().cloned(),
            holidays: Vec::new(),
            off_dates: said.off_weekdays.clone(),
            make_up_dates: said.worked_weekends.clone(),
            imported_by: None,
            imported_at: None,
            decided_by: None,
            decided_at: None,
            version: 1,
            links: links(year, said.number),
        }
    }
}

/// The version of a year that the program brings, if it does.
pub(super) fn builtin(picture: &Picture, year: i32) -> Option<CalendarVersionView> {
    let first = picture.calendars.all().next()?;
    let said = first.calendar.years().get(&year)?;
    Some(CalendarVersionView::of_program(year, said, first.calendar.version()))
}
