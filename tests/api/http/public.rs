//! The public door: an applicant without an account applies, asks and supplements.

use std::net::SocketAddr;

use actix_web::test::TestRequest;
use gongkai::domain::ids::CaseId;
use gongkai::domain::query_code::QueryCode;
use gongkai::domain::rejection::Reason;
use gongkai::service::cases::Origin;
use gongkai::store::command::{Caller, Command, Request};
use serde_json::{Value, json};

use crate::support::client::{Answer, Api};
use crate::support::inputs::instant;
use crate::support::world::{Place, Who, reason};
use crate::support::{all_at_once, on_both};

/// An application as somebody sends it in. Nobody real.
pub(crate) fn application() -> Value {
    json!({
        "applicant": {
            "type": "natural_person", "name": "王小明", "id_kind": "resident_id_card",
            "id_number": "220102199003071235", "phone": "13800000000",
            "address": "长春市南关区人民大街1号"
        },
        "subject": "2024年度车辆管理收费标准",
        "carrier": "paper",
        "delivery": "post"
    })
}

fn from(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an address"), 40000)
}

impl Api {
    /// Posts to the public door from an address. The request's id is fixed, so that whole answers
    /// can be compared.
    pub(crate) async fn visit(&self, address: &str, path: &str, body: &Value) -> Answer {
        let request = TestRequest::post().uri(&format!("/api/v1/public/{path}"));
        let request = request.peer_addr(from(address)).insert_header(("x-request-id", "same"));
        self.send(request.set_json(body)).await
    }

    async fn keyed_visit(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = TestRequest::post().uri(&format!("/api/v1/public/{path}"));
        let request = request.peer_addr(from("192.0.2.1")).insert_header(("idempotency-key", key));
        self.send(request.set_json(body)).await
    }

