//! The one shape of every error: `application/problem+json` (RFC 9457), from one catalogue.
//!
//! Policy: a handler returns [`Problem`]; `From` turns refusals of the domain and failures of the
//! store into one. What a failure of the store says goes to the log, never to the client. The
//! middleware adds `instance` and `request_id`, and gives this shape to errors that the framework
//! raised itself.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::cases::RegisterFault;
use super::flaw::Flaw;
use super::language;
use crate::domain::attachment::{ContentFault, NameFault};
use crate::domain::calendar::NoticeFault;
use crate::domain::identity::IdentityError;
use crate::domain::rejection::{Class, Reason, Refusal, Rejection};
use crate::domain::said::{Language, Said, citation};
use crate::domain::text_enum::text_enum;
use crate::paper::PaperError;
use crate::paper::fonts::FontError;
use crate::service::paper::{PressError, font_error};
use crate::store;
use crate::store::command::Denied;

text_enum! {
    /// What can be wrong with a request before the domain sees it, or with the server.
    pub enum Fault in "fault" {
        MalformedJson = "malformed_json" : "请求正文不是合法的 JSON" / "The body is not well-formed JSON.",
        MalformedRequest = "malformed_request" : "请求格式错误" / "The request is malformed.",
        UnknownParameter = "unknown_parameter" : "未知或错误的查询参数" / "A query parameter is unknown or has a bad value.",
        InvalidCursor = "invalid_cursor" : "分页游标无效" / "The cursor is invalid or belongs to another query.",
        Unauthenticated = "unauthenticated" : "需要有效的访问令牌" / "A valid access token is needed.",
        LoginFailed = "login_failed" : "用户名或密码错误" / "The name or the password is wrong.",
        SessionOver = "session_over" : "会话已结束,请重新登录" / "The session is over; log in again.",
        RouteNotFound = "route_not_found" : "没有该地址" / "There is nothing at this address.",
        MethodNotAllowed = "method_not_allowed" : "该地址不支持此方法" / "The address does not support this method.",
        PreconditionRequired = "precondition_required" : "更改须带 If-Match 请求头" / "A change needs the If-Match header.",
        QuotaExceeded = "quota_exceeded" : "请求过于频繁,请稍后重试" / "Too many requests; wait, then repeat.",
        HeadersTooLarge = "headers_too_large" : "请求头过大" / "The header fields are too large.",
        PreconditionTooBroad = "precondition_too_broad" : "If-Match 须且只须写明所读版本的 ETag" / "If-Match must name the one version that was read.",
        FilterNotPermitted = "filter_not_permitted" : "无权按该条件筛选" / "This caller may not filter by that.",
        PayloadTooLarge = "payload_too_large" : "请求正文过大" / "The body is too large.",
        UriTooLong = "uri_too_long" : "地址过长" / "The address is too long.",
        UnsupportedMediaType = "unsupported_media_type" : "不支持该内容类型" / "The media type or encoding is not supported.",
        ValidationFailed = "validation_failed" : "请求内容不符合要求" / "The content of the request is not valid.",
        RequestTimeout = "request_timeout" : "请求超时" / "The request took too long to arrive.",
        TooManyRequests = "too_many_requests" : "请求过于频繁,请稍后再试" / "Too many requests; wait and try again.",
        Internal = "internal_error" : "服务器内部错误" / "The server failed.",
        Unavailable = "unavailable" : "服务暂时不可用,请稍后重试" / "The service is unavailable for the moment; try again.",
        Draining = "draining" : "服务即将停止,请改用其他节点" / "The server is about to stop; use another.",
        SchemaOutdated = "schema_outdated" : "数据库结构尚未升级" / "The database lacks migrations.",
        QueueFull = "queue_full" : "系统繁忙,请稍后重试" / "Too many commands are waiting; try again.",
        OutcomeUnknown = "outcome_unknown" : "操作结果未知,请以同一幂等键重试" / "It is unknown whether the change happened; repeat it with the same idempotency key.",
        ImportRefused = "import_refused" : "登记簿有错误,未导入任何一行" / "The register has faults; no row was taken in.",
        FontMissing = "font_missing" : "未找到可用的中文字体,请安装 fonts-noto-cjk 或者设置 GONGKAI_FONT_FANGSONG" / "No Chinese font was found that can be used; install fonts-noto-cjk or set GONGKAI_FONT_FANGSONG.",
        GlyphMissing = "glyph_missing" : "字体缺少文书中的字符" / "The fonts lack a character of the letter.",
        FileTooLarge = "file_too_large" : "文件过大" / "The file is too large.",
        FileTypeNotPermitted = "file_type_not_permitted" : "文件类型不在允许范围" / "Files of this type are not taken.",
        FileNameUnsafe = "file_name_unsafe" : "文件名不可用" / "The name of the file is not usable.",
        FileTypeDiffers = "file_type_differs" : "文件内容与扩展名不符" / "The content is not what the name says.",
        ArchiveUnsafe = "archive_unsafe" : "文件内部含有不安全的内容" / "What is packed inside the file is unsafe.",
        FileEmpty = "file_empty" : "文件为空" / "The file is empty.",
        FileBrokenOff = "file_broken_off" : "上传中断" / "The upload broke off.",
        FileInfected = "file_infected" : "文件含有恶意代码" / "The file carries malware.",
        ScannerUnavailable = "scanner_unavailable" : "病毒扫描服务暂时不可用" / "The scanner for malware is not available.",
        FilesUnavailable = "files_unavailable" : "附件存储暂时不可用" / "The store of files is not available.",
        RangeNotSatisfiable = "range_not_satisfiable" : "请求的范围超出文件" / "The range lies outside of the file.",
        StorageFull = "storage_full" : "存储空间不足" / "The storage is full.",
    }
}

