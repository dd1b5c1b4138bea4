//! Users: reading them, and their administration.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, ManageDirectory, SignedIn};
use super::extract::{Body, Checked, IdempotencyKey, IfMatch, Patch, UserPath};
use super::named;
use super::problem::{Fault, Problem};
use super::reply::{Json, Nothing, Once, Shown, Sight, Tagged};
use super::sessions::{SessionsView, sessions_of};
use super::strict::some_flag;
use super::units::SelfLink;
use crate::domain::actor::{Actor, Capability, Role};
use crate::domain::ids::UnitId;
use crate::domain::named::{DisplayName, UserName};
use crate::domain::rejection::Reason;
use crate::domain::unit::User;
use crate::service::App;
use crate::service::people::{self, Link, UserInput};
use crate::store::command::{Outcome, Standing, UserChange, UserPatch};

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
    /// May he not log in?
    pub disabled: bool,
    /// His version; send it as If-Match.
    pub version: i64,
    /// When he was created.
    pub created_at: DateTime<Utc>,
    /// When he was last changed.
    pub updated_at: DateTime<Utc>,
    /// His addresses.
    pub links: SelfLink,
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
            disabled: !user.is_active(),
            version: user.version.0,
            created_at: user.created_at,
            updated_at: user.updated_at,
            links: SelfLink { own: format!("/api/v1/users/{}", user.id) },
        }
    }
}

/// The users.
#[derive(Serialize, ToSchema)]
pub struct UsersView {
    /// By name.
    pub items: Vec<UserView>,
}

/// A user to be created.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserBody {
    /// The name by which he logs in: 1 to 64 of `a-z 0-9 . _ -`.
    #[validate(custom(function = named::user_name))]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[a-z0-9][a-z0-9._-]{0,63}$",
        example = "wangli"
    )]
    pub username: String,
    /// The name that others see.
    #[validate(custom(function = named::display_name))]
    #[schema(min_length = 1, max_length = 50, example = "王丽")]
    pub display_name: String,
    /// His role.
    pub role: Role,
    /// His unit.
    pub unit_id: Uuid,
    /// Rights beside the role.
    #[serde(default)]
    #[validate(length(max = 10))]
    pub capabilities: Vec<Capability>,
}

/// New values of a user; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUserBody {
    /// The name that others see.
    #[validate(custom(function = named::display_name))]
    #[schema(min_length = 1, max_length = 50)]
    pub display_name: Option<String>,
    /// His role. His sessions end.
    pub role: Option<Role>,
    /// His unit. The cases that he had accepted go back to the list of the old one.
    pub unit_id: Option<Uuid>,
    /// Rights beside the role, all of them.
    #[validate(length(max = 10))]
    #[schema(nullable = false)]
    pub capabilities: Option<Vec<Capability>>,
    /// May he not log in? Disabling ends his sessions and gives the cases that he had accepted back
    /// to his unit.
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub disabled: Option<bool>,
}

impl Checked for CreateUserBody {}
impl Checked for ChangeUserBody {}

