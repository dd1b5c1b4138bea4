//! `gongkai deadline`: the worked examples and the behaviour on bad input.

use std::path::PathBuf;

use gongkai::cli::deadline::{DeadlineArgs, run};
use serde_json::{Value, json};

fn run_on(file: PathBuf) -> (u8, Value, String) {
    let args = DeadlineArgs { file, check: true, as_of: None };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(&args, &mut out, &mut err);
    let out = serde_json::from_slice(&out).unwrap_or_default();
    (code, out, String::from_utf8(err).unwrap())
}

fn run_text(name: &str, text: &str) -> (u8, Value, String) {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    run_on(file)
}

#[test]
fn all_worked_examples_hold() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let (code, out, err) = run_on(root.join("data/deadline_examples.json"));
    assert_eq!((code, err.as_str()), (0, "33 cases checked, 0 differ\n"));
    assert_eq!(out["cases"].as_array().unwrap().len(), 33);
    assert_eq!(out["cases"][0]["id"], "C01");
    assert_eq!(out["cases"][0]["result"]["due"], "2011-03-22");
}

/// Cases without a result, and the code each carries.
fn bad_cases() -> Vec<(Value, &'static str)> {
    let receipt = json!({"channel": "in_person", "submitted_at": "2024-03-01"});
    let with = |event: Value| json!({"kind": "application", "receipt": receipt, "events": [event]});
    let received = |date: Value| json!({"kind": "application", "receipt": {"channel": "in_person", "submitted_at": date}});
    let answered =
        |answer: Value| json!({"kind": "application", "receipt": receipt, "answer": answer});
    vec![
        (json!(7), "malformed_case"),
        (json!({"kind": "wish"}), "unknown_kind"),
        (json!({}), "unknown_kind"),
        (json!({"kind": "application"}), "missing_fact"),
        (json!({"kind": "application", "receipt": 1}), "malformed_case"),
        (json!({"kind": "application", "receipt": {"channel": "owl"}}), "unknown_channel"),
        (received(Value::Null), "missing_fact"),
        (received(json!("2024-02-30")), "invalid_date"),
        (received(json!("2024-3-1")), "invalid_date"),
        (received(json!("2024-03-01T10:00:00")), "invalid_date"),
        (received(json!(20_240_301)), "invalid_date"),
        (received(json!("2008-04-30")), "before_2008"),
        (with(json!({"type": "holiday"})), "unknown_event"),
        (
            with(
                json!({"type": "extension", "days": -1, "decided": "2024-03-04", "notified": "2024-03-04"}),
            ),
            "malformed_case",
        ),
        (with(json!({"type": "extension", "days": 5, "decided": "2024-03-04"})), "missing_fact"),
        (with(json!({"type": "supplement_notice", "date": "2024-03-04"})), "missing_fact"),
        (with(json!({"type": "fee_notice", "date": "2024-03-04"})), "missing_fact"),
        (
            with(json!({"type": "consultation", "who": "agency", "sent": "2024-03-04"})),
            "missing_fact",
        ),
        (answered(json!({"via": "hand", "posted": "2024-03-04"})), "missing_fact"),
        (json!({"kind": "proactive"}), "missing_fact"),
        (json!({"kind": "proactive", "formed_at": "2006-01-01"}), "calendar_not_configured"),
        (json!({"kind": "remedy", "served_at": "2024-01-01"}), "missing_fact"),
        (json!({"kind": "remedy", "served_at": "2024-01-01", "refusal": "no"}), "malformed_case"),
    ]
}

#[test]
fn a_bad_case_carries_its_code_and_the_others_their_result() {
    let receipt = json!({"channel": "in_person", "submitted_at": "2024-03-01"});
    let table = bad_cases();
    let mut cases: Vec<Value> = table.iter().map(|(case, _)| case.clone()).collect();
    cases.push(json!({"id": 9, "kind": "application", "receipt": receipt, "events": null}));
    let text = json!({"cases": cases}).to_string();
    let (code, out, err) = run_text("bad_cases.json", &text);
    assert_eq!(code, 0);
    let got = out["cases"].as_array().unwrap();
    for ((case, expected), got) in table.iter().zip(got) {
        assert_eq!(*got, json!({"id": null, "error": {"code": expected}}), "{case}");
    }
    let last = got.last().unwrap();
    assert_eq!((&last["id"], &last["result"]["due"]), (&json!(9), &json!("2024-03-29")));
    assert!(err.ends_with("0 cases checked, 0 differ\n"));
}

#[test]
fn check_lists_every_difference() {
    let text = json!({"cases": [
        {"id": "A", "kind": "remedy", "served_at": "2011-03-22", "refusal": true,
         "expected": {"reconsideration_due": "2011-05-21", "litigation_due": "2011-06-22", "more": 1}},
        {"id": "B", "kind": "application", "receipt": {"channel": "in_person"},
         "expected": {"error": {"code": "missing_fact"}}}]});
    let (code, _, err) = run_text("differs.json", &text.to_string());
    assert_eq!(code, 1);
    let expected = "B: the fact 'submitted_at' is missing
A: more: expected 1, got nothing
A: reconsideration_due: expected \"2011-05-21\", got \"2011-05-23\"
A: reconsideration_first: expected nothing, got false
2 cases checked, 1 differ
";
    assert_eq!(err, expected);
}

#[test]
fn an_unusable_file_is_one_sentence_and_2() {
    for (name, text, reason) in [
        ("not_json.json", "{", "the file is not JSON"),
        ("list.json", "[]", "the file is not an object with a list 'cases'"),
        ("no_cases.json", "{}", "the file has no list 'cases'"),
        ("cases.json", r#"{"cases": {}}"#, "'cases' is not a list"),
    ] {
        let (code, out, err) = run_text(name, text);
        assert_eq!((code, out), (2, Value::Null));
        assert!(err.contains(reason) && err.lines().count() == 1, "{err}");
    }
    let (code, _, err) = run_on(PathBuf::from("no such file"));
    assert!(code == 2 && err.contains("cannot read the file"), "{err}");
}
