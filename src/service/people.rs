//! Units and users, managed by administrators and by the operator on the command line.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};

use super::App;
use super::cases::Origin;
use super::sessions::{LoginError, hash_password};
use crate::domain::actor::{Capability, Role};
use crate::domain::ids::{UnitId, UserId, Version};
use crate::domain::named::{DisplayName, UnitCode, UnitName, UserName};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::session::{LINK_MINUTES, LinkPurpose};
use crate::domain::unit::{UnitKind, UnitPlan};
use crate::store::command::{
    Caller, Command, Denied, NewLink, NewUser, Outcome, Replayed, UnitChange, UserChange,
};
use crate::store::vault::fresh_bytes;
use crate::store::{Error, sessions as rows};

/// The shortest and longest password, in characters.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// Passwords that everybody tries first.
const COMMON: &str = include_str!("../../data/common_passwords.txt");

/// A unit to be created.
#[derive(Clone)]
pub struct UnitInput {
    /// Its short stable name.
    pub code: UnitCode,
    /// Its name.
    pub name: UnitName,
    /// What it is for.
    pub kind: UnitKind,
    /// The unit above it; none for the bureau.
    pub parent: Option<UnitId>,
    /// May it send an answer out in its own name?
    pub may_issue: bool,
}

/// A user to be created.
#[derive(Clone)]
pub struct UserInput {
    /// The name by which he logs in.
    pub username: UserName,
    /// The name that others see.
    pub display_name: DisplayName,
    /// His password; when there is none, a link by which he chooses one.
    pub password: Option<String>,
    /// His role.
    pub role: Role,
    /// His unit.
    pub unit: UnitId,
    /// Rights beside the role.
    pub capabilities: Vec<Capability>,
}

/// A one-time link, to be shown once.
#[derive(Clone)]
pub struct Link {
    /// Its secret.
    pub secret: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

impl Origin {
    /// A request of the operator, by the command line.
    #[must_use]
    pub fn operator() -> Self {
        let request_id = "operator".to_owned();
        Self { caller: Caller::Operator, request_id, idempotency: None }
    }

