//! Every problem and every label in the language that was asked for, and in no other.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::http::problem;
use serde_json::{Value, json};

use super::refusals::{CASES, with};
use crate::support::client::{Answer, Api, application};
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// Is it one of the characters of Chinese, its punctuation included?
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303F}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}')
}

/// Two English words, one after the other: names of members and formats stand alone.
fn has_english_sentence(text: &str) -> bool {
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
    let words: Vec<&str> = text.split(' ').collect();
    words.array_windows().any(|[a, b]| is_word(a) && is_word(b))
}

/// The texts of a problem for people.
fn texts(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    [&body["title"], &body["detail"], &body["article"]]
        .into_iter()
        .chain(errors.map(|error| &error["detail"]))
        .filter_map(Value::as_str)
        .collect()
}

/// What a program sees of a problem.
fn machine(body: &Value) -> Value {
    let errors = body["errors"].as_array().into_iter().flatten();
    let errors: Vec<Value> = errors.map(|error| json!([error["pointer"], error["code"]])).collect();
    json!([body["type"], body["status"], body["code"], body["instance"], errors])
}

fn assert_speaks(answer: &Answer, language: &str, what: &str) {
    assert_eq!(answer.header("content-language"), Some(language), "{what}: {}", answer.text);
    let varies = answer.headers.get_all("vary").any(|value| value == "Accept-Language");
    assert!(varies, "{what}");
}

