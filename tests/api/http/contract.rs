//! openapi.yaml is what the server serves, and the generated files are fresh.

use std::collections::{BTreeMap, BTreeSet};

use gongkai::config;
use gongkai::http::{openapi, problem, routes};

fn file(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn openapi_yaml_is_fresh() {
    let fresh = openapi::yaml();
    assert!(file("openapi.yaml").trim_end() == fresh.trim_end(), "stale: run scripts/generate");
}

#[test]
fn env_example_is_fresh() {
    let fresh = config::env_example();
    assert!(file(".env.example").trim_end() == fresh.trim_end(), "stale: run scripts/generate");
}

#[test]
fn the_compose_file_takes_every_secret_from_env_and_defaults_none() {
    let (compose, known) = (file("docker-compose.yml"), config::env_example());
    let variables: Vec<&str> =
        compose.split("${").skip(1).map(|rest| rest.split('}').next().expect("an end")).collect();
    assert!(variables.len() > 5, "{variables:?}");
    for variable in &variables {
        let name = variable.split(':').next().expect("a name");
        assert!(known.contains(&format!("{name}=")), "{name} is not in .env.example");
        // Not every office has a bucket.
        let secret = (name.ends_with("_KEY") && !name.starts_with("GONGKAI_FILES_"))
            || name.ends_with("PASSWORD");
        // `:?` stops with a message when it is missing or empty; `:-` would have a default.
        let form = if secret { ":?" } else { ":-" };
        assert!(variable[name.len()..].starts_with(form), "{variable}");
    }
    // Every setting can be set there, but for those that make no sense in a container.
    for setting in config::settings() {
        let foreign = matches!(setting.name, "GONGKAI_METRICS_LISTEN" | "GONGKAI_CONFIG");
        let there = compose.contains(&format!("  {}: ", setting.name));
        assert!(there || foreign, "{} is not in docker-compose.yml", setting.name);
    }
    for setting in config::settings().filter(|s| s.secrecy == config::Secrecy::Secret) {
        for line in compose.lines().filter(|line| line.trim_start().starts_with(setting.name)) {
            assert!(line.contains("${"), "a secret in {line}");
        }
    }
}

#[test]
fn every_route_is_in_the_contract_and_nothing_else() {
    let served: BTreeSet<(String, String)> = routes()
        .iter()
        .map(|entry| (entry.method.to_string().to_lowercase(), entry.path.to_owned()))
        .collect();
    let document: serde_json::Value =
        serde_json::from_str(&openapi::document().to_json().expect("JSON")).expect("JSON");
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("a path item").keys() {
            documented.insert((method.clone(), path.clone()));
        }
    }
    assert_eq!(served, documented);
    assert_eq!(served.len(), routes().len(), "an operation is registered twice");
}

#[test]
fn every_operation_is_described_and_named_once() {
    let mut ids = BTreeMap::new();
    for entry in routes() {
        assert!(!entry.summary.is_empty() && !entry.tag.is_empty(), "{}", entry.id);
        if let Some(other) = ids.insert(entry.id, entry.path) {
            panic!("{} is the name of {other} and {}", entry.id, entry.path);
        }
    }
}

#[test]
fn every_reference_of_the_contract_leads_somewhere() {
    let text = openapi::document().to_json().expect("JSON");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let known = document["components"]["schemas"].as_object().expect("schemas");
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(known.contains_key(name), "no schema {name}");
    }
}

#[test]
fn every_error_code_is_unique_documented_and_has_both_languages() {
    let contract = openapi::yaml();
    let mut seen = BTreeSet::new();
    for (code, status, zh, en) in problem::catalogue() {
        assert!(seen.insert(code), "{code} twice");
        assert!(contract.contains(&format!("`{code}`")), "{code} is not documented");
        assert!((400..600).contains(&status) && !zh.is_empty() && !en.is_empty(), "{code}");
        assert!(!zh.is_ascii(), "{code}: {zh}");
        assert!(en.is_ascii(), "{code}: {en}");
    }
}
