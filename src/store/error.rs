//! What can go wrong between the product and its database.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A failure of the store. Its text is for the log; the HTTP layer shows only the code.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A constraint refused the change: the domain did not foresee it.
    #[error("constraint violated: {0}")]
    Constraint(String),
    /// A stored row is not a valid domain value.
    #[error("corrupt row: {0}")]
    Corrupt(String),
    /// The database, or its writer, cannot be reached or is too busy; the command had no effect.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost while a change was being committed: it may or may not have
    /// happened. Repeating it with the same idempotency key decides.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// The queue of the writer is full.
    #[error("too many commands are waiting")]
    QueueFull,
    /// The disk is full.
    #[error("storage full: {0}")]
    StorageFull(String),
    /// The embedded database cannot be where it should: the folder is missing or closed.
    #[error("{0}")]
    Place(String),
    /// Another process serves the embedded database.
    #[error("another gongkai serves {0}; an embedded database is for one")]
    InUse(String),
    /// The schema is older than this program.
    #[error("the database lacks migration {0}; run `gongkai migrate`")]
    Outdated(String),
    /// The data key is not the one under which this database was sealed.
    #[error(
        "the data key {0} is not the one that this database was sealed with; nothing was changed"
    )]
    WrongKey(String),
    /// Anything else.
    #[error("database error: {0}")]
    Other(String),
}

/// The result of a store operation.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A corruption of the named row.
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    /// Is the connection that gave this error unfit for further use?
    #[must_use]
    pub const fn breaks_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_))
    }
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::DatabaseError(kind, info) => {
                let text = info.message().to_owned();
                match kind {
                    DatabaseErrorKind::UniqueViolation
                    | DatabaseErrorKind::ForeignKeyViolation
                    | DatabaseErrorKind::NotNullViolation
                    | DatabaseErrorKind::CheckViolation => {
                        Self::Constraint(info.constraint_name().map_or(text, ToOwned::to_owned))
                    }
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::SerializationFailure
                    | DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable(text),
                    _ => Self::by_text(text),
                }
            }
            Diesel::DeserializationError(inner) => Self::Corrupt(inner.to_string()),
            Diesel::BrokenTransactionManager => {
                Self::Unavailable("broken transaction manager".to_owned())
            }
            other => Self::by_text(other.to_string()),
        }
    }
}

impl Error {
    /// Diesel has no kind for these; both databases say them in the message.
    fn by_text(text: String) -> Self {
        const LOST: [&str; 9] = [
            "server closed the connection",
            "connection to server",
            "no connection to the server",
            "terminating connection",
            "the database system is",
            "could not receive data",
            "canceling statement",
            "database is locked",
            "unable to open database file",
        ];
        const FULL: [&str; 3] =
            ["disk is full", "No space left on device", "could not extend file"];
        if FULL.iter().any(|sign| text.contains(sign)) {
            Self::StorageFull(text)
        } else if LOST.iter().any(|sign| text.contains(sign)) {
            Self::Unavailable(text)
        } else {
            Self::Other(text)
        }
    }
}

impl From<diesel::ConnectionError> for Error {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
