//! Commands and their outcomes are data: what is asked, by whom, when, and what came of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::{Actor, Capability, Role};
use crate::domain::calendar::{CalendarVersion, Notice};
use crate::domain::case::{Arrival, Case, Record};
use crate::domain::earlier::Earlier;
use crate::domain::ids::{
    CalendarVersionId, CaseId, ParagraphId, SessionId, UnitId, UserId, Version,
};
use crate::domain::letter::{LetterId, SealOutcome};
use crate::domain::lifecycle::{NewCase, Step};
use crate::domain::named::{ClosingReason, DisplayName, UnitCode, UnitName};
use crate::domain::paragraph::{Paragraph, ParagraphChange, ParagraphPlan};
use crate::domain::query_code::QueryCode;
use crate::domain::regulation::RuleSetId;
use crate::domain::rejection::Refusal;
use crate::domain::sealed::BlindIndex;
use crate::domain::session::{EndCause, LinkPurpose};
use crate::domain::unit::{Unit, UnitPlan, User};

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
    /// Who holds a one-time link; the link itself is checked in the transaction.
    LinkHolder,
    /// The server itself, after an outside service has done its part, or going on with what a user has
    /// decided.
    Server,
    /// An applicant, who has no account. What he may do to an existing case he shows by its query
    /// code, which is checked in the transaction that decides.
    Applicant,
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
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every command is an act on a case; a box would be one allocation more for each"
)]
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
    /// Enter what the applicant sends in, by the query code of his case, to supplement it.
    SupplementByCode {
        /// Which case.
        case: CaseId,
        /// The code that he has shown.
        code: QueryCode,
        /// What he says.
        content: String,
    },
    /// Give the applicant his answer, by the query code of his case: the first time it is its service.
    AnswerByCode {
        /// Which case.
        case: CaseId,
        /// The code that he has shown.
        code: QueryCode,
    },
    /// Enter what came of the request for a letter's seal.
    SettleSeal {
        /// Which case.
        case: CaseId,
        /// Which letter.
        letter: LetterId,
        /// What came of it.
        outcome: SealOutcome,
    },
    /// Create a unit.
    CreateUnit {
        /// Its id.
        id: UnitId,
        /// What it shall be.
        plan: UnitPlan,
    },
    /// Change a unit.
    ChangeUnit {
        /// Which.
        unit: UnitId,
        /// The version that the caller saw; none when he saw none (the operator).
        expected: Option<Version>,
        /// How.
        change: UnitChange,
    },
    /// Create a standard paragraph.
    CreateParagraph {
        /// Its id.
        id: ParagraphId,
        /// What it shall say, and for whom.
        plan: ParagraphPlan,
    },
    /// Change or close a standard paragraph.
    ChangeParagraph {
        /// Which.
        paragraph: ParagraphId,
        /// The version that the caller saw.
        expected: Version,
        /// How.
        change: ParagraphChange,
    },
    /// Create a user.
    CreateUser(Box<NewUser>),
    /// Change a user.
    ChangeUser {
        /// Which.
        user: UserId,
        /// The version that the caller saw; none when he saw none (the operator).
        expected: Option<Version>,
        /// How.
        change: UserChange,
    },
    /// Give out a one-time link. The user's earlier ones die.
    IssueLink {
        /// For what.
        purpose: LinkPurpose,
        /// Whose password it sets; none for the set-up.
        user: Option<UserId>,
        /// The link.
        link: NewLink,
    },
    /// Set the password of the user whom a link is for, and use the link up.
    UseLink {
        /// The digest of the link's secret.
        digest: [u8; 32],
        /// The argon2id hash.
        password_hash: String,
    },
    /// Create the bureau, if there is none, and the first administrator, and use the link up.
    SetUp {
        /// The digest of the link's secret.
        digest: [u8; 32],
        /// The bureau, if there is none yet.
        bureau: (UnitId, UnitPlan),
        /// The administrator; his unit is the bureau.
        admin: Box<NewUser>,
    },
    /// Begin a session.
    OpenSession(NewSession),
    /// Exchange a refresh token for the next one.
    RefreshSession {
        /// Which session.
        session: SessionId,
        /// Which token of the family, from 1.
        generation: i64,
        /// The digest of the token that was presented.
        presented: [u8; 32],
        /// The digest of the one that takes its place.
        next: [u8; 32],
    },
    /// Take in a version of a calendar year, as a draft.
    ImportCalendar {
        /// Its id.
        id: CalendarVersionId,
        /// What it says; without faults of its own.
        notice: Box<Notice>,
    },
    /// Put a version of a calendar year in force.
    ApplyCalendar {
        /// Which.
        id: CalendarVersionId,
        /// The version of the row that the caller saw.
        expected: Version,
        /// The name of the calendar that was in force when he saw what it would change.
        calendar: String,
    },
    /// Give a version of a calendar year up before it is in force.
    DiscardCalendar {
        /// Which.
        id: CalendarVersionId,
        /// The version of the row that the caller saw.
        expected: Version,
    },
    /// Recalculate the next cases by a version that is in force.
    Recalculate {
        /// Which.
        id: CalendarVersionId,
        /// So many.
        at_most: usize,
    },
    /// End a session of the caller's own.
    EndSession {
        /// Which.
        session: SessionId,
        /// Why.
        cause: EndCause,
    },
}

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The epoch of the user's tokens that was seen when his password was checked.
    pub epoch: i64,
    /// The digest of the first refresh token.
    pub refresh_digest: [u8; 32],
    /// What the client says it is, for the list of one's sessions.
    pub client: String,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
}

