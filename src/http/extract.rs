//! Parsing what comes in. A body or a query is either a checked value of its type or a problem that
//! names every fault.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Required, Schema};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::contract::{Describe, Draft};
use super::flaw::Flaw;
use super::form;
use super::page::Query;
use super::problem::{Fault, FieldError, Problem};
use super::reply::MASKED;
use super::schema_rules::{never_null, texts_are_prose};
use super::strict::Object;
use crate::domain::deadline::legal_day;
use crate::domain::ids::{CaseId, ParagraphId, SessionId, UnitId, UserId, Version};
use crate::domain::rejection::Reason;
use crate::domain::said::Said;
use crate::service::App;
use crate::store;
use crate::store::command::Idempotency;

/// The largest request body, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// A JSON body, parsed and validated.
pub struct Body<T> {
    /// The value.
    pub value: T,
    digest: aws_lc_rs::digest::Digest,
}

impl<T> Body<T> {
    /// The same body as another value.
    #[must_use]
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Body<U> {
        Body { value: into(self.value), digest: self.digest }
    }

    /// The idempotency of a command: the key with a digest of the operation and the body.
    #[must_use]
    pub fn keyed(&self, key: &IdempotencyKey, operation: &str) -> Option<Idempotency> {
        key.over(operation, self.digest.as_ref())
    }
}

impl<T: ToSchema + Checked> Describe for Body<T> {
    fn describe(draft: &mut Draft) {
        let first = draft.schemas.len();
        draft.body = Some(draft.refer::<T>());
        let mut schemas = draft.schemas.iter_mut().skip(first).map(|(_, schema)| schema);
        if let Some(own) = schemas.next() {
            texts_are_prose(own);
            T::refine(own);
        }
        schemas.for_each(texts_are_prose);
        draft.error(400, "The body is not well-formed JSON.");
        draft.error(413, "The body is too large.");
        draft.error(415, "The body is not application/json.");
        draft.error(422, "The content of the body is not valid; every fault is listed.");
    }
}

/// What a body must be beyond the form of its members.
pub trait Checked {
    /// Says in the contract what the members alone do not.
    fn refine(schema: &mut RefOr<Schema>) {
        let _ = schema;
    }

    /// The faults that only the domain can tell, as of a legal day. They are found beside those of
    /// the form, so that the caller learns all at once.
    fn faults(&self, today: NaiveDate) -> Vec<FieldError> {
        let _ = today;
        Vec::new()
    }
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + Validate + Checked + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().cloned();
        let bytes = body_of(request, payload, "application/json");
        Box::pin(async move { Self::parsed(&bytes.await?, app) })
    }
}

impl<T: DeserializeOwned + Validate + Checked + ToSchema> Body<T> {
    fn parsed(bytes: &[u8], app: Option<web::Data<App>>) -> Result<Self, Problem> {
        let app = app.ok_or(Fault::Internal)?;
        // An action without particulars may come without a body.
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        let value = parse::<T>(bytes, legal_day(app.clock.now()))?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        Ok(Self { value, digest })
    }
}

/// The bytes of a body of the one media type that is taken.
fn body_of(
    request: &HttpRequest,
    payload: &mut Payload,
    media_type: &'static str,
) -> Reading<web::Bytes> {
    let fits = request.content_type().eq_ignore_ascii_case(media_type);
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let bytes = web::Bytes::from_request(request, payload);
    Box::pin(async move {
        if declared.is_some_and(|length| length > BODY_LIMIT) {
            return Err(Fault::PayloadTooLarge.into());
        }
        let bytes = bytes.await.map_err(|error| body_problem(&error))?;
        // The pace of the body has its own limit (http/pace.rs).
        store::body_is_read();
        if !bytes.is_empty() && !fits {
            let refusal = Problem::new(Fault::UnsupportedMediaType);
            let taken = if media_type == MERGE_PATCH { ACCEPT_PATCH } else { ACCEPT_POST };
            return Err(refusal.header(taken, media_type));
        }
        Ok(bytes)
    })
}

/// Which media types are taken (RFC 5789 §3.1, Linked Data Platform 1.0 §7.1).
const ACCEPT_PATCH: header::HeaderName = header::HeaderName::from_static("accept-patch");
const ACCEPT_POST: header::HeaderName = header::HeaderName::from_static("accept-post");

/// The media type of changes to a resource (RFC 7396).
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// A JSON merge patch: what is left out stays; null, which would remove a member, is refused.
pub struct Patch<T>(pub Body<T>);

impl<T: ToSchema + Checked> Describe for Patch<T> {
    fn describe(draft: &mut Draft) {
        Body::<T>::describe(draft);
        draft.body_type = Some(MERGE_PATCH);
        draft.error(415, "The body is not application/merge-patch+json.");
    }
}

