//! Logging in, and who one is.

use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, Open, SignedIn};
use super::contract::{Describe, Draft};
use super::extract::{Body, Checked};
use super::problem::{Fault, Problem};
use super::reply::{Json, Made};
use super::strict::plain;
use crate::domain::actor::{Capability, Role};
use crate::domain::unit::User;
use crate::service::App;
use crate::service::sessions::{LoginError, log_in};

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

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// The access token; send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds for which the token is good.
    pub expires_in: i64,
    /// Who has logged in.
    pub user: UserView,
}

/// A member of staff.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// His id.
    pub id: Uuid,
    /// The name by which he logs in.
    pub username: String,
    /// The name that others see.
    pub display_name: String,
    /// His role.
    pub role: Role,
    /// His unit.
    pub unit_id: Uuid,
    /// Rights beside the role.
    pub capabilities: Vec<Capability>,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.0,
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            role: user.role,
            unit_id: user.unit.0,
            capabilities: user.capabilities.clone(),
        }
    }
}

/// A reply that can also be 401 although the operation is open.
pub struct LoginReply(Made<SessionView>);

impl Describe for LoginReply {
    fn describe(draft: &mut Draft) {
        Made::<SessionView>::describe(draft);
        draft.error(401, "The name or the password is wrong, or the account is disabled.");
        draft.error(503, "The database is unavailable or too busy; try again.");
    }
}

impl actix_web::Responder for LoginReply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &actix_web::HttpRequest) -> actix_web::HttpResponse {
        self.0.respond_to(request)
    }
}

/// `POST /api/v1/sessions`
pub async fn create(
    _: Open,
    app: web::Data<App>,
    body: Body<LoginBody>,
) -> Result<LoginReply, Problem> {
    let LoginBody { username, password } = body.value;
    let session = log_in(&app, username, password).await.map_err(|error| match error {
        LoginError::Denied => Problem::new(Fault::LoginFailed),
        LoginError::Store(error) => error.into(),
        LoginError::Machine(error) => {
            tracing::error!(error, "cannot check passwords");
            Problem::new(Fault::Internal)
        }
    })?;
    Ok(LoginReply(Made(SessionView {
        access_token: session.access_token,
        token_type: "Bearer".to_owned(),
        expires_in: session.expires_in,
        user: UserView::from(&session.user),
    })))
}

/// `GET /api/v1/me`
pub async fn me(auth: Auth<SignedIn>) -> Result<Json<UserView>, Problem> {
    Ok(Json(UserView::from(&auth.user)))
}
