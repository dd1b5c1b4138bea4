//! A case put away: the index of its papers, how long they are kept, and that nothing is done on it any
//! more.

use gongkai::store::dialect::{migrate_down, migrate_up, pending_migrations};
use serde_json::{Value, json};

use super::files::{PDF, attached};
use crate::support::client::Api;
use crate::support::databases::Backend;
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

/// A case of center A that was answered and served, with a file.
pub(super) async fn served(api: &Api) -> Value {
    let answered = answered(api).await;
    let handed = json!({ "letter": "answer",
        "service": { "manner": "handed_over", "signed_at": api.world.today() } });
    api.done(Who::Clerk, &answered, "serve", &handed).await
}

async fn answered(api: &Api) -> Value {
    let mut case = api.assigned(Place::CenterA).await;
    case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
    let file = attached(api, &mut case, "draft", "标准.pdf", PDF).await;
    attached(api, &mut case, "application", "王小明申请书.pdf", PDF).await;
    let draft = json!({ "decision": "disclose", "provided": "标准一份", "file_ids": [file["id"]] });
    case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
    case = api.reviewed(&case).await;
    api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await
}

/// The ids of the cases on a worklist.
async fn on_list(api: &Api, who: Who, list: &str) -> Vec<Value> {
    let path = format!("/api/v1/cases?worklist={list}&count=exact");
    let found = api.get(who, &path).await.json();
    let items = found["items"].as_array().unwrap();
    assert_eq!(found["total"], items.len());
    items.iter().map(|line| line["id"].clone()).collect()
}

/// The rows of the index.
fn papers(letter: &Value) -> Vec<Vec<String>> {
    let mut blocks = letter["blocks"].as_array().unwrap().iter();
    let index = blocks.rfind(|block| block["kind"] == "table").unwrap();
    serde_json::from_value(index["rows"].clone()).unwrap()
}

