//! A client of the API: the application as the server runs it, called without a socket.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::dev::Service as _;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes};
use chrono::{DateTime, Utc};
use gongkai::domain::case::ReviewKind;
use gongkai::http::{self, edge::Edge};
use gongkai::service::App;
use serde_json::{Value, json};

use super::databases::{Backend, Fresh};
use super::world::{PASSWORD, Place, Who, World};

/// A token by its user and the time of its issue.
type Tokens = HashMap<(&'static str, DateTime<Utc>), String>;

type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as it came, which is no text when it is compressed.
    pub bytes: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The code of a problem; empty for a success.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code, for assertions.
    pub fn verdict(&self) -> (u16, String) {
        (self.status.as_u16(), self.code())
    }

    /// One header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The API of an application.
pub struct Door {
    call: Box<dyn Fn(TestRequest) -> Answering>,
}

impl Door {
    /// The door of an application.
    pub async fn of(app: &Arc<App>) -> Self {
        Self::behind(app, Edge::default()).await
    }

    /// The door of an application, with its edge set.
    pub async fn behind(app: &Arc<App>, edge: Edge) -> Self {
        let edge = web::Data::new(edge);
        let service =
            Rc::new(init_service(http::application(web::Data::from(app.clone()), edge)).await);
        let call = move |request: TestRequest| -> Answering {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match service.call(request.to_request()).await {
                    Ok(response) => {
                        let (status, headers) = (response.status(), response.headers().clone());
                        let body = to_bytes(response.into_body()).await.expect("a body");
                        Answer {
                            status,
                            headers,
                            text: String::from_utf8_lossy(&body).into_owned(),
                            bytes: body,
                        }
                    }
                    Err(error) => panic!("the service failed: {error}"),
                }
            })
        };
        Self { call: Box::new(call) }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: TestRequest) -> Answer {
        (self.call)(request).await
    }
}

/// A world with its API.
pub struct Api {
    pub door: Door,
    tokens: RefCell<Tokens>,
    pub world: World,
}

impl Fresh for Api {
    async fn fresh(backend: Backend) -> Self {
        Self::on(World::fresh(backend).await).await
    }
}

impl Api {
    /// The API of a world.
    pub async fn on(world: World) -> Self {
        Self::behind(world, Edge::default()).await
    }

    /// The API of a world, with its edge set.
    pub async fn behind(world: World, edge: Edge) -> Self {
        let door = Door::behind(&world.app, edge).await;
        Self { door, tokens: RefCell::default(), world }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: TestRequest) -> Answer {
        self.door.send(request).await
    }

    /// A path of the route table with ids that exist: this case, center A, its first officer.
    pub fn path_of(&self, template: &str, case: &Value) -> String {
        let path = template
            .replace("/cases/{id}", &format!("/cases/{}", case["id"].as_str().expect("an id")))
            .replace("{attachment_id}", case["attachment_id"].as_str().unwrap_or("{attachment_id}"))
            .replace("/units/{id}", &format!("/units/{}", self.world.unit(Place::CenterA)))
            .replace("/users/{id}", &format!("/users/{}", self.world.user(Who::OfficerA)))
            .replace("{letter_id}", case["letters"][0]["id"].as_str().unwrap_or("{letter_id}"))
            .replace("/paragraphs/{id}", &format!("/paragraphs/{}", case["paragraph_id"].as_str().unwrap_or("{id}")))
            .replace("{kind}", "receipt")
            // See `keeping::kept`: one year has a draft, the other a version in force.
            .replace("{year}", if template.ends_with("/recalculation") { "2026" } else { "2025" })
            .replace("{number}", "2");
        assert!(!path.contains('{'), "{path}: give this test a thing to name");
        path
    }

    /// The access token of a user; a new one when the clock has been set since.
    pub async fn token(&self, who: Who) -> String {
        let key = (who.username(), self.world.now());
        if let Some(token) = self.tokens.borrow().get(&key) {
            return token.clone();
        }
        let body = json!({ "username": who.username(), "password": PASSWORD });
        let answer = self.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
        self.tokens.borrow_mut().insert(key, token.clone());
        token
    }

    /// A request of a user.
    pub async fn request(&self, who: Who, method: Method, path: &str) -> TestRequest {
        let token = self.token(who).await;
        TestRequest::with_uri(path)
            .method(method)
            .insert_header(("authorization", format!("Bearer {token}")))
    }

    /// Reads as a user.
    pub async fn get(&self, who: Who, path: &str) -> Answer {
        let request = self.request(who, Method::GET, path).await;
        self.send(request).await
    }

    /// Posts as a user.
    pub async fn post(&self, who: Who, path: &str, body: &Value) -> Answer {
        let request = self.request(who, Method::POST, path).await;
        self.send(request.set_json(body)).await
    }

