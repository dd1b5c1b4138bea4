//! The electronic seal of a letter: asking for it, and where it stands.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{LetterPath, Reply};
use crate::domain::letter::{ElectronicSeal, SealFailure, SealState};
use crate::domain::lifecycle::Step;
use crate::http::auth::{Auth, RequestSeal};
use crate::http::cases::answer;
use crate::http::cases::views::CaseView;
use crate::http::extract::{Body, CasePath, Checked, IdempotencyKey, IfMatch};
use crate::http::reply::Tagged;
use crate::service::{App, cases};

/// Where the electronic seal of a letter stands.
#[derive(Serialize, ToSchema)]
pub struct ElectronicSealView {
    /// Where.
    pub state: SealState,
    /// When it was asked for, last.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    pub requested_by: Uuid,
    /// When it was settled; null while it is awaited.
    pub settled_at: Option<DateTime<Utc>>,
    /// Why there is none; null unless it failed.
    pub failure: Option<SealFailure>,
    /// SHA-256 of the sealed PDF, hexadecimal; null unless there is one.
    pub sha256: Option<String>,
    /// Its length in bytes; null unless there is one.
    pub size: Option<u64>,
}

impl From<&ElectronicSeal> for ElectronicSealView {
    fn from(seal: &ElectronicSeal) -> Self {
        let file = seal.file();
        Self {
            state: seal.state(),
            requested_at: seal.requested_at,
            requested_by: seal.requested_by.0,
            settled_at: seal.settled.as_ref().map(|settled| settled.at),
            failure: seal.failure(),
            sha256: file.map(|file| file.sha256.to_string()),
            size: file.map(|file| file.size),
        }
    }
}

/// Asking for a seal: nothing more to say.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealBody {}

impl Checked for SealBody {}

/// `POST /api/v1/cases/{id}/letters/{letter_id}/seal`
#[expect(clippy::too_many_arguments, reason = "the arguments of a handler")]
pub async fn seal(
    auth: Auth<RequestSeal>,
    app: web::Data<App>,
    id: CasePath,
    letter: LetterPath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<SealBody>,
) -> Reply<Tagged<CaseView, 200>> {
    let keyed = body.keyed(&key, &format!("request_seal {} {}", id.0, letter.0));
    let version = if_match.version()?;
    let step = Step::RequestSeal { letter_id: letter.0 };
    let outcome = cases::act(&app, auth.origin(keyed), id.0, version, step).await?;
    app.seals.wake();
    answer(&app, &auth.actor, outcome)
}
