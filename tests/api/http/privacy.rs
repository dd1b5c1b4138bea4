//! What is personal is nowhere in clear: not in an answer, not in the ledger, not in a log, not in
//! the database.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::http::routes;
use gongkai::store::DatabaseUrl;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::support::client::{Api, application};
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::{PASSWORD, Place, Who};

const ID_NUMBER: &str = "220104197712034860";
const LATER_ID_NUMBER: &str = "220104196611082594";
const PHONE: &str = "13987650417";
const ADDRESS: &str = "长春市绿园区金丝雀路7731号丁座";
const EMAIL: &str = "kanari.7731@canary.example";
/// What must be shown to nobody, in no answer.
const SECRETS: [&str; 5] = [ID_NUMBER, LATER_ID_NUMBER, PHONE, ADDRESS, EMAIL];
/// What the people who work on a case may read, but no log and no ledger.
const WORDS: [&str; 4] = ["欧阳卡娜丽", "金丝雀管理台账", "金丝雀管理台账全文", "补正之金丝雀"];

/// The texts that no log line may hold, and the lines that did.
static WATCH: Mutex<(Vec<String>, Vec<String>)> = Mutex::new((Vec::new(), Vec::new()));

/// Log lines so far.
static LINES: AtomicU64 = AtomicU64::new(0);

/// A place for log lines that keeps those with a secret in them.
struct Watch;

impl io::Write for Watch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(line);
        let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.0.iter().any(|secret| text.contains(secret.as_str())) {
            watch.1.push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs everything that there is to log, and watches for these.
fn watch(secrets: impl IntoIterator<Item = String>) {
    static START: Once = Once::new();
    START.call_once(|| {
        let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        lines.with_writer(|| Watch).init();
    });
    WATCH.lock().unwrap_or_else(PoisonError::into_inner).0.extend(secrets);
}

/// The log lines so far that hold a secret.
fn leaks() -> Vec<String> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
}

fn canary() -> Value {
    let mut body = application();
    body["subject"] = json!(WORDS[1]);
    body["description"] = json!(WORDS[2]);
    body["applicant"] = json!({
        "type": "natural_person", "name": WORDS[0], "id_kind": "resident_id_card", "id_number": ID_NUMBER,
        "phone": PHONE, "address": ADDRESS, "postcode": "130062", "email": EMAIL, "contact_name": "金丝雀联系人",
    });
    body
}

/// A case with every personal datum on which much has been done; and its query code.
async fn worked_case(api: &Api) -> (Value, String) {
    let today = api.world.today();
    let request = api.request(Who::Clerk, Method::POST, "/api/v1/cases").await;
    let answer =
        api.send(request.insert_header(("idempotency-key", "canary")).set_json(canary())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let case = answer.json();
    let code = case["query_code"].as_str().unwrap().to_owned();
    let case = api.done(Who::Clerk, &case, "register", &json!({})).await;
    let mut later = canary()["applicant"].clone();
    later["id_number"] = json!(LATER_ID_NUMBER);
    let case = api
        .done(Who::Clerk, &case, "amend", &json!({ "reason": "更正证件", "applicant": later }))
        .await;
    let unit = api.world.unit(Place::CenterA).0;
    let case = api.done(Who::Clerk, &case, "assign", &json!({ "unit_id": unit })).await;
    let served = json!({ "manner": "handed_over", "signed_at": today });
    let ask = json!({ "items": "不明", "guidance": "写明", "service": served });
    let case = api.done(Who::OfficerA, &case, "request-supplement", &ask).await;
    let reply = json!({ "channel": "in_person", "arrival": { "submitted_at": today }, "content": WORDS[3] });
    let case = api.done(Who::OfficerA, &case, "supplement", &reply).await;
    let case = api
        .done(
            Who::OfficerA,
            &case,
            "draft-answer",
            &json!({ "decision": "disclose", "provided": "一份", "how_to_obtain": "邮寄" }),
        )
        .await;
    let case = api.reviewed(&case).await;
    let case = api.done(Who::SecondOfficerA, &case, "answer", &json!({ "service": served })).await;
    (case, code)
}

/// Everything that a user can read.
async fn all_that_he_sees(api: &Api, who: Who, id: &str) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    for entry in routes().iter().filter(|entry| entry.method == Method::GET) {
        let path = entry.path.replace("{id}", id);
        let queries: &[&str] = match entry.id {
            "listCases" => &[
                "",
                "?worklist=my_unit",
                "?subject=金丝雀",
                "?applicant_name=欧阳",
                "?sort=due_date&limit=200",
                "?limit=1",
                "?counted_in=answered",
            ],
            "getReplyRate" => &["", "?group_by=unit", "?group_by=applicant_type"],
            _ => &[""],
        };
        for query in queries {
            let answer = api.get(who, &encoded(&format!("{path}{query}"))).await;
            seen.push((
                format!("{} as {who:?}", entry.id),
                format!("{:?}{}", answer.headers, answer.text),
            ));
        }
    }
    for body in [
        json!({ "id_number": LATER_ID_NUMBER }),
        json!({ "phone": PHONE }),
        json!({ "email": EMAIL }),
    ] {
        let answer = api.post(who, "/api/v1/cases/search", &body).await;
        seen.push((format!("search as {who:?}"), format!("{:?}{}", answer.headers, answer.text)));
    }
    seen
}