/// A one-time link, shown this once.
#[derive(Serialize, ToSchema)]
pub struct LinkView {
    /// The address that the user opens to choose his password.
    pub url: String,
    /// The secret in it, for clients that have a page of their own and post it to
    /// `/api/v1/passwords`.
    pub link: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

impl LinkView {
    fn of(app: &App, link: Link) -> Self {
        let url = app.password_page(&link.secret);
        Self { url, link: link.secret, expires_at: link.expires_at }
    }
}

/// A new user with the link by which he chooses his password.
#[derive(Serialize, ToSchema)]
pub struct CreatedUserView {
    /// The user.
    pub user: UserView,
    /// His link.
    pub password_link: LinkView,
}

/// Does this user exist for the actor? A center knows its own people and those below it; who has
/// left is known to administrators.
fn visible(actor: &Actor, user: &User) -> bool {
    match actor.role {
        Role::Admin => true,
        Role::ServiceCenter => user.is_active() && actor.reaches(user.unit),
        _ => user.is_active(),
    }
}

/// `GET /api/v1/users`
pub async fn list(auth: Auth<SignedIn>, app: web::Data<App>) -> Result<Json<UsersView>, Problem> {
    let directory = app.store.directory().await?;
    let all = directory.users().into_iter();
    let items = all.filter(|user| visible(&auth.actor, user)).map(UserView::from);
    Ok(Json(UsersView { items: items.collect() }))
}

/// `GET /api/v1/users/{id}`
pub async fn show(
    auth: Auth<SignedIn>,
    app: web::Data<App>,
    id: UserPath,
) -> Result<Shown<UserView>, Problem> {
    let directory = app.store.directory().await?;
    let user = directory.user(id.0).filter(|user| visible(&auth.actor, user));
    let value = UserView::from(user.ok_or(Reason::NotFound)?);
    Ok(Shown { version: value.version, sight: Sight::Whole, value })
}

/// The user as a command left him.
fn after(outcome: &Outcome) -> Result<UserView, Problem> {
    let user = outcome.person.as_ref().and_then(|made| made.user.as_ref());
    Ok(UserView::from(user.ok_or(Fault::Internal)?))
}

/// `POST /api/v1/users`
pub async fn create(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Body<CreateUserBody>,
) -> Result<Tagged<CreatedUserView, 201>, Problem> {
    let origin = auth.origin(body.keyed(&key, "create_user"));
    let body = body.value;
    let input = UserInput {
        username: named::read("username", UserName::parse(&body.username))?,
        display_name: shown_name(&body.display_name)?,
        password: None,
        role: body.role,
        unit: UnitId(body.unit_id),
        capabilities: Capability::set(body.capabilities),
    };
    let outcome = people::create_user(&app, origin, input).await?;
    let (user, replayed) = (after(&outcome)?, outcome.replayed);
    let password_link = LinkView::of(&app, people::link_of(outcome)?);
    let location = Some(user.links.own.clone());
    let version = user.version;
    Ok(Tagged { version, location, replayed, value: CreatedUserView { user, password_link } })
}

/// `PATCH /api/v1/users/{id}`
pub async fn change(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    id: UserPath,
    if_match: IfMatch,
    body: Patch<ChangeUserBody>,
) -> Result<Tagged<UserView, 200>, Problem> {
    let expected = Some(if_match.version()?);
    let body = body.0.value;
    let standing = |disabled| if disabled { Standing::Disabled } else { Standing::Active };
    let patch = UserPatch {
        display_name: body.display_name.as_deref().map(shown_name).transpose()?,
        role: body.role,
        unit: body.unit_id.map(UnitId),
        capabilities: body.capabilities.map(Capability::set),
        standing: body.disabled.map(standing),
    };
    let change = UserChange::Edit(patch);
    let outcome = people::change_user(&app, auth.origin(None), id.0, expected, change).await?;
    let value = after(&outcome)?;
    Ok(Tagged { version: value.version, location: None, replayed: outcome.replayed, value })
}

fn shown_name(text: &str) -> Result<DisplayName, Problem> {
    named::read("display_name", DisplayName::parse(text))
}

/// `POST /api/v1/users/{id}/password-links`
pub async fn issue_link(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    id: UserPath,
    key: IdempotencyKey,
    body: Body<NoParticulars>,
) -> Result<Once<LinkView, 201>, Problem> {
    let origin = auth.origin(body.keyed(&key, &format!("issue_link {}", id.0)));
    let (link, replayed) = people::issue_link(&app, origin, id.0).await?;
    Ok(Once { value: LinkView::of(&app, link), replayed })
}

/// Nothing more to say.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParticulars {}

impl Checked for NoParticulars {}

/// `GET /api/v1/users/{id}/sessions`
pub async fn sessions(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    id: UserPath,
) -> Result<Json<SessionsView>, Problem> {
    let directory = app.store.directory().await?;
    let user = directory.user(id.0).ok_or(Reason::NotFound)?;
    sessions_of(&app, &auth, user).await
}

/// `DELETE /api/v1/users/{id}/sessions`
pub async fn end_sessions(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    id: UserPath,
) -> Result<Nothing, Problem> {
    people::change_user(&app, auth.origin(None), id.0, None, UserChange::EndSessions).await?;
    Ok(Nothing)
}
