//! The counter: who was here before, whether this looks like a repetition, and the numbers of other
//! registers.

use serde_json::{Value, json};

use crate::support::client::{Api, application};
use crate::support::on_both;
use crate::support::world::{Place, Who};

const CASES: &str = "/api/v1/cases";
const EARLIER: &str = "/api/v1/cases/earlier";

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

fn codes(block: &Value) -> Vec<&str> {
    block["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_repetition_is_warned_of_and_taken_in_all_the_same(api: Api) {
        let first = api.post(Who::Clerk, CASES, &application()).await.json();
        assert_eq!(first["earlier_cases"]["items"], json!([]));
        assert_eq!(codes(&first["earlier_cases"]), Vec::<&str>::new());

        let again = with(application(), "subject", json!("关于2024年度车辆管理的收费标准"));
        let again = api.post(Who::Clerk, CASES, &again).await;
        assert_eq!(again.status, 201, "{}", again.text);
        let block = again.json()["earlier_cases"].clone();
        assert_eq!(codes(&block), ["repeated_open"]);
        assert_eq!(block["warnings"][0]["cases"], json!([first["links"]["self"]]));
        let line = &block["items"][0];
        assert_eq!((&line["id"], &line["repeated"]), (&first["id"], &json!(true)));
        assert_eq!(line["recognised_by"], json!(["id_number"]));

        let other = with(application(), "subject", json!("户籍迁移办理流程"));
        let other = api.post(Who::Clerk, CASES, &other).await.json();
        let block = &other["earlier_cases"];
        assert_eq!(block["items"].as_array().unwrap().len(), 2);
        assert_eq!(codes(block), Vec::<&str>::new());
    }
}

on_both! {
    async fn an_answered_request_is_told_apart_by_its_article(api: Api) {
        let today = api.world.today();
        let case = api.assigned(Place::CenterA).await;
        let draft = json!({ "decision": "disclose", "provided": "一份" });
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
        let case = api.reviewed(&case).await;
        let by_hand = json!({ "service": { "manner": "handed_over", "signed_at": today } });
        let case = api.done(Who::Clerk, &case, "answer", &by_hand).await;
        let block = api.received().await["earlier_cases"].clone();
        assert_eq!(codes(&block), ["repeated_answered"]);
        let warning = &block["warnings"][0];
        assert_eq!(warning["article"], "2019年条例第三十六条第(六)项");
        assert_eq!(warning["cases"], json!([case["links"]["self"]]));
        assert_eq!(block["items"][0]["case_number"], case["case_number"]);
        // The text of 2007 had no such reason, and one that was handed in twice offends none.
        let mut old = with(application(), "arrival", json!({ "submitted_at": "2011-03-01" }));
        old["register"] = json!(true);
        let answer = api.post(Who::Clerk, CASES, &old).await.json();
        assert_eq!(answer["clock"]["rule_set"], "2007");
        let block = &answer["earlier_cases"];
        assert_eq!(codes(block), ["repeated_answered", "repeated_open"]);
        assert_eq!((&block["warnings"][0]["article"], &block["warnings"][1]["article"]), (&Value::Null, &Value::Null));
    }
}

