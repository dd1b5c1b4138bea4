//! The answer at the public door: by number and code, and never by an address.

use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::inputs::instant;
use crate::support::world::Who;
use crate::support::{all_at_once, on_both};

const HERE: &str = "192.0.2.1";

fn claim(receipt: &Value) -> Value {
    json!({ "receipt_number": receipt["receipt_number"], "query_code": receipt["query_code"] })
}

on_both! {
    async fn the_first_download_is_the_service(api: Api) {
        let receipt = api.answered_on("download").await;
        let case = api.case_of(&receipt).await;
        assert_eq!(case["clock"]["answer_date"], Value::Null, "issued is not answered");
        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        let got = api.visit(HERE, "answer", &claim(&receipt)).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let view = got.json();
        assert_eq!(view["served_date"], "2025-03-12");
        let case = api.case_of(&receipt).await;
        assert_eq!((&case["clock"]["answer_date"], &case["clock"]["on_time"]), (&json!("2025-03-12"), &json!(true)));
        assert_eq!(case["services"][0]["manner"], "downloaded");
        assert_eq!((&view["letter_number"], &view["content_hash"]), (&case["letters"][0]["number"], &case["letters"][0]["content_hash"]));
        let events = api.get(Who::Clerk, &format!("{}/events", case["links"]["self"].as_str().unwrap())).await.json();
        let last = events["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["action"], &last["actor"]), (&json!("serve"), &json!({ "applicant": true })));
        // Again, later, in another form: the same letter, and nothing is entered.
        api.world.clock.set(instant("2025-03-20T02:00:00Z"));
        let before = api.traces();
        let page = api.visit(HERE, "answer/html", &claim(&receipt)).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("王小明") && page.text.contains(view["letter_number"].as_str().unwrap()), "his own letter, unmasked");
        let pdf = api.visit(HERE, "answer/pdf", &claim(&receipt)).await;
        assert!(pdf.bytes.starts_with(b"%PDF-1."), "{}", pdf.text);
        assert_eq!(pdf.header("cache-control"), Some("no-store"));
        assert_eq!(api.visit(HERE, "answer", &claim(&receipt)).await.json(), view);
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn what_is_given_otherwise_is_not_given_here(api: Api) {
        let on_paper = api.answered_on("paper").await;
        let before = api.traces();
        let refused = api.visit(HERE, "answer", &claim(&on_paper)).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
        let open = api.applied().await;
        let refused = api.visit(HERE, "answer/pdf", &claim(&open)).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
        // Nobody at the desk records a download.
        let case = api.case_of(&on_paper).await;
        let body = json!({ "letter": "answer", "service": { "manner": "downloaded" } });
        let refused = api.act(Who::Clerk, &case, "serve", &body).await;
        assert_eq!(refused.verdict(), (422, "fact_out_of_place".to_owned()));
        let traces = api.traces();
        assert_eq!(traces[1] - before[1], 1, "one application more, and nothing else");
    }
}

on_both! {
    async fn a_wrong_code_looks_like_a_number_that_does_not_exist(api: Api) {
        let receipt = api.answered_on("download").await;
        let before = api.traces();
        let wrong = json!({ "receipt_number": receipt["receipt_number"], "query_code": "0000-0000-0000-0000" });
        let unknown = json!({ "receipt_number": "SJ2025-999999", "query_code": receipt["query_code"] });
        for path in ["answer", "answer/html", "answer/pdf"] {
            let mut seen = Vec::new();
            for body in [&wrong, &unknown] {
                let answer = api.visit("192.0.2.9", path, body).await;
                assert_eq!(answer.verdict(), (404, "number_or_code_wrong".to_owned()));
                seen.push(answer.text);
            }
            assert_eq!(seen[0], seen[1]);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn two_who_come_at_once_are_served_once(api: Api) {
        let receipt = api.answered_on("download").await;
        let body = claim(&receipt);
        let both = (0..4).map(|_| api.visit(HERE, "answer", &body));
        for answer in all_at_once(both.collect(), || ()).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let case = api.case_of(&receipt).await;
        assert_eq!(case["services"].as_array().map(Vec::len), Some(1));
    }
}

on_both! {
    async fn an_answer_that_is_void_is_not_given(api: Api) {
        let receipt = api.answered_on("download").await;
        let case = api.case_of(&receipt).await;
        let void = json!({ "letter_id": case["letters"][0]["id"], "reason": "有误" });
        api.done(Who::Clerk, &case, "void-letter", &void).await;
        let refused = api.visit(HERE, "answer", &claim(&receipt)).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
    }
}
