//! Taking in a paper register: looked at as a whole, taken in row by row, never twice.

use actix_web::http::Method;
use encoding_rs::GB18030;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api};
use crate::support::on_both;
use crate::support::world::{Place, Who};

const HEADING: &str =
    "登记号,受理方式,申请人类型,申请人,证件种类,证件号码,联系电话,所需信息,到达日期,立即登记";

fn sheet(rows: &[&str]) -> String {
    format!("{HEADING}\r\n{}\r\n", rows.join("\r\n"))
}

/// Two rows that nothing is wrong with.
fn good() -> String {
    sheet(&[
        "2025-1,当面书面,natural_person,王小明,居民身份证,220102199003071235,13800000000,2024年度车辆管理收费标准,2025/3/7,是",
        "2025-2,挂号信/EMS,自然人,李四,,,0431-88900000,\"户籍迁移\"\"办理\"\"流程\",２０２５年３月６日,否",
    ])
}

async fn send(api: &Api, who: Who, query: &str, kind: &str, bytes: impl AsRef<[u8]>) -> Answer {
    let request = api.request(who, Method::POST, &format!("/api/v1/imports{query}")).await;
    let request = request.insert_header(("content-type", kind));
    api.send(request.set_payload(bytes.as_ref().to_vec())).await
}