on_both! {
    async fn it_can_be_looked_up_before_anything_is_written(api: Api) {
        let case = api.registered().await;
        let before = api.traces();
        let body = json!({
            "applicant": { "id_number": "220102199003071235" },
            "subject": "2024年度车辆管理收费标准。",
        });
        let block = api.post(Who::Clerk, EARLIER, &body).await.json();
        assert_eq!((&block["looked_in"], &block["has_more"]), (&json!("all"), &json!(false)));
        assert_eq!(block["warnings"][0]["cases"], json!([case["links"]["self"]]));
        // A telephone may be shared: only the same name makes it the same person.
        for (name, warned) in [("王小明", 1), ("李四", 0)] {
            let body = json!({
                "applicant": { "phone": "138 0000 0000", "name": name },
                "subject": "2024年度车辆管理收费标准",
            });
            let block = api.post(Who::Clerk, EARLIER, &body).await.json();
            assert_eq!(block["items"][0]["recognised_by"], json!(["phone"]));
            assert_eq!(block["items"][0]["likeness"], 100);
            assert_eq!(codes(&block).len(), warned, "{name}");
        }
        let nobody = json!({ "applicant": {}, "subject": "某事" });
        let refused = api.post(Who::Clerk, EARLIER, &nobody).await;
        assert_eq!(refused.verdict(), (422, "validation_failed".to_owned()));
        assert_eq!(refused.json()["errors"][0]["code"], "one_of_needed");
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn a_center_learns_nothing_of_cases_outside_its_scope(api: Api) {
        api.received().await;
        let own = api.post(Who::OfficerB, CASES, &application()).await.json();
        let block = &own["earlier_cases"];
        assert_eq!((&block["looked_in"], &block["items"]), (&json!("own_units"), &json!([])));
        let next = api.post(Who::OfficerB, CASES, &application()).await.json();
        let found = next["earlier_cases"]["items"].as_array().unwrap().clone();
        assert_eq!(found.iter().map(|c| &c["id"]).collect::<Vec<_>>(), [&own["id"]]);
        let all = api.received().await["earlier_cases"].clone();
        assert_eq!(all["items"].as_array().unwrap().len(), 3);
    }
}

on_both! {
    async fn a_repeated_receipt_is_answered_with_the_same_body(api: Api) {
        api.received().await;
        let send = || async {
            let request = api.request(Who::Clerk, actix_web::http::Method::POST, CASES).await;
            let request = request.insert_header(("idempotency-key", "counter-1"));
            api.send(request.set_json(application())).await
        };
        let first = send().await;
        assert_eq!(codes(&first.json()["earlier_cases"]), ["repeated_open"]);
        // What has happened since does not change the answer.
        api.received().await;
        let again = send().await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!((again.status, again.text), (first.status, first.text));
    }
}

on_both! {
    async fn voided_and_withdrawn_cases_are_no_repetition_and_the_list_is_bounded(api: Api) {
        let voided = api.registered().await;
        api.done(Who::Clerk, &voided, "void", &json!({ "reason": "录错" })).await;
        let gone = api.registered().await;
        let gone = api.done(Who::Clerk, &gone, "withdraw", &json!({ "reason": "来电撤回" })).await;
        let block = api.received().await["earlier_cases"].clone();
        assert_eq!(block["items"].as_array().unwrap().len(), 1);
        assert_eq!((&block["items"][0]["id"], codes(&block)), (&gone["id"], vec![]));
        for _ in 0..20 {
            api.received().await;
        }
        let block = api.received().await["earlier_cases"].clone();
        assert_eq!((block["items"].as_array().unwrap().len(), &block["has_more"]), (20, &json!(true)));
    }
}

fn numbered(number: &str) -> Value {
    with(application(), "external_ref", json!({ "source": "oa", "ref": number }))
}

on_both! {
    async fn an_external_reference_is_taken_once(api: Api) {
        let first = api.post(Who::Clerk, CASES, &numbered("2025-17")).await.json();
        assert_eq!(first["external_ref"], json!({ "source": "oa", "ref": "2025-17" }));
        let before = api.traces();
        let second = api.post(Who::Clerk, CASES, &numbered(" ２０２５-17")).await;
        assert_eq!(second.verdict(), (409, "external_ref_taken".to_owned()));
        let problem = second.json();
        assert_eq!(problem["related"], first["links"]["self"]);
        assert_eq!(problem["detail"], first["receipt_number"]);
        assert_eq!(problem["errors"][0]["pointer"], "#/external_ref");
        // For whom the other case does not exist, the number is taken and no more.
        let foreign = api.post(Who::OfficerB, CASES, &numbered("2025-17")).await;
        assert_eq!(foreign.verdict(), (409, "external_ref_taken".to_owned()));
        let id = first["id"].as_str().unwrap();
        let number = first["receipt_number"].as_str().unwrap();
        assert!(!foreign.text.contains(id) && !foreign.text.contains(number), "{}", foreign.text);
        assert_eq!(api.traces(), before);
        // Another source has numbers of its own.
        let other = with(application(), "external_ref", json!({ "source": "mail", "ref": "2025-17" }));
        assert_eq!(api.post(Who::Clerk, CASES, &other).await.status, 201);
    }
}

on_both! {
    async fn a_voided_case_gives_its_reference_up(api: Api) {
        let wrong = api.post(Who::Clerk, CASES, &with(numbered("7"), "register", json!(true))).await.json();
        api.done(Who::Clerk, &wrong, "void", &json!({ "reason": "录错" })).await;
        let right = api.post(Who::Clerk, CASES, &numbered("7")).await;
        assert_eq!(right.status, 201, "{}", right.text);
        let list = api.get(Who::Clerk, "/api/v1/cases?external_ref=oa:7").await.json();
        let found: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|c| &c["id"]).collect();
        assert_eq!(found, [&right.json()["id"]]);
        let third = api.post(Who::Clerk, CASES, &numbered("7")).await;
        assert_eq!(third.verdict(), (409, "external_ref_taken".to_owned()));
    }
}

on_both! {
    async fn a_malformed_reference_is_refused_with_the_rest(api: Api) {
        let before = api.traces();
        let mut body = with(application(), "external_ref", json!({ "source": "O A", "ref": "1" }));
        body["applicant"]["phone"] = json!("12");
        let refused = api.post(Who::Clerk, CASES, &body).await;
        assert_eq!(refused.verdict(), (422, "validation_failed".to_owned()));
        let errors = refused.json()["errors"].clone();
        let found: Vec<&str> =
            errors.as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap()).collect();
        assert_eq!(found, ["identity_phone", "external_source_malformed"]);
        assert_eq!(api.traces(), before);
        let filter = api.get(Who::Clerk, "/api/v1/cases?external_ref=oa7").await;
        assert_eq!(filter.verdict(), (400, "unknown_parameter".to_owned()));
    }
}

on_both! {
    async fn of_many_at_once_one_gets_the_reference(api: Api) {
        let body = numbered("race");
        let tries = (0..8).map(|_| api.post(Who::Clerk, CASES, &body)).collect();
        let answers = crate::support::all_at_once(tries, || {}).await;
        let mut verdicts: Vec<u16> = answers.iter().map(|a| a.status.as_u16()).collect();
        verdicts.sort_unstable();
        assert_eq!(verdicts, [201, 409, 409, 409, 409, 409, 409, 409]);
        assert_eq!(api.world.db.number("SELECT count(*) FROM external_refs"), 1);
        assert_eq!(api.world.db.number("SELECT count(*) FROM cases"), 1);
    }
}