/// A one-time link to be given out.
#[derive(Clone)]
pub struct NewLink {
    /// The secret, to be shown once.
    pub secret: String,
    /// Its digest, which is kept.
    pub digest: [u8; 32],
    /// Until when it lets its holder in.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for NewLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A change of a unit.
#[derive(Clone, Debug)]
pub enum UnitChange {
    /// New values; what is none stays.
    Edit(UnitPatch),
    /// Close it. Its open cases and active users go to the successor.
    Close {
        /// Who takes over.
        successor: Option<UnitId>,
        /// Why.
        reason: ClosingReason,
    },
}

/// New values of a unit; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct UnitPatch {
    /// Its code.
    pub code: Option<UnitCode>,
    /// Its name.
    pub name: Option<UnitName>,
    /// The unit above it.
    pub parent: Option<UnitId>,
    /// May it send answers out?
    pub may_issue: Option<bool>,
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
    /// How many this person may send in online in a day.
    pub quota: Option<DailyQuota>,
}

/// How many applications one person may send in online in a day. Counted where the command is decided,
/// so that many that come together are no way around it.
#[derive(Clone, Debug)]
pub struct DailyQuota {
    /// The digests of the person's identity document, the current key's first.
    pub person: Vec<BlindIndex>,
    /// The beginning of the day.
    pub since: DateTime<Utc>,
    /// So many.
    pub most: i64,
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
    /// The argon2id hash of his password; none until he has chosen one by his link.
    pub password_hash: Option<String>,
    /// The link by which he chooses it.
    pub link: Option<NewLink>,
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
    /// New values.
    Edit(UserPatch),
    /// He gets a new password, and his tokens and links die.
    SetPassword {
        /// The argon2id hash.
        hash: String,
        /// The epoch of his tokens when he showed that he knows the old one; none when somebody else
        /// sets it.
        epoch: Option<i64>,
    },
    /// His sessions end, and his tokens die.
    EndSessions,
}

/// New values of a user; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    /// The name that others see.
    pub display_name: Option<DisplayName>,
    /// His role. His tokens die with the old one.
    pub role: Option<Role>,
    /// His unit. The cases that he had accepted stay with the old one.
    pub unit: Option<UnitId>,
    /// Rights beside the role.
    pub capabilities: Option<Vec<Capability>>,
    /// May he log in?
    pub standing: Option<Standing>,
}

/// Whether a user may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// He may.
    Active,
    /// He may not. His tokens die, and the cases that he had accepted go back to his unit.
    Disabled,
}

impl UserChange {
    /// Bars a user, or lets him in again.
    #[must_use]
    pub fn to(standing: Standing) -> Self {
        Self::Edit(UserPatch { standing: Some(standing), ..UserPatch::default() })
    }

    /// Does it make his one-time links worthless?
    #[must_use]
    pub const fn kills_links(&self) -> bool {
        matches!(
            self,
            Self::SetPassword { .. }
                | Self::Edit(UserPatch { standing: Some(Standing::Disabled), .. })
        )
    }

    /// Can it take cases from their officer?
    #[must_use]
    pub const fn frees_cases(&self) -> bool {
        matches!(
            self,
            Self::Edit(
                UserPatch { role: Some(_), .. }
                    | UserPatch { unit: Some(_), .. }
                    | UserPatch { standing: Some(Standing::Disabled), .. }
            )
        )
    }
}

impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Edit(patch) => patch.fmt(f),
            Self::SetPassword { .. } => f.write_str("SetPassword"),
            Self::EndSessions => f.write_str("EndSessions"),
        }
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
    /// The unit or user that was created or changed.
    #[serde(default)]
    pub person: Option<Made>,
    /// The standard paragraph that was created or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paragraph: Option<Paragraph>,
    /// The version of a calendar year as the command left it.
    #[serde(default)]
    pub calendar: Option<CalendarVersion>,
    /// What came of a command on a session.
    #[serde(skip)]
    pub session: Option<SessionAfter>,
    /// The applicant's earlier cases as they were found before a new case was recorded, so that a
    /// repeated command is answered with the same.
    #[serde(default)]
    pub earlier: Option<Earlier>,
    /// Is this the outcome of an earlier command with the same idempotency key?
    #[serde(skip)]
    pub replayed: Replayed,
}

/// A unit or user that a command created or changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// Its id.
    pub id: uuid::Uuid,
    /// The secret of the one-time link that was given out, shown once.
    pub link: Option<String>,
    /// Until when that link is good.
    pub link_expires_at: Option<DateTime<Utc>>,
    /// The unit as the command left it.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// The user as the command left him.
    #[serde(default)]
    pub user: Option<User>,
}

/// A session as a command left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAfter {
    /// It goes on until then.
    Alive {
        /// When it is over.
        expires_at: DateTime<Utc>,
    },
    /// A token was presented that had been exchanged before, so somebody has a copy: the whole
    /// family is revoked (RFC 9700 §4.14.2).
    Revoked,
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

impl CaseAfter {
    /// The text that governs it; none before registration.
    #[must_use]
    pub fn rule_set(&self) -> Option<RuleSetId> {
        self.record.clock.as_ref().map(|clock| clock.rule_set)
    }

    /// Does this actor see it, or was his unit asked something on it?
    #[must_use]
    pub fn is_for(&self, actor: &Actor) -> bool {
        let record = &self.record;
        let holding = record.holding.as_ref().map(|holding| holding.unit);
        actor.case_scope().contains(record.intake.receiving_unit, holding)
            || record.subtasks.iter().any(|subtask| actor.reaches(subtask.unit))
    }
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
