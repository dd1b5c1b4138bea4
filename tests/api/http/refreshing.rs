//! Sessions over time: refresh tokens that rotate, theft that is noticed, logging out, the keys.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, Door};
use crate::support::inputs::instant;
use crate::support::world::{Empty, PASSWORD, Who};
use crate::support::{all_at_once, on_both};

async fn log_in(door: &Door, who: Who) -> Value {
    let body = json!({ "username": who.username(), "password": PASSWORD });
    let request =
        TestRequest::post().uri("/api/v1/sessions").insert_header(("user-agent", "desk 1"));
    let answer = door.send(request.set_json(body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn refresh(door: &Door, token: &Value) -> Answer {
    let body = json!({ "refresh_token": token });
    door.send(TestRequest::post().uri("/api/v1/sessions/refresh").set_json(body)).await
}

async fn me(door: &Door, session: &Value) -> u16 {
    with(door, session, Method::GET, "/api/v1/me").await.status.as_u16()
}

async fn with(door: &Door, session: &Value, method: Method, path: &str) -> Answer {
    let token = format!("Bearer {}", session["access_token"].as_str().unwrap());
    door.send(TestRequest::with_uri(path).method(method).insert_header(("authorization", token)))
        .await
}

fn over(answer: &Answer) {
    assert_eq!(answer.verdict(), (401, "session_over".to_owned()), "{}", answer.text);
}

on_both! {
    async fn a_refresh_token_is_good_once_and_reuse_ends_the_session(api: Api) {
        let first = log_in(&api.door, Who::Clerk).await;
        let other = log_in(&api.door, Who::Clerk).await;
        let second = refresh(&api.door, &first["refresh_token"]).await.json();
        let third = refresh(&api.door, &second["refresh_token"]).await.json();
        assert_eq!(third["session_id"], first["session_id"]);
        assert_eq!(third["session_expires_at"], first["session_expires_at"], "refreshing does not prolong");
        assert_eq!(me(&api.door, &third).await, 200);
        // A thief uses the copy of an earlier one.
        over(&refresh(&api.door, &first["refresh_token"]).await);
        over(&refresh(&api.door, &third["refresh_token"]).await);
        assert_eq!([me(&api.door, &first).await, me(&api.door, &third).await], [401, 401]);
        assert_eq!(me(&api.door, &other).await, 200, "another session of the same user goes on");
        let alarms = "SELECT count(*) FROM events WHERE action = 'refresh_token_reused'";
        assert_eq!(api.world.db.number(alarms), 1);
        assert_eq!(api.world.db.texts("SELECT end_cause AS value FROM sessions WHERE end_cause IS NOT NULL"), ["refresh_token_reused"]);
    }
}

on_both! {
    async fn only_refresh_tokens_of_our_own_making_are_looked_at(api: Api) {
        let session = log_in(&api.door, Who::Clerk).await;
        let token = session["refresh_token"].as_str().unwrap();
        let mut forged = vec![String::new(), "gkr_".to_owned(), "x".repeat(100), token[4..].to_owned(), format!("{token}A"), token.to_uppercase()];
        for at in [5, 30, 60, 99] {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            forged.push(String::from_utf8(bytes).unwrap());
        }
        for token in forged {
            let answer = refresh(&api.door, &json!(token)).await;
            assert!(matches!(answer.status.as_u16(), 401 | 422), "{token}: {}", answer.text);
        }
        assert_eq!(me(&api.door, &session).await, 200, "guesses harm nobody");
        assert!(refresh(&api.door, &session["refresh_token"]).await.status.is_success());
        let kept = api.world.db.number("SELECT count(*) FROM sessions");
        assert_eq!(kept, 1);
    }
}

on_both! {
    async fn a_session_ends_after_twelve_hours_whatever_is_done_in_it(api: Api) {
        let start = api.world.now();
        let mut session = log_in(&api.door, Who::Clerk).await;
        for hours in [4, 8, 11] {
            api.world.clock.set(start + TimeDelta::hours(hours));
            session = refresh(&api.door, &session["refresh_token"]).await.json();
            assert_eq!(me(&api.door, &session).await, 200);
        }
        api.world.clock.set(start + TimeDelta::hours(12));
        over(&refresh(&api.door, &session["refresh_token"]).await);
    }
}

on_both! {
    async fn logging_out_ends_this_session_on_every_server(api: Api) {
        let (here, there) = (log_in(&api.door, Who::Clerk).await, log_in(&api.door, Who::Clerk).await);
        let second = Door::of(&api.world.second_app()).await;
        assert_eq!(me(&second, &here).await, 200);
        assert_eq!(with(&api.door, &here, Method::DELETE, "/api/v1/sessions/current").await.status, 204);
        // The picture of the users may be ten milliseconds old (docs/adr/0004-directory-in-memory.md).
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        for server in [&api.door, &second] {
            assert_eq!([me(server, &here).await, me(server, &there).await], [401, 200]);
            over(&refresh(server, &here["refresh_token"]).await);
        }
    }
}

on_both! {
    async fn one_sees_and_ends_ones_own_sessions_and_nobody_elses(api: Api) {
        let (first, second) = (log_in(&api.door, Who::Clerk).await, log_in(&api.door, Who::Clerk).await);
        let stranger = log_in(&api.door, Who::OfficerA).await;
        let list = with(&api.door, &second, Method::GET, "/api/v1/sessions").await.json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.iter().map(|item| &item["id"]).collect::<Vec<_>>(), [&second["session_id"], &first["session_id"]]);
        assert_eq!((&items[0]["current"], &items[1]["current"], &items[0]["client"]), (&json!(true), &json!(false), &json!("desk 1")));
        let path = |session: &Value| format!("/api/v1/sessions/{}", session["session_id"].as_str().unwrap());
        assert_eq!(with(&api.door, &second, Method::DELETE, &path(&stranger)).await.verdict(), (404, "not_found".to_owned()));
        for _ in 0..2 {
            assert_eq!(with(&api.door, &second, Method::DELETE, &path(&first)).await.status, 204, "ending twice is ending");
        }
        assert_eq!([me(&api.door, &first).await, me(&api.door, &second).await, me(&api.door, &stranger).await], [401, 200, 200]);
        let of_clerk = format!("/api/v1/users/{}/sessions", api.world.user(Who::Clerk));
        let seen = api.get(Who::Admin, &of_clerk).await.json();
        assert_eq!(seen["items"].as_array().unwrap().len(), 1);
        let ended = api.request(Who::Admin, Method::DELETE, &of_clerk).await;
        assert_eq!(api.door.send(ended).await.status, 204);
        assert_eq!(me(&api.door, &second).await, 401);
        over(&refresh(&api.door, &second["refresh_token"]).await);
    }
}

on_both! {
    async fn changing_the_password_needs_the_old_one_and_ends_all_sessions(api: Api) {
        let (one, two) = (log_in(&api.door, Who::Clerk).await, log_in(&api.door, Who::Clerk).await);
        let change = async |current: &str, password: &str| {
            let token = format!("Bearer {}", one["access_token"].as_str().unwrap());
            let body = json!({ "current_password": current, "password": password });
            api.door.send(TestRequest::post().uri("/api/v1/me/password").insert_header(("authorization", token)).set_json(body)).await
        };
        assert_eq!(change("wrong", "a fine new password").await.verdict(), (401, "login_failed".to_owned()));
        assert_eq!(change(PASSWORD, "clerk").await.verdict(), (422, "password_length".to_owned()));
        assert_eq!(change(PASSWORD, "a fine new password").await.status, 204);
        assert_eq!([me(&api.door, &one).await, me(&api.door, &two).await], [401, 401]);
        over(&refresh(&api.door, &two["refresh_token"]).await);
    }
}

on_both! {
    async fn of_two_who_know_the_password_one_changes_it(api: Api) {
        let session = log_in(&api.door, Who::Clerk).await;
        let token = format!("Bearer {}", session["access_token"].as_str().unwrap());
        let change = |password: &'static str| {
            let body = json!({ "current_password": PASSWORD, "password": password });
            let request = TestRequest::post().uri("/api/v1/me/password");
            api.door.send(request.insert_header(("authorization", token.clone())).set_json(body))
        };
        let words = ["the first new password", "the second new password", "the third new password"];
        let answers = all_at_once(words.map(change).into(), || ()).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 401, 401]);
        let late = answers.iter().find(|answer| answer.status == 401).unwrap();
        assert_eq!(late.verdict().1, "session_over");
    }
}

