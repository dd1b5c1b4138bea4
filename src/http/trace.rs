//! What every request goes through: an id, a log line, safe headers, and one shape of errors.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, web};

use super::edge::Edge;
use super::language::{self, Spoken};
use super::limits::{self, Charge};
use super::metrics::labels;
use super::problem::{Fault, Problem};
use super::public::pages::Refused;
use super::rules::rule_of;
use super::traceparent::TraceId;
use super::{client, compress, cors, pace};
use crate::config::transport::Transport;
use crate::domain::said::Language;
use crate::service::App;
use crate::service::metrics::RequestLabels;

/// The id of a request: the client's own when it is harmless, else a new one.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every request.
///
/// # Errors
/// A panic of the handler, as a problem.
pub async fn request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let seen = Seen::of(&request);
    request.extensions_mut().insert(RequestId(seen.id.clone()));
    let app = request.app_data::<web::Data<App>>().map(|app| Arc::clone(app));
    let edge = request.app_data::<web::Data<Edge>>().cloned();
    let transport = edge.as_deref().map_or(&*OPEN, |edge| &edge.transport);
    let origin = cors::allowed(request.headers(), &transport.origins);
    let mut body = pace::Watched::default();
    let handled = if let Some(refusal) = refusal(&request) {
        // An endless address is not sent back.
        let path = if address_is_too_long(&request) { "" } else { &seen.path };
        Ok(request
            .into_response(refusal.answer(path, &seen.id, seen.language))
            .map_into_boxed_body())
    } else if cors::is_preflight(&request) && !transport.origins.is_empty() {
        Ok(request.into_response(cors::preflight(origin.as_ref())).map_into_boxed_body())
    } else {
        body = pace::watch(&mut request, transport.pace);
        let handled = crate::store::within_allowance(next.call(request));
        surviving(handled).await.map(ServiceResponse::map_into_boxed_body)
    };
    let response = match handled {
        Ok(response) if body.is_late() => too_slow(response, &seen),
        Ok(response) => finished(response, &seen),
        // Only a panic comes here: what a handler refuses is a response already.
        Err(error) => {
            let problem = problem_of_error(&error);
            let labels = labels(&seen.method, None, problem.status().as_u16());
            record(app.as_deref(), &labels, &seen, started);
            return Err(problem.of_request(&seen.path, &seen.id, seen.language).into());
        }
    };
    let route = response.request().match_pattern();
    let labels = labels(&seen.method, route, response.status().as_u16());
    record(app.as_deref(), &labels, &seen, started);
    let mut response = with_headers(response, &seen.id, transport);
    if !transport.origins.is_empty() {
        cors::mark(response.headers_mut(), origin);
    }
    if app.is_some_and(|app| app.health.is_draining()) {
        // A client that keeps its connection would miss the end of it.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(body.kept_with(compress::compressed(response)))
}

/// The doors of an application that was given none.
static OPEN: LazyLock<Transport> = LazyLock::new(Transport::default);

/// What is remembered of a request after its handler has taken it.
struct Seen {
    id: String,
    trace: TraceId,
    method: Method,
    path: String,
    language: Language,
}

impl Seen {
    /// The id is the client's when it is 1 to 64 of `A-Z a-z 0-9 . _ -`, the trace when it is well
    /// formed; else both are new.
    fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let harmless = |id: &&str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        };
        let (id, trace) = (given.filter(harmless), TraceId::given(request.headers()));
        let fresh: [u8; 16] = match (id, trace) {
            (Some(_), Some(_)) => [0; 16],
            _ => crate::store::vault::fresh_bytes().unwrap_or_default(),
        };
        Self {
            id: id.map_or_else(
                || uuid::Builder::from_random_bytes(fresh).into_uuid().to_string(),
                ToOwned::to_owned,
            ),
            trace: trace.unwrap_or(TraceId::of(fresh)),
            method: request.method().clone(),
            path: request.path().to_owned(),
            language: language::accepted(request.headers()),
        }
    }
}

