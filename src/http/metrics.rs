//! `GET /metrics`: what the server counts about itself, for Prometheus.

use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, web};
use utoipa::PartialSchema as _;

use super::auth::{Auth, ReadMetrics};
use super::contract::{Declares, Describe, Draft, Success};
use super::problem::Problem;
use crate::domain::policy::Right;
use crate::service::App;
use crate::service::metrics::RequestLabels;

/// Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Somebody who may read the metrics: on this machine, or with an auditor's token.
pub struct Scraper;

impl Describe for Scraper {
    fn describe(draft: &mut Draft) {
        Auth::<ReadMetrics>::describe(draft);
        draft.open_at_home = true;
    }
}

impl Declares for Scraper {
    fn right() -> Option<Right> {
        Auth::<ReadMetrics>::right()
    }
}

impl FromRequest for Scraper {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_of_this_machine(request) {
            return Box::pin(std::future::ready(Ok(Self)));
        }
        let auth = Auth::<ReadMetrics>::from_request(request, payload);
        Box::pin(async move { auth.await.map(|_| Self) })
    }
}

/// Headers by which a proxy says that it speaks for another.
const FORWARDED: [HeaderName; 4] =
    [header::FORWARDED, header::X_FORWARDED_FOR, HeaderName::from_static("x-real-ip"), header::VIA];

/// Does the request come from a program on this machine? One that a proxy on this machine passes on
/// does not: whatever such a header says, its sender is elsewhere.
fn is_of_this_machine(request: &HttpRequest) -> bool {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let passed_on = FORWARDED.iter().any(|name| request.headers().contains_key(name));
    peer.is_some_and(|peer| peer.is_loopback()) && !passed_on
}

/// The metrics as text.
pub struct Exposition(String);

impl Describe for Exposition {
    fn describe(draft: &mut Draft) {
        draft.success = Some(Success {
            status: 200,
            description: "The metrics.",
            media_type: "text/plain",
            schema: Some(String::schema()),
            headers: &[],
        });
    }
}

impl Responder for Exposition {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().content_type(TEXT_FORMAT).body(self.0)
    }
}

/// `GET /metrics`
///
/// # Errors
/// None of its own.
pub async fn show(_: Scraper, app: web::Data<App>) -> Result<Exposition, Problem> {
    Ok(page(&app))
}

/// The same on an address of its own, which is the permission.
pub async fn show_on_own_address(app: web::Data<App>) -> Exposition {
    page(&app)
}

fn page(app: &App) -> Exposition {
    Exposition(app.metrics.page())
}

/// The labels of a request that has been answered. Whatever a client sends, there are only so many:
/// the method is a standard one that the route has, the route is its template.
#[must_use]
pub fn labels(method: &Method, route: Option<String>, status: u16) -> RequestLabels {
    RequestLabels {
        http_request_method: if status == 405 { OTHER } else { method_name(method) },
        http_route: route.unwrap_or_else(|| "none".to_owned()),
        http_response_status_code: status,
    }
}

const OTHER: &str = "_OTHER";

/// The name of a standard method; a client may invent others, and write into them what it likes.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => OTHER,
    }
}