on_both! {
    async fn no_token_outlives_its_session(api: Api) {
        let mut session = log_in(&api.door, Who::Clerk).await;
        let end = instant(session["session_expires_at"].as_str().unwrap());
        let start = api.world.now();
        // The session is kept alive until six seconds before its end.
        let mut now = start;
        while end - now > TimeDelta::minutes(25) {
            now += TimeDelta::minutes(25);
            api.world.clock.set(now);
            session = refresh(&api.door, &session["refresh_token"]).await.json();
        }
        api.world.clock.set(end - TimeDelta::seconds(6));
        let last = refresh(&api.door, &session["refresh_token"]).await.json();
        assert_eq!((&last["expires_in"], &last["session_expires_at"]), (&json!(6), &session["session_expires_at"]));
        assert_eq!(me(&api.door, &last).await, 200);
        // Clocks may differ by a minute.
        api.world.clock.set(end + TimeDelta::seconds(61));
        assert_eq!(me(&api.door, &last).await, 401);
    }
}

on_both! {
    async fn tokens_can_be_checked_by_the_published_keys(api: Api) {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let session = log_in(&api.door, Who::Clerk).await;
        let keys = api.door.send(TestRequest::get().uri("/.well-known/jwks.json")).await.json();
        let keys = keys["keys"].as_array().unwrap();
        let token = session["access_token"].as_str().unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
        let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
        let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        let verifying = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, public);
        verifying.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        assert!(key.get("d").is_none(), "the secret half stays here");
    }
}

