//! The pages by which the applicant takes his answer, without scripts.

use std::net::SocketAddr;

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, upload};
use crate::support::inputs::instant;
use crate::support::on_both;

const HERE: &str = "192.0.2.1";

async fn send(api: &Api, path: &str, fields: &[(String, String)]) -> Answer {
    let address = SocketAddr::new(HERE.parse().expect("an address"), 40000);
    let request = TestRequest::post().uri(path).peer_addr(address);
    api.send(request.set_form(fields)).await
}

fn claim(receipt: &Value) -> Vec<(String, String)> {
    ["receipt_number", "query_code"]
        .map(|name| receipt[name].as_str().expect("a text").to_owned())
        .into_iter()
        .zip(["number", "query_code"])
        .map(|(value, name)| (name.to_owned(), value))
        .collect()
}

/// Where a form leads, and what it carries along hidden.
type Carried = (String, Vec<(String, String)>);

/// The forms of a page.
fn forms(page: &str) -> Vec<Carried> {
    let between = |text: &str, from: &str| {
        let rest = text.split_once(from).expect("an attribute").1;
        rest.split('"').next().expect("its end").to_owned()
    };
    page.split("<form ")
        .skip(1)
        .map(|form| {
            let form = form.split("</form>").next().expect("its end");
            let hidden = form.split(r#"<input type="hidden" "#).skip(1);
            let fields =
                hidden.map(|input| (between(input, "name=\""), between(input, "value=\"")));
            (between(form, "action=\""), fields.collect())
        })
        .collect()
}

on_both! {
    async fn the_answer_is_read_and_taken_by_forms(api: Api) {
        let (receipt, _) = api.answered_with("download", 1).await;
        let asked = send(&api, "/public/status", &claim(&receipt)).await;
        assert!(asked.text.contains(r#"href="/public/answer""#), "the way to it: {}", asked.text);
        let asks = api.send(TestRequest::get().uri("/public/answer")).await;
        assert!(asks.text.contains("即为答复送达您之日"), "what it leads to is said before: {}", asks.text);
        assert_eq!(api.case_of(&receipt).await["services"], json!([]));

        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        let page = send(&api, "/public/answer", &claim(&receipt)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'; style-src 'self'")));
        let case = api.case_of(&receipt).await;
        let number = case["letters"][0]["number"].as_str().expect("a number");
        for text in ["政府信息予以公开告知书", number, "王小明", "本答复于2025年3月12日送达", "2024年度收费标准.pdf", "PDF 文档，62 字节"] {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        assert!(!page.text.contains("<script"), "{}", page.text);
        assert_eq!(case["services"][0]["manner"], "downloaded");

        let before = api.traces();
        let found = forms(&page.text);
        let to: Vec<&str> = found.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, ["/public/answer/pdf", "/public/answer/file"]);
        let pdf = send(&api, to[0], &found[0].1).await;
        assert_eq!(pdf.header("content-type"), Some("application/pdf"), "{}", pdf.text);
        assert!(pdf.bytes.starts_with(b"%PDF-1."));
        let file = send(&api, to[1], &found[1].1).await;
        assert_eq!(Some(file.text.as_str()), upload()["file"].as_str());
        assert!(file.header("content-disposition").is_some_and(|name| name.starts_with("attachment")));
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn what_is_not_given_is_said_on_a_page(api: Api) {
        let (on_paper, file) = api.answered_with("paper", 1).await;
        let file = file.as_str().expect("an id").to_owned();
        let before = api.traces();
        let mut unknown = claim(&on_paper);
        "0000-0000-0000-0000".clone_into(&mut unknown[1].1);
        let mut empty = claim(&on_paper);
        empty[1].1.clear();
        for path in ["/public/answer", "/public/answer/pdf", "/public/answer/file"] {
            for (fields, status, said) in [
                (claim(&on_paper), 409, "目前没有可以在网上领取的答复"),
                (unknown.clone(), 404, "编号或者查询码不正确"),
                (empty.clone(), 422, "请填写查询码"),
            ] {
                let mut fields = fields;
                if path.ends_with("file") {
                    fields.push(("file_id".to_owned(), file.clone()));
                }
                let page = send(&api, path, &fields).await;
                assert_eq!(page.status, status, "{path}: {}", page.text);
                assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
                assert!(page.text.contains(said) && page.text.contains(r#"action="/public/answer""#), "{path}: {}", page.text);
                assert!(!page.text.contains(&fields[1].1) || status == 422, "the code is not shown again");
            }
        }
        let page = send(&api, "/public/status", &claim(&on_paper)).await;
        assert!(!page.text.contains("领取答复</a></p>"), "{}", page.text);
        assert_eq!(api.traces(), before);
    }
}
