//! A document that is the same for everybody as long as this version of the server runs, such as
//! the contract and the dictionaries: made once, with an entity tag. How long it may be kept says
//! the route table.

use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use utoipa::openapi::{RefOr, Schema};

use super::contract::{Describe, Draft, Success};
use crate::domain::hex;

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
        let half = digest.as_ref().get(..12).unwrap_or_default();
        let tag = format!("\"{}\"", hex::encode(half));
        Self { bytes: Bytes::from(text), media_type, tag }
    }

    /// The document, or 304 for one who has it already.
    pub(super) fn answer(&self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let known = is_known(request.headers(), &self.tag);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::ETAG, self.tag.as_str()));
        if known {
            return response.finish();
        }
        response.content_type(self.media_type).body(self.bytes.clone())
    }
}

/// Does `If-None-Match` name this tag? Compared weakly (RFC 9110 §13.1.2).
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH);
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    tags.any(|given| {
        let given = given.trim();
        given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag
    })
}

/// A document of the API.
pub trait Publication: 'static {
    /// Its media type.
    const MEDIA_TYPE: &'static str;
    /// The document, made once.
    fn document() -> &'static Document;
    /// The answer, or 304.
    #[must_use]
    fn answer(request: &HttpRequest) -> HttpResponse<BoxBody> {
        Self::document().answer(request)
    }
    /// Its schema; none for a document of another format.
    fn schema(draft: &mut Draft) -> Option<RefOr<Schema>>;
}

/// 200 with a document, or 304 when the caller has it.
pub struct Shown<P>(PhantomData<P>);

impl<P> Shown<P> {
    /// The answer.
    #[must_use]
    pub const fn now() -> Self {
        Self(PhantomData)
    }
}

impl<P: Publication> Describe for Shown<P> {
    fn describe(draft: &mut Draft) {
        const HEADERS: &[(&str, &str)] = &[("Cache-Control", "How long it may be kept.")];
        draft.conditional = true;
        let schema = P::schema(draft);
        draft.success = Some(Success {
            status: 200,
            description: "The document.",
            media_type: P::MEDIA_TYPE,
            schema,
            headers: HEADERS,
        });
    }
}

impl<P: Publication> Responder for Shown<P> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        P::answer(request)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_the_own_tag_is_known() {
        for (sent, expected) in [
            (r#""a""#, true),
            (r#"W/"a""#, true),
            ("*", true),
            (r#""b", "a""#, true),
            (r#""b""#, false),
            ("a", false),
            ("", false),
        ] {
            let request =
                TestRequest::get().insert_header(("if-none-match", sent)).to_http_request();
            assert_eq!(is_known(request.headers(), r#""a""#), expected, "{sent}");
        }
    }
}
