//! Bad requests around good bodies: headers, queries, cursors, addresses, methods, states, a full
//! queue. Each gets its documented answer and leaves no trace.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::http::contract::Entry;
use gongkai::http::extract::BODY_LIMIT;
use gongkai::http::routes;
use gongkai::store::WriterLimits;
use serde_json::{Value, json};

use super::refusals::{CASES, pointers, problem, receive_raw, with};
use crate::support::client::{Answer, Api, application};
use crate::support::databases::{Backend, Fresh};
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

on_both! {
    async fn bodies_too_large_or_of_another_kind_are_not_read(api: Api) {
        let before = api.traces();
        let exact = |length: usize| {
            let mut text = application().to_string();
            text.push_str(&" ".repeat(length - text.len()));
            text
        };
        problem(&receive_raw(&api, exact(BODY_LIMIT + 1)).await, CASES, 413, "payload_too_large", "one byte more");
        problem(&receive_raw(&api, vec![b'['; 1 << 20]).await, CASES, 413, "payload_too_large", "a megabyte");
        for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
            "application/jsonp", "application/json5", "text/json", "json", ""] {
            let request = api.request(Who::Clerk, Method::POST, CASES).await;
            let request = request.insert_header(("content-type", kind)).set_payload(application().to_string());
            let answer = api.send(request).await;
            problem(&answer, CASES, 415, "unsupported_media_type", kind);
            assert_eq!(answer.header("accept-post"), Some("application/json"), "{kind}");
        }
        for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x", ""] {
            let request = api.request(Who::Clerk, Method::POST, CASES).await;
            let answer = api.send(request.insert_header(("content-encoding", coding)).set_json(application())).await;
            problem(&answer, CASES, 415, "unsupported_media_type", coding);
            assert_eq!(answer.header("accept-encoding"), Some("identity"), "{coding}");
        }
        assert_eq!(api.traces(), before);
        for kind in ["application/json; charset=utf-8", "Application/JSON"] {
            let request = api.request(Who::Clerk, Method::POST, CASES).await;
            let request = request.insert_header(("content-type", kind)).set_payload(exact(BODY_LIMIT));
            assert_eq!(api.send(request).await.status, 201, "{kind}");
        }
    }
}

on_both! {
    async fn a_change_needs_the_version_that_was_seen(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        for entry in routes().iter().filter(|entry| is_action(entry)) {
            let who = entry.right.map_or(Who::Clerk, Who::with);
            let path = entry.path.replace("{id}", case["id"].as_str().unwrap()).replace("{letter_id}", case["id"].as_str().unwrap());
            let send = async |tag: Option<&str>| {
                let request = api.request(who, Method::POST, &path).await;
                let request = tag.into_iter().fold(request, |request, tag| request.insert_header(("if-match", tag)));
                api.send(request.set_json(body_of(entry.path, &api))).await
            };
            problem(&send(None).await, &path, 428, "precondition_required", entry.id);
            for tag in ["*", " * ", "\"3\", \"4\"", "\"3\",", "*, \"3\""] {
                problem(&send(Some(tag)).await, &path, 428, "precondition_too_broad", entry.id);
            }
            // Two lines are a list, whichever comes first (RFC 9110 §5.3).
            for tags in [["\"3\"", "\"99\""], ["\"99\"", "\"3\""], ["\"3\"", "\"3\""]] {
                let request = api.request(who, Method::POST, &path).await;
                let request = tags.into_iter().fold(request, |request, tag| request.append_header(("if-match", tag)));
                let answer = api.send(request.set_json(body_of(entry.path, &api))).await;
                problem(&answer, &path, 428, "precondition_too_broad", entry.id);
            }
            for tag in ["3", "\"3", "3\"", "", "W/3", "\"3 4\""] {
                problem(&send(Some(tag)).await, &path, 400, "malformed_request", &format!("{} {tag}", entry.id));
            }
            for tag in ["\"2\"", "\"4\"", "\"0\"", "\"-1\"", "\"03\"", "W/\"3\"", "\"\"", "\"x\"",
                "\"99999999999999999999\"", "\"9223372036854775807\""] {
                let answer = send(Some(tag)).await;
                problem(&answer, &path, 412, "stale_version", &format!("{} {tag}", entry.id));
                assert_eq!(answer.header("etag"), Some("\"3\""), "{} {tag}", entry.id);
            }
        }
        assert_eq!(api.traces(), before);
    }
}

