//! The examples of the contract: one request with its answer for every operation. They are not
//! written by hand: `scripts/record-examples` sends the requests of tests/api/http/samples to a
//! server and keeps what came back, and a test fails when the server answers otherwise.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::body::MessageBody as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::{Fault, Problem};
use crate::domain::rejection::Reason;
use crate::domain::said::Language;

/// One request and its answer. Ids, numbers and secrets are replaced by stand-ins, and the lists of
/// the answer are cut to two entries.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The role of the caller; none when no token was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Path, query and header parameters by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The body of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer that the contract names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body of the answer; none for a document that is no JSON, or is the contract itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}

/// Every example, by the name of its operation.
#[must_use]
pub fn all() -> &'static BTreeMap<String, Example> {
    static ALL: OnceLock<BTreeMap<String, Example>> = OnceLock::new();
    // A test proves that the file reads and has an example of every operation.
    ALL.get_or_init(|| {
        serde_json::from_str(include_str!("../../data/examples.json")).unwrap_or_default()
    })
}

/// An error answer of this status, with the code that an operation gives most often; `whose` says
/// which of two it is for 401.
#[must_use]
pub fn refusal(status: u16, whose: Asked, path: &str) -> Option<Value> {
    let problem: Problem = match (status, whose) {
        (400, _) => Fault::UnknownParameter.into(),
        (401, Asked::Stranger) => Fault::LoginFailed.into(),
        (401, Asked::Staff) => Fault::Unauthenticated.into(),
        (403, _) => Reason::RoleNotPermitted.into(),
        (404, _) => Reason::NotFound.into(),
        (409, _) => Reason::StatusForbids.into(),
        (412, _) => Reason::StaleVersion.into(),
        (413, _) => Fault::PayloadTooLarge.into(),
        (415, _) => Fault::UnsupportedMediaType.into(),
        (416, _) => Fault::RangeNotSatisfiable.into(),
        (422, _) => Fault::ValidationFailed.into(),
        (428, _) => Fault::PreconditionRequired.into(),
        (429, _) => Fault::QuotaExceeded.into(),
        (503, _) => Fault::Unavailable.into(),
        (507, _) => Fault::StorageFull.into(),
        _ => return None,
    };
    let answer = problem.answer(path, "3f0c7f52-7a44-4d5a-9d1c-0b6f6b0a8e11", Language::default());
    serde_json::from_slice(&answer.into_body().try_into_bytes().ok()?).ok()
}

/// Who asks an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One with a token.
    Staff,
    /// One without.
    Stranger,
}
