//! Compressed answers: brotli or gzip, above 1 KiB.
//!
//! Only what a GET reads is compressed. The length of a compressed text tells something of its
//! content to whoever can put text beside a secret and watch the wire (BREACH); the secrets that we
//! give out (tokens, query codes, links to set a password) are answers of POST and stay as they are.
//! No answer is authorised by a cookie alone, so no foreign page can make a browser ask for one.

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, ContentEncoding, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};

use super::language::weighed;

/// Shorter answers gain nothing: they fit into one packet.
const WORTH_WHILE: u64 = 1024;

/// The answer, compressed when its caller takes that and it is worth while. What could be compressed
/// says that it varies by that, however short it is.
#[must_use]
pub fn compressed(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let request = response.request();
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    // A file that is kept compressed comes with its coding; what can be had in ranges, as it is.
    let headers = response.headers();
    let packed = headers.contains_key(header::CONTENT_ENCODING)
        || headers.contains_key(header::ACCEPT_RANGES);
    let fits = match response.status() {
        StatusCode::OK => is_text(response.headers()),
        // It varies by what the answer that the caller has varies by (RFC 9110 §15.4.5).
        StatusCode::NOT_MODIFIED => !packed && !varies_by_coding(response.headers()),
        _ => false,
    };
    if packed || !read || !fits {
        return response;
    }
    let long = match response.response().body().size() {
        BodySize::Sized(length) => length >= WORTH_WHILE,
        BodySize::Stream => true,
        BodySize::None => false,
    };
    if let Some(coding) = accepted(request.headers()).filter(|_| long) {
        // The encoder says by what the answer varies.
        return response
            .map_body(|head, body| Encoder::response(coding, head, body))
            .map_into_boxed_body();
    }
    let varies = HeaderValue::from_static("Accept-Encoding");
    response.headers_mut().append(header::VARY, varies);
    response
}

/// Is it said already that the answer varies by its coding?
fn varies_by_coding(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::VARY).filter_map(|value| value.to_str().ok());
    values.any(|value| value.to_ascii_lowercase().contains("accept-encoding"))
}

/// Texts shrink; pictures do not, and a stream of events must not wait for the compressor.
fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    match media_type.split_once('/') {
        Some(("text", kind)) => kind != "event-stream",
        Some(("application", kind)) => {
            matches!(kind, "json" | "yaml" | "javascript") || kind.ends_with("+json")
        }
        Some(("image", kind)) => kind == "svg+xml",
        _ => false,
    }
}

/// The coding that the caller likes best of ours; none when he names neither.
fn accepted(headers: &HeaderMap) -> Option<ContentEncoding> {
    let (mut brotli, mut gzip, mut any) = (None, None, 0);
    let values = headers.get_all(header::ACCEPT_ENCODING);
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    for (coding, quality) in ranges.filter_map(weighed) {
        if coding.eq_ignore_ascii_case("br") {
            brotli = Some(quality);
        } else if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(quality);
        } else if coding == "*" {
            any = quality;
        }
    }
    let (brotli, gzip) = (brotli.unwrap_or(any), gzip.unwrap_or(any));
    match (brotli, gzip) {
        (0, 0) => None,
        _ if brotli >= gzip => Some(ContentEncoding::Brotli),
        _ => Some(ContentEncoding::Gzip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_follows_the_qualities() {
        for (header, coding) in [
            ("gzip", Some(ContentEncoding::Gzip)),
            ("br", Some(ContentEncoding::Brotli)),
            ("gzip, deflate, br", Some(ContentEncoding::Brotli)),
            ("gzip;q=0.8, br;q=0.3", Some(ContentEncoding::Gzip)),
            ("*", Some(ContentEncoding::Brotli)),
            ("*, br;q=0", Some(ContentEncoding::Gzip)),
            ("deflate", None),
            ("identity", None),
            ("gzip;q=0", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(accepted(&headers), coding, "{header}");
        }
        assert_eq!(accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn texts_are_compressed_and_events_are_not() {
        for (media_type, text) in [
            ("application/json", true),
            ("application/problem+json", true),
            ("application/yaml", true),
            ("text/html; charset=utf-8", true),
            ("text/csv", true),
            ("text/event-stream", false),
            ("image/png", false),
            ("application/zip", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            assert_eq!(is_text(&headers), text, "{media_type}");
        }
    }
}
