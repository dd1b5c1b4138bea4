//! Cases by their ids, without the documents that the reader knows already.

use diesel::dsl::case_when;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::store::conn::Conn;
use crate::store::error::Result;
use crate::store::rows::CaseDocument;
use crate::store::schema::cases;
use crate::store::types::{Id, JsonDoc, Key, Stamp};

/// Reads what the named cases are built from; the document only of one that has another version than
/// the one named with it. To write a document out costs PostgreSQL more than to find its row.
///
/// One statement on PostgreSQL, whatever their number; on SQLite, where a list of each length would be
/// a statement of its own, one after the other by one that is kept prepared.
pub(in crate::store) fn documents(
    conn: &mut Conn,
    wanted: &[(Key, i64)],
) -> Result<Vec<CaseDocument>> {
    match conn {
        Conn::Pg(c) => {
            let (ids, versions): (Vec<Key>, Vec<i64>) = wanted.iter().copied().unzip();
            let wanted = Wanted {
                ids: ids.into_sql::<Array<Id>>(),
                versions: versions.into_sql::<Array<BigInt>>(),
            };
            Ok(wanted.load(c)?)
        }
        Conn::Sqlite(c) => {
            let one = |(id, version): &(Key, i64)| {
                let document = case_when(cases::version.ne(*version), cases::record);
                let (unit, holder) = (cases::receiving_unit_id, cases::holding_unit_id);
                let head = (cases::id, cases::version, cases::status, unit, holder);
                let columns = (head.0, head.1, head.2, head.3, head.4, document, cases::updated_at);
                let one = cases::table.filter(cases::id.eq(*id)).select(columns);
                one.first::<CaseDocument>(c).optional().transpose()
            };
            Ok(wanted.iter().filter_map(one).collect::<QueryResult<_>>()?)
        }
    }
}

struct Wanted<I, V> {
    ids: I,
    versions: V,
}

impl<I: QueryFragment<Pg>, V: QueryFragment<Pg>> QueryFragment<Pg> for Wanted<I, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // By a list of ids its planner always goes by the key; of a join with unnest it may think
        // otherwise.
        out.push_sql(
            "SELECT id, version, status, receiving_unit_id, holding_unit_id, \
             CASE WHEN version <> (CAST(",
        );
        self.versions.walk_ast(out.reborrow())?;
        out.push_sql(" AS bigint[]))[array_position(CAST(");
        self.ids.walk_ast(out.reborrow())?;
        out.push_sql(" AS uuid[]), id)] THEN record END, updated_at FROM cases WHERE id = ANY (");
        self.ids.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<I, V> Query for Wanted<I, V> {
    type SqlType = (Id, BigInt, Text, Id, Nullable<Id>, Nullable<JsonDoc>, Stamp);
}

impl<I: 'static, V: 'static> QueryId for Wanted<I, V> {
    type QueryId = Wanted<I, V>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<I, V> RunQueryDsl<PgConnection> for Wanted<I, V> {}
