//! What every answer carries: who may read it from where, how it may be kept, in which coding it
//! comes, which methods an address knows.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::ContentEncoding;
use actix_http::encoding::Decoder;
use actix_web::body::{BodyStream, to_bytes};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use futures_core::Stream;
use gongkai::config::transport::{Proxies, Transport, parse_origins};
use gongkai::http::edge::Edge;
use gongkai::http::routes;
use gongkai::http::rules::Caching;
use serde_json::json;

use super::refusals::{CASES, problem};
use crate::support::client::{Answer, Api, application};
use crate::support::databases::{Backend, Fresh};
use crate::support::on_both;
use crate::support::world::{Who, World};

const PAGE: &str = "https://desk.example";

/// An API that the pages of one origin may call, behind a trusted proxy at 10.0.0.1.
struct Called(Api);

impl Fresh for Called {
    async fn fresh(backend: Backend) -> Self {
        let origins = parse_origins(PAGE).unwrap();
        let proxies = Proxies::parse("10.0.0.1").unwrap();
        let edge = Edge::new(Transport { origins, proxies, ..Transport::default() });
        Self(Api::behind(World::fresh(backend).await, edge).await)
    }
}

fn varies(answer: &Answer, by: &str) -> bool {
    answer
        .headers
        .get_all("vary")
        .filter(|value| value.as_bytes().eq_ignore_ascii_case(by.as_bytes()))
        .count()
        == 1
}

on_both! {
    async fn the_pages_of_an_allowed_origin_may_call(called: Called) {
        let Called(api) = called;
        let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
        let answer = api.send(request.insert_header(("origin", PAGE))).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert!(varies(&answer, "Origin"));
        let exposed: Vec<&str> = answer.header("access-control-expose-headers").unwrap().split(", ").collect();
        for name in ["ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id",
            "Deprecation", "Sunset", "Content-Disposition"] {
            assert!(exposed.contains(&name), "{name}");
        }
        // Problems can be read, too, also those of the outermost door.
        for request in [
            TestRequest::get().uri("/api/v1/me"),
            TestRequest::get().uri("/nowhere"),
            TestRequest::post().uri(CASES).insert_header(("content-encoding", "gzip")),
        ] {
            let answer = api.send(request.insert_header(("origin", PAGE))).await;
            assert!(answer.status.as_u16() >= 400);
            assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{}", answer.text);
        }
    }
}

on_both! {
    async fn other_origins_get_no_header(called: Called) {
        let Called(api) = called;
        for origin in ["https://evil.example", "https://desk.example.evil.example", "https://sub.desk.example",
            "http://desk.example", "https://desk.example:8443", "HTTPS://DESK.EXAMPLE", "null", "*", ""] {
            let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
            let answer = api.send(request.insert_header(("origin", origin))).await;
            let asked = TestRequest::with_uri(CASES).method(Method::OPTIONS)
                .insert_header(("origin", origin)).insert_header(("access-control-request-method", "POST"));
            for answer in [answer, api.send(asked).await] {
                let given: Vec<_> = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
                assert!(given.is_empty(), "{origin}: {given:?}");
                assert!(varies(&answer, "Origin"), "{origin}");
            }
        }
        let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
        let twice = request.append_header(("origin", PAGE)).append_header(("origin", "https://evil.example"));
        assert_eq!(api.send(twice).await.header("access-control-allow-origin"), None);
    }
}

on_both! {
    async fn a_preflight_is_answered_without_a_token(called: Called) {
        let Called(api) = called;
        let asked = TestRequest::with_uri(CASES).method(Method::OPTIONS).insert_header(("origin", PAGE))
            .insert_header(("access-control-request-method", "POST"))
            .insert_header(("access-control-request-headers", "authorization,if-match"));
        let answer = api.send(asked).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        let lists = |name: &str| answer.header(name).unwrap().to_ascii_lowercase();
        for name in ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "accept-language"] {
            assert!(lists("access-control-allow-headers").split(", ").any(|known| known == name), "{name}");
        }
        for entry in routes() {
            let method = entry.method.as_str().to_ascii_lowercase();
            assert!(lists("access-control-allow-methods").split(", ").any(|known| known == method), "{method}");
        }
    }
}