    /// Applies online and gives the receipt.
    pub(crate) async fn applied(&self) -> Value {
        let answer = self.visit("192.0.2.1", "applications", &application()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// The case of a receipt, as the query room sees it.
    pub(crate) async fn case_of(&self, receipt: &Value) -> Value {
        let number = receipt["receipt_number"].as_str().expect("a number");
        let list = self.get(Who::Clerk, &format!("/api/v1/cases?number={number}")).await.json();
        let path = list["items"][0]["links"]["self"].as_str().map(ToOwned::to_owned);
        let path = path.unwrap_or_else(|| {
            format!("/api/v1/cases/{}", list["items"][0]["id"].as_str().expect("an id"))
        });
        self.get(Who::Clerk, &path).await.json()
    }

    /// The query room confirms an online application and registers it.
    async fn confirmed(&self, receipt: &Value) -> Value {
        let case = self.case_of(receipt).await;
        let confirmed = json!({ "arrival": {
            "confirmed_at": self.world.now(), "confirmed_by": "查询室", "confirmation_manner": "电话",
        } });
        self.done(Who::Clerk, &case, "register", &confirmed).await
    }

    /// An online application whose answer the query room has issued, to be had on this carrier. Its
    /// applicant is another than the one of [`application`]: nobody may send in too many in a day.
    pub(crate) async fn answered_on(&self, carrier: &str) -> Value {
        self.answered_with(carrier, 0).await.0
    }

    /// The same, with so many files; and the id of the last.
    pub(crate) async fn answered_with(&self, carrier: &str, files: usize) -> (Value, Value) {
        let mut body = application();
        body["applicant"]["id_number"] = json!("11010519491231002X");
        let answer = self.visit("192.0.2.1", "applications", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let receipt = answer.json();
        let case = self.confirmed(&receipt).await;
        let mut draft =
            json!({ "decision": "disclose", "provided": "收费标准一份", "carrier": carrier });
        let (mut case, mut chosen) = (case, Vec::new());
        for _ in 0..files {
            case = self.filed(Who::Clerk, &case).await;
            chosen.push(case["attachment_id"].clone());
        }
        let file = case["attachment_id"].clone();
        draft["file_ids"] = json!(chosen);
        let case = self.done(Who::Clerk, &case, "draft-answer", &draft).await;
        let case = self.reviewed(&case).await;
        self.done(Who::SecondClerk, &case, "answer", &json!({})).await;
        (receipt, file)
    }

    /// The same, and the applicant is asked to supplement it.
    pub(crate) async fn asked(&self, receipt: &Value) -> Value {
        let case = self.confirmed(receipt).await;
        let served = json!({ "manner": "sent", "sent_at": self.world.now() });
        let ask = json!({ "items": "年度不明确", "guidance": "请写明年度", "service": served });
        self.done(Who::Clerk, &case, "request-supplement", &ask).await
    }
}

/// Status, body and headers.
type Seen = (u16, String, Vec<(String, String)>);

fn claim(receipt: &Value) -> Value {
    json!({ "receipt_number": receipt["receipt_number"], "query_code": receipt["query_code"] })
}

fn supplement(receipt: &Value) -> Value {
    let mut body = claim(receipt);
    body["content"] = json!("2024年度");
    body
}

on_both! {
    async fn an_applicant_applies_asks_and_supplements(api: Api) {
        let receipt = api.applied().await;
        assert_eq!(receipt["status"], "received");
        assert_eq!(receipt["receipt_number"], "SJ2025-000001");
        let status = api.visit("192.0.2.1", "status", &claim(&receipt)).await;
        assert_eq!(status.header("cache-control"), Some("no-store"));
        let status = status.json();
        assert_eq!((&status["status"], &status["case_number"], &status["due_date"]), (&json!("received"), &Value::Null, &Value::Null));
        assert_eq!(status["milestones"]["received_date"], "2025-03-10");

        let case = api.case_of(&receipt).await;
        assert_eq!((&case["channel"], &case["status"]), (&json!("online"), &json!("received")));
        assert_eq!(case["receiving_unit_id"], json!(api.world.unit(Place::QueryRoom).0));
        let refused = api.act(Who::Clerk, &case, "register", &json!({})).await;
        assert_eq!(refused.verdict(), (409, "confirmation_missing".to_owned()));
        let entry = api.get(Who::Clerk, &format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap())).await.json();
        assert_eq!(entry["items"][0]["actor"], json!({ "applicant": true }));

        api.world.clock.set(instant("2025-03-11T02:00:00Z"));
        let case = api.asked(&receipt).await;
        let status = api.visit("192.0.2.1", "status", &json!({ "case_number": case["case_number"], "query_code": receipt["query_code"] })).await.json();
        assert_eq!((&status["status"], &status["due_date"]), (&json!("awaiting_supplement"), &Value::Null));
        assert_eq!(status["supplement_due_date"], "2025-03-25");
        assert_eq!(status["milestones"]["receipt_date"], "2025-03-11");

        api.world.clock.set(instant("2025-03-17T15:59:00Z"));
        let answer = api.visit("192.0.2.1", "supplements", &supplement(&receipt)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let status = answer.json();
        assert_eq!((&status["status"], &status["milestones"]["supplemented_date"]), (&json!("in_progress"), &json!("2025-03-17")));
        // Twenty working days from the day after; 4 April is a holiday.
        assert_eq!(status["due_date"], "2025-04-15");
        let case = api.case_of(&receipt).await;
        assert_eq!((&case["status"], &case["supplement"]["content"]), (&json!("supplemented"), &json!("2024年度")));
        let events = api.get(Who::Clerk, &format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap())).await.json();
        let last = events["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["action"], &last["actor"]), (&json!("supplement"), &json!({ "applicant": true })));

        let case = api.done(Who::SecondClerk, &case, "assign", &json!({ "unit_id": api.world.unit(Place::CenterA).0 })).await;
        let case = api.done(Who::OfficerA, &case, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let case = api.reviewed(&case).await;
        let posted = json!({ "service": { "manner": "posted", "posted_at": api.world.today(), "mail_number": "XA1" } });
        api.done(Who::SecondClerk, &case, "answer", &posted).await;
        let status = api.visit("192.0.2.1", "status", &claim(&receipt)).await.json();
        assert_eq!(status["status"], "answered");
        assert_eq!(status["delivery"], json!({ "state": "dispatched", "date": "2025-03-17" }));
    }
}

on_both! {
    async fn whatever_is_wrong_the_answer_is_the_same(api: Api) {
        let [open, withdrawn, voided, cooling] =
            [api.applied().await, api.applied().await, api.applied().await, api.applied().await];
        let case = api.case_of(&withdrawn).await;
        api.done(Who::Clerk, &case, "amend", &json!({ "reason": "更正", "subject": "另一事项" })).await;
        let case = api.confirmed(&withdrawn).await;
        api.done(Who::Clerk, &case, "withdraw", &json!({ "reason": "申请人撤回" })).await;
        let case = api.case_of(&voided).await;
        api.done(Who::Clerk, &case, "void", &json!({ "reason": "重复" })).await;
        let wrong = |receipt: &Value| json!({ "receipt_number": receipt["receipt_number"], "query_code": "0000-0000-0000-0000" });
        for at in 0..5 {
            api.visit(&format!("192.0.2.{}", 10 + at), "status", &wrong(&cooling)).await;
        }
        let unknown = json!({ "receipt_number": "SJ2025-999999", "query_code": open["query_code"] });
        let unheard = json!({ "case_number": "长公公开〔2025〕999号", "query_code": open["query_code"] });
        let others = json!({ "receipt_number": open["receipt_number"], "query_code": withdrawn["query_code"] });
        let tries = [
            wrong(&open), unknown, unheard, others, wrong(&withdrawn), claim(&withdrawn),
            claim(&voided), wrong(&voided), claim(&cooling), wrong(&cooling),
        ];
        for path in ["status", "supplements"] {
            let mut seen: Vec<Seen> = Vec::new();
            for (at, body) in tries.iter().enumerate() {
                let mut body = body.clone();
                if path == "supplements" {
                    body["content"] = json!("补充");
                }
                let answer = api.visit(&format!("198.51.100.{at}"), path, &body).await;
                let mut headers: Vec<_> = answer.headers.iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect();
                headers.sort();
                seen.push((answer.status.as_u16(), answer.text, headers));
            }
            assert_eq!(seen[0].0, 404, "{}", seen[0].1);
            for (at, other) in seen.iter().enumerate() {
                assert_eq!(other, &seen[0], "{path} {}", tries[at]);
            }
        }
        // The test can fail: what is right is not refused.
        assert_eq!(api.visit("203.0.113.1", "status", &claim(&open)).await.status, 200);
    }
}

/// What the status answer may hold, and nothing else: no free text, nothing personal.
#[test]
fn the_status_is_numbers_codes_and_days() {
    let contract = serde_json::to_value(gongkai::http::openapi::document()).expect("JSON");
    let schemas = &contract["components"]["schemas"];
    let mut leaves = Vec::new();
    let mut walk = vec![(String::new(), &schemas["PublicStatusView"])];
    while let Some((at, schema)) = walk.pop() {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            walk.push((at, &schemas[name]));
        } else if let Some(choices) = schema["oneOf"].as_array() {
            walk.extend(choices.iter().filter(|c| c["type"] != "null").map(|c| (at.clone(), c)));
        } else if let Some(members) = schema["properties"].as_object() {
            walk.extend(members.iter().map(|(name, part)| (format!("{at}/{name}"), part)));
        } else {
            let kind = if schema["enum"].is_array() {
                "code"
            } else {
                schema["format"].as_str().unwrap_or("text")
            };
            leaves.push(format!("{at} {kind}"));
        }
    }
    leaves.sort();
    let expected = [
        "/answer_online text",
        "/case_number text",
        "/delivery/date date",
        "/delivery/state code",
        "/due_date date",
        "/milestones/answered_date date",
        "/milestones/closed_date date",
        "/milestones/extended_date date",
        "/milestones/receipt_date date",
        "/milestones/received_date date",
        "/milestones/registered_date date",
        "/milestones/supplement_requested_date date",
        "/milestones/supplemented_date date",
        "/receipt_number text",
        "/status code",
        "/supplement_due_date date",
    ];
    assert_eq!(leaves, expected);
}

on_both! {
    async fn guessing_finds_nothing_and_raises_an_alarm(api: Api) {
        let receipt = api.applied().await;
        let number = &receipt["receipt_number"];
        let mut hits = 0;
        for at in 0..1500_u32 {
            // A code in the form of one, and every guess from another address.
            let mut bytes = [0; 10];
            bytes[..4].copy_from_slice(&at.to_be_bytes());
            let guess = QueryCode::from_random(bytes).reveal();
            let body = json!({ "receipt_number": number, "query_code": guess });
            let address = format!("10.0.{}.{}", at / 250, at % 250);
            let answer = api.visit(&address, "status", &body).await;
            hits += u32::from(answer.status == 200);
            assert_eq!(answer.status, 404);
        }
        assert_eq!(hits, 0);
        assert_eq!((api.world.app.public.refused(), api.world.app.public.alarms()), (1500, 1));
        let right = api.visit("203.0.113.9", "status", &claim(&receipt)).await;
        assert_eq!(right.verdict(), (404, "number_or_code_wrong".to_owned()), "the right code waits, too");
        api.world.clock.set(instant("2025-03-10T02:30:00Z"));
        assert_eq!(api.visit("203.0.113.9", "status", &claim(&receipt)).await.status, 200);
    }
}

on_both! {
    async fn an_address_that_guesses_has_to_wait(api: Api) {
        let receipt = api.applied().await;
        for at in 0..20 {
            let body = json!({ "receipt_number": format!("SJ2025-{at:06}"), "query_code": "0000-0000-0000-0000" });
            assert_eq!(api.visit("2001:db8::1", "status", &body).await.status, 404, "{at}");
        }
        for body in [claim(&receipt), json!({ "receipt_number": "SJ2025-7", "query_code": "0000-0000-0000-0000" })] {
            let answer = api.visit("2001:db8::2", "status", &body).await;
            assert_eq!(answer.verdict(), (429, "too_many_requests".to_owned()));
            assert_eq!(answer.header("retry-after"), Some("901"));
        }
        assert_eq!(api.visit("2001:db8:0:1::1", "status", &claim(&receipt)).await.status, 200);
        assert_eq!(api.world.app.public.alarms(), 1);
        api.world.clock.set(instant("2025-03-10T02:15:00Z"));
        assert_eq!(api.visit("2001:db8::1", "status", &claim(&receipt)).await.status, 200);
    }
}

on_both! {
    async fn success_does_not_wash_an_address_clean(api: Api) {
        let receipt = api.applied().await;
        let wrong = json!({ "receipt_number": "SJ2025-7", "query_code": "0000-0000-0000-0000" });
        for _ in 0..20 {
            assert_eq!(api.visit("192.0.2.7", "status", &claim(&receipt)).await.status, 200);
            assert_eq!(api.visit("192.0.2.7", "status", &wrong).await.status, 404);
        }
        assert_eq!(api.visit("192.0.2.7", "status", &claim(&receipt)).await.status, 429);
    }
}

on_both! {
    async fn many_that_come_together_are_no_way_around_the_limit(api: Api) {
        let addresses: Vec<String> = (0..20).map(|n| format!("192.0.2.{}", 40 + n)).collect();
        let body = application();
        let sent = addresses.iter().map(|address| api.visit(address, "applications", &body)).collect();
        let answers = all_at_once(sent, || ()).await;
        let taken = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(taken, 5);
        assert!(answers.iter().all(|answer| answer.status == 201 || answer.verdict() == (429, "daily_limit_reached".to_owned())));
        assert_eq!(api.world.db.number("SELECT count(*) FROM cases"), 5);
    }
}

on_both! {
    async fn a_day_has_its_limits(api: Api) {
        let five = ["192.0.2.21", "192.0.2.22", "192.0.2.23", "192.0.2.24", "192.0.2.25"];
        for address in five {
            assert_eq!(api.visit(address, "applications", &application()).await.status, 201);
        }
        let before = api.traces();
        let sixth = api.visit("192.0.2.26", "applications", &application()).await;
        assert_eq!(sixth.verdict(), (429, "daily_limit_reached".to_owned()));
        // Until midnight in Changchun: fourteen hours from ten o'clock.
        assert_eq!(sixth.header("retry-after"), Some("50401"));
        assert_eq!(api.traces(), before);
        let numbers = ["E12345678", "E12345679", "E12345680", "E12345681", "E12345682"];
        for at in 0..20 {
            let mut body = application();
            body["applicant"]["id_kind"] = json!("passport");
            body["applicant"]["id_number"] = json!(numbers[at % 5]);
            let answer = api.visit("192.0.2.30", "applications", &body).await;
            assert_eq!(answer.status, 201, "{at}: {}", answer.text);
        }
        let mut body = application();
        body["applicant"]["id_kind"] = json!("passport");
        body["applicant"]["id_number"] = json!("E87654321");
        let more = api.visit("192.0.2.30", "applications", &body).await;
        assert_eq!(more.verdict(), (429, "daily_limit_reached".to_owned()));
        assert_eq!(api.visit("192.0.2.31", "applications", &body).await.status, 201);
        api.world.clock.set(instant("2025-03-10T16:00:00Z"));
        assert_eq!(api.visit("192.0.2.30", "applications", &application()).await.status, 201);
    }
}

on_both! {
    async fn a_repeated_application_is_one_and_only_its_sender_sees_the_code(api: Api) {
        let body = application();
        let first = api.keyed_visit("submission-1", "applications", &body).await;
        assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, None));
        for _ in 0..4 {
            api.keyed_visit("another", "applications", &application()).await;
        }
        // The limit of the day does not stand between an applicant and his receipt.
        for at in 0..4 {
            api.visit(&format!("192.0.2.{}", 50 + at), "applications", &body).await;
        }
        let before = api.traces();
        let again = api.keyed_visit("submission-1", "applications", &body).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, Some("true")));
        assert_eq!(again.text, first.text);
        assert_eq!(api.traces(), before);
        // Somebody who knows the key and not every letter of the body gets a case of his own.
        let mut other = application();
        other["applicant"]["id_number"] = json!("11010519491231002X");
        let theirs = api.keyed_visit("submission-1", "applications", &other).await;
        assert_eq!(theirs.status, 201, "{}", theirs.text);
        assert_eq!(theirs.header("idempotency-replayed"), None);
        assert_ne!(theirs.json()["query_code"], first.json()["query_code"]);
        assert_ne!(theirs.json()["receipt_number"], first.json()["receipt_number"]);
    }
}

