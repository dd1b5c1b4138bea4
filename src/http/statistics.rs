//! The supervisor's figures.

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, ReadStatistics};
use super::extract::Params;
use super::flaw::Flaw;
use super::problem::{Fault, FieldError, Problem};
use super::reply::Json;
use super::strict::some_day;
use crate::domain::ids::UnitId;
use crate::domain::measure::{Cohort, Counts, GroupBy, Rate};
use crate::domain::said::{Language, Said};
use crate::domain::unit::Directory;
use crate::service::{App, statistics};

/// Of which period, as of which day, broken down by what.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RateParams {
    /// First day of the period; 1 January of the year of `to` when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub from: Option<NaiveDate>,
    /// Last day; `as_of` when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub to: Option<NaiveDate>,
    /// The day at whose end the figures are taken (Asia/Shanghai); today when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub as_of: Option<NaiveDate>,
    /// By what the figures are broken down; no groups when left out.
    #[param(inline, value_type = Option<GroupBy>)]
    pub group_by: Option<String>,
}

/// A share with both its parts.
#[derive(Serialize, ToSchema)]
pub struct RateView {
    /// How many of the denominator.
    pub numerator: i64,
    /// Of how many.
    pub denominator: i64,
    /// Per cent with one decimal; 100.0 only when both parts are equal, null when the denominator
    /// is 0.
    pub rate: Option<f64>,
    /// The cases of the numerator.
    pub numerator_cases: String,
    /// The cases of the denominator.
    pub denominator_cases: String,
}

/// How many cases stand where. `answered`, `open_in_time`, `open_overdue` and
/// `closed_without_reply` add up to `received + carried_in`.
#[derive(Serialize, ToSchema)]
pub struct CountsView {
    /// Received in the period.
    pub received: i64,
    /// Received before it and open when it began.
    pub carried_in: i64,
    /// Replied to.
    pub answered: i64,
    /// Of these, on or before the due date.
    pub on_time: i64,
    /// Of the answered, after an extension.
    pub extended: i64,
    /// Not replied to, and in time or paused.
    pub open_in_time: i64,
    /// Not replied to, and overdue.
    pub open_overdue: i64,
    /// Closed without a duty to reply.
    pub closed_without_reply: i64,
}

/// The rates of one set of cases.
#[derive(Serialize, ToSchema)]
pub struct RatesView {
    /// The counts behind them.
    pub counts: CountsView,
    /// 答复率: answered / (answered + open and overdue).
    pub reply_rate: RateView,
    /// 按时答复率: on time / (answered + open and overdue).
    pub on_time_rate: RateView,
    /// 办结率: (answered + closed without a duty to reply) / (received + carried in).
    pub closure_rate: RateView,
    /// 延期率: extended / answered.
    pub extension_rate: RateView,
}

/// One group.
#[derive(Serialize, ToSchema)]
pub struct GroupView {
    /// The id of the unit, the code of the channel or kind of applicant, or the month (`2011-03`).
    pub key: String,
    /// In words, where the key is not; the codes in the language of the answer.
    pub label: String,
    /// Its rates.
    #[serde(flatten)]
    pub rates: RatesView,
}

/// The reply rate of a period.
#[derive(Serialize, ToSchema)]
pub struct ReplyRateView {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// The day at whose end the figures were taken.
    pub as_of: NaiveDate,
    /// 答复率 in all: how many of the denominator.
    pub numerator: i64,
    /// Of how many.
    pub denominator: i64,
    /// Per cent with one decimal; null when the denominator is 0.
    pub rate: Option<f64>,
    /// All rates in all.
    #[serde(flatten)]
    pub rates: RatesView,
    /// The same by group; empty when none was asked for.
    pub groups: Vec<GroupView>,
}

/// The address of the cases in some parts of a cohort.
fn cases_of(cohort: &Cohort, parts: &str, group: &str) -> String {
    let Cohort { from, to, as_of } = cohort;
    format!("/api/v1/cases?counted_in={parts}&from={from}&to={to}&as_of={as_of}{group}")
}

