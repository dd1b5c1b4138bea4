//! Logging in, refreshing, logging out, and who one is.

use std::net::IpAddr;

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, Open, SignedIn};
use super::client::client_address;
use super::contract::{Describe, Draft};
use super::extract::{Body, Checked, SessionPath};
use super::problem::{Fault, Problem};
use super::reply::{Json, Made, Nothing};
use super::strict::plain;
use super::users::UserView;
use crate::domain::session::EndCause;
use crate::service::App;
use crate::service::sessions::{self, Login, LoginError, Session};
use crate::store::sessions as rows;

/// A name and a password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The name.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "chaxun")]
    pub username: String,
    /// The password.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    pub password: String,
}

impl Checked for LoginBody {}

/// A refresh token.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    /// The token that came with the last log-in or refresh. It is good for one exchange.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, format = Password)]
    pub refresh_token: String,
}

impl Checked for RefreshBody {}

/// Fresh tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// The access token; send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
    /// The refresh token: good for one exchange at `POST /api/v1/sessions/refresh`. Using one twice
    /// ends the session.
    pub refresh_token: String,
    /// The session.
    pub session_id: Uuid,
    /// When the session is over, whatever is done in it.
    pub session_expires_at: DateTime<Utc>,
    /// Who has logged in.
    pub user: UserView,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access_token,
            token_type: "Bearer".to_owned(),
            expires_in: session.expires_in,
            refresh_token: session.refresh_token,
            session_id: session.id.0,
            session_expires_at: session.ends_at,
            user: UserView::from(&session.user),
        }
    }
}

/// A reply that can also be 401 although the operation is open.
pub struct LoginReply(Made<SessionView>);

impl Describe for LoginReply {
    fn describe(draft: &mut Draft) {
        Made::<SessionView>::describe(draft);
        draft.error(
            401,
            "The name, password or refresh token is not good, or the account is disabled.",
        );
        draft.error(503, "The database is unavailable or too busy; try again.");
    }
}

impl actix_web::Responder for LoginReply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> actix_web::HttpResponse {
        self.0.respond_to(request)
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Denied => Self::new(Fault::LoginFailed),
            LoginError::Guessing(seconds) => {
                Self::new(Fault::TooManyRequests).header(header::RETRY_AFTER, seconds.to_string())
            }
            LoginError::SessionOver => Self::new(Fault::SessionOver),
            LoginError::Store(error) => error.into(),
            LoginError::Machine(error) => {
                tracing::error!(error, "cannot check passwords or sign tokens");
                Self::new(Fault::Internal)
            }
        }
    }
}

/// The client of somebody who shows a password.
pub struct Client {
    /// What it says it is: the beginning of its `User-Agent`.
    pub name: String,
    /// Where it is.
    pub address: IpAddr,
}

impl Describe for Client {
    fn describe(draft: &mut Draft) {
        draft.error(
            429,
            "Or too many wrong passwords, of this account or from this address, with the code \
             `too_many_requests`; `Retry-After` says for how long to wait.",
        );
    }
}

impl FromRequest for Client {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        const LONGEST: usize = 120;
        let name = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let name = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST);
        let (name, address) = (name.collect(), client_address(request));
        std::future::ready(Ok(Self { name, address }))
    }
}

/// `POST /api/v1/sessions`
pub async fn create(
    open: Open,
    app: web::Data<App>,
    client: Client,
    body: Body<LoginBody>,
) -> Result<LoginReply, Problem> {
    let LoginBody { username, password } = body.value;
    let Client { name: client, address } = client;
    let login = Login { username, password, client, address, request_id: open.request_id };
    let session = sessions::log_in(&app, login).await?;
    Ok(LoginReply(Made(session.into())))
}

/// `POST /api/v1/sessions/refresh`
pub async fn refresh(
    open: Open,
    app: web::Data<App>,
    body: Body<RefreshBody>,
) -> Result<LoginReply, Problem> {
    let session = sessions::refresh(&app, &body.value.refresh_token, open.request_id).await?;
    Ok(LoginReply(Made(session.into())))
}

/// `DELETE /api/v1/sessions/current`
pub async fn log_out(auth: Auth<SignedIn>, app: web::Data<App>) -> Result<Nothing, Problem> {
    let (origin, session) = (auth.origin(None), auth.session);
    sessions::end(&app, origin, session, EndCause::LoggedOut).await?;
    Ok(Nothing)
}

/// `DELETE /api/v1/sessions/{id}`
pub async fn end(
    auth: Auth<SignedIn>,
    app: web::Data<App>,
    id: SessionPath,
) -> Result<Nothing, Problem> {
    sessions::end(&app, auth.origin(None), id.0, EndCause::Ended).await?;
    Ok(Nothing)
}

/// A session that is alive.
#[derive(Serialize, ToSchema)]
pub struct SessionLineView {
    /// Its id.
    pub id: Uuid,
    /// Is it the one of this request?
    pub current: bool,
    /// What the client said it is.
    pub client: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
}

/// Sessions that are alive, newest first.
#[derive(Serialize, ToSchema)]
pub struct SessionsView {
    /// The sessions.
    pub items: Vec<SessionLineView>,
}

/// `GET /api/v1/sessions`
pub async fn list(
    auth: Auth<SignedIn>,
    app: web::Data<App>,
) -> Result<Json<SessionsView>, Problem> {
    sessions_of(&app, &auth, &auth.user).await
}

/// The sessions of a user.
pub(super) async fn sessions_of<N: super::auth::Needs>(
    app: &web::Data<App>,
    auth: &Auth<N>,
    user: &crate::domain::unit::User,
) -> Result<Json<SessionsView>, Problem> {
    let (id, epoch, now) = (user.id, user.token_epoch, app.clock.now());
    let found = app.store.readers.run(move |conn| rows::alive(conn, id, epoch, now)).await?;
    let items = found.into_iter().map(|row| SessionLineView {
        id: row.id.0,
        current: row.id.0 == auth.session.0,
        client: row.client,
        created_at: row.created_at.0,
        last_used_at: row.last_used_at.0,
        expires_at: row.expires_at.0,
    });
    Ok(Json(SessionsView { items: items.collect() }))
}

/// `GET /api/v1/me`
pub async fn me(auth: Auth<SignedIn>) -> Result<Json<UserView>, Problem> {
    Ok(Json(UserView::from(&auth.user)))
}
