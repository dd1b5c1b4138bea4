//! The examples of the contract are requests that were sent and answers that came back. Here every
//! one of them is sent again, on both databases: the answer must be the one that the contract
//! shows, of the status that it names, and fit its schema. `scripts/record-examples` writes them
//! anew (data/examples.json).

use std::collections::BTreeMap;

use gongkai::http::examples::{self, Example};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::samples::{self, Operation, operations};
use crate::support::client::{Answer, Api};
use crate::support::databases::{Backend, Fresh as _};
use crate::support::on_both;
use crate::support::world::Place;

/// Answers that are not shown: the contract is no example of itself.
const NOT_SHOWN: [&str; 2] = ["getContractJson", "getContractYaml"];

/// Entries of a list that an example shows.
const SHOWN: usize = 2;

/// The headers of an answer that are shown, where the contract names them. Others say how busy the
/// server is, or carry a signature.
const HEADERS: [&str; 5] =
    ["cache-control", "content-language", "etag", "idempotency-replayed", "location"];

/// Secrets in an address: what stands after these, up to the next part.
const IN_ADDRESSES: [&str; 2] = ["cursor=", "token="];

/// Replaces what is new in every run by what is the same in every run.
struct Scrubber {
    known: BTreeMap<String, String>,
}

impl Scrubber {
    /// One that knows the units by name, so that they look the same in every example.
    fn of(api: &Api) -> Self {
        let mut scrubber = Self { known: BTreeMap::new() };
        for place in Place::ALL {
            scrubber.id(&api.world.unit(place).0.to_string());
        }
        scrubber
    }

    fn stand_in(&mut self, real: &str, make: impl FnOnce(usize) -> String) -> String {
        if let Some(known) = self.known.get(real) {
            return known.clone();
        }
        let fresh = make(self.known.len() + 1);
        self.known.insert(real.to_owned(), fresh.clone());
        fresh
    }

    fn id(&mut self, real: &str) -> String {
        self.stand_in(real, |count| format!("01957dd9-a700-7000-8000-{count:012}"))
    }

    /// A text in which every id, number and secret is replaced.
    fn text(&mut self, text: &str) -> String {
        let mut clean = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let taken = rest.get(..36).filter(|id| is_id(id)).map(ToOwned::to_owned);
            if let Some(id) = taken {
                clean.push_str(&self.id(&id));
                rest = &rest[36..];
            } else {
                clean.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        for secret in IN_ADDRESSES {
            if let Some((before, after)) = clean.split_once(secret) {
                let end = after.find(['&', '#', '"', '>', ' ']).unwrap_or(after.len());
                clean = format!("{before}{secret}c2lnbmVk{}", &after[end..]);
            }
        }
        clean
    }

    /// A value of a member that is new in every run.
    fn member(&mut self, name: &str, value: &str) -> Option<String> {
        Some(match name {
            "access_token" | "refresh_token" | "token" => {
                "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl".to_owned()
            }
            "password" | "current_password" => "a sentence that only I know".to_owned(),
            // The address in which the secret of a link stands last.
            "url" => {
                let (page, _) = value.rsplit_once('/').expect("an address");
                format!("{page}/c2VjcmV0LW9mLXRoZS1saW5r")
            }
            "link" => "c2VjcmV0LW9mLXRoZS1saW5r".to_owned(),
            "query_code" => "3KQD-8W2P-0RXV-5TZN".to_owned(),
            "next_cursor" | "prev_cursor" => "c2lnbmVkLWN1cnNvcg".to_owned(),
            "hash" | "prev_hash" | "content_hash" | "query_code_digest" => {
                self.stand_in(value, |count| format!("{count:064x}"))
            }
            "receipt_number" => {
                self.numbered(value, "SJ2025-", |count| format!("SJ2025-{count:06}"))
            }
            "case_number" => self.numbered(value, "长公公开〔2025〕", |count| {
                format!("长公公开〔2025〕{count}号")
            }),
            // The number of a letter: counted within its series.
            "number" if value.contains("〔2025〕") => {
                let (series, _) = value.split_once("〔2025〕").expect("a series");
                let series = format!("{series}〔2025〕");
                self.numbered(value, &series, |count| format!("{series}{count}号"))
            }
            _ => return None,
        })
    }

    /// A running number, counted from 1 within one example.
    fn numbered(&mut self, value: &str, series: &str, make: impl Fn(usize) -> String) -> String {
        let before = self.known.keys().filter(|known| known.starts_with(series)).count();
        self.stand_in(value, |_| make(before + 1))
    }

    fn value(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                json!(self.member(name, text).unwrap_or_else(|| self.text(text)))
            }
            Value::Number(_) if name == "seq" => {
                let seq = self.numbered(&format!("seq {value}"), "seq ", |count| count.to_string());
                json!(seq.parse::<i64>().expect("a count"))
            }
            // A schema inside an answer is shown whole.
            Value::Object(_) if name == "schema" => value.clone(),
            Value::Object(members) => {
                let scrub =
                    |(name, value): (&String, &Value)| (name.clone(), self.value(name, value));
                Value::Object(members.iter().map(scrub).collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                items.iter().take(SHOWN).map(|item| self.value(name, item)).collect()
            }
            other => other.clone(),
        }
    }
}

/// Is this the text of an id?
fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            14 => matches!(c, '4' | '7' | '8'),
            _ => c.is_ascii_digit() || ('a'..='f').contains(&c),
        })
}

