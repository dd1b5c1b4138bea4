//! Units and users, managed by the operator on the command line.

use std::sync::Arc;

use super::App;
use super::sessions::{LoginError, hash_password};
use crate::domain::actor::{Capability, Role};
use crate::domain::ids::{UnitId, UserId};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::unit::{Unit, UnitKind};
use crate::store::Error;
use crate::store::command::{Caller, Command, Denied, NewUser, Request, UserChange};

/// The shortest and longest password, in characters.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// A unit to be created.
#[derive(Clone, Debug)]
pub struct UnitInput {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: UnitKind,
    /// The unit above it.
    pub parent: Option<UnitId>,
    /// May it send answers out?
    pub may_issue: bool,
}

/// A user to be created.
#[derive(Clone)]
pub struct UserInput {
    /// The name by which he logs in.
    pub username: String,
    /// The name that others see.
    pub display_name: String,
    /// The password.
    pub password: String,
    /// His role.
    pub role: Role,
    /// His unit.
    pub unit: UnitId,
    /// Rights beside the role.
    pub capabilities: Vec<Capability>,
}

/// Creates a unit.
///
/// # Errors
/// The code is taken, the parent is unknown, or the store failed.
pub async fn create_unit(app: &Arc<App>, input: UnitInput) -> Result<UnitId, Denied> {
    let id = UnitId(app.fresh_id());
    let unit = Unit {
        id,
        code: input.code,
        name: input.name,
        kind: input.kind,
        parent: input.parent,
        may_issue: input.may_issue,
    };
    submit(app, Command::CreateUnit(unit)).await?;
    Ok(id)
}

/// Creates a user.
///
/// # Errors
/// The name is taken, the password is too short, the role does not fit the unit, or the store
/// failed.
pub async fn create_user(app: &Arc<App>, input: UserInput) -> Result<UserId, Denied> {
    let password_hash = checked_hash(app, input.password).await?;
    let id = UserId(app.fresh_id());
    let user = NewUser {
        id,
        username: input.username,
        display_name: input.display_name,
        password_hash,
        role: input.role,
        unit: input.unit,
        capabilities: input.capabilities,
    };
    submit(app, Command::CreateUser(Box::new(user))).await?;
    Ok(id)
}

/// Gives a user a new password; his tokens die.
///
/// # Errors
/// There is no such user, the password is too short, or the store failed.
pub async fn set_password(app: &Arc<App>, user: UserId, password: String) -> Result<(), Denied> {
    let hash = checked_hash(app, password).await?;
    change_user(app, user, UserChange::SetPassword(hash)).await
}

/// Changes a user.
///
/// # Errors
/// There is no such user, nothing would change, or the store failed.
pub async fn change_user(app: &Arc<App>, user: UserId, change: UserChange) -> Result<(), Denied> {
    submit(app, Command::ChangeUser { user, change }).await
}

async fn checked_hash(app: &Arc<App>, password: String) -> Result<String, Denied> {
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        return Err(Rejection::new(Reason::PasswordLength).at("/password").into());
    }
    hash_password(app, password).await.map_err(|error| match error {
        LoginError::Store(error) => Denied::Failed(error),
        other => Denied::Failed(Error::Other(other.to_string())),
    })
}

async fn submit(app: &Arc<App>, command: Command) -> Result<(), Denied> {
    let request = Request {
        caller: Caller::Operator,
        at: app.clock.now(),
        request_id: "operator".to_owned(),
        idempotency: None,
        command,
    };
    app.store.writer.submit(request).await.map(|_| ())
}
