//! Logging in.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use super::App;
use crate::domain::unit::User;
use crate::store::{self, directory};

/// The memory of one hash, in KiB. OWASP asks for 19 MiB at least; more than 32 MiB is what the C
/// library always takes from, and gives back to, the system directly, so that a log-in leaves
/// nothing behind in the process.
const MEMORY_KIB: u32 = 34 * 1024;

/// The argon2id parameters: two passes, one lane.
static ARGON2: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});

/// The hash of nobody's password: an unknown user costs as long as a wrong password.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody's password").unwrap_or_default());

/// A fresh access token.
pub struct Session {
    /// The token.
    pub access_token: String,
    /// Seconds for which it is good.
    pub expires_in: i64,
    /// The user.
    pub user: User,
}

/// Why somebody may not log in. Unknown user, wrong password and disabled user look the same.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The name or the password is wrong, or the account is disabled.
    #[error("wrong name or password")]
    Denied,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The machine failed.
    #[error("cannot check passwords: {0}")]
    Machine(String),
}

/// Checks a password and issues a token.
///
/// # Errors
/// See [`LoginError`].
pub async fn log_in(
    app: &Arc<App>,
    username: String,
    password: String,
) -> Result<Session, LoginError> {
    let row =
        app.store.readers.run(move |conn| directory::user_row_by_name(conn, &username)).await?;
    let hash = row.as_ref().map_or_else(|| NOBODY.clone(), |row| row.password_hash.clone());
    let right = hashing(app, move || verify_now(&hash, &password)).await?;
    let row = row.filter(|row| right && row.disabled_at.is_none()).ok_or(LoginError::Denied)?;
    let user = row.to_user()?;
    let access_token = app
        .tokens
        .issue(&user, app.clock.now(), app.fresh_id())
        .map_err(|error| LoginError::Machine(error.to_string()))?;
    Ok(Session { access_token, expires_in: super::tokens::TOKEN_LIFE_SECS, user })
}

/// Hashes a password, off the threads that answer requests.
///
/// # Errors
/// The machine fails.
pub async fn hash_password(app: &Arc<App>, password: String) -> Result<String, LoginError> {
    hashing(app, move || hash_now(&password))
        .await?
        .ok_or_else(|| LoginError::Machine("argon2".to_owned()))
}

async fn hashing<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoginError> {
    let machine = |error: String| LoginError::Machine(error);
    let _turn = app.hashing.acquire().await.map_err(|error| machine(error.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| machine(error.to_string()))
}

fn hash_now(password: &str) -> Option<String> {
    ARGON2.hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

fn verify_now(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| ARGON2.verify_password(password.as_bytes(), &hash).is_ok())
}