    /// A request of somebody who holds a one-time link.
    #[must_use]
    pub const fn link_holder(request_id: String) -> Self {
        Self { caller: Caller::LinkHolder, request_id, idempotency: None }
    }
}

/// Creates a unit.
///
/// # Errors
/// The code is taken, the parent is unknown or closed, or the store failed.
pub async fn create_unit(
    app: &Arc<App>,
    origin: Origin,
    input: UnitInput,
) -> Result<Outcome, Denied> {
    let id = UnitId(app.fresh_id());
    let plan = UnitPlan {
        code: input.code.into(),
        name: input.name.into(),
        kind: input.kind,
        parent: input.parent,
        may_issue: input.may_issue,
    };
    app.submit(origin, Command::CreateUnit { id, plan }).await
}

/// Changes or closes a unit.
///
/// # Errors
/// The command is refused, or the store failed.
pub async fn change_unit(
    app: &Arc<App>,
    origin: Origin,
    unit: UnitId,
    expected: Option<Version>,
    change: UnitChange,
) -> Result<Outcome, Denied> {
    app.submit(origin, Command::ChangeUnit { unit, expected, change }).await
}

/// Creates a user. Without a password he gets a one-time link, which the outcome holds.
///
/// # Errors
/// The name is taken, the password will not do, the role does not fit the unit, or the store
/// failed.
pub async fn create_user(
    app: &Arc<App>,
    origin: Origin,
    input: UserInput,
) -> Result<Outcome, Denied> {
    let (password_hash, link) = match input.password {
        Some(password) => (Some(checked_hash(app, input.username.as_str(), password).await?), None),
        None => (None, Some(new_link(app)?)),
    };
    let user = NewUser {
        id: UserId(app.fresh_id()),
        username: input.username.into(),
        display_name: input.display_name.into(),
        password_hash,
        link,
        role: input.role,
        unit: input.unit,
        capabilities: input.capabilities,
    };
    app.submit(origin, Command::CreateUser(Box::new(user))).await
}

/// Changes a user.
///
/// # Errors
/// There is no such user, nothing would change, the change is refused, or the store failed.
pub async fn change_user(
    app: &Arc<App>,
    origin: Origin,
    user: UserId,
    expected: Option<Version>,
    change: UserChange,
) -> Result<Outcome, Denied> {
    app.submit(origin, Command::ChangeUser { user, expected, change }).await
}

/// Gives a user a new password; his tokens and links die. `epoch` is that of his tokens when he showed
/// that he knows the old password; none when it is not he who sets it.
///
/// # Errors
/// There is no such user, the password will not do, it has been changed since he showed that he knows
/// it ([`Reason::StaleVersion`]), or the store failed.
pub async fn set_password(
    app: &Arc<App>,
    origin: Origin,
    user: UserId,
    epoch: Option<i64>,
    password: String,
) -> Result<(), Denied> {
    let directory = app.store.directory().await?;
    let name = directory.user(user).map(|user| user.username.clone()).ok_or(Reason::NotFound)?;
    let hash = checked_hash(app, &name, password).await?;
    change_user(app, origin, user, None, UserChange::SetPassword { hash, epoch }).await.map(|_| ())
}

/// Gives out a link by which a user chooses a new password. Nobody else learns that password.
///
/// # Errors
/// There is no such active user, or the store failed.
pub async fn issue_link(
    app: &Arc<App>,
    origin: Origin,
    user: UserId,
) -> Result<(Link, Replayed), Denied> {
    let outcome = issue(app, origin, LinkPurpose::SetPassword, Some(user)).await?;
    let replayed = outcome.replayed;
    Ok((link_of(outcome)?, replayed))
}

/// Gives out the link by which the first administrator sets the system up; none when there are
/// users already.
///
/// # Errors
/// The store failed.
pub async fn issue_set_up_link(app: &Arc<App>) -> Result<Option<Link>, Denied> {
    if !app.store.directory().await?.users().is_empty() {
        return Ok(None);
    }
    let outcome = issue(app, Origin::operator(), LinkPurpose::SetUp, None).await?;
    link_of(outcome).map(Some)
}

async fn issue(
    app: &Arc<App>,
    origin: Origin,
    purpose: LinkPurpose,
    user: Option<UserId>,
) -> Result<Outcome, Denied> {
    let link = new_link(app)?;
    app.submit(origin, Command::IssueLink { purpose, user, link }).await
}

/// The link that an outcome holds.
///
/// # Errors
/// It holds none.
pub fn link_of(outcome: Outcome) -> Result<Link, Denied> {
    let made = outcome.person.and_then(|made| Some((made.link?, made.link_expires_at?)));
    made.map(|(secret, expires_at)| Link { secret, expires_at })
        .ok_or_else(|| Error::Other("a link was not given out".to_owned()).into())
}

/// Sets the password of the user whom a link is for. The link is used up.
///
/// # Errors
/// The link is unknown, used or expired; the password will not do; or the store failed.
pub async fn use_link(
    app: &Arc<App>,
    origin: Origin,
    secret: &str,
    password: String,
) -> Result<UserId, Denied> {
    let digest = digest_of(secret);
    // Hashing costs: nobody without a link makes the server do it.
    let user =
        good_link(app, digest, LinkPurpose::SetPassword).await?.ok_or(Reason::LinkInvalid)?;
    let directory = app.store.directory().await?;
    let name = directory.user(user).map(|user| user.username.clone()).ok_or(Reason::LinkInvalid)?;
    let password_hash = checked_hash(app, &name, password).await?;
    app.submit(origin, Command::UseLink { digest, password_hash }).await?;
    Ok(user)
}

/// The first administrator, and the bureau when there is none yet.
#[derive(Clone)]
pub struct SetUpInput {
    /// The name of the bureau.
    pub bureau_name: UnitName,
    /// The name by which the administrator logs in.
    pub username: UserName,
    /// The name that others see.
    pub display_name: DisplayName,
    /// His password.
    pub password: String,
}

/// Sets the system up. The link is used up.
///
/// # Errors
/// The link is unknown, used or expired; there are users already; the password will not do; or the
/// store failed.
pub async fn set_up(
    app: &Arc<App>,
    origin: Origin,
    secret: &str,
    input: SetUpInput,
) -> Result<UserId, Denied> {
    let digest = digest_of(secret);
    good_link(app, digest, LinkPurpose::SetUp).await?;
    let hash = checked_hash(app, input.username.as_str(), input.password).await?;
    let bureau = UnitPlan {
        code: "bureau".to_owned(),
        name: input.bureau_name.into(),
        kind: UnitKind::Bureau,
        parent: None,
        may_issue: true,
    };
    let unit = UnitId(app.fresh_id());
    let id = UserId(app.fresh_id());
    let admin = NewUser {
        id,
        username: input.username.into(),
        display_name: input.display_name.into(),
        password_hash: Some(hash),
        link: None,
        role: Role::Admin,
        unit,
        capabilities: Vec::new(),
    };
    let command = Command::SetUp { digest, bureau: (unit, bureau), admin: Box::new(admin) };
    app.submit(origin, command).await?;
    Ok(id)
}

/// Is there a good link of this purpose with this secret? It is not used up.
///
/// # Errors
/// The store failed.
pub async fn is_good(app: &Arc<App>, secret: &str, purpose: LinkPurpose) -> Result<bool, Denied> {
    match good_link(app, digest_of(secret), purpose).await {
        Ok(_) => Ok(true),
        Err(Denied::Refused(_)) => Ok(false),
        Err(failed) => Err(failed),
    }
}

/// Is this link good? Gives the user whom it is for, if any.
async fn good_link(
    app: &Arc<App>,
    digest: [u8; 32],
    purpose: LinkPurpose,
) -> Result<Option<UserId>, Denied> {
    let row = app.store.readers.run(move |conn| rows::link_row(conn, &digest)).await?;
    let now = app.clock.now();
    row.filter(|link| link.purpose == purpose.as_str())
        .filter(|link| link.used_at.is_none() && now < link.expires_at.0)
        .map(|link| link.user_id.map(|key| UserId(key.0)))
        .ok_or_else(|| Reason::LinkInvalid.into())
}

fn new_link(app: &App) -> Result<NewLink, Denied> {
    let random: [u8; 32] = fresh_bytes().map_err(|error| Error::Other(error.to_string()))?;
    let secret = URL_SAFE_NO_PAD.encode(random);
    let digest = digest_of(&secret);
    Ok(NewLink { secret, digest, expires_at: app.clock.now() + Duration::minutes(LINK_MINUTES) })
}

/// The digest under which a secret of 256 random bits is kept. It needs no slow hash: it cannot be
/// guessed.
#[must_use]
pub fn digest_of(secret: &str) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    sum
}

async fn checked_hash(app: &Arc<App>, username: &str, password: String) -> Result<String, Denied> {
    check_password(username, &password)?;
    hash_password(app, password).await.map_err(|error| match error {
        LoginError::Store(error) => Denied::Failed(error),
        other => Denied::Failed(Error::Other(other.to_string())),
    })
}

/// Will this password do?
///
/// # Errors
/// It is too short or too long, the user's own name, or one that everybody tries first.
pub fn check_password(username: &str, password: &str) -> Result<(), Rejection> {
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        return Err(Rejection::new(Reason::PasswordLength).at("/password"));
    }
    let folded = password.to_lowercase();
    let same = folded.chars().collect::<std::collections::BTreeSet<_>>().len() < 3;
    if same || folded == username.to_lowercase() || COMMON.lines().any(|common| common == folded) {
        return Err(Rejection::new(Reason::PasswordWeak).at("/password"));
    }
    Ok(())
}
