//! Commands and their outcomes are data: what is asked, by whom, when, and what came of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::{Capability, Role};
use crate::domain::case::{Arrival, Case, Record};
use crate::domain::earlier::Earlier;
use crate::domain::ids::{CaseId, UnitId, UserId, Version};
use crate::domain::lifecycle::{NewCase, Step};
use crate::domain::rejection::Refusal;
use crate::domain::unit::Unit;

/// One command on its way to the writer.
#[expect(clippy::struct_field_names, reason = "request_id is what logs and clients call it")]
#[derive(Clone, Debug)]
pub struct Request {
    /// On whose behalf.
    pub caller: Caller,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// The request that brought it, for the ledger.
    pub request_id: String,
    /// The key by which a repetition of it is recognised.
    pub idempotency: Option<Idempotency>,
    /// What to do.
    pub command: Command,
}

/// On whose behalf a command is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A member of staff; his rights are read in the transaction that decides.
    User(UserId),
    /// The operator, by the command line of the server.
    Operator,
}

/// An `Idempotency-Key` with the digest of the request that carried it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// Digest of operation and body.
    pub fingerprint: [u8; 32],
}

/// What can be asked of the writer.
#[derive(Clone, Debug)]
pub enum Command {
    /// Record an application.
    Receive(Box<Receive>),
    /// Take an action on a case.
    Act {
        /// Which case.
        case: CaseId,
        /// The version that the caller saw.
        expected: Version,
        /// The action.
        step: Step,
    },
    /// Create a unit.
    CreateUnit(Unit),
    /// Create a user.
    CreateUser(Box<NewUser>),
    /// Change a user.
    ChangeUser {
        /// Which.
        user: UserId,
        /// How.
        change: UserChange,
    },
}

/// An application to be recorded, and registered in the same command when wanted.
#[derive(Clone, Debug)]
pub struct Receive {
    /// The application.
    pub new: NewCase,
    /// The query code, to be shown once.
    pub query_code: String,
    /// The facts with which to register it at once.
    pub register: Option<Arrival>,
    /// The applicant's earlier cases, for the answer; they do not decide anything.
    pub earlier: Option<Earlier>,
}

/// A user to be created.
#[derive(Clone)]
pub struct NewUser {
    /// His id.
    pub id: UserId,
    /// The name by which he logs in.
    pub username: String,
    /// The name that others see.
    pub display_name: String,
    /// The argon2id hash of his password.
    pub password_hash: String,
    /// His role.
    pub role: Role,
    /// His unit.
    pub unit: UnitId,
    /// Rights beside the role.
    pub capabilities: Vec<Capability>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A change of a user.
#[derive(Clone)]
pub enum UserChange {
    /// He may no longer log in, and his tokens die.
    Disable,
    /// He may log in again.
    Enable,
    /// He gets a new password, and his tokens die. Holds the argon2id hash.
    SetPassword(String),
}

impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::SetPassword(_) => "SetPassword",
        })
    }
}

/// What came of an accepted command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The case after the command; none for a command on something else.
    pub case: Option<CaseAfter>,
    /// The query code of a new case. Shown once, kept nowhere but in the sealed outcome of an
    /// idempotent command.
    pub query_code: Option<String>,
    /// The applicant's earlier cases as they were found before a new case was recorded, so that a
    /// repeated command is answered with the same.
    #[serde(default)]
    pub earlier: Option<Earlier>,
    /// Is this the outcome of an earlier command with the same idempotency key?
    #[serde(skip)]
    pub replayed: Replayed,
}

/// Whether an outcome is repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replayed {
    /// The command was carried out now.
    #[default]
    No,
    /// It had been carried out before; nothing was done.
    Yes,
}

/// A case as a command left it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseAfter {
    id: CaseId,
    version: Version,
    updated_at: DateTime<Utc>,
    record: Record,
}

impl From<&Case> for CaseAfter {
    fn from(case: &Case) -> Self {
        Self {
            id: case.id,
            version: case.version,
            updated_at: case.updated_at,
            record: case.record.clone(),
        }
    }
}

impl From<CaseAfter> for Case {
    fn from(after: CaseAfter) -> Self {
        Self {
            id: after.id,
            version: after.version,
            updated_at: after.updated_at,
            record: after.record,
        }
    }
}

/// Why a command was not carried out. It left no trace.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Denied {
    /// The law, the lifecycle or the input says no.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The store could not.
    #[error(transparent)]
    Failed(#[from] super::error::Error),
}

impl<R: Into<Refusal>> From<R> for Denied {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}