on_both! {
    async fn a_supplement_is_taken_once_and_in_time(api: Api) {
        let receipt = api.applied().await;
        let early = api.visit("192.0.2.1", "supplements", &supplement(&receipt)).await;
        assert_eq!(early.verdict(), (409, "status_forbids".to_owned()));
        assert_eq!(early.json()["detail"], Value::Null, "the desk's own status is not told");
        api.asked(&receipt).await;
        let before = api.traces();
        let first = api.keyed_visit("s-1", "supplements", &supplement(&receipt)).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let after = api.traces();
        assert_ne!(after, before);
        let again = api.keyed_visit("s-1", "supplements", &supplement(&receipt)).await;
        assert_eq!((again.text, again.status), (first.text, first.status));
        let second = api.keyed_visit("s-2", "supplements", &supplement(&receipt)).await;
        assert_eq!(second.verdict(), (409, "status_forbids".to_owned()));
        assert_eq!(api.traces(), after);

        let late = api.applied().await;
        api.asked(&late).await;
        api.world.clock.set(instant("2025-03-24T16:00:00Z"));
        let refused = api.visit("192.0.2.1", "supplements", &supplement(&late)).await;
        assert_eq!(refused.verdict(), (409, "supplement_period_over".to_owned()));
    }
}

on_both! {
    async fn the_code_is_checked_where_it_is_decided(api: Api) {
        let receipt = api.applied().await;
        let case = api.asked(&receipt).await;
        let id = CaseId(case["id"].as_str().unwrap().parse().unwrap());
        let right = QueryCode::parse(receipt["query_code"].as_str().unwrap()).unwrap();
        let give = async |caller: Caller, code: QueryCode| {
            let command = Command::SupplementByCode { case: id, code, content: "补".to_owned() };
            let request = Request {
                caller, at: api.world.now(), request_id: "test".to_owned(), idempotency: None, command,
            };
            reason(&api.world.app.store.writer.submit(request).await)
        };
        let before = api.traces();
        let wrong = QueryCode::from_random([7; 10]);
        assert_eq!(give(Caller::Applicant, wrong).await, Some(Reason::NumberOrCodeWrong));
        let Origin { caller, .. } = api.world.origin(Who::Clerk);
        assert_eq!(give(caller, right.clone()).await, Some(Reason::RoleNotPermitted));
        assert_eq!(give(Caller::Operator, right.clone()).await, Some(Reason::RoleNotPermitted));
        assert_eq!(api.traces(), before);
        assert_eq!(give(Caller::Applicant, right).await, None);
        assert_ne!(api.traces(), before);
    }
}

