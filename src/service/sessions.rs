//! Logging in, refreshing, logging out.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use chrono::{DateTime, Duration, Utc};
use tokio::sync::SemaphorePermit;

use super::App;
use super::cases::Origin;
use super::guesses::Guess;
use super::metrics::LoginOutcome;
use super::tokens::TOKEN_LIFE_SECS;
use crate::domain::hex;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::session::{EndCause, SESSION_HOURS};
use crate::domain::unit::User;
use crate::store::command::{Caller, Command, Denied, NewSession, SessionAfter};
use crate::store::vault::fresh_bytes;
use crate::store::{self, UserRow, directory, sessions as rows};

/// The memory of one hash, in KiB. OWASP asks for 19 MiB at least. The allocator gives a block of this
/// size back to the system some seconds after the log-in.
const MEMORY_KIB: u32 = 34 * 1024;

/// Passes over the memory.
const PASSES: u32 = 2;

/// The argon2id parameters: one lane.
static ARGON2: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});

/// The hash of nobody's password: an unknown user costs as long as a wrong password. It is the hash of
/// no password that anybody could find, and takes no time to make.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${hash}")
});

/// Fresh tokens.
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// The access token.
    pub access_token: String,
    /// Seconds for which it is good.
    pub expires_in: i64,
    /// The refresh token, good for one exchange.
    pub refresh_token: String,
    /// When the session is over, whatever is done in it.
    pub ends_at: DateTime<Utc>,
    /// The user.
    pub user: User,
}

/// Why somebody may not log in. Unknown user, wrong password and disabled user look the same.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The name or the password is wrong, or the account is disabled.
    #[error("wrong name or password")]
    Denied,
    /// Too many wrong passwords; for how many seconds to wait.
    #[error("too many wrong passwords")]
    Guessing(i64),
    /// The refresh token is unknown, exchanged already or expired, or its session is over.
    #[error("the session is over")]
    SessionOver,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The machine failed.
    #[error("cannot check passwords: {0}")]
    Machine(String),
}

/// What comes with a log-in.
#[derive(Clone)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
    /// What the client says it is, for the list of one's sessions.
    pub client: String,
    /// Where it comes from.
    pub address: IpAddr,
    /// The request, for the log.
    pub request_id: String,
}

/// Checks a password and opens a session. Every attempt is counted.
///
/// # Errors
/// See [`LoginError`].
pub async fn log_in(app: &Arc<App>, login: Login) -> Result<Session, LoginError> {
    let attempt = admit(app, login).await;
    match &attempt {
        Ok(_) => app.metrics.login(LoginOutcome::Succeeded),
        Err(LoginError::Denied | LoginError::SessionOver) => {
            app.metrics.login(LoginOutcome::Failed);
        }
        Err(LoginError::Guessing(_)) => app.metrics.login(LoginOutcome::Throttled),
        // It says nothing about who tried.
        Err(LoginError::Store(_) | LoginError::Machine(_)) => {}
    }
    attempt
}

async fn admit(app: &Arc<App>, login: Login) -> Result<Session, LoginError> {
    let Login { username, password, client, address, request_id } = login;
    let name = username.clone();
    let row = app.store.readers.run(move |conn| directory::user_row_by_name(conn, &name)).await?;
    let user = prove(app, address, (&username, row), password).await?;

    let id = SessionId(app.fresh_id());
    let (refresh_token, refresh_digest) = app.tokens.refresh_token(id, 1, &random()?);
    let expires_at = app.clock.now() + Duration::hours(SESSION_HOURS);
    let session = NewSession { id, epoch: user.token_epoch, refresh_digest, client, expires_at };
    let origin = Origin { caller: Caller::User(user.id), request_id, idempotency: None };
    app.submit(origin, Command::OpenSession(session)).await.map_err(login_error)?;
    tracing::info!(user = %user.id, session = %id, "logged in");
    session_of(app, id, user, (refresh_token, expires_at))
}

/// Exchanges a refresh token for fresh tokens. One that was exchanged before ends its session: two
/// hold it, and one of them is a thief (RFC 9700 §4.14.2).
///
/// # Errors
/// See [`LoginError`].
pub async fn refresh(
    app: &Arc<App>,
    token: &str,
    request_id: String,
) -> Result<Session, LoginError> {
    let presented = app.tokens.read_refresh_token(token).ok_or(LoginError::SessionOver)?;
    let session = presented.session;
    let row = app.store.readers.run(move |conn| rows::session_row(conn, session)).await?;
    let user = row.map(|row| UserId(row.user_id.0)).ok_or(LoginError::SessionOver)?;
    let generation = presented.generation.saturating_add(1);
    let (refresh_token, next) = app.tokens.refresh_token(session, generation, &random()?);
    let command = Command::RefreshSession {
        session,
        generation: presented.generation,
        presented: presented.digest,
        next,
    };
    let origin = Origin { caller: Caller::User(user), request_id, idempotency: None };
    let outcome = app.submit(origin, command).await.map_err(login_error)?;
    let Some(SessionAfter::Alive { expires_at }) = outcome.session else {
        tracing::warn!(%user, %session, "a refresh token was used twice; its session was revoked");
        return Err(LoginError::SessionOver);
    };
    let directory = app.store.directory().await?;
    let user = directory.user(user).cloned().ok_or(LoginError::SessionOver)?;
    session_of(app, session, user, (refresh_token, expires_at))
}

