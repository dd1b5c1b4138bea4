//! The two migration trees, `schema.rs` and the enumerations of the domain say the same.

use std::collections::BTreeMap;

use gongkai::domain::actor::Role;
use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::channel::Channel;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::regulation::RuleSetId;
use gongkai::domain::session::{EndCause, LinkPurpose};
use gongkai::domain::unit::UnitKind;

use super::catalogue::{self, Catalogue, Column, Table};
use crate::support::databases::{Backend, TestDatabase};
use crate::support::on_both;

const SCHEMA: &str = include_str!("../../../src/store/schema.rs");

/// The type of a column in `schema.rs`, as each database calls it.
fn type_on(backend: Backend, kind: &str) -> &'static str {
    let (postgres, sqlite) = match kind {
        "Id" => ("uuid", "BLOB"),
        "Binary" => ("bytea", "BLOB"),
        "Text" => ("text", "TEXT"),
        "JsonDoc" => ("jsonb", "TEXT"),
        "Date" => ("date", "TEXT"),
        "Bool" => ("boolean", "INTEGER"),
        "Integer" => ("integer", "INTEGER"),
        "BigInt" => ("bigint", "INTEGER"),
        "Stamp" => ("timestamp with time zone", "INTEGER"),
        other => panic!("schema.rs has a column of type {other}, which this test does not know"),
    };
    match backend {
        Backend::Postgres => postgres,
        Backend::Sqlite => sqlite,
    }
}

/// What `schema.rs` declares: for each table its primary key and its columns.
fn declared(backend: Backend) -> BTreeMap<String, (Vec<String>, Vec<Column>)> {
    let mut tables = BTreeMap::new();
    let mut lines = SCHEMA.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some((name, rest)) = line.split_once(" (").filter(|(_, rest)| rest.ends_with(") {"))
        else {
            continue;
        };
        let key = rest.trim_end_matches(") {").split(", ").map(str::to_owned).collect();
        let columns = lines
            .by_ref()
            .take_while(|line| *line != "}")
            .filter_map(|line| line.trim_end_matches(',').split_once(" -> "))
            .map(|(name, kind)| {
                let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
                Column {
                    name: name.to_owned(),
                    kind: type_on(backend, inner.unwrap_or(kind)).to_owned(),
                    nullable: inner.is_some(),
                }
            })
            .collect();
        tables.insert(name.to_owned(), (key, columns));
    }
    tables
}

on_both!(schema_rs_says_what_the_catalogue_says);
async fn schema_rs_says_what_the_catalogue_says(db: TestDatabase) {
    gongkai::store::dialect::migrate_up(&mut db.connect()).unwrap();
    let found: BTreeMap<_, _> = catalogue::read(&db)
        .into_iter()
        .map(|(name, table)| (name, (table.primary_key, table.columns)))
        .collect();
    assert_eq!(declared(db.backend()), found);
    assert_eq!(found.len(), 21, "the parser of this test has lost a table");
}

#[test]
fn both_trees_make_the_same_tables_columns_keys_checks_and_indexes() {
    let read = |backend| catalogue::read(&TestDatabase::migrated(backend));
    let (postgres, sqlite): (Catalogue, Catalogue) =
        (read(Backend::Postgres), read(Backend::Sqlite));
    assert_eq!(postgres.keys().collect::<Vec<_>>(), sqlite.keys().collect::<Vec<_>>());
    for (name, on_postgres) in &postgres {
        // Types have names of their own; schema.rs ties them together.
        let untyped = |table: &Table| {
            let columns = table.columns.iter().map(|column| (column.name.clone(), column.nullable));
            (columns.collect::<Vec<_>>(), Table { columns: Vec::new(), ..table.clone() })
        };
        assert_eq!(untyped(on_postgres), untyped(&sqlite[name]), "table {name}");
    }
    assert_eq!(postgres["cases"].checks.len(), 12, "a CHECK of the cases was not read");
}

on_both!(every_list_of_codes_is_that_of_the_enumeration);
async fn every_list_of_codes_is_that_of_the_enumeration(db: TestDatabase) {
    gongkai::store::dialect::migrate_up(&mut db.connect()).unwrap();
    let tables = catalogue::read(&db);
    let rule_sets = RuleSetId::ALL.map(RuleSetId::as_str);
    let lists: [(&str, &str, &[&str]); 8] = [
        ("cases", "status", Status::CODES),
        ("cases", "channel", Channel::CODES),
        ("cases", "applicant_type", ApplicantType::CODES),
        ("cases", "rule_set", &rule_sets),
        ("users", "role", Role::CODES),
        ("units", "kind", UnitKind::CODES),
        ("sessions", "end_cause", EndCause::CODES),
        ("one_time_links", "purpose", LinkPurpose::CODES),
    ];
    for (table, column, codes) in lists {
        let about = |check: &&catalogue::Check| check.columns.iter().eq([column]);
        let found: Vec<_> = tables[table].checks.iter().filter(about).collect();
        assert_eq!(found.len(), 1, "CHECK on {table}.{column}");
        assert_eq!(found[0].texts, codes, "{table}.{column}");
    }
}
