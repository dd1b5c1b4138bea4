//! A hundred thousand cases, made inside the database.

use crate::support::databases::Backend;
use crate::support::world::{Place, Who, World};

/// How many.
pub const CASES: u32 = 100_000;

/// The first day of the ten years over which they are spread.
const FIRST: &str = "2015-03-10";

/// The words in which the databases differ; `n` is the number of the case.
struct Words {
    /// A query that gives every `n`.
    series: String,
    id: &'static str,
    /// When the case was recorded.
    at: String,
    digest: &'static str,
    no: &'static str,
    doc: &'static str,
    date: &'static str,
    /// The product's own time limit is for requests.
    no_limit: &'static str,
}

impl Words {
    fn of(backend: Backend) -> Self {
        match backend {
            Backend::Postgres => Self {
                series: format!("SELECT n FROM generate_series(1, {CASES}) AS s(n)"),
                id: "gen_random_uuid()",
                at: format!("timestamptz '{FIRST}T01:00:00Z' + n * interval '3153 seconds'"),
                digest: "decode(md5(CAST(n AS text)) || md5(CAST(n AS text)), 'hex')",
                no: "false",
                doc: "jsonb '{}'",
                date: "date",
                no_limit: "SET statement_timeout = 0;",
            },
            Backend::Sqlite => Self {
                series: format!(
                    "WITH RECURSIVE s(n) AS \
                     (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {CASES}) SELECT n FROM s"
                ),
                id: "randomblob(16)",
                at: format!("(unixepoch('{FIRST}T01:00:00Z') + n * 3153) * 1000000"),
                digest: "randomblob(32)",
                no: "0",
                doc: "'{}'",
                date: "text",
                no_limit: "",
            },
        }
    }
}

/// So many days after the case was recorded.
fn day(backend: Backend, plus: &str) -> String {
    match backend {
        Backend::Postgres => format!("date '{FIRST}' + n * 3153 / 86400 + {plus}"),
        Backend::Sqlite => {
            format!("date('{FIRST}', '+' || (n * 3153 / 86400 + {plus}) || ' days')")
        }
    }
}

/// Fills the table, in the manner of a bureau after ten years: almost everything is closed, the
/// newest three thousand cases are in every state. One case is there before.
pub fn fill(world: &World) {
    let db = &world.db;
    let Words { series, id, at, digest, no, doc, date, no_limit } = Words::of(db.backend());
    let day = |plus| day(db.backend(), plus);
    let unit = |place| db.literal(world.unit(place).0);
    let [room, a, window, b] =
        [Place::QueryRoom, Place::CenterA, Place::WindowA, Place::CenterB].map(unit);
    let officer = db.literal(world.user(Who::OfficerA).0);
    let status = format!(
        "CASE WHEN n <= {CASES} - 3000 THEN CASE n % 20 WHEN 0 THEN 'lapsed' WHEN 1 THEN 'withdrawn' \
         WHEN 2 THEN 'voided' ELSE 'answered' END ELSE CASE n % 10 WHEN 0 THEN 'received' \
         WHEN 1 THEN 'registered' WHEN 2 THEN 'awaiting_supplement' WHEN 3 THEN 'supplemented' \
         WHEN 4 THEN 'answered' ELSE 'assigned' END END"
    );
    let holder = format!(
        "CASE WHEN status IN ('received', 'registered') THEN NULL WHEN n % 1000 = 7 THEN {window} \
         WHEN n % 8 = 1 THEN {a} WHEN n % 8 = 2 THEN {b} ELSE {room} END"
    );
    let surname = "substr('王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗', n % 20 + 1, 1)";
    let registered =
        |value: &str| format!("CASE WHEN status = 'received' THEN NULL ELSE {value} END");
    let closed =
        format!("CASE WHEN status IN ('lapsed', 'withdrawn', 'voided') THEN {} END", day("20"));
    let answered = format!("CASE WHEN status = 'answered' THEN {} END", day("n % 30"));
    let due = format!(
        "CASE WHEN status IN ('received', 'lapsed', 'awaiting_supplement') THEN NULL ELSE {} END",
        day("28")
    );
    let insert = format!(
        "INSERT INTO cases SELECT {id}, 3, status, 'M-' || n, {number}, 'x', \
         CASE n % 3 WHEN 0 THEN 'email' WHEN 1 THEN 'online' ELSE 'in_person' END, 'natural_person', \
         {surname} || n, {digest}, {digest}, NULL, '第' || n || '件', \
         CASE WHEN n % 8 = 1 THEN {a} ELSE {room} END, holder, coalesce(holder, {room}), \
         CASE WHEN n % 8 = 1 AND n % 40 = 1 THEN {officer} END, {at}, {receipt}, {rule_set}, {due}, \
         CAST(NULL AS {date}), CAST(NULL AS {date}), CAST(NULL AS {date}), CAST(NULL AS {date}), \
         {answered}, {closed}, coalesce({answered}, {closed}), NULL, {no}, {doc}, {at} \
         FROM (SELECT n, status, {holder} AS holder \
         FROM (SELECT n, {status} AS status FROM ({series}) AS a) AS b) AS c",
        number = registered("'旧' || n || '号'"),
        receipt = registered(&day("0")),
        rule_set = registered("'2019'"),
    );
    // Other cases have events, too.
    let events = format!(
        "INSERT INTO events SELECT n + 1000, 'case', {id}, 1, 'receive', {at}, '{{}}', {digest}, \
         {digest} FROM ({series}) AS a"
    );
    db.execute(&format!("{no_limit} {insert}; {events}; ANALYZE;"));
    assert_eq!(db.number("SELECT count(*) FROM cases"), i64::from(CASES) + 1);
}
