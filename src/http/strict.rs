//! Stricter readings than serde's own: an object is no array, a day is `YYYY-MM-DD`, and a text for
//! the database holds no control characters.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use validator::ValidationError;

use super::flaw::Flaw;
use crate::domain::deadline::calendar_day;
use crate::domain::named::is_plain;

/// A value that is read from an object only. What serde derives would also take an array of its
/// members in their order, which no contract promises.
pub struct Object<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for Members<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// A member that is an object.
///
/// # Errors
/// It is not, or not one of this type.
pub fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Object::deserialize(from).map(|Object(value)| value)
}

/// A member that may be left out and is an object.
///
/// # Errors
/// As [`object`].
pub fn some_object<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(|found: Option<Object<T>>| found.map(|Object(value)| value))
}

/// A member that is a list of objects.
///
/// # Errors
/// As [`object`].
pub fn objects<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let found: Vec<Object<T>> = Vec::deserialize(from)?;
    Ok(found.into_iter().map(|Object(value)| value).collect())
}

fn parsed_day<E: Error>(text: &str) -> Result<NaiveDate, E> {
    calendar_day(text).ok_or_else(|| E::custom("no date of the form YYYY-MM-DD"))
}

/// A day as `YYYY-MM-DD` and in no other form: chrono would take `2025-3-1` and years that
/// PostgreSQL does not know.
///
/// # Errors
/// The text is no such day.
pub fn day<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    parsed_day(&String::deserialize(from)?)
}

/// A list of such days.
///
/// # Errors
/// As [`day`].
pub fn days<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<NaiveDate>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| parsed_day(text)).collect()
}

/// A day that may be left out.
///
/// # Errors
/// As [`day`].
pub fn some_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    Option::<String>::deserialize(from)?.map(|text| parsed_day(&text)).transpose()
}

/// A yes or no that may be left out, but is not null: nobody could tell which of both it means.
///
/// # Errors
/// The value is neither true nor false.
pub fn some_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(from).map(Some)
}

/// An instant of RFC 3339, whose years have four digits, that may be left out.
///
/// # Errors
/// The text is no such instant.
pub fn some_instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let parse = |text: String| {
        DateTime::parse_from_rfc3339(&text)
            .map(|instant| instant.to_utc())
            .map_err(|_| D::Error::custom("no instant of RFC 3339 with offset"))
    };
    Option::<String>::deserialize(from)?.map(parse).transpose()
}

/// One line of text to look something up by: not blank and without control characters, of which
/// PostgreSQL refuses one (NUL).
///
/// # Errors
/// It is not.
pub fn plain(text: &str) -> Result<(), ValidationError> {
    if is_plain(text) {
        Ok(())
    } else {
        Err(ValidationError::new(Flaw::BlankOrControlCharacter.as_str()))
    }
}
