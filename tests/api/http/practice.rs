//! What the desk meets in practice: voids that name each other, letters signed for, cases that
//! ended, one person with many cases.

use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};

on_both! {
    async fn two_cases_cannot_void_each_other_out_of_the_figures(api: Api) {
        let (one, other) = (api.registered().await, api.registered().await);
        let void = |of: &Value| json!({ "reason": "重复录入", "duplicate_of": of["id"] });
        api.done(Who::Clerk, &other, "void", &void(&one)).await;
        let refused = api.act(Who::Clerk, &one, "void", &void(&other)).await;
        assert_eq!(refused.verdict(), (422, "case_unknown".to_owned()));
    }
}

on_both! {
    async fn what_was_signed_for_cannot_come_back(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let draft = json!({ "decision": "disclose", "provided": "一份" });
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
        let case = api.reviewed(&case).await;
        let today = api.world.today();
        let by = json!({ "service": { "manner": "substitute", "signed_at": today } });
        let nobody = api.act(Who::Clerk, &case, "answer", &by).await;
        assert_eq!(nobody.verdict(), (422, "fact_missing".to_owned()));
        assert_eq!(nobody.json()["errors"][0]["pointer"], "#/service/recipient");
        assert_eq!(nobody.json()["errors"][1]["pointer"], "#/service/relation");
        let by = json!({ "service": { "manner": "handed_over", "signed_at": today } });
        let case = api.done(Who::Clerk, &case, "answer", &by).await;
        let back = json!({ "letter": "answer", "service": { "manner": "returned", "returned_at": today } });
        let refused = api.act(Who::Clerk, &case, "serve", &back).await;
        assert_eq!(refused.verdict(), (409, "already_served".to_owned()));
        let now = api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json();
        assert_eq!(now["clock"]["on_time"], true);
    }
}

on_both! {
    async fn nothing_is_due_of_a_case_that_ended(api: Api) {
        let case = api.registered().await;
        let case = api.done(Who::Clerk, &case, "withdraw", &json!({ "reason": "申请人来电" })).await;
        assert_eq!(case["clock"]["due_date"], Value::Null);
        api.world.clock.set(instant("2025-06-02T02:00:00Z"));
        let path = format!("{}/deadline", case["links"]["self"].as_str().unwrap());
        let summary = api.get(Who::Clerk, &path).await.json()["summary"].clone();
        assert_eq!((&summary["breached"], &summary["due_date"], &summary["elapsed"]), (&json!(false), &Value::Null, &json!(0)));
        for query in ["overdue=true", "due_date%5Blte%5D=2025-06-02", "due_date%5Bgt%5D=2025-01-01&sort=-due_date"] {
            let list = api.get(Who::Clerk, &format!("/api/v1/cases?{query}")).await.json();
            assert_eq!(list["items"], json!([]), "{query}");
        }
    }
}

on_both! {
    async fn an_extension_told_on_the_day_of_the_restart_is_flagged(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let today = api.world.today();
        let by_hand = json!({ "manner": "handed_over", "signed_at": today });
        let ask = json!({ "items": "不明", "guidance": "写明", "service": by_hand });
        let case = api.done(Who::OfficerA, &case, "request-supplement", &ask).await;
        let reply = json!({ "channel": "in_person", "arrival": { "submitted_at": today }, "content": "补" });
        let case = api.done(Who::OfficerA, &case, "supplement", &reply).await;
        let case = api.done(Who::OfficerA, &case, "request-extension", &json!({ "days": 5, "reason": "量大" })).await;
        let granted = json!({ "verdict": "granted", "service": by_hand });
        let case = api.done(Who::Supervisor, &case, "decide-extension", &granted).await;
        assert_eq!((&case["clock"]["extended"], &case["clock"]["flags"]), (&json!(false), &json!(["extension_without_effect"])));
    }
}

on_both! {
    async fn one_persons_cases_come_in_pages(api: Api) {
        for _ in 0..7 {
            api.received().await;
        }
        let mut found = Vec::new();
        let mut cursor = Value::Null;
        for _ in 0..3 {
            let mut body = json!({ "phone": "13800000000", "limit": 3 });
            if cursor.is_string() {
                body["cursor"] = cursor;
            }
            let page = api.post(Who::Clerk, "/api/v1/cases/search", &body).await.json();
            found.extend(page["items"].as_array().unwrap().iter().map(|case| case["id"].to_string()));
            cursor = page["next_cursor"].clone();
        }
        assert_eq!((cursor, found.len()), (Value::Null, 7));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 7);
    }
}
