//! The doors: parse, authorise, call a service, reply. [`routes`] is the whole API on one screen.

pub mod auth;
mod calendar;
mod cases;
pub mod client;
mod clocks;
pub mod compress;
pub mod contract;
pub mod cors;
mod dictionaries;
pub mod document;
pub mod download;
pub mod edge;
pub mod examples;
pub mod extract;
pub mod flaw;
mod form;
pub mod language;
pub mod limits;
mod meta;
pub mod metrics;
pub mod named;
pub mod openapi;
pub mod pace;
pub mod page;
mod paragraphs;
mod passwords;
pub mod problem;
mod public;
mod reply;
mod rule_sets;
pub mod rules;
mod schema_rules;
mod schemas;
mod sessions;
mod statistics;
mod strict;
pub mod trace;
pub mod traceparent;
mod units;
mod upload;
mod users;
mod viewer;
mod written;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpResponse, HttpServer, Resource, web};

use crate::config::transport::Transport;
use crate::service::App;
pub use cases::export as case_export;
pub use cases::import as register;
use contract::Entry;
use edge::Edge;
use limits::Policy;
use problem::{Fault, Problem};
use rules::{Caching, Rules};

/// Every operation of the API.
#[must_use]
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "one line for each operation, all on one screen")]
pub fn routes() -> Vec<Entry> {
    let get = |path, id, says, entry: fn(Method, &'static str, &'static str) -> Entry| entry(Method::GET, path, id).says(tag_of(path), says);
    let post = |path, id, says, entry: fn(Method, &'static str, &'static str) -> Entry| entry(Method::POST, path, id).says(tag_of(path), says);
    let patch = |path, id, says, entry: fn(Method, &'static str, &'static str) -> Entry| entry(Method::PATCH, path, id).says(tag_of(path), says);
    let delete = |path, id, says, entry: fn(Method, &'static str, &'static str) -> Entry| entry(Method::DELETE, path, id).says(tag_of(path), says);
    vec![
        post("/api/v1/sessions", "logIn", "Log in.", |m, p, i| Entry::new(m, p, i, sessions::create)).under(Policy::Login),
        get("/api/v1/sessions", "listSessions", "My sessions.", |m, p, i| Entry::new(m, p, i, sessions::list)),
        post("/api/v1/sessions/refresh", "refreshSession", "Exchange a refresh token for fresh tokens.", |m, p, i| Entry::new(m, p, i, sessions::refresh)),
        delete("/api/v1/sessions/current", "logOut", "Log out.", |m, p, i| Entry::new(m, p, i, sessions::log_out)),
        delete("/api/v1/sessions/{id}", "endSession", "End a session of mine.", |m, p, i| Entry::new(m, p, i, sessions::end)),
        get("/api/v1/me", "getMe", "Who am I?", |m, p, i| Entry::new(m, p, i, sessions::me)),
        post("/api/v1/me/password", "changePassword", "Choose another password.", |m, p, i| Entry::new(m, p, i, passwords::change)).under(Policy::Login),
        post("/api/v1/passwords", "choosePassword", "Choose a password by a one-time link.", |m, p, i| Entry::new(m, p, i, passwords::choose)).under(Policy::Login),
        post("/api/v1/set-up", "setUp", "Create the bureau and the first administrator by the set-up link.", |m, p, i| Entry::new(m, p, i, passwords::set_up)).under(Policy::Login),

        get("/api/v1/units", "listUnits", "The units.", |m, p, i| Entry::new(m, p, i, units::list)),
        post("/api/v1/units", "createUnit", "Create a unit.", |m, p, i| Entry::new(m, p, i, units::create)),
        get("/api/v1/units/{id}", "getUnit", "One unit.", |m, p, i| Entry::new(m, p, i, units::show)),
        patch("/api/v1/units/{id}", "changeUnit", "Rename, move or empower a unit.", |m, p, i| Entry::new(m, p, i, units::change)),
        post("/api/v1/units/{id}/close", "closeUnit", "Close a unit; its open cases and active users go to a successor.", |m, p, i| Entry::new(m, p, i, units::close)),
        get("/api/v1/users", "listUsers", "Colleagues; for an administrator all users.", |m, p, i| Entry::new(m, p, i, users::list)),
        post("/api/v1/users", "createUser", "Create a user, with a one-time link by which he chooses his password.", |m, p, i| Entry::new(m, p, i, users::create)),
        get("/api/v1/users/{id}", "getUser", "One user.", |m, p, i| Entry::new(m, p, i, users::show)),
        patch("/api/v1/users/{id}", "changeUser", "Rename, move, empower, disable or enable a user.", |m, p, i| Entry::new(m, p, i, users::change)),
        post("/api/v1/users/{id}/password-links", "issuePasswordLink", "Give out a one-time link by which a user chooses a new password.", |m, p, i| Entry::new(m, p, i, users::issue_link)),
        get("/api/v1/users/{id}/sessions", "listUserSessions", "The sessions of a user.", |m, p, i| Entry::new(m, p, i, users::sessions)),
        delete("/api/v1/users/{id}/sessions", "endUserSessions", "End all sessions of a user.", |m, p, i| Entry::new(m, p, i, users::end_sessions)),

        get("/api/v1/paragraphs", "listParagraphs", "Standard paragraphs for drafts.", |m, p, i| Entry::new(m, p, i, paragraphs::list)),
        post("/api/v1/paragraphs", "createParagraph", "Create a standard paragraph.", |m, p, i| Entry::new(m, p, i, paragraphs::create)),
        get("/api/v1/paragraphs/{id}", "getParagraph", "One standard paragraph.", |m, p, i| Entry::new(m, p, i, paragraphs::show)),
        patch("/api/v1/paragraphs/{id}", "changeParagraph", "Word a standard paragraph anew.", |m, p, i| Entry::new(m, p, i, paragraphs::change)),
        post("/api/v1/paragraphs/{id}/close", "closeParagraph", "Close a standard paragraph: no draft inserts it any more.", |m, p, i| Entry::new(m, p, i, paragraphs::close)),

        get("/api/v1/dictionaries", "getDictionaries", "Every code of the API in words, and what it demands.", |m, p, i| Entry::new(m, p, i, dictionaries::show)).kept(Caching::Minute),

        get("/api/v1/calendar", "getCalendar", "The working-day calendar: its years, its states, and drafts.", |m, p, i| Entry::new(m, p, i, calendar::show)),
        post("/api/v1/calendar", "importCalendarYear", "Import a year, new or anew, in the form of the yearly notice; a draft until a second person applies it.", |m, p, i| Entry::new(m, p, i, calendar::import)),
        get("/api/v1/calendar/{year}", "getCalendarYear", "One year of the calendar, as it is in force or by a version.", |m, p, i| Entry::new(m, p, i, calendar::year)),
        get("/api/v1/calendar/{year}/versions", "listCalendarVersions", "The versions of a year.", |m, p, i| Entry::new(m, p, i, calendar::versions_of)),
        get("/api/v1/calendar/{year}/versions/{number}", "getCalendarVersion", "One version of a year.", |m, p, i| Entry::new(m, p, i, calendar::version)),
        get("/api/v1/calendar/{year}/versions/{number}/effects", "previewCalendarVersion", "What a draft would do to the open cases.", |m, p, i| Entry::new(m, p, i, calendar::effects)),
        get("/api/v1/calendar/{year}/versions/{number}/moves", "listCalendarMoves", "The open cases of mine that a draft would move, from which day to which.", |m, p, i| Entry::new(m, p, i, calendar::moves)),
        post("/api/v1/calendar/{year}/versions/{number}/apply", "applyCalendarVersion", "Put a version in force that another has imported; the open cases are recalculated.", |m, p, i| Entry::new(m, p, i, calendar::apply)),
        post("/api/v1/calendar/{year}/versions/{number}/discard", "discardCalendarVersion", "Give a draft up.", |m, p, i| Entry::new(m, p, i, calendar::discard)),
        get("/api/v1/calendar/{year}/versions/{number}/recalculation", "getRecalculation", "How far the open cases have been recalculated.", |m, p, i| Entry::new(m, p, i, calendar::recalculation)),
        get("/api/v1/rule-sets", "listRuleSets", "Both texts of the Regulation with their figures.", |m, p, i| Entry::new(m, p, i, rule_sets::list)),
        get("/api/v1/clocks", "listClocks", "What falls due, today and in the next days.", |m, p, i| Entry::new(m, p, i, clocks::list)),

        post("/api/v1/cases", "receiveCase", "Record an application, and register it at once when wanted.", |m, p, i| Entry::new(m, p, i, cases::receive)),
        get("/api/v1/cases", "listCases", "Cases by filter or worklist.", |m, p, i| Entry::new(m, p, i, cases::list)),
        post("/api/v1/cases/search", "searchCases", "The cases of one person, by a sealed field.", |m, p, i| Entry::new(m, p, i, cases::search)),
        post("/api/v1/cases/earlier", "findEarlierCases", "The applicant's earlier cases, before his application is taken in.", |m, p, i| Entry::new(m, p, i, cases::earlier)),
        post("/api/v1/imports", "importRegister", "Take in a paper register as CSV; a dry run unless told otherwise.", |m, p, i| Entry::new(m, p, i, cases::import)),
        get("/api/v1/imports/template", "getImportTemplate", "An empty register with all headings.", |m, p, i| Entry::new(m, p, i, cases::template)),
        get("/api/v1/cases/{id}", "getCase", "One case.", |m, p, i| Entry::new(m, p, i, cases::show)),
        get("/api/v1/cases/{id}/export", "exportCase", "A whole case as one signed file.", |m, p, i| Entry::new(m, p, i, cases::export_case)),
        get("/api/v1/cases/{id}/events", "listCaseEvents", "What happened on a case.", |m, p, i| Entry::new(m, p, i, cases::events)),
        get("/api/v1/cases/{id}/actions", "listCaseActions", "What may I do now, and why not?", |m, p, i| Entry::new(m, p, i, cases::actions)),
        get("/api/v1/cases/{id}/deadline", "getCaseDeadline", "When is it due, day by day?", |m, p, i| Entry::new(m, p, i, cases::deadline)),
        post("/api/v1/cases/{id}/deadline/what-if", "askWhatIf", "When would it be due, if? Nothing is changed.", |m, p, i| Entry::new(m, p, i, cases::what_if)),
        get("/api/v1/cases/{id}/receipt", "printReceipt", "The receipt, to print, without the query code.", |m, p, i| Entry::new(m, p, i, cases::receipt)),
        post("/api/v1/cases/{id}/receipt", "printReceiptWithCode", "The receipt, to print, with the query code that came with the receipt's answer.", |m, p, i| Entry::new(m, p, i, cases::receipt_with_code)),
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
        get("/api/v1/subtasks", "listSubtasks", "What units were asked for, the most urgent first.", |m, p, i| Entry::new(m, p, i, cases::subtasks::list)),
        get("/api/v1/cases/{id}/subtasks", "listCaseSubtasks", "What was asked of units on one case.", |m, p, i| Entry::new(m, p, i, cases::subtasks::of_case)),
        post("/api/v1/cases/{id}/ask-subtask", "askSubtask", "Ask another unit for a search or an opinion.", |m, p, i| Entry::new(m, p, i, cases::ask_subtask)),
        post("/api/v1/cases/{id}/reply-subtask", "replySubtask", "Reply to what one's unit was asked.", |m, p, i| Entry::new(m, p, i, cases::subtasks::reply)),
        post("/api/v1/cases/{id}/return-subtask", "returnSubtask", "Give back what one's unit was asked.", |m, p, i| Entry::new(m, p, i, cases::subtasks::give_back)),
        post("/api/v1/cases/{id}/waive-subtask", "waiveSubtask", "Wait no longer for a unit.", |m, p, i| Entry::new(m, p, i, cases::waive_subtask)),
        post("/api/v1/cases/{id}/review", "reviewDraft", "Review the drafted answer.", |m, p, i| Entry::new(m, p, i, cases::review)),
        post("/api/v1/cases/{id}/answer", "answerCase", "Issue the draft.", |m, p, i| Entry::new(m, p, i, cases::issue_answer)),
        post("/api/v1/cases/{id}/serve", "serveLetter", "Record an attempt of service.", |m, p, i| Entry::new(m, p, i, cases::serve)),
        post("/api/v1/cases/{id}/issue-letter", "issueLetter", "Issue a letter that no other action issues: the notice from when to when what is provided can be collected.", |m, p, i| Entry::new(m, p, i, cases::issue_letter)),
        post("/api/v1/cases/{id}/void-letter", "voidLetter", "Declare a letter void that has reached nobody; a notice is issued anew at once, an answer goes back to be drafted.", |m, p, i| Entry::new(m, p, i, cases::void_letter)),
        post("/api/v1/cases/{id}/attachments", "attachFile", "Attach a file.", |m, p, i| Entry::new(m, p, i, cases::attach)),
        get("/api/v1/cases/{id}/attachments", "listFiles", "The files of a case.", |m, p, i| Entry::new(m, p, i, cases::attachments)),
        get("/api/v1/cases/{id}/attachments/{attachment_id}", "getFile", "One file of a case, without its bytes.", |m, p, i| Entry::new(m, p, i, cases::attachment)),
        get("/api/v1/cases/{id}/attachments/{attachment_id}/content", "downloadFile", "The bytes of a file, or a range of them.", |m, p, i| Entry::new(m, p, i, cases::content)),
        post("/api/v1/cases/{id}/detach", "detachFile", "Take a file down.", |m, p, i| Entry::new(m, p, i, cases::detach)),
        post("/api/v1/cases/{id}/withdraw", "withdrawCase", "Close a case on the applicant's word.", |m, p, i| Entry::new(m, p, i, cases::withdraw)),
        post("/api/v1/cases/{id}/archive", "archiveCase", "Put an ended case away, with an index of its papers.", |m, p, i| Entry::new(m, p, i, cases::archive)),

        get("/api/v1/letters", "listLetters", "The register of letters, void ones among them.", |m, p, i| Entry::new(m, p, i, cases::letter_register)),
        get("/api/v1/cases/{id}/letters", "listCaseLetters", "The letters of a case.", |m, p, i| Entry::new(m, p, i, cases::list_letters)),
        get("/api/v1/cases/{id}/letters/{letter_id}", "getLetter", "One letter, with what was frozen of it.", |m, p, i| Entry::new(m, p, i, cases::show_letter)),
        get("/api/v1/cases/{id}/letters/{letter_id}/html", "printLetter", "One letter, to print.", |m, p, i| Entry::new(m, p, i, cases::print_letter)),
        get("/api/v1/cases/{id}/letters/{letter_id}/pdf", "downloadLetterPdf", "One letter as PDF.", |m, p, i| Entry::new(m, p, i, cases::letter_pdf)),
        get("/api/v1/cases/{id}/letters/{letter_id}/docx", "downloadLetterDocx", "One letter for an office program.", |m, p, i| Entry::new(m, p, i, cases::letter_docx)),
        post("/api/v1/cases/{id}/letters/{letter_id}/seal", "sealLetter", "Ask for the electronic seal of a letter; it is set afterwards, and its state stands on the letter.", |m, p, i| Entry::new(m, p, i, cases::seal_letter)),
        post("/api/v1/cases/{id}/letter-previews", "previewLetter", "A letter as it would be issued now, to look at: without number, and kept nowhere.", |m, p, i| Entry::new(m, p, i, cases::preview_letter)),
        get("/api/v1/cases/{id}/documents/{kind}", "printDocument", "A sheet drawn from the case as it stands, to print: the application on its form, the receipt, the transfer sheet, the review sheet, the proof of service.", |m, p, i| Entry::new(m, p, i, cases::draw_document)),

        post("/api/v1/public/applications", "applyOnline", "Send in an application, without an account.", |m, p, i| Entry::new(m, p, i, public::apply)).under(Policy::Lookup),
        post("/api/v1/public/status", "getPublicStatus", "Where does my case stand? By number and query code.", |m, p, i| Entry::new(m, p, i, public::status)).under(Policy::Lookup),
        post("/api/v1/public/answer", "takeAnswer", "The answer, by number and query code; the first time is its service.", |m, p, i| Entry::new(m, p, i, public::answer)).under(Policy::Lookup),
        post("/api/v1/public/answer/html", "readAnswer", "The same, as a page to read and print.", |m, p, i| Entry::new(m, p, i, public::answer_html)).under(Policy::Lookup),
        post("/api/v1/public/answer/pdf", "downloadAnswer", "The same, as PDF.", |m, p, i| Entry::new(m, p, i, public::answer_pdf)).under(Policy::Lookup),
        post("/api/v1/public/answer/file", "downloadAnswerFile", "A file that is provided with the answer, or a range of it.", |m, p, i| Entry::new(m, p, i, public::answer_file)).under(Policy::Lookup),
        post("/api/v1/public/supplements", "supplementOnline", "Send in what was asked for, by number and query code.", |m, p, i| Entry::new(m, p, i, public::supplement)).under(Policy::Lookup),

        get("/api/v1/statistics/reply-rate", "getReplyRate", "The reply rate, with what it is made of.", |m, p, i| Entry::new(m, p, i, statistics::reply_rate)),
        get("/api/v1/statistics/overview", "getOverview", "Open work by unit.", |m, p, i| Entry::new(m, p, i, statistics::overview)),

        get("/.well-known/jwks.json", "getKeys", "The public keys by which access tokens are checked.", |m, p, i| Entry::new(m, p, i, meta::keys)),
        get("/livez", "getLiveness", "Does the process answer?", |m, p, i| Entry::new(m, p, i, meta::live)).unlimited(),
        get("/readyz", "getReadiness", "May requests be sent here?", |m, p, i| Entry::new(m, p, i, meta::ready)).unlimited(),
        get("/metrics", "getMetrics", "What the server counts about itself, for Prometheus; open on the machine itself.", |m, p, i| Entry::new(m, p, i, metrics::show)).unlimited(),
        get("/openapi.json", "getContractJson", "This contract as JSON.", |m, p, i| Entry::new(m, p, i, meta::contract_json)).kept(Caching::Minute),
        get("/openapi.yaml", "getContractYaml", "This contract as YAML.", |m, p, i| Entry::new(m, p, i, meta::contract_yaml)).kept(Caching::Minute),
    ]
}

