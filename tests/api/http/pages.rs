//! Lists: every page, every filter and every figure's link gives exactly the cases that it should.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use crate::support::client::{Api, application};
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};

const CASES: &str = "/api/v1/cases";

/// The list at an address, page after page.
async fn walk(api: &Api, who: Who, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let place = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let answer = api.get(who, &format!("{path}{join}limit=7{place}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let page = answer.json();
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        cursor = page["next_cursor"].as_str().map(ToOwned::to_owned);
        if cursor.is_none() {
            return found;
        }
        assert_eq!(page["items"].as_array().unwrap().len(), 7, "{path}: a full page");
    }
}

fn ids(cases: &[Value]) -> Vec<String> {
    cases.iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of a list, each once.
fn id_set(cases: &[Value], what: &str) -> BTreeSet<String> {
    let set: BTreeSet<String> = ids(cases).into_iter().collect();
    assert_eq!(set.len(), cases.len(), "{what}: a case twice");
    set
}

fn served(day: NaiveDate) -> Value {
    json!({ "manner": "handed_over", "signed_at": day })
}

/// An application of many kinds, by its number.
fn varied(n: usize) -> Value {
    let mut body = application();
    let kinds = [
        "natural_person",
        "research_institution",
        "legal_service_organization",
        "other_organization",
    ];
    body["applicant"] =
        json!({ "type": kinds[n % 4], "name": format!("甲{n}公司"), "phone": "13800000000" });
    if n.is_multiple_of(4) {
        body["applicant"]["name"] = json!(["王小明", "王大明", "李明"][n / 4 % 3]);
    }
    body["channel"] = json!(["in_person", "oral", "registered_mail", "online"][n / 2 % 4]);
    body["subject"] = json!(match n % 5 {
        0 => format!("100%收费{n}"),
        1 => format!("a_b{n}"),
        2 => format!("反斜杠\\{n}"),
        _ => format!("标准{n}"),
    });
    body
}

/// Takes a case to one of ten ends.
async fn lead(api: &Api, n: usize, case: Value) {
    let reason = json!({ "reason": "测试" });
    let today = api.world.today();
    if n.is_multiple_of(10) {
        return;
    }
    let case = api.done(Who::Clerk, &case, "register", &json!({})).await;
    match n % 10 {
        1 => return,
        2 => return drop(api.done(Who::Clerk, &case, "withdraw", &reason).await),
        3 => return drop(api.done(Who::Clerk, &case, "void", &reason).await),
        _ => {}
    }
    let place = [Place::CenterA, Place::CenterB, Place::WindowA][n % 3];
    let case =
        api.done(Who::Clerk, &case, "assign", &json!({ "unit_id": api.world.unit(place).0 })).await;
    let officer = match place {
        Place::CenterB => Who::OfficerB,
        Place::WindowA => Who::WindowA,
        _ => Who::OfficerA,
    };
    let draft = json!({ "decision": "disclose", "provided": "一份", "how_to_obtain": "邮寄" });
    match n % 10 {
        4 => drop(api.done(officer, &case, "accept", &json!({})).await),
        5 => {
            let ask = json!({ "items": "不明", "guidance": "写明", "service": served(today) });
            drop(api.done(officer, &case, "request-supplement", &ask).await);
        }
        6 => {
            // Answered, and not served: no reply yet.
            let case = api.done(officer, &case, "draft-answer", &draft).await;
            let case = api.reviewed(&case).await;
            drop(api.done(Who::Clerk, &case, "answer", &json!({})).await);
        }
        7 | 8 => {
            let case = api.done(officer, &case, "draft-answer", &draft).await;
            let case = api.reviewed(&case).await;
            let by = if place == Place::CenterA { Who::SecondOfficerA } else { Who::Clerk };
            drop(api.act(by, &case, "answer", &json!({ "service": served(today) })).await);
        }
        9 => {
            let case = api
                .done(officer, &case, "request-extension", &json!({ "days": 15, "reason": "量大" }))
                .await;
            let granted = json!({ "verdict": "granted", "service": served(today) });
            drop(api.done(Who::Supervisor, &case, "decide-extension", &granted).await);
        }
        _ => {}
    }
}

/// Sixty cases of every kind, received over ten weeks from the New Year; it is then 31 March.
async fn sixty(api: &Api) -> Vec<Value> {
    let start = instant("2025-01-02T02:00:00Z");
    for n in 0..60 {
        // Some on the same instant, so that only the id tells them apart.
        api.world.clock.set(start + TimeDelta::days(i64::try_from(n / 3 * 7 / 2).unwrap()));
        let who = [Who::Clerk, Who::OfficerA, Who::WindowA, Who::OfficerB][n % 4];
        let mut body = varied(n);
        let day = api.world.today();
        body["arrival"] = match body["channel"].as_str().unwrap() {
            "registered_mail" => json!({ "signed_at": day }),
            "online" => json!({ "received_at": day, "confirmed_at": day }),
            _ => json!({}),
        };
        let answer = api.post(who, CASES, &body).await;
        assert_eq!(answer.status, 201, "{n}: {}", answer.text);
        lead(api, n, answer.json()).await;
    }
    api.world.clock.set(instant("2025-03-31T02:00:00Z"));
    let all = walk(api, Who::Clerk, CASES).await;
    assert_eq!(id_set(&all, "all").len(), 60);
    all
}

on_both! {
    async fn every_case_stands_on_one_page_while_others_come_in(api: Api) {
        let before = sixty(&api).await;
        let due: Vec<&Value> = before.iter().filter(|case| case["due_date"].is_string()).collect();
        assert!(due.len() > 35, "only {} with a due date", due.len());
        let expected: BTreeSet<String> = ids(&before).into_iter().collect();
        for (sort, key, descending) in [("-received_at", "received_at", true), ("received_at", "received_at", false), ("due_date", "due_date", false), ("-due_date", "due_date", true), ("updated_at", "updated_at", false)] {
            let mut found = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = api.get(Who::Clerk, &format!("{CASES}?sort={sort}&limit=7{cursor}")).await.json();
                found.extend(page["items"].as_array().unwrap().iter().cloned());
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
                if found.len() < 60 {
                    let case = api.received().await;
                    api.done(Who::Clerk, &case, "register", &json!({})).await;
                }
            }
            // What has no due date comes last, whichever way the others go.
            let (with, without): (Vec<_>, Vec<_>) = found.iter().partition(|case| case[key].is_string());
            assert!(found[..with.len()].iter().all(|case| case[key].is_string()), "{sort}");
            assert_eq!(without.is_empty(), key != "due_date", "{sort}");
            for part in [with, without] {
                let places: Vec<(&str, &str)> = part.iter().map(|case| (text(case, key), text(case, "id"))).collect();
                let mut sorted = places.clone();
                sorted.sort_unstable();
                if descending {
                    sorted.reverse();
                }
                assert_eq!(places, sorted, "{sort}");
            }
            let seen = id_set(&found, sort);
            assert_eq!(expected.difference(&seen).count(), 0, "{sort}: a case is missing");
        }
    }
}

/// A filter, and which of the lines of a list it lets through.
type Filter<'a> = (String, Box<dyn Fn(&Value) -> bool + 'a>);

