//! What goes out when all went well.

use actix_web::body::BoxBody;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::{PartialSchema as _, ToSchema};

use super::contract::{Describe, Draft, Success};
use super::page::PageLinks;
use super::problem::{Fault, Problem};
use crate::store::command::Replayed;

/// The entity tag of a representation that has no version of its own: a digest of its bytes, before
/// any compression. SHA-256 takes less time than writing the JSON that it is taken of.
fn digest(body: &[u8]) -> String {
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    let start = sum.as_ref().get(..16).unwrap_or_default();
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(start))
}

/// Gives an answer to a reading request its entity tag, and takes the body away when the caller has
/// it already (RFC 9110 §13.1.2). Other methods have nothing to compare.
fn conditional(request: &HttpRequest, mut response: HttpResponse, tag: &str) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return response;
    }
    let known = match request.get_header::<header::IfNoneMatch>() {
        None => false,
        Some(header::IfNoneMatch::Any) => true,
        Some(header::IfNoneMatch::Items(tags)) => {
            tags.iter().any(|known| tag == format!("\"{}\"", known.tag()))
        }
    };
    if known {
        response = response.set_body(BoxBody::new(()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    if let Ok(tag) = header::HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// An answer with the tag of its bytes.
pub fn digested(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    body: impl Into<Vec<u8>>,
) -> HttpResponse {
    let body = body.into();
    let tag = digest(&body);
    conditional(request, response.body(body), &tag)
}

/// So many bytes are taken at once for an answer: a page of a list grows to ten times as many.
const EXPECTED: usize = 4096;

/// A JSON answer with the tag of its bytes.
fn json(request: &HttpRequest, value: &impl Serialize) -> HttpResponse {
    let mut body = Vec::with_capacity(EXPECTED);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => {
            let mut response = HttpResponse::Ok();
            response.content_type(header::ContentType::json());
            digested(request, response, body)
        }
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            Problem::new(Fault::Internal).error_response()
        }
    }
}

/// 200 with a JSON body.
pub struct Json<T>(pub T);

impl<T: ToSchema> Describe for Json<T> {
    fn describe(draft: &mut Draft) {
        let schema = Some(draft.refer::<T>());
        draft.success = Some(Success {
            status: 200,
            description: "Done.",
            media_type: "application/json",
            schema,
            headers: &[],
        });
        draft.conditional = true;
    }
}

impl<T: Serialize> Responder for Json<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        json(request, &self.0)
    }
}

/// A page of a list.
pub trait Paged {
    /// The pages around it.
    fn links(&self) -> &PageLinks;
}

/// 200 with a page of a list; `Link` names the pages around it.
pub struct Listed<T>(pub T);

impl<T: ToSchema> Describe for Listed<T> {
    fn describe(draft: &mut Draft) {
        const LINK: (&str, &str) =
            ("Link", "The pages after and before (`next`, `prev`; RFC 8288), as in the body.");
        Json::<T>::describe(draft);
        if let Some(success) = &mut draft.success {
            success.headers = &[LINK];
        }
    }
}

impl<T: Serialize + Paged> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response = json(request, &self.0);
        if let Some((name, value)) = self.0.links().header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A reply that the state of the resource may forbid: 409.
pub struct Conditional<R>(pub R);

impl<R: Describe> Describe for Conditional<R> {
    fn describe(draft: &mut Draft) {
        R::describe(draft);
        draft.error(409, "The state of the case does not allow it.");
    }
}

impl<R: Responder> Responder for Conditional<R> {
    type Body = R::Body;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<R::Body> {
        self.0.respond_to(request)
    }
}

/// A resource with its version as entity tag: 200, or 201 with `Location` for a new one.
pub struct Tagged<T, const STATUS: u16> {
    /// The resource.
    pub value: T,
    /// Its version.
    pub version: i64,
    /// Its address, for a new one.
    pub location: Option<String>,
    /// Is this the answer to an earlier request with the same idempotency key?
    pub replayed: Replayed,
}

impl<T: ToSchema, const STATUS: u16> Describe for Tagged<T, STATUS> {
    fn describe(draft: &mut Draft) {
        const ETAG: (&str, &str) = ("ETag", "The version of the resource, for If-Match.");
        const LOCATION: (&str, &str) = ("Location", "The address of the new resource.");
        const REPLAYED: (&str, &str) =
            ("Idempotency-Replayed", "`true` when this is the answer to an earlier request.");
        let schema = Some(draft.refer::<T>());
        if STATUS == 201 {
            draft.error(409, "What is to be created lacks a fact or conflicts with another.");
        }
        draft.success = Some(Success {
            status: STATUS,
            description: if STATUS == 201 { "Created." } else { "Done." },
            media_type: "application/json",
            schema,
            headers: if STATUS == 201 { &[ETAG, LOCATION, REPLAYED] } else { &[ETAG, REPLAYED] },
        });
    }
}

