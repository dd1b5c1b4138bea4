//! Pages of a list: keyset paging with an opaque, signed cursor that is bound to its query.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate};
use uuid::Uuid;

use super::problem::{Fault, Problem};
use crate::domain::ids::CaseId;
use crate::service::tokens::Issuer;
use crate::store::cases::Place;

/// Lines on a page when the caller does not say.
pub const DEFAULT_LIMIT: i64 = 20;

/// Lines on a page at most.
pub const MAX_LIMIT: i64 = 200;

const TAG: usize = 16;

/// Makes the cursor of a place in the list of a query.
#[must_use]
pub fn cursor(issuer: &Issuer, place: Place, query: &str) -> String {
    let text = match place {
        Place::Received(at, id) => format!("r{}:{id}", at.timestamp_micros()),
        Place::Due(day, id) => format!("d{day}:{id}"),
    };
    let mut bytes = issuer.seal_text(&signed(&text, query)).to_vec();
    bytes.extend_from_slice(text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor that was made for the same query.
///
/// # Errors
/// It was changed, or belongs to another query.
pub fn place(issuer: &Issuer, cursor: &str, query: &str) -> Result<Place, Problem> {
    read(issuer, cursor, query).ok_or_else(|| Fault::InvalidCursor.into())
}

fn read(issuer: &Issuer, cursor: &str, query: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (tag, text) = bytes.split_at_checked(TAG)?;
    let text = std::str::from_utf8(text).ok()?;
    let right = issuer.seal_text(&signed(text, query));
    aws_lc_rs::constant_time::verify_slices_are_equal(tag, &right).ok()?;
    let (position, id) = text.get(1..)?.split_once(':')?;
    let id = CaseId(Uuid::parse_str(id).ok()?);
    match text.get(..1)? {
        "r" => {
            let at = DateTime::from_timestamp_micros(position.parse().ok()?)?;
            Some(Place::Received(at, id))
        }
        "d" => Some(Place::Due(position.parse::<NaiveDate>().ok()?, id)),
        _ => None,
    }
}

/// What is signed: the place and the query it belongs to.
fn signed(text: &str, query: &str) -> String {
    format!("cursor\0{query}\0{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_under_its_own_query_only() {
        let issuer = Issuer::new(&[7; 32], &[]).unwrap();
        let id = CaseId(Uuid::from_u128(7));
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap_or_default();
        for place in [
            Place::Received(at, id),
            Place::Due(NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default(), id),
        ] {
            let made = cursor(&issuer, place, "status=assigned");
            assert_eq!(read(&issuer, &made, "status=assigned"), Some(place));
            assert_eq!(read(&issuer, &made, "status=received"), None);
            for at in 0..made.len() {
                let mut changed = made.clone().into_bytes();
                changed[at] ^= 1;
                let changed = String::from_utf8_lossy(&changed).into_owned();
                assert_eq!(read(&issuer, &changed, "status=assigned"), None, "byte {at}");
            }
        }
    }
}
