//! The answer on the wire: drafting and reviewing as they come in, draft, reviews and answer as they
//! go out.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::attachments::ProvidedFileView;
use super::bodies::prose;
use crate::domain::case::{
    Case, Draft, Explanation, Ground, GroundFacts, Insert, Particulars, Review, ReviewKind,
    ReviewVerdict, SearchEntry,
};
use crate::domain::channel::{Carrier, Delivery};
use crate::domain::ids::{AttachmentId, ParagraphId};
use crate::domain::lifecycle::{GroundWording, Step, Wording, needed_by};
use crate::http::extract::Checked;
use crate::http::strict::{day, objects, some_day, some_object};

/// A search for the information.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// Who searched.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub searcher: String,
    /// In which archive or system.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub system: String,
    /// By which key words.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    #[schema(min_length = 1, max_length = 200)]
    pub keywords: String,
    /// On which day.
    #[serde(deserialize_with = "day")]
    pub search_date: NaiveDate,
    /// What was found, or that nothing was.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub result: Option<String>,
}

/// One part that is withheld, and why. Which members it needs follows from its decision, as for an
/// answer of that decision alone; the search log is the draft's.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundBody {
    /// The decision that would be made on this part alone.
    #[validate(length(min = 1, max = 40))]
    #[schema(schema_with = crate::http::schemas::decision_code)]
    pub decision: String,
    /// Which part.
    #[validate(length(min = 1, max = 500), custom(function = prose))]
    #[schema(min_length = 1, max_length = 500)]
    pub about: String,
    /// The reasons, as the letter gives them.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    pub reasons: Option<String>,
    /// The article and item relied on.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    pub article: Option<String>,
    /// The harm that disclosure would do.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    pub harm: Option<String>,
    /// The law or administrative regulation that forbids or governs.
    #[validate(length(min = 1, max = 500), custom(function = prose))]
    pub basis_law: Option<String>,
    /// What the third party said.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    pub consultation_result: Option<String>,
    /// The channel for special queries.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    pub channel_pointer: Option<String>,
    /// The organ that has the information.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    pub right_organ: Option<String>,
}

/// That the applicant was asked why he applies so often (Regulation 2019, art. 35).
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplanationBody {
    /// The number of the letter.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub number: Option<String>,
    /// Its day.
    #[serde(deserialize_with = "day")]
    pub requested_date: NaiveDate,
}

/// Drafting the answer. Which members a decision demands depends on the text that governs the case;
/// all that is missing is listed at once.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftAnswerBody {
    /// The decision code.
    #[validate(length(min = 1, max = 40))]
    #[schema(schema_with = crate::http::schemas::decision_code)]
    pub decision: String,
    /// The reasons, as the letter gives them.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    pub reasons: Option<String>,
    /// The article and item relied on.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    pub article: Option<String>,
    /// The harm that disclosure would do.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    pub harm: Option<String>,
    /// The searches made.
    #[serde(default, deserialize_with = "objects")]
    #[validate(nested, length(max = 50))]
    pub search_log: Vec<SearchBody>,
    /// What is provided.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    pub provided: Option<String>,
    /// Where and how published information is found.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    pub how_to_obtain: Option<String>,
    /// The organ that has the information.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    pub right_organ: Option<String>,
    /// The number of the earlier case that this one repeats.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    pub earlier_case_number: Option<String>,
    /// What the third party said.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    pub consultation_result: Option<String>,
    /// The channel for complaints or special queries.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    pub channel_pointer: Option<String>,
    /// The gazette, newspaper or book.
    #[validate(length(min = 1, max = 500), custom(function = prose))]
    pub publication_source: Option<String>,
    /// The law or administrative regulation that forbids or governs.
    #[validate(length(min = 1, max = 500), custom(function = prose))]
    pub basis_law: Option<String>,
    /// The day on which the earlier case was answered; not needed when that case is in this register.
    #[serde(default, deserialize_with = "some_day")]
    pub earlier_answered_date: Option<NaiveDate>,
    /// The request for the applicant's reasons.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub explanation: Option<ExplanationBody>,
    /// What becomes of the application, where no article says it.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    pub conclusion: Option<String>,
    /// Further grounds: of a partial disclosure one for each part withheld.
    #[serde(default, deserialize_with = "objects")]
    #[validate(nested, length(max = 10))]
    pub grounds: Vec<GroundBody>,
    /// On what the information is provided; as the applicant asked when left out.
    pub carrier: Option<Carrier>,
    /// How it is handed over; as the applicant asked when left out.
    pub delivery: Option<Delivery>,
    /// The ids of the files that are provided; each attached with the purpose `draft`.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_items = 200)]
    pub file_ids: Vec<Uuid>,
    /// The ids of standard paragraphs whose texts, as they read now, are inserted before the
    /// remedies, in this order.
    #[serde(default)]
    #[validate(length(max = 10))]
    #[schema(max_items = 10)]
    pub paragraph_ids: Vec<Uuid>,
}

