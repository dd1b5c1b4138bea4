//! The shape of the house, read from its sources: which layer may mention which, and what stands
//! nowhere. ARCHITECTURE.md states these rules in words.
//!
//! Comments are taken out before a file is searched, so that a rule can be explained where it
//! holds. Unit tests at the end of a file (`#[cfg(test)]`) are searched like the rest.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const LINES_AT_MOST: usize = 600;

/// A source file without its comments, by its path below `src`.
struct Source {
    path: String,
    raw: String,
    code: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    let sources: Vec<_> = found.iter().map(|path| read(&root, path)).collect();
    assert!(sources.len() > 30, "the sources are elsewhere: {}", root.display());
    sources
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let raw = std::fs::read_to_string(path).expect("UTF-8");
    let below = path.strip_prefix(root).expect("below src");
    let path = below.to_string_lossy().replace('\\', "/");
    let mut code: Vec<String> = raw.lines().map(without_comment).collect();
    spell_out_imports(&mut code);
    Source { path, raw, code }
}

/// Adds to the first line of every grouped import the full paths that it stands for.
fn spell_out_imports(code: &mut [String]) {
    let mut at = 0;
    while let Some(line) = code.get(at) {
        let start = at;
        at += 1;
        let line = line.trim_start();
        let import = line.strip_prefix("pub ").unwrap_or(line);
        if !import.starts_with("use ") || !import.contains('{') {
            continue;
        }
        let mut tree = import.trim_start_matches("use ").to_owned();
        while !tree.contains(';') && at < code.len() {
            tree.push_str(code[at].trim());
            at += 1;
        }
        let tree: String = tree
            .split(';')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let mut paths = Vec::new();
        expand("", &tree, &mut paths);
        code[start].push_str(" use ");
        code[start].push_str(&paths.join(" use "));
    }
}

/// The paths of an import tree, as `a::{b, c::{d, e}}` stands for `a::b`, `a::c::d`, `a::c::e`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some(open) = tree.find('{') else {
        paths.push(format!("{prefix}{tree}"));
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inner = tree[open + 1..].strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                expand(&prefix, &inner[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < inner.len() {
        expand(&prefix, &inner[start..], paths);
    }
}

/// The line without a `//` comment; `//` inside a string literal, as in a URL, is kept.
fn without_comment(line: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else if c == '"' && before != '\'' {
            in_string = true;
        } else if c == '/' && before == '/' {
            return line[..at - 1].to_owned();
        }
        before = c;
    }
    line.to_owned()
}

/// Is `word` in the line, not as part of a longer identifier?
fn mentions(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let starts = !word.starts_with(part) || !line[..at].ends_with(part);
        let ends = !word.ends_with(part) || !line[at + found.len()..].starts_with(part);
        starts && ends
    })
}

fn layer(source: &Source, name: &str) -> bool {
    source.path.starts_with(&format!("{name}/")) || source.path == format!("{name}.rs")
}

/// Every line of the chosen files that mentions one of the words.
fn offences(choose: impl Fn(&Source) -> bool, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| choose(source)) {
        for (number, line) in source.code.iter().enumerate() {
            for word in words.iter().filter(|word| mentions(line, word)) {
                found.push(format!("src/{}:{}: `{word}`", source.path, number + 1));
            }
        }
    }
    found
}

#[track_caller]
fn assert_none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

/// The module paths by which one layer names others: `crate::store`, `super::super::store`.
fn paths(layers: &[&str]) -> Vec<String> {
    let spelled = |layer: &&str| {
        ["crate::", "gongkai::", "super::super::", "super::super::super::"]
            .map(|prefix| format!("{prefix}{layer}"))
    };
    layers.iter().flat_map(spelled).collect()
}

fn arrows(from: &str, layers: &[&str], crates: &[&str]) -> Vec<String> {
    let mut words = paths(layers);
    words.extend(crates.iter().map(|name| format!("{name}::")));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    offences(|source| layer(source, from), &words)
}

#[test]
fn the_domain_is_pure() {
    let layers = ["store", "service", "http", "cli", "worker", "config", "clock", "telemetry"];
    let crates = ["diesel", "actix_web", "actix_rt", "tokio", "tracing", "utoipa", "jsonwebtoken"];
    assert_none(&arrows("domain", &layers, &crates), "the domain knows no other layer");
    let deeds = [
        "async",
        ".await",
        "Utc::now",
        "Local::now",
        "SystemTime::now",
        "Instant::now",
        "now_v7",
        "new_v4",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "std::io",
        "println!",
        "eprintln!",
        "dbg!",
        "rand",
    ];
    let impure = offences(|source| layer(source, "domain"), &deeds);
    assert_none(&impure, "nothing in the domain awaits, reads a clock, logs or touches the world");
}

#[test]
fn the_store_knows_only_the_domain() {
    let found = arrows("store", &["service", "http", "cli", "worker"], &["actix_web", "actix_rt"]);
    assert_none(&found, "store <- service <- http <- cli");
}

