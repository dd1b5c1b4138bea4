//! Units and users, managed by an administrator: creating, changing, closing, handing over.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::on_both;
use crate::support::world::{Place, Who};

const UNITS: &str = "/api/v1/units";
const USERS: &str = "/api/v1/users";

impl Api {
    async fn patch(&self, who: Who, seen: &Value, body: &Value) -> Answer {
        let path = seen["links"]["self"].as_str().unwrap();
        let request = self.request(who, Method::PATCH, path).await;
        let request = request
            .insert_header(("if-match", format!("\"{}\"", seen["version"])))
            .insert_header(("content-type", "application/merge-patch+json"));
        self.send(request.set_payload(body.to_string())).await
    }

    async fn seen(&self, path: &str) -> Value {
        self.get(Who::Admin, path).await.json()
    }

    async fn user_seen(&self, who: Who) -> Value {
        self.seen(&format!("{USERS}/{}", self.world.user(who))).await
    }

    async fn close(&self, unit: &Value, body: &Value) -> Answer {
        let path = format!("{}/close", unit["links"]["self"].as_str().unwrap());
        let request = self.request(Who::Admin, Method::POST, &path).await;
        let request = request.insert_header(("if-match", format!("\"{}\"", unit["version"])));
        self.send(request.set_json(body)).await
    }

    async fn log_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        self.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await
    }
}

on_both! {
    async fn a_unit_is_created_renamed_moved_and_closed(api: Api) {
        let body = json!({ "code": "window_b", "name": "车辆窗口", "kind": "window", "parent_id": api.world.unit(Place::CenterB).0 });
        let made = api.post(Who::Admin, UNITS, &body).await;
        assert_eq!((made.status.as_u16(), made.header("etag")), (201, Some("\"1\"")), "{}", made.text);
        let unit = made.json();
        assert_eq!(made.header("location"), unit["links"]["self"].as_str());
        let again = api.post(Who::Admin, UNITS, &body).await;
        assert_eq!(again.verdict(), (422, "taken".to_owned()));

        let moved = api.patch(Who::Admin, &unit, &json!({ "name": "车辆大厅", "parent_id": api.world.unit(Place::CenterA).0, "may_issue": true })).await;
        assert_eq!((moved.status.as_u16(), moved.header("etag")), (200, Some("\"2\"")), "{}", moved.text);
        assert_eq!(api.seen(unit["links"]["self"].as_str().unwrap()).await, moved.json());
        let stale = api.patch(Who::Admin, &unit, &json!({ "name": "别名" })).await;
        assert_eq!((stale.verdict(), stale.header("etag")), ((412, "stale_version".to_owned()), Some("\"2\"")));
        assert_eq!(stale.json()["detail"], "现为第2版");

        let closed = api.close(&moved.json(), &json!({ "reason": "撤并" })).await;
        assert_eq!(closed.status, 200, "{}", closed.text);
        assert!(closed.json()["closed_at"].is_string());
        let case = api.registered().await;
        let gone = api.act(Who::Clerk, &case, "assign", &json!({ "unit_id": unit["id"] })).await;
        assert_eq!(gone.verdict(), (409, "unit_closed".to_owned()));
        let events = api.world.db.texts("SELECT action AS value FROM events WHERE subject_kind = 'unit' ORDER BY seq");
        assert_eq!(events[events.len() - 3..], ["create_unit", "change_unit", "close_unit"]);
    }
}

