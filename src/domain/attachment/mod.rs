//! Files that belong to a case (附件): what may be one, and what is kept of it. The bytes are elsewhere
//! (service/files); here are the rules, as functions of what was seen of them.

mod container;
mod content;
mod name;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;
use super::ids::{AttachmentId, UserId};
use super::text_enum::text_enum;

pub use container::{Container, Part, TYPES_AT_MOST, TYPES_PART, is_safe_path, parts_declared};
pub use content::{ContentFault, Glimpse, HEAD_BYTES, TAIL_BYTES};
pub use name::{FileName, NAME_CHARS_AT_MOST, NameFault, is_hidden};

text_enum! {
    /// For what a file is attached (附件用途).
    pub enum Purpose in "attachment_purpose" {
        Application = "application" : "申请材料" / "application",
        Supplement = "supplement" : "补正材料" / "supplement",
        /// Meant to be provided with the answer; a draft names it.
        Draft = "draft" : "拟提供的文件" / "to be provided",
        /// The only one that can still be attached when the case is answered.
        ServiceProof = "service_proof" : "送达证明" / "proof of service",
        Other = "other" : "其他" / "other",
    }
}

text_enum! {
    /// What kind of file it is, by its content. Formats that can carry macros in a form that is not
    /// looked into (DOC, XLS) are not here: who has one saves it as one of these.
    pub enum FileType in "file_type" {
        Pdf = "pdf" : "PDF 文档" / "PDF document",
        /// GB/T 33190.
        Ofd = "ofd" : "OFD 版式文档" / "OFD document",
        Docx = "docx" : "Word 文档" / "Word document",
        Xlsx = "xlsx" : "Excel 工作簿" / "Excel workbook",
        Jpeg = "jpeg" : "JPEG 图像" / "JPEG picture",
        Png = "png" : "PNG 图像" / "PNG picture",
    }
}

impl FileType {
    /// The endings of names that stand for it, in lower case.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Ofd => &["ofd"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
        }
    }

    /// The type that the ending of a name stands for, whatever its case.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        let known = |known: &&str| known.eq_ignore_ascii_case(extension);
        Self::ALL.iter().find(|kind| kind.extensions().iter().any(known)).copied()
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Is it a ZIP archive inside?
    #[must_use]
    pub const fn is_container(self) -> bool {
        matches!(self, Self::Ofd | Self::Docx | Self::Xlsx)
    }
}

/// The SHA-256 of a file's bytes; hexadecimal as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = hex::decode(&text).map(Self);
        bytes.ok_or_else(|| serde::de::Error::custom("64 hexadecimal digits are a SHA-256"))
    }
}

/// Where the bytes of a file are: a random name that tells nothing of the file or its case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// A key of fresh random bytes: `9f/9f86d081…`. The first two digits are a folder, so that no
    /// folder grows too large.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let name = hex::encode(&bytes);
        Self(format!("{}/{name}", name.get(..2).unwrap_or_default()))
    }

    /// Reads a key back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (_, name) = text.split_once('/')?;
        let key = Self::from_random(hex::decode(name)?);
        (key.0 == text).then_some(key)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ObjectKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no key of an object"))
    }
}

/// A file that belongs to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// For what it is attached.
    pub purpose: Purpose,
    /// Its name; it may name a person.
    pub name: FileName,
    /// What kind of file it is.
    pub file_type: FileType,
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Where the bytes are.
    pub object: ObjectKey,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was attached.
    pub attached_at: DateTime<Utc>,
    /// By whom.
    pub attached_by: UserId,
    /// How it was taken down, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detached: Option<Detachment>,
}

/// How a file was taken down (取下). It stays in the record, and is given to nobody any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detachment {
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: UserId,
}

/// A file that a draft provides, as it was when the draft was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvidedFile {
    /// Which attachment.
    pub id: AttachmentId,
    /// Its name.
    pub name: FileName,
    /// What kind of file it is.
    pub file_type: FileType,
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

impl From<&Attachment> for ProvidedFile {
    fn from(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id,
            name: attachment.name.clone(),
            file_type: attachment.file_type,
            size: attachment.size,
            sha256: attachment.sha256,
        }
    }
}

/// How many files, and how large, are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// The largest file, in bytes.
    pub file: u64,
    /// All files of one case together, in bytes.
    pub case: u64,
    /// Files of one case.
    pub count: usize,
    /// What one user may upload in one legal day, in bytes.
    pub daily: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for FileLimits {
    fn default() -> Self {
        Self { file: 50 * MIB, case: 500 * MIB, count: 200, daily: 2048 * MIB }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_endings() {
        for kind in FileType::ALL {
            for extension in kind.extensions() {
                assert_eq!(FileType::of_extension(extension), Some(*kind));
                assert_eq!(FileType::of_extension(&extension.to_uppercase()), Some(*kind));
            }
        }
        for other in ["", "doc", "xls", "zip", "docm", "exe", "pd", "pdff"] {
            assert_eq!(FileType::of_extension(other), None, "{other}");
        }
    }

    #[test]
    fn keys_and_digests_read_back_and_nothing_else_does() {
        let key = ObjectKey::from_random([0x9f; 16]);
        assert_eq!(key.as_str(), format!("9f/{}", "9f".repeat(16)));
        assert_eq!(ObjectKey::parse(key.as_str()), Some(key));
        let right = "9f".repeat(16);
        for wrong in [
            right.clone(),
            format!("9e/{right}"),
            format!("../{right}"),
            format!("9f/{}", right.to_uppercase()),
            format!("9f/{right}/x"),
            "9f/".to_owned(),
        ] {
            assert_eq!(ObjectKey::parse(&wrong), None, "{wrong}");
        }
        let digest = Sha256([7; 32]);
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Sha256>(&json).unwrap(), digest);
        assert!(serde_json::from_str::<Sha256>("\"07\"").is_err());
    }
}
