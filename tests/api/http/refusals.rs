//! Bad bodies: each gets its documented status and code in a problem of the one shape, and leaves no
//! trace.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::http::contract::Entry;
use gongkai::http::routes;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// Checks that an answer is a complete problem, and gives its body.
pub(super) fn problem(answer: &Answer, path: &str, status: u16, code: &str, what: &str) -> Value {
    assert_eq!(answer.verdict(), (status, code.to_owned()), "{what}: {}", answer.text);
    let body = answer.json();
    let path = path.split('?').next().unwrap();
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(body["status"], json!(status), "{what}");
    assert_eq!(body["type"], json!(format!("urn:gongkai:problem:{code}")), "{what}");
    assert_eq!(body["instance"], json!(path), "{what}");
    assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"), "{what}");
    for text in ["title", "request_id"] {
        assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{what}: {text}");
    }
    for fault in body["errors"].as_array().into_iter().flatten() {
        assert!(
            ["pointer", "code", "detail"].iter().all(|name| fault[name].is_string()),
            "{what}: {fault}"
        );
    }
    body
}

/// Does the contract say that this operation can answer so?
pub(super) fn assert_documented(method: &str, path: &str, status: u16) {
    let contract: Value =
        serde_json::from_str(&gongkai::http::openapi::document().to_json().unwrap()).unwrap();
    let answers = &contract["paths"][path][method]["responses"];
    assert!(
        answers[status.to_string()].is_object(),
        "{method} {path} does not say {status}: {answers}"
    );
}

/// Where the faults of a problem are, in their order; one place may have several.
pub(super) fn pointers(body: &Value) -> Vec<&str> {
    let faults = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut places: Vec<&str> =
        faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    places.dedup();
    places
}

pub(super) const CASES: &str = "/api/v1/cases";

/// Posts bytes as a user to the address of receiving.
pub(super) async fn receive_raw(api: &Api, body: impl Into<actix_web::web::Bytes>) -> Answer {
    let request = api.request(Who::Clerk, Method::POST, CASES).await;
    api.send(request.insert_header(("content-type", "application/json")).set_payload(body)).await
}

