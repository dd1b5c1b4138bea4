//! The pages for the public: the same door as the API, as forms.

use std::net::SocketAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use base64::Engine as _;
use gongkai::http::{pages, routes};
use serde_json::{Value, json};

use super::public::application;
use crate::support::client::{Answer, Api};
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::Who;

/// What somebody fills in; the names are those of the form.
fn filled() -> Vec<(&'static str, String)> {
    let applicant = &application()["applicant"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    vec![
        ("submission", "0123456789abcdef0123456789abcdef".to_owned()),
        ("website", String::new()),
        ("type", text(&applicant["type"])),
        ("name", text(&applicant["name"])),
        ("contact_name", String::new()),
        ("id_kind", text(&applicant["id_kind"])),
        ("id_number", text(&applicant["id_number"])),
        ("phone", text(&applicant["phone"])),
        ("email", String::new()),
        ("address", text(&applicant["address"])),
        ("postcode", String::new()),
        ("subject", text(&application()["subject"])),
        ("description", "第一行\r\n第二行".to_owned()),
        ("carrier", "paper".to_owned()),
        ("delivery", "post".to_owned()),
    ]
}

fn with(name: &str, value: &str) -> Vec<(&'static str, String)> {
    let mut fields = filled();
    let field = fields.iter_mut().find(|(known, _)| *known == name).expect("a field");
    value.clone_into(&mut field.1);
    fields
}

impl Api {
    async fn fill(&self, address: &str, path: &str, fields: &[(&'static str, String)]) -> Answer {
        let address = SocketAddr::new(address.parse().expect("an address"), 40000);
        let request = TestRequest::post().uri(&format!("/public/{path}")).peer_addr(address);
        let request = request.insert_header(("x-request-id", "same"));
        self.send(request.set_form(fields)).await
    }

    async fn ask(&self, address: &str, number: &str, code: &str) -> Answer {
        let fields = [("number", number.to_owned()), ("query_code", code.to_owned())];
        self.fill(address, "status", &fields).await
    }
}

/// Number and code on the page of the receipt.
fn receipt(page: &str) -> (String, String) {
    let mut found = page.split(r#"<dd class="number">"#).skip(1);
    let mut next =
        || found.next().and_then(|rest| rest.split('<').next()).expect("a number").to_owned();
    (next(), next())
}

on_both! {
    async fn a_form_does_what_the_api_does(api: Api) {
        let answer = api.fill("192.0.2.1", "apply", &filled()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"));
        let (number, code) = receipt(&answer.text);
        // Sent twice, by impatience or by loading the page again, it is one submission.
        let traces = api.traces();
        assert_eq!(receipt(&api.fill("192.0.2.1", "apply", &filled()).await.text), (number.clone(), code.clone()));
        assert_eq!(api.traces(), traces);
        let list = api.get(Who::Clerk, &format!("/api/v1/cases?number={number}")).await.json();
        let path = format!("/api/v1/cases/{}", list["items"][0]["id"].as_str().unwrap());
        let case = api.get(Who::Clerk, &path).await.json();
        assert_eq!(case["description"], "第一行\n第二行");
        assert_eq!((&case["channel"], &case["accepts_other_form"]), (&json!("online"), &json!(false)));
        let page = api.ask("192.0.2.1", &number, &code).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("已收到") && page.text.contains("2025年3月10日"), "{}", page.text);
        for secret in ["王小明", "220102199003071235", "13800000000", "人民大街", "收费标准", code.as_str()] {
            assert!(!page.text.contains(secret), "{secret}");
        }
    }
}

on_both! {
    async fn a_form_has_the_faults_that_the_body_has(api: Api) {
        let before = api.traces();
        for (name, value) in [
            ("name", ""), ("name", "  "), ("name", "\u{0}x"), ("type", "robot"), ("type", ""), ("id_kind", ""),
            ("id_number", ""), ("id_number", "220102199003071236"), ("phone", "12"), ("email", "nobody"),
            ("postcode", "1"), ("address", ""), ("subject", ""), ("carrier", "pigeon"), ("delivery", "email"),
            ("delivery", ""), ("contact_name", " "),
        ] {
            let page = api.fill("192.0.2.1", "apply", &with(name, value)).await;
            assert_eq!(page.status, 422, "{name} = {value:?}");
            let mut body = application();
            let at = match name {
                "subject" | "carrier" | "delivery" => &mut body,
                _ => &mut body["applicant"],
            };
            let optional = ["phone", "email", "postcode", "address", "contact_name"].contains(&name);
            if value.is_empty() && (optional || ["type", "id_kind", "delivery"].contains(&name)) {
                at.as_object_mut().unwrap().remove(name);
            } else {
                at[name] = json!(value);
            }
            let answer = api.visit("192.0.2.1", "applications", &body).await;
            assert_eq!(answer.status, 422, "{name} = {value:?}");
            for error in answer.json()["errors"].as_array().unwrap() {
                let field = error["pointer"].as_str().unwrap().rsplit('/').next().unwrap();
                let sign = format!(r#"id="{field}-error""#);
                let select = format!(r##"href="#{field}""##);
                assert!(page.text.contains(&sign) && page.text.contains(&select), "{error}: {}", page.text);
            }
            assert!(page.text.contains("王小明") || name == "name", "what was written stays");
        }
        let page = api.fill("192.0.2.1", "apply", &with("phone", "")).await;
        assert_eq!(page.status, 200, "an address is a contact, too");
        let mut nothing = with("phone", "");
        nothing.iter_mut().filter(|(name, _)| *name == "address").for_each(|field| field.1.clear());
        nothing.iter_mut().filter(|(name, _)| *name == "delivery").for_each(|field| "collect".clone_into(&mut field.1));
        let page = api.fill("192.0.2.1", "apply", &nothing).await;
        assert!(page.text.contains("请至少填写一项"), "{}", page.text);
        assert_ne!(api.traces(), before);
    }
}

on_both! {
    async fn what_is_written_is_shown_as_text(api: Api) {
        let mischief = "\"><script>alert('1')</script>&lt;";
        for name in ["name", "subject", "description", "address"] {
            let mut fields = with(name, mischief);
            fields.iter_mut().filter(|(name, _)| *name == "id_number").for_each(|field| field.1.clear());
            let page = api.fill("192.0.2.1", "apply", &fields).await;
            assert_eq!(page.status, 422);
            assert!(!page.text.contains("<script"), "{name}");
            assert!(page.text.contains("&lt;script&gt;") && page.text.contains("&amp;lt;"), "{name}");
        }
        let page = api.ask("192.0.2.1", mischief, "0000-0000-0000-0000").await;
        assert!(!page.text.contains("<script") && page.text.contains("&lt;script&gt;"));
    }
}

on_both! {
    async fn pages_tell_no_more_than_the_api(api: Api) {
        let first = receipt(&api.fill("192.0.2.1", "apply", &filled()).await.text);
        let withdrawn = api.applied().await;
        let number = withdrawn["receipt_number"].as_str().unwrap();
        let list = api.get(Who::Clerk, &format!("/api/v1/cases?number={number}")).await.json();
        let path = format!("/api/v1/cases/{}", list["items"][0]["id"].as_str().unwrap());
        let case = api.get(Who::Clerk, &path).await.json();
        let confirmed = json!({ "arrival": { "confirmed_at": api.world.now() } });
        let case = api.done(Who::Clerk, &case, "register", &confirmed).await;
        api.done(Who::Clerk, &case, "withdraw", &json!({ "reason": "撤回" })).await;
        let right = withdrawn["query_code"].as_str().unwrap();
        let mut seen = Vec::new();
        for (at, (number, code)) in [
            (first.0.as_str(), "0000-0000-0000-0000"), ("SJ2025-999999", "0000-0000-0000-0000"),
            (number, right), (number, "0000-0000-0000-0001"), ("SJ2025-999998", right),
        ].into_iter().enumerate() {
            let page = api.ask(&format!("198.51.100.{at}"), number, code).await;
            assert!(!page.text.contains(code), "a code is never shown again");
            let mut headers: Vec<_> = page.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
            headers.sort();
            // What somebody typed stands in his field again; all numbers are of one length.
            seen.push((page.status, page.text.replace(number, "NUMBER"), headers));
        }
        assert_eq!(seen[0].0, 404);
        assert!(seen.iter().all(|page| *page == seen[0]));
        assert_eq!(api.ask("198.51.100.9", &first.0, &first.1).await.status, 200);
    }
}

on_both! {
    async fn a_page_answers_whatever_comes(api: Api) {
        let before = api.traces();
        let long = vec![("name", "长".repeat(300_000))];
        let twice = "number=a&number=b&query_code=0000-0000-0000-0000".to_owned();
        let cases = [
            ("application/x-www-form-urlencoded", twice, 400),
            ("application/x-www-form-urlencoded", "%FF=%FF&name=%".to_owned(), 422),
            ("application/x-www-form-urlencoded", String::new(), 422),
            ("multipart/form-data; boundary=x", "--x--".to_owned(), 415),
            ("application/json", "{}".to_owned(), 415),
        ];
        for path in ["apply", "status", "supplement", "answer", "answer/pdf", "answer/file"] {
            let answer = api.fill("192.0.2.1", path, &long).await;
            assert_eq!(answer.status, 413, "{path}");
            assert!(answer.text.contains("提交的内容过长"));
            for (kind, body, status) in &cases {
                let request = TestRequest::post().uri(&format!("/public/{path}"));
                let request = request.insert_header(("content-type", *kind)).set_payload(body.clone());
                let answer = api.send(request).await;
                assert_eq!(answer.status, *status, "{path} {kind} {body}");
                assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path} {kind}");
                assert!(answer.text.starts_with("<!DOCTYPE html>"), "{path} {kind}");
            }
        }
        let trapped = api.fill("192.0.2.1", "apply", &with("website", "spam")).await;
        assert_eq!(trapped.status, 422);
        assert!(trapped.text.contains("自动填写"));
        for at in 0..20 {
            api.ask("192.0.2.77", &format!("SJ2025-{at:06}"), "0000-0000-0000-0000").await;
        }
        let wait = api.ask("192.0.2.77", "SJ2025-000001", "0000-0000-0000-0000").await;
        assert_eq!((wait.status.as_u16(), wait.header("retry-after")), (429, Some("901")));
        assert!(wait.text.contains("稍后再试"));
        assert_eq!(api.traces(), before);
        for at in 0..5 {
            let mut fields = filled();
            fields[0].1 = format!("{at:032x}");
            assert_eq!(api.fill("192.0.2.1", "apply", &fields).await.status, 200);
        }
        let mut fields = filled();
        fields[0].1 = "f".repeat(32);
        let full = api.fill("192.0.2.1", "apply", &fields).await;
        assert_eq!(full.status, 429);
        assert!(full.text.contains("次数已达上限") && full.text.contains("王小明"));
        api.world.clock.set(instant("2025-03-10T16:00:00Z"));
        assert_eq!(api.fill("192.0.2.1", "apply", &fields).await.status, 200);
    }
}

on_both! {
    async fn pages_are_read_by_everybody_and_are_no_part_of_the_contract(api: Api) {
        let contract: Vec<&str> = routes().iter().map(|entry| entry.path).collect();
        let mut read = 0;
        for page in pages() {
            assert!(!contract.contains(&page.path));
            assert_eq!(page.right, None);
            // Behind a link there is nothing without one.
            if page.method != Method::GET || page.path.ends_with("/{link}") {
                continue;
            }
            for (method, query) in [(Method::GET, ""), (Method::HEAD, ""), (Method::GET, "?from=timeline&a=1&a=2")] {
                let request = TestRequest::with_uri(&format!("{}{query}", page.path)).method(method);
                assert_eq!(api.send(request).await.status, 200, "{}", page.path);
                read += 1;
            }
        }
        assert_eq!(read, 18);
        let home = api.send(TestRequest::get().uri("/public")).await.text;
        assert!(home.contains("长春市公安局") && home.contains(r#"<html lang="zh-CN">"#));
        let style = api.send(TestRequest::get().uri("/public/style.css")).await;
        assert!(style.header("cache-control").is_some_and(|value| value.contains("immutable")));
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.text.as_bytes());
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        assert!(home.contains(&format!(r#"integrity="sha256-{digest}""#)), "the browser compares it");
    }
}
