//! The answer at the public door: by number and code, and never by an address.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::client::{Api, upload};
use crate::support::inputs::instant;
use crate::support::world::Who;
use crate::support::{all_at_once, on_both};

const HERE: &str = "192.0.2.1";

fn claim(receipt: &Value) -> Value {
    json!({ "receipt_number": receipt["receipt_number"], "query_code": receipt["query_code"] })
}

on_both! {
    async fn the_first_download_is_the_service(api: Api) {
        let receipt = api.answered_on("download").await;
        let case = api.case_of(&receipt).await;
        assert_eq!(case["clock"]["answer_date"], Value::Null, "issued is not answered");
        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        let got = api.visit(HERE, "answer", &claim(&receipt)).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let view = got.json();
        assert_eq!(view["served_date"], "2025-03-12");
        let case = api.case_of(&receipt).await;
        assert_eq!((&case["clock"]["answer_date"], &case["clock"]["on_time"]), (&json!("2025-03-12"), &json!(true)));
        assert_eq!(case["services"][0]["manner"], "downloaded");
        assert_eq!(view["files"], json!([]));
        assert_eq!((&view["letter_number"], &view["content_hash"]), (&case["letters"][0]["number"], &case["letters"][0]["content_hash"]));
        let events = api.get(Who::Clerk, &format!("{}/events", case["links"]["self"].as_str().unwrap())).await.json();
        let last = events["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["action"], &last["actor"]), (&json!("serve"), &json!({ "applicant": true })));
        // Again, later, in another form: the same letter, and nothing is entered.
        api.world.clock.set(instant("2025-03-20T02:00:00Z"));
        let before = api.traces();
        let page = api.visit(HERE, "answer/html", &claim(&receipt)).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("王小明") && page.text.contains(view["letter_number"].as_str().unwrap()), "his own letter, unmasked");
        let pdf = api.visit(HERE, "answer/pdf", &claim(&receipt)).await;
        assert!(pdf.bytes.starts_with(b"%PDF-1."), "{}", pdf.text);
        assert_eq!(pdf.header("cache-control"), Some("no-store"));
        assert_eq!(api.visit(HERE, "answer", &claim(&receipt)).await.json(), view);
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn what_is_given_otherwise_is_not_given_here(api: Api) {
        let on_paper = api.answered_on("paper").await;
        let before = api.traces();
        let refused = api.visit(HERE, "answer", &claim(&on_paper)).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
        let open = api.applied().await;
        let refused = api.visit(HERE, "answer/pdf", &claim(&open)).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
        // Nobody at the desk records a download.
        let case = api.case_of(&on_paper).await;
        let body = json!({ "letter": "answer", "service": { "manner": "downloaded" } });
        let refused = api.act(Who::Clerk, &case, "serve", &body).await;
        assert_eq!(refused.verdict(), (422, "fact_out_of_place".to_owned()));
        let traces = api.traces();
        assert_eq!(traces[1] - before[1], 1, "one application more, and nothing else");
    }
}

on_both! {
    async fn a_wrong_code_looks_like_a_number_that_does_not_exist(api: Api) {
        let receipt = api.answered_on("download").await;
        let before = api.traces();
        let wrong = json!({ "receipt_number": receipt["receipt_number"], "query_code": "0000-0000-0000-0000" });
        let unknown = json!({ "receipt_number": "SJ2025-999999", "query_code": receipt["query_code"] });
        let file = "0198f000-0000-7000-8000-000000000000";
        for path in ["answer", "answer/html", "answer/pdf", "answer/file"] {
            let mut seen = Vec::new();
            for body in [&wrong, &unknown] {
                let mut body = body.clone();
                if path == "answer/file" {
                    body["file_id"] = json!(file);
                }
                let answer = api.visit("192.0.2.9", path, &body).await;
                assert_eq!(answer.verdict(), (404, "number_or_code_wrong".to_owned()));
                seen.push(answer.text);
            }
            assert_eq!(seen[0], seen[1]);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn two_who_come_at_once_are_served_once(api: Api) {
        let receipt = api.answered_on("download").await;
        let body = claim(&receipt);
        let both = (0..4).map(|_| api.visit(HERE, "answer", &body));
        for answer in all_at_once(both.collect(), || ()).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let case = api.case_of(&receipt).await;
        assert_eq!(case["services"].as_array().map(Vec::len), Some(1));
    }
}

on_both! {
    async fn an_answer_that_is_void_is_not_given(api: Api) {
        let receipt = api.answered_on("download").await;
        let case = api.case_of(&receipt).await;
        let void = json!({ "letter_id": case["letters"][0]["id"], "reason": "有误" });
        api.done(Who::Clerk, &case, "void-letter", &void).await;
        let refused = api.visit(HERE, "answer", &claim(&receipt)).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
    }
}

on_both! {
    async fn the_files_that_were_chosen_come_with_it(api: Api) {
        let (receipt, file) = api.answered_with("download", 1).await;
        let case = api.case_of(&receipt).await;
        let of = |id: &Value| {
            let mut body = claim(&receipt);
            body["file_id"] = id.clone();
            body
        };
        let ask = async |body: &Value, headers: &[(&str, &str)]| {
            let address = std::net::SocketAddr::new(HERE.parse().expect("an address"), 40000);
            let mut request = TestRequest::post().uri("/api/v1/public/answer/file").peer_addr(address);
            for (name, value) in headers {
                request = request.insert_header((*name, *value));
            }
            api.send(request.set_json(body)).await
        };
        // What cannot be had is no service: a file of nobody, a range outside.
        let before = api.traces();
        let none = ask(&of(&json!("0198f000-0000-7000-8000-000000000000")), &[]).await;
        assert_eq!(none.verdict(), (404, "not_found".to_owned()));
        let outside = ask(&of(&file), &[("range", "bytes=9999-")]).await;
        assert_eq!(outside.verdict(), (416, "range_not_satisfiable".to_owned()));
        assert_eq!(api.traces(), before);
        // The first file is the service.
        api.world.clock.set(instant("2025-03-12T02:00:00Z"));
        let got = ask(&of(&file), &[("accept-encoding", "br"), ("if-none-match", "*")]).await;
        let bytes = upload()["file"].as_str().expect("a file").to_owned();
        assert_eq!((got.status.as_u16(), got.text.as_str()), (200, bytes.as_str()));
        let tag = got.header("etag").expect("a tag").to_owned();
        for (name, value) in [
            ("content-type", "application/octet-stream"), ("content-security-policy", "sandbox; default-src 'none'"),
            ("cache-control", "no-store"), ("accept-ranges", "bytes"),
        ] {
            assert_eq!(got.header(name), Some(value), "{name}");
        }
        assert_eq!(got.header("content-encoding"), None);
        assert!(got.header("content-disposition").is_some_and(|name| name.contains("filename*=UTF-8''2024")));
        let served = api.case_of(&receipt).await;
        assert_eq!((&served["services"][0]["manner"], &served["clock"]["answer_date"]), (&json!("downloaded"), &json!("2025-03-12")));
        let before = api.traces();
        let view = api.visit(HERE, "answer", &claim(&receipt)).await.json();
        let listed = &view["files"][0];
        assert_eq!((&listed["id"], &listed["name"], &listed["file_type"]), (&file, &json!("2024年度收费标准.pdf"), &json!("pdf")));
        assert_eq!((&listed["size"], listed["sha256"].as_str()), (&json!(bytes.len()), Some(tag.trim_matches('"'))));
        let part = ask(&of(&file), &[("range", "bytes=0-3"), ("if-range", tag.as_str())]).await;
        assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "%PDF"));
        let part = ask(&of(&file), &[("range", "bytes=0-3"), ("if-range", "\"another\"")]).await;
        assert_eq!((part.status.as_u16(), part.bytes.len()), (200, bytes.len()));
        assert_eq!(api.traces(), before, "to fetch it again enters nothing");
        // Of the case's files those that were not chosen stay in the house.
        let later = api.filed_as(Who::Clerk, &case_now(&api, &case).await, "service_proof").await;
        let before = api.traces();
        let other = ask(&of(&later["attachment_id"]), &[]).await;
        assert_eq!(other.verdict(), (404, "not_found".to_owned()));
        assert_eq!(api.traces(), before);
    }
}

async fn case_now(api: &Api, case: &Value) -> Value {
    let path = format!("/api/v1/cases/{}", case["id"].as_str().expect("an id"));
    api.get(Who::Clerk, &path).await.json()
}

on_both! {
    async fn a_file_that_is_lost_is_no_service(api: Api) {
        let (receipt, file) = api.answered_with("download", 1).await;
        std::fs::remove_dir_all(api.world.files()).expect("files");
        let mut body = claim(&receipt);
        body["file_id"] = file;
        let before = api.traces();
        let lost = api.visit(HERE, "answer/file", &body).await;
        assert_eq!(lost.verdict(), (503, "files_unavailable".to_owned()));
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn files_of_an_answer_on_paper_are_not_given_here(api: Api) {
        let (receipt, file) = api.answered_with("paper", 1).await;
        let mut body = claim(&receipt);
        body["file_id"] = file;
        let before = api.traces();
        let refused = api.visit(HERE, "answer/file", &body).await;
        assert_eq!(refused.verdict(), (409, "answer_not_online".to_owned()));
        body["query_code"] = json!("0000-0000-0000-0000");
        for _ in 0..5 {
            assert_eq!(api.visit(HERE, "answer/file", &body).await.verdict().0, 404);
        }
        // The right code is as wrong as the others now: one throttle for everything behind the door.
        body["query_code"] = receipt["query_code"].clone();
        let refused = api.visit(HERE, "answer/file", &body).await;
        assert_eq!(refused.verdict(), (404, "number_or_code_wrong".to_owned()));
        assert_eq!(api.traces(), before);
    }
}
