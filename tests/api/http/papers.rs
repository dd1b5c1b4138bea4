//! Letters of their own over HTTP, and service letter by letter.

use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// A case of center A whose answer discloses, and has reached nobody yet.
async fn disclosed(api: &Api) -> Value {
    let case = api.assigned(Place::CenterA).await;
    let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
    let draft = json!({ "decision": "disclose", "provided": "收费标准一份" });
    let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
    let case = api.reviewed(&case).await;
    api.done(Who::SecondClerk, &case, "answer", &json!({})).await
}

fn collect(from: &str, to: &str) -> Value {
    json!({ "kind": "collection_notice", "collect_from_date": from, "collect_to_date": to,
        "place": "户政分中心一楼" })
}

fn path(case: &Value, rest: &str) -> String {
    format!("{}/{rest}", case["links"]["self"].as_str().unwrap())
}

/// The letters of a case by kind.
fn kinds(case: &Value) -> Vec<&str> {
    let letters = case["letters"].as_array().unwrap();
    letters.iter().map(|letter| letter["kind"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_notice_of_collection_is_numbered_frozen_and_served_by_its_id(api: Api) {
        let case = disclosed(&api).await;
        let case = api.done(Who::OfficerA, &case, "issue-letter", &collect("2025-03-11", "2025-03-21")).await;
        let case = api.done(Who::Clerk, &case, "issue-letter", &collect("2025-03-24", "2025-03-28")).await;
        assert_eq!(kinds(&case), ["disclosure", "review_sheet", "collection_notice", "collection_notice"]);
        let (first, second) = (&case["letters"][2], &case["letters"][3]);
        assert_eq!((&first["number"], &second["number"]),
            (&json!("长公公开领〔2025〕1号"), &json!("长公公开领〔2025〕2号")));
        assert_eq!((&first["served_as"], &case["status"]), (&json!("other"), &json!("answered")));
        let page = api.get(Who::OfficerA, first["links"]["html"].as_str().unwrap()).await;
        for said in ["2025年3月11日至2025年3月21日", "户政分中心一楼", "长公公开予〔2025〕1号", "王小明"] {
            assert!(page.text.contains(said), "{said} in {}", page.text);
        }
        let masked = api.get(Who::Supervisor, first["links"]["html"].as_str().unwrap()).await;
        assert!(!masked.text.contains("王小明"), "{}", masked.text);
        let void = json!({ "letter_id": case["letters"][0]["id"], "reason": "有误" });
        let relied = api.act(Who::SecondClerk, &case, "void-letter", &void).await;
        assert_eq!(relied.verdict(), (409, "letter_relied_on".to_owned()));

        let serve = |letter: &Value, manner: &str, at: &str| json!({ "letter": "other",
            "letter_id": letter["id"], "service": { "manner": manner, at: "2025-03-10" } });
        let posted = serve(first, "posted", "posted_at");
        let case = api.done(Who::Clerk, &case, "serve", &posted).await;
        let handed = serve(second, "handed_over", "signed_at");
        let case = api.done(Who::Clerk, &case, "serve", &handed).await;
        assert_eq!(case["services"][0]["letter_id"], first["id"]);
        assert_eq!(case["services"][1]["letter_id"], second["id"]);
        assert_eq!(case["clock"]["answer_date"], Value::Null, "the answer is another letter");
        // Each has its own proof of service.
        for (letter, ticked, other) in [(first, "☑邮寄送达", "☑直接送达"), (second, "☑直接送达", "☑邮寄送达")] {
            let id = letter["id"].as_str().unwrap();
            let proof = path(&case, &format!("documents/service_receipt?letter_id={id}"));
            let proof = api.get(Who::Clerk, &proof).await.text;
            assert!(proof.contains(ticked) && !proof.contains(other), "{proof}");
            assert!(proof.contains(letter["number"].as_str().unwrap()), "{proof}");
        }
        let twice = api.act(Who::Clerk, &case, "serve", &handed).await;
        assert_eq!(twice.verdict(), (409, "already_served".to_owned()));
    }
}

on_both! {
    async fn what_is_wrong_with_a_notice_is_told_at_its_place_and_nothing_is_written(api: Api) {
        let case = disclosed(&api).await;
        let count = || {
            let number = |table: &str| api.world.db.number(&format!("SELECT count(*) FROM {table}"));
            (number("letters"), number("letter_series"), number("events"))
        };
        let before = count();
        let mut early = collect("2025-03-07", "2025-03-21");
        for (body, verdict, pointers) in [
            (early.clone(), (422, "date_too_early"), vec!["#/collect_from_date"]),
            (collect("2025-03-11", "2025-03-10"), (422, "date_too_early"), vec!["#/collect_to_date"]),
            (json!({ "kind": "collection_notice" }), (422, "validation_failed"),
                vec!["#/collect_from_date", "#/collect_to_date", "#/place"]),
            (json!({ "kind": "refusal" }), (422, "validation_failed"), vec!["#/kind"]),
            (collect("2025-02-30", "2025-03-21"), (422, "validation_failed"), vec!["#/collect_from_date"]),
            ({ early["place"] = json!("  "); early.clone() }, (422, "validation_failed"), vec!["#/place"]),
        ] {
            let answer = api.act(Who::OfficerA, &case, "issue-letter", &body).await;
            assert_eq!(answer.verdict(), (verdict.0, verdict.1.to_owned()), "{body}");
            let told = answer.json();
            let told: Vec<&str> =
                told["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
            assert_eq!(told, pointers, "{body}");
        }
        let serve = json!({ "letter": "other", "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let none = api.act(Who::Clerk, &case, "serve", &serve).await;
        assert_eq!(none.verdict(), (409, "nothing_to_serve".to_owned()));
        let foreign = json!({ "letter": "answer", "letter_id": case["id"],
            "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let unknown = api.act(Who::Clerk, &case, "serve", &foreign).await;
        assert_eq!(unknown.verdict(), (422, "letter_unknown".to_owned()));
        assert_eq!(count(), before, "a refused step leaves nothing");
    }
}

on_both! {
    async fn a_unit_is_asked_by_a_frozen_letter(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let ask = json!({ "unit_id": api.world.unit(Place::CenterB).0, "kind": "search",
            "question": "请检索2024年度文件" });
        let case = api.done(Who::OfficerA, &case, "ask-subtask", &ask).await;
        let sheet = &case["letters"][0];
        assert_eq!((&sheet["kind"], &sheet["number"], &sheet["subtask"], &sheet["served_as"]),
            (&json!("subtask_sheet"), &json!("长公公开协〔2025〕1号"), &json!(1), &Value::Null));
        let page = api.get(Who::OfficerA, sheet["links"]["html"].as_str().unwrap()).await;
        assert!(page.text.contains("请检索2024年度文件") && !page.text.contains("王小明"), "{}", page.text);
        // Whoever was asked sees its question; the letters of the case are not his.
        let foreign = api.get(Who::OfficerB, sheet["links"]["self"].as_str().unwrap()).await;
        assert_eq!(foreign.status, 404);
        let void = json!({ "letter_id": sheet["id"], "reason": "有误" });
        let refused = api.act(Who::Clerk, &case, "void-letter", &void).await;
        assert_eq!(refused.verdict(), (409, "nothing_to_void".to_owned()));
    }
}