/// The application with one member set; `at` is a JSON pointer.
pub(super) fn with(at: &str, value: Value) -> Value {
    let mut body = application();
    let (parent, name) = at.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

on_both! {
    async fn what_is_no_json_is_malformed(api: Api) {
        let good = application().to_string();
        let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let deep = good.replacen('{', &format!("{{\"description\":{nested},"), 1);
        let mut invalid = good.replace("王小明", "@@").into_bytes();
        let at = invalid.iter().position(|byte| *byte == b'@').unwrap();
        invalid[at] = 0xC3;
        invalid[at + 1] = 0x28;
        let mut overlong = invalid.clone();
        overlong[at] = 0xC0;
        overlong[at + 1] = 0x80;
        let before = api.traces();
        let bodies: Vec<(&str, Vec<u8>)> = vec![
            ("cut off", good[..good.len() - 1].into()),
            ("cut off after an unknown member", b"{\"bogus\"".to_vec()),
            ("cut off after a wrong type", b"{\"subject\":7,".to_vec()),
            ("trailing text", format!("{good}x").into()),
            ("two values", format!("{good}{good}").into()),
            ("comment", format!("/**/{good}").into()),
            ("byte order mark", format!("\u{FEFF}{good}").into()),
            ("single quotes", good.replace('"', "'").into()),
            ("trailing comma", good.replace("}}", "},}").replacen("\"channel\"", ",\"channel\"", 1).into()),
            ("bare word", "register".into()),
            ("white space", "  \n ".into()),
            ("lone high surrogate", good.replace("王小明", "\\ud83d").into()),
            ("lone low surrogate", good.replace("王小明", "\\ude00x").into()),
            ("raw control character", good.replace("王小明", "王\u{1}明").into()),
            ("invalid UTF-8", invalid),
            ("overlong UTF-8", overlong),
            ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("a key twice", good.replacen('{', "{\"channel\":\"fax\",", 1).into()),
            ("a nested key twice", good.replacen("\"phone\"", "\"name\":\"李四\",\"phone\"", 1).into()),
            ("NaN", good.replacen('{', "{\"register\":NaN,", 1).into()),
        ];
        for (what, body) in bodies {
            problem(&receive_raw(&api, body).await, CASES, 400, "malformed_json", what);
        }
        let answer = receive_raw(&api, deep).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "deep nesting: {}", answer.text);
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn what_is_no_object_is_not_valid(api: Api) {
        let before = api.traces();
        for body in ["[]", "[{}]", "null", "true", "1", "1e999", "\"x\"", "[[[[[]]]]]"] {
            let answer = receive_raw(&api, body).await;
            let code = answer.code();
            assert!(matches!(code.as_str(), "validation_failed" | "malformed_json"), "{body}: {}", answer.text);
            problem(&answer, CASES, if code == "malformed_json" { 400 } else { 422 }, &code, body);
        }
        // The members of an object in the order of the contract are no object either.
        let login = json!([Who::Clerk.username(), crate::support::world::PASSWORD]);
        let answer = api.send(TestRequest::post().uri("/api/v1/sessions").set_json(&login)).await;
        problem(&answer, "/api/v1/sessions", 422, "validation_failed", "login as an array");
        let listed = with("/applicant", json!(["natural_person", "王小明", null, null, "13800000000", null, null, null, null]));
        let answer = api.post(Who::Clerk, CASES, &listed).await;
        let body = problem(&answer, CASES, 422, "validation_failed", "applicant as an array");
        assert_eq!(pointers(&body), ["#/applicant"]);
        for body in ["[]", "null", "0"] {
            let case = api.assigned(Place::CenterA).await;
            let path = format!("{CASES}/{}/accept", case["id"].as_str().unwrap());
            let request = api.request(Who::OfficerA, Method::POST, &path).await.insert_header(("if-match", "\"3\""));
            let answer = api.send(request.insert_header(("content-type", "application/json")).set_payload(body)).await;
            problem(&answer, &path, 422, "validation_failed", body);
        }
        assert_eq!(api.traces()[0], before[0] + 3, "only the cases that this test has made");
    }
}

on_both! {
    async fn wrong_types_and_unknown_values_are_named(api: Api) {
        let before = api.traces();
        let rows = [
            ("/subject", json!(7), "wrong_type"),
            ("/subject", json!(null), "missing_field"),
            ("/subject", json!(["a"]), "wrong_type"),
            ("/register", json!("true"), "wrong_type"),
            ("/register", json!(1), "wrong_type"),
            ("/channel", json!("pigeon"), "unknown_value"),
            ("/channel", json!("In_Person"), "unknown_value"),
            ("/channel", json!(3), "wrong_type"),
            ("/channel", json!({ "in_person": null }), "wrong_type"),
            ("/applicant", json!("王小明"), "wrong_type"),
            ("/applicant/type", json!("robot"), "unknown_value"),
            ("/applicant/id_kind", json!("library_card"), "unknown_value"),
            ("/applicant/phone", json!(13_800_000_000_i64), "wrong_type"),
            ("/arrival", json!("2025-03-10"), "wrong_type"),
            ("/carrier", json!("stone"), "unknown_value"),
            ("/delivery", json!(""), "unknown_value"),
            ("/receiving_unit_id", json!("bureau"), "invalid_value"),
            ("/receiving_unit_id", json!(1), "wrong_type"),
        ];
        for (at, value, code) in rows {
            let what = format!("{at} = {value}");
            let answer = api.post(Who::Clerk, CASES, &with(at, value)).await;
            let body = problem(&answer, CASES, 422, "validation_failed", &what);
            assert_eq!(pointers(&body), [format!("#{at}")], "{what}");
            assert_eq!(body["errors"][0]["code"], code, "{what}: {}", body["errors"]);
        }
        for (parent, name) in [("", "subject"), ("", "channel"), ("", "applicant"), ("/applicant", "name"), ("/applicant", "type")] {
            let mut body = application();
            body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
            let answer = api.post(Who::Clerk, CASES, &body).await;
            let body = problem(&answer, CASES, 422, "validation_failed", name);
            assert_eq!(body["errors"][0]["code"], "missing_field", "{name}");
            assert_eq!(pointers(&body), [format!("#{parent}/{name}")], "{name}");
        }
        // No body at all says as much as an empty object: all that is missing, at once.
        let body = problem(&receive_raw(&api, "").await, CASES, 422, "validation_failed", "no body");
        assert_eq!(pointers(&body), ["#/applicant", "#/subject", "#/channel"]);
        // Every fault of the form in one answer, each at its place.
        let faulty = json!({ "applicant": { "type": "robot", "id_number": 7, "bogus": 1 }, "channel": "pigeon",
            "purpose": "甲".repeat(1001), "register": "yes", "status": "answered" });
        let answer = api.post(Who::Clerk, CASES, &faulty).await;
        let body = problem(&answer, CASES, 422, "validation_failed", "many faults");
        let mut found = pointers(&body);
        found.sort_unstable();
        assert_eq!(found, ["#/applicant/bogus", "#/applicant/id_number", "#/applicant/name", "#/applicant/type",
            "#/channel", "#/purpose", "#/register", "#/status", "#/subject"]);
        assert_eq!(api.traces(), before);
    }
}

/// Members that no body has: an attacker's, and the clerk's who knows the answers.
const FORBIDDEN: [&str; 12] = [
    "id",
    "role",
    "status",
    "version",
    "unit_id",
    "created_by",
    "received_by",
    "due_date",
    "case_number",
    "receipt_number",
    "query_code",
    "updated_at",
];

/// The operations to which one of these is known after all.
fn takes(operation: &str, name: &str) -> bool {
    match operation {
        "assignCase" | "createParagraph" => name == "unit_id",
        "askSubtask" => name == "unit_id" || name == "due_date",
        "printReceiptWithCode" => name == "query_code",
        "createUser" => name == "unit_id" || name == "role",
        "getPublicStatus" | "supplementOnline" | "takeAnswer" | "readAnswer" | "downloadAnswer"
        | "downloadAnswerFile" => ["case_number", "receipt_number", "query_code"].contains(&name),
        _ => false,
    }
}

on_both! {
    async fn no_operation_takes_members_that_it_does_not_know(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        // A register has columns and no members, a file comes in parts.
        let other = ["importRegister", "attachFile"];
        let json = |entry: &&Entry| entry.method == Method::POST && !other.contains(&entry.id);
        for entry in routes().iter().filter(json) {
            let who = entry.right.map_or(Who::Clerk, Who::with);
            let path = entry.path.replace("{id}", case["id"].as_str().unwrap()).replace("{letter_id}", case["id"].as_str().unwrap());
            let path = path.replace("{year}", "2026").replace("{number}", "1");
            for name in FORBIDDEN.into_iter().filter(|name| !takes(entry.id, name)) {
                let request = api.request(who, Method::POST, &path).await.insert_header(("if-match", "\"3\""));
                let answer = api.send(request.set_json(json!({ name: "x" }))).await;
                let what = format!("{} {name}", entry.id);
                let body = problem(&answer, &path, 422, "validation_failed", &what);
                let errors = body["errors"].as_array().unwrap();
                let unknown = errors.iter().filter(|e| e["code"] == "unknown_field");
                let unknown: Vec<_> = unknown.map(|e| e["pointer"].clone()).collect();
                assert_eq!(unknown, [format!("#/{name}")], "{what}");
                assert!(errors.iter().all(|e| e["code"] == "unknown_field" || e["code"] == "missing_field"), "{what}");
            }
        }
        for at in ["/applicant/version", "/arrival/receipt_date", "/applicant/id_number_index"] {
            let mut body = with("/arrival", json!({}));
            let (parent, name) = at.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = json!("x");
            let answer = api.post(Who::Clerk, CASES, &body).await;
            assert_eq!(pointers(&problem(&answer, CASES, 422, "validation_failed", at)), [format!("#{at}")]);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn every_fault_of_a_body_is_listed_at_once(api: Api) {
        let before = api.traces();
        let mut body = application();
        body["subject"] = json!("长".repeat(201));
        body["applicant"]["id_number"] = json!("220102199003071234");
        body["applicant"]["phone"] = json!("110");
        body["applicant"]["email"] = json!("nobody at example");
        body["applicant"]["postcode"] = json!("12");
        body["purpose"] = json!("  ");
        body["arrival"] = json!({ "confirmed_by": "a\u{0}b" });
        let answer = api.post(Who::Clerk, CASES, &body).await;
        let body = problem(&answer, CASES, 422, "validation_failed", "many faults");
        let mut found = pointers(&body);
        found.sort_unstable();
        assert_eq!(found, [
            "#/applicant/email", "#/applicant/id_number", "#/applicant/phone", "#/applicant/postcode",
            "#/arrival/confirmed_by", "#/purpose", "#/subject",
        ]);
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn texts_are_checked_for_length_and_characters(api: Api) {
        let before = api.traces();
        let rows = [
            ("/subject", "长".repeat(201)),

            ("/subject", " \u{3000}\n".to_owned()),
            ("/subject", "a\u{0}b".to_owned()),
            ("/subject", "a\u{1b}[31mb".to_owned()),
            ("/subject", "a\u{85}b".to_owned()),
            ("/description", "x".repeat(4001)),
            ("/description", "\u{7}".to_owned()),
            ("/purpose", "长".repeat(1001)),
            ("/applicant/name", "张".to_owned()),
            ("/applicant/name", "张".repeat(51)),
            ("/applicant/name", "张\u{202E}三".to_owned()),
            ("/applicant/name", "张\u{200B}三".to_owned()),
            ("/applicant/name", "张\u{0}三".to_owned()),
            ("/applicant/id_number", "220102199003071234".to_owned()),
            ("/applicant/id_number", "2".repeat(41)),
            ("/applicant/id_number", "220102\u{0}99003071235".to_owned()),
            ("/applicant/phone", "12345".to_owned()),
            ("/applicant/phone", "1380000000\u{0}".to_owned()),
            ("/applicant/address", "a\u{0}b".to_owned()),
            ("/applicant/address", "长".repeat(201)),
            ("/applicant/postcode", "13002".to_owned()),
            ("/applicant/email", "a@b".to_owned()),
            ("/applicant/email", format!("{}@example.com", "x".repeat(250))),
            ("/applicant/contact_name", "\u{0}".to_owned()),
        ];
        for (at, text) in rows {
            let what = format!("{at} = {:?}", text.chars().take(20).collect::<String>());
            let answer = api.post(Who::Clerk, CASES, &with(at, json!(text))).await;
            let body = problem(&answer, CASES, 422, "validation_failed", &what);
            assert_eq!(pointers(&body), [format!("#{at}")], "{what}");
        }
        assert_eq!(api.traces(), before);

        // As many characters as allowed, four bytes each, and characters beyond the basic plane.
        for (at, text) in [
            ("/subject", "😀".repeat(200)),
            ("/description", "𠮷".repeat(4000)),
            ("/applicant/name", "𠮷田".to_owned()),
            ("/subject", "' OR 1=1; DROP TABLE cases; -- %_\\".to_owned()),
            ("/subject", "<script>alert(1)</script> =1+1 {{7*7}}".to_owned()),
        ] {
            let answer = api.post(Who::Clerk, CASES, &with(at, json!(text))).await;
            assert_eq!(answer.status, 201, "{at}: {}", answer.text);
            let path = answer.header("location").unwrap().to_owned();
            let kept = api.get(Who::Clerk, &path).await.json();
            assert_eq!(kept.pointer(at), Some(&json!(text)));
        }
    }
}

on_both! {
    async fn dates_that_cannot_be_are_refused(api: Api) {
        let before = api.traces();
        let impossible = [
            "2025-02-30", "2025-13-01", "2025-00-10", "2025-1-5", "20250105", "2025-01-05 ", " 2025-01-05",
            "+2025-01-05", "99999-01-01", "+99999-01-01", "-0001-01-01", "2025-01-05T25:00:00Z",
            "2025-01-05T10:00:00", "2025/01/05", "today", "", "1741572000", "２０２５-01-05",
        ];
        for text in impossible {
            let body = with("/arrival", json!({ "submitted_at": text }));
            let answer = api.post(Who::Clerk, CASES, &body).await;
            let body = problem(&answer, CASES, 422, "validation_failed", text);
            assert_eq!(pointers(&body), ["#/arrival/submitted_at"], "{text}");
        }
        // Dates that could be, but not here.
        for (arrival, code, at) in [
            (json!({ "submitted_at": "2025-03-11" }), "date_in_future", "#/arrival/submitted_at"),
            (json!({ "submitted_at": "2025-03-10T02:00:01Z" }), "date_in_future", "#/arrival/submitted_at"),
            (json!({ "submitted_at": "9999-12-31" }), "date_in_future", "#/arrival/submitted_at"),
            (json!({ "submitted_at": "9999-12-31T23:59:60Z" }), "date_in_future", "#/arrival/submitted_at"),
            (json!({ "received_at": "2025-03-05", "confirmed_at": "2025-03-04" }), "date_too_early", "#/arrival/confirmed_at"),
        ] {
            let answer = api.post(Who::Clerk, CASES, &with("/arrival", arrival.clone())).await;
            let body = problem(&answer, CASES, 422, code, &arrival.to_string());
            assert_eq!(pointers(&body), [at], "{arrival}");
        }
        for day in ["0000-01-01", "0001-01-01", "1949-10-01", "2007-12-31", "2008-04-30"] {
            let mut body = with("/arrival", json!({ "submitted_at": day }));
            body["register"] = json!(true);
            problem(&api.post(Who::Clerk, CASES, &body).await, CASES, 422, "clock_cannot_run", day);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn a_case_that_is_not_registered_has_no_deadline(api: Api) {
        let mut body = with("/arrival", json!({ "submitted_at": "2007-12-31" }));
        let case = api.post(Who::Clerk, CASES, &body).await.json();
        let path = format!("{CASES}/{}/deadline", case["id"].as_str().unwrap());
        problem(&api.get(Who::Clerk, &path).await, &path, 409, "not_registered", "deadline");
        assert_documented("get", "/api/v1/cases/{id}/deadline", 409);
        let answer = api.act(Who::Clerk, &case, "register", &json!({})).await;
        problem(&answer, &path.replace("deadline", "register"), 422, "clock_cannot_run", "register");

        body = with("/channel", json!("online"));
        body["register"] = json!(true);
        problem(&api.post(Who::Clerk, CASES, &body).await, CASES, 409, "confirmation_missing", "receive");
        assert_documented("post", CASES, 409);
    }
}

on_both! {
    async fn days_in_the_bodies_of_actions_are_days(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let unit = api.world.unit(Place::CenterB).0;
        let search = |day: &str| json!({ "decision": "not_exist", "search_log":
            [{ "searcher": "甲", "system": "档案", "keywords": "收费", "search_date": day }] });
        for day in ["2025-02-30", "0000-00-00", "2025-4-1", "+99999-01-01", "+262142-12-31", "-0001-12-31", " 2025-04-01", "2025-04-01T00:00:00Z"] {
            for (who, action, body, at) in [
                (Who::Clerk, "assign", json!({ "unit_id": unit, "internal_due_date": day }), "#/internal_due_date"),
                (Who::Clerk, "request-supplement", json!({ "items": "甲", "guidance": "乙", "deadline_date": day }), "#/deadline_date"),
                (Who::OfficerA, "draft-answer", search(day), "#/search_log/0/search_date"),
            ] {
                let path = format!("{CASES}/{}/{action}", case["id"].as_str().unwrap());
                let answer = api.act(who, &case, action, &body).await;
                let what = format!("{action} {day}");
                let body = problem(&answer, &path, 422, "validation_failed", &what);
                assert_eq!(pointers(&body), [at], "{what}");
            }
        }
        for day in ["2025-03-10", "0001-01-01"] {
            let path = format!("{CASES}/{}/request-supplement", case["id"].as_str().unwrap());
            let body = json!({ "items": "甲", "guidance": "乙", "deadline_date": day });
            problem(&api.act(Who::Clerk, &case, "request-supplement", &body).await, &path, 422, "date_too_early", day);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn numbers_out_of_range_are_refused(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let path = format!("{CASES}/{}/request-extension", case["id"].as_str().unwrap());
        let before = api.traces();
        for days in ["0", "61", "-1", "4294967296", "18446744073709551616", "1.5", "1e3", "\"5\"", "null"] {
            let body: Value = serde_json::from_str(&format!("{{\"days\":{days},\"reason\":\"量大\"}}")).unwrap();
            let answer = api.act(Who::OfficerA, &case, "request-extension", &body).await;
            let body = problem(&answer, &path, 422, "validation_failed", days);
            assert_eq!(pointers(&body), ["#/days"], "{days}");
        }
        let answer = api.act(Who::OfficerA, &case, "request-extension", &json!({ "days": 21, "reason": "量大" })).await;
        let body = problem(&answer, &path, 409, "extension_over_limit", "21 days");
        assert_eq!(pointers(&body), ["#/days"]);
        assert!(body["article"].as_str().unwrap().contains("三十三条"));
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn texts_of_a_login_reach_no_database_as_they_are(api: Api) {
        let before = api.traces();
        let path = "/api/v1/sessions";
        let send = async |name: &str, password: &str| {
            api.send(TestRequest::post().uri(path).set_json(json!({ "username": name, "password": password }))).await
        };
        for name in [&"x".repeat(65), "a\u{0}b", "\u{0}", "a\nb"] {
            let body = problem(&send(name, "x").await, path, 422, "validation_failed", name);
            assert_eq!(pointers(&body), ["#/username"], "{name:?}");
        }
        for password in [String::new(), "x".repeat(129)] {
            let body = problem(&send("clerk", &password).await, path, 422, "validation_failed", "password");
            assert_eq!(pointers(&body), ["#/password"]);
        }
        for name in ["' OR '1'='1", "clerk'--", "CLERK", " clerk", "clerk ", "ｃｌｅｒｋ", "cl\u{200B}erk", "%", "😀"] {
            problem(&send(name, crate::support::world::PASSWORD).await, path, 401, "login_failed", name);
        }
        problem(&send("clerk", "a\u{0}b").await, path, 401, "login_failed", "NUL in the password");
        let body = json!({ "id_number": "22010\u{0}" });
        let answer = api.post(Who::Clerk, "/api/v1/cases/search", &body).await;
        assert!(matches!(answer.status.as_u16(), 200 | 422), "{}", answer.text);
        for body in [json!({}), json!({ "phone": "13800000000", "email": "a@example.com" })] {
            let answer = api.post(Who::Clerk, "/api/v1/cases/search", &body).await;
            assert_eq!(pointers(&problem(&answer, "/api/v1/cases/search", 422, "validation_failed", "search")), ["#"]);
        }
        assert_eq!(api.traces(), before);
    }
}