on_both! {
    async fn a_change_of_a_unit_that_makes_no_tree_is_refused(api: Api) {
        let of = |place: Place| format!("{UNITS}/{}", api.world.unit(place));
        let id = |place: Place| json!(api.world.unit(place).0);
        let center = api.seen(&of(Place::CenterA)).await;
        let bureau = api.seen(&of(Place::Bureau)).await;
        let before = api.world.db.number("SELECT count(*) FROM events");
        for (unit, patch, status, code) in [
            (&center, json!({ "parent_id": id(Place::WindowA) }), 422, "unit_loop"),
            (&center, json!({ "parent_id": id(Place::CenterA) }), 422, "unit_loop"),
            (&center, json!({ "parent_id": "01900000-0000-7000-8000-000000000000" }), 422, "unit_unknown"),
            (&bureau, json!({ "parent_id": id(Place::CenterA) }), 409, "unit_is_root"),
            (&center, json!({ "code": "center_b" }), 422, "taken"),
            (&center, json!({}), 422, "unchanged"),
            (&center, json!({ "name": center["name"] }), 422, "unchanged"),
            (&center, json!({ "name": null }), 422, "validation_failed"),
            (&center, json!({ "kind": "window" }), 422, "validation_failed"),
            (&center, json!({ "code": "Center A" }), 422, "validation_failed"),
            (&center, json!({ "name": " " }), 422, "validation_failed"),
        ] {
            assert_eq!(api.patch(Who::Admin, unit, &patch).await.verdict(), (status, code.to_owned()), "{patch}");
        }
        for (body, code) in [
            (json!({ "code": "second", "name": "第二市局", "kind": "bureau" }), "taken"),
            (json!({ "code": "second", "name": "第二市局", "kind": "bureau", "parent_id": id(Place::Bureau) }), "unit_out_of_place"),
            (json!({ "code": "lone", "name": "窗口", "kind": "window", "parent_id": id(Place::Bureau) }), "unit_out_of_place"),
            (json!({ "code": "below", "name": "窗口下", "kind": "department", "parent_id": id(Place::WindowA) }), "unit_out_of_place"),
            (json!({ "code": "orphan", "name": "孤儿", "kind": "window" }), "fact_missing"),
        ] {
            assert_eq!(api.post(Who::Admin, UNITS, &body).await.verdict(), (422, code.to_owned()), "{body}");
        }
        let plain = api.request(Who::Admin, Method::PATCH, &of(Place::CenterA)).await;
        let plain = plain.insert_header(("if-match", "\"1\"")).set_json(json!({ "name": "x" }));
        let refused = api.send(plain).await;
        assert_eq!(refused.verdict(), (415, "unsupported_media_type".to_owned()));
        assert_eq!(refused.header("accept-patch"), Some("application/merge-patch+json"));
        assert_eq!(api.close(&bureau, &json!({ "reason": "x" })).await.verdict(), (409, "unit_is_root".to_owned()));
        assert_eq!(api.close(&center, &json!({ "reason": "x" })).await.verdict(), (409, "unit_has_units".to_owned()));
        assert_eq!(api.world.db.number("SELECT count(*) FROM events"), before);
    }
}