/// Reviewing the current draft.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewBody {
    /// For what.
    pub kind: ReviewKind,
    /// The conclusion.
    pub verdict: ReviewVerdict,
    /// The reviewer's words; needed unless the draft passes.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 2000)]
    pub opinion: Option<String>,
    /// On what the conclusion rests.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub basis: Option<String>,
}

impl Checked for DraftAnswerBody {}
impl Checked for ReviewBody {}

impl From<DraftAnswerBody> for Step {
    fn from(body: DraftAnswerBody) -> Self {
        let search_log = body.search_log.into_iter().map(SearchEntry::from);
        let particulars = Particulars {
            reasons: body.reasons,
            article: body.article,
            harm: body.harm,
            search_log: search_log.collect(),
            provided: body.provided,
            how_to_obtain: body.how_to_obtain,
            right_organ: body.right_organ,
            earlier_case_number: body.earlier_case_number,
            consultation_result: body.consultation_result,
            channel_pointer: body.channel_pointer,
            publication_source: body.publication_source,
            basis_law: body.basis_law,
            earlier_answered_on: body.earlier_answered_date,
            explanation: body
                .explanation
                .map(|asked| Explanation { number: asked.number, asked_on: asked.requested_date }),
            conclusion: body.conclusion,
        };
        let wording = Wording {
            decision: body.decision,
            particulars,
            grounds: body.grounds.into_iter().map(GroundWording::from).collect(),
            carrier: body.carrier,
            delivery: body.delivery,
            file_ids: body.file_ids.into_iter().map(AttachmentId).collect(),
            paragraph_ids: body.paragraph_ids.into_iter().map(ParagraphId).collect(),
        };
        Self::DraftAnswer { wording: Box::new(wording) }
    }
}

impl From<SearchBody> for SearchEntry {
    fn from(body: SearchBody) -> Self {
        Self {
            searcher: body.searcher,
            system: body.system,
            keywords: body.keywords,
            searched_on: body.search_date,
            result: body.result,
        }
    }
}

impl From<SearchEntry> for SearchView {
    fn from(entry: SearchEntry) -> Self {
        Self {
            searcher: entry.searcher,
            system: entry.system,
            keywords: entry.keywords,
            search_date: entry.searched_on,
            result: entry.result,
        }
    }
}

impl From<GroundBody> for GroundWording {
    fn from(body: GroundBody) -> Self {
        let facts = GroundFacts {
            about: body.about,
            reasons: body.reasons,
            article: body.article,
            harm: body.harm,
            basis_law: body.basis_law,
            consultation_result: body.consultation_result,
            channel_pointer: body.channel_pointer,
            right_organ: body.right_organ,
        };
        Self { decision: body.decision, facts }
    }
}

impl From<ReviewBody> for Step {
    fn from(body: ReviewBody) -> Self {
        Self::Review {
            kind: body.kind,
            verdict: body.verdict,
            opinion: body.opinion,
            basis: body.basis,
        }
    }
}

/// A search for the information.
#[derive(Serialize, ToSchema)]
pub struct SearchView {
    /// Who searched.
    pub searcher: String,
    /// In which archive or system.
    pub system: String,
    /// By which key words.
    pub keywords: String,
    /// On which day.
    pub search_date: NaiveDate,
    /// What was found.
    pub result: Option<String>,
}

/// One part that is withheld, and why.
#[derive(Serialize, ToSchema)]
pub struct GroundView {
    /// The decision code.
    #[schema(example = "refuse_third")]
    pub decision: String,
    /// Which part.
    pub about: String,
    /// The reasons.
    pub reasons: Option<String>,
    /// The article relied on.
    pub article: Option<String>,
    /// The harm of disclosure.
    pub harm: Option<String>,
    /// The law relied on.
    pub basis_law: Option<String>,
    /// What the third party said.
    pub consultation_result: Option<String>,
    /// The proper channel.
    pub channel_pointer: Option<String>,
    /// The organ that has it.
    pub right_organ: Option<String>,
}

/// That the applicant was asked for his reasons.
#[derive(Serialize, ToSchema)]
pub struct ExplanationView {
    /// The number of the letter.
    pub number: Option<String>,
    /// Its day.
    pub requested_date: NaiveDate,
}

/// A review of the draft.
#[derive(Serialize, ToSchema)]
pub struct ReviewView {
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
    pub reviewed_by: Uuid,
}

/// A standard paragraph in a draft.
#[derive(Serialize, ToSchema)]
pub struct InsertView {
    /// The paragraph that it was taken from.
    pub paragraph_id: Uuid,
    /// In which version.
    pub paragraph_version: i64,
    /// The text.
    pub text: String,
}

