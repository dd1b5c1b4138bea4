//! Units: reading them, and their administration.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, ManageDirectory, SignedIn};
use super::extract::{Body, Checked, IdempotencyKey, IfMatch, Patch, UnitPath};
use super::named;
use super::problem::{Fault, Problem};
use super::reply::{Json, Shown, Sight, Tagged};
use super::strict::some_flag;
use crate::domain::ids::UnitId;
use crate::domain::named::{ClosingReason, UnitCode, UnitName};
use crate::domain::rejection::Reason;
use crate::domain::unit::{Unit, UnitKind};
use crate::service::App;
use crate::service::people::{self, UnitInput};
use crate::store::command::{Outcome, UnitChange, UnitPatch};

/// A unit.
#[derive(Serialize, ToSchema)]
pub struct UnitView {
    /// Its id.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: UnitKind,
    /// The unit above it.
    pub parent_id: Option<Uuid>,
    /// May it send answers out in its own name?
    pub may_issue: bool,
    /// May cases be assigned to it?
    pub may_hold: bool,
    /// Since when it is closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Its version; send it as If-Match.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Its addresses.
    pub links: SelfLink,
}

/// Where a resource is.
#[derive(Serialize, ToSchema)]
pub struct SelfLink {
    /// Its own address.
    #[serde(rename = "self")]
    pub own: String,
}

impl From<&Unit> for UnitView {
    fn from(unit: &Unit) -> Self {
        Self {
            id: unit.id.0,
            code: unit.code.clone(),
            name: unit.name.clone(),
            kind: unit.kind,
            parent_id: unit.parent.map(|parent| parent.0),
            may_issue: unit.may_issue,
            may_hold: unit.kind.can_hold() && unit.is_open(),
            closed_at: unit.closed_at,
            version: unit.version.0,
            created_at: unit.created_at,
            updated_at: unit.updated_at,
            links: SelfLink { own: format!("/api/v1/units/{}", unit.id) },
        }
    }
}

/// The units.
#[derive(Serialize, ToSchema)]
pub struct UnitsView {
    /// Parents before children; closed ones, too.
    pub items: Vec<UnitView>,
}

/// A unit to be created.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUnitBody {
    /// A short stable name: 1 to 40 of `a-z 0-9 _ -`, beginning with a letter.
    #[validate(custom(function = named::unit_code))]
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[a-z][a-z0-9_-]{0,39}$",
        example = "window_nanguan"
    )]
    pub code: String,
    /// Its name in Chinese, as letters print it.
    #[validate(custom(function = named::unit_name))]
    #[schema(min_length = 1, max_length = 100, example = "南关分局户政窗口")]
    pub name: String,
    /// What it is for.
    pub kind: UnitKind,
    /// The unit above it; none for the bureau.
    pub parent_id: Option<Uuid>,
    /// May it send answers out in its own name (2019 art. 10)? No when left out.
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub may_issue: Option<bool>,
}

/// New values of a unit; what is left out stays. What a unit is for cannot change: its users' roles
/// rest on it.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUnitBody {
    /// Its code.
    #[validate(custom(function = named::unit_code))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_-]{0,39}$")]
    pub code: Option<String>,
    /// Its name.
    #[validate(custom(function = named::unit_name))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The unit above it.
    pub parent_id: Option<Uuid>,
    /// May it send answers out?
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub may_issue: Option<bool>,
}

/// Closing a unit.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseUnitBody {
    /// Who takes over its open cases and active users; needed when there are any.
    pub successor_unit_id: Option<Uuid>,
    /// Why.
    #[validate(custom(function = named::closing_reason))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl Checked for CreateUnitBody {}
impl Checked for ChangeUnitBody {}
impl Checked for CloseUnitBody {}

/// `GET /api/v1/units`
pub async fn list(_: Auth<SignedIn>, app: web::Data<App>) -> Result<Json<UnitsView>, Problem> {
    let directory = app.store.directory().await?;
    let items = directory.units().into_iter().map(UnitView::from);
    Ok(Json(UnitsView { items: items.collect() }))
}

/// `GET /api/v1/units/{id}`
pub async fn show(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    id: UnitPath,
) -> Result<Shown<UnitView>, Problem> {
    let value = view(&app, id.0).await?;
    Ok(Shown { version: value.version, sight: Sight::Whole, value })
}

/// The unit as it is now.
async fn view(app: &App, id: UnitId) -> Result<UnitView, Problem> {
    let directory = app.store.directory().await?;
    Ok(directory.unit(id).map(UnitView::from).ok_or(Reason::NotFound)?)
}

/// The unit as a command left it.
fn after<const STATUS: u16>(outcome: Outcome) -> Result<Tagged<UnitView, STATUS>, Problem> {
    let made = outcome.person.and_then(|made| made.unit).ok_or(Fault::Internal)?;
    let value = UnitView::from(&made);
    let location = (STATUS == 201).then(|| value.links.own.clone());
    Ok(Tagged { version: value.version, location, replayed: outcome.replayed, value })
}

fn code(text: &str) -> Result<UnitCode, Problem> {
    named::read("code", UnitCode::parse(text))
}

fn name(text: &str) -> Result<UnitName, Problem> {
    named::read("name", UnitName::parse(text))
}

/// `POST /api/v1/units`
pub async fn create(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Body<CreateUnitBody>,
) -> Result<Tagged<UnitView, 201>, Problem> {
    let origin = auth.origin(body.keyed(&key, "create_unit"));
    let body = body.value;
    let input = UnitInput {
        code: code(&body.code)?,
        name: name(&body.name)?,
        kind: body.kind,
        parent: body.parent_id.map(UnitId),
        may_issue: body.may_issue.unwrap_or(false),
    };
    after(people::create_unit(&app, origin, input).await?)
}

/// `PATCH /api/v1/units/{id}`
pub async fn change(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    id: UnitPath,
    if_match: IfMatch,
    body: Patch<ChangeUnitBody>,
) -> Result<Tagged<UnitView, 200>, Problem> {
    let expected = Some(if_match.version()?);
    let body = body.0.value;
    let patch = UnitPatch {
        code: body.code.as_deref().map(code).transpose()?,
        name: body.name.as_deref().map(name).transpose()?,
        parent: body.parent_id.map(UnitId),
        may_issue: body.may_issue,
    };
    let change = UnitChange::Edit(patch);
    after(people::change_unit(&app, auth.origin(None), id.0, expected, change).await?)
}

/// `POST /api/v1/units/{id}/close`
pub async fn close(
    auth: Auth<ManageDirectory>,
    app: web::Data<App>,
    id: UnitPath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<CloseUnitBody>,
) -> Result<Tagged<UnitView, 200>, Problem> {
    let origin = auth.origin(body.keyed(&key, &format!("close_unit {}", id.0)));
    let expected = Some(if_match.version()?);
    let CloseUnitBody { successor_unit_id, reason } = body.value;
    let reason = named::read("reason", ClosingReason::parse(&reason))?;
    let change = UnitChange::Close { successor: successor_unit_id.map(UnitId), reason };
    after(people::change_unit(&app, origin, id.0, expected, change).await?)
}
