//! A file on its way out: whole, or the part of it that is wanted, or nothing for one who has it.

use std::future::{Ready, ready};
use std::ops::Range;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{
    self, ByteRangeSpec, Charset, ContentDisposition, DispositionParam, DispositionType,
    ExtendedValue, HeaderName,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use utoipa::openapi::Required;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};

use super::contract::{Describe, Draft, Success};
use super::document::is_known;
use super::extract::text_header;
use super::problem::{Fault, Problem};
use crate::domain::attachment::{Attachment, FileName, Sha256};
use crate::service::files::{Files, Pieces};

/// What the caller has of a file, and which part of it he wants (RFC 9110 §13, §14).
pub struct Wanted {
    known: Vec<header::HeaderValue>,
    range: Option<header::Range>,
    unless_changed: Option<String>,
}

impl Describe for Wanted {
    fn describe(draft: &mut Draft) {
        let range = "One range of bytes, e.g. `bytes=0-1023`; several get the whole.";
        draft.parameters.push(text_header("Range", Required::False, range, None));
        let condition =
            "The entity tag under which the range holds; under another the whole comes.";
        draft.parameters.push(text_header("If-Range", Required::False, condition, None));
        draft.partial = true;
        draft.error(409, "The file is not given out, or not any more.");
        draft.error(416, "The range lies outside of the file; `Content-Range` tells its length.");
    }
}

impl FromRequest for Wanted {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let one = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // Of HEAD a range means nothing (RFC 9110 §14.2); a POST that gives out a file defines what it
        // means there. That the caller has it already can be told to a reading request alone (§13.1.2).
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let range = one(header::RANGE).filter(|_| request.method() != Method::HEAD);
        let known = headers.get_all(header::IF_NONE_MATCH).filter(|_| reads);
        ready(Ok(Self {
            known: known.cloned().collect(),
            range: range.and_then(|text| text.parse().ok()),
            unless_changed: one(header::IF_RANGE).map(str::to_owned),
        }))
    }
}

/// Which bytes are given.
#[derive(Debug, PartialEq, Eq)]
enum Share {
    /// All.
    Whole,
    /// These.
    Part(Range<u64>),
}

impl Wanted {
    fn has(&self, tag: &str) -> bool {
        let mut headers = header::HeaderMap::new();
        for value in &self.known {
            headers.append(header::IF_NONE_MATCH, value.clone());
        }
        is_known(&headers, tag)
    }

    /// The bytes that are asked for.
    ///
    /// # Errors
    /// They lie outside of the file.
    fn share(&self, size: u64, tag: &str) -> Result<Share, Problem> {
        // Compared strongly; a date is no tag, so it never holds.
        if self.unless_changed.as_deref().is_some_and(|condition| condition.trim() != tag) {
            return Ok(Share::Whole);
        }
        let Some(header::Range::Bytes(ranges)) = &self.range else { return Ok(Share::Whole) };
        match ranges.as_slice() {
            [ByteRangeSpec::FromTo(from, to)] if from > to => Ok(Share::Whole),
            [one] => {
                let inside = one.to_satisfiable_range(size);
                inside.map(|(from, to)| Share::Part(from..to + 1)).ok_or_else(|| {
                    let refusal = Problem::new(Fault::RangeNotSatisfiable);
                    refusal.header(header::CONTENT_RANGE, format!("bytes */{size}"))
                })
            }
            _ => Ok(Share::Whole),
        }
    }
}

/// The bytes of a file, or a part of them, or nothing for one who has them.
pub struct Download {
    name: FileName,
    size: u64,
    sha256: Sha256,
    bytes: Option<(Share, Pieces)>,
}

/// The header that tells the digest of a whole file (RFC 9530).
pub const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

impl Download {
    /// A file as it is wanted. Its bytes are found before anything is answered.
    ///
    /// # Errors
    /// The range lies outside, the bytes are not there, or the store cannot be reached.
    pub async fn of(files: &Files, file: &Attachment, wanted: &Wanted) -> Result<Self, Problem> {
        let tag = entity_tag(file.sha256);
        let mut download =
            Self { name: file.name.clone(), size: file.size, sha256: file.sha256, bytes: None };
        if wanted.has(&tag) {
            return Ok(download);
        }
        let share = wanted.share(file.size, &tag)?;
        let range = match &share {
            Share::Whole => None,
            Share::Part(part) => Some(part.clone()),
        };
        let pieces = files.read(file, range).await?;
        download.bytes = Some((share, pieces));
        Ok(download)
    }
}

impl Describe for Download {
    fn describe(draft: &mut Draft) {
        let bytes = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The bytes of the file."));
        draft.conditional = true;
        draft.success = Some(Success {
            status: 200,
            description: "The file, to be saved.",
            media_type: "application/octet-stream",
            schema: Some(bytes.into()),
            headers: &[
                ("Accept-Ranges", "`bytes`: a part can be had by `Range`."),
                ("ETag", "The entity tag of the whole: its SHA-256."),
                ("Content-Disposition", "The name under which to save it (RFC 6266)."),
                ("Repr-Digest", "The digest of the whole file (RFC 9530)."),
            ],
        });
    }
}

/// A digest as a structured field (RFC 9530 §2).
#[must_use]
pub fn repr_digest(sha256: Sha256) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256.0))
}

fn entity_tag(sha256: Sha256) -> String {
    format!("\"{sha256}\"")
}

/// How a file is to be saved: by its own name, and for old programs by one in ASCII.
fn disposition(name: &FileName) -> ContentDisposition {
    let plain = |c: char| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' };
    let ascii = name.as_str().chars().map(plain).collect();
    let own = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_str().as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(ascii), DispositionParam::FilenameExt(own)],
    }
}

impl Responder for Download {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let tag = entity_tag(self.sha256);
        let Some((share, pieces)) = self.bytes else {
            let mut response = HttpResponse::NotModified();
            response.insert_header((header::ACCEPT_RANGES, "bytes"));
            return response.insert_header((header::ETAG, tag)).finish();
        };
        let mut response = HttpResponse::Ok();
        let mut length = self.size;
        if let Share::Part(part) = share {
            response.status(actix_web::http::StatusCode::PARTIAL_CONTENT);
            let place = format!("bytes {}-{}/{}", part.start, part.end - 1, self.size);
            response.insert_header((header::CONTENT_RANGE, place));
            length = part.end - part.start;
        }
        response
            .content_type("application/octet-stream")
            .insert_header((header::ETAG, tag))
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header((REPR_DIGEST, repr_digest(self.sha256)))
            .insert_header(disposition(&self.name))
            .body(SizedStream::new(length, pieces))
    }
}
