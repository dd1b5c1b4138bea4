//! Samples of sessions, passwords, units and users. They come last, for some end sessions.

use serde_json::{Value, json};

use super::{Call, Sample, Stranger, sample};
use crate::support::client::Api;
use crate::support::world::{PASSWORD, Place, Who};

const NO_ID: Stranger = Stranger::Nobody("there is no variable in its path");
const SEES_ALL: Stranger = Stranger::Nobody("the roles with this right see the whole directory");

/// A session of a user, beside that of his other samples.
async fn log_in(api: &Api, who: Who) -> Value {
    let body = json!({ "username": who.username(), "password": PASSWORD });
    let request = actix_web::test::TestRequest::post().uri("/api/v1/sessions");
    api.send(request.set_json(body)).await.json()
}

/// A unit that is as good as new; its code counts the units, so that it is free.
async fn fresh_unit(api: &Api) -> Value {
    let code = format!("window_{}", api.world.db.number("SELECT count(*) FROM units"));
    let parent = api.world.unit(Place::CenterB).0;
    let body = json!({ "code": code, "name": "车辆窗口", "kind": "window", "parent_id": parent });
    api.post(Who::Admin, "/api/v1/units", &body).await.json()
}

async fn window_user(api: &Api) -> Value {
    let path = format!("/api/v1/users/{}", api.world.user(Who::WindowA));
    api.get(Who::Admin, &path).await.json()
}

async fn link(api: &Api) -> Value {
    let path = format!("/api/v1/users/{}/password-links", api.world.user(Who::WindowA));
    api.post(Who::Admin, &path, &json!({})).await.json()["link"].clone()
}

/// A call on a unit or a user.
fn on(resource: &Value) -> Call {
    Call::plain().at("id", &resource["id"])
}

fn act(resource: &Value, body: Value) -> Call {
    Call { body: Some(body), ..on(resource).seen(resource) }
}

pub(super) fn samples() -> Vec<Sample> {
    units().into_iter().chain(paragraphs()).chain(users()).chain(sessions()).collect()
}

#[rustfmt::skip]
fn units() -> Vec<Sample> {
    vec![
        sample!("createUnit", Some(Who::Admin), NO_ID, |api| {
            let parent = api.world.unit(Place::CenterB).0;
            Call::with(json!({ "code": "window_nanguan", "name": "南关分局户政窗口", "kind": "window", "parent_id": parent }))
        }),
        sample!("getUnit", Some(Who::Clerk), SEES_ALL, |api| Call::plain().at("id", &json!(api.world.unit(Place::CenterA).0))),
        sample!("changeUnit", Some(Who::Admin), SEES_ALL, |api| act(&fresh_unit(api).await, json!({ "name": "车辆大厅", "may_issue": true }))),
        sample!("closeUnit", Some(Who::Admin), SEES_ALL, |api| act(&fresh_unit(api).await, json!({ "reason": "撤并" }))),
    ]
}

/// A paragraph of the bureau.
async fn paragraph(api: &Api) -> Value {
    let body = json!({ "subject": "户籍", "title": "户籍档案查询提示", "body": "户籍底册可持有效身份证件到档案室查阅。" });
    api.post(Who::Clerk, "/api/v1/paragraphs", &body).await.json()
}

#[rustfmt::skip]
fn paragraphs() -> Vec<Sample> {
    vec![
        sample!("createParagraph", Some(Who::Clerk), NO_ID, |_api| {
            Call::with(json!({ "subject": "户籍", "title": "户籍档案查询提示", "body": "户籍底册可持有效身份证件到档案室查阅。" }))
        }),
        sample!("listParagraphs", Some(Who::OfficerA), NO_ID, |api| {
            paragraph(api).await;
            Call::plain().query("for_unit_id", &api.world.unit(Place::CenterA).0.to_string()).query("state", "open").query("limit", "2")
        }),
        sample!("getParagraph", Some(Who::OfficerA), SEES_ALL, |api| on(&paragraph(api).await)),
        sample!("changeParagraph", Some(Who::Legal), SEES_ALL, |api| {
            act(&paragraph(api).await, json!({ "body": "户籍底册可以持有效身份证件到档案室查阅。" }))
        }),
        sample!("closeParagraph", Some(Who::Clerk), SEES_ALL, |api| act(&paragraph(api).await, json!({ "reason": "档案室已迁址" }))),
    ]
}

#[rustfmt::skip]
fn users() -> Vec<Sample> {
    vec![
        sample!("createUser", Some(Who::Admin), NO_ID, |api| {
            let unit = api.world.unit(Place::CenterA).0;
            Call::with(json!({ "username": "wangli", "display_name": "王丽", "role": "service_center", "unit_id": unit, "capabilities": ["secrecy_reviewer"] }))
        }),
        sample!("getUser", Some(Who::Clerk), SEES_ALL, |api| Call::plain().at("id", &json!(api.world.user(Who::OfficerA).0))),
        sample!("changeUser", Some(Who::Admin), SEES_ALL, |api| {
            let user = window_user(api).await;
            let name = format!("王丽{}", user["version"]);
            act(&user, json!({ "display_name": name }))
        }),
        sample!("issuePasswordLink", Some(Who::Admin), SEES_ALL, |api| {
            Call { body: Some(json!({})), ..on(&window_user(api).await) }
        }),
        sample!("listUserSessions", Some(Who::Admin), SEES_ALL, |api| {
            log_in(api, Who::WindowA).await;
            on(&window_user(api).await)
        }),
        sample!("endUserSessions", Some(Who::Admin), SEES_ALL, |api| on(&window_user(api).await)),
    ]
}

#[rustfmt::skip]
fn sessions() -> Vec<Sample> {
    vec![
        sample!("listSessions", Some(Who::Legal), NO_ID, |_api| Call::plain()),
        sample!("refreshSession", None, NO_ID, |api| {
            let session = log_in(api, Who::Legal).await;
            Call::with(json!({ "refresh_token": session["refresh_token"] }))
        }),
        sample!("endSession", Some(Who::Legal), Stranger::Is(Who::Clerk), |api| {
            let session = log_in(api, Who::Legal).await;
            Call::plain().at("id", &session["session_id"])
        }),
        sample!("changePassword", Some(Who::Auditor), NO_ID, |_api| {
            Call::with(json!({ "current_password": PASSWORD, "password": "a sentence that only I know" }))
        }),
        sample!("choosePassword", None, NO_ID, |api| {
            Call::with(json!({ "link": link(api).await, "password": "a sentence that only I know" }))
        }),
        sample!("logOut", Some(Who::Legal), NO_ID, |_api| Call::plain()),
    ]
}
