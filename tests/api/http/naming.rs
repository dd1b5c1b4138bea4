//! The names of the contract follow docs/api-style.md. Each rule is a function over all schemas or
//! paths; what is let off stands in a list with its reason.

use std::collections::BTreeSet;

use gongkai::domain::lifecycle::Action;
use gongkai::domain::text_enum::TextEnum as _;
use gongkai::http::openapi;
use serde_json::Value;

/// Verbs that are no actions of the lifecycle.
const VERBS: [&str; 8] = [
    // A search by personal data is posted: an address would be logged on its way.
    "search", "earlier",
    // Tokens and the one set-up have no address to be read at afterwards.
    "refresh", "set-up",
    // A unit is never deleted, for cases name it: its cases and people move on.
    "close",
    // A version of a calendar year is put in force, or given up; nothing is supposed of a case for good.
    "apply", "discard", "what-if",
];

/// Segments in the singular.
const SINGULAR: [&str; 20] = [
    // A letter has one page and one file of each form, a case one answer.
    "html",
    "pdf",
    "docx",
    "answer",
    // Which one, stands in the body.
    "file",
    // A letter has one seal.
    "seal",
    // The caller himself, his password and the session in which he asks.
    "me",
    "password",
    "current",
    // A case has one clock and one receipt, a bureau one rate and one overview.
    "deadline",
    "receipt",
    "reply-rate",
    "overview",
    // A bureau has one calendar, and its cases are recalculated once by each version.
    "calendar",
    "recalculation",
    // A file has one content.
    "content",
    // A case is taken out whole.
    "export",
    // A register has one form.
    "template",
    // What stands behind it is open to everybody; and where one case stands.
    "public",
    "status",
];

/// Days whose names do not end in `_date`: the period of a rate, and the day that an answer is all
/// about.
const DAYS: [&str; 4] = ["from", "to", "as_of", "date"];

/// Lists whose name is a word for many, or says what the list is to its owner.
const COLLECTIVES: [&str; 2] = ["search_log", "recognised_by"];

fn document() -> Value {
    serde_json::from_str(&openapi::document().to_json().expect("JSON")).expect("JSON")
}

/// A member of a schema, or a parameter.
struct Member {
    /// Where it stands.
    place: String,
    name: String,
    schema: Value,
}

impl Member {
    fn kinds(&self) -> BTreeSet<String> {
        match &self.schema["type"] {
            Value::String(kind) => BTreeSet::from([kind.clone()]),
            Value::Array(kinds) => {
                kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.kinds().contains(kind)
    }

    fn format(&self) -> &str {
        self.schema["format"].as_str().unwrap_or_default()
    }

    /// A day or an instant, as the law takes both for facts of arrival and service.
    fn is_moment(&self) -> bool {
        let direct = [&self.schema];
        let choices = self.schema["oneOf"].as_array().into_iter().flatten();
        choices.chain(direct).any(|schema| schema["$ref"] == "#/components/schemas/Moment")
    }
}

fn members_of(schema: &Value, place: &str, found: &mut Vec<Member>) {
    match schema {
        Value::Object(parts) => {
            for (name, member) in
                parts.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let place = format!("{place}.{name}");
                found.push(Member { place, name: name.clone(), schema: member.clone() });
            }
            for (key, part) in parts.iter().filter(|(key, _)| *key != "example") {
                let place = if ["properties", "items"].contains(&key.as_str()) {
                    place.to_owned()
                } else {
                    format!("{place}/{key}")
                };
                members_of(part, &place, found);
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| members_of(part, place, found)),
        _ => {}
    }
}

/// Every member of every schema.
fn members(document: &Value) -> Vec<Member> {
    let mut found = Vec::new();
    members_of(&document["components"]["schemas"], "", &mut found);
    assert!(found.len() > 150, "only {} members", found.len());
    found
}

/// Every parameter of every operation; ranges under the name that they are about.
fn parameters(document: &Value) -> Vec<Member> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for operation in item.as_object().expect("an item").values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().expect("a name");
                let place = format!("{path}?{name}");
                let query = parameter["in"] != "header";
                let base = name.split('[').next().filter(|_| query).unwrap_or("header");
                let schema = parameter["schema"].clone();
                found.push(Member { place, name: base.to_owned(), schema });
            }
        }
    }
    assert!(found.len() > 50, "only {} parameters", found.len());
    found
}

fn is_snake(name: &str) -> bool {
    name.split('_').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    }) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Fails with every member that breaks a rule.
fn all(members: &[Member], rule: &str, keeps: impl Fn(&Member) -> bool) {
    let broken: Vec<&str> =
        members.iter().filter(|m| !keeps(m)).map(|m| m.place.as_str()).collect();
    assert!(broken.is_empty(), "{rule}: {broken:#?}");
}