on_both! {
    async fn bad_input_is_named_whole_and_leaves_nothing(api: Api) {
        let before = api.traces();
        let mut body = application();
        body["applicant"] = json!({ "type": "natural_person", "name": "  ", "phone": "12" });
        body["subject"] = json!("");
        body["delivery"] = json!("email");
        let answer = api.visit("192.0.2.1", "applications", &body).await;
        assert_eq!(answer.verdict(), (422, "validation_failed".to_owned()));
        let mut pointers: Vec<String> = answer.json()["errors"].as_array().unwrap().iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
        pointers.sort();
        pointers.dedup();
        assert_eq!(pointers, [
            "#/applicant/email", "#/applicant/id_kind", "#/applicant/id_number", "#/applicant/name",
            "#/applicant/phone", "#/subject",
        ]);
        for extra in ["channel", "arrival", "register", "receiving_unit_id", "status", "id"] {
            let mut body = application();
            body[extra] = json!("x");
            let answer = api.visit("192.0.2.1", "applications", &body).await;
            assert_eq!(answer.verdict(), (422, "validation_failed".to_owned()), "{extra}");
        }
        let code = "0000-0000-0000-0000";
        for (body, pointer) in [
            (json!({ "query_code": code }), "#/case_number"),
            (json!({ "query_code": code, "case_number": "a", "receipt_number": "b" }), "#/case_number"),
            (json!({ "case_number": "a", "query_code": "0000" }), "#/query_code"),
            (json!({ "case_number": "a\u{0}", "query_code": code }), "#/case_number"),
            (json!({ "case_number": "a".repeat(65), "query_code": code }), "#/case_number"),
            (json!({ "case_number": "a" }), "#/query_code"),
            (json!({ "case_number": 7, "query_code": code }), "#/case_number"),
        ] {
            let answer = api.visit("192.0.2.1", "status", &body).await;
            assert_eq!(answer.status, 422, "{body}: {}", answer.text);
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
            assert!(!answer.text.contains(code), "a code is never repeated");
        }
        let in_address = TestRequest::post().uri("/api/v1/public/status?query_code=x").set_json(json!({}));
        assert_eq!(api.send(in_address).await.status, 400);
        for path in ["applications", "status", "supplements"] {
            let get = TestRequest::get().uri(&format!("/api/v1/public/{path}"));
            assert_eq!(api.send(get).await.status, 405);
        }
        assert_eq!(api.traces(), before);
    }
}
