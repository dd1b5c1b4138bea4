//! What is frozen of a letter: its canonical text and the digest of that.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sheet::Sheet;
use crate::domain::canonical::{self, CanonicalError};
use crate::domain::hex;

/// SHA-256 of the canonical text of a letter; 64 hexadecimal digits in writing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The digest of a canonical text.
    #[must_use]
    pub fn of(canonical: &str) -> Self {
        let sum = digest(&SHA256, canonical.as_bytes());
        // SHA-256 gives 32 bytes.
        Self(sum.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Sheet {
    /// The text that is frozen (RFC 8785).
    ///
    /// # Errors
    /// None that a sheet can cause: it holds no numbers and little depth.
    pub fn canonical(&self) -> Result<String, CanonicalError> {
        let value = serde_json::to_value(self).map_err(|_| CanonicalError::TooDeep)?;
        canonical::to_canonical(&value)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || serde::de::Error::custom("a content hash has 64 hexadecimal digits");
        hex::decode(&text).map(Self).ok_or_else(wrong)
    }
}
