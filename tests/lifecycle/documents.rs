//! docs/lifecycle.md, docs/permissions.md and docs/answers.md say what the tables say.

use gongkai::cli::{answers, docs};

fn assert_fresh(name: &str, generated: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = generated.lines().zip(written.lines()).find(|(new, old)| new != old);
    assert!(
        written == generated,
        "docs/{name} is stale; run scripts/generate. First difference: {differs:?}"
    );
}

#[test]
fn docs_lifecycle_is_fresh() {
    assert_fresh("lifecycle.md", &docs::lifecycle());
}

#[test]
fn docs_permissions_is_fresh() {
    assert_fresh("permissions.md", &docs::permissions());
}

#[test]
fn docs_answers_is_fresh() {
    assert_fresh("answers.md", &answers::page());
}
