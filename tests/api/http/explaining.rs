//! The due date at any past moment, and if something were done that has not been done.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::client::{Api, application};
use crate::support::inputs::instant;
use crate::support::keeping::{applied, draft, notice, recalculated};
use crate::support::on_both;
use crate::support::world::{Place, Who};

fn path(case: &Value) -> String {
    format!("{}/deadline", case["links"]["self"].as_str().unwrap())
}

async fn explained(api: &Api, case: &Value, query: &str) -> Value {
    let answer = api.get(Who::OfficerA, &format!("{}{query}", path(case))).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()
}

fn due(explained: &Value) -> &str {
    explained["summary"]["due_date"].as_str().unwrap_or("none")
}

on_both! {
    async fn a_past_moment_knows_what_was_recorded_by_then(api: Api) {
        // Monday 10 March 2025, ten o'clock; due on 8 April.
        let case = api.assigned(Place::CenterA).await;
        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        let ask = json!({ "days": 5, "reason": "检索量大" });
        let case = api.done(Who::OfficerA, &case, "request-extension", &ask).await;
        api.world.clock.set(instant("2025-03-13T02:00:00Z"));
        let told = json!({ "verdict": "granted", "service": { "manner": "handed_over", "signed_at": "2025-03-13" } });
        let case = api.done(Who::Supervisor, &case, "decide-extension", &told).await;
        api.world.clock.set(instant("2025-03-20T02:00:00Z"));

        let now = explained(&api, &case, "").await;
        assert_eq!((due(&now), now["summary"]["as_of_date"].as_str()), ("2025-04-15", Some("2025-03-20")));
        // A day is its end, an instant is itself.
        let day_before = explained(&api, &case, "?as_of=2025-03-12").await;
        assert_eq!((due(&day_before), &day_before["summary"]["elapsed"]), ("2025-04-08", &json!(2)));
        assert_eq!(due(&explained(&api, &case, "?as_of=2025-03-13").await), "2025-04-15");
        assert_eq!(due(&explained(&api, &case, "?as_of=2025-03-13T09:59:59%2B08:00").await), "2025-04-08");
        assert_eq!(due(&explained(&api, &case, "?as_of=2025-03-13T02:00:00Z").await), "2025-04-15");
        assert_eq!(explained(&api, &case, "?as_of=2025-03-20").await, now);

        // Before it was registered, or recorded, no period ran.
        for moment in ["2025-03-10T01:59:59Z", "2025-03-09", "2011-01-01"] {
            let answer = api.get(Who::OfficerA, &format!("{}?as_of={moment}", path(&case))).await;
            assert_eq!(answer.verdict(), (409, "not_registered".to_owned()), "{moment}");
        }
        for wrong in ["2025-03-21", "2025-03-20T02:00:01Z", "2025-3-1", "yesterday", "", "2025-02-30", "9999-12-31"] {
            let answer = api.get(Who::OfficerA, &format!("{}?as_of={wrong}", path(&case))).await;
            assert_eq!(answer.verdict(), (400, "unknown_parameter".to_owned()), "{wrong}");
            assert_eq!(answer.json()["errors"][0]["pointer"], "as_of", "{wrong}");
        }
        assert_eq!(api.get(Who::OfficerB, &format!("{}?as_of=2025-03-12", path(&case))).await.status, 404);
    }
}

