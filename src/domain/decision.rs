//! What an application can be answered with (答复决定): the table `data/decisions.json`, from
//! articles 36 to 39 of the 2019 text and 21 to 23 of the 2007 text.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize};

use super::regulation::RuleSetId;
use super::text_enum::text_enum;

text_enum! {
    /// The block of annual table three to which a decision belongs.
    pub enum DecisionKind in "decision_kind" {
        Disclosure = "disclosure" : "予以公开" / "disclosure",
        Partial = "partial" : "部分公开" / "partial disclosure",
        Refusal = "refusal" : "不予公开" / "refusal",
        Unavailable = "unavailable" : "无法提供" / "unavailable",
        NotProcessed = "not_processed" : "不予处理" / "not processed",
        Other = "other" : "其他处理" / "other",
        /// The application ends without an answer.
        Lapse = "lapse" : "视为放弃" / "lapse",
    }
}

text_enum! {
    /// What a draft answer can state; which of them it must, depends on the decision.
    pub enum DraftField in "draft_field" {
        Reasons = "reasons" : "理由" / "reasons",
        Article = "article" : "适用条款" / "article applied",
        Harm = "harm" : "公开可能造成的危害" / "harm of disclosure",
        SearchLog = "search_log" : "检索记录" / "search log",
        Provided = "provided" : "提供的内容" / "what is provided",
        HowToObtain = "how_to_obtain" : "获取方式和途径" / "how to obtain it",
        RightOrgan = "right_organ" : "负责公开的机关及联系方式" / "the responsible organ and its contact",
        EarlierCaseNumber = "earlier_case_number" : "前次申请编号" / "number of the earlier case",
        ConsultationResult = "consultation_result" : "征求意见结果" / "result of the consultation",
        ChannelPointer = "channel_pointer" : "应当使用的渠道" / "the proper channel",
        PublicationSource = "publication_source" : "公开出版物的获取途径" / "where it is published",
        BasisLaw = "basis_law" : "所依据的法律、行政法规" / "law or regulation relied on",
        Grounds = "grounds" : "各部分不予公开的理由" / "grounds, one for each part withheld",
        EarlierAnsweredDate = "earlier_answered_date" : "前次答复日期" / "date of the earlier answer",
        Explanation = "explanation" : "要求说明理由的情况" / "the request for an explanation",
        Conclusion = "conclusion" : "处理意见" / "conclusion",
    }
}

text_enum! {
    /// What must be so in the case itself before a decision can be made.
    pub enum Condition in "condition" {
        SupplementReceived = "supplement_received" : "已经收到补正" / "a supplement has been received",
        EarlierCaseAnswered = "earlier_case_answered" : "同一申请人的前次申请已经答复" / "an earlier case of the same applicant has been answered",
    }
}

text_enum! {
    /// Which decisions the legal office reviews before they leave.
    pub enum LegalityReview in "legality_review" {
        Always = "always" : "必须审核" / "always",
        Setting = "setting" : "由本机关设定" / "as the bureau has set it",
    }
}

/// A field that a draft must fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// The field.
    pub field: DraftField,
    /// Where the law says so, as [`super::said::citation`] reads it.
    pub article: String,
    /// The confidence mark.
    pub mark: String,
    /// What rests on practice or our assumption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A condition of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The condition.
    pub condition: Condition,
    /// Where the law says so.
    pub article: String,
}

/// How many grounds a draft states beside its decision, and which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundRule {
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
    /// The decision codes that can be a ground.
    pub codes: Vec<String>,
}

