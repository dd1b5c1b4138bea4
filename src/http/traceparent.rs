//! The trace that a request is part of (W3C Trace Context, Level 1).
//!
//! Nothing of it is answered: `traceresponse` is no part of the Recommendation. Who asks for help
//! names `X-Request-Id`.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of a trace: 16 bytes, not all of them zero, written as lower-case hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(u128);

impl TraceId {
    /// The id of the trace that the caller has begun; none when he has not, or what he sends is
    /// malformed: then a new one begins here.
    #[must_use]
    pub fn given(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT);
        let (one, more) = (values.next()?, values.next());
        if more.is_some() {
            return None;
        }
        Self::parse(one.to_str().ok()?)
    }

    /// A new one, of random bytes.
    #[must_use]
    pub const fn of(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// `version-trace-parent-flags`. Of a later version the parts that this one has are read.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |length| {
            parts.next().filter(|part| part.len() == length && part.bytes().all(is_lower_hex))
        };
        let (version, trace, parent, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        u64::from_str_radix(parent, 16).ok().filter(|id| *id != 0)?;
        Some(Self(trace))
    }
}

const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_is_continued() {
        for text in [
            GOOD.to_owned(),
            GOOD.replace("-01", "-00"),
            GOOD.replacen("00", "01", 1),
            format!("{}-more", GOOD.replacen("00", "cc", 1)),
        ] {
            assert_eq!(
                TraceId::parse(&text).map(|id| id.to_string()).as_deref(),
                Some(TRACE),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_malformed_begins_a_new_one() {
        for text in [
            String::new(),
            GOOD.to_uppercase(),
            GOOD.replacen("00", "ff", 1),
            GOOD.replacen("00", "0", 1),
            format!("{GOOD}-more"),
            GOOD.replace(TRACE, &"0".repeat(32)),
            GOOD.replace("b7ad6b7169203331", &"0".repeat(16)),
            GOOD.replace("0af", "0xf"),
            GOOD.replace('-', "_"),
            format!(" {GOOD}"),
            GOOD.replace("319c-", "319-"),
            GOOD.trim_end_matches("-01").to_owned(),
        ] {
            assert_eq!(TraceId::parse(&text), None, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert!(TraceId::given(&headers).is_some());
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert_eq!(TraceId::given(&headers), None, "two of them");
    }
}
