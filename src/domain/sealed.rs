//! Personal data in the only form in which it is stored: ciphertext, and a keyed fingerprint to
//! search by. The keys are elsewhere; nothing here can read the content.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};

use super::text_enum::text_enum;

/// Bytes of an AES-GCM nonce.
pub const NONCE_LEN: usize = 12;
/// Bytes of an AES-GCM authentication tag.
pub const TAG_LEN: usize = 16;

text_enum! {
    /// The columns of a case that hold sealed personal data.
    pub enum PersonalField in "personal_field" {
        IdNumber = "id_number" : "证件号码" / "identity document number",
        Phone = "phone" : "电话" / "telephone",
        Address = "address" : "通信地址" / "postal address",
        Email = "email" : "电子邮箱" / "e-mail",
    }
}

/// An opaque ciphertext `v1.<key id>.<base64url of nonce, ciphertext, tag>`.
///
/// Well formed by construction, which says nothing about whether it opens.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Sealed(String);

/// Why a text is not a sealed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// Not three parts separated by dots, the first of which is `v1`.
    #[error("a sealed value has the form v1.<key id>.<payload>")]
    Form,
    /// The key id is not 1 to 32 of `a-z 0-9 _ -`.
    #[error("a key id is 1 to 32 characters of a-z, 0-9, _ and -")]
    KeyId,
    /// The payload is not base64url without padding, or too short for nonce and tag.
    #[error("the payload of a sealed value is damaged")]
    Payload,
}

impl Sealed {
    /// Reads the stored text.
    ///
    /// # Errors
    /// When it does not have the form.
    pub fn parse(text: &str) -> Result<Self, SealedError> {
        let mut parts = text.split('.');
        let (Some("v1"), Some(key_id), Some(payload), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SealedError::Form);
        };
        if !is_key_id(key_id) {
            return Err(SealedError::KeyId);
        }
        match URL_SAFE_NO_PAD.decode(payload) {
            Ok(bytes) if bytes.len() >= NONCE_LEN + TAG_LEN => Ok(Self(text.to_owned())),
            _ => Err(SealedError::Payload),
        }
    }

    /// Puts a sealed value together.
    ///
    /// # Errors
    /// When the key id or the length of the payload is not permitted.
    pub fn assemble(key_id: &str, nonce_ciphertext_tag: &[u8]) -> Result<Self, SealedError> {
        Self::parse(&format!("v1.{key_id}.{}", URL_SAFE_NO_PAD.encode(nonce_ciphertext_tag)))
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the key that sealed it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or_default()
    }

    /// Nonce, ciphertext and tag.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        self.0
            .rsplit('.')
            .next()
            .and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok())
            .unwrap_or_default()
    }
}

/// Whether a text may name a key: 1 to 32 characters of `a-z`, `0-9`, `_` and `-`.
#[must_use]
pub fn is_key_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A keyed fingerprint of a normalised personal datum, for exact search without decryption.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlindIndex([u8; 32]);

impl BlindIndex {
    /// The fingerprint as computed or stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The fingerprint of a stored blob; none when it does not have 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        super::hex::encode(&self.0)
    }

    /// Reads what [`BlindIndex::to_hex`] writes.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 {
            return None;
        }
        let nibbles: Vec<u8> = hex
            .chars()
            .map(|c| if c.is_ascii_uppercase() { None } else { c.to_digit(16) })
            .map(|nibble| u8::try_from(nibble?).ok())
            .collect::<Option<_>>()?;
        let (pairs, _) = nibbles.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        Self::from_slice(&bytes)
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[blind index]")
    }
}

impl serde::Serialize for BlindIndex {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_hex())
    }
}

impl<'de> serde::Deserialize<'de> for BlindIndex {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let hex = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::from_hex(&hex)
            .ok_or_else(|| serde::de::Error::custom("a blind index is 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn form_is_checked() {
        let sealed = Sealed::assemble("k1", &[7; 30]).unwrap();
        assert_eq!(sealed.key_id(), "k1");
        assert_eq!(sealed.payload(), [7; 30]);
        assert_eq!(Sealed::parse(sealed.as_str()), Ok(sealed.clone()));
        assert_eq!(format!("{sealed:?}"), "[sealed]");
        let payload = URL_SAFE_NO_PAD.encode([7; 30]);
        for (text, why) in [
            (String::new(), SealedError::Form),
            ("13800000000".to_owned(), SealedError::Form),
            (format!("v2.k1.{payload}"), SealedError::Form),
            (format!("v1.k1.{payload}.x"), SealedError::Form),
            (format!("v1..{payload}"), SealedError::KeyId),
            (format!("v1.K1.{payload}"), SealedError::KeyId),
            (format!("v1.k1.{payload}=="), SealedError::Payload),
            ("v1.k1.".to_owned(), SealedError::Payload),
            (format!("v1.k1.{}", URL_SAFE_NO_PAD.encode([7; 27])), SealedError::Payload),
        ] {
            assert_eq!(Sealed::parse(&text), Err(why), "{text}");
        }
    }

    #[test]
    fn json_is_a_checked_string() {
        let sealed = Sealed::assemble("k1", &[7; 30]).unwrap();
        let json = serde_json::to_string(&sealed).unwrap();
        assert_eq!(serde_json::from_str::<Sealed>(&json).unwrap(), sealed);
        let error = serde_json::from_str::<Sealed>(r#""220102199003071235""#).unwrap_err();
        assert!(!error.to_string().contains("2201"));
    }

    proptest! {
        #[test]
        fn hex_round_trip(bytes: [u8; 32]) {
            let index = BlindIndex::from_bytes(bytes);
            prop_assert_eq!(BlindIndex::from_hex(&index.to_hex()), Some(index));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Sealed::parse(&text);
            let _ = BlindIndex::from_hex(&text);
        }
    }
}
