//! Keeping the calendar: imported by one, looked at, put in force by another, and what the cases show.

use serde_json::{Value, json};

use crate::support::client::{Api, Door};
use crate::support::inputs::instant;
use crate::support::keeping::{applied, decide, draft, notice, recalculated};
use crate::support::on_both;
use crate::support::world::{Place, Who};

const CALENDAR: &str = "/api/v1/calendar";

async fn of(api: &Api, version: &Value, what: &str) -> Value {
    let path = format!("{}/{what}", version["links"]["self"].as_str().unwrap());
    let answer = api.get(Who::Supervisor, &path).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    answer.json()
}

on_both! {
    async fn a_change_in_the_middle_of_a_year_moves_the_open_cases(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        api.world.clock.set(instant("2025-03-11T02:00:00Z"));
        let later = api.assigned(Place::CenterB).await;
        assert_eq!((&case["clock"]["due_date"], &later["clock"]["due_date"]), (&json!("2025-04-08"), &json!("2025-04-09")));
        let before = api.traces();

        // One day off, and the Saturday after it is worked for another.
        let draft = draft(&api, &notice(2025, &["2025-03-26", "2025-03-27"], &["2025-03-29"])).await;
        assert_eq!((&draft["number"], &draft["state"], &draft["calendar_version"]), (&json!(2), &json!("draft"), &Value::Null));
        let calendar = api.get(Who::Clerk, CALENDAR).await.json();
        assert_eq!((&calendar["calendar_version"], calendar["drafts"].as_array().unwrap().len()), (&json!("2008-2026/1"), 1));
        let effects = of(&api, &draft, "effects").await;
        let told = json!({ "first": effects["first_changed_date"], "looked": effects["looked"], "changed": effects["changed"], "later": effects["later"], "moves": effects["moves"] });
        assert_eq!(told, json!({
            "first": "2025-03-26", "looked": 2, "changed": 2, "later": 2,
            "moves": [
                { "from_date": "2025-04-08", "to_date": "2025-04-09", "cases": 1 },
                { "from_date": "2025-04-09", "to_date": "2025-04-10", "cases": 1 },
            ],
        }));
        let moves = of(&api, &draft, "moves?limit=1").await;
        assert_eq!((&moves["items"][0]["case_number"], &moves["items"][0]["to_date"]), (&case["case_number"], &json!("2025-04-09")));
        let next = api.get(Who::Supervisor, moves["links"]["next"].as_str().unwrap()).await.json();
        assert_eq!((&next["items"][0]["case_id"], &next["next_cursor"]), (&later["id"], &Value::Null));
        // Another center's case is not there.
        let path = format!("{}/moves", draft["links"]["self"].as_str().unwrap());
        let own = api.get(Who::OfficerB, &path).await.json();
        assert_eq!((own["items"].as_array().unwrap().len(), &own["items"][0]["case_id"]), (1, &later["id"]));
        // To look changes nothing but the ledger of the import.
        let [cases, events, outbox, series, versions] = api.traces();
        assert_eq!([cases, events - 1, outbox, series, versions], before);

        let refused = decide(&api, Who::Admin, &draft, "apply", &json!({ "calendar_version": "2008-2026/1" })).await;
        assert_eq!(refused.verdict(), (403, "importer_may_not_apply".to_owned()));
        let done = applied(&api, &draft).await;
        assert_eq!((&done["state"], &done["calendar_version"], &done["version"]), (&json!("applied"), &json!("2008-2026/2"), &json!(2)));
        recalculated(&api).await;
        let progress = of(&api, &done, "recalculation").await;
        assert_eq!((&progress["total"], &progress["looked"], &progress["moved"], &progress["failed"]), (&json!(2), &json!(2), &json!(2), &json!(0)));
        assert!(progress["finished_at"].is_string());

        // Columns, lists and the case say the same; the ledger tells why.
        let now = api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json();
        assert_eq!((&now["clock"]["due_date"], &now["version"]), (&json!("2025-04-09"), &json!(4)));
        let list = api.get(Who::Clerk, "/api/v1/cases?due_date[gte]=2025-04-09&sort=due_date").await.json();
        assert_eq!(list["items"].as_array().unwrap().iter().map(|line| line["due_date"].clone()).collect::<Vec<_>>(), ["2025-04-09", "2025-04-10"]);
        let clocks = api.get(Who::Clerk, "/api/v1/clocks?within=30&kind=answer").await.json();
        assert_eq!(clocks["items"][0]["due_date"], "2025-04-09");
        let events = api.get(Who::Legal, &format!("{}/events", case["links"]["self"].as_str().unwrap())).await.json();
        let entry = &events["items"][3];
        assert_eq!((&entry["action"], &entry["actor"]), (&json!("recalculate"), &json!({ "server": true })));
        assert_eq!(entry["input"]["decided_by"], json!(api.world.user(Who::Supervisor).0));
        assert_eq!(entry["input"]["calendar"], "2008-2026/2");
        assert_eq!((&entry["before"]["due_date"], &entry["after"]["due_date"]), (&json!("2025-04-08"), &json!("2025-04-09")));
        // Who worked on the case before is told.
        let refused = api.act(Who::OfficerA, &case, "accept", &json!({})).await;
        assert_eq!(refused.verdict(), (412, "stale_version".to_owned()));
        let fresh = api.registered().await;
        assert_eq!(fresh["clock"]["due_date"], "2025-04-10", "a new case is computed by it at once");
    }
}

