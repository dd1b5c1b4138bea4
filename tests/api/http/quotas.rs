//! Quotas: who is counted, what the answers say, and that nobody is counted by a false address.

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::test::TestRequest;
use gongkai::config::transport::{Proxies, Quotas, Transport};
use gongkai::http::edge::Edge;
use gongkai::http::limits::Watch;
use gongkai::http::routes;
use governor::clock::FakeRelativeClock;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::databases::{Backend, Fresh};
use crate::support::on_both;
use crate::support::world::{Who, World};

const ME: &str = "/api/v1/me";

/// An API with small quotas, behind a trusted proxy at 10.0.0.1, and the watch that it goes by.
struct Strict {
    api: Api,
    watch: FakeRelativeClock,
}

impl Fresh for Strict {
    async fn fresh(backend: Backend) -> Self {
        let watch = FakeRelativeClock::default();
        let quotas = Quotas {
            reads: NonZeroU32::new(6),
            writes: NonZeroU32::new(3),
            login: NonZeroU32::new(12),
            ..Quotas::default()
        };
        let proxies = Proxies::parse("10.0.0.1").unwrap();
        let transport = Transport { quotas, proxies, ..Transport::default() };
        let edge = Edge::by(transport, &Watch::Set(watch.clone()));
        Self { api: Api::behind(World::fresh(backend).await, edge).await, watch }
    }
}

impl Strict {
    async fn me(&self, who: Who) -> Answer {
        self.api.get(who, ME).await
    }

