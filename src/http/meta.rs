//! The server about itself: alive, ready, its contract.

use std::sync::OnceLock;

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Schema};

use super::auth::Open;
use super::contract::{Describe, Draft};
use super::openapi;
use super::problem::{Fault, Problem};
use super::published::{Document, FOR_A_MINUTE, Publication, Published};
use super::reply::Json;
use crate::service::App;
use crate::store::directory;

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
        draft.error(503, "The database cannot be reached.");
    }
}

impl actix_web::Responder for ReadyReply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &actix_web::HttpRequest) -> actix_web::HttpResponse {
        self.0.respond_to(request)
    }
}

/// `GET /readyz`: the database answers, too.
pub async fn ready(_: Open, app: web::Data<App>) -> Result<ReadyReply, Problem> {
    app.store
        .readers
        .run(directory::version)
        .await
        .map_err(|error| {
            tracing::warn!(%error, "not ready");
            Problem::new(Fault::Unavailable)
        })
        .map(|_| ReadyReply(ok()))
}

/// The contract as JSON.
pub struct ContractJson;

impl Publication for ContractJson {
    const MEDIA_TYPE: &'static str = "application/json";

    fn document() -> &'static Document {
        static DOCUMENT: OnceLock<Document> = OnceLock::new();
        DOCUMENT.get_or_init(|| {
            let text = openapi::document().to_json().unwrap_or_default();
            Document::new(text, Self::MEDIA_TYPE, FOR_A_MINUTE)
        })
    }

    fn schema(_: &mut Draft) -> Option<RefOr<Schema>> {
        Some(ObjectBuilder::new().description(Some("OpenAPI 3.1")).into())
    }
}

/// The contract as YAML.
pub struct ContractYaml;

impl Publication for ContractYaml {
    const MEDIA_TYPE: &'static str = "application/yaml";

    fn document() -> &'static Document {
        static DOCUMENT: OnceLock<Document> = OnceLock::new();
        DOCUMENT.get_or_init(|| Document::new(openapi::yaml(), Self::MEDIA_TYPE, FOR_A_MINUTE))
    }

    fn schema(_: &mut Draft) -> Option<RefOr<Schema>> {
        None
    }
}

/// `GET /openapi.json`
pub async fn contract_json(_: Open) -> Published<ContractJson> {
    Published::now()
}

/// `GET /openapi.yaml`
pub async fn contract_yaml(_: Open) -> Published<ContractYaml> {
    Published::now()
}