on_both! {
    async fn after_a_change_of_keys_the_old_tokens_live_on(api: Api) {
        let session = log_in(&api.door, Who::Clerk).await;
        let rotated = Door::of(&api.world.rotated_app()).await;
        assert_eq!(me(&rotated, &session).await, 200);
        // Cursors that were given out lead on, too.
        api.received().await;
        api.received().await;
        let page = api.get(Who::Clerk, "/api/v1/cases?limit=1").await.json();
        let next = TestRequest::get().uri(page["links"]["next"].as_str().unwrap());
        let token = format!("Bearer {}", session["access_token"].as_str().unwrap());
        let next = rotated.send(next.insert_header(("authorization", token))).await;
        assert_eq!(next.status, 200, "{}", next.text);
        let next = refresh(&rotated, &session["refresh_token"]).await.json();
        assert_eq!(me(&rotated, &next).await, 200);
        assert_eq!(me(&api.door, &next).await, 401, "a server without the new key does not know it");
        let keys = rotated.send(TestRequest::get().uri("/.well-known/jwks.json")).await.json();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    }
}

on_both! {
    async fn the_first_administrator_comes_in_by_the_set_up_link_alone(empty: Empty) {
        let door = Door::of(&empty.app).await;
        let link = gongkai::service::people::issue_set_up_link(&empty.app).await.unwrap().unwrap();
        let set_up = async |link: &str| {
            let body = json!({ "link": link, "bureau_name": "长春市公安局", "username": "admin", "display_name": "李建国", "password": "a fine new password" });
            door.send(TestRequest::post().uri("/api/v1/set-up").set_json(body)).await
        };
        assert_eq!(set_up("x").await.verdict(), (409, "link_invalid".to_owned()));
        assert_eq!(set_up(&link.secret).await.status, 201);
        assert_eq!(set_up(&link.secret).await.verdict(), (409, "link_invalid".to_owned()));
        assert!(gongkai::service::people::issue_set_up_link(&empty.app).await.unwrap().is_none());
        let body = json!({ "username": "admin", "password": "a fine new password" });
        let session = door.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await;
        assert_eq!((session.status.as_u16(), &session.json()["user"]["role"]), (201, &json!("admin")));
    }
}
