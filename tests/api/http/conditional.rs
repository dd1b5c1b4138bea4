//! Reading leaves no trace, says the same twice, and says nothing to who knows it already.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::http::routes;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api};
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// Is the answer about this moment and not about a thing, or made while it is read? No tag is promised.
fn is_passing(path: &str) -> bool {
    ["/livez", "/readyz"].contains(&path) || path.ends_with("/export")
}

/// Every address that can be read, with an id that exists.
async fn addresses(api: &Api) -> Vec<String> {
    let case = api.assigned(Place::CenterA).await;
    let ask = json!({ "items": "年度不明", "guidance": "请写明年度" });
    let case = api.done(Who::Clerk, &case, "request-supplement", &ask).await;
    let case = api.filed(Who::OfficerA, &case).await;
    let case = api.worded(case).await;
    crate::support::keeping::kept(api).await;
    let entries = routes();
    let readable = entries.iter().filter(|entry| entry.method == Method::GET);
    let mut found: Vec<String> = readable
        // The metrics change by being read.
        .filter(|entry| entry.path != "/metrics")
        .map(|entry| api.path_of(entry.path, &case))
        .collect();
    for query in
        ["?limit=1&count=exact&sort=due_date", "?q=%E6%94%B6%E8%B4%B9", "?worklist=due_soon"]
    {
        found.push(format!("/api/v1/cases{query}"));
    }
    found.push("/api/v1/statistics/reply-rate?group_by=month".to_owned());
    // A log-in leaves traces; it has happened before anything is read.
    api.token(Who::Admin).await;
    api.token(Who::Supervisor).await;
    found
}

/// Who reads it: the query room, and what it may not the administrator.
fn reader(path: &str) -> Who {
    if path.starts_with("/api/v1/users/") && path.ends_with("/sessions") {
        Who::Admin
    } else if path.ends_with("/effects") {
        Who::Supervisor
    } else {
        Who::Clerk
    }
}

async fn read(api: &Api, method: Method, path: &str, known: Option<&str>) -> Answer {
    let request = api.request(reader(path), method, path).await;
    let request = known
        .into_iter()
        .fold(request, |request, tag| request.insert_header(("if-none-match", tag)));
    api.send(request).await
}

/// The headers that must not differ between an answer and the 304 that stands for it.
fn kept(answer: &Answer) -> Vec<Vec<&str>> {
    let all = |name| {
        let values = answer.headers.get_all(name).filter_map(|value| value.to_str().ok());
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        values
    };
    ["etag", "cache-control", "vary"].into_iter().map(all).collect()
}

on_both! {
    async fn reading_leaves_no_trace_and_says_the_same_twice(api: Api) {
        let paths = addresses(&api).await;
        assert!(paths.len() > 15, "{paths:?}");
        let before = api.traces();
        for path in &paths {
            for method in [Method::GET, Method::HEAD] {
                let one = read(&api, method.clone(), path, None).await;
                let two = read(&api, method.clone(), path, None).await;
                assert_eq!(one.status, 200, "{method} {path}: {}", one.text);
                assert_eq!((one.status, &one.text, kept(&one)), (two.status, &two.text, kept(&two)), "{method} {path}");
            }
            assert_eq!(api.traces(), before, "{path}");
        }
    }
}

on_both! {
    async fn who_knows_it_already_gets_no_body(api: Api) {
        for path in addresses(&api).await.iter().filter(|path| !is_passing(path)) {
            let full = read(&api, Method::GET, path, None).await;
            let tag = full.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
            assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag} is a strong tag");
            for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
                for method in [Method::GET, Method::HEAD] {
                    let answer = read(&api, method.clone(), path, Some(&known)).await;
                    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{method} {path} {known}");
                    assert_eq!(kept(&answer), kept(&full), "{method} {path} {known}");
                    assert_eq!(answer.header("content-type"), None, "{method} {path}");
                }
            }
            for unknown in ["\"other\"", "other", "", "W/\"x\"", "\"", "\"**\"", tag.trim_matches('"')] {
                let answer = read(&api, Method::GET, path, Some(unknown)).await;
                assert_eq!((answer.status.as_u16(), &answer.text), (200, &full.text), "{path} {unknown}");
            }
        }
    }
}