/// A path whose characters beyond ASCII are written as an address writes them.
fn encoded(path: &str) -> String {
    path.bytes()
        .map(|b| if b.is_ascii() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Requests that are refused, with secrets where they do not belong.
#[expect(clippy::too_many_lines, reason = "one list, an item for each refusal")]
async fn all_that_is_refused(api: &Api, case: &Value) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    for (at, value) in [
        ("/channel", ID_NUMBER),
        ("/carrier", PHONE),
        ("/receiving_unit_id", ID_NUMBER),
        ("/register", EMAIL),
        ("/subject", "\u{0}13987650417"),
        ("/arrival", ADDRESS),
        ("/applicant/type", EMAIL),
        ("/applicant/id_kind", ADDRESS),
        ("/applicant/phone", ID_NUMBER),
        ("/applicant/email", ADDRESS),
        ("/applicant/postcode", PHONE),
        ("/applicant/name", "13987650417\u{200B}"),
        ("/applicant", ID_NUMBER),
    ] {
        let mut body = canary();
        let (parent, name) = at.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = json!(value);
        let answer = api.post(Who::Clerk, "/api/v1/cases", &body).await;
        assert_eq!(answer.status, 422, "{at}: {}", answer.text);
        seen.push((format!("{at} = {value:?}"), answer.text));
    }
    for name in ["submitted_at", "signed_at", "confirmed_at"] {
        for value in [ID_NUMBER, PHONE, EMAIL] {
            let mut body = canary();
            body["arrival"] = json!({ name: value });
            let answer = api.post(Who::Clerk, "/api/v1/cases", &body).await;
            assert_eq!(answer.status, 422, "{}", answer.text);
            seen.push((format!("{name} = {value}"), answer.text));
        }
    }
    let mut wrong = canary();
    wrong["applicant"]["id_kind"] = json!("unified_social_credit_code");
    seen.push((
        "another kind".to_owned(),
        api.post(Who::Clerk, "/api/v1/cases", &wrong).await.text,
    ));
    for (action, body) in [
        ("assign", json!({ "unit_id": ID_NUMBER })),
        ("assign", json!({ "unit_id": PHONE, "internal_due_date": EMAIL })),
        ("draft-answer", json!({ "decision": ID_NUMBER })),
        ("serve", json!({ "letter": EMAIL, "service": { "manner": PHONE } })),
        ("request-extension", json!({ "days": PHONE, "reason": "x" })),
        ("void", json!({ "reason": "x", "duplicate_of": ID_NUMBER })),
    ] {
        let answer = api.act(Who::Clerk, case, action, &body).await;
        assert!(answer.status.is_client_error(), "{}", answer.text);
        seen.push((format!("{action} {body}"), answer.text));
    }
    for query in [
        "status=",
        "unit=",
        "due_date[gte]=",
        "received_at[lt]=",
        "limit=",
        "sort=",
        "cursor=",
        "worklist=",
        "overdue=",
        "counted_in=",
    ] {
        for value in [ID_NUMBER, PHONE, EMAIL] {
            let answer = api.get(Who::Clerk, &format!("/api/v1/cases?{query}{value}")).await;
            assert_eq!(answer.status, 400, "{query}{value}: {}", answer.text);
            seen.push((format!("{query}{value}"), answer.text));
        }
    }
    for text in [
        format!("{{\"applicant\":{{\"phone\":\"{PHONE}\"}},}}"),
        format!("\"{ID_NUMBER}\""),
        format!("[\"{EMAIL}\"]"),
        ID_NUMBER.to_owned(),
    ] {
        let request = api.request(Who::Clerk, Method::POST, "/api/v1/cases").await;
        seen.push((
            text.clone(),
            api.send(request.insert_header(("content-type", "application/json")).set_payload(text))
                .await
                .text,
        ));
    }
    seen
}

/// Every row of every table, as text.
fn all_rows(api: &Api) -> Vec<(String, String)> {
    let db = &api.world.db;
    match db.url() {
        DatabaseUrl::Sqlite(file) => ["", "-wal"]
            .map(|end| std::fs::read(format!("{file}{end}")).unwrap_or_default())
            .into_iter()
            .map(|bytes| ("the file".to_owned(), String::from_utf8_lossy(&bytes).into_owned()))
            .collect(),
        DatabaseUrl::Postgres(_) => {
            let tables = db.texts(
                "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public'",
            );
            assert!(tables.len() >= 8, "{tables:?}");
            tables
                .into_iter()
                .flat_map(|table| {
                    let rows =
                        db.texts(&format!("SELECT CAST(t.* AS text) AS value FROM {table} t"));
                    rows.into_iter().map(move |row| (table.clone(), row)).collect::<Vec<_>>()
                })
                .collect()
        }
    }
}

/// The forms in which a secret would still be readable.
fn forms(secret: &str) -> [String; 3] {
    use base64::Engine as _;
    let hex = gongkai::domain::hex::encode(secret.as_bytes());
    [secret.to_owned(), hex, base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret)]
}

