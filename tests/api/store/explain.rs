//! The queries that a read really runs, and how the database means to answer them.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _};
use gongkai::store::Conn;

use crate::support::databases::{TestDatabase, execute};

/// How a read may get at its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By going along an index until the page is full.
    Walk,
    /// By looking up the part of an index that it needs.
    Search,
    /// Perhaps by looking at every case once.
    Pass,
}

impl Way {
    /// What is asked of a plan that was made without knowing the values.
    pub const fn for_all_values(self) -> Self {
        match self {
            Self::Walk | Self::Search => Self::Walk,
            Self::Pass => Self::Pass,
        }
    }
}

/// The queries of a read as Diesel ran them.
pub fn captured(db: &TestDatabase, run: impl Fn(&mut Conn)) -> Vec<String> {
    let mut conn = db.connect();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = Arc::clone(&seen);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let query = query.to_string();
            // The rest is BEGIN and ROLLBACK.
            if query.starts_with("SELECT") {
                notes.lock().unwrap().push(query);
            }
        }
    });
    run(&mut conn);
    let seen = seen.lock().unwrap().clone();
    assert!(!seen.is_empty(), "the instrumentation saw nothing");
    seen
}

#[derive(QueryableByName)]
struct PostgresLine {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    line: String,
}

#[derive(QueryableByName)]
struct SqliteLine {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

/// PostgreSQL plans the first runs of a prepared statement by their values ...
pub const BY_VALUES: &str = "force_custom_plan";
/// ... and may later keep one plan for all values. SQLite always does.
pub const FOR_ALL_VALUES: &str = "force_generic_plan";

/// The plan of a captured query, with its own values.
#[expect(clippy::disallowed_methods, reason = "plans have no Diesel schema")]
pub fn explained(db: &TestDatabase, query: &str, mode: &str) -> Vec<String> {
    let (sql, binds) = query.split_once(" -- binds: ").expect("a query with its values");
    let mut conn = db.connect();
    if matches!(conn, Conn::Pg(_)) {
        execute(&mut conn, &format!("SET plan_cache_mode = {mode}; PREPARE q AS {sql}"));
    }
    match &mut conn {
        Conn::Pg(conn) => {
            let values = literals(sql, binds);
            let rows: Vec<PostgresLine> =
                diesel::sql_query(format!("EXPLAIN EXECUTE q({})", values.join(", ")))
                    .load(conn)
                    .unwrap();
            rows.into_iter().map(|row| row.line).collect()
        }
        Conn::Sqlite(conn) => {
            let rows: Vec<SqliteLine> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn).unwrap();
            rows.into_iter().map(|row| row.detail).collect()
        }
    }
}

/// What is wrong with a plan, if anything.
pub fn fault(plan: &[String], way: Way) -> Option<&'static str> {
    // Several lists that are read as one are no table; how each of them is read stands beside it.
    let lists = |line: &&String| line.ends_with("SCAN list") || line.ends_with("SCAN lists");
    let plan: Vec<&String> = plan.iter().filter(|line| !lists(line)).collect();
    let whole_table = plan.iter().any(|line| {
        line.contains("Seq Scan") || (line.contains("SCAN") && !line.contains(" INDEX "))
    });
    // PostgreSQL says under each index how it enters it; going along all of it has no condition.
    // The index of the open cases may be read as a whole: they are all that is asked for.
    let entered = |line: &&String| {
        line.contains("cases_owing_by_due")
            || (line.contains("Index Cond:") && !line.contains("Cond: (due_date IS NOT NULL)"))
    };
    let whole_index = plan.iter().any(|line| line.contains("SCAN ") && !entered(line))
        || (plan.iter().any(|line| line.contains("Index Scan")) && !plan.iter().any(entered));
    match way {
        Way::Pass => None,
        _ if whole_table => Some("reads the whole table"),
        Way::Search if whole_index => Some("reads a whole index"),
        Way::Search | Way::Walk => None,
    }
}

/// The values of a captured query as literals of SQL, read from their Rust form.
fn literals(sql: &str, binds: &str) -> Vec<String> {
    let inner = binds.strip_prefix('[').and_then(|text| text.strip_suffix(']')).expect("a list");
    let literal = |(at, piece): (usize, &str)| {
        // A list of numbers looks like bytes; the statement says when it is none.
        let numbers = sql.contains(&format!("CAST(${} AS bigint[])", at + 1));
        let plain = if numbers { piece.replace('[', "{").replace(']', "}") } else { plain(piece) };
        format!("'{}'", plain.replace('\'', "''"))
    };
    pieces(inner).into_iter().enumerate().map(literal).collect()
}

/// Splits at the commas outside quotes and brackets.
fn pieces(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped, mut start) = (0, false, false, 0);
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        found.push(last);
    }
    found
}

/// One value without its Rust dress: `Key(…)`, `At(…)`, `"…"`, a list, or bytes.
fn plain(piece: &str) -> String {
    if let Some(list) = piece.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let members = pieces(list);
        let bytes: Option<Vec<u8>> = members.iter().map(|member| member.parse().ok()).collect();
        return match bytes.filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => {
                bytes.iter().fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
            }
            None => format!("{{{}}}", members.into_iter().map(plain).collect::<Vec<_>>().join(",")),
        };
    }
    for dress in ["Key(", "At("] {
        if let Some(value) = piece.strip_prefix(dress) {
            return value.trim_end_matches(')').to_owned();
        }
    }
    piece
        .trim_matches('"')
        .replace("\\u{10ffff}", "\u{10FFFF}")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}