on_both! {
    async fn a_case_is_put_away_with_the_index_of_its_papers(api: Api) {
        let case = served(&api).await;
        let answer = &case["letters"][0];
        let body = json!({ "pages": [{ "id": answer["id"], "pages": 3 }] });
        api.world.clock.set(instant("2025-04-01T02:00:00Z"));
        let away = api.done(Who::Clerk, &case, "archive", &body).await;
        assert_eq!(away["status"], "answered");
        let archive = &away["archive"];
        assert_eq!((&archive["retention"], &archive["keep_until_date"]), (&json!("years_10"), &json!("2035-03-10")));
        assert_eq!(archive["archived_by"], api.world.user(Who::Clerk).0.to_string());
        let index = away["letters"].as_array().and_then(|letters| letters.last()).unwrap();
        assert_eq!((&index["kind"], &index["number"]), (&json!("closing_index"), &json!("长公公开结〔2025〕1号")));
        let path = index["links"]["self"].as_str().unwrap();
        let letter = api.get(Who::Clerk, path).await.json();
        let rows = papers(&letter);
        let names: Vec<&str> = rows.iter().skip(1).map(|row| row[1].as_str()).collect();
        for name in ["政府信息公开申请表", "标准.pdf", "王小明申请书.pdf", "送达回证（答复）"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        let line = rows.iter().find(|row| row[2] == answer["number"].as_str().unwrap()).unwrap();
        assert_eq!(line[4], "3");
        assert!(answer["content_hash"].as_str().unwrap().starts_with(&line[5]) && line[5].len() == 16);
        let text = letter.to_string();
        assert!(text.contains("10年（至2035年3月10日）") && text.contains("已计页数合计3页"), "{text}");
        // The supervisor, who sees names masked, sees none in the names of files either.
        let masked = api.get(Who::Supervisor, path).await.json().to_string();
        assert!(!masked.contains("王小明") && masked.contains("*.pdf") && masked.contains("标准.pdf"), "{masked}");
        for form in ["html", "pdf", "docx"] {
            assert_eq!(api.get(Who::Clerk, index["links"][form].as_str().unwrap()).await.status, 200, "{form}");
        }
    }
}

on_both! {
    async fn an_archived_case_is_closed(api: Api) {
        let case = served(&api).await;
        let away = api.done(Who::Clerk, &case, "archive", &json!({})).await;
        let path = away["links"]["self"].as_str().unwrap();
        let before = api.traces();
        let closed = (409, "archived".to_owned());
        let letter = &away["letters"][0]["id"];
        let today = api.world.today();
        for (action, body) in [
            ("serve", json!({ "letter": "answer", "service": { "manner": "handed_over", "signed_at": today } })),
            ("void-letter", json!({ "letter_id": letter, "reason": "有误" })),
            ("withdraw", json!({ "reason": "撤回" })),
            ("amend", json!({ "reason": "更正", "subject": "另一事项" })),
            ("archive", json!({})),
        ] {
            let answer = api.act(Who::Clerk, &away, action, &body).await;
            assert_eq!(answer.verdict(), closed, "{action}");
        }
        let late = super::files::upload(&api, &away, "service_proof", "a.pdf", PDF).await;
        assert_eq!(late.verdict(), closed);
        for who in [Who::Clerk, Who::OfficerA, Who::Supervisor, Who::Legal] {
            let items = api.get(who, &format!("{path}/actions")).await.json()["items"].clone();
            for item in items.as_array().unwrap() {
                assert_eq!(item["allowed"], false, "{item}");
                let codes = item["reasons"].as_array().unwrap();
                assert!(codes.iter().any(|reason| reason["code"] == "archived"), "{item}");
            }
        }
        assert_eq!(api.traces(), before);
        // It can be read as before.
        for rest in ["", "/events", "/letters", "/attachments", "/deadline"] {
            assert_eq!(api.get(Who::Clerk, &format!("{path}{rest}")).await.status, 200, "{rest}");
        }
        // A unit that is closed leaves it where it was.
        let body = json!({ "successor_id": api.world.unit(Place::CenterB).0, "reason": "机构调整" });
        let unit = api.get(Who::Admin, &format!("/api/v1/units/{}", api.world.unit(Place::WindowA).0)).await;
        let tag = unit.header("etag").unwrap().to_owned();
        let request = api.request(Who::Admin, actix_web::http::Method::POST, &format!("/api/v1/units/{}/close", api.world.unit(Place::WindowA).0)).await;
        api.send(request.insert_header(("if-match", tag)).set_json(body)).await;
        assert_eq!(api.get(Who::Clerk, path).await.json()["version"], away["version"]);
    }
}

on_both! {
    async fn what_has_not_ended_is_not_put_away(api: Api) {
        let open = api.registered().await;
        let answer = api.act(Who::Clerk, &open, "archive", &json!({})).await;
        assert_eq!(answer.verdict(), (409, "status_forbids".to_owned()));
        let unserved = answered(&api).await;
        let answer = api.act(Who::Clerk, &unserved, "archive", &json!({})).await;
        assert_eq!(answer.verdict(), (409, "answer_not_served".to_owned()));
        assert_eq!(answer.json()["article"], "2019年条例第三十三条、第四十五条");
        let case = served(&api).await;
        for who in [Who::OfficerA, Who::Legal, Who::Supervisor, Who::Admin] {
            let answer = api.act(who, &case, "archive", &json!({})).await;
            assert_eq!(answer.verdict(), (403, "role_not_permitted".to_owned()), "{who:?}");
        }
        let before = api.traces();
        let (letter, nobody) = (&case["letters"][0]["id"], uuid::Uuid::nil());
        for (pages, status, code, pointer) in [
            (json!([{ "id": letter, "pages": 1 }, { "id": nobody, "pages": 1 }]), 422, "paper_unknown", "#/pages/1/id"),
            (json!([{ "id": letter, "pages": 1 }, { "id": letter, "pages": 2 }]), 422, "validation_failed", "#/pages/1/id"),
            (json!([{ "id": letter, "pages": 0 }]), 422, "validation_failed", "#/pages/0/pages"),
            (json!([{ "id": letter }]), 422, "validation_failed", "#/pages/0/pages"),
            (json!([letter]), 422, "validation_failed", "#/pages/0"),
        ] {
            let answer = api.act(Who::Clerk, &case, "archive", &json!({ "pages": pages })).await;
            assert_eq!(answer.verdict(), (status, code.to_owned()), "{pages}: {}", answer.text);
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{pages}");
        }
        assert_eq!(api.traces(), before);
        api.done(Who::SecondClerk, &case, "archive", &json!({})).await;
    }
}

on_both! {
    async fn nobody_works_on_for_a_case_that_is_put_away(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let ask = json!({ "unit_id": api.world.unit(Place::CenterB).0, "kind": "opinion", "question": "请出具意见" });
        let case = api.done(Who::Clerk, &case, "ask-subtask", &ask).await;
        let case = api.done(Who::Clerk, &case, "withdraw", &json!({ "reason": "申请人撤回" })).await;
        assert_eq!(on_list(&api, Who::Clerk, "to_archive").await, Vec::<Value>::new());
        let answer = api.act(Who::Clerk, &case, "archive", &json!({})).await;
        assert_eq!(answer.verdict(), (409, "subtask_open".to_owned()));
        assert!(answer.text.contains("车辆分中心"), "it says who: {}", answer.text);
        let case = api.done(Who::Clerk, &case, "waive-subtask", &json!({ "subtask": 1, "reason": "已撤回" })).await;
        assert_eq!(on_list(&api, Who::Clerk, "to_archive").await, [case["id"].clone()]);
        let away = api.done(Who::Clerk, &case, "archive", &json!({})).await;
        assert_eq!(away["archive"]["keep_until_date"], "2035-03-10");
        // One that was withdrawn before it had a number is put away by that of its receipt.
        let received = api.received().await;
        let case = api.done(Who::Clerk, &received, "withdraw", &json!({ "reason": "申请人撤回" })).await;
        let away = api.done(Who::Clerk, &case, "archive", &json!({})).await;
        let letter = api.get(Who::Clerk, away["letters"][0]["links"]["self"].as_str().unwrap()).await.json();
        assert!(letter.to_string().contains(received["receipt_number"].as_str().unwrap()), "{letter}");
        // What was entered by mistake is no case, and has no papers to keep.
        let void = api.done(Who::Clerk, &api.registered().await, "void", &json!({ "reason": "误录" })).await;
        let answer = api.act(Who::Clerk, &void, "archive", &json!({})).await;
        assert_eq!(answer.verdict(), (409, "status_forbids".to_owned()));
    }
}

on_both! {
    async fn worklists_tell_what_is_to_be_put_away_and_what_was_kept_long_enough(api: Api) {
        let case = served(&api).await;
        let id = case["id"].clone();
        answered(&api).await;
        for who in [Who::Clerk, Who::OfficerA] {
            assert_eq!(on_list(&api, who, "to_archive").await, std::slice::from_ref(&id), "{who:?}");
        }
        assert_eq!(on_list(&api, Who::OfficerB, "to_archive").await, Vec::<Value>::new());
        // Rows of a database from before there was such a list.
        let conn = &mut api.world.db.connect();
        let rows = "SELECT task || since AS value FROM case_tasks ORDER BY task, since";
        let tasks = api.world.db.texts(rows);
        let is_there = |conn: &mut _| !pending_migrations(conn).unwrap().iter().any(|name| name.contains("0012") || name.contains("archive_tasks"));
        while is_there(conn) {
            migrate_down(conn).unwrap();
        }
        assert_ne!(api.world.db.texts(rows), tasks);
        migrate_up(conn).unwrap();
        assert_eq!(api.world.db.texts(rows), tasks);

        let away = api.done(Who::Clerk, &case, "archive", &json!({})).await;
        assert_eq!(away["archive"]["keep_until_date"], "2035-03-10");
        assert_eq!(on_list(&api, Who::Clerk, "to_archive").await, Vec::<Value>::new());
        assert_eq!(on_list(&api, Who::Clerk, "retention_over").await, Vec::<Value>::new());
        api.world.clock.set(instant("2035-03-10T15:59:59Z"));
        assert_eq!(on_list(&api, Who::Clerk, "retention_over").await, Vec::<Value>::new());
        api.world.clock.set(instant("2035-03-10T16:00:00Z"));
        assert_eq!(on_list(&api, Who::Clerk, "retention_over").await, [id]);
    }
}

async fn kept_by_setting(backend: Backend) {
    let change = |settings: &mut gongkai::config::Settings| {
        settings.practice.retention = "years_30,withdrawn=permanent".parse().unwrap();
    };
    let api = Api::on(World::with_settings(backend, change).await).await;
    let case = served(&api).await;
    let away = api.done(Who::Clerk, &case, "archive", &json!({})).await;
    assert_eq!(
        (&away["archive"]["retention"], &away["archive"]["keep_until_date"]),
        (&json!("years_30"), &json!("2055-03-10"))
    );
    let case = api.registered().await;
    let case = api.done(Who::Clerk, &case, "withdraw", &json!({ "reason": "申请人撤回" })).await;
    let away = api.done(Who::Clerk, &case, "archive", &json!({})).await;
    assert_eq!(
        (&away["archive"]["retention"], &away["archive"]["keep_until_date"]),
        (&json!("permanent"), &Value::Null)
    );
    api.world.clock.set(instant("2099-03-10T02:00:00Z"));
    assert_eq!(
        on_list(&api, Who::Clerk, "retention_over").await.len(),
        1,
        "what is kept for ever is not"
    );
}

#[test]
fn papers_are_kept_as_the_bureau_has_set_it() {
    for backend in [Backend::Postgres, Backend::Sqlite] {
        crate::support::run(kept_by_setting(backend));
    }
}