fn assert_none_of<'a>(secrets: impl IntoIterator<Item = &'a str>, seen: &[(String, String)]) {
    for secret in secrets {
        for form in forms(secret) {
            for (what, text) in seen {
                assert!(!text.contains(&form), "{form} in {what}: {text}");
            }
        }
    }
}

on_both! {
    async fn nothing_personal_is_in_clear_anywhere(api: Api) {
        watch(SECRETS.into_iter().chain(WORDS).map(ToOwned::to_owned).chain([PASSWORD.to_owned()]));
        let (case, code) = worked_case(&api).await;
        let (id, mut secrets) = (case["id"].as_str().unwrap().to_owned(), vec![code.clone(), code.replace('-', "")]);
        watch(secrets.clone());
        for who in Who::ALL {
            let token = api.token(who).await;
            watch([token.clone()]);
            secrets.push(token);
        }
        secrets.push(PASSWORD.to_owned());
        let hidden = || SECRETS.into_iter().chain(secrets.iter().map(String::as_str));

        for who in Who::ALL {
            assert_none_of(hidden(), &all_that_he_sees(&api, who, &id).await);
        }
        let refused = all_that_is_refused(&api, &case).await;
        assert_none_of(hidden(), &refused);
        for (username, password) in [(PHONE, ID_NUMBER), (EMAIL, PASSWORD), ("clerk", ID_NUMBER)] {
            let body = json!({ "username": username, "password": password });
            let answer = api.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await;
            assert_none_of(hidden(), &[("a failed login".to_owned(), answer.text)]);
        }
        // The ledger knows what was done, in no applicant's words.
        let events = api.get(Who::Clerk, &format!("/api/v1/cases/{id}/events?limit=200")).await.text;
        assert_none_of(hidden().chain(WORDS), &[("the events".to_owned(), events)]);
        let rows = all_rows(&api);
        assert!(rows.iter().any(|(_, row)| row.contains("欧阳卡娜丽")), "the rows are read");
        assert_none_of(hidden(), &rows);
        let ledger = rows.into_iter().filter(|(table, _)| ["events", "outbox", "idempotency_keys"].contains(&table.as_str()));
        assert_none_of(WORDS, &ledger.collect::<Vec<_>>());
        assert!(LINES.load(Ordering::Relaxed) > 100, "the log is read");
        assert_eq!(leaks(), Vec::<String>::new(), "in the log");
    }
}