/// The pages for people, which are no part of the contract.
#[must_use]
#[rustfmt::skip]
pub fn pages() -> Vec<Entry> {
    use public::pages;
    vec![
        Entry::new(Method::GET, "/public", "publicHome", pages::home),
        Entry::new(Method::GET, "/public/apply", "publicApplyForm", pages::apply_form),
        Entry::new(Method::POST, "/public/apply", "publicApply", pages::apply_sent).under(Policy::Lookup),
        Entry::new(Method::GET, "/public/status", "publicStatusForm", pages::status_form),
        Entry::new(Method::POST, "/public/status", "publicStatus", pages::status_sent).under(Policy::Lookup),
        Entry::new(Method::GET, "/public/supplement", "publicSupplementForm", pages::supplement_form),
        Entry::new(Method::POST, "/public/supplement", "publicSupplement", pages::supplement_sent).under(Policy::Lookup),
        Entry::new(Method::GET, "/public/answer", "publicAnswerForm", pages::answer::form),
        Entry::new(Method::POST, "/public/answer", "publicAnswer", pages::answer::shown).under(Policy::Lookup),
        Entry::new(Method::POST, "/public/answer/pdf", "publicAnswerPdf", pages::answer::pdf).under(Policy::Lookup),
        Entry::new(Method::POST, "/public/answer/file", "publicAnswerFile", pages::answer::file).under(Policy::Lookup),
        Entry::new(Method::GET, "/password/{link}", "passwordForm", pages::links::password_form),
        Entry::new(Method::POST, "/password", "passwordSent", pages::links::password_sent).under(Policy::Login),
        Entry::new(Method::GET, "/set-up/{link}", "setUpForm", pages::links::set_up_form),
        Entry::new(Method::POST, "/set-up", "setUpSent", pages::links::set_up_sent).under(Policy::Login),
        Entry::new(Method::GET, pages::STYLE_PATH, "publicStyle", pages::style),
    ]
}

