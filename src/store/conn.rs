//! One connection to either database.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use super::error::{Error, Result};

/// A connection to PostgreSQL or SQLite. One set of queries serves both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL 15 or later.
    Pg(PgConnection),
    /// SQLite, bundled.
    Sqlite(SqliteConnection),
}

/// Where the data is: `postgres://…` or `sqlite:PATH`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A PostgreSQL URL.
    Postgres(String),
    /// The path of a SQLite file.
    Sqlite(String),
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres(_) => f.write_str("postgres://[redacted]"),
            Self::Sqlite(path) => write!(f, "sqlite:{path}"),
        }
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Ok(Self::Postgres(text.to_owned()))
        } else if let Some(path) = text.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            Ok(Self::Sqlite(path.to_owned()))
        } else {
            Err("a database URL is sqlite:PATH or postgres://…".to_owned())
        }
    }
}

impl DatabaseUrl {
    /// Opens a connection of the kind that the scheme names, never of another.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn connect(&self) -> Result<Conn> {
        match self {
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(&with_timeouts(url))?;
                conn.batch_execute(POSTGRES_SESSION).map_err(Error::from)?;
                Ok(Conn::Pg(conn))
            }
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path)
                    .map_err(|error| Error::Unavailable(format!("{path}: {error}")))?;
                conn.batch_execute(SQLITE_SESSION).map_err(Error::from)?;
                use_wal(&mut conn)?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }

    /// Is this the embedded database, which migrates itself?
    #[must_use]
    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// How many reader threads serve it best on two cores (measured; docs/adr/0001-one-writer.md).
    #[must_use]
    pub const fn default_readers(&self) -> usize {
        match self {
            Self::Postgres(_) => 2,
            Self::Sqlite(_) => 4,
        }
    }
}

/// No statement and no wait for a lock may hold a thread for long; a dead peer is noticed.
const POSTGRES_SESSION: &str = "SET statement_timeout = '5s'; SET lock_timeout = '2s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET TIME ZONE 'UTC';";

/// FULL makes every commit durable.
const SQLITE_SESSION: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000;";

/// WAL lets readers go on while the writer commits. A new file is switched to it once, and that
/// alone does not wait for a lock: when several processes open a new file together, each waits
/// until nobody else writes, and tries again.
fn use_wal(conn: &mut SqliteConnection) -> Result<()> {
    const TRIES: u32 = 50;
    let mut tried = 0;
    while let Err(error) = conn.batch_execute("PRAGMA journal_mode = WAL;") {
        tried += 1;
        if tried == TRIES {
            return Err(error.into());
        }
        conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK;")?;
    }
    Ok(())
}

/// Adds time limits of the network to a URL that sets none itself.
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [
        ("connect_timeout", "3"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
        ("application_name", "gongkai"),
    ] {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(value);
        }
    }
    url
}
