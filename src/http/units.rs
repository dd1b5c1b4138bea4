//! Units and users, as far as one needs them to assign a case.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::{Auth, SignedIn};
use super::problem::Problem;
use super::reply::Json;
use super::sessions::UserView;
use crate::domain::actor::Role;
use crate::domain::unit::UnitKind;
use crate::service::App;

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
}

/// The units.
#[derive(Serialize, ToSchema)]
pub struct UnitsView {
    /// Parents before children.
    pub items: Vec<UnitView>,
}

/// The users.
#[derive(Serialize, ToSchema)]
pub struct UsersView {
    /// By name.
    pub items: Vec<UserView>,
}

/// `GET /api/v1/units`
pub async fn list(_: Auth<SignedIn>, app: web::Data<App>) -> Result<Json<UnitsView>, Problem> {
    let directory = app.store.directory().await?;
    let items = directory.units().into_iter().map(|unit| UnitView {
        id: unit.id.0,
        code: unit.code.clone(),
        name: unit.name.clone(),
        kind: unit.kind,
        parent_id: unit.parent.map(|parent| parent.0),
        may_issue: unit.may_issue,
        may_hold: unit.kind.can_hold(),
    });
    Ok(Json(UnitsView { items: items.collect() }))
}

/// `GET /api/v1/users`: active colleagues. A center sees its own people and those below it, others
/// see all.
pub async fn users(auth: Auth<SignedIn>, app: web::Data<App>) -> Result<Json<UsersView>, Problem> {
    let directory = app.store.directory().await?;
    let near = |unit| auth.actor.role != Role::ServiceCenter || auth.actor.reaches(unit);
    let items = directory
        .users()
        .into_iter()
        .filter(|user| user.disabled_at.is_none() && near(user.unit))
        .map(UserView::from);
    Ok(Json(UsersView { items: items.collect() }))
}