async fn dry(api: &Api, bytes: impl AsRef<[u8]>) -> Value {
    let answer = send(api, Who::Clerk, "", "text/csv", bytes).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn real(api: &Api, bytes: impl AsRef<[u8]>) -> Answer {
    send(api, Who::Clerk, "?dry_run=false", "text/csv; charset=utf-8", bytes).await
}

fn outcomes(report: &Value) -> Vec<&str> {
    let items = report["items"].as_array().unwrap();
    items.iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

/// Row, column and code of every fault.
fn faults(report: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let all = report["faults"].as_array().unwrap().iter();
    all.map(|f| (f["row"].as_u64().unwrap_or(0), text(&f["column"]), text(&f["code"]))).collect()
}

on_both! {
    async fn a_dry_run_tells_everything_and_writes_nothing(api: Api) {
        let before = api.traces();
        let report = dry(&api, good()).await;
        assert_eq!(faults(&report), []);
        assert_eq!(outcomes(&report), ["would_create", "would_create"]);
        assert_eq!((&report["dry_run"], &report["rows"], &report["created"]), (&json!(true), &json!(2), &json!(2)));
        assert_eq!(report["charset"], "utf_8");
        assert_eq!(api.traces(), before);
        assert_eq!(api.world.db.number("SELECT count(*) FROM idempotency_keys"), 0);
    }
}

on_both! {
    async fn every_row_becomes_a_case_with_a_receipt_to_print(api: Api) {
        let report = real(&api, good()).await.json();
        assert_eq!(outcomes(&report), ["created", "created"]);
        let rows = report["items"].as_array().unwrap();
        assert_eq!(rows[0]["receipt_number"], "SJ2025-000001");
        assert_eq!(rows[1]["receipt_number"], "SJ2025-000002");
        assert_eq!((rows[0]["case_number"].is_string(), rows[1]["case_number"].is_null()), (true, true));
        let case = api.get(Who::Clerk, &format!("/api/v1/cases/{}", rows[0]["id"].as_str().unwrap())).await.json();
        assert_eq!(case["external_ref"], json!({ "source": "paper_register", "ref": "2025-1" }));
        assert_eq!((&case["status"], &case["clock"]["receipt_date"]), (&json!("registered"), &json!("2025-03-07")));
        let other = api.get(Who::Clerk, &format!("/api/v1/cases/{}", rows[1]["id"].as_str().unwrap())).await.json();
        assert_eq!((&other["arrival"]["signed_at"], &other["subject"]), (&json!("2025-03-06"), &json!("户籍迁移\"办理\"流程")));
        let receipt = format!("/api/v1/cases/{}/receipt", rows[1]["id"].as_str().unwrap());
        let page = api.post(Who::Clerk, &receipt, &json!({ "query_code": rows[1]["query_code"] })).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }
}

on_both! {
    async fn the_same_register_again_takes_nothing_in_twice(api: Api) {
        let first = real(&api, good()).await.json();
        let before = api.traces();
        // Within the memory of commands even the query codes come again.
        let again = real(&api, good()).await.json();
        assert_eq!(outcomes(&again), ["already_present", "already_present"]);
        assert_eq!(again["items"][0]["query_code"], first["items"][0]["query_code"]);
        // A colleague does not get them, and a longer register goes on where the last one ended.
        let more = good() + "2025-3,当面书面,自然人,赵六,,,13900000000,出入境办证数量,,\r\n";
        let dry = send(&api, Who::SecondClerk, "", "text/csv", &more).await.json();
        assert_eq!(outcomes(&dry), ["already_present", "already_present", "would_create"]);
        assert_eq!(api.traces(), before);
        let report = send(&api, Who::SecondClerk, "?dry_run=false", "text/csv", &more).await.json();
        assert_eq!(outcomes(&report), ["already_present", "already_present", "created"]);
        assert_eq!((&report["items"][0]["query_code"], &report["items"][0]["id"]), (&Value::Null, &first["items"][0]["id"]));
        assert_eq!(api.world.db.number("SELECT count(*) FROM cases"), 3);
    }
}

on_both! {
    async fn a_number_that_another_application_has_is_a_fault(api: Api) {
        real(&api, good()).await;
        let other = sheet(&["2025-1,当面书面,自然人,王小明,,,13800000000,另一件完全不同的事,,否"]);
        let report = dry(&api, &other).await;
        assert_eq!(faults(&report), [(2, "register_number".to_owned(), "external_ref_taken".to_owned())]);
        // Under another source the number is free.
        let free = send(&api, Who::Clerk, "?source=paper_2026", "text/csv", &other).await.json();
        assert_eq!(outcomes(&free), ["would_create"]);
        let foreign = send(&api, Who::OfficerB, "", "text/csv", good()).await;
        assert_eq!(faults(&foreign.json())[0].2, "external_ref_taken");
        assert!(!foreign.text.contains("SJ2025"), "{}", foreign.text);
    }
}

on_both! {
    async fn one_faulty_row_keeps_all_out_and_every_fault_is_told(api: Api) {
        let before = api.traces();
        let text = sheet(&[
            "2025-1,当面书面,自然人,王小明,居民身份证,220102199003071235,13800000000,某事,2025-03-07,是",
            "2025-2,飞鸽传书,自然人,,居民身份证,2.20102E+17,12,,45723,也许",
            "2025-1,当面书面,自然人,李四,,,13900000000,另一事,2025-13-01,",
            "2025-4,传真,自然人,李四,,,13900000000,另一事,2025-03-07,是",
            "2025-5,当面书面,自然人,李四,,,,另一事,2025-03-11,否",
            ",当面书面,自然人,李\u{0}四,居民身份证,220102199003071236,13900000000,另一事,,否",
        ]);
        let expected: Vec<(u64, String, String)> = [
            (3, "channel", "unknown_value"),
            (3, "applicant_name", "missing_cell"),
            (3, "id_number", "excel_number"),
            (3, "phone", "identity_phone"),
            (3, "subject", "missing_cell"),
            (3, "arrival_date", "excel_serial_date"),
            (3, "register", "unknown_value"),
            (4, "arrival_date", "invalid_date"),
            (5, "confirmed_date", "confirmation_missing"),
            (6, "phone", "contact_missing"),
            (7, "register_number", "missing_cell"),
            (7, "applicant_name", "control_character"),
            (7, "id_number", "identity_checksum"),
        ]
        .map(|(row, column, code)| (row, column.to_owned(), code.to_owned()))
        .to_vec();
        let report = dry(&api, &text).await;
        assert_eq!(faults(&report), expected);
        assert_eq!((&report["items"], &report["rows"]), (&json!([]), &json!(6)));
        let refused = real(&api, &text).await;
        assert_eq!(refused.verdict(), (422, "import_refused".to_owned()));
        let errors = refused.json()["errors"].as_array().unwrap().clone();
        assert_eq!(errors.len(), expected.len());
        assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!("#/rows/3/channel"), &json!("unknown_value")));
        for secret in ["220102199003071235", "13800000000", "王小明"] {
            assert!(!refused.text.contains(secret), "{secret}");
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn the_lifecycle_is_asked_before_anything_is_written(api: Api) {
        let before = api.traces();
        let text = format!(
            "{HEADING},受理单位\n1,当面书面,自然人,李四,,,13900000000,某事,2025-03-11,否,query_room\n\
             1,当面书面,自然人,李四,,,13900000000,某事,,否,没有的单位\n\
             3,当面书面,自然人,李四,,,13900000000,某事,,否,bureau\n\
             1,当面书面,自然人,李四,,,13900000000,某事,,否,户政窗口\n"
        );
        let found = faults(&dry(&api, &text).await);
        let found: Vec<(u64, &str, &str)> = found.iter().map(|(r, c, f)| (*r, c.as_str(), f.as_str())).collect();
        assert_eq!(found, [
            (2, "arrival_date", "date_in_future"),
            (3, "receiving_unit", "unknown_value"),
            (4, "receiving_unit", "unit_cannot_hold"),
            (5, "register_number", "duplicate_in_file"),
        ]);
        // A center takes in for itself alone.
        let foreign = send(&api, Who::OfficerB, "", "text/csv",
            format!("{HEADING},受理单位\n1,当面书面,自然人,李四,,,13900000000,某事,,否,center_a\n")).await.json();
        assert_eq!(faults(&foreign), [(2, "receiving_unit".to_owned(), "unit_unknown".to_owned())]);
        assert_eq!(api.traces(), before);
        assert_ne!(api.world.unit(Place::CenterA), api.world.unit(Place::CenterB));
    }
}

on_both! {
    async fn encodings_are_found_out_and_told_back(api: Api) {
        let text = good();
        let gb = GB18030.encode(&text).0.into_owned();
        let marked = format!("\u{FEFF}{}", good());
        for (bytes, kind, charset) in [
            (good().into_bytes(), "text/csv", "utf_8"),
            (marked.into_bytes(), "text/csv; charset=utf-8", "utf_8_bom"),
            (gb.clone(), "text/csv", "gb18030"),
            (gb.clone(), "text/csv; charset=GBK", "gb18030"),
        ] {
            let report = send(&api, Who::Clerk, "", kind, bytes).await.json();
            assert_eq!((&report["charset"], faults(&report)), (&json!(charset), vec![]));
        }
        let mut broken = good().into_bytes();
        let at = good().find("李四").unwrap();
        broken.remove(at);
        for (bytes, kind, code, row) in [
            (gb, "text/csv; charset=utf-8", "encoding_broken", 1),
            (broken, "text/csv", "encoding_broken", 3),
            (vec![0xFF, 0xFE, 0x7B, 0x76], "text/csv", "encoding_utf16", 0),
            (vec![0xFF; 40], "text/csv", "encoding_unknown", 0),
            (Vec::new(), "text/csv", "empty_file", 0),
        ] {
            let report = send(&api, Who::Clerk, "", kind, bytes).await.json();
            assert_eq!(faults(&report), [(row, "-".to_owned(), code.to_owned())]);
        }
    }
}

on_both! {
    async fn what_is_no_register_is_refused_and_never_a_fault_of_ours(api: Api) {
        let before = api.traces();
        for kind in ["application/json", "text/plain", "text/csv; charset=utf-16", ""] {
            let answer = send(&api, Who::Clerk, "", kind, good()).await;
            assert_eq!(answer.verdict(), (415, "unsupported_media_type".to_owned()), "{kind}");
        }
        let huge = vec![b'a'; 2 * 1024 * 1024 + 1];
        let answer = send(&api, Who::Clerk, "", "text/csv", huge).await;
        assert_eq!(answer.verdict(), (413, "payload_too_large".to_owned()));
        for query in ["?dry_run=maybe", "?source=A", "?mode=fast"] {
            let answer = send(&api, Who::Clerk, query, "text/csv", good()).await;
            assert_eq!(answer.verdict(), (400, "unknown_parameter".to_owned()), "{query}");
        }
        let field = "x".repeat(1_000_000);
        let name = sheet(&[&format!("1,当面书面,自然人,{field},,,13900000000,{field},,否")]);
        let wide = format!("{}\n", "登记号,".repeat(10_000));
        let many = sheet(&vec!["1,当面书面,自然人,李四,,,13900000000,某事,,否"; 2_001]);
        let rubbish: Vec<u8> = (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for bytes in [name.into_bytes(), wide.into_bytes(), many.into_bytes(), rubbish,
            b"\"".to_vec(), b"\0\0\0".to_vec(), sheet(&["\""]).into_bytes()] {
            let report = dry(&api, &bytes).await;
            assert!(!faults(&report).is_empty());
            let refused = real(&api, &bytes).await;
            assert_eq!(refused.verdict(), (422, "import_refused".to_owned()));
            assert!(refused.text.len() < 200_000);
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn faults_are_told_up_to_a_bound(api: Api) {
        let rows: Vec<String> = (0..600).map(|n| format!("{n},当面书面,自然人,李四,,,1,某事,,否")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let report = dry(&api, sheet(&rows)).await;
        assert_eq!((report["faults"].as_array().unwrap().len(), &report["more_faults"]), (500, &json!(true)));
    }
}

on_both! {
    async fn hundreds_of_rows_get_numbers_in_their_order(api: Api) {
        let rows: Vec<String> = (1..=120).map(|n| format!("{n},当面书面,自然人,李四,,,13900000000,第{n}号事项,,是")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let report = real(&api, sheet(&rows)).await.json();
        let numbers: Vec<String> = report["items"].as_array().unwrap().iter()
            .map(|row| row["receipt_number"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<String> = (1..=120).map(|n| format!("SJ2025-{n:06}")).collect();
        assert_eq!(numbers, expected);
        assert_eq!((&report["created"], &report["failed"]), (&json!(120), &json!(0)));
    }
}

on_both! {
    async fn the_template_has_every_column_and_reads_back(api: Api) {
        let template = api.get(Who::Clerk, "/api/v1/imports/template").await;
        assert_eq!(template.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(template.header("content-disposition"), Some("attachment; filename=\"register-template.csv\""));
        assert!(template.text.starts_with('\u{FEFF}'));
        let columns = template.text.trim_end().split(',').count();
        let report = dry(&api, &template.text).await;
        assert_eq!(faults(&report), [(0, "-".to_owned(), "empty_file".to_owned())]);
        assert_eq!(columns, 24);
    }
}

on_both! {
    async fn a_repetition_in_the_register_is_pointed_out(api: Api) {
        let case = api.registered().await;
        let report = dry(&api, good()).await;
        assert_eq!(report["items"][0]["repeated"], json!([case["links"]["self"]]));
        assert_eq!(report["items"][1]["repeated"], json!([]));
    }
}
