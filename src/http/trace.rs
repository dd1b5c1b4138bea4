//! What every request goes through: an id, a log line, safe headers, and one shape of errors.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse};

use super::problem::{Fault, Problem};

/// The id of a request: the client's own when it is harmless, else a new one.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every request.
///
/// # Errors
/// A panic of the handler, as a problem.
pub async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let path = request.path().to_owned();
    let method = request.method().clone();
    let handled = if address_is_too_long(&request) {
        let refusal = Problem::new(Fault::UriTooLong);
        Ok(request.into_response(refusal.answer("", &id)).map_into_boxed_body())
    } else if carries_encoded_body(&request) {
        let refusal =
            Problem::new(Fault::UnsupportedMediaType).header(header::ACCEPT_ENCODING, "identity");
        Ok(request.into_response(refusal.answer(&path, &id)).map_into_boxed_body())
    } else {
        surviving(next.call(request)).await.map(ServiceResponse::map_into_boxed_body)
    };
    let response = match handled {
        Ok(response) => finished(response, &path, &id),
        // Only a panic comes here: what a handler refuses is a response already.
        Err(error) => return Err(problem_of_error(&error).of_request(&path, &id).into()),
    };
    Ok(logged(with_headers(response, &id), &method, &id, started))
}

/// The client's id when it is 1 to 64 of `A-Z a-z 0-9 . _ -`, else a new one.
fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
    };
    given.filter(harmless).map_or_else(
        || {
            let bytes: [u8; 16] = crate::store::vault::fresh_bytes().unwrap_or_default();
            uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
        },
        ToOwned::to_owned,
    )
}

/// The longest address that is looked at, in bytes.
const ADDRESS_LIMIT: usize = 8 * 1024;

fn address_is_too_long(request: &ServiceRequest) -> bool {
    request.uri().path().len() + request.query_string().len() > ADDRESS_LIMIT
}

/// A compressed body could unfold to a thousand times its size; none is taken.
fn carries_encoded_body(request: &ServiceRequest) -> bool {
    request
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A panic in a handler becomes an error of that request alone.
async fn surviving<F, T>(work: F) -> Result<T, actix_web::Error>
where
    F: Future<Output = Result<T, actix_web::Error>>,
{
    let mut work = pin!(work);
    std::future::poll_fn(move |cx| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(poll) => poll,
            Err(_) => Poll::Ready(Err(Problem::new(Fault::Internal).into())),
        }
    })
    .await
}

/// Gives every error answer the shape of a problem, complete with path and id.
fn finished(response: ServiceResponse<BoxBody>, path: &str, id: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if status.is_success() || status.is_redirection() || status.is_informational() {
        return response;
    }
    let problem = match response.response().error() {
        Some(error) => problem_of_error(error),
        None if is_problem(response.response()) => return response,
        None => problem_of_status(status),
    };
    response.into_response(problem.answer(path, id))
}

fn is_problem(response: &HttpResponse) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == b"application/problem+json")
}

fn problem_of_error(error: &actix_web::Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => problem_of_status(error.as_response_error().status_code()),
    }
}

/// The problem of an error that the framework raised itself.
fn problem_of_status(status: StatusCode) -> Problem {
    Problem::new(match status.as_u16() {
        404 => Fault::RouteNotFound,
        405 => Fault::MethodNotAllowed,
        406 => Fault::NotAcceptable,
        408 => Fault::RequestTimeout,
        413 => Fault::PayloadTooLarge,
        414 => Fault::UriTooLong,
        415 => Fault::UnsupportedMediaType,
        400..=499 => Fault::MalformedRequest,
        _ => Fault::Internal,
    })
}

fn with_headers(mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    const SAFE: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in SAFE {
        // A page for people has a policy of its own.
        if name != header::CONTENT_SECURITY_POLICY || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// One line per request: the route and not the path, so that no id of a person gets in.
fn logged(
    response: ServiceResponse<BoxBody>,
    method: &Method,
    id: &str,
    started: Instant,
) -> ServiceResponse<BoxBody> {
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    tracing::info!(request_id = id, %method, route, status, millis, "request");
    response
}
