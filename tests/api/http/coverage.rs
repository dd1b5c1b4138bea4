//! Every operation of the contract, attacked: without a token, with every role that lacks the
//! right, with the id of another unit's thing, and with ids of nothing. What each role gets is read
//! from docs/permissions.md, which people review: an operation without a row in it fails here, and
//! so does one without a sample.

use std::collections::BTreeMap;

use gongkai::domain::actor::Role;
use serde_json::json;

use super::samples::{self, Call, Operation, Stranger, operations};
use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who};

/// The operations that need no token, by intent.
const OPEN: [&str; 17] = [
    "applyOnline",
    "choosePassword",
    "downloadAnswer",
    "downloadAnswerFile",
    "getContractJson",
    "getContractYaml",
    "getDictionaries",
    "getKeys",
    "getLiveness",
    "getPublicStatus",
    "getReadiness",
    "logIn",
    "readAnswer",
    "refreshSession",
    "setUp",
    "supplementOnline",
    "takeAnswer",
];

/// The answers of docs/permissions.md: operation, then column, then cell.
fn permissions() -> BTreeMap<String, BTreeMap<String, String>> {
    let page = include_str!("../../../docs/permissions.md");
    let table = page.split("## Operations by role").nth(1).expect("the table of operations");
    let mut rows = table.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let columns: Vec<String> = cells(rows.next().expect("a head"))
        .into_iter()
        .map(|name| name.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    let mut found = BTreeMap::new();
    for row in rows.skip(1) {
        let cells = cells(row);
        assert_eq!(cells.len(), columns.len(), "{row}");
        let id = cells[0].trim_matches('`').to_owned();
        let answers = columns.iter().cloned().zip(cells).skip(1).collect();
        assert!(found.insert(id, answers).is_none(), "two rows: {row}");
    }
    found
}

#[test]
fn every_operation_has_a_sample_and_a_row_of_permissions() {
    let operations = operations();
    let permissions = permissions();
    for (id, operation) in &operations {
        let sample = samples::of(id);
        assert_eq!(operation.secured, sample.by.is_some(), "{id}: who sends the sample?");
        let row =
            permissions.get(id).unwrap_or_else(|| panic!("no row for {id} in docs/permissions.md"));
        let columns = ["anonymous", "applicant"]
            .into_iter()
            .chain(Role::ALL.iter().map(|role| role.as_str()));
        for column in columns {
            assert!(row.contains_key(column), "{id}: nothing said of {column}");
        }
        if let Stranger::Nobody(reason) = sample.stranger {
            assert!(!reason.is_empty(), "{id}");
        } else {
            assert!(!operation.variables().is_empty(), "{id}: a stranger to what?");
        }
    }
    for id in permissions.keys() {
        assert!(operations.contains_key(id), "{id} of docs/permissions.md is no operation");
    }
    for sample in samples::all() {
        assert!(operations.contains_key(sample.id), "{} of the samples is no operation", sample.id);
    }
}

#[test]
fn only_the_named_operations_are_open() {
    let operations = operations();
    let open: Vec<&str> = operations
        .values()
        .filter(|operation| !operation.secured)
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(open, OPEN);
}

/// Makes the sample request of every operation that needs a token, one after the other.
async fn each_secured(api: &Api, mut attack: impl AsyncFnMut(&Operation, samples::Sample, Call)) {
    let mut attacked = 0;
    let operations = operations();
    for sample in samples::all() {
        let operation = operations.get(sample.id).expect("an operation");
        if operation.secured {
            let call = (sample.make)(api).await;
            attack(operation, sample, call).await;
            attacked += 1;
        }
    }
    assert!(attacked > 25, "only {attacked} operations");
}

on_both! {
    async fn nobody_gets_in_without_a_token(api: Api) {
        let permissions = permissions();
        each_secured(&api, async |operation, _, call| {
            let before = api.traces();
            for (column, authorization) in [
                ("anonymous", None),
                // An applicant has a number and a code, and no token.
                ("applicant", Some("Basic U0oyMDI1LTAwMDAwMTozS1FELThXMlAtMFJYVi01VFpO")),
                ("anonymous", Some("Bearer eyJhbGciOiJub25lIn0.e30.")),
            ] {
                assert_eq!(permissions[&operation.id][column], "401", "{}", operation.id);
                let mut request = operation.request(&api, None, &call).await;
                if let Some(value) = authorization {
                    request = request.insert_header(("authorization", value));
                }
                let answer = api.send(request).await;
                assert_eq!(answer.verdict(), (401, "unauthenticated".to_owned()), "{}", operation.id);
                assert!(answer.header("www-authenticate").is_some_and(|h| h.starts_with("Bearer")), "{}", operation.id);
            }
            assert_eq!(api.traces(), before, "{}", operation.id);
        }).await;
    }
}

on_both! {
    async fn every_role_gets_what_the_table_says(api: Api) {
        let permissions = permissions();
        let mut refused = 0;
        each_secured(&api, async |operation, sample, call| {
            let before = api.traces();
            let by = sample.by.expect("a caller").role();
            assert_eq!(permissions[&operation.id][by.as_str()], "✓", "{} by {by}", operation.id);
            for who in Who::ALL {
                match permissions[&operation.id][who.role().as_str()].as_str() {
                    "403" => {
                        let answer = operation.send(&api, Some(who), &call).await;
                        assert_eq!(answer.verdict(), (403, "role_not_permitted".to_owned()), "{} as {who:?}", operation.id);
                        refused += 1;
                    }
                    "✓" if operation.method == actix_web::http::Method::GET => {
                        let answer = operation.send(&api, Some(who), &call).await;
                        assert_ne!(answer.status, 401, "{} as {who:?}", operation.id);
                        assert_ne!(answer.status, 403, "{} as {who:?}", operation.id);
                    }
                    // What is allowed changes something: the examples show that it does.
                    "✓" => {}
                    other => panic!("{}: what does {other} mean?", operation.id),
                }
            }
            assert_eq!(api.traces(), before, "{}", operation.id);
        }).await;
        assert!(refused > 80, "only {refused} refusals: is the permission table gone?");
    }
}

on_both! {
    async fn what_belongs_to_another_unit_does_not_exist(api: Api) {
        let mut hidden = 0;
        each_secured(&api, async |operation, sample, call| {
            let before = api.traces();
            let none = (404, "not_found".to_owned());
            if let Stranger::Is(stranger) = sample.stranger {
                let answer = operation.send(&api, Some(stranger), &call).await;
                assert_eq!(answer.verdict(), none, "{} as {stranger:?}", operation.id);
                hidden += 1;
            }
            // Each variable of the path in turn names nothing, to one who has the right.
            for name in operation.variables() {
                for nothing in ["01900000-0000-7000-8000-000000000000", "not-an-id"] {
                    let mut wrong = call.clone();
                    let place = wrong.path.iter_mut().find(|(variable, _)| *variable == name).expect("a value");
                    nothing.clone_into(&mut place.1);
                    let answer = operation.send(&api, sample.by, &wrong).await;
                    assert_eq!(answer.verdict(), none, "{} of {nothing}", operation.id);
                }
            }
            assert_eq!(api.traces(), before, "{}", operation.id);
        }).await;
        assert!(hidden > 12, "only {hidden} operations on a unit's own things");
    }
}

on_both! {
    async fn another_centers_case_is_in_no_list_and_no_figure(api: Api) {
        api.assigned(Place::CenterA).await;
        let list = api.get(Who::OfficerB, "/api/v1/cases").await.json();
        assert_eq!(list["items"], json!([]));
        let found = api.post(Who::OfficerB, "/api/v1/cases/search", &json!({ "phone": "13800000000" })).await;
        assert_eq!(found.json()["items"], json!([]));
        let rate = api.get(Who::OfficerB, "/api/v1/statistics/reply-rate").await.json();
        assert_eq!(rate["counts"]["received"], 0);
        let work = api.get(Who::OfficerB, "/api/v1/statistics/overview").await.json();
        assert_eq!(work["units"], json!([]));
    }
}
