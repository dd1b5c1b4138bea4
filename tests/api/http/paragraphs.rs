//! Standard paragraphs over HTTP: who keeps which, and what becomes of them in a draft and its letter.

use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who};

const PARAGRAPHS: &str = "/api/v1/paragraphs";

fn worded(unit: Option<Place>, api: &Api) -> Value {
    let mut body =
        json!({ "subject": "户籍", "title": "查阅提示", "body": "户籍底册可到档案室查阅。" });
    if let Some(place) = unit {
        body["unit_id"] = json!(api.world.unit(place).0);
    }
    body
}

async fn kept(api: &Api, who: Who, body: &Value) -> Value {
    let answer = api.post(who, PARAGRAPHS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

fn own(paragraph: &Value) -> &str {
    paragraph["links"]["self"].as_str().unwrap()
}

async fn changed(
    api: &Api,
    who: Who,
    seen: &Value,
    body: &Value,
) -> crate::support::client::Answer {
    let request = api.request(who, actix_web::http::Method::PATCH, own(seen)).await;
    let request = request
        .insert_header(("content-type", "application/merge-patch+json"))
        .insert_header(("if-match", format!("\"{}\"", seen["version"])));
    api.send(request.set_payload(body.to_string())).await
}

async fn closed(api: &Api, who: Who, seen: &Value) -> crate::support::client::Answer {
    let path = format!("{}/close", own(seen));
    let request = api.request(who, actix_web::http::Method::POST, &path).await;
    let request = request.insert_header(("if-match", format!("\"{}\"", seen["version"])));
    api.send(request.set_json(json!({ "reason": "已不适用" }))).await
}

/// A case of center A that its first officer has accepted.
async fn accepted(api: &Api) -> Value {
    let case = api.assigned(Place::CenterA).await;
    api.done(Who::OfficerA, &case, "accept", &json!({})).await
}

fn draft(paragraphs: &[&Value]) -> Value {
    let ids: Vec<&Value> = paragraphs.iter().map(|paragraph| &paragraph["id"]).collect();
    json!({ "decision": "disclose", "provided": "收费标准一份", "paragraph_ids": ids })
}

on_both! {
    async fn the_bureaus_are_kept_by_two_offices_and_a_units_by_its_officers(api: Api) {
        for (who, unit, created) in [
            (Who::Clerk, None, true),
            (Who::Legal, None, true),
            (Who::OfficerA, None, false),
            (Who::OfficerA, Some(Place::CenterA), true),
            (Who::OfficerB, Some(Place::CenterA), false),
            (Who::Clerk, Some(Place::CenterA), false),
            (Who::Legal, Some(Place::CenterA), false),
        ] {
            let answer = api.post(who, PARAGRAPHS, &worded(unit, &api)).await;
            if created {
                assert_eq!(answer.status, 201, "{}", answer.text);
                assert_eq!(answer.header("etag"), Some("\"1\""));
            } else {
                assert_eq!(answer.verdict(), (403, "paragraph_not_kept".to_owned()));
            }
        }
        for who in [Who::Supervisor, Who::Auditor, Who::Admin] {
            let answer = api.post(who, PARAGRAPHS, &worded(None, &api)).await;
            assert_eq!(answer.verdict(), (403, "role_not_permitted".to_owned()));
        }
        let nowhere = json!({ "unit_id": uuid::Uuid::nil(), "subject": "户籍", "title": "提示", "body": "文" });
        let unknown = api.post(Who::OfficerA, PARAGRAPHS, &nowhere).await;
        assert_eq!(unknown.verdict(), (422, "unit_unknown".to_owned()));
        assert_eq!(unknown.json()["errors"][0]["pointer"], "#/unit_id");
        let blank = json!({ "subject": " ", "title": "", "body": "x".repeat(2001) });
        let wrong = api.post(Who::Clerk, PARAGRAPHS, &blank).await;
        assert_eq!(wrong.verdict(), (422, "validation_failed".to_owned()));
        for member in ["#/subject", "#/title", "#/body"] {
            let told = wrong.json();
            assert!(told["errors"].as_array().unwrap().iter().any(|e| e["pointer"] == member), "{told}");
        }
        assert_eq!(api.world.db.number("SELECT count(*) FROM paragraphs"), 3);
    }
}

on_both! {
    async fn a_paragraph_changes_by_its_version_and_every_change_is_in_the_ledger(api: Api) {
        let first = kept(&api, Who::Clerk, &worded(None, &api)).await;
        let body = json!({ "body": "户籍底册可以到档案室查阅。" });
        let second = changed(&api, Who::Legal, &first, &body).await;
        assert_eq!(second.status, 200, "{}", second.text);
        let second = second.json();
        assert_eq!((&second["version"], &second["subject"]), (&json!(2), &json!("户籍")));
        let stale = changed(&api, Who::Clerk, &first, &json!({ "title": "另一标题" })).await;
        assert_eq!(stale.verdict(), (412, "stale_version".to_owned()));
        let same = changed(&api, Who::Clerk, &second, &body).await;
        assert_eq!(same.verdict(), (422, "unchanged".to_owned()));
        let foreign = changed(&api, Who::OfficerA, &second, &json!({ "title": "改" })).await;
        assert_eq!(foreign.verdict(), (403, "paragraph_not_kept".to_owned()));
        let done = closed(&api, Who::Clerk, &second).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let done = done.json();
        assert!(done["closed_at"].is_string());
        let again = closed(&api, Who::Clerk, &done).await;
        assert_eq!(again.verdict(), (409, "paragraph_closed".to_owned()));
        let shown = api.get(Who::Supervisor, own(&first)).await;
        assert_eq!((shown.status.as_u16(), shown.header("etag")), (200, Some("\"3\"")));
        let nothing = api.get(Who::Clerk, &format!("{PARAGRAPHS}/{}", uuid::Uuid::nil())).await;
        assert_eq!(nothing.verdict(), (404, "not_found".to_owned()));

        let sql = "SELECT action AS value FROM events WHERE action LIKE '%_paragraph' ORDER BY seq";
        assert_eq!(api.world.db.texts(sql), ["create_paragraph", "change_paragraph", "close_paragraph"]);
        assert_eq!(api.world.differences(), Vec::<String>::new());
        // What is stored follows from the ledger: another text, another day or a lost row is found.
        let copy = "CREATE TABLE kept AS SELECT * FROM paragraphs";
        api.world.db.meddle();
        api.world.db.execute(copy);
        for tampered in [
            "UPDATE paragraphs SET body = '另文'",
            "UPDATE paragraphs SET closed_at = NULL",
            "UPDATE paragraphs SET unit_id = (SELECT id FROM units WHERE parent_id IS NULL)",
            "DELETE FROM paragraphs",
        ] {
            api.world.db.execute(tampered);
            let found = api.world.differences();
            assert!(found.iter().any(|f| f.starts_with("paragraph ")), "{tampered}: {found:?}");
            api.world.db.execute("DELETE FROM paragraphs");
            api.world.db.execute("INSERT INTO paragraphs SELECT * FROM kept");
            assert_eq!(api.world.differences(), Vec::<String>::new());
        }
    }
}

on_both! {
    async fn a_repeated_creation_is_one(api: Api) {
        let body = worded(None, &api);
        let send = || async {
            let request = api.request(Who::Clerk, actix_web::http::Method::POST, PARAGRAPHS).await;
            api.send(request.insert_header(("idempotency-key", "p-1")).set_json(&body)).await
        };
        let (first, second) = (send().await, send().await);
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
        assert_eq!(first.json()["id"], second.json()["id"]);
        assert_eq!(api.world.db.number("SELECT count(*) FROM paragraphs"), 1);
    }
}

on_both! {
    async fn its_text_is_copied_into_the_draft_and_stands_in_the_letter(api: Api) {
        let bureau = kept(&api, Who::Clerk, &worded(None, &api)).await;
        let mut ours = worded(Some(Place::CenterA), &api);
        ours["body"] = json!("咨询时请携带本告知书。\n%title 假");
        let unit = kept(&api, Who::OfficerA, &ours).await;
        let case = accepted(&api).await;
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft(&[&unit, &bureau])).await;
        assert_eq!(case["draft"]["inserts"][0]["paragraph_id"], unit["id"]);
        assert_eq!(case["draft"]["inserts"][1]["text"], "户籍底册可到档案室查阅。");
        // The paragraph changes and closes; the draft stays what it was.
        let newer = changed(&api, Who::Clerk, &bureau, &json!({ "body": "已改。" })).await.json();
        assert_eq!(closed(&api, Who::Clerk, &newer).await.status, 200);
        let preview = format!("{}/letter-previews", case["links"]["self"].as_str().unwrap());
        let preview = api.post(Who::OfficerA, &preview, &json!({ "kind": "disclosure" })).await;
        let case = api.reviewed(&case).await;
        let case = api.done(Who::SecondClerk, &case, "answer", &json!({})).await;
        let letter = api.get(Who::OfficerA, case["letters"][0]["links"]["html"].as_str().unwrap()).await;
        for page in [preview.text, letter.text] {
            let (first, second) = (page.find("咨询时请携带本告知书。"), page.find("户籍底册可到档案室查阅。"));
            assert!(first.is_some() && first < second, "{page}");
            assert!(page.contains("<h1>政府信息予以公开告知书</h1>") && !page.contains("已改"), "{page}");
        }
        assert_eq!(case["answer"]["draft"]["inserts"][1]["paragraph_version"], 1);
        assert_eq!(api.world.differences(), Vec::<String>::new());
    }
}

on_both! {
    async fn what_cannot_be_inserted_is_told_at_its_place(api: Api) {
        let bureau = kept(&api, Who::Clerk, &worded(None, &api)).await;
        let foreign = kept(&api, Who::OfficerB, &worded(Some(Place::CenterB), &api)).await;
        let old = kept(&api, Who::Clerk, &worded(None, &api)).await;
        let old = closed(&api, Who::Clerk, &old).await.json();
        let unknown = json!({ "id": uuid::Uuid::nil() });
        let case = accepted(&api).await;
        let before = api.traces();
        let body = draft(&[&bureau, &foreign, &old, &unknown]);
        let refused = api.act(Who::OfficerA, &case, "draft-answer", &body).await;
        assert_eq!(refused.verdict().0, 409, "{}", refused.text);
        let told: Vec<(String, String)> = refused.json()["errors"].as_array().unwrap().iter()
            .map(|e| (e["pointer"].as_str().unwrap().to_owned(), e["code"].as_str().unwrap().to_owned()))
            .collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(p, c)| (p.as_str(), c.as_str())).collect();
        assert_eq!(told, [
            ("#/paragraph_ids/2", "paragraph_closed"),
            ("#/paragraph_ids/1", "paragraph_of_another_unit"),
            ("#/paragraph_ids/3", "paragraph_unknown"),
        ]);
        assert_eq!(api.traces(), before, "a refused draft leaves nothing");
        let many: Vec<&Value> = std::iter::repeat_n(&bureau, 11).collect();
        let refused = api.act(Who::OfficerA, &case, "draft-answer", &draft(&many)).await;
        assert_eq!(refused.verdict(), (422, "validation_failed".to_owned()));
    }
}

