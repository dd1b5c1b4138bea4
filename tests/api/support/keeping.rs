//! Keeping the calendar in tests: notices made of the built-in year, drafts, and versions in force.

use actix_web::http::Method;
use chrono::NaiveDate;
use gongkai::domain::calendar::Calendar;
use gongkai::service::calendar;
use serde_json::{Value, json};

use super::client::{Answer, Api};
use super::world::Who;

/// The built-in year as a notice, with more days off and more weekends worked.
pub fn notice(year: i32, off: &[&str], worked: &[&str]) -> Value {
    let known = &Calendar::builtin().years()[&year];
    let mut days: Vec<NaiveDate> = known.off_weekdays.clone();
    days.extend(off.iter().map(|day| day.parse::<NaiveDate>().expect("a day")));
    days.sort_unstable();
    let mut make_up: Vec<String> = known.worked_weekends.iter().map(ToString::to_string).collect();
    make_up.extend(worked.iter().map(|day| (*day).to_owned()));
    let mut chunks = make_up.chunks(10);
    let holidays = days.iter().map(|day| {
        let make_up_dates = chunks.next().unwrap_or_default();
        json!({ "name": "放假", "from_date": day, "to_date": day, "make_up_dates": make_up_dates })
    });
    json!({
        "year": year,
        "name": format!("关于调整{year}年部分节假日安排的通知(示例)"),
        "holidays": holidays.collect::<Vec<_>>(),
    })
}

/// A draft that the administrator has imported.
pub async fn draft(api: &Api, notice: &Value) -> Value {
    let answer = api.post(Who::Admin, "/api/v1/calendar", notice).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// Posts to a version of a calendar year as it was seen.
pub async fn decide(api: &Api, who: Who, seen: &Value, verb: &str, body: &Value) -> Answer {
    let path = format!("{}/{verb}", seen["links"]["self"].as_str().expect("an address"));
    let request = api.request(who, Method::POST, &path).await;
    let tag = format!("\"{}\"", seen["version"]);
    api.send(request.insert_header(("if-match", tag)).set_json(body)).await
}

/// The draft, put in force by the supervisor.
pub async fn applied(api: &Api, draft: &Value) -> Value {
    let calendar = api.get(Who::Supervisor, "/api/v1/calendar").await.json();
    let body = json!({ "calendar_version": calendar["calendar_version"] });
    let answer = decide(api, Who::Supervisor, draft, "apply", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// A calendar with a draft of 2025 and a version of 2026 in force, each the second of its year.
pub async fn kept(api: &Api) {
    let changed = draft(api, &notice(2026, &["2026-03-26"], &[])).await;
    applied(api, &changed).await;
    recalculated(api).await;
    draft(api, &notice(2025, &["2025-03-26"], &[])).await;
}

/// Waits until no case is left to be recalculated.
pub async fn recalculated(api: &Api) {
    calendar::carry_on(&api.world.app).await.expect("recalculated");
}
