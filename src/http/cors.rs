//! Which web pages may call (the Fetch standard). An origin is allowed by its exact name or not at
//! all; one that is not allowed gets no header, and its browser keeps the answer from the page.
//!
//! Written here and not taken from a library: the middleware around everything gives errors their
//! shape, and a page must be able to read those too.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// What a preflight allows for 600 s: every method and request header of the API.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Accept-Language, Authorization, Content-Type, Idempotency-Key, \
                               If-Match, If-None-Match, X-Request-Id, traceparent";

/// What a page may read of an answer beside its body.
const EXPOSED: &str = "Allow, Content-Disposition, Content-Language, Deprecation, ETag, \
                       Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, \
                       Retry-After, Sunset, X-Request-Id";

/// The origin of a request when its pages may call.
#[must_use]
pub fn allowed(request: &HeaderMap, origins: &[String]) -> Option<HeaderValue> {
    let mut given = request.get_all(header::ORIGIN);
    let (origin, more) = (given.next()?, given.next());
    let known = origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    (known && more.is_none()).then(|| origin.clone())
}

/// Is it the question of a browser whether a page may call?
#[must_use]
pub fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to it, for an allowed origin or another; [`mark`] does the rest.
#[must_use]
pub fn preflight(origin: Option<&HeaderValue>) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    if origin.is_some() {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS));
        response.insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"));
    }
    response.finish()
}

/// Says to a browser that the page may read the answer; and to caches that it differs by origin.
pub fn mark(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
