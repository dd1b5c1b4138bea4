//! What a list says of itself: the pages around it, how many there are, and whom it tells what.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::on_both;
use crate::support::world::{Place, Who};

const CASES: &str = "/api/v1/cases";

/// The pages that an answer names in its header, and those that it names in its body.
fn links(answer: &Answer) -> (Vec<String>, Vec<String>) {
    let header = answer.header("link").unwrap_or_default();
    let header = header.split(", ").filter(|link| !link.is_empty()).map(str::to_owned).collect();
    let body = answer.json();
    let named = ["next", "prev"]
        .into_iter()
        .filter_map(|name| Some(format!("<{}>; rel=\"{name}\"", body["links"][name].as_str()?)));
    (header, named.collect())
}

/// Walks by the links from a page on; gives the ids of each page.
async fn walk(api: &Api, who: Who, start: &str, way: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(path) = next {
        let answer = api.get(who, &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let (header, body) = links(&answer);
        assert_eq!(header, body, "{path}");
        let page = answer.json();
        for (name, cursor) in [("next", "next_cursor"), ("prev", "prev_cursor")] {
            let named = page["links"][name].as_str().map(|link| link.split("cursor=").nth(1));
            assert_eq!(named.flatten(), page[cursor].as_str(), "{path} {name}");
        }
        let key = if path.contains("/events") { "version" } else { "id" };
        let items = page["items"].as_array().unwrap();
        pages.push(items.iter().map(|item| item[key].to_string()).collect());
        next = page["links"][way].as_str().map(str::to_owned);
    }
    pages
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn received(api: &Api, count: usize) {
    for _ in 0..count {
        api.received().await;
    }
}

on_both! {
    async fn the_links_lead_to_the_end_and_back(api: Api) {
        received(&api, 8).await;
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let events = format!("{CASES}/{}/events?limit=1", case["id"].as_str().unwrap());
        for start in [
            format!("{CASES}?limit=2"), format!("{CASES}?sort=-due_date,id&limit=2&status=received,assigned"),
            format!("{CASES}?limit=2&received_at[lte]=2026-01-01T00:00:00%2B08:00&q=%E6%94%B6%E8%B4%B9"), events,
        ] {
            let forward = walk(&api, Who::Clerk, &start, "next").await;
            assert!(forward.len() > 3, "{start}: {forward:?}");
            let mut path = start.clone();
            for _ in 1..forward.len() {
                let page = api.get(Who::Clerk, &path).await.json();
                path = text(&page["links"]["next"]);
            }
            let mut back = walk(&api, Who::Clerk, &path, "prev").await;
            back.reverse();
            assert_eq!(back, forward, "{start}");
        }
    }
}

on_both! {
    async fn a_page_that_has_become_empty_has_a_way_out(api: Api) {
        received(&api, 3).await;
        let list = format!("{CASES}?status=received&sort=received_at&limit=2");
        let first = api.get(Who::Clerk, &list).await.json();
        let second = api.get(Who::Clerk, first["links"]["next"].as_str().unwrap()).await.json();
        api.done(Who::Clerk, &second["items"][0], "register", &json!({})).await;
        let empty = api.get(Who::Clerk, first["links"]["next"].as_str().unwrap()).await.json();
        assert_eq!((&empty["items"], &empty["links"]["next"]), (&json!([]), &Value::Null));
        let all = api.get(Who::Clerk, empty["links"]["prev"].as_str().unwrap()).await.json();
        assert_eq!((&all["items"], &all["links"]), (&first["items"], &json!({ "next": null, "prev": null })));
        for case in first["items"].as_array().unwrap() {
            api.done(Who::Clerk, case, "register", &json!({})).await;
        }
        let before = api.get(Who::Clerk, second["links"]["prev"].as_str().unwrap()).await.json();
        assert_eq!((&before["items"], &before["links"]["prev"]), (&json!([]), &Value::Null));
        let start = api.get(Who::Clerk, before["links"]["next"].as_str().unwrap()).await;
        assert_eq!((start.status.as_u16(), start.json()["items"].clone()), (200, json!([])));
        assert_eq!(start.header("link"), None);
    }
}

on_both! {
    async fn a_cursor_goes_with_every_page_size_and_count_but_no_other_filter(api: Api) {
        received(&api, 5).await;
        let first = api.get(Who::Clerk, &format!("{CASES}?status=received&limit=2")).await.json();
        let cursor = first["next_cursor"].as_str().unwrap();
        for (query, status) in [
            (format!("cursor={cursor}&limit=3&status=received"), 200), (format!("cursor={cursor}&count=exact&status=received"), 200),
            (format!("cursor={cursor}&status=received&q=ab"), 400), (format!("cursor={cursor}&status=received&sort=-received_at,id"), 400),
        ] {
            let answer = api.get(Who::Clerk, &format!("{CASES}?{query}")).await;
            assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
        }
        // The cursor of one list is none of another, though both are about the same case.
        let events = format!("{CASES}/{}/events", first["items"][0]["id"].as_str().unwrap());
        let answer = api.get(Who::Clerk, &format!("{events}?cursor={cursor}")).await;
        assert_eq!(answer.verdict(), (400, "invalid_cursor".to_owned()));
    }
}

on_both! {
    async fn a_search_goes_back_by_its_cursors(api: Api) {
        received(&api, 5).await;
        let search = async |cursor: &Value| {
            let body = json!({ "phone": "13800000000", "limit": 2, "cursor": cursor });
            let answer = api.post(Who::Clerk, &format!("{CASES}/search"), &body).await;
            assert_eq!((answer.status.as_u16(), answer.header("link")), (200, None), "{}", answer.text);
            answer.json()
        };
        let first = search(&Value::Null).await;
        let second = search(&first["next_cursor"]).await;
        let third = search(&second["next_cursor"]).await;
        assert_eq!((third["items"].as_array().unwrap().len(), &third["next_cursor"], &first["prev_cursor"]), (1, &Value::Null, &Value::Null));
        assert_eq!(search(&third["prev_cursor"]).await, second);
        assert_eq!(search(&second["prev_cursor"]).await, first);
    }
}

on_both! {
    async fn a_total_is_given_to_who_asks_and_of_his_scope(api: Api) {
        received(&api, 4).await;
        api.assigned(Place::CenterA).await;
        api.assigned(Place::CenterB).await;
        for count in ["exact", "estimated"] {
            for (who, filter, total) in [
                (Who::Clerk, "", 6), (Who::Clerk, "&status=received", 4), (Who::OfficerA, "", 1), (Who::WindowA, "", 0),
                (Who::Supervisor, "&worklist=unregistered&limit=1", 4),
            ] {
                let page = api.get(who, &format!("{CASES}?count={count}{filter}")).await.json();
                assert_eq!((&page["total"], &page["total_kind"]), (&json!(total), &json!("exact")), "{count} {filter}");
            }
        }
        let page = api.get(Who::Clerk, CASES).await.json();
        assert!(page.get("total").is_none() && page.get("total_kind").is_none(), "{page}");
    }
}

/// The numbers of the cases that a filter finds.
async fn found(api: &Api, who: Who, query: &str) -> BTreeSet<String> {
    let answer = api.get(who, &format!("{CASES}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    let page = answer.json();
    let numbers = page["items"].as_array().unwrap().iter();
    numbers.map(|case| case["receipt_number"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn a_supervisor_cannot_guess_names(api: Api) {
        for (name, subject) in [("王小明", "收费标准"), ("李王氏", "王家沟拆迁"), ("赵一", "100%公开_A\\B")] {
            let mut body = application();
            body["applicant"]["name"] = json!(name);
            body["subject"] = json!(subject);
            assert_eq!(api.post(Who::Clerk, CASES, &body).await.status, 201);
        }
        let [one, two, three] = ["SJ2025-000001", "SJ2025-000002", "SJ2025-000003"].map(str::to_owned);
        let set = |numbers: &[&String]| numbers.iter().map(|number| (*number).clone()).collect::<BTreeSet<_>>();
        let all = set(&[&one, &two, &three]);
        // 王小, 王家, SJ2025-00000, 0%, _a, \b, %%, 李王
        for (q, clerk, supervisor) in [
            ("%E7%8E%8B%E5%B0%8F", set(&[&one]), set(&[])), ("%E7%8E%8B%E5%AE%B6", set(&[&two]), set(&[&two])), ("SJ2025-00000", all.clone(), all.clone()),
            ("0%25", set(&[&three]), set(&[&three])), ("_a", set(&[&three]), set(&[&three])), ("%5Cb", set(&[&three]), set(&[&three])),
            ("%25%25", set(&[]), set(&[])), ("%E6%9D%8E%E7%8E%8B", set(&[&two]), set(&[])),
        ] {
            assert_eq!(found(&api, Who::Clerk, &format!("q={q}")).await, clerk, "{q}");
            assert_eq!(found(&api, Who::Supervisor, &format!("q={q}")).await, supervisor, "{q}");
        }
        let by_name = format!("{CASES}?applicant_name=%E7%8E%8B");
        let refused = api.get(Who::Supervisor, &by_name).await;
        assert_eq!(refused.verdict(), (403, "filter_not_permitted".to_owned()));
        assert_eq!(refused.json()["errors"][0]["pointer"], "applicant_name");
        assert_eq!(found(&api, Who::Clerk, "applicant_name=%E7%8E%8B").await, set(&[&one]));
    }
}

on_both! {
    async fn ranges_hold_their_bounds_or_not(api: Api) {
        let case = api.registered().await;
        let number = case["receipt_number"].as_str().unwrap();
        let line = api.get(Who::Clerk, CASES).await.json()["items"][0].clone();
        for name in ["due_date", "receipt_date", "received_at", "updated_at"] {
            let value = line[name].as_str().unwrap();
            for (ops, held) in [
                (&["gte", "lte"][..], true), (&["gte"], true), (&["lte"], true), (&["gt"], false), (&["lt"], false),
                (&["gte", "lt"], false), (&["gt", "lte"], false),
            ] {
                let query: Vec<String> = ops.iter().map(|op| format!("{name}[{op}]={value}")).collect();
                let expected = if held { BTreeSet::from([number.to_owned()]) } else { BTreeSet::new() };
                assert_eq!(found(&api, Who::Clerk, &query.join("&")).await, expected, "{query:?}");
            }
        }
        for (query, held) in [
            ("due_date[gt]=2025-01-01&due_date[gt]=2025-01-01", None), ("due_date[gt]=9999-12-31", Some(false)), ("due_date[lt]=9999-12-31", Some(true)),
            ("due_date[lt]=0000-01-01", Some(false)), ("due_date[gt]=0000-01-01", Some(true)),
            ("received_at[gt]=2025-03-10T01:59:59.9999999Z", Some(true)), ("received_at[gte]=2025-03-10T02:00:00.0000001Z", Some(false)),
            ("received_at[lt]=2025-03-10T02:00:00.0000001Z", Some(true)),
        ] {
            let answer = api.get(Who::Clerk, &format!("{CASES}?{query}")).await;
            let count = (answer.status == 200).then(|| answer.json()["items"].as_array().unwrap().len() == 1);
            assert_eq!(count, held, "{query}: {}", answer.text);
        }
    }
}

on_both! {
    async fn worklists_and_filters_narrow_each_other(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let number = BTreeSet::from([case["receipt_number"].as_str().unwrap().to_owned()]);
        let (me, other) = (api.world.user(Who::OfficerA).0, api.world.user(Who::OfficerB).0);
        let (own, window) = (api.world.unit(Place::CenterA).0, api.world.unit(Place::WindowA).0);
        api.world.clock.set(crate::support::inputs::instant("2025-04-07T02:00:00Z"));
        let due = case["clock"]["due_date"].as_str().unwrap();
        for (query, held) in [
            (format!("worklist=mine&officer={me}"), true), (format!("worklist=mine&officer={other}"), false),
            (format!("worklist=my_unit&unit={own}"), true), (format!("worklist=my_unit&unit={window}"), false),
            (format!("worklist=due_soon&due_date[gte]={due}"), true), (format!("worklist=due_soon&due_date[gt]={due}"), false),
            (format!("worklist=due_soon&due_date[lt]={due}"), false),
        ] {
            let expected = if held { number.clone() } else { BTreeSet::new() };
            assert_eq!(found(&api, Who::OfficerA, &query).await, expected, "{query}");
        }
    }
}

on_both! {
    async fn a_list_answers_head_with_the_same_links(api: Api) {
        received(&api, 3).await;
        let path = format!("{CASES}?limit=1");
        let get = api.get(Who::Clerk, &path).await;
        let head = api.send(api.request(Who::Clerk, Method::HEAD, &path).await).await;
        assert_eq!((head.status, head.header("link"), head.header("etag")), (get.status, get.header("link"), get.header("etag")));
        assert!(get.header("link").is_some() && get.header("etag").is_some());
    }
}
