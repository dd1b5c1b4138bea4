//! The dictionaries: every code of the contract in words, and what the law demands of a form.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::test::TestRequest;
use gongkai::domain::lifecycle::Action;
use gongkai::http::problem;
use serde_json::{Value, json};

use super::samples::contract;
use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who};

async fn dictionaries(api: &Api) -> Value {
    api.send(TestRequest::get().uri("/api/v1/dictionaries")).await.json()
}

fn row<'a>(rows: &'a Value, name: &str, code: &str) -> &'a Value {
    let found = rows.as_array().expect("rows").iter().find(|row| row[name] == code);
    found.unwrap_or_else(|| panic!("no {code}"))
}

/// Enumerations of the contract that are no codes: an order of a list.
const NO_DICTIONARY: [&str; 1] = ["-received_at"];

/// Every schema with an enumeration in it.
fn enumerations<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(members) => {
            if members.get("enum").is_some_and(Value::is_array) {
                found.push(schema);
            }
            for (name, member) in members {
                if name != "example" {
                    enumerations(member, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| enumerations(item, found)),
        _ => {}
    }
}

on_both! {
    async fn every_enumeration_of_the_contract_has_a_dictionary(api: Api) {
        let view = dictionaries(&api).await;
        let known: BTreeMap<&str, BTreeSet<&str>> = view["items"].as_array().expect("items").iter().map(|set| {
            let codes = set["items"].as_array().expect("terms").iter().map(|term| term["code"].as_str().expect("a code"));
            (set["code"].as_str().expect("a name"), codes.collect())
        }).collect();
        let contract = contract();
        let mut found = Vec::new();
        enumerations(&contract, &mut found);
        assert!(found.len() > 15, "only {} enumerations", found.len());
        for schema in found {
            let codes: Vec<&str> = schema["enum"].as_array().expect("codes").iter().filter_map(Value::as_str).collect();
            if codes.first().is_some_and(|first| NO_DICTIONARY.contains(first)) {
                continue;
            }
            let name = schema["x-dictionary"].as_str();
            let name = name.unwrap_or_else(|| panic!("an enumeration without a dictionary: {codes:?}"));
            let set = known.get(name).unwrap_or_else(|| panic!("no dictionary {name}"));
            for code in codes {
                assert!(set.contains(code), "{code} is not in the dictionary {name}");
            }
        }
    }
}

on_both! {
    async fn the_dictionaries_say_what_the_commands_demand(api: Api) {
        let view = dictionaries(&api).await;
        // Every required field of every decision is really demanded, and nothing else.
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let mut asked = 0;
        for decision in view["decisions"].as_array().expect("decisions") {
            let answer = api.act(Who::OfficerA, &case, "draft-answer", &json!({ "decision": decision["code"] })).await;
            assert_ne!(answer.status, 200, "{decision}");
            if decision["is_answer"] == false {
                continue;
            }
            let basis = row(&decision["rule_sets"], "rule_set", "2019");
            let wanted: BTreeSet<String> = basis["required_fields"].as_array().expect("fields").iter()
                .map(|field| format!("#/{}", field.as_str().expect("a name"))).collect();
            let missing: BTreeSet<String> = answer.json()["errors"].as_array().expect("errors").iter()
                .map(|fault| fault["pointer"].as_str().expect("a pointer").to_owned())
                // A condition of the decision is about the case and not about a member.
                .filter(|pointer| decision["conditions"] == json!([]) || pointer != "#").collect();
            assert_eq!(missing, wanted, "{decision}");
            asked += 1;
        }
        assert!(asked > 20, "only {asked} decisions");

        // So are the facts of every channel.
        for channel in view["arrival_facts"].as_array().expect("channels") {
            let mut body = crate::support::client::application();
            body["channel"] = channel["channel"].clone();
            body["register"] = json!(true);
            let answer = api.post(Who::Clerk, "/api/v1/cases", &body).await;
            let facts = row(&channel["rule_sets"], "rule_set", "2019")["required_facts"].clone();
            if channel["assumed_fact"] == facts[0] {
                assert_eq!(answer.status, 201, "{channel}: {}", answer.text);
                continue;
            }
            let missing: Vec<Value> = answer.json()["errors"].as_array().expect("errors").iter()
                .map(|fault| json!(fault["pointer"].as_str().expect("a pointer").trim_start_matches("#/arrival/"))).collect();
            assert_eq!(json!(missing), facts, "{channel}");
        }

        // And those of every manner of service.
        let draft = json!({ "decision": "disclose", "provided": "一份" });
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
        let case = api.reviewed(&case).await;
        for manner in view["service_facts"].as_array().expect("manners") {
            let body = json!({ "service": { "manner": manner["manner"] } });
            let answer = api.act(Who::SecondOfficerA, &case, "answer", &body).await;
            let missing: Vec<Value> = answer.json()["errors"].as_array().expect("errors").iter()
                .map(|fault| json!(fault["pointer"].as_str().expect("a pointer").trim_start_matches("#/service/"))).collect();
            assert_eq!(json!(missing), manner["required_facts"], "{manner}");
        }
    }
}

on_both! {
    async fn the_dictionaries_may_be_kept_and_are_asked_for_again_by_tag(api: Api) {
        let first = api.send(TestRequest::get().uri("/api/v1/dictionaries")).await;
        assert_eq!((first.status.as_u16(), first.header("cache-control")), (200, Some("public, max-age=60")));
        let tag = first.header("etag").expect("a tag").to_owned();
        let again = api.send(TestRequest::get().uri("/api/v1/dictionaries").insert_header(("if-none-match", tag.as_str()))).await;
        assert_eq!((again.status.as_u16(), again.text.as_str(), again.header("etag")), (304, "", Some(tag.as_str())));
        assert_eq!(again.header("cache-control"), Some("public, max-age=60"));
        let errors = first.json()["errors"].clone();
        assert_eq!(errors.as_array().expect("errors").len(), problem::catalogue().len());
        assert_eq!(row(&errors, "code", "stale_version")["status"], 412);
    }
}

on_both! {
    async fn an_allowed_action_carries_its_form(api: Api) {
        let contract = contract();
        let case = api.assigned(Place::CenterA).await;
        let path = format!("/api/v1/cases/{}/actions", case["id"].as_str().expect("an id"));
        let actions = api.get(Who::OfficerA, &path).await;
        assert!(actions.text.len() < 32 * 1024, "{} bytes", actions.text.len());
        let items = actions.json()["items"].as_array().expect("items").clone();
        assert_eq!(items.len(), Action::ALL.len() - 1, "every action but receiving");
        let mut forms = 0;
        for item in items {
            let names = ["href", "method", "headers", "body", "body_schema"];
            if item["allowed"] == false {
                assert!(names.iter().all(|name| item[name].is_null()), "{item}");
                continue;
            }
            forms += 1;
            assert_eq!(item["headers"], json!({ "If-Match": "\"3\"" }));
            // The form is the one of the contract, and complete in itself.
            let schema = &item["body"]["schema"];
            let template = item["href"].as_str().expect("an address").replace(case["id"].as_str().expect("an id"), "{id}");
            let described = &contract["paths"][&template]["post"]["requestBody"]["content"][item["body"]["media_type"].as_str().expect("a media type")];
            let name = described["schema"]["$ref"].as_str().expect("a reference").rsplit('/').next().expect("a name");
            assert!(item["body_schema"].as_str().is_some_and(|place| place.ends_with(&format!("/{name}"))), "{item}");
            assert!(!schema.to_string().contains("$ref"), "{schema}");
            let component = &contract["components"]["schemas"][name];
            assert_eq!((&schema["required"], &schema["additionalProperties"]), (&component["required"], &component["additionalProperties"]));
            let members = |schema: &Value| schema["properties"].as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
            assert_eq!(members(schema), members(component), "{name}");
            let validator = jsonschema::validator_for(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(validator.is_valid(&described["example"]), "{name}");
            assert!(!validator.is_valid(&json!({ "status": "answered" })), "{name}");
        }
        assert!(forms >= 2, "only {forms} allowed");
    }
}

on_both! {
    async fn a_client_fills_the_form_of_an_action_from_the_answer_alone(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let path = format!("/api/v1/cases/{}/actions", case["id"].as_str().expect("an id"));
        let actions = api.get(Who::OfficerA, &path).await.json();
        let accept = row(&actions["items"], "action", "accept");
        let method = accept["method"].as_str().expect("a method").parse().expect("a method");
        let mut request = api.request(Who::OfficerA, method, accept["href"].as_str().expect("an address")).await;
        for (name, value) in accept["headers"].as_object().expect("headers") {
            request = request.insert_header((name.as_str(), value.as_str().expect("text")));
        }
        let validator = jsonschema::validator_for(&accept["body"]["schema"]).expect("a schema");
        let body = json!({});
        assert!(validator.is_valid(&body) && !validator.is_valid(&json!({ "status": "closed" })));
        let answer = api.send(request.set_json(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

on_both! {
    async fn the_form_of_a_registration_asks_for_the_facts_that_are_missing(api: Api) {
        let mut body = crate::support::client::application();
        body["channel"] = json!("email");
        let case = api.post(Who::Clerk, "/api/v1/cases", &body).await.json();
        let path = format!("{}/actions", case["links"]["self"].as_str().unwrap());
        let actions = api.get(Who::Clerk, &path).await.json();
        let items = actions["items"].as_array().unwrap();
        let form = &items.iter().find(|item| item["action"] == "register").unwrap()["body"]["schema"];
        let validator = jsonschema::validator_for(form).unwrap();
        let confirmed = json!({ "received_at": "2025-03-10", "confirmed_at": "2025-03-10" });
        for (body, fits) in [
            (json!({}), false),
            (json!({ "arrival": { "received_at": "2025-03-10" } }), false),
            (json!({ "arrival": { "received_at": "2025-03-10", "confirmed_at": null } }), false),
            (json!({ "arrival": confirmed }), true),
        ] {
            assert_eq!(validator.is_valid(&body), fits, "{body}");
        }
        api.done(Who::Clerk, &case, "register", &json!({ "arrival": confirmed })).await;
    }
}
