//! Identifiers. Each is a UUIDv7 (RFC 9562): opaque to clients, ordered by time for the indexes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// One application (申请件) and all that is done on it.
    CaseId,
    /// A unit (单位) of the bureau.
    UnitId,
    /// A member of staff.
    UserId,
    /// One log-in: the family of its refresh tokens.
    SessionId,
    /// A file that belongs to a case.
    AttachmentId,
    /// A standard paragraph.
    ParagraphId,
    /// A version of a calendar year.
    CalendarVersionId,
}

/// The number of changes that a row has seen, from 1. It is the entity tag of the resource and
/// what `If-Match` is compared with (RFC 9110 §13.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub i64);

impl Version {
    /// The version of a row that has just been created.
    pub const FIRST: Self = Self(1);

    /// The version after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