/// The basis of a decision under one text of the Regulation, and what its draft must state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Articles of that text, as `36(3)` (item) or `16 ¶2` (paragraph); empty when the decision
    /// rests on something else, which [`Basis::zh`] then names in full.
    pub articles: Vec<String>,
    /// The basis in words for the letter, without the name of the Regulation.
    pub zh: String,
    /// The fields that the draft must fill.
    pub required: Vec<Demand>,
    /// The fields that the law allows and does not demand.
    pub optional: Vec<DraftField>,
    /// What rests on opinions, practice or our assumption, with its confidence mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Basis {
    fn prove(&self) -> Result<(), &'static str> {
        let twice = |demand: &Demand| self.optional.contains(&demand.field);
        if self.zh.trim().is_empty() {
            Err("a basis without words")
        } else if self.required.iter().any(|demand| demand.article.trim().is_empty()) {
            Err("a demand without an article")
        } else if self.required.iter().any(twice) {
            Err("a field is demanded and optional")
        } else {
            Ok(())
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The stable code.
    pub code: String,
    /// The Chinese label.
    pub zh: String,
    /// The English label.
    pub en: String,
    /// The block of table three.
    pub kind: DecisionKind,
    /// The name of the letter; none for a lapse.
    pub letter_zh: Option<String>,
    /// The row of table three: `3.3.1` is 三、(三)1.
    pub annual_row: String,
    /// Whether by default reconsideration must come before litigation for decisions served from
    /// 2024-01-01 (行政复议法 2023 art. 23); the bureau's legal office may set it otherwise.
    pub reconsideration_first: bool,
    /// What must be so in the case itself; none for a lapse.
    #[serde(default)]
    pub conditions: Vec<Required>,
    /// Whether the legal office must see it; none for a lapse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legality_review: Option<LegalityReview>,
    /// The grounds that it takes.
    #[serde(default)]
    pub grounds: GroundRule,
    rule_sets: Bases,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bases {
    #[serde(rename = "2007", default, skip_serializing_if = "Option::is_none")]
    text_2007: Option<Basis>,
    #[serde(rename = "2019", default, skip_serializing_if = "Option::is_none")]
    text_2019: Option<Basis>,
}

impl Decision {
    /// The basis under one text; none when the decision does not exist under it.
    #[must_use]
    pub const fn basis(&self, rule_set: RuleSetId) -> Option<&Basis> {
        match rule_set {
            RuleSetId::Text2007 => self.rule_sets.text_2007.as_ref(),
            RuleSetId::Text2019 => self.rule_sets.text_2019.as_ref(),
        }
    }

    fn replaces(&self, known: &Self) -> Result<(), &'static str> {
        if (self.kind, &self.annual_row) != (known.kind, &known.annual_row) {
            return Err("kind and annual_row cannot change");
        }
        if self.letter_zh.is_none() != known.letter_zh.is_none()
            || self.legality_review.is_none() != known.legality_review.is_none()
        {
            return Err("letter_zh and legality_review are given for answers, and for no lapse");
        }
        for rule_set in RuleSetId::ALL {
            match (self.basis(rule_set), known.basis(rule_set)) {
                (None, None) => {}
                (Some(basis), Some(_)) => basis.prove()?,
                (None, Some(_)) | (Some(_), None) => {
                    return Err("under which texts it exists cannot change");
                }
            }
        }
        let grounds = &self.grounds;
        let unknown = grounds.codes.iter().any(|code| DecisionCode::parse(code).is_err());
        if unknown || grounds.min > grounds.max {
            return Err("grounds of unknown decisions, or more at least than at most");
        }
        Ok(())
    }

    /// Whether this is a lapse and not an answer.
    #[must_use]
    pub const fn is_lapse(&self) -> bool {
        matches!(self.kind, DecisionKind::Lapse)
    }
}

/// The code of a row of the built-in table; cannot be made otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DecisionCode(&'static str);

/// A text that is the code of no decision. Does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown decision, expected one of {}", .allowed.join(", "))]
pub struct UnknownDecision {
    /// The codes that would have been accepted.
    pub allowed: Vec<&'static str>,
}

impl DecisionCode {
    /// Looks a code up in the built-in table.
    ///
    /// # Errors
    /// Names the allowed codes when there is no such decision.
    pub fn parse(code: &str) -> Result<Self, UnknownDecision> {
        let rows = Decisions::builtin().rows();
        rows.iter().find(|row| row.code == code).map(|row| Self(&row.code)).ok_or_else(|| {
            UnknownDecision { allowed: rows.iter().map(|row| row.code.as_str()).collect() }
        })
    }

    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for DecisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecisionCode({})", self.0)
    }
}