impl Fault {
    /// The sentence.
    #[must_use]
    pub const fn said(self) -> Said {
        Said::of(self.label_zh(), self.label_en())
    }

    /// The status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedJson
            | Self::MalformedRequest
            | Self::UnknownParameter
            | Self::InvalidCursor
            | Self::FileBrokenOff => 400,
            Self::Unauthenticated | Self::LoginFailed | Self::SessionOver => 401,
            Self::FilterNotPermitted => 403,
            Self::RouteNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::PayloadTooLarge | Self::FileTooLarge => 413,
            Self::UriTooLong => 414,
            Self::UnsupportedMediaType | Self::FileTypeNotPermitted => 415,
            Self::RangeNotSatisfiable => 416,
            Self::ValidationFailed
            | Self::ImportRefused
            | Self::FileNameUnsafe
            | Self::FileTypeDiffers
            | Self::ArchiveUnsafe
            | Self::FileInfected
            | Self::FileEmpty => 422,
            Self::PreconditionRequired | Self::PreconditionTooBroad => 428,
            Self::TooManyRequests | Self::QuotaExceeded => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable
            | Self::Draining
            | Self::SchemaOutdated
            | Self::QueueFull
            | Self::FilesUnavailable
            | Self::ScannerUnavailable
            | Self::OutcomeUnknown
            | Self::FontMissing
            | Self::GlyphMissing => 503,
            Self::StorageFull => 507,
        }
    }
}

/// The status of a refusal of the domain.
#[must_use]
pub const fn status_of(reason: Reason) -> u16 {
    match reason.class() {
        Class::NotFound => 404,
        Class::Forbidden => 403,
        Class::Stale => 412,
        Class::Conflict => 409,
        Class::Invalid => 422,
        Class::Exhausted => 429,
    }
}

/// Every code that a problem can carry: code, status, Chinese, English.
#[must_use]
pub fn catalogue() -> Vec<(&'static str, u16, &'static str, &'static str)> {
    let faults = Fault::ALL.iter().map(|f| (f.as_str(), f.status(), f.label_zh(), f.label_en()));
    let reasons =
        Reason::ALL.iter().map(|r| (r.as_str(), status_of(*r), r.label_zh(), r.label_en()));
    faults.chain(reasons).collect()
}

/// Every code that a member of `errors` can carry beside those of [`catalogue`]: code, Chinese,
/// English.
#[must_use]
pub fn flaws() -> Vec<(&'static str, &'static str, &'static str)> {
    let flaws = Flaw::ALL.iter().map(|flaw| (flaw.as_str(), flaw.label_zh(), flaw.label_en()));
    let identity = IdentityError::ALL.iter().map(|error| (error.code(), error.zh(), error.en()));
    let register = RegisterFault::ALL.iter().map(|f| (f.as_str(), f.label_zh(), f.label_en()));
    let notices = NoticeFault::ALL.iter().map(|f| (f.as_str(), f.label_zh(), f.label_en()));
    let names = NameFault::ALL.iter().map(|f| (f.as_str(), f.label_zh(), f.label_en()));
    let contents = ContentFault::ALL.iter().map(|f| (f.as_str(), f.label_zh(), f.label_en()));
    let flaws = flaws.chain(names).chain(contents).chain(notices);
    let mut all: Vec<_> = flaws.chain(identity).chain(register).collect();
    // Some are faults of a body and of a register alike.
    let known: std::collections::BTreeSet<&str> =
        catalogue().iter().map(|(code, ..)| *code).collect();
    all.retain(|(code, ..)| !known.contains(code));
    all.sort_unstable_by_key(|(code, ..)| *code);
    all.dedup_by_key(|(code, ..)| *code);
    all
}

