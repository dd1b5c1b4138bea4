//! What the bureau has decided for itself where the law leaves it the choice.

use super::retention::Retention;
use super::text_enum::text_enum;

text_enum! {
    /// Which drafts go to the legal office before they leave (Regulation 2019, art. 45). Refusals
    /// and partial disclosures always do.
    pub enum LegalReview in "legal_review" {
        RequiredOnly = "required_only" : "仅不予公开和部分公开" / "refusals and partial disclosures alone",
        All = "all" : "全部答复" / "every answer",
    }
}

text_enum! {
    /// May one clerk answer on the spot, alone, that the information is public already
    /// (Regulation 2019, art. 36(1))? Nothing leaves then that has not left before.
    pub enum OneClerk in "one_clerk" {
        Off = "off" : "不允许" / "no",
        On = "on" : "允许" / "yes",
    }
}

/// The choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Which drafts the legal office reviews.
    pub legal_review: LegalReview,
    /// Whether one clerk may point to published information alone.
    pub one_clerk: OneClerk,
    /// How long the papers of a case are kept.
    pub retention: Retention,
}

impl Default for Practice {
    fn default() -> Self {
        Self {
            legal_review: LegalReview::RequiredOnly,
            one_clerk: OneClerk::Off,
            retention: Retention::default(),
        }
    }
}
