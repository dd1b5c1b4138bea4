//! Documents that are the same for everybody as long as this version of the server runs: the
//! contract, the dictionaries, the viewer. Each has an entity tag and may be kept.

use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use utoipa::openapi::{RefOr, Schema};

use super::contract::{Describe, Draft, Success};
use super::extract::text_header;
use crate::domain::hex;

/// A minute: a change of version is seen soon, a page that asks often does not ask the server.
pub const FOR_A_MINUTE: &str = "public, max-age=60";

/// A document with its entity tag.
pub struct Document {
    bytes: Bytes,
    media_type: &'static str,
    cache: &'static str,
    tag: String,
}

impl Document {
    /// A document of this media type that may be kept so long.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>, media_type: &'static str, cache: &'static str) -> Self {
        let bytes = bytes.into();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        let half = digest.as_ref().get(..16).unwrap_or_default();
        let tag = format!("\"{}\"", hex::encode(half));
        Self { bytes, media_type, cache, tag }
    }

    /// The document, or 304 for one who has it already.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = is_known(request.headers(), &self.tag);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::ETAG, self.tag.as_str()));
        response.insert_header((header::CACHE_CONTROL, self.cache));
        if known {
            return response.finish();
        }
        response.content_type(self.media_type).body(self.bytes.clone())
    }
}

/// Does `If-None-Match` name this tag? Compared weakly, as RFC 9110 §13.1.2 has it.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers.get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// A document of the API.
pub trait Publication: 'static {
    /// Its media type.
    const MEDIA_TYPE: &'static str;
    /// The document, made once.
    fn document() -> &'static Document;
    /// Its schema; none for a document of another format.
    fn schema(draft: &mut Draft) -> Option<RefOr<Schema>>;
}

/// 200 with a document, or 304.
pub struct Published<P>(PhantomData<P>);

impl<P> Published<P> {
    /// The answer.
    #[must_use]
    pub const fn now() -> Self {
        Self(PhantomData)
    }
}

impl<P: Publication> Describe for Published<P> {
    fn describe(draft: &mut Draft) {
        const HEADERS: &[(&str, &str)] = &[
            ("ETag", "The state of the document, for If-None-Match."),
            ("Cache-Control", "How long it may be kept."),
        ];
        let meaning = "The entity tag of the document that the caller has.";
        let required = utoipa::openapi::Required::False;
        draft.parameters.push(text_header("If-None-Match", required, meaning));
        draft.unchanged = true;
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

impl<P: Publication> Responder for Published<P> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        P::document().answer(request)
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