fn rate_view(rate: Rate, cohort: &Cohort, parts: (&str, &str), group: &str) -> RateView {
    RateView {
        numerator: rate.numerator,
        denominator: rate.denominator,
        rate: rate.percent,
        numerator_cases: cases_of(cohort, parts.0, group),
        denominator_cases: cases_of(cohort, parts.1, group),
    }
}

impl RatesView {
    fn of(counts: Counts, cohort: &Cohort, group: &str) -> Self {
        const DUE: &str = "answered,open_overdue";
        let view =
            |rate, numerator, denominator| rate_view(rate, cohort, (numerator, denominator), group);
        Self {
            reply_rate: view(counts.reply_rate(), "answered", DUE),
            on_time_rate: view(counts.on_time_rate(), "on_time", DUE),
            closure_rate: view(
                counts.closure_rate(),
                "answered,closed_without_reply",
                "received,carried_in",
            ),
            extension_rate: view(counts.extension_rate(), "extended", "answered"),
            counts: CountsView {
                received: counts.received,
                carried_in: counts.carried_in,
                answered: counts.answered,
                on_time: counts.on_time,
                extended: counts.extended,
                open_in_time: counts.open_in_time,
                open_overdue: counts.open_overdue,
                closed_without_reply: counts.closed_without_reply,
            },
        }
    }
}

/// What a group is called, and how its cases are found.
fn group(
    group_by: GroupBy,
    key: &str,
    directory: &Directory,
    language: Language,
) -> (String, String) {
    use crate::domain::applicant_type::ApplicantType;
    use crate::domain::channel::Channel;
    let label = |zh, en| Said::of(zh, en).into_text(language);
    match group_by {
        GroupBy::Unit => {
            let unit = key.parse::<UnitId>().ok().and_then(|id| directory.unit(id));
            let name = unit.map_or_else(|| key.to_owned(), |unit| unit.name.clone());
            (name, format!("&responsible_unit={key}"))
        }
        GroupBy::Channel => {
            let known = Channel::parse(key).ok();
            let label = known.map(|one| label(one.label_zh(), one.label_en()));
            (label.unwrap_or_default(), format!("&channel={key}"))
        }
        GroupBy::ApplicantType => {
            let known = ApplicantType::parse(key).ok();
            let label = known.map(|one| label(one.label_zh(), one.label_en()));
            (label.unwrap_or_default(), format!("&applicant_type={key}"))
        }
        GroupBy::Month => {
            let first = format!("{key}-01").parse::<NaiveDate>().ok();
            let last = first.and_then(|day| {
                day.checked_add_months(chrono::Months::new(1)).and_then(|next| next.pred_opt())
            });
            let range = first.zip(last).map_or_else(String::new, |(first, last)| {
                format!("&receipt_date%5Bgte%5D={first}&receipt_date%5Blte%5D={last}")
            });
            (key.to_owned(), range)
        }
    }
}

fn wrong(name: &str, detail: Said) -> Problem {
    let fault = FieldError::saying(name, Flaw::InvalidParameter, detail);
    Problem::new(Fault::UnknownParameter).with(vec![fault])
}

/// The cohort of a period, which must not end before it begins.
///
/// # Errors
/// It does, or the rate is taken before it begins.
pub(super) fn cohort(
    app: &App,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    as_of: Option<NaiveDate>,
) -> Result<Cohort, Problem> {
    let cohort = statistics::period(app, from, to, as_of);
    if cohort.from > cohort.to {
        return Err(wrong("from", Said::before(cohort.to, cohort.from)));
    }
    if cohort.as_of < cohort.from {
        return Err(wrong("as_of", Said::before(cohort.as_of, cohort.from)));
    }
    Ok(cohort)
}

