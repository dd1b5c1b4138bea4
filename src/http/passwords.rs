//! Passwords: changing one's own, choosing one by a one-time link, and the set-up.

use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, Open, SignedIn};
use super::contract::{Describe, Draft};
use super::extract::{Body, Checked};
use super::named;
use super::problem::Problem;
use super::reply::{Conditional, Made, Nothing};
use super::sessions::Client;
use crate::domain::named::{DisplayName, UnitName, UserName};
use crate::domain::rejection::Reason;
use crate::service::App;
use crate::service::cases::Origin;
use crate::service::people::{self, SetUpInput};
use crate::service::sessions;
use crate::service::sessions::LoginError;
use crate::store::command::Denied;

/// The old password and the new one.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordBody {
    /// The password so far.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    pub current_password: String,
    /// The new one: 8 to 128 characters, none of the usual ones.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    pub password: String,
}

/// A link's secret and the password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoosePasswordBody {
    /// The secret of the link.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, format = Password)]
    pub link: String,
    /// The password: 8 to 128 characters, none of the usual ones.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    pub password: String,
}

/// The set-up link's secret, the bureau and the first administrator.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpBody {
    /// The secret of the link.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, format = Password)]
    pub link: String,
    /// The name of the bureau, as letters print it. Not used when there is a bureau already.
    #[validate(custom(function = named::unit_name))]
    #[schema(min_length = 1, max_length = 100, example = "长春市公安局")]
    pub bureau_name: String,
    /// The name by which the administrator logs in.
    #[validate(custom(function = named::user_name))]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[a-z0-9][a-z0-9._-]{0,63}$",
        example = "admin"
    )]
    pub username: String,
    /// The name that others see.
    #[validate(custom(function = named::display_name))]
    #[schema(min_length = 1, max_length = 50, example = "李建国")]
    pub display_name: String,
    /// The password: 8 to 128 characters, none of the usual ones.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    pub password: String,
}

impl SetUpBody {
    /// The secret of the link, and what shall be set up.
    pub(super) fn read(self) -> Result<(String, SetUpInput), Problem> {
        let input = SetUpInput {
            bureau_name: named::read("bureau_name", UnitName::parse(&self.bureau_name))?,
            username: named::read("username", UserName::parse(&self.username))?,
            display_name: named::read("display_name", DisplayName::parse(&self.display_name))?,
            password: self.password,
        };
        Ok((self.link, input))
    }
}

impl Checked for ChangePasswordBody {}
impl Checked for ChoosePasswordBody {}
impl Checked for SetUpBody {}

/// A reply of an open operation that the database can be too busy for, and that can be refused.
pub struct ByLink<R>(Conditional<R>);

impl<R: Describe> Describe for ByLink<R> {
    fn describe(draft: &mut Draft) {
        R::describe(draft);
        draft.error(409, "The link is unknown, used or expired, or the system has been set up.");
        draft.error(503, "The database is unavailable or too busy; try again.");
    }
}

impl<R: actix_web::Responder> actix_web::Responder for ByLink<R> {
    type Body = R::Body;

    fn respond_to(self, request: &actix_web::HttpRequest) -> actix_web::HttpResponse<R::Body> {
        self.0.respond_to(request)
    }
}

/// `POST /api/v1/me/password`: all sessions end, this one too.
pub async fn change(
    auth: Auth<SignedIn>,
    app: web::Data<App>,
    client: Client,
    body: Body<ChangePasswordBody>,
) -> Result<Nothing, Problem> {
    let ChangePasswordBody { current_password, password } = body.value;
    let user =
        sessions::check_password(&app, auth.user.id, client.address, current_password).await?;
    let epoch = Some(user.token_epoch);
    let changed = people::set_password(&app, auth.origin(None), user.id, epoch, password).await;
    match changed {
        // Somebody else has changed it meanwhile, so this session is over, too.
        Err(Denied::Refused(refusal)) if refusal.first().reason == Reason::StaleVersion => {
            Err(LoginError::SessionOver.into())
        }
        changed => Ok(changed.map(|()| Nothing)?),
    }
}

/// `POST /api/v1/passwords`: the link is used up, and the user's other sessions end.
pub async fn choose(
    open: Open,
    app: web::Data<App>,
    body: Body<ChoosePasswordBody>,
) -> Result<ByLink<Nothing>, Problem> {
    let ChoosePasswordBody { link, password } = body.value;
    people::use_link(&app, Origin::link_holder(open.request_id), &link, password).await?;
    Ok(ByLink(Conditional(Nothing)))
}

/// What the set-up has made.
#[derive(Serialize, ToSchema)]
pub struct SetUpView {
    /// The first administrator. He logs in with the password that he chose.
    pub user_id: Uuid,
}

/// `POST /api/v1/set-up`
pub async fn set_up(
    open: Open,
    app: web::Data<App>,
    body: Body<SetUpBody>,
) -> Result<ByLink<Made<SetUpView>>, Problem> {
    let (link, input) = body.value.read()?;
    let origin = Origin::link_holder(open.request_id);
    let user = people::set_up(&app, origin, &link, input).await?;
    Ok(ByLink(Conditional(Made(SetUpView { user_id: user.0 }))))
}