/// The example that a request and its answer make.
fn recorded(api: &Api, operation: &Operation, call: &samples::Call, answer: &Answer) -> Example {
    let sample = samples::of(&operation.id);
    let mut scrubber = Scrubber::of(api);
    let given = call.path.iter().chain(&call.query).chain(&call.headers);
    let parameters =
        given.map(|(name, value)| ((*name).to_owned(), scrubber.text(value))).collect();
    let (_, success) = operation.success();
    let named = success["headers"].as_object().cloned().unwrap_or_default();
    let headers = named
        .keys()
        .filter(|name| HEADERS.contains(&name.to_lowercase().as_str()))
        .filter_map(|name| Some((name.clone(), scrubber.text(answer.header(&name.to_lowercase())?))))
        // A digest changes with a text that is not shown as it is; a version is shown.
        .filter(|(name, tag)| name != "ETag" || tag.len() < 8)
        .collect();
    let json =
        answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let shown = json && !NOT_SHOWN.contains(&operation.id.as_str());
    Example {
        role: sample.by.map(|who| who.role().to_string()),
        parameters,
        body: call.body.as_ref().map(|body| scrubber.value("", body)),
        status: answer.status.as_u16(),
        headers,
        answer: shown.then(|| scrubber.value("", &answer.json())),
    }
}

/// A validator of a schema of the contract.
fn validator(schema: &Value, contract: &Value) -> Validator {
    let mut root = schema.clone();
    root["components"] = contract["components"].clone();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap_or_else(|error| panic!("not a schema: {error}"))
}

fn assert_fits(what: &str, value: &Value, schema: &Value, contract: &Value) {
    let faults: Vec<String> = validator(schema, contract)
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {}\n{value:#}", faults.join("\n"));
}

/// Sends the sample of every operation and checks the answer against the contract.
async fn answers(api: &Api) -> BTreeMap<String, Example> {
    let contract = samples::contract();
    let operations = operations();
    let mut examples = BTreeMap::new();
    for sample in samples::all() {
        let operation = operations
            .get(sample.id)
            .unwrap_or_else(|| panic!("a sample for {}, which is no operation", sample.id));
        let call = (sample.make)(api).await;
        let answer = operation.send(api, sample.by, &call).await;
        let (status, success) = operation.success();
        assert_eq!(answer.status.as_u16(), status, "{}: {}", sample.id, answer.text);
        for (media_type, content) in success["content"].as_object().into_iter().flatten() {
            let real = answer.header("content-type").expect("a content type");
            assert!(real.starts_with(media_type.as_str()), "{}: {real}", sample.id);
            if media_type == "application/json" {
                assert_fits(sample.id, &answer.json(), &content["schema"], &contract);
            }
        }
        if let Some(body) = &call.body {
            let schema = &operation.described["requestBody"]["content"];
            let (_, content) =
                schema.as_object().and_then(|kinds| kinds.iter().next()).expect("a body");
            assert_fits(sample.id, body, &content["schema"], &contract);
        }
        let example = recorded(api, operation, &call, &answer);
        assert!(examples.insert(sample.id.to_owned(), example).is_none(), "{} twice", sample.id);
    }
    for id in operations.keys() {
        assert!(
            examples.contains_key(id),
            "no sample for operation {id}: add one in tests/api/http/samples"
        );
    }
    examples
}

on_both! {
    async fn every_example_is_what_the_server_answers(api: Api) {
        for (id, example) in answers(&api).await {
            let shown = examples::all().get(&id).unwrap_or_else(|| {
                panic!("{id} has no example: run scripts/record-examples")
            });
            let text = |example| serde_json::to_string_pretty(example).expect("JSON");
            let (shown, real) = (text(shown), text(&example));
            let differs = shown.lines().zip(real.lines()).find(|(shown, real)| shown != real);
            assert!(shown == real, "{id}: the example is stale: run scripts/record-examples: {differs:?}");
        }
        assert_eq!(examples::all().len(), operations().len(), "an example of no operation");
    }
}

#[test]
fn every_example_of_the_contract_fits_its_schema() {
    let contract = samples::contract();
    let mut seen = 0;
    for (id, operation) in operations() {
        let mut check = |what: &str, content: &Value| {
            assert!(!content["example"].is_null(), "{id}: no example of its {what}");
            assert_fits(
                &format!("{id}, {what}"),
                &content["example"],
                &content["schema"],
                &contract,
            );
            seen += 1;
        };
        if let Some(kinds) = operation.described["requestBody"]["content"].as_object() {
            kinds.values().for_each(|content| check("body", content));
        }
        let (_, success) = operation.success();
        if let Some(content) = success["content"].get("application/json")
            && !NOT_SHOWN.contains(&id.as_str())
        {
            check("answer", content);
        }
        for (status, answer) in operation.described["responses"].as_object().expect("responses") {
            let content = &answer["content"]["application/problem+json"];
            if !content.is_null() {
                check(status, content);
                assert_eq!(content["example"]["status"].to_string(), *status, "{id}");
            }
        }
        for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
            let needed = parameter["required"] == true;
            assert!(
                !needed || !parameter["example"].is_null(),
                "{id}: no example of {}",
                parameter["name"]
            );
            if !parameter["example"].is_null() {
                assert_fits(&id, &parameter["example"], &parameter["schema"], &contract);
            }
        }
    }
    assert!(seen > 200, "only {seen} examples");
}

/// Writes data/examples.json; see scripts/record-examples.
#[test]
#[ignore = "writes a file of the repository: scripts/record-examples"]
fn record() {
    crate::support::run(async {
        let api = Api::fresh(Backend::Sqlite).await;
        let examples = answers(&api).await;
        let text = serde_json::to_string_pretty(&examples).expect("JSON");
        let path = format!("{}/data/examples.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, format!("{text}\n")).expect("a writable file");
    });
}
