//! What a case keeps of the letters that were issued on it.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ContentHash, ElectronicSeal, LetterKind, SeriesCode};
use crate::domain::ids::{CaseId, UserId};

/// One issued letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LetterId(pub Uuid);

impl LetterId {
    /// The id of a case's letter by its place among them, from 0. It follows from the case, so that
    /// issuing needs no randomness; it is no secret, as whoever may read the case may read it.
    #[must_use]
    pub fn of(case: CaseId, place: usize) -> Self {
        let sum = digest(&SHA256, format!("gongkai/letter/v1|{case}|{place}").as_bytes());
        let bytes = sum.as_ref().first_chunk::<16>().copied().unwrap_or_default();
        // Version 8 (RFC 9562 §5.8).
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl std::fmt::Display for LetterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterNumber {
    /// The series.
    pub series: SeriesCode,
    /// The legal year of issue.
    pub year: i32,
    /// The running number, from 1.
    pub n: i64,
    /// In words, e.g. 长公公开不予〔2026〕17号.
    pub text: String,
}

/// Why a letter is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterVoid {
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: UserId,
}

/// An issued letter as its case knows it. The content stands elsewhere, sealed; its digest is here and
/// so in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterRef {
    /// Its id.
    pub id: LetterId,
    /// What it is.
    pub kind: LetterKind,
    /// Its number; none for a kind that bears none.
    pub number: Option<LetterNumber>,
    /// The digest of its content.
    pub content_hash: ContentHash,
    /// The paragraph on remedies that it bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The request for extension that it tells of, by its place from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<usize>,
    /// The subtask that it documents, by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtask: Option<u32>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// By whom.
    pub issued_by: UserId,
    /// Its electronic seal, once one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<ElectronicSeal>,
    /// Why it is void, when it is. Its number is not used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<LetterVoid>,
}

impl LetterRef {
    /// Does it hold?
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.void.is_none()
    }
}