/// What is refused before anything looks at it.
fn refusal(request: &ServiceRequest) -> Option<Problem> {
    if address_is_too_long(request) {
        Some(Fault::UriTooLong.into())
    } else if headers_are_too_large(request) {
        Some(Fault::HeadersTooLarge.into())
    } else if carries_encoded_body(request) {
        let refusal = Problem::new(Fault::UnsupportedMediaType);
        Some(refusal.header(header::ACCEPT_ENCODING, "identity"))
    } else {
        None
    }
}

/// The largest head that is looked at: the lines of the header fields together, in bytes.
const HEADERS_LIMIT: usize = 16 * 1024;

fn headers_are_too_large(request: &ServiceRequest) -> bool {
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    lines.sum::<usize>() > HEADERS_LIMIT
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

/// The answer to a body that fell behind. What is left of it is not waited for.
fn too_slow(response: ServiceResponse<BoxBody>, seen: &Seen) -> ServiceResponse<BoxBody> {
    let refusal = Problem::new(Fault::RequestTimeout).answer(&seen.path, &seen.id, seen.language);
    let mut response = response.into_response(refusal);
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    response
}

/// Gives every error answer the shape of a problem, complete with path and id.
fn finished(mut response: ServiceResponse<BoxBody>, seen: &Seen) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if status.is_success() || status.is_redirection() || status.is_informational() {
        let spoken = response.request().extensions().get::<Spoken>().copied();
        if let Some(Spoken(language)) = spoken {
            language::mark(response.headers_mut(), language);
        }
        return response;
    }
    let problem = match response.response().error() {
        Some(error) if error.as_error::<Refused>().is_some() => return response,
        Some(error) => problem_of_error(error),
        None if is_shaped(response.response()) => return response,
        None => problem_of_status(status),
    };
    response.into_response(problem.answer(&seen.path, &seen.id, seen.language))
}

/// Is it a problem already, or one of our own pages? The framework makes neither.
fn is_shaped(response: &HttpResponse) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
        value == "application/problem+json" || value == "text/html; charset=utf-8"
    })
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
        408 => Fault::RequestTimeout,
        413 => Fault::PayloadTooLarge,
        414 => Fault::UriTooLong,
        415 => Fault::UnsupportedMediaType,
        400..=499 => Fault::MalformedRequest,
        _ => Fault::Internal,
    })
}

fn with_headers(
    mut response: ServiceResponse<BoxBody>,
    id: &str,
    transport: &Transport,
) -> ServiceResponse<BoxBody> {
    const SAFE: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    let request = response.request();
    let charge = request.extensions_mut().remove::<Charge>();
    let peer = request.peer_addr().map(|peer| peer.ip());
    let secure = client::came_by_https(peer, request.headers(), &transport.proxies);
    let kept = match response.status() {
        StatusCode::OK | StatusCode::NOT_MODIFIED => rule_of(request).map(|rule| rule.caching),
        _ => None,
    };
    let headers = response.headers_mut();
    if let Some(charge) = charge {
        limits::mark(headers, &charge);
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in SAFE {
        // A page may have a policy of its own.
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        let kept = HeaderValue::from_static(kept.unwrap_or_default().header());
        headers.insert(header::CACHE_CONTROL, kept);
    }
    response
}

/// One line per request, and one count: the route and not the path, so that no id of a person gets
/// in.
fn record(app: Option<&App>, labels: &RequestLabels, seen: &Seen, started: Instant) {
    let (took, status) = (started.elapsed(), labels.http_response_status_code);
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (method, route) = (labels.http_request_method, &labels.http_route);
    let Seen { id, trace, .. } = seen;
    tracing::info!(request_id = id, trace_id = %trace, method, route, status, millis, "request");
    if let Some(app) = app {
        app.metrics.request(labels, took.as_secs_f64());
    }
}
