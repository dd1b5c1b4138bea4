//! Letters over HTTP: issued by the act that they document, frozen, void with their numbers, looked at
//! before, drawn on demand, masked by role.

use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// A case of center A whose answer its first officer has drafted.
async fn drafted(api: &Api, draft: &Value) -> Value {
    let case = api.assigned(Place::CenterA).await;
    let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
    api.done(Who::OfficerA, &case, "draft-answer", draft).await
}

fn refusal() -> Value {
    json!({ "decision": "refuse_internal", "article": "第十六条第一款",
        "reasons": "该文件是内部值班安排,属于内部工作流程信息" })
}

/// The same, after every review.
async fn reviewed(api: &Api, draft: &Value) -> Value {
    api.reviewed(&drafted(api, draft).await).await
}

async fn answered(api: &Api) -> Value {
    let case = reviewed(api, &refusal()).await;
    api.done(Who::SecondClerk, &case, "answer", &json!({})).await
}

fn path(case: &Value, rest: &str) -> String {
    format!("{}/{rest}", case["links"]["self"].as_str().unwrap())
}

async fn letter(api: &Api, who: Who, letter: &Value) -> Value {
    let answer = api.get(who, letter["links"]["self"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Everything that a letter says.
fn said(letter: &Value) -> String {
    let blocks = letter["blocks"].as_array().unwrap();
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

fn void(letter: &Value) -> Value {
    json!({ "letter_id": letter["id"], "reason": "印制有误" })
}

on_both! {
    async fn a_letter_is_issued_in_the_command_that_it_documents(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        assert_eq!(case["letters"], json!([]), "assigning issues none");
        let ask = json!({ "items": "年度不明", "guidance": "请写明年度" });
        let case = api.done(Who::OfficerA, &case, "request-supplement", &ask).await;
        let notice = &case["letters"][0];
        assert_eq!(notice["number"], "长公公开补〔2025〕1号");
        assert_eq!(notice["kind"], "supplement_notice");
        let full = letter(&api, Who::OfficerA, notice).await;
        assert_eq!(full["addressee"], "王小明：");
        assert_eq!(full["head"], "户政分中心", "it answers in its own name (art. 10)");
        assert!(said(&full).contains("年度不明"), "{full}");
        assert_eq!(full["remedy"], Value::Null);

        let case = reviewed(&api, &refusal()).await;
        let ask = json!({ "days": 10, "reason": "检索量大" });
        let case = api.done(Who::OfficerA, &case, "request-extension", &ask).await;
        let told = json!({ "verdict": "granted",
            "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let case = api.done(Who::Supervisor, &case, "decide-extension", &told).await;
        assert_eq!(case["letters"][0]["number"], "长公公开延〔2025〕1号");
        let full = letter(&api, Who::OfficerA, &case["letters"][0]).await;
        assert!(said(&full).contains("2025年4月8日以前"), "{full}");
        assert!(said(&full).contains("至2025年4月22日"), "{full}");

        let answered = api.done(Who::SecondClerk, &case, "answer", &json!({})).await;
        let (number, of) = (answered["letters"].as_array().unwrap().len(), &answered["letters"][1]);
        assert_eq!((number, &of["kind"]), (3, &json!("refusal")));
        // Beside it the sheet of its reviews, for the file.
        let sheet = &answered["letters"][2];
        assert_eq!((&sheet["kind"], &sheet["number"]), (&json!("review_sheet"), &Value::Null));
        assert_eq!((&of["served_as"], &sheet["served_as"]), (&json!("answer"), &Value::Null));
        let page = api.get(Who::OfficerA, sheet["links"]["html"].as_str().unwrap()).await;
        assert!(page.text.contains("同意签发。") && page.text.contains("保密审查"), "{}", page.text);
        assert_eq!(of["number"], "长公公开不予〔2025〕1号");
        assert_eq!(of["remedy"], "R-C");
        let full = letter(&api, Who::OfficerA, of).await;
        assert_eq!(full["agency"], "长春市公安局", "the query room signs for the bureau");
        assert_eq!(full["written_day"], "2025年3月10日");
        assert_eq!(full["seal"], "agency");
        assert!(said(&full).contains("属于行政机关的内部事务信息。该文件是内部值班安排，属于内部工作流程信息。"), "{full}");
        assert!(said(&full).contains("应当先"), "{full}");
        assert!(said(&full).contains("本机关依法延长答复期限至2025年4月22日"), "{full}");

        // The ledger tells the number and the digest, in clear.
        let events = api.get(Who::OfficerA, &path(&answered, "events")).await.json();
        let last = events["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["after"]["letters"][1]["content_hash"], of["content_hash"]);
        assert_eq!(last["after"]["letters"][1]["number"], "长公公开不予〔2025〕1号");
        assert!(!events.to_string().contains("如不服本告知"), "the content is sealed");
    }
}

on_both! {
    async fn a_void_keeps_its_number_and_an_answer_taken_back_is_drafted_anew(api: Api) {
        let case = answered(&api).await;
        let first = case["letters"][0].clone();
        let twice = api.done(Who::SecondClerk, &case, "void-letter", &void(&first)).await;
        assert_eq!((&twice["status"], &twice["answer"]), (&json!("assigned"), &Value::Null));
        assert_eq!(twice["draft"]["decision"], "refuse_internal", "the draft is there again");
        assert_eq!(twice["letters"][0]["void_reason"], "印制有误");
        assert_eq!(twice["letters"][0]["number"], "长公公开不予〔2025〕1号");
        let page = api.get(Who::Clerk, twice["letters"][0]["links"]["html"].as_str().unwrap()).await;
        assert!(page.text.contains("作废"), "the page says so");
        let again = api.act(Who::SecondClerk, &twice, "void-letter", &void(&first)).await;
        assert_eq!(again.verdict(), (409, "nothing_to_void".to_owned()));

        let unread = api.act(Who::SecondClerk, &twice, "answer", &json!({})).await;
        assert_eq!(unread.verdict(), (409, "secrecy_review_open".to_owned()), "reviewed anew");
        let twice = api.reviewed(&twice).await;
        let case = api.done(Who::SecondClerk, &twice, "answer", &json!({})).await;
        assert_eq!(case["letters"][1]["void_reason"], "印制有误", "the sheet of reviews goes with it");
        assert_eq!(case["letters"][2]["number"], "长公公开不予〔2025〕2号");
        let unknown = json!({ "letter_id": case["id"], "reason": "印制有误" });
        let refused = api.act(Who::SecondClerk, &case, "void-letter", &unknown).await;
        assert_eq!(refused.verdict(), (422, "letter_unknown".to_owned()));
        let refused = api.act(Who::SecondClerk, &case, "void-letter", &void(&first)).await;
        assert_eq!(refused.verdict(), (409, "letter_voided".to_owned()));

        // What has reached the applicant cannot be taken back.
        let service = json!({ "letter": "answer",
            "service": { "manner": "handed_over", "signed_at": "2025-03-10" } });
        let served = api.done(Who::Clerk, &case, "serve", &service).await;
        let late = api.act(Who::Clerk, &served, "void-letter", &void(&served["letters"][2])).await;
        assert_eq!(late.verdict(), (409, "already_served".to_owned()));

        // A notice is issued anew in the same step: the request stands.
        let case = api.assigned(Place::CenterA).await;
        let ask = json!({ "items": "年度不明", "guidance": "请写明年度" });
        let case = api.done(Who::OfficerA, &case, "request-supplement", &ask).await;
        api.world.clock.set(instant("2025-03-11T02:00:00Z"));
        let anew = api.done(Who::OfficerA, &case, "void-letter", &void(&case["letters"][0])).await;
        assert_eq!(anew["status"], "awaiting_supplement");
        assert_eq!(anew["letters"][1]["number"], "长公公开补〔2025〕2号");
        assert_eq!(anew["supplement"]["notice_date"], "2025-03-11");
        assert_eq!(anew["supplement"]["due_date"], "2025-03-25");
    }
}

on_both! {
    async fn remedies_are_those_of_the_day_of_service(api: Api) {
        for (issued, served, decision, outcome) in [
            ("2023-12-29T02:00:00Z", "2023-12-29", "refuse_internal", Ok("R-B")),
            ("2023-12-29T02:00:00Z", "2024-01-02", "refuse_internal", Err("remedy_paragraph_outdated")),
            ("2023-12-29T02:00:00Z", "2024-01-02", "not_exist", Err("remedy_paragraph_outdated")),
            ("2024-01-02T02:00:00Z", "2024-01-02", "refuse_internal", Ok("R-C")),
            ("2024-01-02T02:00:00Z", "2024-01-02", "not_exist", Ok("R-D")),
        ] {
            api.world.clock.set(instant("2023-12-20T02:00:00Z"));
            let mut draft = refusal();
            draft["decision"] = json!(decision);
            draft["search_log"] = json!([{ "searcher": "李某", "system": "综合档案室",
                "keywords": "值班", "search_date": "2023-12-20" }]);
            let case = reviewed(&api, &draft).await;
            api.world.clock.set(instant(issued));
            let case = api.done(Who::SecondClerk, &case, "answer", &json!({})).await;
            api.world.clock.set(instant("2024-01-02T08:00:00Z"));
            let service = json!({ "letter": "answer",
                "service": { "manner": "posted", "posted_at": served } });
            let answer = api.act(Who::Clerk, &case, "serve", &service).await;
            match outcome {
                Ok(code) => {
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    assert_eq!(case["letters"][0]["remedy"], code);
                }
                Err(code) => {
                    assert_eq!(answer.verdict(), (409, code.to_owned()));
                    assert!(answer.json()["article"].as_str().unwrap().contains("第二十三条"));
                    // Void it and issue it anew, with the day of service.
                    let letter = &case["letters"][0];
                    let case = api.done(Who::SecondClerk, &case, "void-letter", &void(letter)).await;
                    let case = api.reviewed(&case).await;
                    let now = json!({ "service": { "manner": "posted", "posted_at": served } });
                    let case = api.done(Who::SecondClerk, &case, "answer", &now).await;
                    assert_ne!(case["letters"][2]["remedy"], letter["remedy"]);
                    assert_eq!(case["clock"]["answer_date"], served);
                }
            }
        }
        // The letter is printed by the day of service when that is told in the same step.
        api.world.clock.set(instant("2023-12-20T02:00:00Z"));
        let case = reviewed(&api, &refusal()).await;
        api.world.clock.set(instant("2024-01-02T02:00:00Z"));
        let now = json!({ "service": { "manner": "handed_over", "signed_at": "2024-01-02" } });
        let case = api.done(Who::SecondClerk, &case, "answer", &now).await;
        assert_eq!(case["letters"][0]["remedy"], "R-C");
    }
}

on_both! {
    async fn a_preview_is_no_letter(api: Api) {
        let case = drafted(&api, &refusal()).await;
        let before = (api.traces(), letters(&api));
        let look = |kind: &str| json!({ "kind": kind });
        let page = api.post(Who::Legal, &path(&case, "letter-previews"), &look("refusal")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("草稿") && page.text.contains("<h1>政府信息不予公开告知书</h1>"));
        assert!(!page.text.contains("长公公开不予〔"), "it has no number");
        assert_eq!((api.traces(), letters(&api)), before, "nothing was written");
        for (kind, verdict) in [
            ("disclosure", (409, "letter_not_due")),
            ("supplement_notice", (409, "letter_not_due")),
            ("third_party_consultation", (409, "letter_not_due")),
            ("love_letter", (422, "validation_failed")),
        ] {
            let refused = api.post(Who::OfficerA, &path(&case, "letter-previews"), &look(kind)).await;
            assert_eq!(refused.verdict(), (verdict.0, verdict.1.to_owned()), "{kind}");
        }
        // The next letter begins the series.
        let case = api.reviewed(&case).await;
        let case = api.done(Who::SecondClerk, &case, "answer", &json!({})).await;
        assert_eq!(case["letters"][0]["number"], "长公公开不予〔2025〕1号");
        let late = api.post(Who::OfficerA, &path(&case, "letter-previews"), &look("refusal")).await;
        assert_eq!(late.verdict(), (409, "letter_not_due".to_owned()));
    }
}

/// The letters and the numbers taken.
fn letters(api: &Api) -> (i64, i64) {
    let count = |table: &str| api.world.db.number(&format!("SELECT count(*) FROM {table}"));
    (count("letters"), count("letter_series"))
}

on_both! {
    async fn personal_fields_are_masked_by_role(api: Api) {
        let case = answered(&api).await;
        let address = case["letters"][0]["links"]["html"].as_str().unwrap();
        let proof = path(&case, &format!("documents/service_receipt?letter_id={}",
            case["letters"][0]["id"].as_str().unwrap()));
        for place in [address, &path(&case, "documents/application_form"), &path(&case, "documents/receipt"), &proof] {
            let clear = api.get(Who::OfficerA, place).await;
            assert_eq!(clear.status, 200, "{place}: {}", clear.text);
            assert!(clear.text.contains("王小明"), "{place}");
            let masked = api.get(Who::Supervisor, place).await;
            assert_eq!(masked.status, 200, "{place}");
            assert!(!masked.text.contains("王小明"), "{place}");
            assert!(masked.text.contains("王*"), "{place}: {}", masked.text);
            for page in [&clear, &masked] {
                for secret in ["220102199003071235", "13800000000"] {
                    assert!(!page.text.contains(secret), "{secret} in {place}");
                }
            }
        }
        let full = letter(&api, Who::Supervisor, &case["letters"][0]).await;
        assert!(!full.to_string().contains("王小明"), "{full}");
        let form = api.get(Who::OfficerA, &path(&case, "documents/application_form")).await;
        assert!(form.text.contains("220102********1235"), "{}", form.text);
    }
}

on_both! {
    async fn sheets_are_drawn_when_the_case_gives_reason(api: Api) {
        let received = api.received().await;
        for (kind, status, code) in [
            ("receipt", 409, "letter_not_due"),
            ("transfer_sheet", 409, "letter_not_due"),
            ("review_sheet", 409, "letter_not_due"),
            ("refusal", 409, "letter_not_due"),
            ("service_receipt", 422, "fact_missing"),
            ("love_letter", 404, "not_found"),
        ] {
            let answer = api.get(Who::Clerk, &path(&received, &format!("documents/{kind}"))).await;
            assert_eq!(answer.verdict(), (status, code.to_owned()), "{kind}");
        }
        let case = answered(&api).await;
        for (kind, title) in [
            ("transfer_sheet", "政府信息公开申请转办单"),
            ("review_sheet", "政府信息公开保密审查表（审查呈批单）"),
            ("receipt", "政府信息公开申请登记回执"),
        ] {
            let page = api.get(Who::Clerk, &path(&case, &format!("documents/{kind}"))).await;
            assert_eq!(page.status, 200, "{kind}: {}", page.text);
            assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{}", page.text);
        }
        let foreign = path(&received, &format!("letters/{}", case["letters"][0]["id"].as_str().unwrap()));
        assert_eq!(api.get(Who::Clerk, &foreign).await.status, 404, "a letter of another case");
    }
}

on_both! {
    async fn what_people_write_is_no_markup(api: Api) {
        let mut draft = refusal();
        draft["reasons"] = json!("<script>alert(1)</script>\n%title 假\n| 一 | 二 |");
        let case = reviewed(&api, &draft).await;
        let case = api.done(Who::SecondClerk, &case, "answer", &json!({})).await;
        let page = api.get(Who::Clerk, case["letters"][0]["links"]["html"].as_str().unwrap()).await;
        assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("<script"));
        assert!(page.text.contains("<h1>政府信息不予公开告知书</h1>"));
        assert!(!page.text.contains("<td>一</td>"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

on_both! {
    async fn the_register_shows_every_number_and_nobody_elses_letters(api: Api) {
        let mut numbers = Vec::new();
        for _ in 0..3 {
            let case = answered(&api).await;
            numbers.push(case["letters"][0]["number"].clone());
            api.world.clock.set(api.world.now() + chrono::Duration::minutes(1));
            if numbers.len() == 2 {
                api.done(Who::SecondClerk, &case, "void-letter", &void(&case["letters"][0])).await;
            }
        }
        numbers.reverse();
        let all = api.get(Who::Clerk, "/api/v1/letters?series=refusal&year=2025").await.json();
        let listed: Vec<Value> =
            all["items"].as_array().unwrap().iter().map(|line| line["number"].clone()).collect();
        assert_eq!(listed, numbers);
        let void = api.get(Who::Clerk, "/api/v1/letters?state=void&series=refusal").await.json();
        assert_eq!(void["items"].as_array().unwrap().len(), 1);
        assert_eq!(void["items"][0]["number"], "长公公开不予〔2025〕2号");
        assert_eq!(void["items"][0]["title"], "政府信息不予公开告知书");
        // Page by page, there and back.
        let first = api.get(Who::Clerk, "/api/v1/letters?kind=refusal&limit=2").await.json();
        let next = api.get(Who::Clerk, first["links"]["next"].as_str().unwrap()).await.json();
        assert_eq!(next["items"][0]["number"], "长公公开不予〔2025〕1号");
        let back = api.get(Who::Clerk, next["links"]["prev"].as_str().unwrap()).await.json();
        assert_eq!(back["items"], first["items"]);
        let foreign = api.get(Who::OfficerB, "/api/v1/letters").await.json();
        assert_eq!(foreign["items"], json!([]), "they are center A's");
        let none = api.get(Who::Clerk, "/api/v1/letters?year=2024").await.json();
        assert_eq!(none["items"], json!([]));
    }
}

on_both! {
    async fn a_letter_can_be_had_as_pdf_and_as_docx(api: Api) {
        let case = answered(&api).await;
        let links = &case["letters"][0]["links"];
        for (form, media_type, start) in [
            ("pdf", "application/pdf", b"%PDF-1.".as_slice()),
            ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04".as_slice()),
        ] {
            let path = links[form].as_str().unwrap();
            let file = api.get(Who::OfficerA, path).await;
            assert_eq!(file.status, 200, "{form}: {}", file.text);
            assert_eq!(file.header("content-type"), Some(media_type));
            assert!(file.bytes.starts_with(start), "{form}");
            let name = file.header("content-disposition").unwrap();
            assert!(name.starts_with("attachment") && name.contains("filename*=UTF-8''"), "{name}");
            // Made anew, it is the same to the byte.
            let again = api.get(Who::OfficerA, path).await;
            assert_eq!(again.bytes, file.bytes, "{form}");
            let tag = file.header("etag").unwrap().to_owned();
            let request = api.request(Who::OfficerA, actix_web::http::Method::GET, path).await;
            let known = api.send(request.insert_header(("if-none-match", tag))).await;
            assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0), "{form}");
            // The supervisor, who sees names masked, gets another file.
            let masked = api.get(Who::Supervisor, path).await;
            assert_eq!(masked.status, 200);
            assert_ne!(masked.bytes, file.bytes, "{form}");
            assert_eq!(api.get(Who::OfficerB, path).await.status, 404);
        }
    }
}
