//! The vault: the keys under which personal data is sealed, found again and checked.
//!
//! One master secret of 32 bytes per key id. HKDF-SHA256 (RFC 5869; salt `gongkai/vault/v1`)
//! derives three subkeys of it, told apart by their info text:
//!
//! | info | algorithm | use |
//! |---|---|---|
//! | `seal` | AES-256-GCM | fields and blobs |
//! | `blind-index` | HMAC-SHA256 | exact search without decryption |
//! | `query-code` | HMAC-SHA256 | digests of query codes (a pepper: the database alone does not allow guessing) |
//!
//! New values are always made under the current key. Older keys only open, and compare. A blind
//! index can be computed anew when its row is re-sealed; a query-code digest cannot, because its
//! code is stored nowhere, so a key must stay as an old key until the last case that got its code
//! under it is closed.
//!
//! Nonces are 96 random bits from the caller (see [`fresh_nonce`]): rotate a key before it has
//! sealed 2^32 values (NIST SP 800-38D section 8.3).

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, hkdf, hmac, rand};
use uuid::Uuid;

use crate::domain::hex;
use crate::domain::query_code::QueryCode;
use crate::domain::sealed::{BlindIndex, NONCE_LEN, PersonalField, Sealed, SealedError, is_key_id};

/// The table whose columns [`PersonalField`] names.
const TABLE: &str = "cases";
const SALT: &[u8] = b"gongkai/vault/v1";

/// Why the vault could not do what was asked. Never carries content or key material.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A key id is not 1 to 32 of `a-z 0-9 _ -`.
    #[error("a key id is 1 to 32 characters of a-z, 0-9, _ and -")]
    KeyId,
    /// Two keys have one id.
    #[error("the key id {0} is given twice")]
    DuplicateKey(String),
    /// The value was sealed under a key that this vault does not hold.
    #[error("the key {0} is not in the vault")]
    UnknownKey(String),
    /// The value was changed, or belongs to another row or column, or the key has another secret.
    #[error("the sealed value does not open here: changed, moved, or of another key")]
    DoesNotOpen,
    /// The content is not text.
    #[error("the sealed value is not text")]
    NotText,
    /// The parts do not make a sealed value.
    #[error(transparent)]
    Form(#[from] SealedError),
    /// The cryptographic library refused.
    #[error("the cryptographic library refused the operation")]
    Library,
}

/// The subkeys of one master secret.
struct KeySet {
    id: String,
    seal: LessSafeKey,
    index: hmac::Key,
    query_code: hmac::Key,
}

impl KeySet {
    fn derive(id: &str, secret: &[u8; 32]) -> Result<Self, VaultError> {
        if !is_key_id(id) {
            return Err(VaultError::KeyId);
        }
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
        let mac = |info: &'static [u8]| {
            prk.expand(&[info], hmac::HMAC_SHA256)
                .map(hmac::Key::from)
                .map_err(|_| VaultError::Library)
        };
        let seal = prk.expand(&[b"seal"], &AES_256_GCM).map_err(|_| VaultError::Library)?;
        Ok(Self {
            id: id.to_owned(),
            seal: LessSafeKey::new(UnboundKey::from(seal)),
            index: mac(b"blind-index")?,
            query_code: mac(b"query-code")?,
        })
    }

    fn blind_index(&self, field: PersonalField, normalised: &str) -> BlindIndex {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(TABLE.as_bytes());
        context.update(b"|");
        context.update(field.as_str().as_bytes());
        context.update(b"|");
        context.update(normalised.as_bytes());
        BlindIndex::from_bytes(tag_bytes(&context.sign()))
    }

    fn query_code_digest(&self, code: &QueryCode) -> [u8; 32] {
        tag_bytes(&hmac::sign(&self.query_code, code.as_bytes()))
    }
}

/// The 32 bytes of an HMAC-SHA256 tag.
fn tag_bytes(tag: &hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    bytes
}

/// Holds the current key and the older ones, and seals, opens and fingerprints with them.
pub struct Vault {
    current: KeySet,
    old: Vec<KeySet>,
}

impl Vault {
    /// A vault with one key, under which everything new is sealed.
    ///
    /// # Errors
    /// A key id that is not permitted.
    pub fn from_secret(key_id: &str, secret: &[u8; 32]) -> Result<Self, VaultError> {
        Ok(Self { current: KeySet::derive(key_id, secret)?, old: Vec::new() })
    }

    /// Adds an older key, which only opens and compares.
    ///
    /// # Errors
    /// A key id that is not permitted or already there.
    pub fn with_old_key(mut self, key_id: &str, secret: &[u8; 32]) -> Result<Self, VaultError> {
        if self.keys().any(|key| key.id == key_id) {
            return Err(VaultError::DuplicateKey(key_id.to_owned()));
        }
        self.old.push(KeySet::derive(key_id, secret)?);
        Ok(self)
    }

    /// The id of the key for new values.
    #[must_use]
    pub fn current_key_id(&self) -> &str {
        &self.current.id
    }

