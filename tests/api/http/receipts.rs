//! The printed receipt: what stands on it, the query code that only its holder can have printed,
//! the QR code, and that nothing from outside becomes markup.

use actix_web::test::TestRequest;
use gongkai::config::Settings;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

fn address(case: &Value) -> String {
    format!("{}/receipt", case["links"]["self"].as_str().unwrap())
}

/// Pixels on each side of a module.
const SCALE: usize = 6;

/// What the QR code of a page says, read as a scanner reads it.
fn scanned(page: &str) -> String {
    let side = page.split("viewBox=\"0 0 ").nth(1).unwrap().split([' ', '"']).next().unwrap();
    let side: usize = side.parse().unwrap();
    let path = page.split("<path d=\"").nth(1).unwrap().split('"').next().unwrap();
    let dark: std::collections::BTreeSet<(usize, usize)> = path
        .split('M')
        .skip(1)
        .map(|module| {
            let (x, rest) = module.split_once(' ').unwrap();
            (x.parse().unwrap(), rest.split('h').next().unwrap().parse().unwrap())
        })
        .collect();
    let pixel = |x: usize, y: usize| if dark.contains(&(x / SCALE, y / SCALE)) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, pixel);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

fn digest_of_style(page: &str) -> String {
    use base64::Engine as _;
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest)
}

async fn with_code(api: &Api, who: Who, case: &Value, code: &str) -> Answer {
    api.post(who, &address(case), &json!({ "query_code": code })).await
}

on_both! {
    async fn the_receipt_says_what_the_applicant_needs(api: Api) {
        let received = api.received().await;
        let page = api.get(Who::Clerk, &address(&received)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.text.contains("<h1>政府信息公开申请收件回执</h1>"));
        assert!(!page.text.contains("答复期限</th>"), "nothing runs yet");
        let case = api.done(Who::Clerk, &received, "register", &json!({})).await;
        let page = api.get(Who::Clerk, &address(&case)).await.text;
        assert!(page.contains("<h1>政府信息公开申请登记回执</h1>"));
        for text in [
            "长春市公安局",
            case["receipt_number"].as_str().unwrap(),
            case["case_number"].as_str().unwrap(),
            "王小明",
            "2024年度车辆管理收费标准",
            "当面书面",
            "信息公开查询室",
            "2025年3月10日",
            "2025年4月8日",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert_eq!(case["clock"]["due_date"], "2025-04-08");
        assert_eq!(scanned(&page), "https://gongkai.example.cn/public/status");
        let code = received["query_code"].as_str().unwrap();
        assert!(!page.contains(code) && !page.contains("<th scope=\"row\">查询码"));
    }
}

on_both! {
    async fn the_setting_names_the_agency_otherwise(backend: Backend) {
        let name = |settings: &mut Settings| settings.office.agency = Some("某市公安局".to_owned());
        let api = Api::on(World::with_settings(backend, name).await).await;
        let case = api.received().await;
        for page in [
            api.get(Who::Clerk, &address(&case)).await.text,
            api.send(TestRequest::get().uri("/public")).await.text,
        ] {
            assert!(page.contains("某市公安局") && !page.contains("长春市公安局"), "{page}");
        }
    }
}

on_both! {
    async fn the_query_code_is_printed_for_who_has_it(api: Api) {
        let case = api.received().await;
        let code = case["query_code"].as_str().unwrap();
        let before = api.traces();
        for typed in [code.to_owned(), code.to_lowercase().replace('-', " ")] {
            let page = with_code(&api, Who::Clerk, &case, &typed).await;
            assert_eq!(page.status, 200, "{}", page.text);
            assert!(page.text.contains(&format!("<td>{code}</td>")), "{}", page.text);
            assert_eq!(scanned(&page.text), "https://gongkai.example.cn/public/status");
        }
        let other = api.received().await;
        let wrong = with_code(&api, Who::Clerk, &other, code).await;
        assert_eq!(wrong.verdict(), (422, "validation_failed".to_owned()));
        assert_eq!(wrong.json()["errors"][0]["code"], "query_code_wrong");
        let malformed = with_code(&api, Who::Clerk, &case, "查询码").await;
        assert_eq!(malformed.json()["errors"][0]["code"], "query_code_malformed");
        for refused in [&wrong, &malformed] {
            assert!(!refused.text.contains(code), "{}", refused.text);
        }
        assert_ne!(api.traces(), before, "one more was received");
    }
}

on_both! {
    async fn nothing_from_outside_becomes_markup(api: Api) {
        let mut body = application();
        let evil = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)></style>";
        body["subject"] = json!(evil);
        let case = api.post(Who::Clerk, "/api/v1/cases", &body).await.json();
        let page = api.get(Who::Clerk, &address(&case)).await;
        assert!(!page.text.contains("<script") && !page.text.contains("<img"), "{}", page.text);
        assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert_eq!(page.text.matches("</style>").count(), 1);
        let style = format!("'sha256-{}'", digest_of_style(&page.text));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains(&style), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
        // The page alone, shown from memory, keeps the same policy.
        assert!(page.text.contains("http-equiv=\"Content-Security-Policy\""));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(!page.text.contains("style=\"") && !page.text.contains("onload"));
    }
}

on_both! {
    async fn every_paper_has_a_style_that_its_policy_lets_in(api: Api) {
        let case = api.received().await;
        let mut styles = std::collections::BTreeSet::new();
        for paper in ["a4", "a5", "roll_80mm"] {
            let page = api.get(Who::Clerk, &format!("{}?paper={paper}", address(&case))).await;
            let digest = digest_of_style(&page.text);
            assert!(page.header("content-security-policy").unwrap().contains(&digest), "{paper}");
            styles.insert(digest);
        }
        assert_eq!(styles.len(), 3);
        let wrong = api.get(Who::Clerk, &format!("{}?paper=a3", address(&case))).await;
        assert_eq!(wrong.verdict(), (400, "unknown_parameter".to_owned()));
    }
}

on_both! {
    async fn a_receipt_is_seen_by_whom_the_case_is(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let foreign = api.get(Who::OfficerB, &address(&case)).await;
        assert_eq!(foreign.verdict(), (404, "not_found".to_owned()));
        let supervisor = api.get(Who::Supervisor, &address(&case)).await;
        assert_eq!(supervisor.status, 200);
        assert!(!supervisor.text.contains("王小明") && supervisor.text.contains("王"));
        let post = with_code(&api, Who::Supervisor, &case, "0000-0000-0000-0000").await;
        assert_eq!(post.verdict(), (403, "role_not_permitted".to_owned()));
    }
}