/// A request that is refused, as a recipe: it is sent once in each language.
#[derive(Clone)]
struct Bad {
    what: &'static str,
    who: Option<Who>,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Bad {
    fn get(what: &'static str, who: Who, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { what, who: Some(who), method: Method::GET, path, headers: Vec::new(), body: None }
    }

    fn post(what: &'static str, who: Who, path: impl Into<String>, body: &impl ToString) -> Self {
        let json = ("content-type", "application/json".to_owned());
        let body = Some(body.to_string());
        let path = path.into();
        Self { what, who: Some(who), method: Method::POST, path, headers: vec![json], body }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    async fn answer(&self, api: &Api, language: &str) -> Answer {
        let mut request = match self.who {
            Some(who) => api.request(who, self.method.clone(), &self.path).await,
            None => TestRequest::with_uri(&self.path).method(self.method.clone()),
        };
        for (name, value) in &self.headers {
            request = request.insert_header((*name, value.as_str()));
        }
        if let Some(body) = &self.body {
            request = request.set_payload(body.clone());
        }
        api.send(request.insert_header(("accept-language", language))).await
    }
}

const NO_ID: &str = "01900000-0000-7000-8000-000000000000";

/// Bad addresses, parameters and headers.
fn bad_reads() -> Vec<Bad> {
    use Who::{Admin, Clerk, Supervisor};
    const RATE: &str = "/api/v1/statistics/reply-rate";
    let mut all = vec![
        Bad { who: None, ..Bad::get("no token", Clerk, "/api/v1/me") },
        Bad::get("no route", Clerk, "/api/v1/nowhere"),
        Bad { method: Method::PATCH, ..Bad::get("method", Clerk, "/api/v1/me") },
        Bad::get("role", Admin, CASES),
        Bad::get("no case", Clerk, format!("{CASES}/{NO_ID}/events")),
        Bad::get("none taken", Clerk, "/api/v1/me?a=1"),
        Bad::get("group", Supervisor, format!("{RATE}?group_by=colour")),
        Bad::get("period", Supervisor, format!("{RATE}?from=2025-02-01&to=2025-01-01")),
        Bad::get(
            "as of",
            Supervisor,
            format!("{RATE}?from=2025-02-01&to=2025-03-01&as_of=2025-01-01"),
        ),
    ];
    let long = format!("subject={}", "x".repeat(9000));
    for query in [
        "cursor=AAAA",
        &long,
        "colour=red",
        "limit=1&limit=2",
        "limit=0",
        "limit=many",
        "overdue=perhaps",
        "unit=1",
        "due_date%5Bgte%5D=2025-2-1",
        "received_at%5Bgte%5D=2025-02-01",
        "subject=%20",
        "status=lost",
        "sort=colour",
    ] {
        all.push(Bad::get("query", Clerk, format!("{CASES}?{query}")));
    }
    all
}

/// Bad bodies.
fn bad_bodies() -> Vec<Bad> {
    use Who::Clerk;
    const SEARCH: &str = "/api/v1/cases/search";
    let nobody = json!({"username": "x", "password": "y"});
    let mut all = vec![
        Bad { who: None, ..Bad::post("login", Clerk, "/api/v1/sessions", &nobody) },
        Bad::post("cut off", Clerk, CASES, &"{\"a\":"),
        Bad::post("trailing", Clerk, CASES, &format!("{}x", application())),
        Bad::post("twice", Clerk, CASES, &"{\"subject\":\"a\",\"subject\":\"b\"}"),
        Bad::post("array", Clerk, CASES, &"[]"),
        Bad::post("nothing", Clerk, CASES, &"{}"),
        Bad::post("large", Clerk, CASES, &" ".repeat(300_000)),
        Bad::post("text", Clerk, CASES, &"x").with("content-type", "text/plain"),
        Bad::post("gzip", Clerk, CASES, &"x").with("content-encoding", "gzip"),
        Bad::post("key", Clerk, CASES, &application()).with("idempotency-key", "a b"),
        Bad::post("two", Clerk, SEARCH, &json!({"phone": "13800000000", "email": "a@b.cn"})),
        Bad::post("phone", Clerk, SEARCH, &json!({"phone": "12"})),
        Bad::post("e-mail", Clerk, SEARCH, &json!({"email": "x"})),
    ];
    for (at, value) in [
        ("/subject", json!(7)),
        ("/applicant", json!([])),
        ("/colour", json!("red")),
        ("/channel", json!("pigeon")),
        ("/subject", json!("")),
        ("/subject", json!("x".repeat(201))),
        ("/subject", json!(" ")),
        ("/subject", json!("a\u{1}b")),
        ("/arrival", json!({"submitted_at": "yesterday"})),
        ("/arrival", json!({"submitted_at": "2199-01-01"})),
        ("/receiving_unit_id", json!("1")),
        ("/receiving_unit_id", json!(NO_ID)),
        ("/applicant/id_number", json!("220102199003071234")),
        ("/applicant/id_kind", json!(null)),
        ("/applicant/postcode", json!("12")),
        ("/applicant/phone", json!(null)),
    ] {
        all.push(Bad::post(at, Clerk, CASES, &with(at, value)));
    }
    let mut unconfirmed = with("/channel", json!("fax"));
    unconfirmed["register"] = json!(true);
    all.push(Bad::post("unconfirmed", Clerk, CASES, &unconfirmed));
    all
}

/// What may not be done on a case, now or by this person.
async fn bad_acts(api: &Api) -> Vec<Bad> {
    use Who::{Clerk, OfficerA, OfficerB};
    let case = api.assigned(Place::CenterA).await;
    let asked = api.assigned(Place::CenterA).await;
    let ask = json!({"items": "a", "guidance": "b"});
    let asked = api.done(OfficerA, &asked, "request-supplement", &ask).await;
    let received = api.received().await;
    let path = |case: &Value, action| format!("{CASES}/{}/{action}", case["id"].as_str().unwrap());
    let act = |who, case: &Value, action, body| {
        let tag = format!("\"{}\"", case["version"]);
        Bad::post(action, who, path(case, action), &body).with("if-match", tag)
    };
    let stale = json!({"id": case["id"], "version": 1});
    let served = json!({"manner": "handed_over", "signed_at": "2025-03-01"});
    vec![
        Bad::get("foreign case", OfficerB, path(&case, "events")),
        Bad::get("not registered", Clerk, path(&received, "deadline")),
        Bad::post("no version", OfficerA, path(&case, "accept"), &"{}"),
        act(OfficerA, &stale, "accept", json!({})),
        act(Clerk, &case, "accept", json!({})),
        act(Clerk, &case, "register", json!({})),
        act(OfficerA, &case, "answer", json!({})),
        act(OfficerA, &case, "serve", json!({"letter": "answer", "service": served})),
        act(OfficerA, &case, "request-extension", json!({"days": 21, "reason": "量大"})),
        act(OfficerA, &case, "request-extension", json!({"days": 0, "reason": "量大"})),
        act(OfficerA, &case, "draft-answer", json!({"decision": "refuse_state_secret"})),
        act(OfficerA, &case, "draft-answer", json!({"decision": "maybe"})),
        act(
            OfficerA,
            &case,
            "request-supplement",
            json!({"items": "a", "guidance": "b", "deadline_date": "2020-01-01"}),
        ),
        act(Clerk, &case, "amend", json!({"reason": "a", "subject": case["subject"]})),
        act(Clerk, &case, "void", json!({"reason": "a", "duplicate_of": NO_ID})),
        act(OfficerA, &asked, "lapse", json!({"reason": "a"})),
    ]
}

on_both! {
    async fn every_problem_speaks_the_language_that_was_asked_for(api: Api) {
        let mut classes = BTreeSet::new();
        let mut codes = BTreeSet::new();
        let mut flaws = BTreeSet::new();
        let all = [bad_reads(), bad_bodies(), bad_acts(&api).await].concat();
        for bad in all {
            let what = format!("{} {} {:.200?}", bad.what, bad.path, bad.body);
            let what = what.as_str();
            let chinese = bad.answer(&api, "zh-CN").await;
            let english = bad.answer(&api, "fr, en;q=0.8, zh;q=0.5").await;
            assert_speaks(&chinese, "zh-CN", what);
            assert_speaks(&english, "en", what);
            let (zh, en) = (chinese.json(), english.json());
            assert!(zh["status"].as_u64() >= Some(400), "{what}: {zh}");
            assert_eq!(machine(&zh), machine(&en), "{what}");
            assert_eq!(texts(&zh).len(), texts(&en).len(), "{what}");
            for text in texts(&en) {
                assert!(!text.chars().any(is_chinese) && !text.is_empty(), "{what}: {text}");
            }
            for text in texts(&zh) {
                assert!(!has_english_sentence(text) && !text.is_empty(), "{what}: {text}");
            }
            for text in zh["errors"].as_array().into_iter().flatten().map(|error| &error["detail"]) {
                assert!(text.as_str().unwrap().chars().any(is_chinese), "{what}: {text}");
            }
            assert!(zh["title"].as_str().unwrap().chars().any(is_chinese), "{what}");
            classes.insert(zh["status"].as_u64().unwrap());
            codes.insert(zh["code"].as_str().unwrap().to_owned());
            for error in zh["errors"].as_array().into_iter().flatten() {
                flaws.insert(error["code"].as_str().unwrap().to_owned());
            }
        }
        let all = [400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 428];
        assert_eq!(classes, BTreeSet::from(all));
        let catalogue: BTreeSet<String> =
            problem::catalogue().iter().map(|(code, ..)| (*code).to_owned()).collect();
        assert!(codes.is_subset(&catalogue), "{codes:?}");
        let known: BTreeSet<String> = problem::flaws().iter().map(|(code, ..)| (*code).to_owned()).collect();
        let stray: Vec<_> = flaws.iter().filter(|code| !known.contains(*code) && !catalogue.contains(*code)).collect();
        assert!(stray.is_empty(), "not in the catalogue: {stray:?}");
        assert!(codes.len() > 25 && flaws.len() > 25, "{codes:?} {flaws:?}");
    }
}

on_both! {
    async fn labels_follow_the_language_and_codes_do_not(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let ask = async |who: Who, path: &str, language: &str| {
            let request = api.request(who, Method::GET, path).await;
            let answer = api.send(request.insert_header(("accept-language", language))).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_speaks(&answer, language, path);
            answer
        };
        let id = case["id"].as_str().unwrap();
        for (who, path) in [
            (Who::OfficerA, format!("{CASES}/{id}/actions")),
            (Who::Clerk, format!("{CASES}/{id}/deadline")),
            (Who::Supervisor, "/api/v1/statistics/reply-rate?group_by=channel".to_owned()),
            (Who::Supervisor, "/api/v1/statistics/reply-rate?group_by=applicant_type".to_owned()),
        ] {
            // The form of an action is the contract's, which speaks both.
            let spoken = |answer: Answer| {
                let mut answer = answer.json();
                for item in answer["items"].as_array_mut().into_iter().flatten() {
                    item.as_object_mut().expect("an object").remove("body");
                }
                answer.to_string()
            };
            let zh = spoken(ask(who, &path, "zh-CN").await);
            let en = spoken(ask(who, &path, "en").await);
            assert!(zh.chars().any(is_chinese), "{path}: {zh}");
            assert!(!en.chars().any(is_chinese), "{path}: {en}");
        }
        let actions = |answer: Answer| answer.json()["items"].as_array().unwrap().clone();
        let path = format!("{CASES}/{id}/actions");
        let zh = actions(ask(Who::OfficerA, &path, "zh-CN").await);
        let en = actions(ask(Who::OfficerA, &path, "en").await);
        for (zh, en) in zh.iter().zip(&en) {
            assert_eq!((&zh["action"], &zh["allowed"]), (&en["action"], &en["allowed"]));
            assert_ne!(zh["label"], en["label"]);
            for (zh, en) in zh["reasons"].as_array().unwrap().iter().zip(en["reasons"].as_array().unwrap()) {
                assert_eq!(zh["code"], en["code"]);
                assert_ne!(zh["text"], en["text"]);
            }
        }
        // Nobody's language is asked for what has no words in it.
        let me = api.get(Who::Clerk, "/api/v1/me").await;
        assert_eq!((me.header("content-language"), me.header("vary")), (None, Some("Accept-Encoding")));
    }
}

#[test]
fn every_flaw_has_a_sentence_in_both_languages() {
    let contract = gongkai::http::openapi::yaml();
    let mut seen = BTreeSet::new();
    for (code, zh, en) in problem::flaws() {
        assert!(seen.insert(code), "{code} twice");
        assert!(contract.contains(&format!("`{code}`")), "{code} is not documented");
        assert!(zh.chars().any(is_chinese), "{code}: {zh}");
        assert!(en.is_ascii() && en.contains(' '), "{code}: {en}");
    }
}