/// The same of fixed text.
type Plain = (&'static str, fn(&Value) -> bool);

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

fn is_one_of(case: &Value, name: &str, values: &[&str]) -> bool {
    values.contains(&text(case, name))
}

/// Registered, and neither replied to nor closed.
fn owes_reply(case: &Value) -> bool {
    case["case_number"].is_string()
        && case["answer_date"].is_null()
        && case["closed_date"].is_null()
}

fn is_open(case: &Value) -> bool {
    is_one_of(
        case,
        "status",
        &["received", "registered", "assigned", "awaiting_supplement", "supplemented"],
    )
}

#[expect(clippy::too_many_lines, reason = "one table, a row for each filter")]
fn filters(api: &Api) -> Vec<Filter<'_>> {
    let unit = |place| api.world.unit(place).0.to_string();
    let (a, window, b) = (unit(Place::CenterA), unit(Place::WindowA), unit(Place::CenterB));
    let responsible = |case: &Value| {
        text(
            case,
            if case["holding_unit_id"].is_null() { "receiving_unit_id" } else { "holding_unit_id" },
        )
        .to_owned()
    };
    let officer = api.world.user(Who::OfficerB).0.to_string();
    let mut filters: Vec<Filter<'_>> = vec![
        (
            format!("unit={a}"),
            Box::new({
                let (a, window) = (a.clone(), window.clone());
                move |c| [&a, &window].contains(&&responsible(c))
            }),
        ),
        (
            format!("unit={b}&responsible_unit={b}"),
            Box::new({
                let b = b.clone();
                move |c| responsible(c) == b
            }),
        ),
        (
            format!("responsible_unit={a}"),
            Box::new({
                let a = a.clone();
                move |c| responsible(c) == a
            }),
        ),
        (format!("unit={a}&responsible_unit={b}"), Box::new(|_| false)),
        ("unit=01900000-0000-7000-8000-000000000000".to_owned(), Box::new(|_| false)),
        (format!("officer={officer}"), Box::new(move |c| text(c, "officer_id") == officer)),
        (
            "overdue=true".to_owned(),
            Box::new(|c| {
                owes_reply(c) && c["due_date"].is_string() && text(c, "due_date") < "2025-03-31"
            }),
        ),
        ("overdue=false".to_owned(), Box::new(|_| true)),
        ("unanswered=true".to_owned(), Box::new(owes_reply)),
        (
            "worklist=my_unit".to_owned(),
            Box::new({
                let unit = unit(Place::QueryRoom);
                move |c| is_open(c) && responsible(c) == unit
            }),
        ),
        ("worklist=mine".to_owned(), Box::new(|_| false)),
        (
            "worklist=unassigned".to_owned(),
            Box::new(|c| {
                is_one_of(c, "status", &["registered", "supplemented"])
                    && c["holding_unit_id"].is_null()
            }),
        ),
        ("worklist=unregistered".to_owned(), Box::new(|c| text(c, "status") == "received")),
        ("worklist=unregistered&status=assigned".to_owned(), Box::new(|_| false)),
        (
            "worklist=awaiting_supplement".to_owned(),
            Box::new(|c| text(c, "status") == "awaiting_supplement"),
        ),
        (
            "worklist=overdue".to_owned(),
            Box::new(|c| {
                owes_reply(c) && c["due_date"].is_string() && text(c, "due_date") < "2025-03-31"
            }),
        ),
        // Three working days from Monday: to Thursday. The list is by due date, so has only such.
        (
            "worklist=due_soon".to_owned(),
            Box::new(|c| {
                owes_reply(c) && ("2025-03-31"..="2025-04-03").contains(&text(c, "due_date"))
            }),
        ),
    ];
    let plain: [Plain; 18] = [
        ("status=registered", |c| text(c, "status") == "registered"),
        ("status=voided,withdrawn,answered", |c| {
            is_one_of(c, "status", &["voided", "withdrawn", "answered"])
        }),
        ("channel=online", |c| text(c, "channel") == "online"),
        ("channel=oral,registered_mail&applicant_type=natural_person", |c| {
            is_one_of(c, "channel", &["oral", "registered_mail"])
                && text(c, "applicant_type") == "natural_person"
        }),
        ("applicant_type=other_organization,research_institution", |c| {
            is_one_of(c, "applicant_type", &["other_organization", "research_institution"])
        }),
        ("due_date[gte]=2025-02-20&due_date[lte]=2025-03-10", |c| {
            ("2025-02-20"..="2025-03-10").contains(&text(c, "due_date"))
        }),
        (
            "received_at[gte]=2025-01-19T02:00:00Z&received_at[lt]=2025-02-20T10:00:00%2B08:00",
            |c| ("2025-01-19T02:00:00Z".."2025-02-20T02:00:00Z").contains(&text(c, "received_at")),
        ),
        ("receipt_date[gte]=2025-01-05&receipt_date[lte]=2025-01-16", |c| {
            ("2025-01-05"..="2025-01-16").contains(&text(c, "receipt_date"))
        }),
        ("number=SJ2025-00001", |c| text(c, "receipt_number").starts_with("SJ2025-00001")),
        ("number=%E9%95%BF%E5%85%AC%E5%85%AC%E5%BC%80%E3%80%942025%E3%80%951", |c| {
            text(c, "case_number").starts_with("长公公开〔2025〕1")
        }),
        ("number=sj2025", |_| false),
        ("applicant_name=%E7%8E%8B", |c| text(c, "applicant_name").starts_with('王')),
        ("applicant_name=%25", |_| false),
        ("subject=%25", |c| text(c, "subject").contains('%')),
        ("subject=a_b", |c| text(c, "subject").contains("a_b")),
        ("subject=_", |c| text(c, "subject").contains('_')),
        ("subject=%5C", |c| text(c, "subject").contains('\\')),
        ("subject=0%25%E6%94%B6%E8%B4%B9", |c| text(c, "subject").contains("0%收费")),
    ];
    filters.extend(
        plain.into_iter().map(|(query, test)| -> Filter<'_> { (query.to_owned(), Box::new(test)) }),
    );
    filters
}

