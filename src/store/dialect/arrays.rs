//! Many rows by one statement of PostgreSQL. The values go as one array for each column, so that the
//! statement is the same for any number of rows: it is parsed and planned once for a connection. With
//! a parameter for each value, that took a third of the database's time for a batch.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

/// `INSERT INTO … SELECT * FROM unnest(…)`.
pub(super) struct Arrays<A> {
    /// The table and its columns, in the order of the arrays.
    pub(super) into: &'static str,
    /// An array for each column.
    pub(super) columns: A,
    /// What to do with a row whose key is there already; nothing when that is an error.
    pub(super) conflict: &'static str,
}

impl<A: QueryFragment<Pg>> QueryFragment<Pg> for Arrays<A> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_sql(self.into);
        out.push_sql(" SELECT * FROM unnest(");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(")");
        out.push_sql(self.conflict);
        Ok(())
    }
}

/// Its text names the table, its type does not.
impl<A> QueryId for Arrays<A> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A> RunQueryDsl<PgConnection> for Arrays<A> {}

/// The columns of rows as arrays, in this order.
macro_rules! arrays {
    ($rows:expr, $table:ident: $($column:ident),+) => {(
        $(
            $rows
                .iter()
                .map(|row| &row.$column)
                .collect::<Vec<_>>()
                .into_sql::<Array<diesel::dsl::SqlTypeOf<$table::$column>>>(),
        )+
    )};
}

/// `"a", "b"` of the names a and b.
macro_rules! listed {
    ($first:ident $(, $rest:ident)*) => {
        concat!("\"", stringify!($first), "\"" $(, ", \"", stringify!($rest), "\"")*)
    };
}

/// Inserts many rows. Every column of the row is named: one that is forgotten does not compile.
macro_rules! insert_rows {
    ($conn:expr, $table:ident, $row:ident, $rows:expr, [$($column:ident),+]) => {{
        let _ = |row: &$row| { let $row { $($column: _),+ } = row; };
        for chunk in $rows.chunks(ROWS_PER_STATEMENT) {
            match $conn {
                Conn::Pg(c) => Arrays {
                    into: concat!(stringify!($table), " (", listed!($($column),+), ")"),
                    columns: arrays!(chunk, $table: $($column),+),
                    conflict: "",
                }
                .execute(c),
                Conn::Sqlite(c) => diesel::insert_into($table::table).values(chunk).execute(c),
            }?;
        }
    }};
}

/// Inserts many rows, or changes those whose key is there already. Every column of the row is named:
/// the key, what stays as it was inserted, and what changes.
macro_rules! upsert_rows {
    (
        $conn:expr, $table:ident, $row:ident, $rows:expr,
        [$($key:ident),+], [$($stays:ident),*], [$($changes:ident),+]
    ) => {{
        let _ = |row: &$row| { let $row { $($key: _,)+ $($stays: _,)* $($changes: _),+ } = row; };
        for chunk in $rows.chunks(ROWS_PER_STATEMENT) {
            match $conn {
                Conn::Pg(c) => Arrays {
                    into: concat!(
                        stringify!($table),
                        " (", listed!($($key,)+ $($stays,)* $($changes),+), ")"
                    ),
                    columns: arrays!(chunk, $table: $($key,)+ $($stays,)* $($changes),+),
                    conflict: concat!(
                        " ON CONFLICT (", listed!($($key),+), ") DO UPDATE SET (",
                        listed!($($changes),+), ") = ROW (",
                        excluded_listed!($($changes),+), ")"
                    ),
                }
                .execute(c),
                Conn::Sqlite(c) => diesel::insert_into($table::table)
                    .values(chunk)
                    .on_conflict(($($table::$key,)+))
                    .do_update()
                    .set(($($table::$changes.eq(excluded($table::$changes)),)+))
                    .execute(c),
            }?;
        }
    }};
}

/// `excluded."a", excluded."b"` of the names a and b.
macro_rules! excluded_listed {
    ($first:ident $(, $rest:ident)*) => {
        concat!(
            "excluded.\"", stringify!($first), "\"" $(, ", excluded.\"", stringify!($rest), "\"")*
        )
    };
}

pub(super) use {arrays, excluded_listed, insert_rows, listed, upsert_rows};
