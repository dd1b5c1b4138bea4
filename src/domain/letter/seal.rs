//! The electronic seal of a letter: an outside service sets it on the PDF, and the state of that stands
//! on the letter. The frozen content stays what it is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::attachment::{ObjectKey, Sha256};
use crate::domain::ids::UserId;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// Where the electronic seal of a letter stands.
    pub enum SealState in "seal_state" {
        Requested = "requested" : "已申请用印" / "requested",
        Sealed = "sealed" : "已用印" / "sealed",
        Failed = "failed" : "用印失败" / "failed",
    }
}

text_enum! {
    /// Why a letter got no seal.
    pub enum SealFailure in "seal_failure" {
        Refused = "refused" : "用印服务拒绝" / "the seal service refused",
        Unreachable = "unreachable" : "用印服务多次无应答" / "the seal service did not answer, however often it was asked",
        NotPdf = "not_pdf" : "用印服务返回的不是完整的PDF文件" / "what came back is not a whole PDF",
        Unchanged = "unchanged" : "用印服务返回的文件未加盖印章" / "what came back is what was sent, without a seal",
        TooLarge = "too_large" : "用印服务返回的文件过大" / "what came back is too large",
        NotPrinted = "not_printed" : "文书无法生成PDF" / "the letter could not be made into a PDF",
        NotStored = "not_stored" : "用印后的文件无法保存" / "the sealed file could not be kept",
        Voided = "letter_voided" : "文书已作废" / "the letter was declared void meanwhile",
    }
}

/// The electronic seal of one letter, from the request on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElectronicSeal {
    /// When it was asked for, last.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    pub requested_by: UserId,
    /// What came of it; none while it is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<SealSettled>,
}

/// What came of a request for a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealSettled {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub outcome: SealOutcome,
}

/// The sealed file, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealOutcome {
    /// The file that came back.
    Sealed(SealedFile),
    /// There is none.
    Failed(SealFailure),
}

/// A sealed PDF in the store of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    /// Where its bytes are.
    pub object: ObjectKey,
    /// How many.
    pub size: u64,
    /// Their digest.
    pub sha256: Sha256,
}

impl ElectronicSeal {
    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> SealState {
        match self.settled {
            None => SealState::Requested,
            Some(SealSettled { outcome: SealOutcome::Sealed(_), .. }) => SealState::Sealed,
            Some(SealSettled { outcome: SealOutcome::Failed(_), .. }) => SealState::Failed,
        }
    }

    /// The sealed file, when there is one.
    #[must_use]
    pub const fn file(&self) -> Option<&SealedFile> {
        match &self.settled {
            Some(SealSettled { outcome: SealOutcome::Sealed(file), .. }) => Some(file),
            _ => None,
        }
    }

    /// Why there is none, when that is settled.
    #[must_use]
    pub const fn failure(&self) -> Option<SealFailure> {
        match self.settled {
            Some(SealSettled { outcome: SealOutcome::Failed(why), .. }) => Some(why),
            _ => None,
        }
    }
}