/// Ends a session of the caller's own.
///
/// # Errors
/// There is no such session of his, or the store failed.
pub async fn end(
    app: &Arc<App>,
    origin: Origin,
    session: SessionId,
    cause: EndCause,
) -> Result<(), Denied> {
    app.submit(origin, Command::EndSession { session, cause }).await.map(|_| ())
}

fn session_of(
    app: &App,
    id: SessionId,
    user: User,
    (refresh_token, ends_at): (String, DateTime<Utc>),
) -> Result<Session, LoginError> {
    let now = app.clock.now();
    // No token outlives its session.
    let expires_in = TOKEN_LIFE_SECS.min((ends_at - now).num_seconds());
    let access_token = app
        .tokens
        .issue(&user, id, (now, expires_in), app.fresh_id())
        .map_err(|error| LoginError::Machine(error.to_string()))?;
    Ok(Session { id, access_token, expires_in, refresh_token, ends_at, user })
}

fn random() -> Result<[u8; 32], LoginError> {
    fresh_bytes().map_err(|error| LoginError::Machine(error.to_string()))
}

/// Who was let in by an old picture of things, and refused by the writer, is told no more than that.
fn login_error(denied: Denied) -> LoginError {
    match denied {
        Denied::Refused(_) => LoginError::SessionOver,
        Denied::Failed(error) => LoginError::Store(error),
    }
}

/// Is this the user's password? Asked again before he changes it. Counts like a log-in, and gives the
/// user as he was when it was checked.
///
/// # Errors
/// It is not ([`LoginError::Denied`]), too many were wrong, or the store failed.
pub async fn check_password(
    app: &Arc<App>,
    user: UserId,
    address: IpAddr,
    password: String,
) -> Result<User, LoginError> {
    let row = app.store.readers.run(move |conn| directory::user_row(conn, user)).await?;
    let row = row.ok_or(LoginError::Denied)?;
    let name = row.username.clone();
    prove(app, address, (&name, Some(row)), password).await
}

/// Checks the password of a name, which may be nobody's, and counts a wrong one. Whatever is wrong,
/// the steps are the same: one look at the counts and one hash.
async fn prove(
    app: &Arc<App>,
    address: IpAddr,
    (name, row): (&str, Option<UserRow>),
    password: String,
) -> Result<User, LoginError> {
    // A guess is counted before it is checked. Only who has a turn guesses, so that right passwords
    // that come together are not taken for guesses.
    let turn = turn(app).await?;
    let now = app.clock.now();
    let epoch = row.as_ref().map_or(0, |row| row.token_epoch);
    let guess = app
        .guesses
        .attempt(name, epoch, address, now)
        .map_err(|wait| LoginError::Guessing(wait.seconds(now)))?;
    // Who has not chosen a password yet is checked like nobody.
    let hash = row.as_ref().map(|row| row.password_hash.clone()).filter(|hash| !hash.is_empty());
    let has_one = hash.is_some();
    let hash = hash.unwrap_or_else(|| NOBODY.clone());
    let right = hashing(turn, move || verify_now(&hash, &password))
        .await
        .inspect_err(|_| app.guesses.take_back(&guess))?;
    match row {
        Some(row) if right && has_one && row.disabled_at.is_none() => {
            app.guesses.right(guess, now);
            Ok(row.to_user()?)
        }
        row => {
            alarm(app, guess, name, row.map(|row| UserId(row.id.0)));
            Err(LoginError::Denied)
        }
    }
}

/// Says in the log what begins to cool down. A name that nobody has may be a password that was typed
/// in the wrong place: it stands there as a keyed digest.
fn alarm(app: &App, guess: Guess, name: &str, user: Option<UserId>) {
    for what in guess.wrong() {
        let name = hex::encode(&app.tokens.seal_text(&format!("login name\0{name}")));
        let user = user.map(tracing::field::display);
        tracing::warn!(what = what.as_str(), user, name, "passwords are being guessed");
    }
}

/// Hashes a password, off the threads that answer requests.
///
/// # Errors
/// The machine fails.
pub async fn hash_password(app: &Arc<App>, password: String) -> Result<String, LoginError> {
    hashing(turn(app).await?, move || hash_now(&password))
        .await?
        .ok_or_else(|| LoginError::Machine("argon2".to_owned()))
}

/// A turn at hashing, of which there are few: each takes its memory and a core.
async fn turn(app: &Arc<App>) -> Result<SemaphorePermit<'_>, LoginError> {
    app.hashing.acquire().await.map_err(|error| LoginError::Machine(error.to_string()))
}

async fn hashing<T: Send + 'static>(
    _turn: SemaphorePermit<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoginError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| LoginError::Machine(error.to_string()))
}

fn hash_now(password: &str) -> Option<String> {
    ARGON2.hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

fn verify_now(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| ARGON2.verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_password_costs_as_much_as_anybody_s_and_is_none() {
        let made = hash_now("a password").unwrap();
        let cost = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            let (salt, output) = (hash.salt.unwrap(), hash.hash.unwrap());
            (hash.algorithm, hash.version, hash.params.clone(), salt.len(), output.len())
        };
        assert_eq!(cost(&NOBODY), cost(&made));
        assert!(verify_now(&made, "a password"));
        for guess in ["", "a password", "nobody's password"] {
            assert!(!verify_now(&NOBODY, guess), "{guess}");
        }
    }
}
