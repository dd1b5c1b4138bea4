//! The doors: parse, authorise, call a service, reply. [`routes`] is the whole API on one screen.

pub mod auth;
mod cases;
pub mod contract;
mod dictionaries;

pub mod examples;
pub mod extract;
mod form;
mod meta;
pub mod openapi;
pub mod page;
pub mod problem;
mod published;
mod reply;
mod schemas;
mod sessions;
mod statistics;
mod strict;
pub mod trace;
mod units;
mod viewer;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, Route, web};

use crate::service::App;
use contract::Entry;
use problem::{Fault, Problem};

/// Every operation of the API.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Entry> {
    let get = |path, id, says, entry: fn(Method, &'static str, &'static str) -> Entry| entry(Method::GET, path, id).says(tag_of(path), says);
    let post = |path, id, says, entry: fn(Method, &'static str, &'static str) -> Entry| entry(Method::POST, path, id).says(tag_of(path), says);
    vec![
        post("/api/v1/sessions", "logIn", "Log in.", |m, p, i| Entry::new(m, p, i, sessions::create)),
        get("/api/v1/me", "getMe", "Who am I?", |m, p, i| Entry::new(m, p, i, sessions::me)),

        get("/api/v1/units", "listUnits", "The units.", |m, p, i| Entry::new(m, p, i, units::list)),
        get("/api/v1/users", "listUsers", "Active colleagues.", |m, p, i| Entry::new(m, p, i, units::users)),

        get("/api/v1/dictionaries", "getDictionaries", "Every code of the API in words, and what it demands.", |m, p, i| Entry::new(m, p, i, dictionaries::show)),

        post("/api/v1/cases", "receiveCase", "Record an application, and register it at once when wanted.", |m, p, i| Entry::new(m, p, i, cases::receive)),
        get("/api/v1/cases", "listCases", "Cases by filter or worklist.", |m, p, i| Entry::new(m, p, i, cases::list)),
        post("/api/v1/cases/search", "searchCases", "The cases of one person, by a sealed field.", |m, p, i| Entry::new(m, p, i, cases::search)),
        get("/api/v1/cases/{id}", "getCase", "One case.", |m, p, i| Entry::new(m, p, i, cases::show)),
        get("/api/v1/cases/{id}/events", "listCaseEvents", "What happened on a case.", |m, p, i| Entry::new(m, p, i, cases::events)),
        get("/api/v1/cases/{id}/actions", "listCaseActions", "What may I do now, and why not?", |m, p, i| Entry::new(m, p, i, cases::actions)),
        get("/api/v1/cases/{id}/deadline", "getCaseDeadline", "When is it due, day by day?", |m, p, i| Entry::new(m, p, i, cases::deadline)),
        post("/api/v1/cases/{id}/register", "registerCase", "Enter a case in the register; starts the clock.", |m, p, i| Entry::new(m, p, i, cases::register)),
        post("/api/v1/cases/{id}/amend", "amendCase", "Correct facts.", |m, p, i| Entry::new(m, p, i, cases::amend)),
        post("/api/v1/cases/{id}/void", "voidCase", "Take out a case entered by mistake or twice.", |m, p, i| Entry::new(m, p, i, cases::void)),
        post("/api/v1/cases/{id}/assign", "assignCase", "Give a case to a unit.", |m, p, i| Entry::new(m, p, i, cases::assign)),
        post("/api/v1/cases/{id}/accept", "acceptCase", "Take a case as an officer.", |m, p, i| Entry::new(m, p, i, cases::accept)),
        post("/api/v1/cases/{id}/return", "returnCase", "Give a case back to the query room.", |m, p, i| Entry::new(m, p, i, cases::give_back)),
        post("/api/v1/cases/{id}/request-supplement", "requestSupplement", "Ask the applicant, once, to supplement.", |m, p, i| Entry::new(m, p, i, cases::request_supplement)),
        post("/api/v1/cases/{id}/supplement", "supplementCase", "Record the applicant's supplement; restarts the clock.", |m, p, i| Entry::new(m, p, i, cases::supplement)),
        post("/api/v1/cases/{id}/lapse", "lapseCase", "Close a case as deemed abandoned.", |m, p, i| Entry::new(m, p, i, cases::lapse)),
        post("/api/v1/cases/{id}/request-extension", "requestExtension", "Ask the supervisor for more time.", |m, p, i| Entry::new(m, p, i, cases::request_extension)),
        post("/api/v1/cases/{id}/decide-extension", "decideExtension", "Grant or refuse an extension.", |m, p, i| Entry::new(m, p, i, cases::decide_extension)),
        post("/api/v1/cases/{id}/draft-answer", "draftAnswer", "Draft the answer.", |m, p, i| Entry::new(m, p, i, cases::draft_answer)),
        post("/api/v1/cases/{id}/answer", "answerCase", "Issue the draft.", |m, p, i| Entry::new(m, p, i, cases::issue_answer)),
        post("/api/v1/cases/{id}/serve", "serveLetter", "Record an attempt of service.", |m, p, i| Entry::new(m, p, i, cases::serve)),
        post("/api/v1/cases/{id}/withdraw", "withdrawCase", "Close a case on the applicant's word.", |m, p, i| Entry::new(m, p, i, cases::withdraw)),

        get("/api/v1/statistics/reply-rate", "getReplyRate", "The reply rate, with what it is made of.", |m, p, i| Entry::new(m, p, i, statistics::reply_rate)),
        get("/api/v1/statistics/overview", "getOverview", "Open work by unit.", |m, p, i| Entry::new(m, p, i, statistics::overview)),

        get("/livez", "getLiveness", "Does the process answer?", |m, p, i| Entry::new(m, p, i, meta::live)),
        get("/readyz", "getReadiness", "Does the database answer?", |m, p, i| Entry::new(m, p, i, meta::ready)),
        get("/openapi.json", "getContractJson", "This contract as JSON.", |m, p, i| Entry::new(m, p, i, meta::contract_json)),
        get("/openapi.yaml", "getContractYaml", "This contract as YAML.", |m, p, i| Entry::new(m, p, i, meta::contract_yaml)),
    ]
}