on_both! {
    async fn a_past_moment_is_explained_by_the_calendar_of_then(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = explained(&api, &case, "").await;
        assert_eq!((due(&before), before["calendar_version"].as_str()), ("2025-04-08", Some("2008-2026/1")));
        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        // A day off on a Wednesday, and its Saturday worked, and a Friday off without.
        let changed = draft(&api, &notice(2025, &["2025-03-26", "2025-03-28"], &["2025-03-29"])).await;
        applied(&api, &changed).await;
        recalculated(&api).await;

        let now = explained(&api, &case, "").await;
        assert_eq!((due(&now), now["calendar_version"].as_str()), ("2025-04-09", Some("2008-2026/2")));
        let day = |date: &str| now["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap().clone();
        assert_eq!((&day("2025-03-26")["kind"], &day("2025-03-26")["calendar"]), (&json!("rest_day"), &json!("holiday")));
        assert_eq!((&day("2025-03-29")["kind"], &day("2025-03-29")["calendar"]), (&json!("counted"), &json!("make_up_workday")));
        assert!(day("2025-03-29")["text"].as_str().unwrap().contains("调休上班"));
        assert_eq!(day("2025-03-29")["year_version"], 2);

        let then = explained(&api, &case, "?as_of=2025-03-11").await;
        assert_eq!((due(&then), then["calendar_version"].as_str()), ("2025-04-08", Some("2008-2026/1")));
        assert_eq!(then["days"][11]["year_version"], 1);
        assert_eq!(due(&explained(&api, &case, "?as_of=2025-03-12T01:59:59Z").await), "2025-04-08");
        assert_eq!(due(&explained(&api, &case, "?as_of=2025-03-12T02:00:00Z").await), "2025-04-09");
    }
}

on_both! {
    async fn an_answered_case_keeps_the_calendar_that_produced_its_date(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let draft_body = json!({ "decision": "disclose", "provided": "一份" });
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft_body).await;
        let case = api.reviewed(&case).await;
        let served = json!({ "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let case = api.done(Who::Clerk, &case, "answer", &served).await;
        let before = explained(&api, &case, "").await;
        let changed = draft(&api, &notice(2025, &["2025-03-26"], &[])).await;
        applied(&api, &changed).await;
        recalculated(&api).await;
        assert_eq!(explained(&api, &case, "").await, before);
        assert_eq!(api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json()["version"], case["version"]);
    }
}

async fn what_if(api: &Api, case: &Value, supposed: Value) -> Value {
    let answer = api.post(Who::OfficerA, &format!("{}/what-if", path(case)), &supposed).await;
    assert_eq!(answer.status, 200, "{supposed}: {}", answer.text);
    answer.json()
}

on_both! {
    async fn what_is_supposed_is_answered_and_not_written(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let longer = what_if(&api, &case, json!({ "extensions": [{ "days": 10 }] })).await;
        assert_eq!(longer["difference"], json!({ "from_date": "2025-04-08", "to_date": "2025-04-22", "working_days": 10, "calendar_days": 14 }));
        assert_eq!((&longer["now"]["summary"]["goal"], &longer["then"]["summary"]["goal"]), (&json!(20), &json!(30)));
        assert_eq!(longer["then"]["days"].as_array().unwrap().iter().filter(|day| day["reason"] == "extension").count(), 10);

        let asked = what_if(&api, &case, json!({ "consultations": [{ "who": "third_party", "opinion_date": "2025-03-17" }] })).await;
        assert_eq!((&asked["difference"]["to_date"], &asked["difference"]["working_days"]), (&json!("2025-04-15"), &json!(5)));
        assert_eq!(asked["then"]["opinion_due_dates"], json!(["2025-03-31"]));
        let silent = what_if(&api, &case, json!({ "consultations": [{ "who": "agency" }] })).await;
        assert_eq!(silent["difference"]["working_days"], 15);

        let supplement = what_if(&api, &case, json!({ "supplement": {} })).await;
        assert_eq!(supplement["difference"], json!({ "from_date": "2025-04-08", "to_date": null, "working_days": null, "calendar_days": null }));
        assert_eq!((&supplement["then"]["waits_until_date"], &supplement["then"]["summary"]["paused"]), (&json!("2025-03-24"), &json!(true)));
        let brought = what_if(&api, &case, json!({ "supplement": { "supplemented_date": "2025-03-14" } })).await;
        assert_eq!(brought["difference"]["to_date"], "2025-04-14");
        let late = what_if(&api, &case, json!({ "supplement": { "notice_date": "2025-03-20", "supplemented_date": "2025-03-21" } })).await;
        assert_eq!(late["then"]["flags"], json!(["supplement_notice_late"]));

        let fee = what_if(&api, &case, json!({ "fee_notice": { "paid_date": "2025-03-20" } })).await;
        assert_eq!((&fee["then"]["fee_due_date"], &fee["difference"]["to_date"]), (&json!("2025-04-09"), &json!("2025-04-18")));
        let served = |day: &str| json!({ "service": { "letter": "answer", "service_date": day } });
        let in_time = what_if(&api, &case, served("2025-04-08")).await;
        assert_eq!(in_time["then"]["answer"], json!({ "answer_date": "2025-04-08", "on_time": true }));
        let too_late = what_if(&api, &case, served("2025-04-09")).await;
        assert_eq!((&too_late["then"]["answer"]["on_time"], &too_late["then"]["summary"]["breached"]), (&json!(false), &json!(true)));

        // Several at once: the pause and the extension add up.
        let both = what_if(&api, &case, json!({
            "consultations": [{ "who": "third_party", "opinion_date": "2025-03-17" }], "extensions": [{ "days": 10, "decided_date": "2025-04-10" }],
        })).await;
        assert_eq!(both["difference"]["working_days"], 15);
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn what_the_law_forbids_is_refused_with_its_article(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let refused = async |case: &Value, supposed: Value| {
            let answer = api.post(Who::OfficerA, &format!("{}/what-if", path(case)), &supposed).await;
            let told = answer.json();
            let places: Vec<Value> = told["errors"].as_array().into_iter().flatten()
                .map(|error| json!([error["pointer"], error["code"]])).collect();
            (answer.status.as_u16(), told["article"].clone(), json!(places))
        };
        let extension = json!("2019年条例第三十三条;2007年条例第二十四条");
        assert_eq!(refused(&case, json!({ "extensions": [{ "days": 21 }] })).await,
            (409, extension.clone(), json!([["#/extensions/0/days", "extension_over_limit"]])));
        // All at once, each where it stands.
        let (status, _, places) = refused(&case, json!({
            "extensions": [{ "days": 15 }, { "days": 6 }, { "days": 5, "decided_date": "2025-07-10" }],
        })).await;
        assert_eq!((status, places), (409, json!([["#/extensions/1/days", "extension_over_limit"], ["#/extensions/2", "extension_too_late"]])));
        let (status, article, places) = refused(&case, json!({ "supplement": { "deadline_date": "2025-03-14", "supplemented_date": "2025-03-15" } })).await;
        assert_eq!((status, article, places), (409, json!("2019年条例第三十条"), json!([["#/supplement/supplemented_date", "supplement_period_over"]])));
        for (supposed, place) in [
            (json!({ "extensions": [{ "days": 5, "decided_date": "2025-03-20", "notified_date": "2025-03-19" }] }), "#/extensions/0/notified_date"),
            (json!({ "consultations": [{ "who": "agency", "sent_date": "2025-03-12", "opinion_date": "2025-03-11" }] }), "#/consultations/0/opinion_date"),
            (json!({ "supplement": { "deadline_date": "2025-03-10" } }), "#/supplement/deadline_date"),
            (json!({ "fee_notice": { "received_date": "2025-03-12", "paid_date": "2025-03-11" } }), "#/fee_notice/paid_date"),
        ] {
            let (status, _, places) = refused(&case, supposed).await;
            assert_eq!((status, &places[0]), (422, &json!([place, "date_too_early"])));
        }

        let asked = api.done(Who::OfficerA, &case, "request-supplement", &json!({ "items": "不明", "guidance": "写明" })).await;
        let (status, article, places) = refused(&asked, json!({ "supplement": {} })).await;
        assert_eq!((status, article, places), (409, json!("2019年条例第三十条"), json!([["#/supplement", "supplement_already_requested"]])));
        let (status, article, _) = refused(&asked, json!({ "extensions": [{ "days": 5 }] })).await;
        assert_eq!((status, article), (409, extension));
        let served = what_if(&api, &asked, json!({ "service": { "letter": "supplement_notice", "service_date": "2025-03-17" } })).await;
        assert_eq!(served["then"]["waits_until_date"], "2025-03-31");
        let (status, _, places) = refused(&asked, json!({ "service": { "letter": "extension_notice", "service_date": "2025-03-17" } })).await;
        assert_eq!((status, places), (409, json!([["#/service/letter", "nothing_to_serve"]])));

        let withdrawn = api.done(Who::Clerk, &asked, "withdraw", &json!({ "reason": "申请人撤回" })).await;
        assert_eq!(refused(&withdrawn, json!({ "extensions": [{ "days": 5 }] })).await.0, 409);
        let mut body = application();
        body["channel"] = json!("ordinary_mail");
        body["arrival"] = json!({ "arrived_at": "2025-03-10" });
        let received = api.post(Who::Clerk, "/api/v1/cases", &body).await.json();
        let answer = api.post(Who::Clerk, &format!("{}/what-if", path(&received)), &json!({ "extensions": [{ "days": 5 }] })).await;
        assert_eq!(answer.verdict(), (409, "not_registered".to_owned()));
    }
}

on_both! {
    async fn a_fee_is_of_the_text_of_2019_and_of_2021(api: Api) {
        for (day, code) in [("2011-03-01", "fee_not_in_force"), ("2020-12-30", "fee_not_in_force")] {
            api.world.clock.set(instant(&format!("{day}T04:00:00Z")));
            let case = api.assigned(Place::CenterA).await;
            let answer = api.post(Who::OfficerA, &format!("{}/what-if", path(&case)), &json!({ "fee_notice": {} })).await;
            assert_eq!(answer.verdict(), (409, code.to_owned()), "{day}");
            assert!(answer.json()["article"].is_string(), "{day}");
        }
    }
}

on_both! {
    async fn bad_suppositions_are_told_all_at_once(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let send = async |supposed: Value| {
            let answer = api.post(Who::OfficerA, &format!("{}/what-if", path(&case)), &supposed).await;
            assert_eq!(answer.verdict(), (422, "validation_failed".to_owned()), "{supposed}");
            let errors = answer.json()["errors"].as_array().unwrap().clone();
            errors.iter().map(|error| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(send(json!({})).await, ["# nothing_supposed"]);
        let year = api.world.today() + TimeDelta::days(367);
        assert_eq!(
            send(json!({
                "extensions": [{ "days": 0 }, { "days": 3, "decided_date": "2025-03-09" }],
                "consultations": [{ "who": "third_party", "opinion_date": year }],
                "service": { "letter": "answer", "service_date": "9999-12-31" },
            })).await,
            [
                "#/extensions/0/days range", "#/extensions/1/decided_date invalid_value",
                "#/consultations/0/opinion_date invalid_value", "#/service/service_date invalid_value",
            ]
        );
        assert_eq!(send(json!({ "extensions": [{}], "fee": {} })).await, ["#/extensions/0/days missing_field", "#/fee unknown_field"]);
        assert_eq!(send(json!({ "consultations": [{ "who": "somebody" }] })).await, ["#/consultations/0/who unknown_value"]);
        let many: Vec<Value> = (0..21).map(|_| json!({ "who": "agency" })).collect();
        assert_eq!(send(json!({ "consultations": many })).await, ["#/consultations length"]);
    }
}
