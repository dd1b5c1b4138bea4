//! One sample request of every operation: who may send it, what must be there before, and what is
//! sent. From these come the examples of the contract (`examples.rs`) and the attacks on every
//! operation (`coverage.rs`). A new operation gets its sample here, beside its neighbours; a test
//! says so when it has none.

mod calendar;
mod cases;
mod directory;
mod others;
mod outside;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::http::openapi;
use serde_json::Value;

use crate::support::client::{Answer, Api, Door, multipart};
use crate::support::world::{Empty, Who};

/// A request, but for who sends it.
#[derive(Clone, Default)]
pub struct Call {
    /// The values of the variables in the path.
    pub path: Vec<(&'static str, String)>,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// Headers beside the token.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as JSON; a text is sent as it is where the operation takes another media type.
    pub body: Option<Value>,
    /// The door at which it is sent, when that is another world's.
    pub elsewhere: Option<Rc<(Door, Empty)>>,
}

impl Call {
    /// A request without anything.
    pub fn plain() -> Self {
        Self::default()
    }

    /// With a body.
    pub fn with(body: Value) -> Self {
        Self { body: Some(body), ..Self::default() }
    }

    /// With a variable of the path.
    pub fn at(mut self, name: &'static str, value: &Value) -> Self {
        self.path.push((name, value.as_str().expect("text").to_owned()));
        self
    }

    /// With a parameter of the query.
    pub fn query(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// With the version of what it changes.
    pub fn seen(mut self, resource: &Value) -> Self {
        self.headers.push(("If-Match", format!("\"{}\"", resource["version"])));
        self
    }
}

/// Is there a caller with the right for whom the things in the path do not exist?
#[derive(Clone, Copy)]
pub enum Stranger {
    /// This one: he gets 404.
    Is(Who),
    /// None, for this reason: whoever has the right sees all, or the path has no variable.
    Nobody(&'static str),
}

type Making<'a> = Pin<Box<dyn Future<Output = Call> + 'a>>;

/// A sample request.
pub struct Sample {
    /// The operation.
    pub id: &'static str,
    /// Who sends it with success; none where no token is needed.
    pub by: Option<Who>,
    /// For whom it does not exist.
    pub stranger: Stranger,
    /// Makes what must be there, and the request.
    pub make: for<'a> fn(&'a Api) -> Making<'a>,
}

/// A sample: the operation, who sends it, for whom its things do not exist, and the request.
macro_rules! sample {
    ($id:literal, $by:expr, $stranger:expr, |$api:ident| $make:expr) => {
        $crate::http::samples::Sample {
            id: $id,
            by: $by,
            stranger: $stranger,
            make: |$api| Box::pin(async move { $make }),
        }
    };
}
use sample;

/// Every sample, in the order in which the examples are recorded: what only reads comes first.
pub fn all() -> Vec<Sample> {
    let mut all = others::samples();
    all.extend(calendar::samples());
    all.extend(outside::samples());
    all.extend(cases::samples());
    all.extend(calendar::keeping());
    all.extend(directory::samples());
    all
}

/// The sample of an operation.
pub fn of(id: &str) -> Sample {
    let mut found = all().into_iter().filter(|sample| sample.id == id);
    let sample = found.next().unwrap_or_else(|| {
        panic!("no sample for operation {id}: add one in tests/api/http/samples")
    });
    assert!(found.next().is_none(), "two samples for operation {id}");
    sample
}

/// An operation as the contract describes it.
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    /// Does it need a token?
    pub secured: bool,
    pub described: Value,
}

impl Operation {
    /// The names of the variables in its path.
    pub fn variables(&self) -> Vec<&str> {
        self.path
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().expect("a closed brace"))
            .collect()
    }

    /// The status and the description of its success.
    pub fn success(&self) -> (u16, &Value) {
        let mut found = self.described["responses"]
            .as_object()
            .expect("responses")
            .iter()
            // A part of it is the same success.
            .filter(|(status, _)| status.starts_with('2') && *status != "206");
        let (status, answer) = found.next().expect("a success");
        assert!(found.next().is_none(), "{}: two kinds of success", self.id);
        (status.parse().expect("a number"), answer)
    }

    /// The request of a call, sent by somebody or without a token.
    pub async fn request(&self, api: &Api, by: Option<Who>, call: &Call) -> TestRequest {
        let mut path = self.path.clone();
        for (name, value) in &call.path {
            assert!(path.contains(&format!("{{{name}}}")), "{}: no {name} in {path}", self.id);
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "{}: no value for a variable of {path}", self.id);
        let query: Vec<String> =
            call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let mut request = match by {
            Some(who) => api.request(who, self.method.clone(), &path).await,
            None => TestRequest::with_uri(&path).method(self.method.clone()),
        };
        for (name, value) in &call.headers {
            request = request.insert_header((*name, value.as_str()));
        }
        if let Some(body) = &call.body {
            let kinds = self.described["requestBody"]["content"].as_object();
            let media_type = kinds.and_then(|kinds| kinds.keys().next()).expect("a media type");
            if media_type == "multipart/form-data" {
                let (kind, bytes) = multipart(body);
                return request.insert_header(("content-type", kind)).set_payload(bytes);
            }
            let text = body.as_str().filter(|_| !media_type.contains("json"));
            request = request.set_payload(text.map_or_else(|| body.to_string(), str::to_owned));
            request = request.insert_header(("content-type", media_type.as_str()));
        }
        request
    }

    /// Sends a call.
    pub async fn send(&self, api: &Api, by: Option<Who>, call: &Call) -> Answer {
        let request = self.request(api, by, call).await;
        match call.elsewhere.as_deref() {
            Some((door, _)) => door.send(request).await,
            None => api.send(request).await,
        }
    }
}

/// The contract as a client reads it.
pub fn contract() -> Value {
    serde_json::from_str(&openapi::document().to_json().expect("JSON")).expect("JSON")
}

/// Every operation of the contract, by its name.
pub fn operations() -> BTreeMap<String, Operation> {
    let contract = contract();
    let mut found = BTreeMap::new();
    for (path, item) in contract["paths"].as_object().expect("paths") {
        for (method, described) in item.as_object().expect("a path item") {
            let id = described["operationId"].as_str().expect("a name").to_owned();
            let operation = Operation {
                id: id.clone(),
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                secured: described["security"].as_array().is_some_and(|needs| !needs.is_empty()),
                described: described.clone(),
            };
            assert!(found.insert(id, operation).is_none(), "an operation is named twice");
        }
    }
    found
}
