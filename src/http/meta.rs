//! The server about itself: alive, ready, its contract.

use std::sync::LazyLock;

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Schema};

use super::auth::Open;
use super::contract::{Describe, Draft};
use super::document::{Document, Publication, Shown};
use super::openapi;
use super::problem::{Fault, Problem};
use super::reply::Json;
use crate::service::App;
use crate::service::health::Unready;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct HealthView {
    /// `ok`.
    pub status: String,
}

/// How fit the server is.
#[derive(Serialize, ToSchema)]
pub struct ReadinessView {
    /// `ok`.
    pub status: String,
    /// Where little room is left on the disk: `files`, `spool`, `database`.
    pub low_volumes: Vec<String>,
}

fn ok() -> Json<HealthView> {
    Json(HealthView { status: "ok".to_owned() })
}

/// `GET /livez`: the process answers. Does not depend on the database.
pub async fn live(_: Open) -> Result<Json<HealthView>, Problem> {
    Ok(ok())
}

/// A reply that can be 503.
pub struct ReadyReply(Json<ReadinessView>);

impl Describe for ReadyReply {
    fn describe(draft: &mut Draft) {
        Json::<ReadinessView>::describe(draft);
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
    let scarce = app.health.room().into_iter().filter(|room| room.scarce);
    let low_volumes = scarce.map(|room| room.of.name().to_owned()).collect();
    Ok(ReadyReply(Json(ReadinessView { status: "ok".to_owned(), low_volumes })))
}

/// The contract as JSON.
pub struct ContractJson;

impl Publication for ContractJson {
    const MEDIA_TYPE: &'static str = "application/json";

    fn document() -> &'static Document {
        static JSON: LazyLock<Document> = LazyLock::new(|| {
            let text = openapi::document().to_json().unwrap_or_default();
            Document::new(text, ContractJson::MEDIA_TYPE)
        });
        &JSON
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
        static YAML: LazyLock<Document> =
            LazyLock::new(|| Document::new(openapi::yaml(), ContractYaml::MEDIA_TYPE));
        &YAML
    }

    fn schema(_: &mut Draft) -> Option<RefOr<Schema>> {
        None
    }
}

/// `GET /openapi.json`
pub async fn contract_json(_: Open) -> Shown<ContractJson> {
    Shown::now()
}

/// `GET /openapi.yaml`
pub async fn contract_yaml(_: Open) -> Shown<ContractYaml> {
    Shown::now()
}

/// One public key (RFC 8037 §2).
#[derive(Serialize, ToSchema)]
pub struct KeyView {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// Always `sig`.
    pub r#use: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// The name of the key, as tokens carry it.
    pub kid: String,
    /// The key, base64url.
    pub x: String,
}

/// A set of keys (RFC 7517 §5).
#[derive(Serialize, ToSchema)]
pub struct KeysView {
    /// The signing key first, then the one before it while its tokens are alive.
    pub keys: Vec<KeyView>,
}

/// `GET /.well-known/jwks.json`
pub async fn keys(_: Open, app: web::Data<App>) -> Result<Json<KeysView>, Problem> {
    let keys = app.tokens.public_keys().map(|key| KeyView {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        r#use: "sig".to_owned(),
        alg: "EdDSA".to_owned(),
        kid: key.key_id.clone(),
        x: key.x.clone(),
    });
    Ok(Json(KeysView { keys: keys.collect() }))
}