fn tag_of(path: &str) -> &'static str {
    match path.split('/').nth(3) {
        Some("sessions" | "me") => "sessions",
        Some("cases") => "cases",
        Some("statistics") => "statistics",
        Some("units" | "users") => "directory",
        Some("dictionaries") => "dictionaries",
        _ => "server",
    }
}

/// Registers every operation with the framework. `GET` answers `HEAD` too; a method that an address
/// does not know is 405 with `Allow`.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut addresses: BTreeMap<&'static str, Vec<Entry>> = BTreeMap::new();
    for entry in routes() {
        addresses.entry(entry.path).or_default().push(entry);
    }
    // A fixed path before one with a variable: `/cases/search` is no id.
    let mut ordered: Vec<_> = addresses.into_iter().collect();
    ordered.sort_by_key(|(path, _)| path.contains('{'));
    for (path, entries) in ordered {
        let mut resource = web::resource(path);
        let mut allowed = Vec::new();
        for entry in &entries {
            resource = resource.route(entry.route(entry.method.clone()));
            allowed.push(entry.method.to_string());
            if entry.method == Method::GET {
                resource = resource.route(entry.route(Method::HEAD));
                allowed.push("HEAD".to_owned());
            }
        }
        config.service(resource.default_service(other_methods(allowed.join(", "))));
    }
    viewer::configure(config);
}

/// Refuses the methods that an address does not know, and says which it knows.
fn other_methods(allowed: String) -> Route {
    web::to(move || {
        let refusal = Problem::new(Fault::MethodNotAllowed).header(header::ALLOW, allowed.clone());
        async move { Err::<actix_web::HttpResponse, Problem>(refusal) }
    })
}

/// The application as the framework serves it: what the server runs and what tests call.
pub fn application(
    app: web::Data<App>,
) -> ActixApp<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    ActixApp::new()
        .app_data(app)
        .app_data(web::PayloadConfig::new(extract::BODY_LIMIT))
        .wrap(from_fn(trace::request))
        .configure(configure)
        .default_service(web::to(|| async {
            Err::<actix_web::HttpResponse, Problem>(Problem::new(Fault::RouteNotFound))
        }))
}

/// A server that is listening.
pub struct Server {
    /// The address it listens on; the port is the real one when 0 was asked for.
    pub address: std::net::SocketAddr,
    /// Runs until it is told to stop.
    pub running: actix_web::dev::Server,
}

/// Threads that answer requests. The work is done by the readers and the writer.
const WORKERS: usize = 2;

/// Starts to listen.
///
/// # Errors
/// The address cannot be bound.
pub fn serve(app: Arc<App>, listen: std::net::SocketAddr) -> std::io::Result<Server> {
    let data = web::Data::from(app);
    let server = HttpServer::new(move || application(data.clone()))
        .workers(WORKERS)
        .shutdown_timeout(30)
        .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok(Server { address, running: server.run() })
}