fn tag_of(path: &str) -> &'static str {
    match path.split('/').nth(3) {
        Some("sessions" | "me" | "passwords" | "set-up") => "sessions",
        Some("cases" | "imports" | "letters" | "paragraphs" | "subtasks" | "clocks") => "cases",
        Some("public") => "public",
        Some("statistics") => "statistics",
        Some("units" | "users") => "directory",
        Some("dictionaries") => "dictionaries",
        Some("calendar" | "rule-sets") => "calendar",
        _ => "server",
    }
}

/// Registers every operation with the framework. `GET` answers `HEAD` too, every address `OPTIONS`;
/// a method that an address does not know is 405 with `Allow`.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut addresses: BTreeMap<&'static str, Vec<Entry>> = BTreeMap::new();
    for entry in routes().into_iter().chain(pages()) {
        addresses.entry(entry.path).or_default().push(entry);
    }
    // A fixed path before one with a variable: `/cases/search` is no id.
    let mut ordered: Vec<_> = addresses.into_iter().collect();
    ordered.sort_by_key(|(path, _)| path.contains('{'));
    for (path, entries) in ordered {
        let rules = Rules(entries.iter().map(Entry::rule).collect());
        let mut resource = web::resource(path).app_data(rules);
        let mut allowed = Vec::new();
        for entry in &entries {
            resource = resource.route(entry.route(entry.method.clone()));
            allowed.push(entry.method.to_string());
            if entry.method == Method::GET {
                resource = resource.route(entry.route(Method::HEAD));
                allowed.push("HEAD".to_owned());
            }
        }
        allowed.push("OPTIONS".to_owned());
        config.service(tells_methods(resource, allowed.join(", ")));
    }
    viewer::configure(config);
}