on_both! {
    async fn the_public_door_leaves_nothing_in_clear(api: Api) {
        const ADDRESS: &str = "198.51.100.217";
        let from = || std::net::SocketAddr::new(ADDRESS.parse().unwrap(), 40000);
        watch(SECRETS.into_iter().chain(WORDS).map(ToOwned::to_owned).chain([ADDRESS.to_owned()]));
        let mut body = canary();
        body["carrier"] = json!("paper");
        body["delivery"] = json!("post");
        body.as_object_mut().unwrap().remove("channel");
        let send = async |path: &str, body: &Value| {
            let request = TestRequest::post().uri(&format!("/api/v1/public/{path}")).peer_addr(from());
            api.send(request.insert_header(("idempotency-key", "canary-online")).set_json(body)).await
        };
        let answer = send("applications", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let receipt = answer.json();
        let code = receipt["query_code"].as_str().unwrap().to_owned();
        let guess = "7Q3M-KANA-R1XX-0000".to_owned();
        let secrets = [code.clone(), code.replace('-', ""), guess.clone(), guess.replace('-', "")];
        watch(secrets.clone());
        let hidden = || SECRETS.into_iter().chain(WORDS).chain(secrets.iter().map(String::as_str));
        let mut seen = Vec::new();
        // Until the alarm, and beyond it.
        for (name, code) in [("right", &code), ("a guess", &guess)].into_iter().chain([("a guess", &guess); 6]) {
            for path in ["status", "supplements"] {
                let mut body = json!({ "receipt_number": receipt["receipt_number"], "query_code": code });
                if path == "supplements" {
                    body["content"] = json!(WORDS[3]);
                }
                seen.push((format!("{path}, {name}"), send(path, &body).await.text));
            }
        }
        assert!(api.world.app.public.alarms() > 0);
        // The answer goes to who has the code, and to him alone; of neither is anything kept.
        let (taken, file) = api.answered_with("download", 1).await;
        let own = taken["query_code"].as_str().unwrap().to_owned();
        watch([own.clone(), own.replace('-', ""), "2024年度收费标准.pdf".to_owned()]);
        for path in ["answer", "answer/html", "answer/pdf", "answer/file"] {
            let mut body = json!({ "receipt_number": taken["receipt_number"], "query_code": own });
            if path == "answer/file" {
                body["file_id"] = file.clone();
            }
            let given = api.visit("192.0.2.1", path, &body).await;
            assert_eq!(given.status, 200, "{path}: {}", given.text);
            assert!(!given.text.contains(&own), "{path}");
            body["query_code"] = json!(guess);
            seen.push((path.to_owned(), api.visit("192.0.2.2", path, &body).await.text));
        }
        let own = [own.clone(), own.replace('-', "")];
        let rows_of = all_rows(&api);
        assert_none_of(own.iter().map(String::as_str), &rows_of);
        let ledger = rows_of.into_iter().filter(|(table, _)| ["events", "outbox", "idempotency_keys"].contains(&table.as_str()));
        assert_none_of(["2024年度收费标准.pdf"], &ledger.collect::<Vec<_>>());
        for page in ["status", "supplement", "apply", "answer", "answer/pdf", "answer/file"] {
            let fields = [("number", ID_NUMBER), ("query_code", guess.as_str()), ("website", ""), ("content", "")];
            let request = TestRequest::post().uri(&format!("/public/{page}")).peer_addr(from());
            let text = api.send(request.set_form(fields)).await.text;
            // What somebody has written into a field stands in that field.
            seen.push((format!("the page {page}"), text.replace(ID_NUMBER, "")));
        }
        assert_none_of(hidden(), &seen);
        let rows = all_rows(&api);
        assert_none_of(SECRETS.into_iter().chain(secrets.iter().map(String::as_str)).chain([ADDRESS]), &rows);
        let ledger = rows.into_iter().filter(|(table, _)| ["events", "outbox", "idempotency_keys"].contains(&table.as_str()));
        assert_none_of(WORDS, &ledger.collect::<Vec<_>>());
        assert_eq!(leaks(), Vec::<String>::new(), "in the log");
    }
}

#[test]
fn the_watch_on_the_log_sees() {
    watch(["a canary of the watch itself".to_owned()]);
    // Not through the log, whose leaks are another test's failure.
    let mut watch = Watch;
    io::Write::write_all(&mut watch, b"x a canary of the watch itself y").unwrap();
    let mut found = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
    let before = found.1.len();
    found.1.retain(|line| !line.contains("the watch itself"));
    assert_eq!(found.1.len() + 1, before);
}

on_both! {
    async fn each_role_sees_what_it_needs(api: Api) {
        let (case, _) = worked_case(&api).await;
        let path = format!("/api/v1/cases/{}", case["id"].as_str().unwrap());
        for who in [Who::Clerk, Who::OfficerA, Who::SecondOfficerA, Who::Legal] {
            let seen = api.get(who, &path).await.json();
            let applicant = &seen["applicant"];
            assert_eq!(applicant["name"], WORDS[0], "{who:?}");
            assert_eq!(applicant["id_number"], "220104********2594", "{who:?}");
            assert_eq!(applicant["phone"], "139****0417", "{who:?}");
            assert_eq!(applicant["address"], "长春市绿园区***", "{who:?}");
            assert!(applicant["email"].as_str().unwrap().contains("***"), "{who:?}: {applicant}");
        }
        let applicant = api.get(Who::Supervisor, &path).await.json()["applicant"].clone();
        assert_eq!(applicant["name"], "欧*");
        for name in ["id_number", "phone", "address", "postcode", "email", "contact_name"] {
            assert_eq!(applicant[name], Value::Null, "{name}");
        }
        let list = api.get(Who::Supervisor, "/api/v1/cases").await.json();
        assert_eq!(list["items"][0]["applicant_name"], "欧*");
        let found = api.post(Who::Supervisor, "/api/v1/cases/search", &json!({ "phone": PHONE })).await.json();
        assert_eq!(found["items"][0]["applicant_name"], "欧*");
        assert_eq!(api.get(Who::OfficerB, &path).await.status, 404);
        for who in [Who::Auditor, Who::Admin] {
            assert_eq!(api.get(who, &path).await.status, 403, "{who:?}");
        }
        if api.world.db.backend() == Backend::Sqlite {
            // The wildcard of one database is the letter of the other.
            assert_eq!(api.get(Who::Clerk, "/api/v1/cases?subject=%25").await.json()["items"], json!([]));
        }
    }
}

on_both! {
    async fn a_person_is_found_however_his_numbers_are_written(api: Api) {
        let (case, _) = worked_case(&api).await;
        for body in [
            json!({ "id_number": LATER_ID_NUMBER }), json!({ "id_number": " 220104 19661108 2594 " }),
            json!({ "id_number": "２２０１０４１９６６１１０８２５９４" }), json!({ "phone": "+86 139-8765-0417" }),
            json!({ "phone": "１３９８７６５０４１７" }), json!({ "email": "Kanari.7731@CANARY.example" }),
        ] {
            let found = api.post(Who::Clerk, "/api/v1/cases/search", &body).await.json();
            assert_eq!(found["items"][0]["id"], case["id"], "{body}");
            assert_eq!(found["items"].as_array().unwrap().len(), 1, "{body}");
        }
        for body in [json!({ "id_number": ID_NUMBER }), json!({ "id_number": "220104" }), json!({ "phone": "13987650418" })] {
            let found = api.post(Who::Clerk, "/api/v1/cases/search", &body).await.json();
            assert_eq!(found["items"], json!([]), "{body}");
        }
    }
}