/// One fault of the input.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// Where, as a JSON pointer in a fragment (`#/applicant/id_number`) or the name of a parameter.
    pub pointer: String,
    /// What, as a stable code.
    pub code: String,
    /// In words.
    pub detail: Said,
}

impl FieldError {
    /// A fault of this kind.
    #[must_use]
    pub fn of(pointer: impl Into<String>, flaw: Flaw) -> Self {
        Self::saying(pointer, flaw, flaw.said())
    }

    /// A fault of this kind, in other words than its own.
    #[must_use]
    pub fn saying(pointer: impl Into<String>, flaw: Flaw, detail: Said) -> Self {
        Self { pointer: pointer.into(), code: flaw.as_str().to_owned(), detail }
    }

    /// A fault of a personal datum.
    #[must_use]
    pub fn personal(pointer: impl Into<String>, error: IdentityError) -> Self {
        let detail = Said::of(error.zh(), error.en());
        Self { pointer: pointer.into(), code: error.code().to_owned(), detail }
    }

    fn body(&self, language: Language) -> FieldErrorBody {
        FieldErrorBody {
            pointer: self.pointer.clone(),
            code: self.code.clone(),
            detail: self.detail.text(language).to_owned(),
        }
    }
}

/// One fault of the input.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorBody {
    /// Where, as a JSON pointer in a fragment (`#/applicant/id_number`) or the name of a parameter.
    pub pointer: String,
    /// What, as a stable code.
    pub code: String,
    /// In words, in the language of the answer.
    pub detail: String,
}

/// An error answer (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A URI that names the kind of problem.
    #[schema(example = "urn:gongkai:problem:stale_version")]
    pub r#type: String,
    /// The sentence of the code, in the language of the answer.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code; the list stands in the description of this contract.
    #[schema(example = "stale_version")]
    pub code: String,
    /// What exactly is wrong, in the language of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The path of the request.
    pub instance: String,
    /// The request, to be quoted when asking for help.
    pub request_id: String,
    /// The article, when the law is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// The address of the case that stands in the way, when it exists for the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<String>,
    /// Every fault of the input, or every reason of the refusal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldErrorBody>,
    /// The names of the quotas that are used up, with 429 (draft-ietf-httpapi-ratelimit-headers,
    /// whose spelling it is).
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["reads"]))]
    pub violated_policies: Vec<String>,
}