on_both! {
    async fn filters_and_worklists_give_what_they_say(api: Api) {
        let all = sixty(&api).await;
        let mut empty = Vec::new();
        for (query, lets_through) in filters(&api) {
            let expected: BTreeSet<String> = ids(&all.iter().filter(|case| lets_through(case)).cloned().collect::<Vec<_>>()).into_iter().collect();
            if expected.is_empty() {
                empty.push(query.clone());
            }
            let found = walk(&api, Who::Clerk, &format!("{CASES}?{query}")).await;
            assert_eq!(id_set(&found, &query), expected, "{query}");
        }
        assert!(empty.len() <= 6, "these filters were not put to the test: {empty:?}");
        // The lists of a center: what it holds or has received, and what is below it.
        let own = [api.world.unit(Place::CenterA).0.to_string(), api.world.unit(Place::WindowA).0.to_string()];
        let near = |case: &&Value| ["holding_unit_id", "receiving_unit_id"].iter().any(|name| own.iter().any(|unit| text(case, name) == unit));
        let expected: BTreeSet<String> = all.iter().filter(near).map(|case| text(case, "id").to_owned()).collect();
        assert_eq!(id_set(&walk(&api, Who::OfficerA, CASES).await, "center A"), expected);
        let mine = walk(&api, Who::OfficerA, "/api/v1/cases?worklist=mine").await;
        let me = api.world.user(Who::OfficerA).0.to_string();
        let expected: BTreeSet<String> = all.iter().filter(|case| is_open(case) && text(case, "officer_id") == me).map(|case| text(case, "id").to_owned()).collect();
        assert!(!expected.is_empty());
        assert_eq!(id_set(&mine, "mine"), expected);
    }
}