impl<T: DeserializeOwned + Validate + Checked + ToSchema + 'static> FromRequest for Patch<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().cloned();
        let bytes = body_of(request, payload, MERGE_PATCH);
        Box::pin(async move {
            let bytes = bytes.await?;
            let removed = removed_members(&bytes);
            if !removed.is_empty() {
                return Err(Problem::new(Fault::ValidationFailed).with(removed));
            }
            Body::parsed(&bytes, app).map(Self)
        })
    }
}

/// The members of a patch that are null.
fn removed_members(bytes: &[u8]) -> Vec<FieldError> {
    let patch: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    let members = patch.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| value.is_null())
        .map(|(name, _)| FieldError {
            pointer: format!("#/{}", name.replace('~', "~0").replace('/', "~1")),
            code: Flaw::NotRemovable.as_str().to_owned(),
            detail: Flaw::NotRemovable.said(),
        })
        .collect()
}

fn body_problem(error: &actix_web::Error) -> Problem {
    match error.as_response_error().status_code().as_u16() {
        413 => Problem::new(Fault::PayloadTooLarge),
        _ => Problem::new(Fault::MalformedRequest)
            .saying(Said::of("无法读取请求正文", "The body could not be read.")),
    }
}

/// Reads and checks a body.
///
/// # Errors
/// A problem that names every fault.
pub fn parse<T>(bytes: &[u8], today: NaiveDate) -> Result<T, Problem>
where
    T: DeserializeOwned + Validate + Checked + ToSchema,
{
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize::<_, Object<T>>(&mut json)
        .map_err(|error| malformed::<T>(bytes, error))?;
    json.end().map_err(|_| {
        let trailing = Said::of("JSON 值之后还有内容", "There is text after the value.");
        Problem::new(Fault::MalformedJson).saying(trailing)
    })?;
    let faults = faults_of(&value, today);
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(Problem::new(Fault::ValidationFailed).with(faults))
    }
}

/// Every fault of a value, of its form and of the domain's, one for each place.
pub fn faults_of<T: Validate + Checked>(value: &T, today: NaiveDate) -> Vec<FieldError> {
    let mut faults = value.validate().map_or_else(|errors| field_errors(&errors), |()| Vec::new());
    for fault in value.faults(today) {
        if !faults.iter().any(|known| known.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
    faults
}

/// The problem of a body that is not of its form: broken JSON, or every fault of its members.
fn malformed<T: ToSchema>(
    bytes: &[u8],
    error: serde_path_to_error::Error<serde_json::Error>,
) -> Problem {
    let pointer = pointer_of(error.path());
    let inner = error.into_inner();
    // serde may meet a wrong member before the place where the text breaks off.
    let body = match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(body) => body,
        Err(broken) => {
            let (line, column) = (broken.line(), broken.column());
            let place = Said::new(
                format!("第 {line} 行,第 {column} 列"),
                format!("line {line}, column {column}"),
            );
            return Problem::new(Fault::MalformedJson).saying(place);
        }
    };
    let (flaw, detail) = Flaw::of_serde(&inner.to_string());
    let first = FieldError::saying(pointer, flaw, detail);
    // Which of two values counts is a matter of taste, so neither does (RFC 8259 §4).
    if flaw == Flaw::DuplicateField {
        return Problem::new(Fault::MalformedJson).with(vec![first]);
    }
    let mut all = form::faults::<T>(&body);
    // What no schema tells, e.g. a day that is none. Of a missing or unknown member serde names
    // the object around it; the schema has named the member itself.
    let named = all.iter().any(|known| known.pointer == first.pointer);
    let of_a_member = matches!(flaw, Flaw::MissingField | Flaw::UnknownField);
    if !named && (all.is_empty() || !of_a_member) {
        all.push(first);
    }
    all.truncate(FAULTS_TOLD);
    Problem::new(Fault::ValidationFailed).with(all)
}

/// Faults that are told at once: an answer must not grow with what somebody sends to provoke it.
const FAULTS_TOLD: usize = 100;

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold("#".to_owned(), |mut pointer, segment| {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        pointer
    })
}

