//! The file on its way in, and the empty one on its way out.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, Responder, web};
use utoipa::PartialSchema as _;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};

use super::super::Reply;
use super::charset::{Charset, Unreadable, decode};
use super::column::Column;
use super::report::{Code, Found};
use crate::domain::said::Said;
use crate::http::auth::{self, Auth};
use crate::http::contract::{Describe, Draft, Success};
use crate::http::problem::{Fault, Problem};
use crate::http::reply::digested;

/// The largest file, in bytes.
pub const FILE_LIMIT: usize = 2 * 1024 * 1024;

/// A register as `text/csv`. Its charset is UTF-8 or GB18030, told by the parameter of the media
/// type or found out.
pub struct CsvBody {
    bytes: web::Bytes,
    declared: Option<Charset>,
}

impl CsvBody {
    /// The bytes of a file whose encoding is to be found out.
    #[must_use]
    pub fn of_file(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), declared: None }
    }

    /// The text, and its encoding.
    pub(super) fn text(&self) -> Result<(String, Charset), Found> {
        decode(&self.bytes, self.declared).map_err(|unreadable| match unreadable {
            Unreadable::Broken { line } => Found::of_row(line as u64, Code::EncodingBroken),
            Unreadable::Utf16 => Found::of_file(Code::EncodingUtf16),
            Unreadable::Unknown => Found::of_file(Code::EncodingUnknown),
        })
    }
}

impl Describe for CsvBody {
    fn describe(draft: &mut Draft) {
        // Bytes, whose type JSON Schema cannot tell (OpenAPI 3.1, "Considerations for Media Types").
        let bytes = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The register: a heading and rows."));
        draft.body = Some(bytes.into());
        draft.body_type = Some("text/csv");
        draft.error(400, "The body could not be read.");
        draft.error(413, "The file is larger than 2 MiB.");
        draft.error(415, "The body is not text/csv in UTF-8 or GB18030.");
        draft.error(422, "The register has faults, all of which are listed; no row was taken in.");
    }
}

/// The charset that the media type names, if any.
fn declared(request: &HttpRequest) -> Result<Option<Charset>, Problem> {
    let refusal = || Problem::new(Fault::UnsupportedMediaType).header(header::ACCEPT, "text/csv");
    let media = request.mime_type().ok().flatten().ok_or_else(refusal)?;
    if media.essence_str() != "text/csv" {
        return Err(refusal());
    }
    match media.get_param("charset").map(|name| name.as_str().to_ascii_lowercase()).as_deref() {
        None => Ok(None),
        Some("utf-8" | "utf8") => Ok(Some(Charset::Utf8)),
        Some("gb18030" | "gbk" | "gb2312") => Ok(Some(Charset::Gb18030)),
        Some(_) => Err(refusal()),
    }
}

impl FromRequest for CsvBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let charset = declared(request);
        let length = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let declared = charset?;
            if length.is_some_and(|length| length > FILE_LIMIT) {
                return Err(Fault::PayloadTooLarge.into());
            }
            let unread = |_| {
                Problem::new(Fault::MalformedRequest)
                    .saying(Said::of("请求正文中断", "The body broke off."))
            };
            let payload = payload.await.map_err(unread)?;
            let bytes = payload.to_bytes_limited(FILE_LIMIT).await;
            let bytes = bytes.map_err(|_| Problem::new(Fault::PayloadTooLarge))?.map_err(unread)?;
            Ok(Self { bytes, declared })
        })
    }
}

/// A file of comma-separated values to be saved.
pub struct CsvFile {
    text: String,
    name: &'static str,
}

impl Describe for CsvFile {
    fn describe(draft: &mut Draft) {
        draft.success = Some(Success {
            status: 200,
            description: "The file, in UTF-8 with a byte order mark.",
            media_type: "text/csv",
            schema: Some(String::schema()),
            headers: &[("Content-Disposition", "The name under which to save it.")],
        });
        draft.conditional = true;
    }
}

impl Responder for CsvFile {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        let mut response = HttpResponse::Ok();
        response
            .content_type("text/csv; charset=utf-8")
            .insert_header((header::CONTENT_DISPOSITION, disposition));
        // Without the mark Excel takes the file for the system's own encoding.
        digested(request, response, format!("\u{FEFF}{}", self.text))
    }
}

/// `GET /api/v1/imports/template`
///
/// # Errors
/// None.
pub async fn template(_: Auth<auth::Receive>) -> Reply<CsvFile> {
    let headings: Vec<&str> = Column::ALL.iter().map(|column| column.label_zh()).collect();
    // Headings hold neither commas nor quotation marks, nor do they begin like a formula.
    Ok(CsvFile { text: format!("{}\r\n", headings.join(",")), name: "register-template.csv" })
}
