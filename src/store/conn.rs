//! One connection to either database.

use std::path::Path;

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
                let mut conn = PgConnection::establish(&with_timeouts(url))
                    .map_err(|error| Error::Unavailable(scrubbed(url, &error.to_string())))?;
                conn.batch_execute(POSTGRES_SESSION).map_err(Error::from)?;
                Ok(Conn::Pg(conn))
            }
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(|error| {
                    place_fault(path).unwrap_or(Error::Unavailable(format!("{path}: {error}")))
                })?;
                // SQLite opens what it may only read, and says so when it wants to write.
                conn.batch_execute(SQLITE_SESSION)
                    .map_err(Error::from)
                    .and_then(|()| use_wal(&mut conn))
                    .map_err(|error| place_fault(path).unwrap_or(error))?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }

    /// Can the embedded database be where it should? Leaves nothing behind.
    ///
    /// # Errors
    /// One sentence that says why not.
    pub fn check_place(&self) -> Result<()> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(path) => place_fault(path).map_or(Ok(()), Err),
        }
    }

    /// For people: where it is and as whom, without the password and without parameters that could
    /// hold one.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{path}"),
            Self::Postgres(url) => shown(url).unwrap_or_else(|| format!("{self:?}")),
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

/// What is wrong with the place of a SQLite file, in one sentence; none when it looks well.
fn place_fault(path: &str) -> Option<Error> {
    let file = Path::new(path);
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let fault = |text: String| Some(Error::Place(text));
    if !folder.exists() {
        return fault(format!("the folder {} does not exist", folder.display()));
    }
    if !folder.is_dir() {
        return fault(format!("{} is not a folder", folder.display()));
    }
    if file.is_dir() {
        return fault(format!("{path} is a folder, not a database"));
    }
    // SQLite makes files beside the database, so the folder must be writable. Nothing but trying
    // tells: mode bits know nothing of read-only file systems.
    let trial = folder.join(format!(".gongkai-{}", std::process::id()));
    let tried = std::fs::File::create_new(&trial).and_then(|_| std::fs::remove_file(&trial));
    if let Err(error) = tried {
        return fault(format!("cannot write into the folder {}: {error}", folder.display()));
    }
    let opened = std::fs::OpenOptions::new().read(true).write(true).open(file);
    match opened {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            fault(format!("cannot open {path}: {error}"))
        }
        _ => None,
    }
}

/// The parameters of a URL that are shown: none of them holds a secret.
const SHOWN: [&str; 5] =
    ["sslmode", "sslrootcert", "connect_timeout", "target_session_attrs", "application_name"];

/// A PostgreSQL URL without its secrets; none when it is not certain which parts they are.
fn shown(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    // A password that was not escaped may hold any sign: what follows the last @ is no secret.
    let (user, place) = match rest.rsplit_once('@') {
        Some((who, place)) => (who.split(':').next()?, place),
        None => ("", rest),
    };
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let plain = |text: &str, more: &str| {
        text.bytes().all(|b| {
            b.is_ascii_alphanumeric() || b"-._".contains(&b) || more.as_bytes().contains(&b)
        })
    };
    if !plain(user, "") || !plain(place, "/:,[]") {
        return None;
    }
    let shown: Vec<&str> = query
        .split('&')
        .filter(|pair| pair.split_once('=').is_some_and(|(name, _)| SHOWN.contains(&name)))
        .collect();
    let question = if shown.is_empty() { "" } else { "?" };
    let at = if user.is_empty() { "" } else { "@" };
    Some(format!("{scheme}://{user}{at}{place}{question}{}", shown.join("&")))
}

/// A message of libpq that cannot hold the password. Of a URL that it takes apart otherwise than its
/// writer meant, libpq repeats parts: then nothing of its message is shown.
fn scrubbed(url: &str, message: &str) -> String {
    let user_info = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    let in_front = user_info.and_then(|(who, _)| who.split_once(':')).map(|(_, password)| password);
    let parameter = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("password="));
    if in_front.is_some_and(is_ambiguous) || parameter.is_some_and(is_ambiguous) {
        return "cannot be reached, or its URL is not understood: in the password, write every \
                sign that is no letter or digit as % and two hexadecimal digits"
            .to_owned();
    }
    let known = in_front.into_iter().chain(parameter).filter(|secret| secret.len() > 2);
    known.fold(message.trim_end().to_owned(), |text, secret| text.replace(secret, "[redacted]"))
}

/// Has a password in a URL signs that mean something else there?
fn is_ambiguous(password: &str) -> bool {
    let escaped = |rest: &str| {
        let hex = rest.get(..2);
        hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    password.contains(['/', ':', '?', '@', '#', '&', '=', '[', ']', ' '])
        || password.split('%').skip(1).any(|rest| !escaped(rest))
}

/// No statement and no wait for a lock may hold a thread for long; a dead peer is noticed. Long values
/// are compressed by LZ4 where the server can: its own choice took a fifth of its time when it writes.
const POSTGRES_SESSION: &str = "SET statement_timeout = '5s'; SET lock_timeout = '2s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET TIME ZONE 'UTC'; \
     SELECT set_config(name, 'lz4', false) FROM pg_settings \
     WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals);";

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

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, scrubbed};

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        let shown = |url: &str| url.parse::<DatabaseUrl>().unwrap().shown();
        let plain = "postgres://gongkai@db.example:5432/gongkai?sslmode=verify-full";
        assert_eq!(
            shown(
                "postgres://gongkai:s3cret@db.example:5432/gongkai?sslmode=verify-full&password=x&options=y"
            ),
            plain
        );
        assert_eq!(shown("postgres://u:s3/c@r:e?t@db/x"), "postgres://u@db/x");
        assert_eq!(shown("postgres://db/x"), "postgres://db/x");
        assert_eq!(shown("postgres://u:s3cret@db/x y"), "postgres://[redacted]");
        assert_eq!(shown("sqlite:/a/b.db"), "sqlite:/a/b.db");
    }

    #[test]
    fn a_message_repeats_no_part_of_a_password() {
        let plain = "could not translate host name \"db\" to address";
        assert_eq!(scrubbed("postgres://u:ab%2Fcd@db/x", plain), plain);
        assert_eq!(scrubbed("postgres://u:abcd@db/x", "of abcd\n"), "of [redacted]");
        for url in [
            "postgres://u:ge:heim@db/x",
            "postgres://u:ge@heim@db/x",
            "postgres://u:ge/heim@db/x",
            "postgres://u:ge?heim@db/x",
            "postgres://u:ge%heim@db/x",
            "postgres://u@db/x?password=ge=heim",
        ] {
            let said = scrubbed(url, "invalid integer value \"ge:heim\" for \"port\"");
            assert!(!said.contains("ge:heim") && said.contains("hexadecimal"), "{said}");
        }
    }
}
