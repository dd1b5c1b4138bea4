//! What another unit sees of a case on which it is asked something, and what it can do.

use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who};

const QUESTION: &str = "请检索2024年度收费文件";

/// A case that center A holds, on which it has asked center B.
async fn asked(api: &Api) -> Value {
    let case = api.assigned(Place::CenterA).await;
    let unit = api.world.unit(Place::CenterB).0;
    let body = json!({ "unit_id": unit, "kind": "search", "question": QUESTION, "due_date": "2025-03-14" });
    api.done(Who::OfficerA, &case, "ask-subtask", &body).await
}

fn path(case: &Value) -> String {
    format!("/api/v1/cases/{}/subtasks", case["id"].as_str().unwrap())
}

fn reply(api: &Api) -> Value {
    let search = json!({ "searcher": "乙", "system": "车辆档案", "keywords": "收费", "search_date": api.world.today(), "result": "一份" });
    json!({ "subtask": 1, "reply": "查得一份", "search_log": [search] })
}

on_both! {
    async fn the_asked_unit_sees_the_question_and_not_the_applicant(api: Api) {
        let case = asked(&api).await;
        let seen = api.get(Who::OfficerB, &path(&case)).await;
        assert_eq!(seen.status, 200, "{}", seen.text);
        let view = seen.json();
        assert_eq!((&view["items"][0]["question"], &view["subject"]), (&json!(QUESTION), &case["subject"]));
        assert!(!seen.text.contains("王小明") && !seen.text.contains("applicant"), "{}", seen.text);
        // Nothing else of the case is there for it.
        let own = case["links"]["self"].as_str().unwrap();
        for more in ["", "/events", "/actions", "/deadline"] {
            assert_eq!(api.get(Who::OfficerB, &format!("{own}{more}")).await.status, 404, "{more}");
        }
        let list = api.get(Who::OfficerB, "/api/v1/cases").await.json();
        assert_eq!(list["items"], json!([]));
        let accept = api.act(Who::OfficerB, &case, "accept", &json!({})).await;
        assert_eq!(accept.status, 404);
        // A third unit knows nothing of it; the holder, its supervisors and the legal office see it.
        assert_eq!(api.get(Who::WindowA, &path(&case)).await.status, 404);
        for who in [Who::OfficerA, Who::Clerk, Who::Legal, Who::Supervisor] {
            assert_eq!(api.get(who, &path(&case)).await.json()["items"][0]["number"], 1);
        }
        assert_eq!(api.get(Who::Auditor, &path(&case)).await.status, 403);
    }
}

