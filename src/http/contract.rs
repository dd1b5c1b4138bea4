//! The contract is the signature: every extractor and every reply describes itself, and an
//! operation's entry in openapi.yaml is put together from its handler's types. So the contract can
//! not say anything that the code does not do, and a handler without a declared right does not
//! compile.

use std::cell::LazyCell;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, Responder, Route, web};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};

use super::examples::{self, Asked, Example};
use super::extract::{no_parameters, text_header};
use super::limits::Policy;
use super::rules::{Caching, Rule};
use crate::domain::actor::Role;
use crate::domain::policy::Right;

/// An operation's description while it is being put together.
#[expect(clippy::struct_excessive_bools, reason = "each tells another thing of the operation")]
#[derive(Default)]
pub struct Draft {
    /// Query, path and header parameters.
    pub parameters: Vec<Parameter>,
    /// The schema of the request body.
    pub body: Option<RefOr<Schema>>,
    /// The media type of that body; JSON when none is named.
    pub body_type: Option<&'static str>,
    /// Statuses of errors that can come back.
    pub errors: Vec<(u16, &'static str)>,
    /// Status, description, media type and schema of the success, and the headers it carries.
    pub success: Option<Success>,
    /// Does it need an access token?
    pub right: Option<Right>,
    /// Does the answer carry text in the language that was asked for?
    pub spoken: bool,
    /// Is the token needed only of those who come from elsewhere?
    pub open_at_home: bool,
    /// The schemas that it refers to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
    /// Does the success carry an entity tag when it answers a reading request?
    pub conditional: bool,
    /// Can a part of the success be had by `Range`?
    pub partial: bool,
}

/// The answer when all went well.
pub struct Success {
    /// The status.
    pub status: u16,
    /// In words.
    pub description: &'static str,
    /// The media type; empty when there is no body.
    pub media_type: &'static str,
    /// The schema; none for plain text.
    pub schema: Option<RefOr<Schema>>,
    /// The headers.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Draft {
    /// A reference to the schema of a type, which is added to the components.
    pub fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        RefOr::Ref(Ref::from_schema_name(name))
    }

    /// Adds an error status.
    pub fn error(&mut self, status: u16, description: &'static str) {
        if !self.errors.iter().any(|(known, _)| *known == status) {
            self.errors.push((status, description));
        }
    }
}

/// A part of a handler's signature that describes itself.
pub trait Describe {
    /// Does it read the query of the address?
    const QUERY: bool = false;
    /// Adds what it demands or gives to the operation.
    fn describe(draft: &mut Draft);
}

/// The first argument of every handler: says who may call it.
pub trait Declares: Describe {
    /// The right that the caller must have; none for what is open to everybody.
    fn right() -> Option<Right>;
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, actix_web::Error>>>>;

/// The arguments of a handler, the first of which declares the right.
pub trait Signature: Sized {
    /// Does one of them read the query of the address?
    const QUERY: bool;
    /// The right.
    fn right() -> Option<Right>;
    /// Describes all arguments.
    fn describe(draft: &mut Draft);
    /// Extracts them one after the other: who may not call learns nothing about the rest.
    fn extract(request: HttpRequest, payload: Payload) -> Extracting<Self>;
}

macro_rules! signatures {
    ($(($first:ident $(, $rest:ident)*)),+) => {$(
        impl<$first, $($rest),*> Signature for ($first, $($rest,)*)
        where
            $first: Declares + FromRequest + 'static,
            $($rest: Describe + FromRequest + 'static,)*
        {
            const QUERY: bool = $first::QUERY $(|| $rest::QUERY)*;
            fn right() -> Option<Right> {
                $first::right()
            }
            fn describe(draft: &mut Draft) {
                $first::describe(draft);
                $($rest::describe(draft);)*
            }
            fn extract(request: HttpRequest, mut payload: Payload) -> Extracting<Self> {
                Box::pin(async move {
                    let first = $first::from_request(&request, &mut payload).await;
                    let first = first.map_err(Into::into)?;
                    if !Self::QUERY {
                        no_parameters(request.query_string())?;
                    }
                    Ok((first, $(
                        $rest::from_request(&request, &mut payload).await.map_err(Into::into)?,
                    )*))
                })
            }
        }
    )+};
}

signatures!(
    (A),
    (A, B),
    (A, B, C),
    (A, B, C, D),
    (A, B, C, D, E),
    (A, B, C, D, E, F),
    (A, B, C, D, E, F, G)
);

/// The arguments of a handler, extracted in their order.
struct Ordered<A>(A);

impl<A: Signature + 'static> FromRequest for Ordered<A> {
    type Error = actix_web::Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let arguments = A::extract(request.clone(), payload.take());
        Box::pin(async move { arguments.await.map(Self) })
    }
}

/// The application is handed to most handlers and is no part of the contract.
impl<T: ?Sized + 'static> Describe for web::Data<T> {
    fn describe(_: &mut Draft) {}
}