impl<T: Serialize, const STATUS: u16> Responder for Tagged<T, STATUS> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let status = StatusCode::from_u16(STATUS).unwrap_or_default();
        let mut response = HttpResponse::build(status);
        response.insert_header((header::ETAG, format!("\"{}\"", self.version)));
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.replayed == Replayed::Yes {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        response.json(self.value)
    }
}

/// Which of its representations a reader gets of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// As it is.
    Whole,
    /// With what identifies a person masked.
    Masked,
}

/// What an entity tag has behind the version when it is that of the masked representation: one
/// browser may serve two readers, and must not take the one's answer for the other's.
pub const MASKED: &str = "-masked";

/// 200 with a resource as its reader may see it.
pub struct Shown<T> {
    /// The resource.
    pub value: T,
    /// Its version.
    pub version: i64,
    /// How much of it.
    pub sight: Sight,
}

impl<T: ToSchema> Describe for Shown<T> {
    fn describe(draft: &mut Draft) {
        Json::<T>::describe(draft);
    }
}

impl<T: Serialize> Responder for Shown<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let behind = if self.sight == Sight::Masked { MASKED } else { "" };
        let tag = format!("\"{}{behind}\"", self.version);
        conditional(request, HttpResponse::Ok().json(self.value), &tag)
    }
}

/// 201 with a JSON body and nothing to come back to.
pub struct Made<T>(pub T);

impl<T: ToSchema> Describe for Made<T> {
    fn describe(draft: &mut Draft) {
        let schema = Some(draft.refer::<T>());
        draft.success = Some(Success {
            status: 201,
            description: "Created.",
            media_type: "application/json",
            schema,
            headers: &[],
        });
    }
}

impl<T: Serialize> Responder for Made<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        HttpResponse::Created().json(self.0)
    }
}

/// An answer to a command that has no resource to come back to, and that a key makes repeatable.
pub struct Once<T, const STATUS: u16> {
    /// The answer.
    pub value: T,
    /// Is it the answer to an earlier request with the same key?
    pub replayed: Replayed,
}

impl<T: ToSchema, const STATUS: u16> Describe for Once<T, STATUS> {
    fn describe(draft: &mut Draft) {
        let schema = Some(draft.refer::<T>());
        draft.error(409, "The state of things does not allow it.");
        draft.success = Some(Success {
            status: STATUS,
            description: if STATUS == 201 { "Created." } else { "Done." },
            media_type: "application/json",
            schema,
            headers: &[(
                "Idempotency-Replayed",
                "`true` when this is the answer to an earlier request.",
            )],
        });
    }
}

impl<T: Serialize, const STATUS: u16> Responder for Once<T, STATUS> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(StatusCode::from_u16(STATUS).unwrap_or_default());
        if self.replayed == Replayed::Yes {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        response.json(self.value)
    }
}

/// 204: done, and nothing to say.
pub struct Nothing;

impl Describe for Nothing {
    fn describe(draft: &mut Draft) {
        draft.success = Some(Success {
            status: 204,
            description: "Done.",
            media_type: "",
            schema: None,
            headers: &[],
        });
    }
}

impl Responder for Nothing {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        HttpResponse::NoContent().finish()
    }
}

/// 200 with a page for people: no script, one style sheet, nothing from elsewhere.
pub struct Html {
    page: String,
    policy: String,
}

impl Html {
    /// The page that `build` makes of the content security policy, which lets in this style sheet
    /// alone (CSP 3 §8.4: by the digest of its text).
    pub fn new(style: &str, build: impl FnOnce(&str) -> String) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
        let digest = STANDARD.encode(digest);
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        );
        Self { page: build(&policy), policy }
    }

    /// The page itself; its policy stands in it, too.
    #[must_use]
    pub fn into_page(self) -> String {
        self.page
    }
}

impl Describe for Html {
    fn describe(draft: &mut Draft) {
        draft.success = Some(Success {
            status: 200,
            description: "The page.",
            media_type: "text/html",
            schema: Some(String::schema()),
            headers: &[],
        });
        draft.conditional = true;
    }
}

impl Responder for Html {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::Ok();
        response
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_LANGUAGE, "zh-CN"))
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                format!("{}; frame-ancestors 'none'", self.policy),
            ));
        digested(request, response, self.page)
    }
}