on_both! {
    async fn a_tag_changes_with_what_it_stands_for(api: Api) {
        let case = api.registered().await;
        let path = case["links"]["self"].as_str().unwrap().to_owned();
        let paths = [path.clone(), format!("{path}/events"), format!("{path}/actions"), "/api/v1/cases".to_owned(), "/api/v1/statistics/overview".to_owned()];
        let tags = async || {
            let mut tags = Vec::new();
            for path in &paths {
                tags.push(read(&api, Method::GET, path, None).await.header("etag").unwrap().to_owned());
            }
            tags
        };
        let before = tags().await;
        api.done(Who::Clerk, &case, "assign", &json!({ "unit_id": api.world.unit(Place::CenterB).0 })).await;
        for (path, (old, new)) in paths.iter().zip(before.iter().zip(tags().await)) {
            assert_ne!(*old, new, "{path}");
            let answer = read(&api, Method::GET, path, Some(old)).await;
            assert_eq!(answer.status, 200, "{path}");
        }
        // What a page shows of a day changes with the day.
        api.world.clock.set(crate::support::inputs::instant("2025-09-01T02:00:00Z"));
        let answer = read(&api, Method::GET, "/api/v1/cases", Some(&before[3])).await;
        assert_eq!(answer.json()["items"][0]["overdue"], true);
    }
}

on_both! {
    async fn the_tag_that_was_read_is_the_one_that_changes_take(api: Api) {
        let case = api.registered().await;
        let path = case["links"]["self"].as_str().unwrap();
        let tag = read(&api, Method::GET, path, None).await.header("etag").unwrap().to_owned();
        let assign = async |tag: &str| {
            let request = api.request(Who::Clerk, Method::POST, &format!("{path}/assign")).await;
            let body = json!({ "unit_id": api.world.unit(Place::CenterA).0 });
            api.send(request.insert_header(("if-match", tag)).set_json(body)).await
        };
        let done = assign(&tag).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let now = read(&api, Method::GET, path, None).await;
        assert_eq!((now.header("etag"), now.json()), (done.header("etag"), done.json()));
        let stale = assign(&tag).await;
        assert_eq!((stale.status.as_u16(), stale.header("etag")), (412, now.header("etag")));
    }
}

on_both! {
    async fn what_is_masked_has_a_tag_of_its_own_and_changes_take_it(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let ask = json!({ "days": 5, "reason": "量大" });
        let case = api.done(Who::OfficerA, &case, "request-extension", &ask).await;
        let path = case["links"]["self"].as_str().unwrap();
        let whole = api.get(Who::OfficerA, path).await;
        let request = api.request(Who::Supervisor, Method::GET, path).await;
        let masked = api.send(request.insert_header(("if-none-match", whole.header("etag").unwrap()))).await;
        assert_eq!((masked.status.as_u16(), masked.header("etag")), (200, Some("\"4-masked\"")));
        let decide = async |tag: &str| {
            let request = api.request(Who::Supervisor, Method::POST, &format!("{path}/decide-extension")).await;
            api.send(request.insert_header(("if-match", tag)).set_json(json!({ "verdict": "granted" }))).await
        };
        for stale in ["\"3-masked\"", "\"-masked\"", "\"4-whole\"", "\"4-masked-masked\""] {
            assert_eq!(decide(stale).await.status, 412, "{stale}");
        }
        let done = decide(masked.header("etag").unwrap()).await;
        assert_eq!(done.status, 200, "{}", done.text);
    }
}

on_both! {
    async fn a_refusal_and_a_change_have_no_tag_to_compare(api: Api) {
        let case = api.registered().await;
        // Who may not read does not learn from 304 that there is something.
        for (who, path) in [(Who::OfficerB, case["links"]["self"].as_str().unwrap()), (Who::Auditor, "/api/v1/cases")] {
            let request = api.request(who, Method::GET, path).await.insert_header(("if-none-match", "*"));
            let answer = api.send(request).await;
            assert!(matches!(answer.status.as_u16(), 403 | 404), "{path}: {}", answer.status);
        }
        let anonymous = api.send(TestRequest::get().uri("/api/v1/cases").insert_header(("if-none-match", "*"))).await;
        assert_eq!(anonymous.status, 401);
        let request = api.request(Who::Clerk, Method::POST, "/api/v1/cases/search").await;
        let answer = api.send(request.insert_header(("if-none-match", "*")).set_json(json!({ "phone": "13800000000" }))).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, None));
        assert_ne!(answer.json()["items"], Value::Null);
    }
}