impl<T: Describe, E> Describe for Result<T, E> {
    fn describe(draft: &mut Draft) {
        T::describe(draft);
    }
}

const CONTENT_LANGUAGE: (&str, &str) = ("Content-Language", "The language of the texts.");

const QUOTA: [(&str, &str); 2] = [
    ("RateLimit-Policy", "The quota `q` and its window `w` in seconds, when there is a limit."),
    ("RateLimit", "What is left (`r`), and the seconds until it is whole again (`t`)."),
];

/// One operation of the API: its address, its right and its part of the contract.
pub struct Entry {
    /// The method.
    pub method: Method,
    /// The path, with `{names}` of its variables.
    pub path: &'static str,
    /// The stable name of the operation.
    pub id: &'static str,
    /// The group under which it is listed.
    pub tag: &'static str,
    /// The right that it needs; none for what is open to everybody.
    pub right: Option<Right>,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The quota that it uses up; none for what must always answer.
    pub policy: Option<Policy>,
    /// How its success may be kept.
    pub caching: Caching,
    /// Made when the contract is asked for: a server that only serves does without.
    draft: LazyCell<Draft, Box<dyn FnOnce() -> Draft>>,
    route: Box<dyn Fn(Method) -> Route>,
}

impl Entry {
    /// An operation served by this handler.
    pub fn new<F, Args>(method: Method, path: &'static str, id: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: Signature + 'static,
        F::Output: Responder + Describe + 'static,
    {
        let reads = method == Method::GET;
        let policy = if reads { Policy::Reads } else { Policy::Writes };
        let draft = move || {
            let mut draft = Draft { right: Args::right(), ..Draft::default() };
            Args::describe(&mut draft);
            F::Output::describe(&mut draft);
            draft.error(400, "A query parameter is unknown.");
            draft.conditional &= reads;
            if draft.conditional {
                let meaning = "Entity tags that the caller knows; one that still holds gives 304.";
                draft.parameters.push(text_header("If-None-Match", Required::False, meaning, None));
            }
            draft
        };
        Self {
            policy: Some(policy),
            caching: Caching::Never,
            method,
            path,
            id,
            tag: "",
            right: Args::right(),
            summary: "",
            draft: LazyCell::new(Box::new(draft)),
            route: Box::new(move |method| {
                let handler = handler.clone();
                web::method(method).to(move |Ordered(args): Ordered<Args>| handler.call(args))
            }),
        }
    }

    /// The same, with its group and what it does.
    #[must_use]
    pub const fn says(mut self, tag: &'static str, summary: &'static str) -> Self {
        self.tag = tag;
        self.summary = summary;
        self
    }

    /// The same, under another quota than reading or changing.
    #[must_use]
    pub const fn under(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The same, without a quota.
    #[must_use]
    pub const fn unlimited(mut self) -> Self {
        self.policy = None;
        self
    }

    /// The same, with a success that everybody may keep.
    #[must_use]
    pub const fn kept(mut self, caching: Caching) -> Self {
        self.caching = caching;
        self
    }

    /// What the machinery around the handler must know.
    #[must_use]
    pub fn rule(&self) -> (Method, Rule) {
        (self.method.clone(), Rule { policy: self.policy, caching: self.caching })
    }

    /// The route by which the framework serves it under a method.
    #[must_use]
    pub fn route(&self, method: Method) -> Route {
        (self.route)(method)
    }

    /// The schemas that it refers to.
    #[must_use]
    pub fn schemas(&self) -> &[(String, RefOr<Schema>)] {
        &self.draft.schemas
    }

    /// Its part of the contract.
    #[must_use]
    pub fn operation(&self) -> Operation {
        let example = examples::all().get(self.id);
        let operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag)
            .summary(Some(self.summary))
            .parameters(Some(self.parameters(example)));
        let operation = self.secured(operation);
        let operation = self.with_body(operation, example);
        let operation = self.with_success(operation, example);
        self.with_errors(operation, example).build()
    }

    fn parameters(&self, example: Option<&Example>) -> Vec<Parameter> {
        let shown = |parameter: &Parameter| {
            let value = example.and_then(|example| example.parameters.get(&parameter.name));
            ParameterBuilder::from(parameter.clone())
                .example(value.map(|text| typed(parameter, text)))
                .build()
        };
        self.draft.parameters.iter().map(shown).collect()
    }

    /// Adds who may call.
    fn secured(&self, operation: OperationBuilder) -> OperationBuilder {
        let Some(right) = self.draft.right else {
            return operation
                .description(Some("Open to everybody: no token is needed."))
                .securities(Some([]));
        };
        let roles = Role::ALL.iter().filter(|role| right.granted_to(**role));
        let roles: Vec<String> = roles.map(|role| format!("`{role}`")).collect();
        let needs = format!(
            "Needs the right `{}` (docs/permissions.md), which these roles have: {}.",
            right.name(),
            roles.join(", ")
        );
        let operation = operation
            .description(Some(needs))
            .security(SecurityRequirement::new("bearer", Vec::<String>::new()));
        if self.draft.open_at_home {
            return operation.security(SecurityRequirement::default());
        }
        operation
    }

    fn with_body(
        &self,
        operation: OperationBuilder,
        example: Option<&Example>,
    ) -> OperationBuilder {
        let Some(body) = &self.draft.body else { return operation };
        let content = ContentBuilder::new()
            .schema(Some(body.clone()))
            .example(example.and_then(|example| example.body.clone()))
            .build();
        let body = RequestBodyBuilder::new()
            .content(self.draft.body_type.unwrap_or("application/json"), content)
            .required(Some(if self.needs_body() { Required::True } else { Required::False }))
            .build();
        operation.request_body(Some(body))
    }

    /// Must there be a body? One without any member that is required may be left out.
    fn needs_body(&self) -> bool {
        let Some(RefOr::Ref(reference)) = &self.draft.body else { return true };
        let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
        let schema = self.draft.schemas.iter().find(|(known, _)| known == name);
        match schema {
            Some((_, RefOr::T(Schema::Object(object)))) => !object.required.is_empty(),
            _ => true,
        }
    }

    fn with_success(
        &self,
        mut operation: OperationBuilder,
        example: Option<&Example>,
    ) -> OperationBuilder {
        let Some(success) = &self.draft.success else { return operation };
        let mut response = ResponseBuilder::new().description(success.description);
        if !success.media_type.is_empty() {
            let content = ContentBuilder::new()
                .schema(success.schema.clone())
                .example(example.and_then(|example| example.answer.clone()))
                .build();
            response = response.content(success.media_type, content);
        }
        let spoken: &[_] = if self.draft.spoken { &[CONTENT_LANGUAGE] } else { &[] };
        let quota: &[_] = if self.policy.is_some() { &QUOTA } else { &[] };
        for (name, meaning) in success.headers.iter().chain(spoken).chain(quota) {
            let value = example.and_then(|example| example.headers.get(*name));
            response = response.header(*name, header(meaning, value.map(String::as_str)));
        }
        if self.draft.conditional {
            let known = example.and_then(|example| example.headers.get("ETag"));
            let tag = || header("The entity tag of the answer.", known.map(String::as_str));
            let unchanged = ResponseBuilder::new()
                .description("The caller has it already.")
                .header("ETag", tag());
            operation = operation.response("304", unchanged);
            response = response.header("ETag", tag());
        }
        if self.draft.partial {
            let whole = "The part and the whole: `bytes 0-99/1000`.";
            let part = ResponseBuilder::new()
                .description("The part that was asked for.")
                .header("Content-Range", header(whole, None))
                .header("ETag", header("The entity tag of the whole.", None))
                .content(
                    success.media_type,
                    ContentBuilder::new().schema(success.schema.clone()).build(),
                );
            operation = operation.response("206", part);
        }
        operation = operation.response(success.status.to_string(), response);
        operation
    }

    fn with_errors(
        &self,
        mut operation: OperationBuilder,
        example: Option<&Example>,
    ) -> OperationBuilder {
        let asked = self.right.map_or(Asked::Stranger, |_| Asked::Staff);
        let given = example.map(|example| &example.parameters).into_iter().flatten();
        let path = given.fold(self.path.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        let problem = |status: u16, description: &str| {
            let problem = RefOr::Ref(Ref::from_schema_name("ProblemBody"));
            let content = ContentBuilder::new()
                .schema(Some(problem))
                .example(examples::refusal(status, asked, &path))
                .build();
            ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content)
        };
        for (status, description) in &self.draft.errors {
            operation = operation.response(status.to_string(), problem(*status, description));
        }
        if let Some(policy) = self.policy {
            let more = self.draft.errors.iter().find(|(status, _)| *status == 429);
            let more = more.map(|(_, description)| format!(" {description}")).unwrap_or_default();
            let mut response = problem(
                429,
                &format!("The quota `{policy}` is used up; wait.{more}"),
            )
            .header("Retry-After", header("Seconds until the next request is taken.", None));
            for (name, meaning) in QUOTA {
                response = response.header(name, header(meaning, None));
            }
            operation = operation.response("429", response);
        }
        operation
    }
}

/// A parameter's text as the value that its schema names.
fn typed(parameter: &Parameter, text: &str) -> Value {
    let schema = parameter.schema.as_ref().and_then(|schema| serde_json::to_value(schema).ok());
    let kind = schema.and_then(|schema| Some(schema.get("type")?.to_string())).unwrap_or_default();
    if kind.contains("integer") || kind.contains("boolean") {
        serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
    } else {
        Value::from(text)
    }
}

fn header(meaning: &str, example: Option<&str>) -> Header {
    HeaderBuilder::new()
        .description(Some(meaning))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(example.map(Value::from))
        .build()
}
