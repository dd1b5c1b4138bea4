//! The kinds of documents, as `data/letters.json` lists them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::Letters;
use super::sheet::SealPlace;
use crate::domain::regulation::RuleSetId;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// Whom a document is for.
    pub enum Audience in "letter_audience" {
        Applicant = "applicant" : "申请人" / "the applicant",
        ThirdParty = "third_party" : "第三方" / "a third party",
        Agency = "agency" : "机关" / "an agency",
        Unit = "unit" : "内设机构" / "a unit of the bureau",
        File = "file" : "案卷" / "the file",
    }
}

text_enum! {
    /// What issues a document: an action, in its own command; or nothing, when it is drawn from the
    /// case whenever somebody wants it.
    pub enum IssuedBy in "letter_issued_by" {
        OnDemand = "on_demand" : "随时打印" / "drawn on demand",
        RequestSupplement = "request_supplement" : "要求补正" / "request a supplement",
        DecideExtension = "decide_extension" : "决定延期" / "decide an extension",
        Answer = "answer" : "签发答复" / "answer",
        Consult = "consult" : "征求意见" / "consult",
        RequestExplanation = "request_explanation" : "要求说明理由" / "request reasons",
        NotifyFee = "notify_fee" : "通知缴费" / "notify a fee",
        IssueLetter = "issue_letter" : "制发文书" / "issue a letter",
        AskSubtask = "ask_subtask" : "请求协办" / "ask for a subtask",
        Urge = "urge" : "督办" / "urge",
        Archive = "archive" : "归档" / "archive",
    }
}

/// What a letter cites under one text, when the decision table does not say more.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterBasis {
    /// The articles, without the name of the Regulation.
    pub zh: String,
    /// How sure that is.
    pub mark: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bases {
    #[serde(rename = "2007")]
    text_2007: Option<LetterBasis>,
    #[serde(rename = "2019")]
    text_2019: Option<LetterBasis>,
}

/// One kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindRow {
    /// The stable code.
    pub code: String,
    /// The title that it bears.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Whom it is for.
    pub to: Audience,
    /// The series in which it is numbered; none when it bears no number.
    pub series: Option<String>,
    /// What issues it.
    pub issued_by: IssuedBy,
    /// The decisions that it tells of.
    pub decisions: Vec<String>,
    basis: Bases,
    /// Does it tell of remedies?
    pub remedy: bool,
    /// Which seal it bears.
    pub seal: SealPlace,
    /// What rests on practice or our assumption.
    pub note: String,
    /// Every fact that its template may print.
    pub placeholders: Vec<String>,
}

impl KindRow {
    /// What it cites under this text; none when the text says nothing of it.
    #[must_use]
    pub fn basis(&self, rule_set: RuleSetId) -> Option<&LetterBasis> {
        match rule_set {
            RuleSetId::Text2007 => self.basis.text_2007.as_ref(),
            RuleSetId::Text2019 => self.basis.text_2019.as_ref(),
        }
    }
}

/// The code of a kind of the built-in table; cannot be made otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LetterKind(&'static str);

/// A text that is the code of no kind. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of letter")]
pub struct UnknownKind;

impl LetterKind {
    /// Looks a code up.
    ///
    /// # Errors
    /// There is no such kind.
    pub fn parse(code: &str) -> Result<Self, UnknownKind> {
        let mut rows = Letters::builtin().kinds().iter();
        rows.find(|row| row.code == code).map(|row| Self(&row.code)).ok_or(UnknownKind)
    }

    /// The notice that asks for a supplement.
    pub const SUPPLEMENT_NOTICE: Self = Self("supplement_notice");
    /// The notice of an extension.
    pub const EXTENSION_NOTICE: Self = Self("extension_notice");
    /// The index of the papers of a case.
    pub const CLOSING_INDEX: Self = Self("closing_index");
    /// The form of an application.
    pub const APPLICATION_FORM: Self = Self("application_form");
    /// The receipt of a registered application.
    pub const RECEIPT: Self = Self("receipt");
    /// The sheet with which a case goes to a unit.
    pub const TRANSFER_SHEET: Self = Self("transfer_sheet");
    /// The sheet of the reviews of an answer.
    pub const REVIEW_SHEET: Self = Self("review_sheet");
    /// The proof of service.
    pub const SERVICE_RECEIPT: Self = Self("service_receipt");

    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The title that letters of this kind bear.
    #[must_use]
    pub fn title(self) -> &'static str {
        Letters::builtin().kind(self).map_or("", |row| &row.zh)
    }

    /// Does it answer the application?
    #[must_use]
    pub fn is_answer(self) -> bool {
        Letters::builtin().kind(self).is_some_and(|row| !row.decisions.is_empty())
    }
}

impl fmt::Debug for LetterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LetterKind({})", self.0)
    }
}

impl fmt::Display for LetterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'de> Deserialize<'de> for LetterKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