on_both! {
    async fn without_origins_there_is_no_cors(api: Api) {
        let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
        let answer = api.send(request.insert_header(("origin", PAGE))).await;
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, Some("Accept-Encoding")));
    }
}

/// A body that has come.
struct Come(Option<Bytes>);

impl Stream for Come {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

async fn plain(answer: &Answer) -> Bytes {
    let coding = match answer.header("content-encoding") {
        Some("gzip") => ContentEncoding::Gzip,
        Some("br") => ContentEncoding::Brotli,
        other => panic!("{other:?}"),
    };
    let come = Come(Some(answer.bytes.clone()));
    to_bytes(BodyStream::new(Decoder::new(come, coding))).await.unwrap()
}

on_both! {
    async fn long_answers_are_compressed_and_say_the_same(api: Api) {
        let mut body = application();
        body["description"] = json!("申请公开的内容。".repeat(300));
        let received = api.post(Who::Clerk, CASES, &body).await;
        let path = received.json()["links"]["self"].as_str().unwrap().to_owned();
        let ask = async |path: &str, coding: &str| {
            let request = api.request(Who::Clerk, Method::GET, path).await;
            api.send(request.insert_header(("accept-encoding", coding))).await
        };
        let whole = ask(&path, "identity").await;
        assert_eq!((whole.status.as_u16(), whole.header("content-encoding")), (200, None));
        assert!(varies(&whole, "Accept-Encoding"));
        for (accepted, coding) in [("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br, zstd", "br")] {
            let answer = ask(&path, accepted).await;
            assert_eq!(answer.header("content-encoding"), Some(coding));
            assert!(varies(&answer, "Accept-Encoding") && answer.bytes.len() * 2 < whole.bytes.len());
            assert_eq!(plain(&answer).await, whole.bytes, "{coding}");
            assert_eq!(answer.header("etag"), whole.header("etag"), "the tag names the version");
        }
        // A tag that was read compressed opens the door to a change.
        let compressed = ask(&path, "gzip").await;
        let request = api.request(Who::Clerk, Method::POST, &format!("{path}/register")).await;
        let changed = request.insert_header(("if-match", compressed.header("etag").unwrap())).set_json(json!({}));
        assert_eq!(api.send(changed).await.status, 200);
    }
}

on_both! {
    async fn what_is_short_or_secret_is_not_compressed(api: Api) {
        let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
        let short = api.send(request.insert_header(("accept-encoding", "gzip, br"))).await;
        assert!(short.bytes.len() < 1024);
        assert_eq!((short.header("content-encoding"), short.header("vary")), (None, Some("Accept-Encoding")));
        // It holds the query code, beside text that the caller chose.
        let mut body = application();
        body["description"] = json!("X".repeat(3000));
        let request = api.request(Who::Clerk, Method::POST, CASES).await;
        let secret = api.send(request.insert_header(("accept-encoding", "gzip, br")).set_json(body)).await;
        assert!(secret.bytes.len() > 3000 && secret.json()["query_code"].is_string());
        assert_eq!(secret.header("content-encoding"), None);
    }
}

on_both! {
    async fn only_what_is_for_everybody_may_be_kept(api: Api) {
        let case = api.registered().await;
        let ask = json!({ "items": "年度不明", "guidance": "请写明年度" });
        let case = api.done(Who::Clerk, &case, "request-supplement", &ask).await;
        let case = api.filed(Who::Clerk, &case).await;
        let case = api.worded(case).await;
        crate::support::keeping::kept(&api).await;
        let mut kept = 0;
        for entry in routes().iter().filter(|entry| entry.method == Method::GET) {
            let path = api.path_of(entry.path, &case);
            let who = entry.right.map_or(Who::Clerk, Who::with);
            let answer = api.get(who, &path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            assert_eq!(answer.header("cache-control"), Some(entry.caching.header()), "{path}");
            if entry.right.is_some() {
                assert_eq!(entry.caching, Caching::Never, "{path} is for its reader alone");
            }
            if entry.caching != Caching::Never {
                let tag = answer.header("etag").expect("a tag").to_owned();
                for (given, status) in [(tag.as_str(), 304), ("*", 304), ("\"other\"", 200), (&format!("W/{tag}, \"x\""), 304)] {
                    let again = TestRequest::get().uri(&path).insert_header(("if-none-match", given));
                    let again = api.send(again).await;
                    assert_eq!(again.status, status, "{path}: {given}");
                    assert_eq!(again.bytes.is_empty(), status == 304);
                    assert_eq!(again.header("etag"), Some(tag.as_str()));
                    assert_eq!(again.header("cache-control"), answer.header("cache-control"));
                }
                kept += 1;
            }
        }
        assert!(kept >= 2);
        for path in ["/nowhere", "/api/v1/cases/none"] {
            assert_eq!(api.get(Who::Clerk, path).await.header("cache-control"), Some("no-store"), "{path}");
        }
    }
}

on_both! {
    async fn every_address_answers_options_and_every_get_head(api: Api) {
        let case = api.registered().await;
        for entry in routes() {
            let path = entry.path.replace("{id}", case["id"].as_str().unwrap()).replace("{letter_id}", case["id"].as_str().unwrap());
            let options = api.send(TestRequest::with_uri(&path).method(Method::OPTIONS)).await;
            assert_eq!((options.status.as_u16(), options.text.as_str()), (204, ""), "{path}");
            let allowed: Vec<&str> = options.header("allow").unwrap().split(", ").collect();
            assert!(allowed.contains(&entry.method.as_str()) && allowed.contains(&"OPTIONS"), "{path}: {allowed:?}");
            assert_eq!(allowed.contains(&"HEAD"), allowed.contains(&"GET"), "{path}");
            let trace = TestRequest::with_uri(&path).method(Method::TRACE).insert_header(("x-secret", "echo"));
            let trace = api.send(trace).await;
            problem(&trace, &path, 405, "method_not_allowed", &path);
            assert_eq!(trace.header("allow"), options.header("allow"));
            assert!(!trace.text.contains("echo"));
            if entry.method == Method::GET {
                let who = if entry.path.contains("statistics") { Who::Supervisor } else { Who::Clerk };
                let get = api.get(who, &path).await;
                let head = api.send(api.request(who, Method::HEAD, &path).await).await;
                assert_eq!(head.status, get.status, "{path}");
                for name in ["content-type", "etag", "cache-control", "content-language"] {
                    assert_eq!(head.header(name), get.header(name), "{path}: {name}");
                }
            }
        }
    }
}

on_both! {
    async fn every_answer_is_safe_in_a_browser(called: Called) {
        let Called(api) = called;
        let mut answers = vec![api.get(Who::Clerk, "/api/v1/me").await, api.get(Who::Clerk, "/nowhere").await];
        answers.push(api.send(TestRequest::get().uri("/openapi.json")).await);
        answers.push(api.send(TestRequest::with_uri(CASES).method(Method::OPTIONS)).await);
        for answer in &answers {
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
            assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
            assert!(answer.header("permissions-policy").unwrap().contains("geolocation=()"));
            assert_eq!((answer.header("server"), answer.header("strict-transport-security")), (None, None));
        }
        for (peer, scheme, secure) in [
            ("10.0.0.1:1", "https", true), ("10.0.0.1:1", "http", false),
            ("10.0.0.1:1", "https, http", false), ("10.0.0.2:1", "https", false),
        ] {
            let request = TestRequest::get().uri("/livez").peer_addr(peer.parse().unwrap());
            let answer = api.send(request.insert_header(("x-forwarded-proto", scheme))).await;
            let given = answer.header("strict-transport-security");
            assert_eq!(given, secure.then_some("max-age=31536000"), "{peer} {scheme}");
        }
    }
}

on_both! {
    async fn a_head_beyond_16_kib_is_not_looked_at(api: Api) {
        let ask = async |length: usize| {
            let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
            api.send(request.insert_header(("x-filling", "x".repeat(length)))).await
        };
        assert_eq!(ask(15_000).await.status, 200);
        problem(&ask(16_384).await, "/api/v1/me", 431, "headers_too_large", "one field");
        let request = api.request(Who::Clerk, Method::GET, "/api/v1/me").await;
        let many = (0..80).fold(request, |request, _| request.append_header(("x-many", "x".repeat(300))));
        problem(&api.send(many).await, "/api/v1/me", 431, "headers_too_large", "many fields");
    }
}