    /// Whether a value was sealed under an older key and should be sealed anew.
    #[must_use]
    pub fn is_outdated(&self, sealed: &Sealed) -> bool {
        sealed.key_id() != self.current.id
    }

    /// Every key, the current one first.
    fn keys(&self) -> impl Iterator<Item = &KeySet> {
        std::iter::once(&self.current).chain(&self.old)
    }

    /// Seals one personal field of one case. Give every call a fresh nonce.
    ///
    /// # Errors
    /// Only when the cryptographic library refuses (a text of more than 64 GiB).
    pub fn seal(
        &self,
        field: PersonalField,
        row_id: Uuid,
        clear: &str,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Sealed, VaultError> {
        self.seal_blob(&field_aad(field, row_id), clear.as_bytes(), nonce)
    }

    /// Opens one personal field of one case.
    ///
    /// # Errors
    /// An unknown key, or a value that was changed or comes from another row or column.
    pub fn open(
        &self,
        field: PersonalField,
        row_id: Uuid,
        sealed: &Sealed,
    ) -> Result<String, VaultError> {
        let bytes = self.open_blob(&field_aad(field, row_id), sealed)?;
        String::from_utf8(bytes).map_err(|_| VaultError::NotText)
    }

    /// Seals any bytes. `aad` must name the place where the value will stand, for example
    /// `webhooks|secret|<row id>`; it is needed again to open.
    ///
    /// # Errors
    /// Only when the cryptographic library refuses.
    pub fn seal_blob(
        &self,
        aad: &[u8],
        clear: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Result<Sealed, VaultError> {
        let mut text = clear.to_vec();
        let tag = self
            .current
            .seal
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut text,
            )
            .map_err(|_| VaultError::Library)?;
        let payload = [&nonce, text.as_slice(), tag.as_ref()].concat();
        Ok(Sealed::assemble(&self.current.id, &payload)?)
    }

    /// Opens what [`Vault::seal_blob`] sealed for the same place.
    ///
    /// # Errors
    /// An unknown key, or a value that was changed or moved.
    pub fn open_blob(&self, aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, VaultError> {
        let key = self
            .keys()
            .find(|key| key.id == sealed.key_id())
            .ok_or_else(|| VaultError::UnknownKey(sealed.key_id().to_owned()))?;
        let payload = sealed.payload();
        let (nonce, ciphertext) =
            payload.split_first_chunk::<NONCE_LEN>().ok_or(SealedError::Payload)?;
        let mut buffer = ciphertext.to_vec();
        let clear = key
            .seal
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut buffer)
            .map_err(|_| VaultError::DoesNotOpen)?;
        Ok(clear.to_vec())
    }

    /// The fingerprint of a normalised datum under the current key: what is stored.
    #[must_use]
    pub fn blind_index(&self, field: PersonalField, normalised: &str) -> BlindIndex {
        self.current.blind_index(field, normalised)
    }

    /// The fingerprints under every key, the current one first: what a search looks for while
    /// rows of older keys remain.
    #[must_use]
    pub fn blind_indexes(&self, field: PersonalField, normalised: &str) -> Vec<BlindIndex> {
        self.keys().map(|key| key.blind_index(field, normalised)).collect()
    }

    /// The digest of a query code under the current key: what is stored.
    #[must_use]
    pub fn query_code_digest(&self, code: &QueryCode) -> [u8; 32] {
        self.current.query_code_digest(code)
    }

    /// Whether a code belongs to a stored digest, under whichever key it was made. Takes the
    /// same time whatever the answer.
    #[must_use]
    pub fn query_code_matches(&self, code: &QueryCode, stored: &[u8; 32]) -> bool {
        self.keys().fold(false, |found, key| same(&key.query_code_digest(code), stored) | found)
    }

    /// The same for a digest as a case keeps it, in hexadecimal. A text that is no digest belongs to
    /// no code and costs as much.
    #[must_use]
    pub fn is_query_code(&self, code: &QueryCode, stored: &str) -> bool {
        let digest: Option<[u8; 32]> = hex::decode(stored);
        self.query_code_matches(code, &digest.unwrap_or_default()) & digest.is_some()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old: Vec<&str> = self.old.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Vault")
            .field("current", &self.current.id)
            .field("old", &old)
            .finish_non_exhaustive()
    }
}

/// The place of a personal field: `cases|<column>|<row id>`.
fn field_aad(field: PersonalField, row_id: Uuid) -> Vec<u8> {
    format!("{TABLE}|{field}|{row_id}").into_bytes()
}

/// Compares two digests in constant time.
#[must_use]
pub fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Twelve bytes of the operating system's randomness, for one sealing.
///
/// # Errors
/// When the system gives none.
pub fn fresh_nonce() -> Result<[u8; NONCE_LEN], VaultError> {
    fresh_bytes()
}

/// Bytes of the operating system's randomness: ten for a query code, 32 for a secret.
///
/// # Errors
/// When the system gives none.
pub fn fresh_bytes<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| VaultError::Library)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