on_both! {
    async fn a_new_year_settles_what_was_provisional(api: Api) {
        api.world.clock.set(instant("2026-12-14T02:00:00Z"));
        let case = api.assigned(Place::CenterA).await;
        assert_eq!((&case["clock"]["due_date"], &case["clock"]["provisional"]), (&json!("2027-01-12"), &json!(true)));
        let year = json!({
            "year": 2027, "name": "国务院办公厅关于2027年部分节假日安排的通知(示例)", "notice_number": "国办发明电〔2026〕0号",
            "link": "https://www.gov.cn/example",
            "holidays": [
                { "name": "元旦", "from_date": "2027-01-01", "to_date": "2027-01-04", "make_up_dates": ["2027-01-10"] },
                { "name": "国庆节", "from_date": "2027-10-01", "to_date": "2027-10-03" },
            ],
        });
        let draft = draft(&api, &year).await;
        assert_eq!((&draft["number"], &draft["off_dates"]), (&json!(1), &json!(["2027-01-01", "2027-01-04", "2027-10-01"])));
        let effects = of(&api, &draft, "effects").await;
        assert_eq!((&effects["settled"], &effects["changed"], &effects["moves"]), (&json!(1), &json!(1), &json!([])));
        let done = applied(&api, &draft).await;
        assert_eq!(done["calendar_version"], "2008-2027/2");
        recalculated(&api).await;
        let now = api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json();
        assert_eq!((&now["clock"]["due_date"], &now["clock"]["provisional"]), (&json!("2027-01-12"), &json!(false)));
        let shown = api.get(Who::Auditor, "/api/v1/calendar/2027").await.json();
        assert_eq!((&shown["number"], &shown["in_force"], &shown["working_days"]), (&json!(1), &json!(true), &json!(259)));
        // The year after it can follow now.
        let mut next = year;
        next["year"] = json!(2028);
        next["holidays"] = json!([{ "name": "元旦", "from_date": "2028-01-01", "to_date": "2028-01-03" },
            { "name": "劳动节", "from_date": "2028-05-01", "to_date": "2028-05-02" }, { "name": "国庆节", "from_date": "2028-10-01", "to_date": "2028-10-03" }]);
        assert_eq!(api.post(Who::Admin, CALENDAR, &next).await.status, 201);
    }
}