/// Does it change a case? Printing a receipt posts a code, looking at a letter a kind, supposing something a supposition, and
/// all change nothing.
fn is_action(entry: &Entry) -> bool {
    entry.path.starts_with("/api/v1/cases/{id}")
        && entry.method == Method::POST
        && !entry.path.ends_with("/receipt")
        && !entry.path.ends_with("/letter-previews")
        && !entry.path.ends_with("/what-if")
}

/// A body that gets past the form of an action.
fn body_of(path: &str, api: &Api) -> Value {
    let today = api.world.today();
    let served = json!({ "manner": "handed_over", "signed_at": today });
    match path.rsplit('/').next().unwrap() {
        "amend" => json!({ "reason": "更正", "subject": "另一事项" }),
        "assign" => json!({ "unit_id": api.world.unit(Place::CenterA).0 }),
        "request-supplement" => json!({ "items": "不明确", "guidance": "写明文号" }),
        "supplement" => {
            json!({ "channel": "in_person", "arrival": { "submitted_at": today }, "content": "补" })
        }
        "request-extension" => json!({ "days": 3, "reason": "量大" }),
        "decide-extension" => json!({ "verdict": "granted" }),
        "draft-answer" => {
            json!({ "decision": "disclose", "provided": "一份", "how_to_obtain": "邮寄" })
        }
        "ask-subtask" => {
            json!({ "unit_id": api.world.unit(Place::CenterB).0, "kind": "opinion", "question": "请出具意见" })
        }
        "reply-subtask" => json!({ "subtask": 1, "reply": "同意" }),
        "return-subtask" | "waive-subtask" => json!({ "subtask": 1, "reason": "测试" }),
        "review" => json!({ "kind": "secrecy", "verdict": "passed" }),
        "detach" => json!({ "attachment_id": api.world.unit(Place::CenterA).0, "reason": "误传" }),
        "serve" => json!({ "letter": "answer", "service": served }),
        "issue-letter" => json!({ "kind": "collection_notice", "collect_from_date": "2025-03-11",
            "collect_to_date": "2025-03-12", "place": "查询室" }),
        "void-letter" => json!({ "letter_id": uuid::Uuid::nil(), "reason": "测试" }),
        "void" | "return" | "lapse" | "withdraw" => json!({ "reason": "测试" }),
        _ => json!({}),
    }
}

on_both! {
    async fn bad_idempotency_keys_are_refused(api: Api) {
        let before = api.traces();
        for key in [String::new(), "a b".to_owned(), "x".repeat(256), "a\tb".to_owned(), "键".to_owned()] {
            let request = api.request(Who::Clerk, Method::POST, CASES).await;
            let answer = api.send(request.insert_header(("idempotency-key", key.as_str())).set_json(application())).await;
            problem(&answer, CASES, 400, "malformed_request", &format!("key {key:?}"));
        }
        assert_eq!(api.traces(), before);
        // A refused command leaves its key free; another user's key is another key.
        let send = async |who: Who, body: Value| {
            let request = api.request(who, Method::POST, CASES).await;
            api.send(request.insert_header(("idempotency-key", "k-1")).set_json(body)).await
        };
        problem(&send(Who::Clerk, with("/arrival", json!({ "submitted_at": "2030-01-01" }))).await, CASES, 422, "date_in_future", "future");
        let first = send(Who::Clerk, application()).await;
        let other = send(Who::SecondClerk, application()).await;
        assert_eq!((first.status.as_u16(), other.status.as_u16()), (201, 201));
        assert_ne!(first.json()["id"], other.json()["id"]);
    }
}