#[test]
fn members_and_parameters_are_named_by_the_rules() {
    let document = document();
    let mut both = members(&document);
    all(&both, "a list has a plural name", |m| {
        !m.is("array") || m.name.ends_with('s') || COLLECTIVES.contains(&m.name.as_str())
    });
    both.extend(parameters(&document));
    // The draft of the RateLimit fields names this member of its problem type.
    all(&both, "snake_case", |m| is_snake(&m.name) || m.name == "violated-policies");
    all(&both, "a day ends in _date", |m| {
        m.format() != "date" || m.name.ends_with("_date") || DAYS.contains(&m.name.as_str())
    });
    all(&both, "what ends in _date is a day", |m| {
        !m.name.ends_with("_date") || m.format() == "date"
    });
    all(&both, "an instant ends in _at", |m| m.format() != "date-time" || m.name.ends_with("_at"));
    all(&both, "what ends in _at is an instant", |m| {
        !m.name.ends_with("_at") || m.format() == "date-time" || m.is_moment()
    });
}

#[test]
fn yes_or_no_and_lists_are_never_null_and_no_parameter_is() {
    let document = document();
    all(&members(&document), "never null", |m| {
        !(m.is("null") && (m.is("boolean") || m.is("array")))
    });
    all(&parameters(&document), "left out, not null", |m| {
        !m.is("null")
            && !m.schema["oneOf"].as_array().into_iter().flatten().any(|one| one["type"] == "null")
    });
}

#[test]
fn integers_are_exact_in_every_language() {
    let document = document();
    let mut both = members(&document);
    both.extend(parameters(&document));
    all(&both, "below 2^53", |m| {
        let most = m.schema["maximum"].as_i64();
        !m.is("integer") || m.format() == "int32" || most.is_some_and(|most| most < 1 << 53)
    });
}

#[test]
fn every_enumeration_is_in_snake_case() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(parts) => {
                for (key, part) in parts {
                    if key == "enum" {
                        found.extend(
                            part.as_array()
                                .into_iter()
                                .flatten()
                                .filter_map(Value::as_str)
                                .map(str::to_owned),
                        );
                    }
                    walk(part, found);
                }
            }
            Value::Array(parts) => parts.iter().for_each(|part| walk(part, found)),
            _ => {}
        }
    }
    let mut values = Vec::new();
    walk(&document(), &mut values);
    assert!(values.len() > 80, "only {} values", values.len());
    let broken: Vec<_> = values.iter().filter(|value| !is_snake(value)).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

/// The parts of a path behind the version, without variables.
fn resources(path: &str) -> Vec<&str> {
    let tail = path.strip_prefix("/api/v1/").unwrap_or_default();
    tail.split('/').filter(|part| !part.is_empty() && !part.starts_with('{')).collect()
}

#[test]
fn paths_are_plural_nouns_or_known_verbs() {
    let document = document();
    let actions: Vec<String> = Action::VALUES.iter().map(|a| a.code().replace('_', "-")).collect();
    for (path, item) in document["paths"].as_object().expect("paths") {
        assert!(!path.ends_with('/') && !path.contains("//"), "{path}");
        let parts = resources(path);
        assert!(parts.len() <= 3, "{path}: more than three levels");
        for variable in path.split('/').filter(|part| part.starts_with('{')) {
            assert!(is_snake(variable.trim_matches(['{', '}'])), "{path}");
        }
        for part in parts {
            assert!(
                is_snake(&part.replace('-', "_")) && !part.contains('_'),
                "{path}: not kebab-case"
            );
            let verb = actions.iter().any(|action| action == part) || VERBS.contains(&part);
            if verb {
                let methods: Vec<_> = item.as_object().expect("an item").keys().collect();
                assert_eq!(methods, ["post"], "{path}: a verb is posted");
            } else {
                assert!(
                    part.ends_with('s') || SINGULAR.contains(&part),
                    "{path}: {part} is no plural noun"
                );
            }
        }
    }
}

/// The schema of an answer, looked up.
fn answer<'a>(document: &'a Value, path: &str) -> &'a Value {
    let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
    let name = content["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
    &document["components"]["schemas"][name.rsplit('/').next().unwrap_or_default()]
}

#[test]
fn every_answer_is_an_object_and_a_list_has_its_items_in_it() {
    let document = document();
    for path in ["/api/v1/cases", "/api/v1/cases/{id}/events"] {
        let members = answer(&document, path)["properties"].as_object().expect("members");
        for name in ["items", "next_cursor", "prev_cursor", "links"] {
            assert!(members.contains_key(name), "{path} has no {name}");
        }
    }
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let schema = &response["content"]["application/json"]["schema"];
                assert_ne!(schema["type"], "array", "{method} {path} {status}");
            }
        }
    }
}

#[test]
fn stored_resources_have_the_common_members() {
    let document = document();
    for name in ["CaseView", "CaseLineView", "UnitView", "UserView"] {
        let schema = &document["components"]["schemas"][name];
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for member in ["id", "created_at", "updated_at", "version", "links"] {
            assert!(required.contains(&member), "{name} has no {member}");
        }
    }
}
