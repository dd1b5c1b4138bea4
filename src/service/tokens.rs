//! Access tokens: signed with Ed25519 (RFC 8037), at most 15 minutes, typed `at+jwt` (RFC 9068).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use aws_lc_rs::{digest, hmac};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::hex;
use crate::domain::ids::UserId;
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

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
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
    /// The epoch of his tokens when this one was issued.
    pub epoch: i64,
    expires: i64,
    issued: i64,
}

/// Signs and checks access tokens.
pub struct Issuer {
    signing: EncodingKey,
    verifying: DecodingKey,
    header: Header,
    rules: Validation,
    texts: hmac::Key,
    remembered: RwLock<HashMap<[u8; 32], Bearer>>,
}

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the token key cannot be used")]
pub struct KeyError;

impl Issuer {
    /// From the 32-byte seed of an Ed25519 key.
    ///
    /// # Errors
    /// The cryptographic library refuses the seed.
    pub fn new(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError)?;
        let public = pair.public_key().as_ref();
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
        let key_id = hex::encode(digest::digest(&digest::SHA256, public).as_ref());
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key_id.chars().take(16).collect());
        // Another use of the seed gets a key of its own, derived by it.
        let seed_key = hmac::Key::new(hmac::HMAC_SHA256, seed);
        let text_key = hmac::sign(&seed_key, b"gongkai/texts/v1").as_ref().to_vec();
        Ok(Self {
            signing: EncodingKey::from_ed_der(&der),
            verifying: DecodingKey::from_ed_der(public),
            header,
            rules,
            texts: hmac::Key::new(hmac::HMAC_SHA256, &text_key),
            remembered: RwLock::default(),
        })
    }

    /// A token for a user, and the seconds for which it is good.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn issue(&self, user: &User, now: DateTime<Utc>, id: Uuid) -> Result<String, KeyError> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user.id.0,
            epoch: user.token_epoch,
            iat: now.timestamp(),
            exp: now.timestamp() + TOKEN_LIFE_SECS,
            jti: id,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing).map_err(|_| KeyError)
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
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        let digest: [u8; 32] = digest.as_ref().try_into().ok()?;
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
        let mut tag = [0; 16];
        let sum = hmac::sign(&self.texts, text.as_bytes());
        tag.iter_mut().zip(sum.as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }

    fn check(&self, token: &str) -> Option<Bearer> {
        // Ours is the only header: no other key, type or critical extension is understood.
        if jsonwebtoken::decode_header(token).ok()? != self.header {
            return None;
        }
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.rules).ok()?.claims;
        Some(Bearer {
            user: UserId(claims.sub),
            epoch: claims.epoch,
            expires: claims.exp,
            issued: claims.iat,
        })
    }
}
