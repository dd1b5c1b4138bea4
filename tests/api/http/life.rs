//! A case lives: from the counter to its answer, over HTTP.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::client::{Api, application};
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};

on_both! {
    async fn from_the_counter_to_the_served_answer(api: Api) {
        // Monday 2025-03-10: a window of center A receives.
        let received = api.post(Who::WindowA, "/api/v1/cases", &application()).await;
        assert_eq!(received.status, 201, "{}", received.text);
        let case = received.json();
        let location = received.header("location").expect("a location").to_owned();
        assert_eq!(location, format!("/api/v1/cases/{}", case["id"].as_str().unwrap()));
        assert_eq!(received.header("etag"), Some("\"1\""));
        assert_eq!(case["query_code"].as_str().map(str::len), Some(19));
        assert_eq!(case["receipt_number"], "SJ2025-000001");
        assert_eq!(case["applicant"]["id_number"], "220102********1235");
        assert_eq!(case["case_number"], Value::Null);

        // The center above it registers: art. 33 gives 20 working days from the day after.
        let case = api.done(Who::OfficerA, &case, "register", &json!({})).await;
        assert_eq!(case["case_number"], "长公公开〔2025〕1号");
        assert_eq!(case["clock"]["receipt_date"], "2025-03-10");
        assert_eq!(case["clock"]["due_date"], "2025-04-08", "across Qingming, 4 April");

        let unit = api.world.unit(Place::CenterA).0;
        let case = api.done(Who::Clerk, &case, "assign", &json!({ "unit_id": unit })).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        assert_eq!(case["holding"]["officer_id"], json!(api.world.user(Who::OfficerA).0));

        // Art. 30: asked once to supplement, within 7 working days; the clock stands.
        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        let ask = json!({ "items": "年度不明", "guidance": "请写明年度",
            "service": { "manner": "handed_over", "signed_at": "2025-03-12" } });
        let case = api.done(Who::OfficerA, &case, "request-supplement", &ask).await;
        assert_eq!((&case["status"], &case["clock"]["due_date"]), (&json!("awaiting_supplement"), &Value::Null));
        assert_eq!(case["supplement"]["due_date"], "2025-03-26", "ten working days");
        assert_eq!(case["clock"]["flags"], json!([]));

        // The supplement restarts the clock at its receipt.
        api.world.clock.set(instant("2025-03-17T02:00:00Z"));
        let reply = json!({ "channel": "in_person", "arrival": { "submitted_at": "2025-03-17" }, "content": "2024年度" });
        let case = api.done(Who::OfficerA, &case, "supplement", &reply).await;
        assert_eq!((&case["status"], &case["clock"]["due_date"]), (&json!("supplemented"), &json!("2025-04-15")));

        // Art. 33: extended by ten working days, decided by the supervisor, notified in time.
        api.world.clock.set(instant("2025-03-18T02:00:00Z"));
        let case = api.done(Who::OfficerA, &case, "request-extension", &json!({ "days": 10, "reason": "检索量大" })).await;
        let granted = json!({ "verdict": "granted", "service": { "manner": "posted", "posted_at": "2025-03-18" } });
        let case = api.done(Who::Supervisor, &case, "decide-extension", &granted).await;
        assert_eq!((&case["clock"]["due_date"], &case["clock"]["extended"]), (&json!("2025-04-28"), &json!(true)));

        // Drafted by one, issued by another; not replied to before it is served.
        let draft = json!({ "decision": "disclose", "provided": "收费标准一份" });
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
        let case = api.reviewed(&case).await;
        let own = api.act(Who::OfficerA, &case, "answer", &json!({})).await;
        assert_eq!(own.verdict(), (403, "drafter_is_issuer".to_owned()));
        let case = api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await;
        assert_eq!((&case["status"], &case["clock"]["answer_date"]), (&json!("answered"), &Value::Null));
        assert_eq!(case["answer"]["basis"], "第三十六条第(二)项");
        let rate = api.get(Who::Supervisor, "/api/v1/statistics/reply-rate").await.json();
        assert_eq!((&rate["denominator"], &rate["rate"]), (&json!(0), &Value::Null));

        let served = json!({ "letter": "answer", "service": { "manner": "posted", "posted_at": "2025-03-18", "mail_number": "XA123" } });
        let case = api.done(Who::Clerk, &case, "serve", &served).await;
        assert_eq!((&case["clock"]["answer_date"], &case["clock"]["on_time"]), (&json!("2025-03-18"), &json!(true)));
        let rate = api.get(Who::Supervisor, "/api/v1/statistics/reply-rate").await.json();
        assert_eq!((&rate["numerator"], &rate["denominator"], &rate["rate"]), (&json!(1), &json!(1), &json!(100.0)));

        ledger_tells_it_all(&api, &case).await;
        what_may_be_done_now(&api, &case).await;
        deadline_is_explained(&api, &case).await;
    }
}

