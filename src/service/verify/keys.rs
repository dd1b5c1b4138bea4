//! The keys by which signatures are checked, and where they are read from.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::service::export::format::KeyMark;
use crate::service::tokens::key_id;

/// What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410 §4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A public Ed25519 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyKey {
    /// Its name, which follows from it.
    pub id: String,
    bytes: [u8; 32],
}

/// A text that holds no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no Ed25519 key in it: neither a JWK Set (RFC 7517), as /.well-known/jwks.json, nor a PEM public key"
)]
pub struct KeyFileError;

impl VerifyKey {
    fn of(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        Some(Self { id: key_id(&bytes), bytes })
    }

    /// From a key of a set.
    pub(super) fn of_mark(key: &KeyMark) -> Option<Self> {
        let fits = key.kty == "OKP" && key.crv == "Ed25519";
        let bytes = URL_SAFE_NO_PAD.decode(&key.x).ok().filter(|_| fits)?;
        Self::of(&bytes)
    }

    /// Reads the keys of a file: a JWK Set, a single JWK, or PEM.
    ///
    /// # Errors
    /// There is no Ed25519 key in it.
    pub fn read(text: &str) -> Result<Vec<Self>, KeyFileError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<KeyMark>,
        }
        let keys = if text.trim_start().starts_with('{') {
            let set = serde_json::from_str::<Set>(text).map(|set| set.keys);
            let set = set.or_else(|_| serde_json::from_str::<KeyMark>(text).map(|key| vec![key]));
            set.map_err(|_| KeyFileError)?.iter().filter_map(Self::of_mark).collect()
        } else {
            of_pem(text)
        };
        if keys.is_empty() { Err(KeyFileError) } else { Ok(keys) }
    }

    /// Is this the signature of the text by this key?
    #[must_use]
    pub fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.bytes).verify(text, signature).is_ok()
    }
}

fn of_pem(text: &str) -> Vec<VerifyKey> {
    let blocks = text.split("-----BEGIN PUBLIC KEY-----").skip(1);
    let keys = blocks.filter_map(|block| {
        let (body, _) = block.split_once("-----END PUBLIC KEY-----")?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).ok()?;
        VerifyKey::of(der.strip_prefix(&SPKI)?)
    });
    keys.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8032 §7.1, test 1.
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn keys_are_read_from_every_form() {
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"another name","x":"{PUBLIC}"}}"#);
        let one = VerifyKey::read(&jwk).unwrap();
        let set = VerifyKey::read(&format!(r#"{{"keys":[{jwk}]}}"#)).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(PUBLIC).unwrap();
        let der = STANDARD.encode([SPKI.as_slice(), &bytes].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
        let pem = VerifyKey::read(&pem).unwrap();
        assert!(one == set && set == pem && one.len() == 1);
        assert_eq!(
            one[0].id,
            key_id(&bytes),
            "the name is that of the key, not what the file says"
        );
    }

    #[test]
    fn what_is_no_key_is_none() {
        let rsa = r#"{"keys":[{"kty":"RSA","crv":"","kid":"","x":""}]}"#;
        let short = r#"{"kty":"OKP","crv":"Ed25519","kid":"","x":"AAAA"}"#;
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        for text in ["", "{", "{}", rsa, short, pem, "-----BEGIN PUBLIC KEY-----"] {
            assert_eq!(VerifyKey::read(text), Err(KeyFileError), "{text}");
        }
    }
}
