//! What has to be passed before an answer may leave, over HTTP.

use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::on_both;
use crate::support::world::{Place, Who};

fn refusal() -> Value {
    json!({
        "decision": "refuse_third", "reasons": "涉及个人隐私", "article": "第十五条",
        "consultation_result": "第三方不同意公开"
    })
}

/// The codes and articles that a refusal names.
fn told(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["code"].as_str().expect("a code").to_owned()).collect()
}

async fn awaiting(api: &Api, who: Who) -> Vec<String> {
    let list = api.get(who, "/api/v1/cases?worklist=awaiting_review").await.json();
    let items = list["items"].as_array().expect("items");
    let mut ids: Vec<String> =
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort_unstable();
    ids
}

on_both! {
    async fn a_refusal_needs_both_reviews_and_all_that_is_open_is_told_at_once(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "draft-answer", &refusal()).await;
        assert_eq!(case["draft"]["required_reviews"], json!(["secrecy", "legality"]));
        let before = api.traces();
        let refused = api.act(Who::OfficerA, &case, "answer", &json!({})).await;
        assert_eq!(refused.verdict(), (403, "drafter_is_issuer".to_owned()));
        assert_eq!(told(&refused), ["drafter_is_issuer", "secrecy_review_open", "legality_review_open"]);
        assert!(refused.text.contains("2019年条例第十七条"), "{}", refused.text);
        assert_eq!(api.traces(), before, "a refused step leaves nothing");
        // `/actions` says the same before anybody tries.
        let path = format!("{}/actions", case["links"]["self"].as_str().unwrap());
        let actions = api.get(Who::SecondOfficerA, &path).await.json();
        let answer = actions["items"].as_array().unwrap().iter().find(|item| item["action"] == "answer").unwrap().clone();
        assert_eq!(answer["reasons"][0]["code"], "secrecy_review_open");
        assert_eq!(answer["reasons"][1]["article"], "2019年条例第四十五条");

        let pass = json!({ "kind": "legality", "verdict": "passed" });
        let wrong = api.act(Who::Clerk, &case, "review", &pass).await;
        assert_eq!(wrong.verdict(), (403, "review_kind_not_permitted".to_owned()));
        assert_eq!(api.act(Who::Auditor, &case, "review", &pass).await.status, 403);
        let case = api.reviewed(&case).await;
        assert_eq!((&case["reviews"][0]["kind"], &case["reviews"][1]["verdict"]), (&json!("secrecy"), &json!("passed")));
        let case = api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await;
        assert_eq!(case["status"], "answered");
        assert_eq!(case["reviews"].as_array().map(Vec::len), Some(2), "the file keeps them");
    }
}

on_both! {
    async fn on_the_spot_the_gates_are_the_same(api: Api) {
        let case = api.registered().await;
        let draft = json!({ "decision": "already_public", "how_to_obtain": "市局网站" });
        let case = api.done(Who::Clerk, &case, "draft-answer", &draft).await;
        let refused = api.act(Who::SecondClerk, &case, "answer", &json!({})).await;
        assert_eq!(refused.verdict(), (409, "secrecy_review_open".to_owned()));
        let case = api.reviewed(&case).await;
        let today = api.world.today();
        let by_hand = json!({ "service": { "manner": "handed_over", "signed_at": today } });
        let case = api.done(Who::SecondClerk, &case, "answer", &by_hand).await;
        assert_eq!(case["clock"]["on_time"], true);
    }
}

