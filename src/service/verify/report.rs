//! What came of a check.

use std::io;

use serde::Serialize;

use crate::domain::text_enum::text_enum;

/// Why a file is not looked into.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is nothing that is known.
    #[error("the file is of no kind that can be verified")]
    NoKind,
    /// It says of itself what this version does not know.
    #[error("this version does not know files of the kind {0:?}")]
    UnknownKind(String),
    /// It is an archive that is damaged, or made to do harm.
    #[error("the archive is not as such archives are: {0}")]
    Unsafe(&'static str),
    /// Something in it is larger than it can be.
    #[error("{0} is larger than it can be")]
    TooLarge(String),
    /// Something that must be there is not.
    #[error("the archive has no {0}")]
    Lacks(String),
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

text_enum! {
    /// What is wrong with a file.
    pub enum Fault in "verify_fault" {
        ManifestForm = "manifest_form" : "清单格式不符" / "The manifest is not of the form that it says.",
        EntryMissing = "entry_missing" : "缺少清单所列的条目" / "An entry of the manifest is not there.",
        EntryUnlisted = "entry_unlisted" : "存在清单以外的条目" / "An entry is not in the manifest.",
        EntryRepeated = "entry_repeated" : "清单重复列出同一条目" / "The manifest lists an entry twice.",
        SizeDiffers = "size_differs" : "长度不符" / "The length is another.",
        DigestDiffers = "digest_differs" : "校验值不符" / "The content is another.",
        SignatureForm = "signature_form" : "签名格式不符" / "The signature is not of the form that it should be.",
        KeyUnknown = "key_unknown" : "没有签名所用的公钥" / "The key that signed is none of those that are believed.",
        SignatureWrong = "signature_wrong" : "签名不符" / "The signature is not of this manifest.",
        EventForm = "event_form" : "事件格式不符" / "An event is not of the form of events.",
        EventHash = "event_hash" : "事件的哈希值不符" / "The hash is not that of the event's text.",
        EventForeign = "event_foreign" : "事件不属于该件" / "An event is not one of this case.",
        EventOrder = "event_order" : "事件缺失或者顺序错误" / "An event is missing or out of its order.",
        EventChain = "event_chain" : "相邻事件的哈希链中断" / "An event does not continue the one before it.",
        AnchorDiffers = "anchor_differs" : "与留存的账本头不符" / "The ledger that was written down says otherwise.",
        LetterForm = "letter_form" : "文书内容格式不符" / "The content of a letter is not of its frozen form.",
        LetterDiffers = "letter_differs" : "文书内容与账本所载不符" / "The content is not what the ledger says was issued.",
        LetterUnknown = "letter_unknown" : "账本未载该文书" / "The ledger knows no such letter.",
        LetterMissing = "letter_missing" : "缺少账本所载的文书" / "A letter that the ledger knows is not there.",
        FileDiffers = "file_differs" : "附件与账本所载不符" / "The file is not the one that the ledger says was attached.",
        FileUnknown = "file_unknown" : "账本未载该附件" / "The ledger knows no such file.",
        FileMissing = "file_missing" : "缺少账本所载的附件" / "A file that the ledger knows is not there.",
        CaseDiffers = "case_differs" : "申请件内容与账本或者清单不符" / "The case says otherwise than the ledger or the manifest.",
        LedgerForm = "ledger_form" : "账本信息格式不符" / "What is said of the ledger is not of its form.",
    }
}

text_enum! {
    /// What a whole file does not prove.
    pub enum Unproven in "verify_unproven" {
        Origin = "origin" : "公钥取自文件本身,只证明制作后未被改动;用 --key 提供另行取得的公钥" / "The key is the one in the file: that nobody changed it since it was signed is proved, who signed is not. Give the key that you got another way by --key.",
        Chain = "chain" : "只核对了该件的事件,未核对账本中其余事件;在服务器上用 gongkai audit verify 核对整个账本" / "The events of this case alone are here; that the ledger around them is whole, `gongkai audit verify` shows on the server.",
        Anchors = "anchors" : "没有与留存的账本头对照;用 --anchors 对照" / "No event and no head was compared with one that was written down outside the database: give those by --anchors.",
        Sealed = "sealed" : "事件中的个人信息和正文已密封,无法与申请件内容逐项核对" / "Personal data and texts are sealed in the events, so the case's words are bound by the signature alone.",
        Renderings = "renderings" : "文书的网页、DOCX、PDF 只由签名保证与制作时一致;冻结的内容是 JSON" / "Pages, DOCX and PDF of letters are bound by the signature alone; what was frozen is the JSON.",
        Omitted = "omitted" : "清单载明有内容未包含在内" / "The manifest says that something of the case is left out.",
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where: an entry, perhaps with a line or an id.
    pub place: String,
    /// What.
    pub fault: Fault,
}

/// By whom a file is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedBy {
    /// The name of the key.
    pub key_id: String,
    /// Did the key come another way than in the file?
    pub trusted: bool,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Entries of the manifest.
    pub entries: usize,
    /// Events of the ledger.
    pub events: usize,
    /// Letters.
    pub letters: usize,
    /// Files.
    pub files: usize,
    /// Heads that were written down and that an event or the head of the file is.
    pub anchors: usize,
}

/// Findings that are told; a file full of faults has no more to say.
pub(super) const FINDINGS_AT_MOST: usize = 1000;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What kind of file it is.
    pub kind: &'static str,
    /// What it is about, e.g. the numbers of a case.
    pub subject: String,
    /// Who signed it; none when no signature holds.
    pub signed_by: Option<SignedBy>,
    /// What was looked at.
    pub counted: Counted,
    /// Everything that is wrong; empty for a file that is whole.
    pub findings: Vec<Finding>,
    /// What it does not prove, although it is whole.
    pub unproven: Vec<Unproven>,
}

impl Report {
    /// Is nothing wrong with it?
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, place: impl Into<String>, fault: Fault) {
        if self.findings.len() < FINDINGS_AT_MOST {
            self.findings.push(Finding { place: super::shown(&place.into()), fault });
        }
    }
}