on_both! {
    async fn a_version_is_decided_once_and_as_it_was_looked_at(api: Api) {
        let first = draft(&api, &notice(2025, &["2025-03-26"], &[])).await;
        let second = draft(&api, &notice(2025, &["2025-03-27"], &[])).await;
        assert_eq!((&first["number"], &second["number"]), (&json!(2), &json!(3)));
        let body = json!({ "calendar_version": "2008-2026/1" });
        let seen = json!({ "links": first["links"], "version": 7 });
        assert_eq!(decide(&api, Who::Supervisor, &seen, "apply", &body).await.verdict(), (412, "stale_version".to_owned()));
        applied(&api, &first).await;
        recalculated(&api).await;
        let seen = json!({ "links": first["links"], "version": 3 });
        for verb in ["apply", "discard"] {
            let body = if verb == "apply" { body.clone() } else { json!({}) };
            assert_eq!(decide(&api, Who::Supervisor, &seen, verb, &body).await.verdict(), (409, "calendar_version_decided".to_owned()), "{verb}");
        }
        let moved = decide(&api, Who::Supervisor, &second, "apply", &body).await;
        assert_eq!(moved.verdict(), (409, "calendar_moved_on".to_owned()));
        assert_eq!(moved.json()["errors"][0]["pointer"], "#/calendar_version");
        let gone = decide(&api, Who::Supervisor, &second, "discard", &json!({})).await.json();
        assert_eq!((&gone["state"], &gone["calendar_version"]), (&json!("discarded"), &Value::Null));
        for what in ["effects", "moves"] {
            let path = format!("{}/{what}", second["links"]["self"].as_str().unwrap());
            assert_eq!(api.get(Who::Supervisor, &path).await.verdict(), (409, "calendar_version_decided".to_owned()), "{what}");
        }
        // The program's own version is neither a draft nor unknown; others are unknown.
        let own = json!({ "links": { "self": "/api/v1/calendar/2025/versions/1" }, "version": 1 });
        assert_eq!(decide(&api, Who::Supervisor, &own, "apply", &body).await.verdict(), (409, "calendar_version_decided".to_owned()));
        for path in ["/2025/versions/9", "/2030", "/2030/versions", "/1800", "/x", "/2025/versions/-1", "/2025/versions/1/recalculation", "/2025/versions/1/recalculation/x", "/2025?number=9", "/99999999999"] {
            assert_eq!(api.get(Who::Supervisor, &format!("{CALENDAR}{path}")).await.status, 404, "{path}");
        }
        let unknown = json!({ "links": { "self": "/api/v1/calendar/2025/versions/9" }, "version": 1 });
        assert_eq!(decide(&api, Who::Supervisor, &unknown, "apply", &body).await.verdict(), (404, "not_found".to_owned()));
        let versions = api.get(Who::Clerk, &format!("{CALENDAR}/2025/versions")).await.json();
        let states: Vec<_> = versions["items"].as_array().unwrap().iter().map(|v| json!([v["number"], v["state"]])).collect();
        assert_eq!(json!(states), json!([[1, "applied"], [2, "applied"], [3, "discarded"]]));
        let before = api.get(Who::Clerk, &format!("{CALENDAR}/2025?number=1")).await.json();
        assert_eq!((&before["in_force"], before["off_dates"].as_array().unwrap().len()), (&json!(false), 18));
    }
}

