//! What goes out when all went well.

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::{PartialSchema as _, ToSchema};

use super::contract::{Describe, Draft, Success};
use crate::store::command::Replayed;

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
    }
}

impl<T: Serialize> Responder for Json<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        HttpResponse::Ok().json(self.0)
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

/// A resource with its entity tag: 200, or 201 with `Location` for a new one.
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
        let status = actix_web::http::StatusCode::from_u16(STATUS).unwrap_or_default();
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
    }
}

impl Responder for Html {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_LANGUAGE, "zh-CN"))
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                format!("{}; frame-ancestors 'none'", self.policy),
            ))
            .body(self.page)
    }
}