on_both! {
    async fn each_reviewer_finds_what_awaits_him(api: Api) {
        let disclosure = api.assigned(Place::CenterA).await;
        let disclosure = api.done(Who::OfficerA, &disclosure, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let refused = api.assigned(Place::CenterB).await;
        let refused = api.done(Who::OfficerB, &refused, "draft-answer", &refusal()).await;
        let id = |case: &Value| case["id"].as_str().unwrap().to_owned();
        let mut both = vec![id(&disclosure), id(&refused)];
        both.sort_unstable();
        assert_eq!(awaiting(&api, Who::Secrecy).await, both);
        assert_eq!(awaiting(&api, Who::Legal).await, [id(&refused)]);
        assert_eq!(awaiting(&api, Who::Supervisor).await, both);
        assert_eq!(awaiting(&api, Who::OfficerA).await, [id(&disclosure)], "within the scope");

        // What is sent back waits for its drafter, and for nobody else.
        let back = json!({ "kind": "legality", "verdict": "sent_back", "opinion": "未写明第三方意见的依据" });
        let refused = api.done(Who::Legal, &refused, "review", &back).await;
        assert_eq!(awaiting(&api, Who::Legal).await, Vec::<String>::new());
        assert_eq!(awaiting(&api, Who::Secrecy).await, [id(&disclosure)]);
        let refused = api.done(Who::OfficerB, &refused, "draft-answer", &refusal()).await;
        assert_eq!(refused["reviews"], json!([]));
        assert_eq!(awaiting(&api, Who::Legal).await, [id(&refused)]);
        // Closed in another way, nothing waits on it.
        api.done(Who::Clerk, &refused, "withdraw", &json!({ "reason": "申请人撤回" })).await;
        assert_eq!(awaiting(&api, Who::Legal).await, Vec::<String>::new());
        api.reviewed(&disclosure).await;
        assert_eq!(awaiting(&api, Who::Secrecy).await, Vec::<String>::new());
        assert_eq!(api.world.db.number("SELECT count(*) FROM case_tasks WHERE task <> 'archive'"), 0);
    }
}

on_both! {
    async fn an_opinion_is_sealed_in_the_ledger(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "draft-answer", &refusal()).await;
        let words = "请核对李某某的意见";
        let back = json!({ "kind": "secrecy", "verdict": "sent_back", "opinion": words });
        let case = api.done(Who::Secrecy, &case, "review", &back).await;
        assert_eq!(case["reviews"][0]["opinion"], words);
        let events = api.get(Who::Clerk, &format!("{}/events", case["links"]["self"].as_str().unwrap())).await;
        assert!(!events.text.contains(words), "{}", events.text);
        let last = events.json()["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["after"]["reviews"], json!([["secrecy", "sent_back"]]));
    }
}

on_both! {
    async fn each_ground_of_a_partial_answer_fills_its_own_fields(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let draft = |grounds: Value| json!({ "decision": "partial", "provided": "事故认定书", "grounds": grounds });
        let none = api.act(Who::OfficerA, &case, "draft-answer", &draft(json!([]))).await;
        assert_eq!(none.json()["errors"][0]["pointer"], "#/grounds");
        let bare = json!([{ "decision": "refuse_safety", "about": "第二页" }, { "decision": "publication", "about": "附件" }]);
        let refused = api.act(Who::OfficerA, &case, "draft-answer", &draft(bare)).await;
        let pointers: Vec<Value> = refused.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
        assert_eq!(json!(pointers), json!(["#/grounds/0/reasons", "#/grounds/0/article", "#/grounds/0/harm", "#/grounds/1/decision"]));
        let full = json!([{ "decision": "refuse_third", "about": "证人身份", "reasons": "隐私", "article": "第十五条", "consultation_result": "不同意" }]);
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft(full)).await;
        assert_eq!(case["draft"]["grounds"][0]["about"], "证人身份");
        assert_eq!(case["draft"]["delivery"], case["delivery"], "as the applicant asked");
        let other = json!({ "decision": "disclose", "provided": "一份", "grounds": [{ "decision": "refuse_third", "about": "x" }] });
        let refused = api.act(Who::OfficerA, &case, "draft-answer", &other).await;
        assert_eq!(refused.verdict(), (422, "ground_not_permitted".to_owned()));
    }
}

on_both! {
    async fn a_repeat_names_an_answered_case_of_the_same_applicant(api: Api) {
        let first = api.assigned(Place::CenterA).await;
        let number = first["case_number"].clone();
        let repeat = json!({ "decision": "repeat", "earlier_case_number": number });
        let second = api.assigned(Place::CenterA).await;
        let open = api.act(Who::OfficerA, &second, "draft-answer", &repeat).await;
        assert_eq!(open.verdict(), (422, "earlier_case_unfit".to_owned()), "not answered yet");
        let first = api.done(Who::OfficerA, &first, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let first = api.reviewed(&first).await;
        let by_hand = json!({ "service": { "manner": "handed_over", "signed_at": api.world.today() } });
        api.done(Who::SecondOfficerA, &first, "answer", &by_hand).await;
        let second = api.done(Who::OfficerA, &second, "draft-answer", &repeat).await;
        assert_eq!(second["draft"]["earlier_answered_date"], json!(api.world.today()));

        let mut another = application();
        another["applicant"] = json!({ "type": "natural_person", "name": "李四", "phone": "13800000001" });
        another["register"] = json!(true);
        let another = api.post(Who::Clerk, "/api/v1/cases", &another).await.json();
        let foreign = api.act(Who::Clerk, &another, "draft-answer", &repeat).await;
        assert_eq!(foreign.verdict(), (422, "earlier_case_unfit".to_owned()));
        let paper = json!({ "decision": "repeat", "earlier_case_number": "2003年第5号" });
        let undated = api.act(Who::Clerk, &another, "draft-answer", &paper).await;
        assert_eq!(undated.json()["errors"][0]["pointer"], "#/earlier_answered_date");
    }
}