    /// Asks without a token, from an address.
    async fn stranger(&self, peer: &str, headers: &[(&'static str, &str)]) -> Answer {
        let request = TestRequest::get().uri(ME).peer_addr(format!("{peer}:4711").parse().unwrap());
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.append_header((*name, *value)));
        self.api.send(request).await
    }

    async fn uses_up(&self, peer: &str, headers: &[(&'static str, &str)]) {
        for _ in 0..6 {
            assert_eq!(self.stranger(peer, headers).await.status, 401, "{peer} {headers:?}");
        }
        assert_eq!(self.stranger(peer, headers).await.status, 429, "{peer} {headers:?}");
    }
}

fn refused(answer: &Answer, policy: &str) -> Value {
    assert_eq!(answer.verdict(), (429, "quota_exceeded".to_owned()), "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body = answer.json();
    assert_eq!(body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(body["violated-policies"], json!([policy]));
    assert_eq!((&body["status"], &body["code"]), (&json!(429), &json!("quota_exceeded")));
    body
}

on_both! {
    async fn an_answer_tells_what_is_left_and_a_refusal_when_to_return(strict: Strict) {
        // The token is new to the server: its first use costs the address, here nobody's, one too.
        for left in (0..6).rev() {
            let answer = strict.me(Who::Clerk).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.header("ratelimit-policy"), Some("\"reads\";q=6;w=60"));
            let expected = format!("\"reads\";r={left};t={}", (6 - left) * 10);
            assert_eq!(answer.header("ratelimit"), Some(expected.as_str()));
        }
        let answer = strict.me(Who::Clerk).await;
        refused(&answer, "reads");
        assert_eq!(answer.header("ratelimit"), Some("\"reads\";r=0;t=10"));
        assert_eq!(answer.header("retry-after"), Some("10"));
        strict.watch.advance(Duration::from_secs(9));
        let answer = strict.me(Who::Clerk).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, Some("1")));
        strict.watch.advance(Duration::from_secs(1));
        assert_eq!(strict.me(Who::Clerk).await.status, 200, "at the moment that was named");
        assert_eq!(strict.me(Who::Clerk).await.status, 429);
        assert_eq!(strict.me(Who::OfficerA).await.status, 200, "another user at the same address");
    }
}

on_both! {
    async fn a_refused_change_changes_nothing_and_reading_goes_on(strict: Strict) {
        let receive = async || strict.api.post(Who::Clerk, "/api/v1/cases", &application()).await;
        for _ in 0..3 {
            assert_eq!(receive().await.status, 201);
        }
        let before = strict.api.traces();
        refused(&receive().await, "writes");
        assert_eq!(strict.api.traces(), before);
        assert_eq!(strict.me(Who::Clerk).await.status, 200);
    }
}

on_both! {
    async fn log_ins_are_counted_by_address(strict: Strict) {
        // Each time another name: five failures of one have to wait for another reason.
        let names = std::cell::Cell::new(0);
        let log_in = async |peer: &str| {
            names.set(names.get() + 1);
            let body = json!({ "username": format!("nobody{}", names.get()), "password": "wrong password" });
            let request = TestRequest::post().uri("/api/v1/sessions").set_json(&body);
            strict.api.send(request.peer_addr(format!("{peer}:1").parse().unwrap())).await
        };
        for _ in 0..12 {
            assert_eq!(log_in("192.0.2.1").await.status, 401);
        }
        refused(&log_in("192.0.2.1").await, "login");
        assert_eq!(log_in("192.0.2.2").await.status, 401);
    }
}

on_both! {
    async fn forged_tokens_are_stopped_before_their_signature_is_looked_at(strict: Strict) {
        let token = strict.api.token(Who::Clerk).await;
        let ask = async |token: &str| {
            let request = TestRequest::get().uri(ME).peer_addr("192.0.2.1:1".parse().unwrap());
            strict.api.send(request.insert_header(("authorization", format!("Bearer {token}")))).await
        };
        assert_eq!(ask(&token).await.status, 200);
        for n in 0..5 {
            assert_eq!(ask(&format!("{token}{n}")).await.status, 401, "{n}");
        }
        refused(&ask(&format!("{token}x")).await, "reads");
        // Who is known goes on working at the same address.
        assert_eq!(ask(&token).await.status, 200);
    }
}

on_both! {
    async fn nobody_escapes_or_blames_another_by_a_header(strict: Strict) {
        for header in ["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"] {
            strict.watch.advance(Duration::from_mins(1));
            for n in 0..6 {
                let value = if header == "forwarded" { format!("for=203.0.113.{n}") } else { format!("203.0.113.{n}") };
                assert_eq!(strict.stranger("192.0.2.1", &[(header, &value)]).await.status, 401);
            }
            assert_eq!(strict.stranger("192.0.2.1", &[(header, "203.0.113.99")]).await.status, 429, "{header}");
            assert_eq!(strict.stranger("203.0.113.1", &[]).await.status, 401, "{header}: he was not blamed");
        }
    }
}

on_both! {
    async fn a_trusted_proxy_names_the_client(strict: Strict) {
        strict.uses_up("10.0.0.1", &[("x-forwarded-for", "203.0.113.1")]).await;
        assert_eq!(strict.stranger("10.0.0.1", &[("x-forwarded-for", "203.0.113.2")]).await.status, 401);
        // What the client wrote to the left of it, and other headers, do not help.
        for headers in [
            &[("x-forwarded-for", "198.51.100.7, 203.0.113.1")][..],
            &[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.1")],
            &[("x-forwarded-for", "203.0.113.1"), ("forwarded", "for=198.51.100.7")],
            &[("x-forwarded-for", "203.0.113.1"), ("x-real-ip", "198.51.100.7")],
            &[("x-forwarded-for", "203.0.113.1, 10.0.0.1")],
        ] {
            assert_eq!(strict.stranger("10.0.0.1", headers).await.status, 429, "{headers:?}");
        }
        // An address of the same IPv6 network is the same client.
        strict.uses_up("10.0.0.1", &[("x-forwarded-for", "2001:db8::1")]).await;
        assert_eq!(strict.stranger("10.0.0.1", &[("x-forwarded-for", "2001:db8::ffff")]).await.status, 429);
        assert_eq!(strict.stranger("10.0.0.1", &[("x-forwarded-for", "2001:db8:0:1::1")]).await.status, 401);
    }
}

on_both! {
    async fn health_is_never_refused(strict: Strict) {
        for path in ["/livez", "/readyz"] {
            for _ in 0..20 {
                let answer = strict.api.send(TestRequest::get().uri(path)).await;
                assert_eq!((answer.status.as_u16(), answer.header("ratelimit")), (200, None), "{path}");
            }
        }
    }
}

on_both! {
    async fn without_quotas_nothing_is_said(api: Api) {
        for _ in 0..50 {
            let answer = api.get(Who::Clerk, ME).await;
            assert_eq!((answer.status.as_u16(), answer.header("ratelimit-policy")), (200, None));
        }
    }
}

#[test]
fn every_limited_operation_documents_its_refusal() {
    let contract: Value =
        serde_json::from_str(&gongkai::http::openapi::document().to_json().unwrap()).unwrap();
    for entry in routes() {
        let operation = &contract["paths"][entry.path][entry.method.as_str().to_lowercase()];
        let answers = operation["responses"].as_object().unwrap();
        let Some(policy) = entry.policy else {
            assert!(!answers.contains_key("429"), "{}", entry.id);
            continue;
        };
        let refusal = &answers["429"];
        assert!(refusal["description"].as_str().unwrap().contains(policy.as_str()), "{}", entry.id);
        for header in ["Retry-After", "RateLimit", "RateLimit-Policy"] {
            assert!(refusal["headers"][header].is_object(), "{}: {header}", entry.id);
        }
        let success = answers.iter().find(|(status, _)| status.starts_with('2')).unwrap().1;
        assert!(success["headers"]["RateLimit"].is_object(), "{}", entry.id);
        // Where a secret can be guessed, the quota is a narrow one.
        let guessed = ["logIn", "changePassword", "choosePassword", "setUp"].contains(&entry.id);
        assert_eq!(guessed, policy.as_str() == "login", "{}", entry.id);
        let looked_up = entry.path.starts_with("/api/v1/public/");
        assert_eq!(looked_up, policy.as_str() == "lookup", "{}", entry.id);
    }
}

on_both! {
    async fn a_person_who_asks_too_often_is_told_so_on_a_page(strict: Strict) {
        let open = async || {
            let request = TestRequest::get().uri("/public").peer_addr("192.0.2.60:4711".parse().unwrap());
            strict.api.send(request).await
        };
        for _ in 0..6 {
            assert_eq!(open().await.status, 200);
        }
        let refused = open().await;
        assert_eq!((refused.status.as_u16(), refused.header("content-type")), (429, Some("text/html; charset=utf-8")));
        assert!(refused.header("retry-after").is_some());
        assert!(refused.text.contains("系统繁忙"), "{}", refused.text);
    }
}