/// `GET /api/v1/statistics/reply-rate`
pub async fn reply_rate(
    auth: Auth<ReadStatistics>,
    app: web::Data<App>,
    params: Params<RateParams>,
    language: Language,
) -> Result<Json<ReplyRateView>, Problem> {
    let params = params.0;
    let wanted = params
        .group_by
        .as_deref()
        .map(GroupBy::parse)
        .transpose()
        .map_err(|error| wrong("group_by", Flaw::UnknownValue.allowing(error.allowed)))?;
    let cohort = cohort(&app, params.from, params.to, params.as_of)?;
    let scope = auth.actor.case_scope();
    let group_by = wanted.unwrap_or(GroupBy::Channel);
    let figures = statistics::figures(&app, scope, cohort, group_by).await?;
    let directory = app.store.directory().await?;
    let groups = figures
        .groups
        .iter()
        .filter(|_| wanted.is_some())
        .map(|(key, counts)| {
            let (label, query) = group(group_by, key, &directory, language);
            let rates = RatesView::of(*counts, &cohort, &query);
            GroupView { key: key.clone(), label, rates }
        })
        .collect();
    let rate = figures.total.reply_rate();
    Ok(Json(ReplyRateView {
        from: cohort.from,
        to: cohort.to,
        as_of: cohort.as_of,
        numerator: rate.numerator,
        denominator: rate.denominator,
        rate: rate.percent,
        rates: RatesView::of(figures.total, &cohort, ""),
        groups,
    }))
}

/// The open work of one unit.
#[derive(Serialize, ToSchema)]
pub struct UnitWorkView {
    /// The unit.
    pub unit_id: Uuid,
    /// Its name.
    pub unit_name: String,
    /// Received, not in the register yet.
    pub unregistered: i64,
    /// In the register, not replied to and not closed.
    pub open: i64,
    /// Of these, waiting for the applicant.
    pub paused: i64,
    /// Of these, due within three working days.
    pub due_soon: i64,
    /// Of these, overdue.
    pub overdue: i64,
    /// The open cases.
    pub open_cases: String,
    /// The overdue cases.
    pub overdue_cases: String,
}

/// The open work by unit.
#[derive(Serialize, ToSchema)]
pub struct OverviewView {
    /// The legal day.
    pub date: NaiveDate,
    /// The last day that counts as soon.
    pub due_soon_until_date: NaiveDate,
    /// Units with anything open.
    pub units: Vec<UnitWorkView>,
    /// In all.
    pub total: TotalWorkView,
}

/// The open work in all.
#[derive(Default, Serialize, ToSchema)]
pub struct TotalWorkView {
    /// Received, not in the register yet.
    pub unregistered: i64,
    /// In the register, not replied to and not closed.
    pub open: i64,
    /// Waiting for the applicant.
    pub paused: i64,
    /// Due within three working days.
    pub due_soon: i64,
    /// Overdue.
    pub overdue: i64,
}

/// `GET /api/v1/statistics/overview`
pub async fn overview(
    auth: Auth<ReadStatistics>,
    app: web::Data<App>,
) -> Result<Json<OverviewView>, Problem> {
    let overview = statistics::overview(&app, auth.actor.case_scope()).await?;
    let directory = app.store.directory().await?;
    let mut total = TotalWorkView::default();
    let mut units = Vec::new();
    for (id, work) in overview.units {
        total.unregistered += work.unregistered;
        total.open += work.open;
        total.paused += work.paused;
        total.due_soon += work.due_soon;
        total.overdue += work.overdue;
        let name = directory.unit(UnitId(id)).map(|unit| unit.name.clone());
        units.push(UnitWorkView {
            unit_id: id,
            unit_name: name.unwrap_or_default(),
            unregistered: work.unregistered,
            open: work.open,
            paused: work.paused,
            due_soon: work.due_soon,
            overdue: work.overdue,
            open_cases: format!("/api/v1/cases?responsible_unit={id}&unanswered=true"),
            overdue_cases: format!("/api/v1/cases?responsible_unit={id}&overdue=true"),
        });
    }
    Ok(Json(OverviewView {
        date: overview.today,
        due_soon_until_date: overview.horizon,
        units,
        total,
    }))
}
