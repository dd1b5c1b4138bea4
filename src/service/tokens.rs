//! Access tokens: signed with Ed25519 (RFC 8037), at most 15 minutes, typed `at+jwt` (RFC 9068).
//! And refresh tokens: opaque, each good for one exchange (RFC 9700 §4.14).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::export::format::{ALGORITHM, Signed};
use crate::domain::hex;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::unit::User;

/// Seconds for which a token is good.
pub const TOKEN_LIFE_SECS: i64 = 15 * 60;

/// Seconds by which clocks may differ.
const LEEWAY_SECS: i64 = 60;

/// Verified tokens that are remembered; when the table is full it starts anew.
const REMEMBERED: usize = 10_000;

/// The longest token that is looked at.
const LONGEST: usize = 4096;

const ISSUER: &str = "gongkai";
const TYPE: &str = "at+jwt";

/// By what a refresh token is known at sight, e.g. by a scanner for leaked secrets.
const REFRESH_PREFIX: &str = "gkr_";

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    epoch: i64,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// Who a good token speaks for. Whether he may still come in is asked of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: UserId,
    /// The session in which it was issued.
    pub session: SessionId,
    /// The epoch of his tokens when this one was issued.
    pub epoch: i64,
    expires: i64,
    issued: i64,
}

/// A refresh token as it was presented. That it is of our own making is known; that it is the
/// current one of its session is for the writer to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session.
    pub session: SessionId,
    /// Which token of the session, from 1.
    pub generation: i64,
    /// The digest that is kept of it.
    pub digest: [u8; 32],
}

/// A public key by which tokens can be checked (RFC 8037 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name.
    pub key_id: String,
    /// The 32 bytes of the key, base64url.
    pub x: String,
}

/// One key pair and what is derived from it.
struct KeyPair {
    decoding: DecodingKey,
    header: Header,
    public: PublicKey,
    texts: hmac::Key,
}

/// Signs and checks tokens.
pub struct Issuer {
    signing: EncodingKey,
    signer: Ed25519KeyPair,
    current: KeyPair,
    retired: Vec<KeyPair>,
    rules: Validation,
    remembered: RwLock<HashMap<[u8; 32], Bearer>>,
}

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the token key cannot be used")]
pub struct KeyError;

impl KeyPair {
    fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError)?;
        let public = pair.public_key().as_ref();
        let key_id = key_id(public);
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key_id.clone());
        // Another use of the seed gets a key of its own, derived by it.
        let seed_key = hmac::Key::new(hmac::HMAC_SHA256, seed);
        let text_key = hmac::sign(&seed_key, b"gongkai/texts/v1").as_ref().to_vec();
        Ok(Self {
            decoding: DecodingKey::from_ed_der(public),
            header,
            public: PublicKey { key_id, x: URL_SAFE_NO_PAD.encode(public) },
            texts: hmac::Key::new(hmac::HMAC_SHA256, &text_key),
        })
    }

    fn tag(&self, text: &[u8]) -> [u8; 16] {
        let mut tag = [0; 16];
        let sum = hmac::sign(&self.texts, text);
        tag.iter_mut().zip(sum.as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }
}