/// An error on its way to the client. Boxed: it is rare, and results that may hold it are not.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    code: &'static str,
    status: u16,
    title: Said,
    detail: Option<Said>,
    article: Option<&'static str>,
    related: Option<String>,
    errors: Vec<FieldError>,
    violated: Option<&'static str>,
    headers: Vec<(header::HeaderName, String)>,
    request: (String, String, Language),
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        let mut problem = Parts {
            code: fault.as_str(),
            status: fault.status(),
            title: fault.said(),
            detail: None,
            article: None,
            related: None,
            errors: Vec::new(),
            violated: None,
            headers: Vec::new(),
            request: Default::default(),
        };
        match fault {
            Fault::Unauthenticated => {
                let challenge = r#"Bearer error="invalid_token""#;
                problem.headers.push((header::WWW_AUTHENTICATE, challenge.to_owned()));
            }
            Fault::LoginFailed | Fault::SessionOver => {
                problem.headers.push((header::WWW_AUTHENTICATE, "Bearer".to_owned()));
            }
            Fault::Unavailable
            | Fault::Draining
            | Fault::SchemaOutdated
            | Fault::QueueFull
            | Fault::FilesUnavailable
            | Fault::ScannerUnavailable
            | Fault::OutcomeUnknown => {
                problem.headers.push((header::RETRY_AFTER, "1".to_owned()));
            }
            _ => {}
        }
        Self(Box::new(problem))
    }

    /// The same, with what exactly is wrong. Never pass on the text of a store or library error.
    #[must_use]
    pub fn saying(mut self, detail: Said) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// The same, with faults of the input.
    #[must_use]
    pub fn with(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same, naming the quota that is used up.
    #[must_use]
    pub fn violating(mut self, policy: &'static str) -> Self {
        self.0.violated = Some(policy);
        self
    }

    /// The same, with a header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// For how many seconds to wait before the request is repeated, when it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<i64> {
        let mut headers = self.0.headers.iter();
        let (_, seconds) = headers.find(|(name, _)| *name == header::RETRY_AFTER)?;
        seconds.parse().ok()
    }

    /// The same, knowing the request that it answers, for when no middleware will tell.
    #[must_use]
    pub fn of_request(mut self, path: &str, id: &str, language: Language) -> Self {
        self.0.request = (path.to_owned(), id.to_owned(), language);
        self
    }

    /// The code, and what it means with the particulars.
    #[must_use]
    pub fn summary(&self, language: Language) -> (&'static str, String) {
        let title = &self.0.title;
        let said = self.0.detail.as_ref().map_or_else(|| title.clone(), |more| title.with(more));
        (self.0.code, said.into_text(language))
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The URI of its type: a registered one where there is one.
    fn kind(&self) -> String {
        if self.0.violated.is_some() {
            "https://iana.org/assignments/http-problem-types#quota-exceeded".to_owned()
        } else {
            format!("urn:gongkai:problem:{}", self.0.code)
        }
    }

    /// The faults of the input.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The complete answer.
    #[must_use]
    pub fn answer(&self, instance: &str, request_id: &str, language: Language) -> HttpResponse {
        let body = ProblemBody {
            r#type: self.kind(),
            title: self.0.title.text(language).to_owned(),
            status: self.0.status,
            code: self.0.code.to_owned(),
            detail: self.0.detail.as_ref().map(|detail| detail.text(language).to_owned()),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            article: self.0.article.map(|article| citation(article, language)),
            related: self.0.related.clone(),
            errors: self.0.errors.iter().map(|error| error.body(language)).collect(),
            violated_policies: self.0.violated.map(ToOwned::to_owned).into_iter().collect(),
        };
        let mut response = HttpResponse::build(self.status());
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
        response.append_header((header::VARY, language::VARY));
        response.content_type("application/problem+json").body(
            serde_json::to_string(&body).unwrap_or_else(|_| r#"{"code":"internal_error"}"#.into()),
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let (path, id, language) = &self.0.request;
        self.answer(path, id, *language)
    }
}

impl From<&Rejection> for FieldError {
    fn from(rejection: &Rejection) -> Self {
        let reason = rejection.reason;
        let mut detail = rejection.sentence();
        if let Some(article) = rejection.article {
            detail = detail.by(article);
        }
        Self {
            pointer: rejection.pointer.as_ref().map_or_else(|| "#".to_owned(), |p| format!("#{p}")),
            code: reason.as_str().to_owned(),
            detail,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let first = refusal.first();
        let reason = first.reason;
        let mut problem = Parts {
            code: reason.as_str(),
            status: status_of(reason),
            title: reason.said(),
            detail: first.detail.as_deref().cloned(),
            article: first.article,
            related: first.case.map(|id| format!("/api/v1/cases/{id}")),
            errors: refusal.all().iter().map(FieldError::from).collect(),
            violated: None,
            headers: Vec::new(),
            request: Default::default(),
        };
        if let Some(current) = first.current {
            problem.headers.push((header::ETAG, format!("\"{}\"", current.0)));
        }
        Self(Box::new(problem))
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        let fault = match &error {
            store::Error::QueueFull => Fault::QueueFull,
            store::Error::Unavailable(_) | store::Error::Place(_) | store::Error::InUse(_) => {
                Fault::Unavailable
            }
            store::Error::Outdated(_) => Fault::SchemaOutdated,
            store::Error::OutcomeUnknown(_) => Fault::OutcomeUnknown,
            store::Error::StorageFull(_) => Fault::StorageFull,
            store::Error::Constraint(_)
            | store::Error::Corrupt(_)
            | store::Error::WrongKey(_)
            | store::Error::Other(_) => Fault::Internal,
        };
        tracing::error!(%error, code = fault.as_str(), "the store failed");
        Self::new(fault)
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Refused(refusal) => refusal.into(),
            Denied::Failed(error) => error.into(),
        }
    }
}

impl From<PressError> for Problem {
    fn from(error: PressError) -> Self {
        match font_error(&error) {
            Some(FontError::GlyphMissing { character }) => {
                let place = format!("U+{:04X}", u32::from(*character));
                Self::new(Fault::GlyphMissing).saying(Said::neutral(place))
            }
            Some(error) => {
                tracing::error!(%error, "no letter can be printed");
                Self::new(Fault::FontMissing)
            }
            None => {
                tracing::error!(%error, "a letter could not be made");
                Self::new(Fault::Internal)
            }
        }
    }
}

impl From<PaperError> for Problem {
    fn from(error: PaperError) -> Self {
        PressError::from(error).into()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Refusal::from(reason).into()
    }
}