on_both! {
    async fn the_answer_waits_for_the_reply_or_waives_it(api: Api) {
        let case = asked(&api).await;
        let case = api.done(Who::OfficerA, &case, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let case = api.reviewed(&case).await;
        let refused = api.act(Who::Clerk, &case, "answer", &json!({})).await;
        assert_eq!(refused.verdict(), (409, "subtask_open".to_owned()));
        assert!(refused.text.contains("车辆分中心,检索,限 2025-03-14"), "{}", refused.text);
        let bare = api.act(Who::OfficerB, &case, "reply-subtask", &json!({ "subtask": 1, "reply": "有" })).await;
        assert_eq!(bare.json()["errors"][0]["pointer"], "#/search_log");
        let before = api.traces();
        let foreign = api.act(Who::WindowA, &case, "reply-subtask", &reply(&api)).await;
        assert_eq!(foreign.status, 404, "the window was not asked, and the case is not its own: {}", foreign.text);
        let holder = api.act(Who::OfficerA, &case, "reply-subtask", &reply(&api)).await;
        assert_eq!(holder.verdict(), (403, "not_asked_unit".to_owned()));
        assert_eq!(api.traces(), before);
        let done = api.done(Who::OfficerB, &case, "reply-subtask", &reply(&api)).await;
        assert_eq!((&done["items"][0]["state"], &done["items"][0]["search_log"][0]["result"]), (&json!("replied"), &json!("一份")));
        assert_eq!(done.get("applicant"), None);
        let events = api.get(Who::Clerk, &format!("{}/events", case["links"]["self"].as_str().unwrap())).await;
        assert!(!events.text.contains("查得一份") && !events.text.contains(QUESTION), "sealed: {}", events.text);
        let now = json!({ "id": case["id"], "version": done["version"] });
        api.done(Who::Clerk, &now, "answer", &json!({})).await;

        let case = asked(&api).await;
        let back = api.done(Who::OfficerB, &case, "return-subtask", &json!({ "subtask": 1, "reason": "不属本单位" })).await;
        assert_eq!(back["items"][0]["reason"], "不属本单位");
        let now = json!({ "id": case["id"], "version": back["version"] });
        let waived = api.done(Who::OfficerA, &now, "waive-subtask", &json!({ "subtask": 1, "reason": "已自行查得" })).await;
        assert_eq!(waived["subtasks"][0]["state"], "waived");
    }
}

on_both! {
    async fn a_reply_that_is_repeated_is_answered_alike_also_to_an_outsider(api: Api) {
        let case = asked(&api).await;
        let send = async || {
            let path = format!("/api/v1/cases/{}/reply-subtask", case["id"].as_str().unwrap());
            let request = api.request(Who::OfficerB, actix_web::http::Method::POST, &path).await;
            let tag = format!("\"{}\"", case["version"]);
            let request = request.insert_header(("if-match", tag)).insert_header(("idempotency-key", "r-1"));
            api.send(request.set_json(reply(&api))).await
        };
        let first = send().await;
        assert_eq!(first.status, 200, "{}", first.text);
        let again = send().await;
        assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    }
}

on_both! {
    async fn each_unit_has_a_list_of_what_it_was_asked(api: Api) {
        let mut cases = Vec::new();
        for _ in 0..3 {
            cases.push(asked(&api).await);
        }
        let first = api.get(Who::OfficerB, "/api/v1/subtasks?limit=2").await.json();
        assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(first["items"][0]["reminder"], "none");
        let next = api.get(Who::OfficerB, first["links"]["next"].as_str().unwrap()).await.json();
        assert_eq!(next["items"].as_array().map(Vec::len), Some(1));
        let back = api.get(Who::OfficerB, next["links"]["prev"].as_str().unwrap()).await.json();
        assert_eq!(back["items"], first["items"]);
        assert_eq!(api.get(Who::OfficerA, "/api/v1/subtasks").await.json()["items"], json!([]), "asked of A: nothing");
        let center_b = api.world.unit(Place::CenterB).0;
        let all = api.get(Who::Supervisor, &format!("/api/v1/subtasks?unit={center_b}")).await.json();
        assert_eq!(all["items"].as_array().map(Vec::len), Some(3));
        api.done(Who::OfficerB, &cases[0], "reply-subtask", &reply(&api)).await;
        assert_eq!(api.get(Who::OfficerB, "/api/v1/subtasks").await.json()["items"].as_array().map(Vec::len), Some(2));
        let replied = api.get(Who::OfficerB, "/api/v1/subtasks?state=replied").await.json();
        assert_eq!(replied["items"][0]["case_id"], cases[0]["id"]);
        api.world.clock.set(crate::support::inputs::instant("2025-03-17T02:00:00Z"));
        let late = api.get(Who::OfficerB, "/api/v1/subtasks").await.json();
        assert_eq!(late["items"][0]["reminder"], "overdue");
    }
}

on_both! {
    async fn an_open_subtask_goes_to_the_unit_that_takes_over(api: Api) {
        let case = asked(&api).await;
        let (center_a, center_b) = (api.world.unit(Place::CenterA).0, api.world.unit(Place::CenterB).0);
        let unit = api.get(Who::Admin, &format!("/api/v1/units/{center_b}")).await.json();
        let close = json!({ "reason": "撤并", "successor_unit_id": center_a });
        let request = api.request(Who::Admin, actix_web::http::Method::POST, &format!("/api/v1/units/{center_b}/close")).await;
        let closed = api.send(request.insert_header(("if-match", format!("\"{}\"", unit["version"]))).set_json(close)).await;
        assert_eq!(closed.status, 200, "{}", closed.text);
        let seen = api.get(Who::OfficerA, &path(&case)).await.json();
        assert_eq!(seen["items"][0]["unit_id"], json!(center_a));
        let list = api.get(Who::OfficerA, "/api/v1/subtasks").await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    }
}
