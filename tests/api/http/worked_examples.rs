//! The worked examples of data/deadline_examples.json, each entered as a case by the people who would
//! enter it, on the days on which they would. What there is no action for is asked as a supposition.
//! The explanation must be what the example says: day by day.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::support::client::{Api, application};
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};

fn examples() -> Vec<Value> {
    let text = include_str!("../../../data/deadline_examples.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    cases.filter(|case| case["kind"] == "application").cloned().collect()
}

/// The instant of a day at noon, or the one that is written.
fn moment(text: &Value) -> DateTime<Utc> {
    let text = text.as_str().unwrap();
    if text.len() == 10 { instant(&format!("{text}T12:00:00+08:00")) } else { instant(text) }
}

/// What of a receipt is told when it is recorded, and by which channel.
fn arrival(receipt: &Value) -> (&'static str, Value, DateTime<Utc>) {
    let channel = match receipt["channel"].as_str().unwrap() {
        "in_person" => "in_person",
        "post_signed" => "registered_mail",
        "post_ordinary" => "ordinary_mail",
        "online" => "online",
        other => panic!("no example comes by {other}"),
    };
    let mut facts = receipt.as_object().unwrap().clone();
    facts.remove("channel");
    let last = facts.values().map(moment).max().unwrap();
    (channel, Value::Object(facts), last)
}

struct Entered {
    case: Value,
    /// What was refused, because the law gives it no effect.
    refused: Vec<String>,
    /// What is only supposed.
    supposed: Value,
}

async fn enter(api: &Api, example: &Value) -> Entered {
    let (channel, facts, at) = arrival(&example["receipt"]);
    api.world.clock.set(at);
    let mut body = application();
    body["channel"] = json!(channel);
    body["arrival"] = facts;
    body["register"] = json!(true);
    let answer = api.post(Who::Clerk, "/api/v1/cases", &body).await;
    assert_eq!(answer.status, 201, "{}: {}", example["id"], answer.text);
    let case = answer.json();
    let to = json!({ "unit_id": api.world.unit(Place::CenterA).0 });
    let case = api.done(Who::Clerk, &case, "assign", &to).await;
    let mut entered = Entered { case, refused: Vec::new(), supposed: json!({}) };
    for event in example["events"].as_array().into_iter().flatten() {
        match event["type"].as_str().unwrap() {
            "supplement_notice" => supplement(api, &mut entered, event).await,
            "extension" if entered.supposed == json!({}) => extend(api, &mut entered, event).await,
            // What comes behind something supposed is supposed, too.
            _ => suppose(api, &mut entered, event),
        }
    }
    if example["answer"].is_object() {
        serve_answer(api, &mut entered, &example["answer"]).await;
    }
    entered
}

async fn supplement(api: &Api, entered: &mut Entered, event: &Value) {
    api.world.clock.set(moment(&event["date"]));
    let ask = json!({
        "items": "不明确", "guidance": "请写明", "deadline_date": event["deadline"],
        "service": { "manner": "handed_over", "signed_at": event["date"] },
    });
    entered.case = api.done(Who::Clerk, &entered.case, "request-supplement", &ask).await;
    if event["supplemented"].is_null() {
        // The day after the last; nothing has come.
        let last: NaiveDate = event["deadline"].as_str().unwrap().parse().unwrap();
        api.world.clock.set(moment(&json!(last + Days::new(1))));
        return;
    }
    let (channel, facts, at) = arrival(&event["supplemented"]);
    api.world.clock.set(at);
    let body = json!({ "channel": channel, "arrival": facts, "content": "补正" });
    entered.case = api.done(Who::Clerk, &entered.case, "supplement", &body).await;
}

async fn extend(api: &Api, entered: &mut Entered, event: &Value) {
    api.world.clock.set(moment(&event["decided"]));
    let ask = json!({ "days": event["days"], "reason": "检索量大" });
    let asked = api.act(Who::OfficerA, &entered.case, "request-extension", &ask).await;
    if asked.status != 200 {
        entered.refused.push(asked.code());
        return;
    }
    let granted = json!({ "verdict": "granted" });
    let case = api.done(Who::Supervisor, &asked.json(), "decide-extension", &granted).await;
    api.world.clock.set(moment(&event["notified"]));
    let told = json!({ "letter": "extension_notice", "service": { "manner": "handed_over", "signed_at": event["notified"] } });
    entered.case = api.done(Who::OfficerA, &case, "serve", &told).await;
}

fn suppose(api: &Api, entered: &mut Entered, event: &Value) {
    let add = |supposed: &mut Value, list: &str, one: Value| {
        if supposed[list].is_null() {
            supposed[list] = json!([]);
        }
        supposed[list].as_array_mut().unwrap().push(one);
    };
    let first = entered.supposed == json!({});
    let begun = match event["type"].as_str().unwrap() {
        "consultation" => {
            let one = json!({
                "who": event["who"], "sent_date": event["sent"],
                "letter_received_date": event["letter_received"], "opinion_date": event["opinion_received"],
            });
            add(&mut entered.supposed, "consultations", one);
            &event["sent"]
        }
        "extension" => {
            let one = json!({ "days": event["days"], "decided_date": event["decided"], "notified_date": event["notified"] });
            add(&mut entered.supposed, "extensions", one);
            &event["decided"]
        }
        "fee_notice" => {
            entered.supposed["fee_notice"] = json!({
                "notice_date": event["date"], "received_date": event["received"], "paid_date": event["paid"],
            });
            &event["date"]
        }
        other => panic!("no example has a {other}"),
    };
    if first {
        api.world.clock.set(moment(begun));
    }
}

async fn serve_answer(api: &Api, entered: &mut Entered, answer: &Value) {
    let (manner, fact, day) = match answer["via"].as_str().unwrap() {
        "post" => ("posted", "posted_at", &answer["posted"]),
        "online" => ("sent", "sent_at", &answer["sent"]),
        other => panic!("no example is answered by {other}"),
    };
    api.world.clock.set(moment(day));
    let draft =
        json!({ "decision": "disclose", "provided": "一份", "how_to_obtain": "到查询室领取" });
    let case = api.done(Who::OfficerA, &entered.case, "draft-answer", &draft).await;
    let case = api.reviewed(&case).await;
    let issue = json!({ "service": { "manner": manner, fact: day } });
    entered.case = api.done(Who::Clerk, &case, "answer", &issue).await;
}

/// The days of a kind in an explanation.
fn days(explained: &Value, kind: &str) -> Vec<Value> {
    let days = explained["days"].as_array().unwrap().iter();
    days.filter(|day| day["kind"] == kind).map(|day| day["date"].clone()).collect()
}

fn compare(id: &str, explained: &Value, expected: &Value, refused: &[String]) {
    let version = explained["rule_set"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(version, expected["version"].as_i64().unwrap(), "{id}");
    assert_eq!(explained["receipt_date"], expected["receipt_date"], "{id}");
    assert_eq!(
        explained["supplement_notice_due_date"], expected["supplement_notice_due"],
        "{id}: last day for a supplement notice"
    );
    assert_eq!(explained["fee_due_date"], expected["fee_due"], "{id}: last day to pay");
    assert_eq!(explained["summary"]["due_date"], expected["due"], "{id}: due date");
    let opinions = expected["opinion_due"].as_array().cloned().unwrap_or_default();
    assert_eq!(explained["opinion_due_dates"], json!(opinions), "{id}: opinions");
    if let Some(restart) = expected["clock_restarted_from"].as_str() {
        assert_eq!(explained["summary"]["start_date"], restart, "{id}: restart");
    }
    // What the engine flags as without effect, an action refuses beforehand.
    let mut flags = expected["flags"].as_array().cloned().unwrap();
    flags.retain(|flag| !refused.iter().any(|code| *flag == *code));
    assert_eq!(explained["flags"], json!(flags), "{id}: flags");
    if expected["due"].is_string() {
        assert_eq!(json!(days(explained, "counted")), expected["counted"], "{id}: counted");
        let from = explained["summary"]["start_date"].as_str().unwrap();
        let mut excluded = days(explained, "excluded");
        excluded.retain(|day| day.as_str().unwrap() > from);
        assert_eq!(json!(excluded), expected["excluded"], "{id}: excluded");
    }
    if expected["answer_date"].is_string() {
        let answer = &explained["answer"];
        assert_eq!(answer["answer_date"], expected["answer_date"], "{id}");
        assert_eq!(answer["on_time"], expected["on_time"], "{id}");
    }
    match expected["status"].as_str() {
        // The period to pay has not ended on the day on which it is supposed.
        Some("abandoned_unpaid") => {
            assert_eq!(explained["waits_until_date"], expected["fee_due"], "{id}");
        }
        Some(_) => assert_eq!(explained["abandoned_date"], expected["abandoned_from"], "{id}"),
        None => assert_eq!(explained["abandoned_date"], Value::Null, "{id}"),
    }
}

on_both! {
    async fn every_example_comes_out_as_it_is_worked(api: Api) {
        let (mut entered, mut supposed, mut refused) = (0, 0, 0);
        for example in examples() {
            let id = example["id"].as_str().unwrap();
            let found = enter(&api, &example).await;
            let path = format!("{}/deadline", found.case["links"]["self"].as_str().unwrap());
            let explained = if found.supposed == json!({}) {
                entered += 1;
                api.get(Who::Supervisor, &path).await
            } else {
                supposed += 1;
                api.post(Who::Supervisor, &format!("{path}/what-if"), &found.supposed).await
            };
            assert_eq!(explained.status, 200, "{id}: {}", explained.text);
            let explained = explained.json();
            let explained = if explained["then"].is_object() { &explained["then"] } else { &explained };
            compare(id, explained, &example["expected"], &found.refused);
            // The column that lists and figures read is the same date.
            if found.supposed == json!({}) && example["expected"]["status"].is_null() {
                assert_eq!(found.case["clock"]["due_date"], example["expected"]["due"], "{id}");
            }
            refused += found.refused.len();
        }
        assert_eq!((entered, supposed, refused), (22, 8, 2));
    }
}