/// Flattens the faults of a value and of the values in it.
fn field_errors(errors: &ValidationErrors) -> Vec<FieldError> {
    fn walk(errors: &ValidationErrors, at: &str, found: &mut Vec<FieldError>) {
        for (field, kind) in errors.errors() {
            // A fault of the whole value is filed under this name.
            let place = if field == "__all__" { at.to_owned() } else { format!("{at}/{field}") };
            match kind {
                ValidationErrorsKind::Field(faults) => {
                    found.extend(faults.iter().map(|fault| FieldError {
                        pointer: place.clone(),
                        code: fault.code.to_string(),
                        detail: in_words(fault),
                    }));
                }
                ValidationErrorsKind::Struct(inner) => walk(inner, &place, found),
                ValidationErrorsKind::List(items) => {
                    for (index, inner) in items {
                        walk(inner, &format!("{place}/{index}"), found);
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(errors, "#", &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

/// A fault of a validator in words: its code is one of ours, its bounds stand in its parameters.
fn in_words(fault: &validator::ValidationError) -> Said {
    let bound = |name: &str| fault.params.get(name).map(ToString::to_string);
    let flaw = Flaw::parse(&fault.code).unwrap_or(Flaw::InvalidValue);
    flaw.bounded(bound("min").as_deref(), bound("max").as_deref())
}

/// Query parameters, parsed and validated, beside the address as it was asked for; an unknown or
/// repeated parameter is refused.
pub struct Params<T>(pub T, pub Query);

impl<T: IntoParams> Describe for Params<T> {
    const QUERY: bool = true;

    fn describe(draft: &mut Draft) {
        let parameters = T::into_params(|| Some(ParameterIn::Query)).into_iter();
        draft.parameters.extend(parameters.map(|mut parameter| {
            parameter.schema.iter_mut().for_each(never_null);
            parameter
        }));
        draft.error(400, "A query parameter is unknown, repeated or has a bad value.");
    }
}

impl<T: DeserializeOwned + Validate> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (path, text) = (request.path(), request.query_string());
        ready(query(text).map(|(value, fields)| Self(value, Query::new(path, text, fields))))
    }
}

/// The names and values of a query string, decoded and in their order.
type Fields = Vec<(String, String)>;

fn query<T: DeserializeOwned + Validate>(text: &str) -> Result<(T, Fields), Problem> {
    let wrong = |pointer: &str, flaw: Flaw| {
        Problem::new(Fault::UnknownParameter).with(vec![FieldError::of(pointer, flaw)])
    };
    let fields = web::Query::<Fields>::from_query(text)
        .map_err(|_| wrong("", Flaw::MalformedQuery))?
        .into_inner();
    // The decoder puts U+FFFD in the place of what is no UTF-8, and what was asked for is lost.
    let lost = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    if fields.iter().any(|(name, value)| lost(name) || lost(value)) {
        return Err(wrong("", Flaw::MalformedQuery));
    }
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some([name, _]) = names.array_windows().find(|[a, b]| a == b) {
        return Err(wrong(name, Flaw::RepeatedParameter));
    }
    let value = web::Query::<T>::from_query(text)
        .map_err(|_| {
            // The error does not name the parameter: each is tried by itself. None is required.
            let parts = text.split('&').filter(|part| !part.is_empty());
            let faults = parts.zip(&fields).filter_map(|(part, (name, _))| {
                use actix_web::error::QueryPayloadError::Deserialize;
                let detail = match web::Query::<T>::from_query(part).err()? {
                    Deserialize(error) => Flaw::of_serde(&error.to_string()).1,
                    _ => Flaw::InvalidParameter.said(),
                };
                Some(FieldError::saying(name.as_str(), Flaw::InvalidParameter, detail))
            });
            Problem::new(Fault::UnknownParameter).with(faults.collect())
        })?
        .into_inner();
    value.validate().map_err(|errors| {
        let faults = field_errors(&errors).into_iter().map(|mut fault| {
            fault.pointer = fault.pointer.trim_start_matches("#/").to_owned();
            fault
        });
        Problem::new(Fault::UnknownParameter).with(faults.collect())
    })?;
    Ok((value, fields))
}

/// For an operation that has no query parameters.
///
/// # Errors
/// There are some.
pub fn no_parameters(text: &str) -> Result<(), Problem> {
    #[derive(serde::Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    if text.is_empty() { Ok(()) } else { query(text).map(|(Nothing {}, _)| ()) }
}

/// A path variable that is an id. Text that is no id names nothing that exists.
macro_rules! id_paths {
    ($($(#[$doc:meta])* $name:ident($id:ty) $says:literal;)+) => {$(
        $(#[$doc])*
        pub struct $name(pub $id);

        impl Describe for $name {
            fn describe(draft: &mut Draft) {
                draft.parameters.push(id_parameter("id", $says));
                draft.error(404, "There is no such resource, or it does not exist for this caller.");
            }
        }

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let id = request.match_info().get("id").and_then(|text| text.parse().ok());
                ready(id.map(Self).ok_or_else(|| Reason::NotFound.into()))
            }
        }
    )+};
}

id_paths! {
    /// The case that the path names.
    CasePath(CaseId) "The id of the case.";
    /// The unit that the path names.
    UnitPath(UnitId) "The id of the unit.";
    /// The user that the path names.
    UserPath(UserId) "The id of the user.";
    /// The standard paragraph that the path names.
    ParagraphPath(ParagraphId) "The id of the paragraph.";
    /// The session that the path names.
    SessionPath(SessionId) "The id of the session.";
}

pub(super) fn id_parameter(name: &str, description: &'static str) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// A header whose value has this form.
pub(super) fn text_header(
    name: &'static str,
    required: Required,
    description: &'static str,
    pattern: Option<&'static str>,
) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(pattern);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// The version that the caller saw (RFC 9110 §13.1.1). Looked at after the idempotency key, so it
/// is kept as it came until then.
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// The version.
    ///
    /// # Errors
    /// The header is missing (428), or would let more than one version pass (428): `*` and a list
    /// are lawful (RFC 9110 §13.1.1), but a change made on them is one made blind. A tag that is not
    /// one of ours, or weak, is the version that no case ever has: it cannot match, and the answer
    /// (412) tells what would. What is no entity tag at all is malformed: who forgets the quotation
    /// marks must not be told that somebody else has changed the case.
    pub fn version(&self) -> Result<Version, Problem> {
        let tag = self.0.as_deref().ok_or(Fault::PreconditionRequired)?;
        if tag.trim() == "*" || tag.contains(',') {
            return Err(Fault::PreconditionTooBroad.into());
        }
        if !is_entity_tag(tag.trim()) {
            return Err(Problem::new(Fault::MalformedRequest).saying(Said::of(
                "If-Match 须为带引号的 ETag,如 \"3\"",
                "If-Match is an entity tag in quotation marks, as \"3\".",
            )));
        }
        let number = tag.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let known = number
            .map(|number| number.strip_suffix(MASKED).unwrap_or(number))
            .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        Ok(Version(known.unwrap_or_default()))
    }
}

/// RFC 9110 §8.8.3.
fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    let inner = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| {
        inner.bytes().all(|b| b == 0x21 || (0x23..=0x7e).contains(&b) || b >= 0x80)
    })
}

impl Describe for IfMatch {
    fn describe(draft: &mut Draft) {
        let meaning = "The entity tag of the version that the caller saw, e.g. `\"3\"`.";
        // No pattern: a tag that cannot be one of ours is not malformed, it does not match.
        draft.parameters.push(text_header("If-Match", Required::True, meaning, None));
        draft.error(400, "If-Match is no entity tag.");
        draft.error(409, "The state of the resource does not allow it.");
        draft.error(412, "The resource has changed since; the answer carries its current ETag.");
        draft.error(422, "The content is not valid; every fault is listed.");
        draft.error(428, "If-Match is missing, or names more than one version.");
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Several lines are one list (RFC 9110 §5.3), and a list names more than one version.
        let mut lines = request.headers().get_all(header::IF_MATCH).peekable();
        let given = lines.peek().is_some();
        let tags: Vec<&str> = lines.filter_map(|value| value.to_str().ok()).collect();
        ready(Ok(Self(given.then(|| tags.join(", ")))))
    }
}

/// The key by which a repetition of this command is recognised for 48 hours.
pub struct IdempotencyKey(pub(super) Option<String>);

impl IdempotencyKey {
    /// The key with the digest of the operation and of what it is given.
    #[must_use]
    pub fn over(&self, operation: &str, input: &[u8]) -> Option<Idempotency> {
        self.0.as_ref().map(|key| {
            let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
            context.update(operation.as_bytes());
            context.update(&[0]);
            context.update(input);
            let mut fingerprint = [0; 32];
            fingerprint.copy_from_slice(context.finish().as_ref());
            Idempotency { key: key.clone(), fingerprint }
        })
    }
}

impl Describe for IdempotencyKey {
    fn describe(draft: &mut Draft) {
        let meaning = "1–255 visible ASCII characters. The same key with the same body gives the \
                       first answer again, with another body 422.";
        draft.parameters.push(text_header(
            "Idempotency-Key",
            Required::False,
            meaning,
            Some("^[!-~]{1,255}$"),
        ));
        draft.error(400, "The Idempotency-Key is malformed.");
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all("idempotency-key");
        let Some(value) = values.next() else {
            return ready(Ok(Self(None)));
        };
        let alone = values.next().is_none();
        let key = value.to_str().ok().filter(|_| alone).filter(|key| {
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        ready(key.map(|key| Self(Some(key.to_owned()))).ok_or_else(|| {
            Problem::new(Fault::MalformedRequest).saying(Said::of(
                "Idempotency-Key 只能有一个,须为 1 至 255 个可见 ASCII 字符",
                "There is one Idempotency-Key; it has 1 to 255 visible ASCII characters.",
            ))
        }))
    }
}