/// The address with `OPTIONS`, and with a refusal of the methods that it does not know.
fn tells_methods(resource: Resource, allowed: String) -> Resource {
    let tell = allowed.clone();
    let options = move || {
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((header::ALLOW, tell.as_str()));
        std::future::ready(answer.finish())
    };
    let refuse = move || {
        let refusal = Problem::new(Fault::MethodNotAllowed).header(header::ALLOW, allowed.clone());
        async move { Err::<HttpResponse, Problem>(refusal) }
    };
    resource.route(web::method(Method::OPTIONS).to(options)).default_service(web::to(refuse))
}

/// The application as the framework serves it: what the server runs and what tests call.
pub fn application(
    app: web::Data<App>,
    edge: web::Data<Edge>,
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
        .app_data(edge)
        .app_data(web::PayloadConfig::new(extract::BODY_LIMIT))
        .wrap(from_fn(trace::request))
        .configure(configure)
        .default_service(web::to(|| async {
            Err::<HttpResponse, Problem>(Problem::new(Fault::RouteNotFound))
        }))
}

/// Threads that answer requests. The work is done by the readers and the writer.
const WORKERS: usize = 2;

/// How long requests under way may take to finish when the server stops, in seconds.
const FINISH_SECS: u64 = 30;

/// Takes an address, before anything slow is done. Connections wait until [`serve`] takes them.
///
/// # Errors
/// The address cannot be had.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Starts to serve the API. Whoever stops it does so by its handle; it minds no signals.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(app: Arc<App>, listener: TcpListener, transport: Transport) -> io::Result<Server> {
    let data = web::Data::from(app);
    let edge = web::Data::new(Edge::new(transport));
    let server = HttpServer::new(move || application(data.clone(), edge.clone()))
        .workers(WORKERS)
        .disable_signals()
        .shutdown_timeout(FINISH_SECS)
        .listen(listener)?;
    Ok(server.run())
}

/// Starts to serve the metrics and the state alone, to everybody who can reach the address.
///
/// # Errors
/// The listener cannot be used.
pub fn serve_metrics(app: Arc<App>, listener: TcpListener) -> io::Result<Server> {
    let data = web::Data::from(app);
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(data.clone())
            .route("/metrics", web::get().to(metrics::show_on_own_address))
            .route("/livez", web::get().to(meta::live))
            .route("/readyz", web::get().to(meta::ready))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?;
    Ok(server.run())
}
