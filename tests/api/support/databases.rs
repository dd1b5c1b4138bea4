//! A database of its own for every test.
//!
//! PostgreSQL is found by `GONGKAI_TEST_POSTGRES_URL`, whose user may create databases; without it
//! the tests on PostgreSQL fail, they are not skipped. SQLite needs nothing.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{QueryableByName, RunQueryDsl as _};
use gongkai::store::{Conn, DatabaseUrl, dialect};
use uuid::Uuid;

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// What a test can be given to start with.
pub trait Fresh {
    /// Makes it, on the given database.
    async fn fresh(backend: Backend) -> Self;
}

impl Fresh for Backend {
    /// Only its name: the test makes what it needs.
    async fn fresh(backend: Backend) -> Self {
        backend
    }
}

/// A database that exists as long as this value.
pub struct TestDatabase {
    backend: Backend,
    url: DatabaseUrl,
    remains: Remains,
    meddled: AtomicBool,
}

/// What has to be cleared away.
enum Remains {
    Database { server: DatabaseUrl, name: String },
    Folder(PathBuf),
}

impl Fresh for TestDatabase {
    /// An empty one: no migration has run.
    async fn fresh(backend: Backend) -> Self {
        Self::empty(backend)
    }
}

impl TestDatabase {
    /// A new database without any table.
    pub fn empty(backend: Backend) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let chance: [u8; 4] = gongkai::store::vault::fresh_bytes().expect("randomness");
        let name = format!("gk_{}_{count}_{:08x}", std::process::id(), u32::from_be_bytes(chance));
        match backend {
            Backend::Postgres => {
                let server = postgres_server();
                execute(&mut server_conn(&server), &format!("CREATE DATABASE {name}"));
                let url = DatabaseUrl::Postgres(with_database(&server, &name));
                Self {
                    backend,
                    url,
                    remains: Remains::Database { server: DatabaseUrl::Postgres(server), name },
                    meddled: AtomicBool::new(false),
                }
            }
            Backend::Sqlite => {
                let folder = std::env::temp_dir().join(name);
                std::fs::create_dir(&folder).expect("a temporary folder");
                let file = folder.join("gongkai.db").to_string_lossy().into_owned();
                Self {
                    backend,
                    url: DatabaseUrl::Sqlite(file),
                    remains: Remains::Folder(folder),
                    meddled: AtomicBool::new(false),
                }
            }
        }
    }

    /// A new database with every migration.
    pub fn migrated(backend: Backend) -> Self {
        let database = Self::empty(backend);
        dialect::migrate_up(&mut database.connect()).expect("the migrations");
        database
    }

    /// Which kind it is.
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// Where it is.
    pub const fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// A connection of the product's own making.
    pub fn connect(&self) -> Conn {
        self.url.connect().expect("a connection to the test database")
    }

    /// Tells that the test wrote past the product: rows need no longer follow from the ledger.
    pub fn meddle(&self) {
        self.meddled.store(true, Ordering::Relaxed);
    }

    /// Has it?
    pub fn is_meddled(&self) -> bool {
        self.meddled.load(Ordering::Relaxed)
    }

    /// Runs statements whose results nobody wants.
    pub fn execute(&self, sql: &str) {
        self.meddle();
        execute(&mut self.connect(), sql);
    }

    /// The texts that a query gives. Its one column must be text and be called `value`.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        texts(&mut self.connect(), sql)
    }

    /// The one number that a query gives, as [`TestDatabase::texts`].
    pub fn number(&self, sql: &str) -> i64 {
        let found = self.texts(&format!("SELECT CAST(({sql}) AS text) AS value"));
        found
            .first()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| panic!("{sql}: {found:?}"))
    }

    /// An identifier as a literal of this database's SQL.
    pub fn literal(&self, id: Uuid) -> String {
        match self.backend {
            Backend::Postgres => format!("'{id}'::uuid"),
            Backend::Sqlite => format!("x'{}'", id.simple()),
        }
    }

    /// Starts a transaction that keeps every writer waiting until it is released.
    pub fn hold_writers(&self) -> Held {
        let mut conn = self.connect();
        execute(
            &mut conn,
            match self.backend {
                Backend::Postgres => "BEGIN; SELECT * FROM heads FOR UPDATE;",
                Backend::Sqlite => "BEGIN IMMEDIATE",
            },
        );
        Held(conn)
    }
}

/// The writers wait while this exists.
pub struct Held(Conn);

impl Held {
    /// Lets them go on.
    pub fn release(mut self) {
        execute(&mut self.0, "ROLLBACK");
    }
}

/// Runs statements on a connection.
pub fn execute(conn: &mut Conn, sql: &str) {
    try_execute(conn, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Runs statements on a connection that may refuse them.
pub fn try_execute(conn: &mut Conn, sql: &str) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(conn) => conn.batch_execute(sql),
        Conn::Sqlite(conn) => conn.batch_execute(sql),
    }
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// The texts that a query gives on a connection.
pub fn texts(conn: &mut Conn, sql: &str) -> Vec<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the catalogues and plans of a database have no Diesel schema"
    )]
    let query = diesel::sql_query(sql);
    let rows: Vec<TextRow> = match conn {
        Conn::Pg(conn) => query.load(conn),
        Conn::Sqlite(conn) => query.load(conn),
    }
    .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.remains {
            Remains::Database { server, name } => {
                if let Ok(mut conn) = server.connect() {
                    // A failed clean-up must not hide the failure of the test.
                    drop(try_execute(
                        &mut conn,
                        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                    ));
                }
            }
            Remains::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
        }
    }
}

fn postgres_server() -> String {
    let url = gongkai::config::variable("GONGKAI_TEST_POSTGRES_URL").ok().flatten();
    let url = url.expect(
        "GONGKAI_TEST_POSTGRES_URL is not set: run the tests by scripts/test, \
         or by scripts/with-postgres cargo test",
    );
    assert!(
        matches!(DatabaseUrl::from_str(&url), Ok(DatabaseUrl::Postgres(_))),
        "GONGKAI_TEST_POSTGRES_URL must be postgres://…"
    );
    url
}

/// CREATE DATABASE copies files: on a busy machine that may outlast the product's own time limit.
fn server_conn(server: &str) -> Conn {
    let mut conn =
        DatabaseUrl::Postgres(server.to_owned()).connect().expect("the PostgreSQL server");
    execute(&mut conn, "SET statement_timeout = 0; SET lock_timeout = 0");
    conn
}

/// The same URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(a, o)| (a, Some(o)));
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{name}{options}", &address[..end])
}
