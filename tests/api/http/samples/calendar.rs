//! Samples of the calendar, the texts and the list of clocks. What anybody may read is the same for all.

use serde_json::{Value, json};

use super::{Call, Sample, Stranger, sample};
use crate::support::client::Api;
use crate::support::keeping::{applied, draft, notice, recalculated};
use crate::support::world::{Place, Who};

const FOR_ALL: Stranger = Stranger::Nobody("the calendar is the same for everybody");
const NO_ID: Stranger = Stranger::Nobody("there is no variable in its path");

/// A call on a version.
fn on(version: &Value) -> Call {
    let text = |name: &str| json!(version[name].to_string());
    Call::plain().at("year", &text("year")).at("number", &text("number"))
}

/// A case that a change at the end of March moves, and the draft of one.
async fn drafted(api: &Api) -> Value {
    api.assigned(Place::CenterA).await;
    draft(api, &notice(2025, &["2025-03-26"], &["2025-03-29"])).await
}

#[rustfmt::skip]
pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample!("listRuleSets", Some(Who::OfficerA), NO_ID, |_api| Call::plain()),
        sample!("listClocks", Some(Who::OfficerA), NO_ID, |api| {
            api.assigned(Place::CenterA).await;
            Call::plain().query("within", "20").query("limit", "2")
        }),
        sample!("getCalendar", Some(Who::Clerk), NO_ID, |_api| Call::plain()),
        sample!("getCalendarYear", Some(Who::Clerk), FOR_ALL, |_api| Call::plain().at("year", &json!("2026"))),
        sample!("listCalendarVersions", Some(Who::Clerk), FOR_ALL, |api| {
            drafted(api).await;
            Call::plain().at("year", &json!("2025"))
        }),
        sample!("getCalendarVersion", Some(Who::Clerk), FOR_ALL, |api| {
            on(&drafted(api).await)
        }),
        sample!("previewCalendarVersion", Some(Who::Supervisor), FOR_ALL, |api| {
            on(&drafted(api).await)
        }),
        sample!("listCalendarMoves", Some(Who::OfficerA), FOR_ALL, |api| {
            on(&drafted(api).await).query("limit", "2")
        }),
        sample!("getRecalculation", Some(Who::Clerk), FOR_ALL, |api| {
            api.assigned(Place::CenterA).await;
            let draft = draft(api, &notice(2026, &["2026-03-26"], &["2026-03-28"])).await;
            applied(api, &draft).await;
            recalculated(api).await;
            on(&draft)
        }),
    ]
}

#[rustfmt::skip]
pub(super) fn keeping() -> Vec<Sample> {
    vec![
        sample!("importCalendarYear", Some(Who::Admin), NO_ID, |_api| Call::with(json!({
            "year": 2027,
            "name": "国务院办公厅关于2027年部分节假日安排的通知(示例)",
            "notice_number": "国办发明电〔2026〕0号",
            "holidays": [
                { "name": "元旦", "from_date": "2027-01-01", "to_date": "2027-01-03" },
                { "name": "春节", "from_date": "2027-02-05", "to_date": "2027-02-11", "make_up_dates": ["2027-01-31", "2027-02-13"] },
                { "name": "清明节", "from_date": "2027-04-03", "to_date": "2027-04-05" },
                { "name": "劳动节", "from_date": "2027-05-01", "to_date": "2027-05-05", "make_up_dates": ["2027-05-08"] },
                { "name": "端午节", "from_date": "2027-06-09", "to_date": "2027-06-09" },
                { "name": "中秋节", "from_date": "2027-09-15", "to_date": "2027-09-15" },
                { "name": "国庆节", "from_date": "2027-10-01", "to_date": "2027-10-07", "make_up_dates": ["2027-09-26", "2027-10-09"] }
            ]
        }))),
        sample!("discardCalendarVersion", Some(Who::Supervisor), FOR_ALL, |api| {
            let draft = drafted(api).await;
            Call { body: Some(json!({})), ..on(&draft).seen(&draft) }
        }),
        sample!("applyCalendarVersion", Some(Who::Supervisor), FOR_ALL, |api| {
            let draft = draft(api, &notice(2026, &["2026-03-27"], &[])).await;
            let calendar = api.get(Who::Supervisor, "/api/v1/calendar").await.json();
            let body = json!({ "calendar_version": calendar["calendar_version"] });
            Call { body: Some(body), ..on(&draft).seen(&draft) }
        }),
    ]
}