on_both! {
    async fn a_unit_with_open_work_is_closed_only_with_a_successor(api: Api) {
        // One case that an officer of the unit has accepted, one that nobody has, one answered and
        // served, one answered that has reached nobody, and two that the unit has only received.
        let mine = api.assigned(Place::CenterB).await;
        let mine = api.done(Who::OfficerB, &mine, "accept", &json!({})).await;
        let open = api.assigned(Place::CenterB).await;
        let done = api.assigned(Place::CenterB).await;
        let done = api.done(Who::OfficerB, &done, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let done = api.reviewed(&done).await;
        let today = api.world.today();
        let by_hand = json!({ "service": { "manner": "handed_over", "signed_at": today } });
        let done = api.done(Who::Clerk, &done, "answer", &by_hand).await;
        let unserved = api.assigned(Place::CenterB).await;
        let unserved = api.done(Who::OfficerB, &unserved, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
        let unserved = api.reviewed(&unserved).await;
        let unserved = api.done(Who::Clerk, &unserved, "answer", &json!({})).await;
        let mut body = application();
        let received = api.post(Who::OfficerB, "/api/v1/cases", &body).await.json();
        body["register"] = json!(true);
        let registered = api.post(Who::OfficerB, "/api/v1/cases", &body).await.json();
        assert_eq!((&received["status"], &registered["status"]), (&json!("received"), &json!("registered")));
        let unit = api.seen(&format!("{UNITS}/{}", api.world.unit(Place::CenterB))).await;

        let alone = api.close(&unit, &json!({ "reason": "撤并" })).await;
        assert_eq!(alone.verdict(), (409, "unit_has_open_cases".to_owned()));
        let wrong = api.close(&unit, &json!({ "reason": "撤并", "successor_unit_id": api.world.unit(Place::LegalOffice).0 })).await;
        assert_eq!(wrong.verdict(), (422, "unit_cannot_hold".to_owned()));
        let before = api.get(Who::Clerk, mine["links"]["self"].as_str().unwrap()).await.json();
        let closed = api.close(&unit, &json!({ "reason": "撤并", "successor_unit_id": api.world.unit(Place::CenterA).0 })).await;
        assert_eq!(closed.status, 200, "{}", closed.text);

        let center_a = json!(api.world.unit(Place::CenterA).0);
        let read = async |case: &Value| api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json();
        let (mine, open, done) = (read(&mine).await, read(&open).await, read(&done).await);
        assert_eq!((&mine["holding"]["unit_id"], &open["holding"]["unit_id"]), (&center_a, &center_a));
        // The officer went along, so he keeps his case; the due date is what it was.
        assert_eq!(mine["holding"]["officer_id"], json!(api.world.user(Who::OfficerB).0), "{mine}");
        assert_eq!((&mine["status"], &mine["clock"]["due_date"]), (&before["status"], &before["clock"]["due_date"]));
        assert_eq!(mine["version"], json!(before["version"].as_i64().unwrap() + 1));
        assert_eq!(done["holding"]["unit_id"], json!(api.world.unit(Place::CenterB).0), "history stays");
        assert_eq!(api.user_seen(Who::OfficerB).await["unit_id"], center_a);
        let path = format!("{}/events", mine["links"]["self"].as_str().unwrap());
        let events = api.get(Who::Clerk, &path).await.json();
        let last = events["items"].as_array().unwrap().iter().find(|event| event["action"] == "hand_over").unwrap().clone();
        assert_eq!((&last["after"]["holding_unit_id"], &last["input"]["reason"]), (&center_a, &json!("撤并")));
        // What had not come to an end went along, and those who have it now can go on with it.
        let unserved = api.get(Who::OfficerA, unserved["links"]["self"].as_str().unwrap()).await.json();
        assert_eq!(unserved["holding"]["unit_id"], center_a);
        api.done(Who::OfficerA, &unserved, "serve", &json!({ "letter": "answer", "service": { "manner": "handed_over", "signed_at": today } })).await;
        for case in [&received, &registered] {
            let seen = api.get(Who::OfficerA, case["links"]["self"].as_str().unwrap()).await.json();
            assert_eq!(seen["receiving_unit_id"], center_a, "{seen}");
        }
        let seen = api.get(Who::OfficerA, received["links"]["self"].as_str().unwrap()).await.json();
        api.done(Who::OfficerA, &seen, "register", &json!({})).await;
        let overview = api.get(Who::Supervisor, "/api/v1/statistics/overview").await;
        assert!(!overview.text.contains(&api.world.unit(Place::CenterB).0.to_string()), "{}", overview.text);
        // He works on in the new unit.
        api.done(Who::OfficerB, &mine, "draft-answer", &json!({ "decision": "disclose", "provided": "一份" })).await;
    }
}

on_both! {
    async fn a_unit_that_moves_leaves_no_case_with_an_officer_who_cannot_see_it(api: Api) {
        // An officer of the center accepts a case of the window below it; then the window moves away.
        let case = api.assigned(Place::WindowA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let window = api.seen(&format!("{UNITS}/{}", api.world.unit(Place::WindowA))).await;
        let moved = api.patch(Who::Admin, &window, &json!({ "parent_id": api.world.unit(Place::CenterB).0 })).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        let path = case["links"]["self"].as_str().unwrap();
        assert_eq!(api.get(Who::OfficerA, path).await.status, 404);
        let case = api.get(Who::OfficerB, path).await.json();
        assert_eq!(case["holding"]["officer_id"], Value::Null, "{case}");
        api.done(Who::OfficerB, &case, "accept", &json!({})).await;
    }
}

on_both! {
    async fn a_new_password_or_being_disabled_kills_links_that_are_under_way(api: Api) {
        let path = format!("{USERS}/{}/password-links", api.world.user(Who::OfficerA));
        let issue = async || api.post(Who::Admin, &path, &json!({})).await.json()["link"].clone();
        let choose = async |link: &Value| {
            let body = json!({ "link": link, "password": "somebody else's choice" });
            api.send(TestRequest::post().uri("/api/v1/passwords").set_json(body)).await.verdict_or_empty()
        };
        let invalid = (409, "link_invalid".to_owned());
        let link = issue().await;
        let body = json!({ "current_password": crate::support::world::PASSWORD, "password": "the owner's own choice" });
        assert_eq!(api.post(Who::OfficerA, "/api/v1/me/password", &body).await.status, 204);
        assert_eq!(choose(&link).await, invalid);
        let link = issue().await;
        let disabled = api.patch(Who::Admin, &api.user_seen(Who::OfficerA).await, &json!({ "disabled": true })).await;
        let enabled = api.patch(Who::Admin, &disabled.json(), &json!({ "disabled": false })).await;
        assert_eq!(enabled.status, 200, "{}", enabled.text);
        assert_eq!(choose(&link).await, invalid);
    }
}

on_both! {
    async fn what_was_created_is_told_as_it_was_when_the_request_is_repeated(api: Api) {
        let create = async |path: &str, body: &Value| {
            let request = api.request(Who::Admin, Method::POST, path).await.insert_header(("idempotency-key", path.replace('/', "-")));
            api.send(request.set_json(body)).await
        };
        let unit = json!({ "code": "window_c", "name": "车辆窗口", "kind": "window", "parent_id": api.world.unit(Place::CenterB).0 });
        let user = json!({ "username": "wangli", "display_name": "王丽", "role": "service_center", "unit_id": api.world.unit(Place::CenterA).0 });
        for (path, body, patch) in [(UNITS, &unit, json!({ "name": "别名" })), (USERS, &user, json!({ "display_name": "王莉" }))] {
            let made = create(path, body).await;
            assert_eq!(made.status, 201, "{}", made.text);
            let whole = made.json();
            let seen = if path == USERS { &whole["user"] } else { &whole };
            let seen = if seen.is_null() { &whole } else { seen };
            assert_eq!(api.patch(Who::Admin, seen, &patch).await.status, 200);
            let again = create(path, body).await;
            assert_eq!((again.status.as_u16(), again.header("etag"), again.header("idempotency-replayed"), &again.text), (201, Some("\"1\""), Some("true"), &made.text));
        }
        let links = format!("{USERS}/{}/password-links", api.world.user(Who::Clerk));
        let first = create(&links, &json!({})).await;
        let again = create(&links, &json!({})).await;
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
        assert_eq!(first.text, again.text);
    }
}

on_both! {
    async fn the_ledger_tells_what_was_changed_of_a_unit_or_a_user(api: Api) {
        let user = api.user_seen(Who::OfficerA).await;
        api.patch(Who::Admin, &user, &json!({ "display_name": "新名" })).await;
        let unit = api.seen(&format!("{UNITS}/{}", api.world.unit(Place::CenterA))).await;
        api.patch(Who::Admin, &unit, &json!({ "name": "新分中心" })).await;
        let bodies = api.world.db.texts("SELECT body AS value FROM events ORDER BY seq DESC LIMIT 2");
        let changes: Vec<(Value, Value)> = bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()).map(|body| (body["before"].clone(), body["after"].clone())).collect();
        assert_eq!(changes, [
            (json!({ "name": unit["name"] }), json!({ "name": "新分中心" })),
            (json!({ "display_name": user["display_name"] }), json!({ "display_name": "新名" })),
        ]);
    }
}

on_both! {
    async fn the_agency_is_the_bureau_that_was_set_up(api: Api) {
        let case = api.received().await;
        let bureau = api.seen(&format!("{UNITS}/{}", api.world.unit(Place::Bureau))).await;
        api.patch(Who::Admin, &bureau, &json!({ "name": "吉林市公安局" })).await;
        for page in [
            api.get(Who::Clerk, &format!("{}/receipt", case["links"]["self"].as_str().unwrap())).await.text,
            api.send(TestRequest::get().uri("/public")).await.text,
        ] {
            assert!(page.contains("吉林市公安局") && !page.contains("长春市公安局"), "{page}");
        }
    }
}

on_both! {
    async fn who_is_disabled_gives_his_cases_back_to_his_unit(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let token = api.token(Who::OfficerA).await;
        let user = api.user_seen(Who::OfficerA).await;
        let disabled = api.patch(Who::Admin, &user, &json!({ "disabled": true })).await;
        assert_eq!((disabled.status.as_u16(), &disabled.json()["disabled"]), (200, &json!(true)), "{}", disabled.text);
        let late = TestRequest::get().uri("/api/v1/me").insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(api.send(late).await.verdict(), (401, "unauthenticated".to_owned()));
        assert_eq!(api.log_in("officer_a", crate::support::world::PASSWORD).await.verdict(), (401, "login_failed".to_owned()));

        let now = api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json();
        assert_eq!((&now["holding"]["officer_id"], &now["holding"]["accepted_at"]), (&Value::Null, &Value::Null));
        assert_eq!(now["status"], "assigned");
        api.done(Who::SecondOfficerA, &now, "accept", &json!({})).await;
        let unseen = api.get(Who::Clerk, &format!("{USERS}/{}", api.world.user(Who::OfficerA))).await;
        assert_eq!(unseen.verdict(), (404, "not_found".to_owned()));
        let back = api.patch(Who::Admin, &disabled.json(), &json!({ "disabled": false })).await;
        assert_eq!(back.status, 200, "{}", back.text);
        assert_eq!(api.log_in("officer_a", crate::support::world::PASSWORD).await.status, 201);
    }
}

on_both! {
    async fn a_new_user_chooses_his_password_by_a_link_that_is_good_once(api: Api) {
        let body = json!({ "username": "wangli", "display_name": "王丽", "role": "service_center", "unit_id": api.world.unit(Place::CenterA).0, "capabilities": ["secrecy_reviewer"] });
        let request = api.request(Who::Admin, Method::POST, USERS).await.insert_header(("idempotency-key", "k1"));
        let made = api.send(request.set_json(&body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let request = api.request(Who::Admin, Method::POST, USERS).await.insert_header(("idempotency-key", "k1"));
        let again = api.send(request.set_json(&body)).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed"), &again.text), (201, Some("true"), &made.text));
        let link = made.json()["password_link"]["link"].clone();
        assert!(!api.world.db.texts("SELECT body AS value FROM events").iter().any(|body| body.contains(link.as_str().unwrap())));

        for guess in ["", "wangli", "correct horse battery staple"] {
            assert_eq!(api.log_in("wangli", guess).await.status.as_u16() / 100, 4, "{guess}");
        }
        let choose = async |password: &str| {
            let body = json!({ "link": link, "password": password });
            api.send(TestRequest::post().uri("/api/v1/passwords").set_json(body)).await
        };
        assert_eq!(choose("short").await.verdict(), (422, "password_length".to_owned()));
        assert_eq!(choose("12345678").await.verdict(), (422, "password_weak".to_owned()));
        assert_eq!(choose("aaaaaaaaaaaa").await.verdict(), (422, "password_weak".to_owned()));
        assert_eq!(choose("a fine new password").await.status, 204);
        assert_eq!(choose("another fine password").await.verdict(), (409, "link_invalid".to_owned()));
        assert_eq!(api.log_in("wangli", "a fine new password").await.status, 201);
    }
}

on_both! {
    async fn a_reset_link_dies_after_half_an_hour_or_by_the_next_one(api: Api) {
        let path = format!("{USERS}/{}/password-links", api.world.user(Who::Clerk));
        let issue = async || api.post(Who::Admin, &path, &json!({})).await.json()["link"].clone();
        let choose = async |link: &Value| {
            let body = json!({ "link": link, "password": "a fine new password" });
            api.send(TestRequest::post().uri("/api/v1/passwords").set_json(body)).await.verdict_or_empty()
        };
        let invalid = (409, "link_invalid".to_owned());
        let first = issue().await;
        let second = issue().await;
        assert_eq!(choose(&first).await, invalid);
        let start = api.world.now();
        api.world.clock.set(start + chrono::TimeDelta::minutes(30));
        assert_eq!(choose(&second).await, invalid);
        api.world.clock.set(start + chrono::TimeDelta::minutes(29));
        let token = api.token(Who::Clerk).await;
        assert_eq!(choose(&second).await, (204, String::new()));
        let old = TestRequest::get().uri("/api/v1/me").insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(api.send(old).await.status, 401, "the sessions of the old password end");
    }
}

impl Answer {
    /// Status and code; no code where there is no body.
    fn verdict_or_empty(&self) -> (u16, String) {
        if self.text.is_empty() { (self.status.as_u16(), String::new()) } else { self.verdict() }
    }
}

on_both! {
    async fn the_last_administrator_stays(api: Api) {
        let admin = api.user_seen(Who::Admin).await;
        for patch in [json!({ "disabled": true }), json!({ "role": "auditor" })] {
            assert_eq!(api.patch(Who::Admin, &admin, &patch).await.verdict(), (409, "last_admin".to_owned()), "{patch}");
        }
        let body = json!({ "username": "admin2", "display_name": "管理员", "role": "admin", "unit_id": api.world.unit(Place::Bureau).0 });
        assert_eq!(api.post(Who::Admin, USERS, &body).await.status, 201);
        let gone = api.patch(Who::Admin, &admin, &json!({ "role": "auditor" })).await;
        assert_eq!(gone.status, 200, "{}", gone.text);
    }
}

on_both! {
    async fn a_role_that_does_not_fit_the_unit_is_refused(api: Api) {
        let user = api.user_seen(Who::OfficerA).await;
        for (patch, code) in [
            (json!({ "role": "query_room" }), "role_unit_mismatch"),
            (json!({ "unit_id": api.world.unit(Place::QueryRoom).0 }), "role_unit_mismatch"),
            (json!({ "unit_id": "01900000-0000-7000-8000-000000000000" }), "unit_unknown"),
        ] {
            assert_eq!(api.patch(Who::Admin, &user, &patch).await.verdict(), (422, code.to_owned()), "{patch}");
        }
        let moved = api.patch(Who::Admin, &user, &json!({ "role": "query_room", "unit_id": api.world.unit(Place::QueryRoom).0 })).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
    }
}