const PARTS: [&str; 8] = [
    "received",
    "carried_in",
    "answered",
    "on_time",
    "extended",
    "open_in_time",
    "open_overdue",
    "closed_without_reply",
];

/// Checks the links and counts of one set of rates; `group` narrows the list to its cases.
async fn check_rates(api: &Api, rates: &Value, period: &str, group: &str, what: &str) {
    for name in ["reply_rate", "on_time_rate", "closure_rate", "extension_rate"] {
        let rate = &rates[name];
        for (figure, link) in
            [("numerator", "numerator_cases"), ("denominator", "denominator_cases")]
        {
            let found = walk(api, Who::Supervisor, rate[link].as_str().unwrap()).await;
            assert_eq!(
                json!(id_set(&found, what).len()),
                rate[figure],
                "{what} {name} {figure}: {}",
                rate[link]
            );
        }
        assert_eq!(rate["denominator"] == 0, rate["rate"].is_null(), "{what} {name}");
        let equal = rate["numerator"] == rate["denominator"];
        assert!(
            rate["rate"].is_null() || equal == (rate["rate"] == 100.0),
            "{what} {name}: {rate}"
        );
    }
    let counts = &rates["counts"];
    for part in PARTS {
        let found =
            walk(api, Who::Supervisor, &format!("{CASES}?counted_in={part}&{period}{group}")).await;
        assert_eq!(json!(id_set(&found, what).len()), counts[part], "{what}: {part}");
    }
    let number = |part: &str| counts[part].as_i64().unwrap();
    let sum = number("answered")
        + number("open_in_time")
        + number("open_overdue")
        + number("closed_without_reply");
    assert_eq!(sum, number("received") + number("carried_in"), "{what}: the parts cover the whole");
}