impl From<&Insert> for InsertView {
    fn from(insert: &Insert) -> Self {
        Self {
            paragraph_id: insert.paragraph_id.0,
            paragraph_version: insert.version.0,
            text: insert.text.clone(),
        }
    }
}

/// A draft, or the draft as it was issued.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    /// The decision code.
    #[schema(example = "disclose")]
    pub decision: String,
    /// Who drafted it.
    pub drafted_by: Uuid,
    /// When.
    pub drafted_at: DateTime<Utc>,
    /// The reasons.
    pub reasons: Option<String>,
    /// The article relied on.
    pub article: Option<String>,
    /// The harm of disclosure.
    pub harm: Option<String>,
    /// The searches.
    pub search_log: Vec<SearchView>,
    /// What is provided.
    pub provided: Option<String>,
    /// Where published information is found.
    pub how_to_obtain: Option<String>,
    /// The organ that has it.
    pub right_organ: Option<String>,
    /// The earlier case.
    pub earlier_case_number: Option<String>,
    /// What the third party said.
    pub consultation_result: Option<String>,
    /// The proper channel.
    pub channel_pointer: Option<String>,
    /// The publication.
    pub publication_source: Option<String>,
    /// The law relied on.
    pub basis_law: Option<String>,
    /// The day on which the earlier case was answered.
    pub earlier_answered_date: Option<NaiveDate>,
    /// The request for the applicant's reasons.
    pub explanation: Option<ExplanationView>,
    /// What becomes of the application.
    pub conclusion: Option<String>,
    /// Further grounds.
    pub grounds: Vec<GroundView>,
    /// The reviews that it must pass.
    pub required_reviews: Vec<ReviewKind>,
    /// On what it is provided.
    pub carrier: Option<Carrier>,
    /// How it is handed over.
    pub delivery: Option<Delivery>,
    /// The files that are provided.
    pub files: Vec<ProvidedFileView>,
    /// The standard paragraphs that were inserted, as they read then.
    pub inserts: Vec<InsertView>,
}

/// An issued answer.
#[derive(Serialize, ToSchema)]
pub struct AnswerView {
    /// The draft as it was issued.
    pub draft: DraftView,
    /// The articles on which it rests.
    pub basis: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// By whom.
    pub issued_by: Uuid,
}

impl DraftView {
    /// The draft as everybody sees it who may read the case.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let Particulars {
            reasons,
            article,
            harm,
            search_log,
            provided,
            how_to_obtain,
            right_organ,
            earlier_case_number,
            consultation_result,
            channel_pointer,
            publication_source,
            basis_law,
            earlier_answered_on,
            explanation,
            conclusion,
        } = draft.particulars.clone();
        let asked = |asked: Explanation| ExplanationView {
            number: asked.number,
            requested_date: asked.asked_on,
        };
        Self {
            decision: draft.decision.as_str().to_owned(),
            drafted_by: draft.drafted_by.0,
            drafted_at: draft.drafted_at,
            reasons,
            article,
            harm,
            search_log: search_log.into_iter().map(SearchView::from).collect(),
            provided,
            how_to_obtain,
            right_organ,
            earlier_case_number,
            consultation_result,
            channel_pointer,
            publication_source,
            basis_law,
            earlier_answered_date: earlier_answered_on,
            explanation: explanation.map(asked),
            conclusion,
            grounds: draft.grounds.iter().cloned().map(GroundView::from).collect(),
            required_reviews: needed_by(draft),
            carrier: draft.carrier,
            delivery: draft.delivery,
            files: draft.files.iter().map(ProvidedFileView::from).collect(),
            inserts: draft.inserts.iter().map(InsertView::from).collect(),
        }
    }
}

impl AnswerView {
    /// The answer of a case that has one.
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        case.record.stage.answer().map(|answer| Self {
            draft: DraftView::of(&answer.draft),
            basis: answer.basis.clone(),
            issued_at: answer.issued_at,
            issued_by: answer.issued_by.0,
        })
    }
}

impl From<Ground> for GroundView {
    fn from(ground: Ground) -> Self {
        let facts = ground.facts;
        Self {
            decision: ground.decision.as_str().to_owned(),
            about: facts.about,
            reasons: facts.reasons,
            article: facts.article,
            harm: facts.harm,
            basis_law: facts.basis_law,
            consultation_result: facts.consultation_result,
            channel_pointer: facts.channel_pointer,
            right_organ: facts.right_organ,
        }
    }
}

impl ReviewView {
    /// A review as everybody sees it who may read the case.
    #[must_use]
    pub fn of(review: &Review) -> Self {
        Self {
            kind: review.kind,
            verdict: review.verdict,
            opinion: review.opinion.clone(),
            basis: review.basis.clone(),
            reviewed_at: review.reviewed_at,
            reviewed_by: review.reviewed_by.0,
        }
    }
}
