//! The form of a case that was taken out as one file: what its manifest says, and how it is signed
//! (docs/adr/0020-a-case-as-one-file.md).

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::attachment::Sha256;
use crate::domain::text_enum::text_enum;

/// What the manifest calls the form.
pub const CASE_EXPORT: &str = "gongkai.case-export";

/// The version of the form.
pub const CASE_EXPORT_VERSION: u32 = 1;

/// The last entry but one: what all others are.
pub const MANIFEST: &str = "manifest.json";

/// The last entry: the signature over the bytes of the manifest.
pub const SIGNATURE: &str = "manifest.sig";

/// The algorithm of the signature (RFC 8032).
pub const ALGORITHM: &str = "Ed25519";

text_enum! {
    /// What an entry is.
    pub enum EntryKind in "export_entry" {
        Case = "case" : "申请件" / "the case",
        Events = "events" : "事件" / "its events",
        Letter = "letter" : "文书" / "a letter",
        LetterHtml = "letter_html" : "文书网页" / "a letter as a page",
        LetterDocx = "letter_docx" : "文书DOCX" / "a letter as DOCX",
        LetterPdf = "letter_pdf" : "文书PDF" / "a letter as PDF",
        File = "file" : "附件" / "a file",
        FileList = "file_list" : "附件清单" / "what its files are",
        Ledger = "ledger" : "账本" / "the ledger",
    }
}

text_enum! {
    /// Why something of the case is not in the file.
    pub enum Absence in "export_absence" {
        NoFont = "no_font" : "没有可用的字体" / "no font that could print it",
        Detached = "detached" : "附件已取下" / "the file was taken down",
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where it is in the archive.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// The letter or the attachment that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

/// Something that the case has and the file has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omission {
    /// What.
    pub kind: EntryKind,
    /// Which.
    pub id: Uuid,
    /// Why.
    pub because: Absence,
}

/// Which case, and as of which change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseMark {
    /// Its id.
    pub id: Uuid,
    /// The version that was taken out.
    pub version: i64,
    /// The number on the receipt.
    pub receipt_number: String,
    /// The number in the register.
    pub case_number: Option<String>,
}

/// The manifest. Its canonical text (RFC 8785) is what is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`CASE_EXPORT`].
    pub format: String,
    /// [`CASE_EXPORT_VERSION`].
    pub format_version: u32,
    /// The bureau.
    pub agency: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Of which case.
    pub case: CaseMark,
    /// Every entry but the manifest and its signature, in the order of the archive.
    pub entries: Vec<Entry>,
    /// What is left out.
    pub omitted: Vec<Omission>,
}

/// The signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// [`ALGORITHM`].
    pub algorithm: String,
    /// The name of the key, as in `/.well-known/jwks.json`.
    pub key_id: String,
    /// The 64 bytes of the signature, base64url.
    pub signature: String,
}

/// A line of the events: one entry of the ledger as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLine {
    /// Its number.
    pub seq: i64,
    /// The hash of the entry before it, hexadecimal.
    pub prev_hash: String,
    /// Its text, byte for byte: what was hashed.
    pub body: String,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// The end of the ledger when the file was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadMark {
    /// The number of the last entry.
    pub seq: i64,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// A public key (RFC 8037 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMark {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The name.
    pub kid: String,
    /// The 32 bytes, base64url.
    pub x: String,
}

/// What is said of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerMark {
    /// Its end.
    pub head: HeadMark,
    /// The keys by which the server signs, as in `/.well-known/jwks.json`.
    pub keys: Vec<KeyMark>,
}

/// The digest of some bytes.
#[must_use]
pub fn sha256_of(bytes: &[u8]) -> Sha256 {
    let sum = digest(&SHA256, bytes);
    // SHA-256 gives 32 bytes.
    Sha256(sum.as_ref().first_chunk().copied().unwrap_or_default())
}