    /// Takes an action on a case at the version that it had when it was seen.
    pub async fn act(&self, who: Who, seen: &Value, action: &str, body: &Value) -> Answer {
        let path = format!("/api/v1/cases/{}/{action}", seen["id"].as_str().expect("an id"));
        let request = self.request(who, Method::POST, &path).await;
        let tag = format!("\"{}\"", seen["version"]);
        self.send(request.insert_header(("if-match", tag)).set_json(body)).await
    }

    /// Takes an action that must succeed, and gives the case after it.
    pub async fn done(&self, who: Who, seen: &Value, action: &str, body: &Value) -> Value {
        let answer = self.act(who, seen, action, body).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer.json()
    }

    /// The case after every review that its draft needs.
    pub async fn reviewed(&self, drafted: &Value) -> Value {
        let mut case = drafted.clone();
        for kind in drafted["draft"]["required_reviews"].as_array().expect("reviews") {
            let kind = ReviewKind::parse(kind.as_str().expect("a kind")).expect("a known kind");
            let body = json!({ "kind": kind, "verdict": "passed" });
            case = self.done(Who::reviewer(kind), &case, "review", &body).await;
        }
        case
    }

    /// A case that the query room has received.
    pub async fn received(&self) -> Value {
        let answer = self.post(Who::Clerk, "/api/v1/cases", &application()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// A case in the register.
    pub async fn registered(&self) -> Value {
        let case = self.received().await;
        self.done(Who::Clerk, &case, "register", &json!({})).await
    }

    /// A case that a unit holds.
    pub async fn assigned(&self, place: Place) -> Value {
        let case = self.registered().await;
        let body = json!({ "unit_id": self.world.unit(place).0 });
        self.done(Who::Clerk, &case, "assign", &body).await
    }

    /// A case with a file that somebody has attached, and its id as `attachment_id`.
    pub async fn filed(&self, who: Who, seen: &Value) -> Value {
        self.filed_as(who, seen, "draft").await
    }

    /// The same with a file for another purpose.
    pub async fn filed_as(&self, who: Who, seen: &Value, purpose: &str) -> Value {
        let path = format!("/api/v1/cases/{}/attachments", seen["id"].as_str().expect("an id"));
        let mut body = upload();
        body["purpose"] = json!(purpose);
        let (kind, bytes) = multipart(&body);
        let request = self.request(who, Method::POST, &path).await;
        let tag = format!("\"{}\"", seen["version"]);
        let request =
            request.insert_header(("if-match", tag)).insert_header(("content-type", kind));
        let answer = self.send(request.set_payload(bytes)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let mut case = seen.clone();
        case["version"] = answer.json()["case_version"].clone();
        case["attachment_id"] = answer.json()["id"].clone();
        case
    }

    /// The same case, with a standard paragraph that can be named beside it.
    pub async fn worded(&self, mut case: Value) -> Value {
        let body = json!({ "subject": "户籍", "title": "查阅提示", "body": "可到档案室查阅。" });
        let answer = self.post(Who::Clerk, "/api/v1/paragraphs", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        case["paragraph_id"] = answer.json()["id"].clone();
        case
    }

    /// Everything that a command could leave behind: to show that a refused one left nothing.
    pub fn traces(&self) -> [i64; 5] {
        let count = |table: &str| self.world.db.number(&format!("SELECT count(*) FROM {table}"));
        [
            count("cases"),
            count("events"),
            count("outbox"),
            self.world.db.number("SELECT coalesce(sum(last), 0) FROM number_series"),
            self.world.db.number("SELECT coalesce(sum(version), 0) FROM cases"),
        ]
    }
}

/// A file with what is said of it, as the contract's schema has it.
pub fn upload() -> Value {
    let pdf = "%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\nstartxref\n0\n%%EOF\n";
    json!({ "purpose": "draft", "note": "盖章扫描件", "file": pdf })
}

/// A body in parts: the texts, then the member `file` as a file.
pub fn multipart(body: &Value) -> (String, Vec<u8>) {
    let boundary = "a-boundary-of-the-tests";
    let mut text = String::new();
    let members = body.as_object().expect("parts");
    let (files, texts): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| *name == "file");
    for (name, value) in texts.into_iter().chain(files) {
        let file = if name == "file" { "; filename=\"2024年度收费标准.pdf\"" } else { "" };
        let value = value.as_str().expect("text");
        let _ = write!(
            text,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        );
    }
    let _ = write!(text, "--{boundary}--\r\n");
    (format!("multipart/form-data; boundary={boundary}"), text.into_bytes())
}

/// An application handed in at the counter. Nobody real.
pub fn application() -> Value {
    json!({
        "applicant": {
            "type": "natural_person",
            "name": "王小明",
            "id_kind": "resident_id_card",
            "id_number": "220102199003071235",
            "phone": "13800000000"
        },
        "subject": "2024年度车辆管理收费标准",
        "channel": "in_person"
    })
}
