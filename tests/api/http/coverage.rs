//! Every operation of the API, attacked: without a token, with every role that lacks the right, and
//! with the id of another center's case. An operation that is added is attacked without being named
//! here.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::domain::actor::Role;
use gongkai::http::routes;
use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// The addresses that need no token, by intent.
const OPEN: [&str; 12] = [
    "/api/v1/sessions",
    "/api/v1/sessions/refresh",
    "/api/v1/passwords",
    "/api/v1/set-up",
    "/.well-known/jwks.json",
    "/api/v1/public/applications",
    "/api/v1/public/status",
    "/api/v1/public/supplements",
    "/livez",
    "/readyz",
    "/openapi.json",
    "/openapi.yaml",
];

fn address(path: &str, case: &Value) -> String {
    path.replace("{id}", case["id"].as_str().expect("an id"))
}

/// A body that gets past the form of this operation, so that the answer tells of rights.
fn filled(path: &str, api: &Api) -> Value {
    let today = api.world.today();
    let served = json!({ "manner": "handed_over", "signed_at": today });
    match path.rsplit('/').next().expect("a segment") {
        "cases" => crate::support::client::application(),
        "earlier" => json!({ "applicant": { "phone": "13800000000" } }),
        "receipt" => json!({ "query_code": "0000-0000-0000-0000" }),
        "search" => json!({ "phone": "13800000000" }),
        "amend" => json!({ "reason": "更正", "subject": "另一事项" }),
        "assign" => json!({ "unit_id": api.world.unit(Place::CenterB).0 }),
        "request-supplement" => json!({ "items": "不明确", "guidance": "写明文号" }),
        "supplement" => {
            json!({ "channel": "in_person", "arrival": { "submitted_at": today }, "content": "补" })
        }
        "request-extension" => json!({ "days": 3, "reason": "量大" }),
        "decide-extension" => json!({ "verdict": "granted" }),
        "draft-answer" => json!({ "decision": "disclose", "provided": "一份" }),
        "serve" => json!({ "letter": "answer", "service": served }),
        "void" | "return" | "lapse" | "withdraw" => json!({ "reason": "测试" }),
        _ => json!({}),
    }
}

fn role_of(who: Who) -> Role {
    match who {
        Who::Clerk | Who::SecondClerk => Role::QueryRoom,
        Who::OfficerA | Who::SecondOfficerA | Who::WindowA | Who::OfficerB => Role::ServiceCenter,
        Who::Legal => Role::LegalOffice,
        Who::Supervisor => Role::Supervisor,
        Who::Auditor => Role::Auditor,
        Who::Admin => Role::Admin,
    }
}

#[test]
fn only_the_named_addresses_are_open() {
    let open: std::collections::BTreeSet<&str> =
        routes().iter().filter(|entry| entry.right.is_none()).map(|entry| entry.path).collect();
    assert_eq!(open, OPEN.into_iter().collect());
}

on_both! {
    async fn nobody_gets_in_without_a_token(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        for entry in routes().iter().filter(|entry| entry.right.is_some()) {
            let plain = || {
                let request = TestRequest::with_uri(&address(entry.path, &case)).method(entry.method.clone());
                let request = request.insert_header(("if-match", format!("\"{}\"", case["version"])));
                if entry.method == Method::POST { request.set_json(filled(entry.path, &api)) } else { request }
            };
            let answer = api.send(plain()).await;
            assert_eq!(answer.verdict(), (401, "unauthenticated".to_owned()), "{}", entry.id);
            assert!(answer.header("www-authenticate").is_some_and(|h| h.starts_with("Bearer")), "{}", entry.id);
            let forged = plain().insert_header(("authorization", "Bearer eyJhbGciOiJub25lIn0.e30."));
            assert_eq!(api.send(forged).await.status, 401, "{}", entry.id);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn a_role_without_the_right_is_refused_everywhere(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let mut refused = 0;
        for entry in routes() {
            let Some(right) = entry.right else { continue };
            for who in Who::ALL.into_iter().filter(|who| !right.granted_to(role_of(*who))) {
                let path = address(entry.path, &case);
                let request = api.request(who, entry.method.clone(), &path).await;
                let request = request.insert_header(("if-match", format!("\"{}\"", case["version"])));
                let request = if entry.method == Method::POST {
                    request.set_json(filled(entry.path, &api))
                } else {
                    request
                };
                let answer = api.send(request).await;
                assert_eq!(answer.verdict(), (403, "role_not_permitted".to_owned()), "{} as {who:?}", entry.id);
                refused += 1;
            }
        }
        assert!(refused > 80, "only {refused} refusals: is the permission table gone?");
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn another_centers_case_does_not_exist(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let mut missing = 0;
        for entry in routes().iter().filter(|entry| entry.path.contains("{id}")) {
            let right = entry.right.expect("a right");
            if !right.granted_to(Role::ServiceCenter) {
                continue;
            }
            let real = address(entry.path, &case);
            let nowhere = entry.path.replace("{id}", "01900000-0000-7000-8000-000000000000");
            let mut answers = Vec::new();
            for path in [real, nowhere, entry.path.replace("{id}", "not-an-id")] {
                let request = api.request(Who::OfficerB, entry.method.clone(), &path).await;
                let request = request.insert_header(("if-match", format!("\"{}\"", case["version"])));
                let request = if entry.method == Method::POST {
                    request.set_json(filled(entry.path, &api))
                } else {
                    request
                };
                answers.push(api.send(request).await.verdict());
            }
            let none = (404, "not_found".to_owned());
            assert_eq!(answers, [none.clone(), none.clone(), none], "{}", entry.id);
            missing += 1;
        }
        assert!(missing > 12, "only {missing} operations on a case");
        let list = api.get(Who::OfficerB, "/api/v1/cases").await.json();
        assert_eq!(list["items"], json!([]));
        let found = api.post(Who::OfficerB, "/api/v1/cases/search", &json!({ "phone": "13800000000" })).await;
        assert_eq!(found.json()["items"], json!([]));
        let rate = api.get(Who::OfficerB, "/api/v1/statistics/reply-rate").await.json();
        assert_eq!(rate["counts"]["received"], 0);
        let work = api.get(Who::OfficerB, "/api/v1/statistics/overview").await.json();
        assert_eq!(work["units"], json!([]));
        assert_eq!(api.traces(), before);
    }
}