on_both! {
    async fn bad_query_parameters_are_named(api: Api) {
        let before = api.traces();
        let rows = [
            ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=abc", "limit"), ("limit=", "limit"),
            ("limit=1e2", "limit"), ("limit=99999999999999999999", "limit"), ("limit=5&limit=5", "limit"),
            ("staus=received", "staus"), ("status=open", "status"), ("status=received,", "status"), ("status=", "status"),
            ("status=received&status=received", "status"), ("worklist=all", "worklist"), ("worklist=mine,overdue", "worklist"),
            ("sort=id", "sort"), ("sort=-due_date,subject", "sort"), ("sort=due_date,id,id", "sort"), ("sort=case_number", "sort"), ("sort=", "sort"), ("sort=due_date;DROP%20TABLE%20cases", "sort"),
            ("unit=center_a", "unit"), ("unit=", "unit"), ("officer=1", "officer"), ("responsible_unit=x", "responsible_unit"),
            ("channel=pigeon", "channel"), ("applicant_type=x", "applicant_type"), ("counted_in=all", "counted_in"),
            ("overdue=yes", "overdue"), ("unanswered=1", "unanswered"),
            ("number=", "number"), ("number=%00", "number"), ("subject=a%00b", "subject"), ("applicant_name=%20", "applicant_name"),
            ("due_date[gte]=2025-02-30", "due_date[gte]"), ("due_date%5Blte%5D=2025-4-1", "due_date[lte]"),
            ("due_date[lte]=%2B99999-01-01", "due_date[lte]"), ("due_date[gte]=-99999-01-01", "due_date[gte]"),
            ("received_at[gte]=2025-01-01", "received_at[gte]"), ("received_at[lt]=yesterday", "received_at[lt]"),
            ("received_at[gte]=-9999-01-01T00:00:00Z", "received_at[gte]"), ("received_at[lt]=%2B262142-01-01T00:00:00Z", "received_at[lt]"),
            ("receipt_date[gte]=0000-00-00", "receipt_date[gte]"), ("counted_in=answered&from=-262143-01-01", "from"),
            ("counted_in=answered&to=%2B262142-12-31", "to"), ("as_of=x", "as_of"), ("=x", ""), ("id=1", "id"),
            ("cursor=", "cursor"), ("due_date=2025-01-01", "due_date"), ("due_date[ge]=2025-01-01", "due_date[ge]"),
            ("updated_at[gt]=2025-01-01", "updated_at[gt]"), ("receipt_date[lt]=x", "receipt_date[lt]"), ("after=3", "after"),
            ("q=a", "q"), ("q=%20%20", "q"), ("q=a%00b", "q"), ("count=yes", "count"), ("count=", "count"), ("tz=UTC", "tz"),
        ];
        for (query, name) in rows {
            let path = format!("{CASES}?{query}");
            let answer = api.get(Who::Clerk, &path).await;
            let body = problem(&answer, &path, 400, "unknown_parameter", query);
            assert_eq!(pointers(&body), [name], "{query}");
        }
        // All that is wrong at once.
        let path = format!("{CASES}?limit=abc&unit=x&overdue=maybe&staus=1");
        let body = problem(&api.get(Who::Clerk, &path).await, &path, 400, "unknown_parameter", "many");
        let mut found = pointers(&body);
        found.sort_unstable();
        assert_eq!(found, ["limit", "overdue", "staus", "unit"]);
        for (query, name) in [
            ("group_by=day", "group_by"), ("group_by=", "group_by"), ("from=2025-13-01", "from"), ("from=%2B262142-12-31", "from"),
            ("as_of=-99999-01-01", "as_of"), ("from=2025-06-01&to=2025-01-01", "from"), ("form=2025-01-01", "form"),
            ("to=2025-01-01&to=2025-01-01", "to"),
        ] {
            let path = format!("/api/v1/statistics/reply-rate?{query}");
            let body = problem(&api.get(Who::Supervisor, &path).await, &path, 400, "unknown_parameter", query);
            assert_eq!(pointers(&body), [name], "{query}");
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn operations_without_parameters_take_none(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        for entry in routes() {
            let Some(right) = entry.right else { continue };
            let who = Who::with(right);
            let id = case["id"].as_str().unwrap();
            let path = entry.path.replace("{id}", id).replace("{letter_id}", id);
            let path = path.replace("{year}", "2026").replace("{number}", "1");
            let path = format!("{}?colour=red", path.replace("{kind}", "receipt"));
            let request = api.request(who, entry.method.clone(), &path).await.insert_header(("if-match", "\"3\""));
            let request = match entry.path.rsplit('/').next().unwrap() {
                "cases" if entry.method == Method::POST => request.set_json(application()),
                "search" => request.set_json(json!({ "phone": "13800000000" })),
                _ if entry.method == Method::POST => request.set_json(body_of(entry.path, &api)),
                _ => request,
            };
            let body = problem(&api.send(request).await, &path, 400, "unknown_parameter", entry.id);
            assert_eq!(pointers(&body), ["colour"], "{}", entry.id);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn cursors_belong_to_their_query_and_reader(api: Api) {
        for _ in 0..3 {
            api.received().await;
        }
        let first = api.get(Who::Clerk, "/api/v1/cases?limit=1&status=received").await.json();
        let cursor = first["next_cursor"].as_str().unwrap().to_owned();
        let flip = |at: usize| {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        };
        let tampered = [
            format!("limit=1&status=received&cursor={}", flip(0)),
            format!("limit=1&status=received&cursor={}", flip(cursor.len() / 2)),
            format!("limit=1&status=received&cursor={}", flip(cursor.len() - 2)),
            format!("limit=1&status=received&cursor={}", &cursor[..cursor.len() - 4]),
            format!("limit=1&status=received&cursor={cursor}AAAA"),
            "limit=1&status=received&cursor=AAAA".to_owned(),
            "limit=1&status=received&cursor=%F0%9F%98%80".to_owned(),
            format!("limit=1&status=registered&cursor={cursor}"),
            format!("limit=1&cursor={cursor}"),
            format!("limit=1&status=received&sort=received_at&cursor={cursor}"),
            format!("limit=1&status=received&sort=due_date&cursor={cursor}"),
            format!("limit=1&status=received&overdue=true&cursor={cursor}"),
        ];
        for query in tampered {
            let path = format!("{CASES}?{query}");
            problem(&api.get(Who::Clerk, &path).await, &path, 400, "invalid_cursor", &query);
        }
        let path = format!("{CASES}?limit=1&status=received&cursor={cursor}");
        problem(&api.get(Who::SecondClerk, &path).await, &path, 400, "invalid_cursor", "another reader");
        // Another size of page is no other query.
        let rest = api.get(Who::Clerk, &path.replace("limit=1", "limit=9")).await.json();
        assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    }
}

on_both! {
    async fn nothing_is_at_unknown_addresses(api: Api) {
        let before = api.traces();
        let long = "x".repeat(3000);
        let nowhere: Vec<String> = [
            "not-an-id", "1", "..", "%2e%2e", "%00", "%FF%FE", "00000000-0000-0000-0000-000000000000",
            "01900000-0000-7000-8000-00000000000g", "'%20OR%201=1--", "%F0%9F%98%80", &long,
        ].iter().map(|id| format!("{CASES}/{id}")).collect();
        for path in &nowhere {
            for below in ["", "/events", "/actions", "/deadline"] {
                let path = format!("{path}{below}");
                let answer = api.get(Who::Clerk, &path).await;
                assert!(matches!(answer.code().as_str(), "not_found" | "route_not_found"), "{path}: {}", answer.text);
                problem(&answer, &path, 404, &answer.code(), &path);
            }
        }
        for path in ["/api", "/api/v1", "/api/v2/cases", "/api/v1/cases/", "/api/v1//cases", "/API/V1/cases",
            "/api/v1/cases/x/y/z", "/metrics/x", "/.env", "/openapi.json/", "/api/v1/sessions/current/x"] {
            problem(&api.get(Who::Clerk, path).await, path, 404, "route_not_found", path);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn an_endless_address_is_not_looked_at(api: Api) {
        for path in [format!("/{}", "a".repeat(20_000)), format!("{CASES}?subject={}", "a".repeat(20_000))] {
            let answer = api.get(Who::Clerk, &path).await;
            assert_eq!(answer.verdict(), (414, "uri_too_long".to_owned()));
            assert!(answer.text.len() < 1000, "the address is not sent back");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
        let answer = api.get(Who::Clerk, &format!("{CASES}?subject={}", "a".repeat(8000))).await;
        assert_eq!(answer.code(), "unknown_parameter", "long, and looked at");
    }
}

on_both! {
    async fn wrong_methods_are_told_the_right_ones(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let routes = routes();
        for entry in &routes {
            let path = entry.path.replace("{id}", case["id"].as_str().unwrap()).replace("{letter_id}", case["id"].as_str().unwrap());
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get"] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                if routes.iter().any(|known| known.path == entry.path && known.method == method) {
                    continue;
                }
                let request = api.request(Who::Clerk, method.clone(), &path).await;
                let answer = api.send(request).await;
                problem(&answer, &path, 405, "method_not_allowed", &format!("{method} {path}"));
                let allowed = answer.header("allow").unwrap();
                assert!(allowed.split(", ").any(|known| known == entry.method.as_str()), "{path}: {allowed}");
            }
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn a_role_without_the_right_learns_nothing_by_bad_input(api: Api) {
        let before = api.traces();
        for entry in routes() {
            let Some(right) = entry.right else { continue };
            if right.granted_to(gongkai::domain::actor::Role::Auditor) {
                continue;
            }
            let path = entry.path.replace("{id}", "not-an-id");
            let request = api.request(Who::Auditor, entry.method.clone(), &format!("{path}?limit=abc")).await;
            let request = request.insert_header(("content-type", "application/json")).set_payload("{\"x\":");
            problem(&api.send(request).await, &path, 403, "role_not_permitted", entry.id);
            let request = TestRequest::with_uri(&path).method(entry.method.clone()).set_payload("{");
            problem(&api.send(request).await, &path, 401, "unauthenticated", entry.id);
        }
        assert_eq!(api.traces(), before);
    }
}

/// A case in every status.
async fn one_of_each_status(api: &Api) -> Vec<Value> {
    let served = |day: &str| json!({ "manner": "handed_over", "signed_at": day });
    let ask = json!({ "items": "不明", "guidance": "写明", "service": served("2025-03-10") });
    let reason = json!({ "reason": "测试" });
    let lapsing = api.assigned(Place::CenterA).await;
    let lapsing = api.done(Who::OfficerA, &lapsing, "request-supplement", &ask).await;
    api.world.clock.set(instant("2025-09-10T02:00:00Z"));
    let lapsed = api.done(Who::Clerk, &lapsing, "lapse", &reason).await;
    api.world.clock.set(instant("2025-09-15T02:00:00Z"));
    let ask = json!({ "items": "不明", "guidance": "写明", "service": served("2025-09-15") });
    let awaiting = api.assigned(Place::CenterA).await;
    let awaiting = api.done(Who::OfficerA, &awaiting, "request-supplement", &ask).await;
    let supplemented = api.assigned(Place::CenterA).await;
    let supplemented = api.done(Who::OfficerA, &supplemented, "request-supplement", &ask).await;
    let reply = json!({ "channel": "in_person", "arrival": { "submitted_at": "2025-09-15" }, "content": "2024年" });
    let supplemented = api.done(Who::OfficerA, &supplemented, "supplement", &reply).await;
    let answered = api.assigned(Place::CenterA).await;
    let answered =
        api.done(Who::OfficerA, &answered, "draft-answer", &body_of("draft-answer", api)).await;
    let answered = api.reviewed(&answered).await;
    let answered = api.done(Who::SecondOfficerA, &answered, "answer", &json!({})).await;
    let withdrawn = api.done(Who::Clerk, &api.registered().await, "withdraw", &reason).await;
    let voided = api.done(Who::Clerk, &api.registered().await, "void", &reason).await;
    vec![
        api.received().await,
        api.registered().await,
        api.assigned(Place::CenterA).await,
        awaiting,
        supplemented,
        answered,
        lapsed,
        withdrawn,
        voided,
    ]
}

on_both! {
    async fn actions_that_the_status_forbids_are_refused(api: Api) {
        use gongkai::domain::lifecycle::{Status, table::RULES};
        let cases = one_of_each_status(&api).await;
        let statuses: Vec<_> = cases.iter().map(|case| case["status"].as_str().unwrap().to_owned()).collect();
        assert_eq!(statuses, Status::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>());
        let before = api.traces();
        let mut refused = 0;
        for case in &cases {
            for entry in routes().iter().filter(|entry| is_action(entry)) {
                let action = entry.path.rsplit('/').next().unwrap();
                let legal = RULES.iter().any(|rule| {
                    let name = if action == "attachments" { "attach" } else { action };
                    rule.action.as_str() == name.replace('-', "_")
                        && rule.from.iter().any(|status| status.as_str() == case["status"])
                });
                if legal {
                    continue;
                }
                for who in [Who::Clerk, Who::OfficerA, Who::Supervisor] {
                    let answer = api.act(who, case, action, &body_of(entry.path, &api)).await;
                    // Another center, or the wrong role: said before the state.
                    if matches!((answer.status.as_u16(), answer.code().as_str()), (403, "role_not_permitted") | (404, _)) {
                        continue;
                    }
                    let what = format!("{action} as {who:?} when {}", case["status"]);
                    let path = entry.path.replace("{id}", case["id"].as_str().unwrap()).replace("{letter_id}", case["id"].as_str().unwrap());
                    let codes = answer.json()["errors"].clone();
                    assert!(codes.as_array().unwrap().iter().any(|fault| fault["code"] == "status_forbids"), "{what}: {}", answer.text);
                    assert!(matches!(answer.status.as_u16(), 403 | 409), "{what}: {}", answer.text);
                    problem(&answer, &path, answer.status.as_u16(), &answer.code(), &what);
                    refused += 1;
                }
            }
        }
        assert!(refused > 100, "only {refused} refusals");
        assert_eq!(api.traces(), before);
    }
}

/// A world whose writer takes one command at a time and lets one wait.
struct Narrow(Api);

impl Fresh for Narrow {
    async fn fresh(backend: Backend) -> Self {
        Self(
            Api::on(
                World::with_limits(
                    backend,
                    WriterLimits { queue: 1, batch: 1, ..WriterLimits::default() },
                )
                .await,
            )
            .await,
        )
    }
}

on_both! {
    async fn a_full_queue_turns_away_and_says_when_to_return(narrow: Narrow) {
        let api = narrow.0;
        let seen = api.received().await;
        let before = api.traces();
        let held = api.world.db.hold_writers();
        // The clients knock one after the other, so that the first is with the writer, the second
        // waits, and the others find the queue full; then the writer may go on.
        let knock = |n: u64| {
            let (api, seen) = (&api, &seen);
            async move {
                tokio::time::sleep(std::time::Duration::from_millis(40 * n)).await;
                let body = json!({ "reason": "更正", "subject": format!("事项{n}") });
                api.act(Who::Clerk, seen, "amend", &body).await
            }
        };
        let mut held = Some(held);
        let let_go = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            if let Some(held) = held.take() {
                held.release();
            }
        };
        let ((), answers) = both(let_go, crate::support::all_at_once((0..8).map(knock).collect(), || ())).await;
        let full: Vec<_> = answers.iter().filter(|answer| answer.code() == "queue_full").collect();
        assert!(full.len() >= 5, "{:?}", answers.iter().map(Answer::verdict).collect::<Vec<_>>());
        for answer in full {
            let path = format!("{CASES}/{}/amend", seen["id"].as_str().unwrap());
            problem(answer, &path, 503, "queue_full", "full");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{:?}", answers.iter().map(Answer::verdict).collect::<Vec<_>>());
        assert_eq!((api.traces()[0], api.traces()[1]), (before[0], before[1] + 1));
    }
}

/// Waits for both.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|cx| {
        use std::task::Poll;
        if first.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(cx)
        {
            first = Some(done);
        }
        if second.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(cx)
        {
            second = Some(done);
        }
        if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (first.unwrap(), second.unwrap())
}

on_both! {
    async fn request_ids_that_could_do_harm_are_replaced(api: Api) {
        for (given, kept) in [("abc-DEF_1.2", true), (&"x".repeat(64) as &str, true), (&"x".repeat(65), false), ("a b", false), ("", false), ("a\"b", false)] {
            let request = api.request(Who::Clerk, Method::GET, "/api/v1/cases/none").await;
            let answer = api.send(request.insert_header(("x-request-id", given))).await;
            problem(&answer, "/api/v1/cases/none", 404, "not_found", given);
            assert_eq!(answer.header("x-request-id") == Some(given), kept, "{given}");
        }
    }
}

on_both! {
    async fn two_keys_are_none(api: Api) {
        let before = api.traces();
        let request = api.request(Who::Clerk, Method::POST, CASES).await;
        let request = request.append_header(("idempotency-key", "a")).append_header(("idempotency-key", "b"));
        problem(&api.send(request.set_json(application())).await, CASES, 400, "malformed_request", "two keys");
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn an_answer_does_not_grow_with_what_provokes_it(api: Api) {
        let members: Vec<String> = (0..9000).map(|n| format!("\"m{n}\":0")).collect();
        let body = format!("{{{}}}", members.join(","));
        let answer = receive_raw(&api, body).await;
        assert_eq!(answer.verdict(), (422, "validation_failed".to_owned()));
        assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 100);
    }
}

on_both! {
    async fn a_period_says_nothing_without_what_is_counted_in_it(api: Api) {
        for (query, pointers) in [
            ("from=2030-01-01", vec!["from"]),
            ("to=2029-01-01&as_of=1900-01-01", vec!["to", "as_of"]),
            ("counted_in=answered&from=2025-02-01&to=2025-01-01", vec!["from"]),
            ("counted_in=answered&from=2025-02-01&to=2025-03-01&as_of=2025-01-01", vec!["as_of"]),
            ("q=%ff%ff", vec![""]),
        ] {
            let answer = api.get(Who::Clerk, &format!("{CASES}?{query}")).await;
            assert_eq!(answer.verdict(), (400, "unknown_parameter".to_owned()), "{query}");
            let answer = answer.json();
            let found: Vec<&str> = answer["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
            assert_eq!(found, pointers, "{query}");
        }
    }
}
