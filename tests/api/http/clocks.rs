//! The working list of clocks: what falls due, whose turn it is, and what leaves the list.

use serde_json::{Value, json};

use crate::support::client::{Api, application};
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};

async fn list(api: &Api, who: Who, query: &str) -> Value {
    let answer = api.get(who, &format!("/api/v1/clocks{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()
}

/// Kind and day of each line.
fn lines(list: &Value) -> Vec<(String, String)> {
    let items = list["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.map(|item| (text(&item["kind"]), text(&item["due_date"]))).collect()
}

fn line(kind: &str, day: &str) -> (String, String) {
    (kind.to_owned(), day.to_owned())
}

on_both! {
    async fn each_kind_comes_and_goes_with_what_is_done(api: Api) {
        let mut body = application();
        body["channel"] = json!("ordinary_mail");
        body["arrival"] = json!({ "arrived_at": "2025-03-10" });
        let case = api.post(Who::Clerk, "/api/v1/cases", &body).await.json();
        let all = async || lines(&list(&api, Who::Clerk, "?within=100").await);
        assert_eq!(all().await, [line("confirmation", "2025-03-10")]);
        let confirmed = json!({ "arrival": { "confirmed_at": "2025-03-10", "confirmed_by": "查询室", "confirmation_manner": "电话" } });
        let case = api.done(Who::Clerk, &case, "register", &confirmed).await;
        assert_eq!(all().await, [line("supplement_notice", "2025-03-19"), line("answer", "2025-04-08")]);
        let to = json!({ "unit_id": api.world.unit(Place::CenterA).0 });
        let case = api.done(Who::Clerk, &case, "assign", &to).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let ask = json!({ "unit_id": api.world.unit(Place::CenterB).0, "kind": "search", "question": "请检索", "due_date": "2025-03-14" });
        let case = api.done(Who::OfficerA, &case, "ask-subtask", &ask).await;
        let case = api.done(Who::OfficerA, &case, "request-extension", &json!({ "days": 5, "reason": "检索量大" })).await;
        assert_eq!(all().await, [
            line("subtask", "2025-03-14"), line("supplement_notice", "2025-03-19"),
            line("answer", "2025-04-08"), line("extension_decision", "2025-04-08"),
        ]);
        let case = api.done(Who::Supervisor, &case, "decide-extension", &json!({ "verdict": "granted" })).await;
        let case = api.done(Who::OfficerA, &case, "waive-subtask", &json!({ "subtask": 1, "reason": "不再需要" })).await;
        assert_eq!(all().await[1..], [line("answer", "2025-04-08"), line("extension_notice", "2025-04-08")]);
        let told = json!({ "letter": "extension_notice", "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let case = api.done(Who::OfficerA, &case, "serve", &told).await;
        assert_eq!(all().await, [line("supplement_notice", "2025-03-19"), line("answer", "2025-04-15")]);
        let ask = json!({ "items": "不明", "guidance": "写明", "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let case = api.done(Who::OfficerA, &case, "request-supplement", &ask).await;
        assert_eq!(all().await, [line("supplement", "2025-03-24")]);
        let brought = json!({ "channel": "in_person", "arrival": { "submitted_at": "2025-03-10" }, "content": "补" });
        let case = api.done(Who::OfficerA, &case, "supplement", &brought).await;
        assert_eq!(all().await, [line("answer", "2025-04-08")]);
        let case = api.done(Who::OfficerA, &case, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let case = api.reviewed(&case).await;
        // An answer that has reached nobody is none.
        let case = api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await;
        assert_eq!(all().await, [line("answer", "2025-04-08")]);
        let served = json!({ "letter": "answer", "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        api.done(Who::Clerk, &case, "serve", &served).await;
        assert_eq!(all().await, []);
    }
}

on_both! {
    async fn the_list_is_what_is_overdue_and_what_comes_next(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        api.world.clock.set(instant("2025-03-19T02:00:00Z"));
        let newer = api.registered().await;
        // 7 working days after the 10th is today; the older answer is due in 14 days, the newer in 20.
        let today = list(&api, Who::Clerk, "?within=0").await;
        assert_eq!((lines(&today), &today["until_date"]), (vec![line("supplement_notice", "2025-03-19")], &json!("2025-03-19")));
        assert_eq!(today["items"][0]["reminder"], "due_soon");
        assert_eq!(today["counts"], json!([{ "kind": "supplement_notice", "overdue": 0, "today": 1, "later": 0 }]));
        // The occasion to ask is over with its day, the duty to answer is not.
        api.world.clock.set(instant("2025-04-09T02:00:00Z"));
        let late = list(&api, Who::Clerk, "").await;
        assert_eq!((lines(&late), &late["items"][0]["reminder"]), (vec![line("answer", "2025-04-08")], &json!("overdue")));
        assert_eq!(late["items"][0]["case_id"], case["id"]);
        assert_eq!(late["counts"], json!([{ "kind": "answer", "overdue": 1, "today": 0, "later": 0 }]));
        assert_eq!(late["until_date"], "2025-04-16");
        let both = list(&api, Who::Clerk, "?due_date[lte]=2025-04-17").await;
        assert_eq!((both["items"].as_array().unwrap().len(), &both["items"][1]["case_id"]), (2, &newer["id"]));
        assert_eq!(both["counts"], json!([{ "kind": "answer", "overdue": 1, "today": 0, "later": 1 }]));
        assert_eq!(lines(&list(&api, Who::Clerk, "?due_date[gte]=2025-04-09&within=20").await), [line("answer", "2025-04-17")]);
        assert_eq!(lines(&list(&api, Who::Clerk, "?kind=supplement,subtask").await), []);
    }
}

on_both! {
    async fn everybody_sees_his_own(api: Api) {
        let a = api.assigned(Place::CenterA).await;
        let a = api.done(Who::OfficerA, &a, "accept", &json!({})).await;
        let b = api.assigned(Place::CenterB).await;
        let ask = json!({ "unit_id": api.world.unit(Place::CenterB).0, "kind": "search", "question": "请检索", "due_date": "2025-03-14" });
        api.done(Who::OfficerA, &a, "ask-subtask", &ask).await;
        let seen = async |who: Who, query: &str| {
            let list = list(&api, who, &format!("?within=100{query}")).await;
            let items = list["items"].as_array().unwrap().clone();
            items.iter().map(|item| (item["kind"].as_str().unwrap().to_owned(), item["case_id"] == a["id"])).collect::<Vec<_>>()
        };
        let own = |kind: &str, of_a: bool| (kind.to_owned(), of_a);
        let of_a = [own("supplement_notice", true), own("answer", true)];
        let of_b = [own("subtask", true), own("supplement_notice", false), own("answer", false)];
        assert_eq!(seen(Who::OfficerA, "").await, of_a);
        assert_eq!(seen(Who::OfficerB, "").await, of_b, "what was asked of it, and nothing else of that case");
        assert_eq!(seen(Who::WindowA, "").await, []);
        assert_eq!(seen(Who::Supervisor, "").await.len(), 5);
        assert_eq!(seen(Who::Clerk, &format!("&unit={}", api.world.unit(Place::CenterB))).await, of_b);
        assert_eq!(seen(Who::OfficerA, &format!("&unit={}", api.world.unit(Place::CenterB))).await, []);
        assert_eq!(seen(Who::OfficerA, "&officer=me").await, of_a);
        assert_eq!(seen(Who::Clerk, &format!("&officer={}", api.world.user(Who::OfficerA))).await, of_a);
        assert_eq!(seen(Who::SecondOfficerA, "&officer=me").await, []);
        // The subtask leads to what its unit may see.
        let list = list(&api, Who::OfficerB, "?within=100").await;
        assert!(!list.to_string().contains("王小明"));
        assert_eq!(api.get(Who::OfficerB, list["items"][0]["href"].as_str().unwrap()).await.status, 200);
        assert_eq!(b["status"], "assigned");
        for who in [Who::Auditor, Who::Admin] {
            assert_eq!(api.get(who, "/api/v1/clocks").await.status, 403);
        }
    }
}

on_both! {
    async fn pages_give_each_line_once_forwards_and_back(api: Api) {
        for _ in 0..3 {
            api.registered().await;
        }
        // Past the occasions, with answers overdue, and new ones to come.
        api.world.clock.set(instant("2025-04-10T02:00:00Z"));
        for _ in 0..2 {
            api.registered().await;
        }
        let whole = list(&api, Who::Clerk, "?within=30&limit=200").await;
        let whole = whole["items"].as_array().unwrap().clone();
        assert_eq!(whole.len(), 7);
        let mut forwards = Vec::new();
        let mut page = list(&api, Who::Clerk, "?within=30&limit=2").await;
        let mut pages = vec![page.clone()];
        loop {
            forwards.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["links"]["next"].as_str() else { break };
            page = api.get(Who::Clerk, next).await.json();
            pages.push(page.clone());
        }
        assert_eq!((&forwards, pages.len()), (&whole, 4));
        let mut back = page["items"].as_array().unwrap().clone();
        while let Some(prev) = page["links"]["prev"].as_str() {
            page = api.get(Who::Clerk, prev).await.json();
            let mut items = page["items"].as_array().unwrap().clone();
            items.extend(back);
            back = items;
        }
        assert_eq!(back, whole);
        let cursor = pages[0]["next_cursor"].as_str().unwrap();
        for (who, query) in [(Who::SecondClerk, "within=30&limit=2"), (Who::Clerk, "within=29&limit=2")] {
            let answer = api.get(who, &format!("/api/v1/clocks?{query}&cursor={cursor}")).await;
            assert_eq!(answer.verdict(), (400, "invalid_cursor".to_owned()));
        }
    }
}

on_both! {
    async fn bad_parameters_are_named(api: Api) {
        for (query, name) in [
            ("within=-1", "within"), ("within=251", "within"), ("within=x", "within"), ("within=3&due_date[lte]=2025-04-01", "within"),
            ("due_date[lte]=2025-4-1", "due_date[lte]"), ("kind=nothing", "kind"), ("kind=answer,", "kind"), ("officer=you", "officer"),
            ("unit=x", "unit"), ("limit=0", "limit"), ("limit=201", "limit"), ("due_before=2025-04-01", "due_before"),
        ] {
            let answer = api.get(Who::Clerk, &format!("/api/v1/clocks?{query}")).await;
            assert_eq!(answer.verdict(), (400, "unknown_parameter".to_owned()), "{query}");
            assert_eq!(answer.json()["errors"][0]["pointer"], name, "{query}");
        }
    }
}