async fn ledger_tells_it_all(api: &Api, case: &Value) {
    let path = format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap());
    let events = api.get(Who::Legal, &path).await.json();
    let actions: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["action"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "receive",
        "register",
        "assign",
        "accept",
        "request_supplement",
        "supplement",
        "request_extension",
        "decide_extension",
        "draft_answer",
        "review",
        "answer",
        "serve",
    ];
    assert_eq!(actions, expected);
    assert_eq!(events["items"][11]["version"], case["version"]);
    assert!(!events.to_string().contains("2024年度\""), "the applicant's words are sealed");
    let first = api.get(Who::Legal, &format!("{path}?limit=4")).await.json();
    let page = api.get(Who::Legal, first["links"]["next"].as_str().unwrap()).await.json();
    let versions: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|e| &e["version"]).collect();
    assert_eq!(versions, [5, 6, 7, 8]);
    let back = api.get(Who::Legal, page["links"]["prev"].as_str().unwrap()).await.json();
    assert_eq!((&back["items"], &back["prev_cursor"]), (&first["items"], &Value::Null));
}

async fn what_may_be_done_now(api: &Api, case: &Value) {
    let path = format!("/api/v1/cases/{}/actions", case["id"].as_str().unwrap());
    let actions = api.get(Who::Clerk, &path).await.json();
    let allowed: Vec<_> = actions["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["allowed"] == true)
        .map(|i| i["action"].clone())
        .collect();
    assert_eq!(allowed, ["serve", "issue_letter", "request_seal", "attach", "archive"]);
    for item in actions["items"].as_array().unwrap() {
        assert_eq!(item["allowed"] == true, item["reasons"] == json!([]), "{item}");
        assert_eq!(item["allowed"] == true, item["href"].is_string(), "{item}");
    }
}

async fn deadline_is_explained(api: &Api, case: &Value) {
    let path = format!("/api/v1/cases/{}/deadline", case["id"].as_str().unwrap());
    let explained = api.get(Who::Supervisor, &path).await.json();
    let summary = &explained["summary"];
    assert_eq!(
        (&summary["start_date"], &summary["due_date"], &summary["goal"]),
        (&json!("2025-03-17"), &json!("2025-04-28"), &json!(30))
    );
    assert_eq!((&summary["breached"], &summary["paused"]), (&json!(false), &json!(false)));
    let counted =
        explained["days"].as_array().unwrap().iter().filter(|day| day["kind"] == "counted").count();
    assert_eq!(counted, 30);
    let makeup = explained["days"]
        .as_array()
        .unwrap()
        .iter()
        .find(|day| day["date"] == "2025-04-27")
        .unwrap();
    assert_eq!(
        (&makeup["kind"], &makeup["calendar"]),
        (&json!("counted"), &json!("make_up_workday"))
    );
    assert!(makeup["article"].as_str().unwrap().contains("三十三条"));
}

on_both! {
    async fn received_and_registered_in_one_command(api: Api) {
        let mut body = application();
        body["register"] = json!(true);
        let answer = api.post(Who::Clerk, "/api/v1/cases", &body).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (201, Some("\"2\"")));
        assert_eq!(answer.json()["status"], "registered");

        // Online receipt is the day of mutual confirmation (art. 31(3)): nothing is half done.
        let before = api.traces();
        body["channel"] = json!("online");
        body["arrival"] = json!({ "received_at": "2025-03-08T10:00:00+08:00" });
        let refused = api.post(Who::Clerk, "/api/v1/cases", &body).await;
        assert_eq!(refused.verdict(), (409, "confirmation_missing".to_owned()));
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/arrival/confirmed_at");
        assert!(refused.json()["article"].as_str().unwrap().contains("三十一条"));
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn an_amendment_brings_the_confirmation_that_another_text_asks_for(api: Api) {
        // Found late in a drawer, of the last day of the 2007 text: an e-mail needs no confirmation.
        let mut body = application();
        body["arrival"] = json!({ "submitted_at": "2019-05-14" });
        body["register"] = json!(true);
        let case = api.post(Who::Clerk, "/api/v1/cases", &body).await.json();
        let ask = json!({ "items": "年度不明", "guidance": "请写明年度" });
        let case = api.done(Who::Clerk, &case, "request-supplement", &ask).await;
        let reply = json!({ "channel": "email", "arrival": { "received_at": "2025-03-10" }, "content": "2018年度" });
        let case = api.done(Who::Clerk, &case, "supplement", &reply).await;
        assert_eq!(case["clock"]["restarted_from_date"], "2025-03-10");
        assert_eq!(case["supplement"]["channel"], "email");

        // It was the first day of the 2019 text.
        let mut change = json!({ "reason": "收件章为15日", "arrival": { "submitted_at": "2019-05-15" } });
        let before = api.traces();
        let refused = api.act(Who::Clerk, &case, "amend", &change).await;
        assert_eq!(refused.verdict(), (409, "confirmation_missing".to_owned()));
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/supplement_arrival/confirmed_at");
        assert_eq!(api.traces(), before);
        change["supplement_arrival"] = json!({ "confirmed_at": "2025-03-10", "confirmation_manner": "电话" });
        let case = api.done(Who::Clerk, &case, "amend", &change).await;
        assert_eq!((&case["status"], &case["clock"]["due_date"]), (&json!("supplemented"), &json!("2025-04-08")));
        assert_eq!(case["supplement"]["arrival"]["confirmed_at"], "2025-03-10");
        let path = format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap());
        let events = api.get(Who::Clerk, &path).await.json();
        let last = events["items"].as_array().unwrap().iter().find(|event| event["action"] == "amend").unwrap();
        assert_eq!(last["before"]["supplement_arrival"]["confirmed_at"], Value::Null, "{last}");
        assert_eq!(last["after"]["supplement_arrival"]["confirmed_at"], "2025-03-10", "{last}");
    }
}