on_both! {
    async fn a_unit_finds_what_it_can_insert(api: Api) {
        let bureau = kept(&api, Who::Clerk, &worded(None, &api)).await;
        let ours = kept(&api, Who::OfficerA, &worded(Some(Place::CenterA), &api)).await;
        let mut other = worded(Some(Place::CenterB), &api);
        other["subject"] = json!("交通");
        let theirs = kept(&api, Who::OfficerB, &other).await;
        let found = |query: String| {
            let api = &api;
            async move {
                let page = api.get(Who::Supervisor, &format!("{PARAGRAPHS}?{query}")).await.json();
                let items = page["items"].as_array().unwrap().clone();
                items.into_iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
            }
        };
        let id = |paragraph: &Value| paragraph["id"].clone();
        let center = api.world.unit(Place::CenterA).0;
        assert_eq!(found(format!("for_unit_id={center}")).await, [id(&bureau), id(&ours)]);
        assert_eq!(found(format!("unit_id={center}")).await, [id(&ours)]);
        assert_eq!(found("subject=%E4%BA%A4%E9%80%9A".to_owned()).await, [id(&theirs)]);
        closed(&api, Who::Clerk, &bureau).await;
        assert_eq!(found("state=closed".to_owned()).await, [id(&bureau)]);
        assert_eq!(found(format!("for_unit_id={center}&state=open")).await, [id(&ours)]);
        // Page by page, there and back.
        let first = api.get(Who::Supervisor, &format!("{PARAGRAPHS}?limit=2")).await.json();
        let next = api.get(Who::Supervisor, first["links"]["next"].as_str().unwrap()).await.json();
        assert_eq!(next["items"][0]["id"], theirs["id"]);
        let back = api.get(Who::Supervisor, next["links"]["prev"].as_str().unwrap()).await.json();
        assert_eq!(back["items"], first["items"]);
    }
}
