//! Pages of a list: opaque, signed cursors that are bound to their query, and the links to the pages
//! before and after.

use actix_web::http::header::{self, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::{Fault, Problem};
use crate::domain::ids::CaseId;
use crate::service::tokens::Issuer;
use crate::store::cases::Place;
use crate::store::page::{Page, Stretch};

/// Lines on a page when the caller does not say.
pub const DEFAULT_LIMIT: i64 = 20;

/// Lines on a page at most.
pub const MAX_LIMIT: i64 = 200;

const TAG: usize = 16;

/// The place of a row, in the form in which a cursor carries it.
pub trait Position: Copy {
    /// As text.
    fn written(self) -> String;
    /// From that text; none for any other.
    fn read(text: &str) -> Option<Self>;
}

impl Position for Place {
    fn written(self) -> String {
        match self {
            Self::Received(at, id) => format!("r{}:{id}", at.timestamp_micros()),
            Self::Updated(at, id) => format!("u{}:{id}", at.timestamp_micros()),
            Self::Due(Some(day), id) => format!("d{day}:{id}"),
            Self::Due(None, id) => format!("n:{id}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (key, id) = text.split_once(':')?;
        let (kind, value) = key.split_at_checked(1)?;
        let id = CaseId(Uuid::parse_str(id).ok()?);
        let at =
            || -> Option<DateTime<Utc>> { DateTime::from_timestamp_micros(value.parse().ok()?) };
        match kind {
            "r" => Some(Self::Received(at()?, id)),
            "u" => Some(Self::Updated(at()?, id)),
            "d" => Some(Self::Due(Some(value.parse::<NaiveDate>().ok()?), id)),
            "n" => Some(Self::Due(None, id)),
            _ => None,
        }
    }
}

/// The version that a case had after an event.
impl Position for i64 {
    fn written(self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A list as one caller asked for it: to this its cursors are bound.
pub struct Bound<'a> {
    /// Signs.
    pub issuer: &'a Issuer,
    /// Everything but the place on the list.
    pub query: &'a str,
}

impl Bound<'_> {
    /// The page that a cursor stands for; the first without one.
    ///
    /// # Errors
    /// The cursor was changed, or belongs to another query.
    pub fn page<P: Position>(&self, cursor: Option<&str>) -> Result<Page<P>, Problem> {
        let Some(cursor) = cursor else { return Ok(Page::First) };
        self.read(cursor).ok_or_else(|| Fault::InvalidCursor.into())
    }

    fn read<P: Position>(&self, cursor: &str) -> Option<Page<P>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, text) = bytes.split_at_checked(TAG)?;
        let text = std::str::from_utf8(text).ok()?;
        if !self.issuer.has_sealed(&self.signed(text), tag) {
            return None;
        }
        match text.split_at_checked(1)? {
            ("f", "") => Some(Page::First),
            ("l", "") => Some(Page::Last),
            ("a", place) => P::read(place).map(Page::After),
            ("b", place) => P::read(place).map(Page::Before),
            _ => None,
        }
    }

    /// The cursor of a page.
    #[must_use]
    pub fn cursor<P: Position>(&self, page: Page<P>) -> String {
        let text = match page {
            Page::First => "f".to_owned(),
            Page::Last => "l".to_owned(),
            Page::After(place) => format!("a{}", place.written()),
            Page::Before(place) => format!("b{}", place.written()),
        };
        let mut bytes = self.issuer.seal_text(&self.signed(&text)).to_vec();
        bytes.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What is signed: the page and the query it belongs to.
    fn signed(&self, text: &str) -> String {
        format!("cursor\0{}\0{text}", self.query)
    }

    /// The cursors of the pages around one; `place` gives that of a row. Beside a page that has
    /// become empty lies the end of the list on the side from which it was reached.
    #[must_use]
    pub fn around<P: Position, T>(
        &self,
        page: Page<P>,
        stretch: &Stretch<T>,
        place: impl Fn(&T) -> P,
    ) -> Cursors {
        let goes_on = stretch.goes_on;
        let before = stretch.rows.first().map_or(Page::Last, |row| Page::Before(place(row)));
        let after = stretch.rows.last().map_or(Page::First, |row| Page::After(place(row)));
        let (prev, next) = match page {
            Page::First => (None, goes_on.then_some(after)),
            Page::After(_) => (Some(before), goes_on.then_some(after)),
            Page::Before(_) => (goes_on.then_some(before), Some(after)),
            Page::Last => (goes_on.then_some(before), None),
        };
        Cursors {
            next: next.map(|page| self.cursor(page)),
            prev: prev.map(|page| self.cursor(page)),
        }
    }
}

/// The cursors of the pages around one; none at an end of the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Cursors {
    /// Of the page after it.
    pub next: Option<String>,
    /// Of the page before it.
    pub prev: Option<String>,
}

/// The addresses of the pages around one, the same as in the `Link` header.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageLinks {
    /// The page after it; null on the last.
    pub next: Option<String>,
    /// The page before it; null on the first.
    pub prev: Option<String>,
}