impl Issuer {
    /// From the 32-byte seed of an Ed25519 key that signs, and those of keys that no longer sign
    /// but whose tokens are good until they expire.
    ///
    /// # Errors
    /// The cryptographic library refuses a seed.
    pub fn new(seed: &[u8; 32], retired: &[[u8; 32]]) -> Result<Self, KeyError> {
        // PKCS #8 of an Ed25519 seed is this prefix and the seed (RFC 8410 §7).
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        der.extend_from_slice(seed);
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is judged by the application's own clock.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        Ok(Self {
            signing: EncodingKey::from_ed_der(&der),
            signer: Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError)?,
            current: KeyPair::from_seed(seed)?,
            retired: retired.iter().map(KeyPair::from_seed).collect::<Result<_, _>>()?,
            rules,
            remembered: RwLock::default(),
        })
    }

    /// The public keys by which tokens that are alive can be checked, the signing one first.
    pub fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.pairs().map(|pair| &pair.public)
    }

    fn pairs(&self) -> impl Iterator<Item = &KeyPair> {
        std::iter::once(&self.current).chain(&self.retired)
    }

    /// Signs a manifest. What is signed is the canonical text of an object, which begins with a brace;
    /// a token's text never does, so none is taken for the other.
    #[must_use]
    pub fn sign(&self, manifest: &[u8]) -> Signed {
        Signed {
            algorithm: ALGORITHM.to_owned(),
            key_id: self.current.public.key_id.clone(),
            signature: URL_SAFE_NO_PAD.encode(self.signer.sign(manifest)),
        }
    }

    /// A token for a user in one of his sessions.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn issue(
        &self,
        user: &User,
        session: SessionId,
        (now, life_secs): (DateTime<Utc>, i64),
        id: Uuid,
    ) -> Result<String, KeyError> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user.id.0,
            sid: session.0,
            epoch: user.token_epoch,
            iat: now.timestamp(),
            exp: now.timestamp() + life_secs,
            jti: id,
        };
        jsonwebtoken::encode(&self.current.header, &claims, &self.signing).map_err(|_| KeyError)
    }

    /// For whom a token speaks; none when it is not a good one. A token that has been checked is
    /// remembered by its digest, so that the signature is checked once; time is checked each time.
    #[must_use]
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Bearer> {
        self.verify_if(token, now, || true)
    }

    /// As [`Issuer::verify`]; before the signature of a token that is not remembered is checked,
    /// asks whether it may be: that is the part that costs something.
    #[must_use]
    pub fn verify_if(
        &self,
        token: &str,
        now: DateTime<Utc>,
        may_check: impl FnOnce() -> bool,
    ) -> Option<Bearer> {
        if token.len() > LONGEST {
            return None;
        }
        let digest = digest_of(token.as_bytes());
        let known = {
            let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
            remembered.get(&digest).copied()
        };
        let bearer = if let Some(bearer) = known {
            bearer
        } else {
            let bearer = may_check().then(|| self.check(token))??;
            let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
            if remembered.len() >= REMEMBERED {
                remembered.clear();
            }
            remembered.insert(digest, bearer);
            bearer
        };
        let now = now.timestamp();
        let alive = now < bearer.expires.saturating_add(LEEWAY_SECS)
            && bearer.issued <= now.saturating_add(LEEWAY_SECS);
        alive.then_some(bearer)
    }

    /// A tag by which a text that was given out is known again, e.g. a cursor. The same on every
    /// server that has the key.
    #[must_use]
    pub fn seal_text(&self, text: &str) -> [u8; 16] {
        self.current.tag(text.as_bytes())
    }

    /// Was this text given out with this tag, under the present key or the one before it?
    #[must_use]
    pub fn has_sealed(&self, text: &str, tag: &[u8]) -> bool {
        self.pairs().any(|pair| {
            constant_time::verify_slices_are_equal(&pair.tag(text.as_bytes()), tag).is_ok()
        })
    }

    /// The refresh token of a session's generation, made of 256 random bits, and the digest to keep.
    #[must_use]
    pub fn refresh_token(
        &self,
        session: SessionId,
        generation: i64,
        random: &[u8; 32],
    ) -> (String, [u8; 32]) {
        let mut bytes = Vec::with_capacity(72);
        bytes.extend_from_slice(session.0.as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(random);
        let tag = self.current.tag(&bytes);
        bytes.extend_from_slice(&tag);
        let digest = digest_of(&bytes);
        (format!("{REFRESH_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)), digest)
    }

    /// Reads a refresh token of our own making; none when it is not. Nobody else can make one, so
    /// one of an earlier generation proves that a token was used twice.
    #[must_use]
    pub fn read_refresh_token(&self, token: &str) -> Option<RefreshToken> {
        let text = token.strip_prefix(REFRESH_PREFIX).filter(|text| text.len() == 96)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, tag) = bytes.split_at_checked(56)?;
        let genuine =
            |pair: &KeyPair| constant_time::verify_slices_are_equal(&pair.tag(body), tag).is_ok();
        if !self.pairs().any(genuine) {
            return None;
        }
        let session = Uuid::from_slice(body.get(..16)?).ok()?;
        let generation = i64::from_be_bytes(body.get(16..24)?.try_into().ok()?);
        Some(RefreshToken { session: SessionId(session), generation, digest: digest_of(&bytes) })
    }

    fn check(&self, token: &str) -> Option<Bearer> {
        // Ours are the only headers: no other key, type or critical extension is understood.
        let header = jsonwebtoken::decode_header(token).ok()?;
        let pair = self.pairs().find(|pair| pair.header == header)?;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &pair.decoding, &self.rules).ok()?.claims;
        Some(Bearer {
            user: UserId(claims.sub),
            session: SessionId(claims.sid),
            epoch: claims.epoch,
            expires: claims.exp,
            issued: claims.iat,
        })
    }
}

/// The name of a public key: the first 16 digits of its SHA-256.
#[must_use]
pub fn key_id(public: &[u8]) -> String {
    let digest = hex::encode(digest::digest(&digest::SHA256, public).as_ref());
    digest.chars().take(16).collect()
}

fn digest_of(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    sum
}
