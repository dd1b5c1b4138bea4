//! What a database says of itself, in words that both databases share.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::databases::{Backend, TestDatabase};

/// The tables by name.
pub type Catalogue = BTreeMap<String, Table>;

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// The columns of every other unique key.
    pub unique_keys: BTreeSet<Vec<String>>,
    /// Column and the table that it refers to.
    pub foreign_keys: BTreeSet<(String, String)>,
    /// The indexes that are no keys: name and columns.
    pub indexes: BTreeMap<String, Vec<String>>,
    /// The CHECK constraints.
    pub checks: Vec<Check>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as this database calls it.
    pub kind: String,
    /// May it be null?
    pub nullable: bool,
}

/// A CHECK constraint by what it speaks of; how it says it, each database words anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// The columns that it names.
    pub columns: BTreeSet<String>,
    /// The texts that it names, in order.
    pub texts: Vec<String>,
}

/// Reads the catalogue of a database, without the table in which Diesel notes the migrations.
pub fn read(db: &TestDatabase) -> Catalogue {
    let sql = match db.backend() {
        Backend::Postgres => &POSTGRES,
        Backend::Sqlite => &SQLITE,
    };
    let mut tables: Catalogue =
        db.texts(sql.tables).into_iter().map(|name| (name, Table::default())).collect();
    let mut each = |query: &str, take: &dyn Fn(&mut Table, &[&str])| {
        for line in db.texts(query) {
            let cells: Vec<&str> = line.split('|').collect();
            if let Some(table) = tables.get_mut(cells[0]) {
                take(table, &cells[1..]);
            }
        }
    };
    each(sql.columns, &|table, cells| {
        let [name, kind, nullable] = [cells[0], cells[1], cells[2]].map(str::to_owned);
        table.columns.push(Column { name, kind, nullable: nullable == "yes" });
    });
    each(sql.indexes, &|table, cells| {
        let columns: Vec<String> = cells[2].split(',').map(str::to_owned).collect();
        match cells[0] {
            "primary" => table.primary_key = columns,
            "unique" => drop(table.unique_keys.insert(columns)),
            _ => drop(table.indexes.insert(cells[1].to_owned(), columns)),
        }
    });
    each(sql.foreign_keys, &|table, cells| {
        table.foreign_keys.insert((cells[0].to_owned(), cells[1].to_owned()));
    });
    for line in db.texts(sql.checks) {
        let (name, text) = line.split_once('|').expect("table and text");
        if let Some(table) = tables.get_mut(name) {
            let names: Vec<String> =
                table.columns.iter().map(|column| column.name.clone()).collect();
            table.checks.extend(checks_in(text).iter().map(|check| Check::of(check, &names)));
            table.checks.sort();
        }
    }
    tables
}

impl Check {
    fn of(text: &str, columns: &[String]) -> Self {
        // Every second piece between quotes is a text; the rest is SQL.
        let pieces: Vec<&str> = text.split('\'').collect();
        let texts = pieces.iter().skip(1).step_by(2).map(|text| (*text).to_owned()).collect();
        let sql: Vec<&str> = pieces.iter().step_by(2).copied().collect();
        let sql = sql.join(" ");
        let words: BTreeSet<&str> = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let columns =
            columns.iter().filter(|name| words.contains(name.as_str())).cloned().collect();
        Self { columns, texts }
    }
}

/// The bodies of all `CHECK (…)` in a text.
fn checks_in(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("CHECK (") {
        rest = &rest[at + "CHECK (".len()..];
        let mut depth = 1;
        let end = rest.find(|c: char| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        found.push(&rest[..end.expect("a closing parenthesis")]);
    }
    found
}

/// One query for each part of the catalogue; the first cell of a line is the table.
struct Queries {
    tables: &'static str,
    /// Table, name, type, `yes` when nullable.
    columns: &'static str,
    /// Table, `primary` or `unique` or `index`, name, columns.
    indexes: &'static str,
    /// Table, column, table referred to.
    foreign_keys: &'static str,
    /// Table and a text with its CHECK constraints.
    checks: &'static str,
}

const POSTGRES: Queries = Queries {
    tables: "SELECT relname::text AS value FROM pg_class \
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
         AND relname <> '__diesel_schema_migrations'",
    columns: "SELECT concat_ws('|', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), \
         CASE WHEN a.attnotnull THEN 'no' ELSE 'yes' END) AS value \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace \
         AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum",
    indexes: "SELECT concat_ws('|', t.relname, \
         CASE WHEN x.indisprimary THEN 'primary' WHEN x.indisunique THEN 'unique' ELSE 'index' END, \
         i.relname, (SELECT string_agg(a.attname, ',' ORDER BY a.attnum) \
         FROM pg_attribute a WHERE a.attrelid = i.oid)) AS value \
         FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
         WHERE t.relnamespace = 'public'::regnamespace",
    foreign_keys: "SELECT concat_ws('|', c.conrelid::regclass, a.attname, c.confrelid::regclass) AS value \
         FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) \
         WHERE c.contype = 'f'",
    checks: "SELECT conrelid::regclass || '|' || pg_get_constraintdef(oid) AS value FROM pg_constraint \
         WHERE contype = 'c' AND conrelid <> 0",
};

const SQLITE: Queries = Queries {
    tables: "SELECT name AS value FROM sqlite_master WHERE type = 'table' \
         AND name NOT LIKE 'sqlite_%' AND name <> '__diesel_schema_migrations'",
    columns: "SELECT m.name || '|' || c.name || '|' || c.type || '|' || iif(c.\"notnull\", 'no', 'yes') AS value \
         FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid",
    // A key of one integer column is the table's own order and has no index.
    indexes: "SELECT m.name || '|' || CASE l.origin WHEN 'pk' THEN 'primary' WHEN 'u' THEN 'unique' ELSE \
         iif(l.\"unique\", 'unique', 'index') END || '|' || l.name || '|' || \
         (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) AS value \
         FROM sqlite_master m, pragma_index_list(m.name) l WHERE m.type = 'table' \
         UNION ALL SELECT m.name || '|primary||' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND c.pk = 1 AND c.type = 'INTEGER'",
    foreign_keys: "SELECT m.name || '|' || f.\"from\" || '|' || f.\"table\" AS value \
         FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    checks: "SELECT name || '|' || sql AS value FROM sqlite_master WHERE type = 'table'",
};