impl fmt::Display for DecisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'de> Deserialize<'de> for DecisionCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// The table of decisions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Decisions {
    decisions: Vec<Decision>,
}

impl Decisions {
    /// The table built into the program. A test proves that it reads; were it damaged, it would
    /// be empty and every decision refused.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static TABLE: OnceLock<Decisions> = OnceLock::new();
        TABLE.get_or_init(|| {
            serde_json::from_str(include_str!("../../data/decisions.json")).unwrap_or_default()
        })
    }

    /// Reads a table that shall stand in the place of the built-in one, and proves it. What a decision
    /// is cannot change, for cases, letters and figures rest on it: its code, its kind, its row of the
    /// annual report, and under which texts it exists. How it is named, on what it rests and what it
    /// demands can.
    ///
    /// # Errors
    /// What is wrong, by the code of the decision.
    pub fn replacing(text: &str) -> Result<Self, String> {
        let table: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let builtin = Self::builtin();
        let codes = |table: &Self| -> Vec<String> {
            table.decisions.iter().map(|row| row.code.clone()).collect()
        };
        if codes(&table) != codes(builtin) {
            return Err("the codes must be those of the program, in their order".to_owned());
        }
        for (row, known) in table.decisions.iter().zip(&builtin.decisions) {
            row.replaces(known).map_err(|what| format!("{}: {what}", row.code))?;
        }
        Ok(table)
    }

    /// Every row, in the order of table three.
    #[must_use]
    pub fn rows(&self) -> &[Decision] {
        &self.decisions
    }

    /// The row of a code.
    #[must_use]
    pub fn find(&self, code: DecisionCode) -> Option<&Decision> {
        self.decisions.iter().find(|row| row.code == code.as_str())
    }

    /// Whether the decision exists under this text.
    #[must_use]
    pub fn exists_under(&self, code: DecisionCode, rule_set: RuleSetId) -> bool {
        self.basis(code, rule_set).is_some()
    }

    /// The basis of the decision under this text; none when it does not exist under it.
    #[must_use]
    pub fn basis(&self, code: DecisionCode, rule_set: RuleSetId) -> Option<&Basis> {
        self.find(code).and_then(|row| row.basis(rule_set))
    }

    /// What a draft must fill and does not. Empty also for a decision that does not
    /// exist under this text: ask [`Decisions::exists_under`] first.
    #[must_use]
    pub fn missing_fields(
        &self,
        code: DecisionCode,
        rule_set: RuleSetId,
        present: &BTreeSet<DraftField>,
    ) -> Vec<&Demand> {
        let required = self.basis(code, rule_set).map_or(&[][..], |basis| &basis.required);
        required.iter().filter(|demand| !present.contains(&demand.field)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const CODES: [&str; 23] = [
        "already_public",
        "disclose",
        "partial",
        "refuse_secret",
        "refuse_law",
        "refuse_safety",
        "refuse_third",
        "refuse_internal",
        "refuse_process",
        "refuse_casefile",
        "special_channel",
        "not_exist",
        "not_ours",
        "needs_processing",
        "still_unclear",
        "petition",
        "repeat",
        "publication",
        "excessive",
        "reconfirm",
        "other",
        "abandoned_supplement",
        "abandoned_fee",
    ];

    fn code(text: &str) -> DecisionCode {
        DecisionCode::parse(text).unwrap()
    }

    #[test]
    fn the_table_reads_and_has_every_code_once() {
        let table: Decisions =
            serde_json::from_str(include_str!("../../data/decisions.json")).unwrap();
        let codes: Vec<_> = table.rows().iter().map(|row| row.code.as_str()).collect();
        assert_eq!(codes, CODES);
    }

    #[test]
    fn every_row_is_consistent() {
        for row in Decisions::builtin().rows() {
            let block = row.annual_row.chars().nth(2).unwrap();
            let expected = match row.kind {
                DecisionKind::Disclosure => '1',
                DecisionKind::Partial => '2',
                DecisionKind::Refusal => '3',
                DecisionKind::Unavailable => '4',
                DecisionKind::NotProcessed => '5',
                DecisionKind::Other | DecisionKind::Lapse => '6',
            };
            assert_eq!(block, expected, "{}", row.code);
            assert_eq!(row.letter_zh.is_none(), row.is_lapse(), "{}", row.code);
            let first = row.code.starts_with("refuse_") || row.code == "partial";
            assert_eq!(row.reconsideration_first, first, "{}", row.code);
            assert!(row.basis(RuleSetId::Text2019).is_some(), "{}", row.code);
            for basis in RuleSetId::ALL.iter().filter_map(|rule_set| row.basis(*rule_set)) {
                assert!(!basis.zh.is_empty());
                assert!(!basis.articles.is_empty() || basis.note.is_some(), "{}", row.code);
                let optional = |demand: &Demand| basis.optional.contains(&demand.field);
                assert!(!basis.required.iter().any(optional), "{}", row.code);
                assert_eq!(basis.required.is_empty(), row.is_lapse(), "{}", row.code);
                for demand in &basis.required {
                    assert!(!demand.article.is_empty() && demand.mark.starts_with('['));
                }
            }
            assert_eq!(row.legality_review.is_none(), row.is_lapse(), "{}", row.code);
            let refuses = row.annual_row.starts_with("3.3") || row.kind == DecisionKind::Partial;
            let always = row.legality_review == Some(LegalityReview::Always);
            assert_eq!(always, refuses, "{}", row.code);
            assert!(row.grounds.min <= row.grounds.max, "{}", row.code);
            assert!(row.grounds.codes.iter().all(|code| CODES.contains(&code.as_str())));
        }
    }

    #[test]
    fn every_leaf_row_of_table_three_is_reached_and_labelled() {
        let labels: Value = serde_json::from_str(include_str!("../../data/labels.json")).unwrap();
        let used: BTreeSet<_> =
            Decisions::builtin().rows().iter().map(|row| row.annual_row.as_str()).collect();
        let leaves: BTreeSet<_> = labels["annual_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .filter(|id| id.starts_with("3.") && *id != "3.7")
            .collect();
        assert_eq!(used, leaves);
        assert_eq!(used.len(), 21);
    }

    #[test]
    fn some_decisions_do_not_exist_under_the_text_of_2007() {
        let missing: Vec<_> = CODES
            .iter()
            .filter(|c| !Decisions::builtin().exists_under(code(c), RuleSetId::Text2007))
            .collect();
        assert_eq!(missing, [&"refuse_casefile", &"excessive", &"reconfirm", &"abandoned_fee"]);
    }

    #[test]
    fn missing_fields_are_named_in_order() {
        let table = Decisions::builtin();
        let (safety, text) = (code("refuse_safety"), RuleSetId::Text2019);
        let mut present = BTreeSet::from([DraftField::Article, DraftField::SearchLog]);
        let missing = table.missing_fields(safety, text, &present);
        let fields: Vec<_> = missing.iter().map(|demand| demand.field).collect();
        assert_eq!(fields, [DraftField::Reasons, DraftField::Harm]);
        present.extend(fields);
        assert!(table.missing_fields(safety, text, &present).is_empty());
        let articles = &table.basis(safety, text).unwrap().articles;
        assert_eq!(articles, &["36(3)", "14"]);
    }

    #[test]
    fn codes_come_from_the_table_only() {
        let read: DecisionCode = serde_json::from_str(r#""not_exist""#).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#""not_exist""#);
        let error = serde_json::from_str::<DecisionCode>(r#""DISCLOSE""#).unwrap_err().to_string();
        assert!(error.contains("expected one of already_public, disclose"), "{error}");
        assert!(!error.contains("DISCLOSE"));
    }
}