#[test]
fn the_service_speaks_neither_http_nor_sql() {
    let found = arrows("service", &["http", "cli"], &["actix_web", "actix_rt", "diesel"]);
    assert_none(&found, "a service imports neither the web nor the database");
    let schema = offences(|source| layer(source, "service"), &["schema"]);
    assert_none(&schema, "the schema is the store's own");
}

#[test]
fn http_never_sees_the_database() {
    let found = arrows("http", &["cli"], &["diesel"]);
    assert_none(&found, "http imports no Diesel");
    let schema = ["store::schema", "store::dialect", "store::conn"];
    let schema = offences(|source| layer(source, "http"), &schema);
    assert_none(&schema, "the schema is the store's own");
}

#[test]
fn what_differs_between_the_databases_has_one_home() {
    let home = |source: &Source| {
        matches!(source.path.as_str(), "store/dialect.rs" | "store/conn.rs")
            || source.path.starts_with("store/dialect/")
    };
    let words = [
        "Conn::Pg",
        "Conn::Sqlite",
        "for_update",
        "on_conflict",
        "do_nothing",
        "insert_or_ignore_into",
        "replace_into",
        "PRAGMA",
        "begin_transaction_sql",
    ];
    let found = offences(|source| !home(source), &words);
    assert_none(&found, "only store/dialect.rs and store/conn.rs know which database runs");
}

#[test]
fn no_sql_is_built_from_strings() {
    let found = offences(|_| true, &["sql_query", "dsl::sql", "sql::<", "batch_execute"]);
    let home = |line: &String| {
        ["src/store/dialect.rs:", "src/store/conn.rs:"].iter().any(|home| line.starts_with(home))
    };
    let elsewhere: Vec<_> = found.into_iter().filter(|line| !home(line)).collect();
    assert_none(&elsewhere, "hand-written SQL stands in store/dialect.rs and store/conn.rs only");
    let mut built = Vec::new();
    for source in sources() {
        let code = source.code.join("\n");
        for (at, _) in code.match_indices("format!(").chain(code.match_indices("concat!(")) {
            let text: String =
                code[at..].chars().skip_while(|c| *c != '(').skip(1).take(40).collect();
            let text = text.trim_start().trim_start_matches(['r', '#', '"']).trim_start();
            let verb = text.split(|c: char| !c.is_ascii_uppercase()).next().unwrap_or_default();
            if ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(&verb) {
                built.push(format!("src/{}: {verb} …", source.path));
            }
        }
    }
    assert_none(&built, "SQL is not put together from strings");
}

#[test]
fn unsafe_code_is_forbidden_and_no_lint_is_silenced_for_good() {
    let sources = sources();
    let library = sources.iter().find(|source| source.path == "lib.rs").expect("src/lib.rs");
    let forbids = library.code.iter().any(|line| line.trim() == "#![forbid(unsafe_code)]");
    assert!(forbids, "src/lib.rs forbids unsafe code");
    let found = offences(|_| true, &["#[allow(", "#![allow(", "cfg_attr(test, allow("]);
    assert_none(&found, "expect a lint, with a reason, instead of allowing it");
    let mut bare = Vec::new();
    for source in &sources {
        let code = source.code.join("\n");
        for (at, _) in code.match_indices("expect(clippy::").chain(code.match_indices("[expect(")) {
            let attribute = code[at..].split(']').next().unwrap_or_default();
            if !attribute.contains("reason") {
                bare.push(format!("src/{}: {attribute}", source.path));
            }
        }
    }
    assert_none(&bare, "an expected lint says why");
}

#[test]
fn files_are_short_and_named_for_what_they_are() {
    let mut faults = Vec::new();
    let mut longest: BTreeMap<usize, String> = BTreeMap::new();
    for source in sources() {
        let lines = source.raw.lines().count();
        longest.insert(lines, source.path.clone());
        if lines > LINES_AT_MOST {
            faults.push(format!("src/{} has {lines} lines", source.path));
        }
        let vague = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];
        for part in source.path.trim_end_matches(".rs").split('/') {
            if vague.contains(&part) {
                faults.push(format!("src/{} is named for nothing", source.path));
            }
        }
    }
    assert_none(&faults, "one file, one thing");
    assert!(longest.len() > 10);
}

#[test]
fn the_checks_themselves_see_what_they_look_for() {
    assert!(mentions("use diesel::prelude::*;", "diesel::"));
    assert!(mentions("let x = crate::store::Error;", "crate::store"));
    assert!(!mentions("use crate::storehouse;", "crate::store"));
    assert!(!mentions("fn asynchronous() {}", "async"));
    assert!(mentions("let x = f().await;", ".await"));
    let mut paths = Vec::new();
    expand("", "a::{b,c::{d,e}}", &mut paths);
    assert_eq!(paths, ["a::b", "a::c::d", "a::c::e"]);
    assert_eq!(without_comment("a(); // async"), "a(); ");
    assert_eq!(without_comment(r#"let url = "https://x"; // y"#), r#"let url = "https://x"; "#);
    assert_eq!(without_comment("/// Utc::now"), "");
    assert_eq!(without_comment(r#"let q = '"'; // z"#), r#"let q = '"'; "#);
}
