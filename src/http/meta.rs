//! The server about itself: alive, ready, its contract.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Open;
use super::contract::{Describe, Draft};
use super::openapi;
use super::problem::{Fault, Problem};
use super::reply::{Json, Text};
use crate::service::App;
use crate::service::health::Unready;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct HealthView {
    /// `ok`.
    pub status: String,
}

fn ok() -> Json<HealthView> {
    Json(HealthView { status: "ok".to_owned() })
}

/// `GET /livez`: the process answers. Does not depend on the database.
pub async fn live(_: Open) -> Result<Json<HealthView>, Problem> {
    Ok(ok())
}

/// A reply that can be 503.
pub struct ReadyReply(Json<HealthView>);

impl Describe for ReadyReply {
    fn describe(draft: &mut Draft) {
        Json::<HealthView>::describe(draft);
        let unready =
            "The database does not answer or lacks migrations, or the server is about to stop.";
        draft.error(503, unready);
    }
}

impl actix_web::Responder for ReadyReply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &actix_web::HttpRequest) -> actix_web::HttpResponse {
        self.0.respond_to(request)
    }
}

/// `GET /readyz`: may requests be sent here? Answers at once, from what the health thread has noted.
pub async fn ready(_: Open, app: web::Data<App>) -> Result<ReadyReply, Problem> {
    app.health.ready().map_err(|unready| match unready {
        Unready::Draining => Fault::Draining,
        Unready::Database => Fault::Unavailable,
        Unready::Schema => Fault::SchemaOutdated,
    })?;
    Ok(ReadyReply(ok()))
}

/// `GET /openapi.json`
pub async fn contract_json(_: Open) -> Result<Text, Problem> {
    let text = openapi::document().to_json().map_err(|_| Fault::Internal)?;
    Ok(Text { text, media_type: "application/json" })
}

/// `GET /openapi.yaml`
pub async fn contract_yaml(_: Open) -> Result<Text, Problem> {
    Ok(Text { text: openapi::yaml(), media_type: "application/yaml" })
}
