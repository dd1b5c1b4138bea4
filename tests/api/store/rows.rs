//! Rows of the table of cases, laid straight into it: for tests that need many.

use diesel::RunQueryDsl as _;
use gongkai::domain::actor::CaseScope;
use gongkai::domain::ids::CaseId;
use gongkai::store::cases::{CaseFilter, CaseLine, Lines, Listing, Sort};
use gongkai::store::page::{Page, Stretch};
use gongkai::store::schema;
use gongkai::store::types::Key;
use gongkai::store::{CaseRow, Conn, cases};

use crate::support::databases::TestDatabase;
use crate::support::world::World;

/// The row of a real case in the register, from which others are made.
pub async fn template(world: &World) -> CaseRow {
    let case = world.registered().await;
    cases::row(&mut world.db.connect(), case.id).unwrap().unwrap()
}

/// The same row under another identity: `number` makes its numbers unique.
pub fn another(row: &CaseRow, world: &World, number: usize) -> CaseRow {
    CaseRow {
        id: Key(world.app.fresh_id()),
        receipt_number: format!("T-{number:06}"),
        case_number: row.case_number.as_ref().map(|_| format!("试〔2025〕{number}号")),
        ..row.clone()
    }
}

/// Writes rows.
pub fn insert(db: &TestDatabase, rows: &[CaseRow]) {
    db.meddle();
    let mut conn = db.connect();
    for chunk in rows.chunks(500) {
        let insert = diesel::insert_into(schema::cases::table).values(chunk);
        match &mut conn {
            Conn::Pg(conn) => insert.execute(conn),
            Conn::Sqlite(conn) => insert.execute(conn),
        }
        .unwrap();
    }
}

/// The first page of a list.
pub const fn first(sort: Sort, limit: i64) -> Lines {
    Lines { sort, page: Page::First, limit }
}

/// The id of a row's case.
pub const fn id(row: &CaseRow) -> CaseId {
    CaseId(row.id.0)
}

/// One page of a list, uncounted.
pub fn listed(
    conn: &mut Conn,
    scope: &CaseScope,
    filter: &CaseFilter,
    lines: Lines,
) -> Stretch<CaseLine> {
    let (scope, filter) = (scope.clone(), filter.clone());
    cases::list(conn, &Listing { scope, filter, lines, extent: None }).unwrap().0
}
