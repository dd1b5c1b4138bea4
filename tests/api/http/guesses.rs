//! Guessing passwords: who guesses has to wait, and nobody else.

use std::net::SocketAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use chrono::TimeDelta;
use gongkai::store::command::{Command, Standing, UserChange};
use serde_json::json;

use crate::support::client::{Answer, Api};
use crate::support::on_both;
use crate::support::world::{PASSWORD, Who};

fn from(address: &str, request: TestRequest) -> TestRequest {
    request.peer_addr(SocketAddr::new(address.parse().expect("an address"), 40000))
}

impl Api {
    async fn try_password(&self, address: &str, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        let request = TestRequest::post().uri("/api/v1/sessions").set_json(body);
        self.send(from(address, request).insert_header(("x-request-id", "same"))).await
    }

    async fn fail_five_times(&self, address: &str, username: &str) {
        for count in 1..=5 {
            let answer = self.try_password(address, username, "wrong").await;
            assert_eq!(answer.verdict(), (401, "login_failed".to_owned()), "{count}");
        }
    }
}

fn must_wait(answer: &Answer, seconds: &str) {
    assert_eq!(answer.verdict(), (429, "too_many_requests".to_owned()));
    assert_eq!(answer.header("retry-after"), Some(seconds));
}

const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

on_both! {
    async fn five_wrong_passwords_lock_the_place_where_they_were_tried(api: Api) {
        assert_eq!(api.try_password(HOME, "clerk", PASSWORD).await.status, 201);
        let before = api.world.db.number("SELECT count(*) FROM sessions");
        api.fail_five_times(ELSEWHERE, "clerk").await;
        must_wait(&api.try_password(ELSEWHERE, "clerk", PASSWORD).await, "901");
        assert_eq!(api.world.db.number("SELECT count(*) FROM sessions"), before);
        assert_eq!(api.try_password(HOME, "clerk", PASSWORD).await.status, 201, "the owner comes in");
        assert_eq!(api.try_password(ELSEWHERE, "admin", PASSWORD).await.status, 201, "others, too");

        let start = api.world.now();
        api.world.clock.set(start + TimeDelta::seconds(899));
        must_wait(&api.try_password(ELSEWHERE, "clerk", PASSWORD).await, "2");
        api.world.clock.set(start + TimeDelta::minutes(15));
        api.fail_five_times(ELSEWHERE, "clerk").await;
        must_wait(&api.try_password(ELSEWHERE, "clerk", PASSWORD).await, "1801");
        api.world.clock.set(start + TimeDelta::minutes(45));
        assert_eq!(api.try_password(ELSEWHERE, "clerk", PASSWORD).await.status, 201);
        // What was wrong before the right one counts no more.
        for _ in 0..4 {
            assert_eq!(api.try_password(ELSEWHERE, "clerk", "wrong").await.status, 401);
        }
        assert_eq!(api.try_password(ELSEWHERE, "clerk", PASSWORD).await.status, 201);
    }
}

on_both! {
    async fn unknown_names_wrong_passwords_and_disabled_users_look_the_same(api: Api) {
        let user = api.world.user(Who::SecondClerk);
        let change = UserChange::to(Standing::Disabled);
        api.world.operate(Command::ChangeUser { user, expected: None, change }).await.expect("a change");
        let mut seen = Vec::new();
        for (at, (username, password)) in
            [("nobody", PASSWORD), ("clerk", "wrong"), ("clerk2", PASSWORD)].into_iter().enumerate()
        {
            let mut answers = Vec::new();
            for _ in 0..7 {
                let answer = api.try_password(&format!("198.51.100.{at}"), username, password).await;
                let mut headers: Vec<String> = answer.headers.iter().map(|header| format!("{header:?}")).collect();
                headers.sort();
                answers.push((answer.status, headers, answer.text));
            }
            assert_eq!((answers[4].0.as_u16(), answers[5].0.as_u16()), (401, 429));
            seen.push(answers);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
    }
}

on_both! {
    async fn whoever_tries_many_names_locks_none_of_them_elsewhere(api: Api) {
        for who in Who::ALL {
            api.try_password(ELSEWHERE, who.username(), "wrong").await;
            api.try_password(ELSEWHERE, &format!("no-{}", who.username()), "wrong").await;
        }
        api.fail_five_times("198.51.100.7", "clerk").await;
        for who in [Who::Clerk, Who::Admin] {
            assert_eq!(api.try_password(HOME, who.username(), PASSWORD).await.status, 201);
            assert_eq!(api.try_password(ELSEWHERE, who.username(), PASSWORD).await.status, 201);
        }
    }
}

on_both! {
    async fn a_stolen_token_does_not_guess_the_password_either(api: Api) {
        let change = async |current: &str| {
            let body = json!({ "current_password": current, "password": "a fine new password" });
            let request = api.request(Who::Clerk, Method::POST, "/api/v1/me/password").await;
            api.send(from(ELSEWHERE, request).set_json(body)).await
        };
        for _ in 0..5 {
            assert_eq!(change("wrong").await.verdict(), (401, "login_failed".to_owned()));
        }
        must_wait(&change(PASSWORD).await, "901");
        must_wait(&api.try_password(ELSEWHERE, "clerk", PASSWORD).await, "901");

        // A link of the administrator's ends it.
        let path = format!("/api/v1/users/{}/password-links", api.world.user(Who::Clerk));
        let link = api.post(Who::Admin, &path, &json!({})).await.json()["link"].clone();
        let body = json!({ "link": link, "password": "chosen by a link" });
        let chosen = api.send(TestRequest::post().uri("/api/v1/passwords").set_json(body)).await;
        assert_eq!(chosen.status, 204, "{}", chosen.text);
        assert_eq!(api.try_password(ELSEWHERE, "clerk", "chosen by a link").await.status, 201);
    }
}