impl PageLinks {
    /// The header (RFC 8288); none when there is nothing to name.
    #[must_use]
    pub fn header(&self) -> Option<(header::HeaderName, HeaderValue)> {
        let named = [("next", &self.next), ("prev", &self.prev)];
        let links: Vec<String> = named
            .iter()
            .filter_map(|(name, address)| Some(format!("<{}>; rel=\"{name}\"", address.as_ref()?)))
            .collect();
        let value = HeaderValue::from_str(&links.join(", ")).ok().filter(|v| !v.is_empty())?;
        Some((header::LINK, value))
    }
}

/// The address of a list as it was asked for.
#[derive(Clone, Debug)]
pub struct Query {
    path: String,
    text: String,
    fields: Vec<(String, String)>,
}

impl Query {
    /// A path and a query string with its decoded fields.
    #[must_use]
    pub fn new(path: &str, text: &str, fields: Vec<(String, String)>) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), fields }
    }

    /// Everything but where on the list and how much of it, in one order: what a cursor is bound to.
    #[must_use]
    pub fn identity(&self) -> String {
        let place = ["cursor", "limit", "count"];
        let mut fields: Vec<_> =
            self.fields.iter().filter(|(name, _)| !place.contains(&name.as_str())).collect();
        fields.sort_unstable();
        format!("{} {fields:?}", self.path)
    }

    /// The addresses of the pages around this one.
    #[must_use]
    pub fn links(&self, cursors: &Cursors) -> PageLinks {
        let at = |cursor: &Option<String>| cursor.as_ref().map(|cursor| self.at(cursor));
        PageLinks { next: at(&cursors.next), prev: at(&cursors.prev) }
    }

    fn at(&self, cursor: &str) -> String {
        let parts = self.text.split('&').filter(|part| !part.is_empty());
        let kept: Vec<&str> = parts
            .zip(&self.fields)
            .filter(|(_, (name, _))| name != "cursor")
            .map(|(part, _)| part)
            .collect();
        let join = if kept.is_empty() { "" } else { "&" };
        escaped(&format!("{}?{}{join}cursor={cursor}", self.path, kept.join("&")))
    }
}

/// The address with everything escaped that a URI (RFC 3986) does not hold as it is. What the
/// caller has escaped stays so.
fn escaped(address: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(byte);
    let one =
        |byte: u8| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    address.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_under_its_own_query_only() {
        let issuer = Issuer::new(&[7; 32], &[]).unwrap();
        let id = CaseId(Uuid::from_u128(7));
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap_or_default();
        let day = NaiveDate::from_ymd_opt(2026, 1, 5);
        let (own, other) = (
            Bound { issuer: &issuer, query: "status=assigned" },
            Bound { issuer: &issuer, query: "status=received" },
        );
        let places = [
            Place::Received(at, id),
            Place::Updated(at, id),
            Place::Due(day, id),
            Place::Due(None, id),
        ];
        let pages = places.into_iter().flat_map(|place| [Page::After(place), Page::Before(place)]);
        for page in pages.chain([Page::First, Page::Last]) {
            let made = own.cursor(page);
            assert_eq!(own.read(&made), Some(page));
            assert_eq!(other.read::<Place>(&made), None);
            for at in 0..made.len() {
                let mut changed = made.clone().into_bytes();
                changed[at] ^= 1;
                let changed = String::from_utf8_lossy(&changed).into_owned();
                assert_eq!(own.read::<Place>(&changed), None, "byte {at}");
            }
        }
    }

    #[test]
    fn a_link_holds_nothing_that_a_uri_does_not() {
        let fields = [("q", "王"), ("cursor", "x"), ("due_date[lte]", "2025-01-01"), ("a", "<>\"")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let text = "q=王&&cursor=x&due_date[lte]=2025-01-01&a=%3C>\"";
        let query = Query::new("/api/v1/cases", text, fields);
        let links = query.links(&Cursors { next: Some("N".to_owned()), prev: None });
        let next = "/api/v1/cases?q=%E7%8E%8B&due_date%5Blte%5D=2025-01-01&a=%3C%3E%22&cursor=N";
        assert_eq!(links.next.as_deref(), Some(next));
        let (_, header) = links.header().unwrap();
        assert_eq!(header.to_str().unwrap(), format!("<{next}>; rel=\"next\""));
    }
}