on_both! {
    async fn every_figure_leads_to_its_cases(api: Api) {
        sixty(&api).await;
        for (from, to, as_of) in [
            ("2025-01-01", "2025-03-31", "2025-03-31"), ("2025-02-01", "2025-02-28", "2025-03-31"), ("2025-02-01", "2025-12-31", "2025-02-10"),
            ("2025-02-10", "2025-02-10", "2025-02-28"),
        ] {
            let period = format!("from={from}&to={to}&as_of={as_of}");
            for group_by in ["", "unit", "channel", "month", "applicant_type"] {
                let grouped = if group_by.is_empty() { String::new() } else { format!("&group_by={group_by}") };
                let answer = api.get(Who::Supervisor, &format!("/api/v1/statistics/reply-rate?{period}{grouped}")).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                let figures = answer.json();
                let what = format!("{period} by {group_by}");
                if group_by.is_empty() || group_by == "unit" {
                    check_rates(&api, &figures, &period, "", &what).await;
                }
                assert_eq!(figures["numerator"], figures["reply_rate"]["numerator"]);
                assert_eq!(figures["rate"], figures["reply_rate"]["rate"]);
                let groups = figures["groups"].as_array().unwrap();
                assert_eq!(groups.is_empty(), group_by.is_empty(), "{what}");
                let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
                for group in groups {
                    assert!(!group["label"].as_str().unwrap().is_empty(), "{what}: {group}");
                    let link = group["closure_rate"]["denominator_cases"].as_str().unwrap();
                    let narrowed = link.split_once(&format!("as_of={as_of}")).unwrap().1;
                    check_rates(&api, group, &period, narrowed, &format!("{what}: {}", group["key"])).await;
                    for part in PARTS {
                        *sums.entry(part).or_default() += group["counts"][part].as_i64().unwrap();
                    }
                }
                for (part, sum) in sums {
                    assert_eq!(json!(sum), figures["counts"][part], "{what}: the groups add up to the whole: {part}");
                }
            }
        }
    }
}

on_both! {
    async fn the_overview_leads_to_its_cases(api: Api) {
        let all = sixty(&api).await;
        let overview = api.get(Who::Supervisor, "/api/v1/statistics/overview").await.json();
        assert_eq!((&overview["date"], &overview["due_soon_until_date"]), (&json!("2025-03-31"), &json!("2025-04-03")));
        for unit in overview["units"].as_array().unwrap() {
            for (figure, link) in [("open", "open_cases"), ("overdue", "overdue_cases")] {
                let found = walk(&api, Who::Supervisor, unit[link].as_str().unwrap()).await;
                assert_eq!(json!(id_set(&found, figure).len()), unit[figure], "{figure}: {unit}");
            }
        }
        let total = &overview["total"];
        let count = |test: &dyn Fn(&Value) -> bool| json!(all.iter().filter(|case| test(case)).count());
        assert_eq!(total["unregistered"], count(&|case| text(case, "status") == "received"));
        assert_eq!(total["open"], count(&owes_reply));
        assert_eq!(total["paused"], count(&|case| text(case, "status") == "awaiting_supplement"));
        assert_eq!(total["overdue"], count(&|case| owes_reply(case) && case["overdue"] == true));
        assert_eq!(total["due_soon"], count(&|case| owes_reply(case) && ("2025-03-31"..="2025-04-03").contains(&text(case, "due_date"))));
    }
}

on_both! {
    async fn a_period_without_cases_has_no_rate(api: Api) {
        for query in ["", "?from=2008-05-01&to=2008-12-31", "?from=9998-01-01&to=9999-12-31&as_of=9999-12-31", "?from=0001-01-01&to=0001-01-01&as_of=0001-01-01"] {
            for group_by in ["", "group_by=month", "group_by=unit"] {
                let join = if query.is_empty() || group_by.is_empty() { "" } else { "&" };
                let query = if query.is_empty() && !group_by.is_empty() { "?" } else { query };
                let figures = api.get(Who::Supervisor, &format!("/api/v1/statistics/reply-rate{query}{join}{group_by}")).await.json();
                assert_eq!((&figures["denominator"], &figures["rate"], &figures["groups"]), (&json!(0), &Value::Null, &json!([])), "{query}");
                for name in ["reply_rate", "on_time_rate", "closure_rate", "extension_rate"] {
                    assert_eq!(figures[name]["rate"], Value::Null, "{query} {name}");
                    assert!(walk(&api, Who::Supervisor, figures[name]["denominator_cases"].as_str().unwrap()).await.is_empty());
                }
            }
        }
    }
}