on_both! {
    async fn every_fault_of_a_notice_is_told_at_once(api: Api) {
        let before = api.traces();
        let send = async |body: &Value| {
            let answer = api.post(Who::Admin, CALENDAR, body).await;
            let told = answer.json();
            let errors = told["errors"].as_array().cloned().unwrap_or_default();
            let faults: Vec<String> = errors.iter()
                .map(|error| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect();
            (answer.status.as_u16(), faults)
        };
        let body = json!({
            "year": 2027, "name": " ",
            "holidays": [
                { "name": "元旦", "from_date": "2026-12-31", "to_date": "2027-01-03", "make_up_dates": ["2027-01-04"] },
                { "name": "春节", "from_date": "2027-02-05", "to_date": "2027-02-11", "make_up_dates": ["2027-02-07", "2027-02-13", "2027-02-13", "2026-02-14"] },
                { "name": "又一春节", "from_date": "2027-02-11", "to_date": "2027-02-12" },
                { "name": "倒", "from_date": "2027-03-05", "to_date": "2027-03-04" },
                { "name": "长", "from_date": "2027-06-01", "to_date": "2027-06-30" },
            ],
        });
        assert_eq!(send(&body).await, (422, vec![
            "#/name blank_or_control_character".to_owned(),
            "#/holidays/0/from_date day_of_another_year".to_owned(),
            "#/holidays/0/make_up_dates/0 make_up_day_is_weekday".to_owned(),
            "#/holidays/1/make_up_dates/0 day_off_and_worked".to_owned(),
            "#/holidays/1/make_up_dates/2 make_up_day_repeated".to_owned(),
            "#/holidays/1/make_up_dates/3 day_of_another_year".to_owned(),
            "#/holidays/2/from_date holidays_overlap".to_owned(),
            "#/holidays/3/to_date ends_before_start".to_owned(),
            "#/holidays/4/to_date holiday_too_long".to_owned(),
            // 1 October 2027 is a Friday, and no holiday of it is named.
            "#/holidays fixed_holiday_missing".to_owned(),
        ]));
        let good = notice(2026, &["2026-03-26"], &[]);
        let with = |pointer: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            body
        };
        for (body, fault) in [
            (with("/holidays", json!([])), "#/holidays length"),
            (with("/holidays/0/from_date", json!("2026-1-1")), "#/holidays/0/from_date invalid_value"),
            (with("/holidays/0/from_date", json!(20_260_101)), "#/holidays/0/from_date wrong_type"),
            (with("/year", json!("2026")), "#/year wrong_type"),
            (with("/year", json!(99_999)), "#/year range"),
            (with("/holidays/0", json!({ "name": "元旦" })), "#/holidays/0/from_date missing_field"),
        ] {
            let (status, faults) = send(&body).await;
            assert_eq!(status, 422, "{fault}");
            assert!(faults.iter().any(|told| told == fault), "{fault}: {faults:?}");
        }
        // A year that would leave a gap, one before the first, and one that changes nothing.
        for year in [2028, 2007, 1999] {
            let body = json!({ "year": year, "name": "通知", "holidays": [{ "name": "元旦", "from_date": format!("{year}-01-01"), "to_date": format!("{year}-01-01") },
                { "name": "五一", "from_date": format!("{year}-05-01"), "to_date": format!("{year}-05-02") }, { "name": "十一", "from_date": format!("{year}-10-01"), "to_date": format!("{year}-10-03") }] });
            assert_eq!(send(&body).await, (422, vec!["#/year calendar_year_out_of_sequence".to_owned()]), "{year}");
        }
        assert_eq!(send(&notice(2026, &[], &[])).await, (422, vec!["# unchanged".to_owned()]));
        for who in [Who::Clerk, Who::OfficerA, Who::Legal, Who::Auditor] {
            assert_eq!(api.post(who, CALENDAR, &good).await.verdict(), (403, "role_not_permitted".to_owned()), "{who:?}");
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn every_process_counts_by_the_new_calendar_at_once(api: Api) {
        let other = api.world.second_app();
        let door = Door::of(&other).await;
        let draft = draft(&api, &notice(2025, &["2025-03-26"], &[])).await;
        // The other process has seen the calendar as it was.
        assert_eq!(other.law().calendar.version(), "2008-2026/1");
        applied(&api, &draft).await;
        recalculated(&api).await;
        let request = api.request(Who::Clerk, actix_web::http::Method::GET, CALENDAR).await;
        let seen = door.send(request).await;
        assert_eq!(seen.json()["calendar_version"], "2008-2026/2");
        let mut body = crate::support::client::application();
        body["register"] = json!(true);
        let request = api.request(Who::Clerk, actix_web::http::Method::POST, "/api/v1/cases").await;
        let case = door.send(request.set_json(body)).await.json();
        assert_eq!(case["clock"]["due_date"], "2025-04-09");
        // And a process that starts now.
        assert_eq!(api.world.second_app().law().calendar.version(), "2008-2026/2");
    }
}

on_both! {
    async fn the_same_import_twice_is_one_by_its_key(api: Api) {
        let body = notice(2025, &["2025-03-26"], &[]);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let request = api.request(Who::Admin, actix_web::http::Method::POST, CALENDAR).await;
            let answer = api.send(request.insert_header(("idempotency-key", "k")).set_json(&body)).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            seen.push((answer.header("idempotency-replayed").map(str::to_owned), answer.json()));
        }
        assert_eq!((seen[1].0.as_deref(), &seen[0].1), (Some("true"), &seen[1].1));
    }
}

on_both! {
    async fn both_texts_are_told_with_their_figures(api: Api) {
        let sets = api.get(Who::Auditor, "/api/v1/rule-sets").await.json();
        let [old, new] = [&sets["items"][0], &sets["items"][1]];
        assert_eq!((&old["answer_working_days"], &new["answer_working_days"]), (&json!(15), &json!(20)));
        assert_eq!((&old["supplement_notice_working_days"], &new["supplement_notice_working_days"]), (&Value::Null, &json!(7)));
        assert_eq!((&old["pausing_consultations"], &new["pausing_consultations"]), (&json!(["third_party"]), &json!(["third_party", "agency"])));
        assert_eq!((&old["to"], &new["from"], &new["articles"]["answer"]), (&json!("2019-05-14"), &json!("2019-05-15"), &json!("2019年条例第三十三条第二款")));
        assert_eq!(sets["remedies"]["litigation_limits"][1]["months"], 6);
    }
}
