//! The reviews of a drafted answer: secrecy (Regulation 2019, art. 17) and legality (art. 45).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::ids::UserId;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// What a draft is reviewed for.
    pub enum ReviewKind in "review_kind" {
        Secrecy = "secrecy" : "保密审查" / "secrecy review",
        Legality = "legality" : "法制审核" / "legality review",
    }
}

text_enum! {
    /// What a reviewer concludes.
    pub enum ReviewVerdict in "review_verdict" {
        Passed = "passed" : "同意" / "passed",
        SentBack = "sent_back" : "退回修改" / "sent back",
        /// Of a secrecy review alone (2019, art. 17 ¶3): the gate stays shut until a review passes.
        Referred = "referred" : "提请主管部门或者保密行政管理部门确定" / "referred to the competent authority",
    }
}

/// One review of the current draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// For what.
    pub kind: ReviewKind,
    /// The conclusion.
    pub verdict: ReviewVerdict,
    /// The reviewer's words.
    pub opinion: Option<String>,
    /// On what the conclusion rests.
    pub basis: Option<String>,
    /// When.
    pub reviewed_at: DateTime<Utc>,
    /// By whom.
    pub reviewed_by: UserId,
}

/// The reviews of the current draft, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reviews(Vec<Review>);

impl<'a> IntoIterator for &'a Reviews {
    type Item = &'a Review;
    type IntoIter = std::slice::Iter<'a, Review>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Reviews {
    /// Enters one.
    pub fn enter(&mut self, review: Review) {
        self.0.push(review);
    }

    /// Takes all out: there is another draft, or the draft is about something else.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Each, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Review> {
        self.0.iter()
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Has the review of this kind been passed? The last word of a kind counts.
    #[must_use]
    pub fn passed(&self, kind: ReviewKind) -> bool {
        let last = self.0.iter().rev().find(|review| review.kind == kind);
        last.is_some_and(|review| review.verdict == ReviewVerdict::Passed)
    }

    /// The review that sent the draft back, if one did.
    #[must_use]
    pub fn sent_back(&self) -> Option<&Review> {
        self.0.iter().find(|review| review.verdict == ReviewVerdict::SentBack)
    }

    /// Did this user review it?
    #[must_use]
    pub fn are_by(&self, user: UserId) -> bool {
        self.0.iter().any(|review| review.reviewed_by == user)
    }

    /// Did this user make a review of another kind?
    #[must_use]
    pub fn of_another_kind_by(&self, kind: ReviewKind, user: UserId) -> bool {
        self.0.iter().any(|review| review.kind != kind && review.reviewed_by == user)
    }
}
