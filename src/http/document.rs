//! A document that is the same for everybody, such as the contract: made once, with an entity tag.

use std::fmt::Write as _;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};

use super::contract::{Describe, Draft, Success};

/// A document.
pub struct Document {
    bytes: Bytes,
    media_type: &'static str,
    tag: String,
}

impl Document {
    /// A document of this media type, tagged by the digest of its bytes.
    #[must_use]
    pub fn new(text: String, media_type: &'static str) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let mut tag = "\"".to_owned();
        for byte in digest.as_ref().iter().take(12) {
            // Writing to a string cannot fail.
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        Self { bytes: Bytes::from(text), media_type, tag }
    }
}

/// 200 with a document, or 304 when the caller has it.
pub struct Shown(pub &'static Document);

impl Describe for Shown {
    fn describe(draft: &mut Draft) {
        draft.success = Some(Success {
            status: 200,
            description: "The document.",
            media_type: "*/*",
            schema: None,
            headers: &[],
        });
        draft.conditional = true;
    }
}

impl Responder for Shown {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let document = self.0;
        let mut response = if has(request, &document.tag) {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response.insert_header((header::ETAG, document.tag.as_str()));
        if has(request, &document.tag) {
            return response.finish();
        }
        response.content_type(document.media_type).body(document.bytes.clone())
    }
}

/// Does `If-None-Match` name this tag? Compared weakly (RFC 9110 §13.1.2).
fn has(request: &HttpRequest, tag: &str) -> bool {
    let values = request.headers().get_all(header::IF_NONE_MATCH);
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    tags.any(|given| {
        let given = given.trim();
        given == "*" || given.trim_start_matches("W/") == tag
    })
}
