//! In which language an answer speaks (RFC 9110 §12.5.4).
//!
//! A handler whose answer carries labels or sentences takes a [`Language`] among its arguments. The
//! middleware sees that it was asked for and marks the answer with `Content-Language` and `Vary`;
//! problems it marks always.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use utoipa::openapi::Required;

use super::contract::{Describe, Draft};
use super::extract::text_header;
use super::problem::Problem;
use crate::domain::said::Language;

/// The value of `Vary` on every answer with human text.
pub const VARY: &str = "Accept-Language";

/// The language of an answer that carries human text, as an extension of its request.
#[derive(Clone, Copy)]
pub struct Spoken(pub Language);

impl Describe for Language {
    fn describe(draft: &mut Draft) {
        let meaning = "`zh-CN` (also when absent or unknown) or `en`, with quality values.";
        draft.parameters.push(text_header("Accept-Language", Required::False, meaning, None));
        draft.spoken = true;
    }
}

impl FromRequest for Language {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let language = accepted(request.headers());
        request.extensions_mut().insert(Spoken(language));
        ready(Ok(language))
    }
}

/// The language that the caller likes best of those that we speak; Chinese when he names neither.
#[must_use]
pub fn accepted(headers: &HeaderMap) -> Language {
    let mut named = [None::<u16>; 2];
    let mut any = 0;
    let mut first = None;
    let values = headers.get_all(header::ACCEPT_LANGUAGE);
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    for range in ranges {
        let Some((tag, quality)) = weighed(range) else { continue };
        let primary = tag.split('-').next().unwrap_or_default();
        let slot = if primary.eq_ignore_ascii_case("zh") {
            Language::Chinese
        } else if primary.eq_ignore_ascii_case("en") {
            Language::English
        } else {
            if tag == "*" {
                any = quality;
            }
            continue;
        };
        first.get_or_insert(slot);
        let [chinese, english] = &mut named;
        let best = if slot == Language::Chinese { chinese } else { english };
        *best = (*best).max(Some(quality));
    }
    let [chinese, english] = named.map(|quality| quality.unwrap_or(any));
    match chinese.cmp(&english) {
        std::cmp::Ordering::Greater => Language::Chinese,
        std::cmp::Ordering::Less => Language::English,
        // Equally liked: what he names first. Neither: the language of the house.
        std::cmp::Ordering::Equal if chinese > 0 => first.unwrap_or_default(),
        std::cmp::Ordering::Equal => Language::default(),
    }
}

/// A range of a header with preferences, and its quality in thousandths; none when it is malformed.
pub(super) fn weighed(range: &str) -> Option<(&str, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let quality = match parts.next() {
        None => 1000,
        Some(weight) => {
            let (name, number) = weight.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| thousandths(number.trim()))??
        }
    };
    parts.next().is_none().then_some((tag, quality))
}

/// `0`, `1` or either with up to three decimals; not above 1.
fn thousandths(number: &str) -> Option<u16> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let whole: u16 = match whole {
        "0" => 0,
        "1" => 1000,
        _ => return None,
    };
    let fraction: u16 = format!("{decimals:0<3}").parse().ok().filter(|_| digits)?;
    (whole + fraction <= 1000).then_some(whole + fraction)
}

/// Says in which language an answer speaks, and that another caller may get another one.
pub fn mark(headers: &mut HeaderMap, language: Language) {
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.append(header::VARY, HeaderValue::from_static(VARY));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(values: &[&'static str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        }
        accepted(&headers).tag()
    }

    #[test]
    fn the_language_follows_the_qualities() {
        for (header, tag) in [
            ("en", "en"),
            ("EN-gb", "en"),
            ("zh", "zh-CN"),
            ("zh-CN", "zh-CN"),
            ("zh-Hans-CN", "zh-CN"),
            ("zh-TW,en;q=0.8", "zh-CN"),
            ("zh;q=0.3,en;q=0.301", "en"),
            ("zh;q=0.4, en ; q=0.3", "zh-CN"),
            ("en,zh", "en"),
            ("zh,en", "zh-CN"),
            ("fr,en;q=0.1", "en"),
            ("zh;q=0,*", "en"),
            ("en;q=0,*", "zh-CN"),
            ("zh;q=0.2,*;q=0.5", "en"),
            ("fr;q=0.9,*;q=0.5", "zh-CN"),
            ("en;q=1.000", "en"),
        ] {
            assert_eq!(choice(&[header]), tag, "{header}");
        }
        assert_eq!(choice(&["fr", "en;q=0.5"]), "en");
    }

    #[test]
    fn what_is_unknown_absent_or_malformed_is_chinese() {
        assert_eq!(choice(&[]), "zh-CN");
        for header in [
            "",
            "fr",
            "de-AT,fr;q=0.3",
            "*",
            "en;q=0",
            "en;q=2",
            "en;q=1.001",
            "en;q=0.1234",
            "en;q=-1",
            "en;q=x",
            "en;q",
            "en;level=1",
            "en;q=0.5;q=0.9",
            ";q=1",
            "english",
            ",,,",
            "en;q=0.+1",
        ] {
            assert_eq!(choice(&[header]), "zh-CN", "{header}");
        }
    }
}