on_both! {
    async fn a_repeated_request_gives_the_first_answer_again(api: Api) {
        let send = async |body: &Value| {
            let request = api.request(Who::Clerk, Method::POST, "/api/v1/cases").await;
            api.send(request.insert_header(("idempotency-key", "counter-7")).set_json(body)).await
        };
        let first = send(&application()).await;
        let traces = api.traces();
        let again = send(&application()).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text), "the code included");
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
        let mut other = application();
        other["subject"] = json!("另一事项");
        assert_eq!(send(&other).await.verdict(), (422, "idempotency_key_reused".to_owned()));
        assert_eq!(api.traces(), traces);

        // The key is looked up before If-Match: a repeated action is no stale one.
        let case = first.json();
        let path = format!("/api/v1/cases/{}/register", case["id"].as_str().unwrap());
        let register = async || {
            let request = api.request(Who::Clerk, Method::POST, &path).await;
            let request = request.insert_header(("if-match", "\"1\"")).insert_header(("idempotency-key", "r-1"));
            api.send(request.set_json(json!({}))).await
        };
        let (done, repeated) = (register().await, register().await);
        assert_eq!((done.status.as_u16(), repeated.status.as_u16()), (200, 200));
        assert_eq!(done.text, repeated.text);
    }
}

on_both! {
    async fn fifty_clients_race_for_one_transition(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        api.token(Who::OfficerA).await;
        api.token(Who::SecondOfficerA).await;
        let held = api.world.db.hold_writers();
        let body = json!({});
        let racers = (0..50).map(|n| {
            let who = if n % 2 == 0 { Who::OfficerA } else { Who::SecondOfficerA };
            api.act(who, &case, "accept", &body)
        });
        let answers = crate::support::all_at_once(racers.collect(), || held.release()).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let lost = answers.iter().filter(|answer| matches!(answer.status.as_u16(), 409 | 412)).count();
        assert_eq!((won, lost), (1, 49));
        let stale = answers.iter().find(|answer| answer.status == 412).expect("a stale one");
        assert_eq!(stale.header("etag"), Some("\"4\""));
        let path = format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap());
        assert_eq!(api.get(Who::Clerk, &path).await.json()["items"].as_array().unwrap().len(), 4);
    }
}
