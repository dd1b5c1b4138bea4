//! `GET /api/v1/dictionaries`: every code of the API in words, and what each decision, channel and
//! manner of service demands. Open to everybody: it holds no personal data, and a form that is
//! shown before the log-in needs it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::auth::Open;
use super::contract::Draft;
use super::document::{Document, Publication, Shown};
use super::problem::{catalogue, flaws};
use super::schemas;
use crate::domain::case::Manner;
use crate::domain::channel::Channel;
use crate::domain::deadline::{Fact, needed_facts};
use crate::domain::decision::{
    Basis, Condition, Decision, DecisionKind, Decisions, Demand, DraftField, LegalityReview,
};
use crate::domain::letter::{Audience, IssuedBy, KindRow, Letters};
use crate::domain::regulation::{Law, RuleSet, RuleSetId};
use crate::domain::text_enum::TextEnum;
use crate::service::App;

/// A text in both languages, whatever the caller prefers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LabelView {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl LabelView {
    fn new(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// One code in words.
#[derive(Serialize, ToSchema)]
pub struct TermView {
    /// The stable code.
    pub code: String,
    /// In words.
    pub label: LabelView,
}

/// The values of one enumeration. A schema of the contract names it as `x-dictionary`.
#[derive(Serialize, ToSchema)]
pub struct DictionaryView {
    /// The name of the set.
    #[schema(example = "channel")]
    pub code: String,
    /// In words.
    pub label: LabelView,
    /// Its values, in the order in which they are to be offered. It may grow: tolerate a value that
    /// you do not know.
    pub items: Vec<TermView>,
}

/// What a decision rests on under one text of the Regulation, and what its draft must state.
#[derive(Serialize, ToSchema)]
pub struct BasisView {
    /// The text: `2007` or `2019`.
    #[schema(example = "2019")]
    pub rule_set: String,
    /// Articles of that text: `36(3)` is an item, `16 ¶2` a paragraph.
    pub articles: Vec<String>,
    /// The basis as the letter names it (in Chinese), without the name of the Regulation.
    pub basis: String,
    /// The members of `draft-answer` that must be filled.
    pub required_fields: Vec<DraftField>,
    /// The same, each with its source.
    pub demands: Vec<DemandView>,
    /// The members that the law allows and does not demand.
    pub optional_fields: Vec<DraftField>,
    /// A remark (in Chinese) on what does not follow from the text alone.
    pub note: Option<String>,
}

/// A member that the law demands of a draft.
#[derive(Serialize, ToSchema)]
pub struct DemandView {
    /// The member.
    pub field: DraftField,
    /// Where the law says so.
    #[schema(example = "2019 art. 36(3)")]
    pub article: String,
}

/// What must be so in the case before a decision can be made.
#[derive(Serialize, ToSchema)]
pub struct ConditionView {
    /// The condition.
    pub condition: Condition,
    /// Where the law says so.
    #[schema(example = "2019 art. 36(6)")]
    pub article: String,
}

/// The grounds that a draft of a decision takes.
#[derive(Serialize, ToSchema)]
pub struct GroundRuleView {
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
    /// Decision codes that can be one.
    pub decisions: Vec<String>,
}

/// A decision with which an application can be answered, or by which it ends without an answer.
#[derive(Serialize, ToSchema)]
pub struct DecisionView {
    /// The stable code.
    #[schema(example = "disclose")]
    pub code: String,
    /// In words.
    pub label: LabelView,
    /// The block of annual table three.
    pub kind: DecisionKind,
    /// The name of the letter (in Chinese); null for a lapse.
    pub letter: Option<String>,
    /// The row of annual table three: `3.3.1` is 三、(三)1.
    pub annual_row: String,
    /// Must reconsideration come before litigation?
    pub reconsideration_first: bool,
    /// Can `draft-answer` take it? A lapse is no answer.
    pub is_answer: bool,
    /// What must be so in the case.
    pub conditions: Vec<ConditionView>,
    /// Does the legal office review it? Every answer passes a secrecy review. Null for a lapse.
    pub legality_review: Option<LegalityReview>,
    /// The grounds that a draft takes beside the decision.
    pub grounds: GroundRuleView,
    /// Per text of the Regulation under which it exists.
    pub rule_sets: Vec<BasisView>,
}

/// The facts of arrival that fix the date of receipt under one text.
#[derive(Serialize, ToSchema)]
pub struct ReceiptFactsView {
    /// The text: `2007` or `2019`.
    #[schema(example = "2019")]
    pub rule_set: String,
    /// The members of `arrival` that registering needs. The last is the date of receipt.
    #[schema(example = json!(["received_at", "confirmed_at"]))]
    pub required_facts: Vec<String>,
}

/// What must be known of an application that came by one channel.
#[derive(Serialize, ToSchema)]
pub struct ChannelFactsView {
    /// The channel.
    pub channel: Channel,
    /// Must what came in be made an application, with the applicant's confirmation?
    pub needs_conversion: bool,
    /// The fact that is the day of recording when it is left out; null when none is.
    pub assumed_fact: Option<String>,
    /// Per text of the Regulation.
    pub rule_sets: Vec<ReceiptFactsView>,
}

/// What must be said of one manner of service.
#[derive(Serialize, ToSchema)]
pub struct ServiceFactsView {
    /// The manner.
    pub manner: Manner,
    /// The members of `service` that must be given. The first is the day that counts.
    #[schema(example = json!(["posted_at"]))]
    pub required_facts: Vec<String>,
    /// The members that may be given beside them.
    pub optional_facts: Vec<String>,
}

/// A text of the Regulation.
#[derive(Serialize, ToSchema)]
pub struct RuleSetView {
    /// `2007` or `2019`.
    #[schema(example = "2019")]
    pub code: String,
    /// Its title and order number.
    pub label: LabelView,
    /// The first day in force.
    pub from: chrono::NaiveDate,
    /// The last day in force; null while it is.
    pub to: Option<chrono::NaiveDate>,
    /// Working days for the answer.
    pub answer_working_days: u32,
    /// Most working days of extension, in all.
    pub extension_working_days: u32,
}

/// A kind of document.
#[derive(Serialize, ToSchema)]
pub struct LetterKindView {
    /// The stable code.
    #[schema(example = "refusal")]
    pub code: String,
    /// The title that it bears, in words.
    pub label: LabelView,
    /// Whom it is for.
    pub to: Audience,
    /// What issues it; `on_demand` is what `documents` draws.
    pub issued_by: IssuedBy,
    /// The series in which it is numbered; null when it bears no number.
    #[schema(example = "refusal")]
    pub series: Option<String>,
    /// The decisions that it tells of.
    pub decisions: Vec<String>,
    /// Does it tell of remedies?
    pub tells_remedies: bool,
}

/// A code that a problem can carry.
#[derive(Serialize, ToSchema)]
pub struct ErrorCodeView {
    /// The stable code.
    #[schema(example = "stale_version")]
    pub code: String,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// In words.
    pub label: LabelView,
}

/// Every code of the API, in words.
#[derive(Serialize, ToSchema)]
pub struct DictionariesView {
    /// The enumerations.
    pub items: Vec<DictionaryView>,
    /// The decisions, in the order of annual table three.
    pub decisions: Vec<DecisionView>,
    /// The facts of arrival by channel.
    pub arrival_facts: Vec<ChannelFactsView>,
    /// The facts of service by manner.
    pub service_facts: Vec<ServiceFactsView>,
    /// The texts of the Regulation, oldest first.
    pub rule_sets: Vec<RuleSetView>,
    /// The kinds of documents.
    pub letter_kinds: Vec<LetterKindView>,
    /// The codes of problems.
    pub errors: Vec<ErrorCodeView>,
}

/// The names of the sets, from data/labels.json.
fn names() -> &'static BTreeMap<String, LabelView> {
    #[derive(Deserialize)]
    struct Named {
        code: String,
        #[serde(flatten)]
        label: LabelView,
    }
    #[derive(Deserialize)]
    struct Labels {
        sets: Vec<Named>,
    }
    static NAMES: OnceLock<BTreeMap<String, LabelView>> = OnceLock::new();
    NAMES.get_or_init(|| {
        // A test proves that the file reads and names every set.
        let labels = serde_json::from_str::<Labels>(include_str!("../../data/labels.json"));
        let sets = labels.map(|labels| labels.sets).unwrap_or_default();
        sets.into_iter().map(|set| (set.code, set.label)).collect()
    })
}

impl DictionaryView {
    /// The dictionary of a set.
    pub(super) fn of<T: TextEnum>() -> Self {
        let term = |value: &T| TermView {
            code: value.code().to_owned(),
            label: LabelView::new(value.zh(), value.en()),
        };
        Self {
            code: T::SET.to_owned(),
            label: names().get(T::SET).cloned().unwrap_or_default(),
            items: T::VALUES.iter().map(term).collect(),
        }
    }
}

impl BasisView {
    fn of(text: RuleSetId, basis: &Basis) -> Self {
        Self {
            rule_set: text.as_str().to_owned(),
            articles: basis.articles.clone(),
            basis: basis.zh.clone(),
            required_fields: basis.required.iter().map(|demand| demand.field).collect(),
            demands: basis.required.iter().map(DemandView::of).collect(),
            optional_fields: basis.optional.clone(),
            note: basis.note.clone(),
        }
    }
}

impl DemandView {
    fn of(demand: &Demand) -> Self {
        Self { field: demand.field, article: demand.article.clone() }
    }
}

impl DecisionView {
    fn of(row: &Decision) -> Self {
        let basis = |text: &RuleSetId| row.basis(*text).map(|basis| BasisView::of(*text, basis));
        Self {
            code: row.code.clone(),
            label: LabelView::new(&row.zh, &row.en),
            kind: row.kind,
            letter: row.letter_zh.clone(),
            annual_row: row.annual_row.clone(),
            reconsideration_first: row.reconsideration_first,
            is_answer: !row.is_lapse(),
            conditions: row
                .conditions
                .iter()
                .map(|required| ConditionView {
                    condition: required.condition,
                    article: required.article.clone(),
                })
                .collect(),
            legality_review: row.legality_review,
            grounds: GroundRuleView {
                min: row.grounds.min,
                max: row.grounds.max,
                decisions: row.grounds.codes.clone(),
            },
            rule_sets: RuleSetId::ALL.iter().filter_map(basis).collect(),
        }
    }
}

impl LetterKindView {
    fn of(row: &KindRow) -> Self {
        Self {
            code: row.code.clone(),
            label: LabelView::new(&row.zh, &row.en),
            to: row.to,
            issued_by: row.issued_by,
            series: row.series.clone(),
            decisions: row.decisions.clone(),
            tells_remedies: row.remedy,
        }
    }
}

impl ChannelFactsView {
    fn of(channel: Channel, law: &Law) -> Self {
        let rule = channel.receipt_rule();
        let facts = |text: RuleSetId| ReceiptFactsView {
            rule_set: text.as_str().to_owned(),
            required_facts: needed_facts(rule, text, law)
                .into_iter()
                .map(|fact| fact.as_str().to_owned())
                .collect(),
        };
        Self {
            channel,
            needs_conversion: channel.needs_conversion(),
            assumed_fact: (rule.act_fact() == Fact::Submitted)
                .then(|| Fact::Submitted.as_str().to_owned()),
            rule_sets: RuleSetId::ALL.map(facts).into(),
        }
    }
}

impl ServiceFactsView {
    fn of(manner: Manner) -> Self {
        let needed = manner.needed_facts();
        let dated = std::iter::once(manner.dating_fact());
        let required = dated.chain(needed.iter().copied()).map(str::to_owned).collect();
        let by_post: &[&str] =
            if manner.is_by_post() { &["delivered_at", "postal_operator"] } else { &[] };
        let more = ["mail_number", "recipient", "relation", "place", "served_by", "reason"];
        let optional = more.iter().chain(by_post).filter(|fact| !needed.contains(fact));
        let optional_facts = optional.map(|fact| (*fact).to_owned()).collect();
        Self { manner, required_facts: required, optional_facts }
    }
}

impl RuleSetView {
    fn of(rules: &RuleSet) -> Self {
        Self {
            code: rules.id.as_str().to_owned(),
            label: LabelView::new(&rules.title.zh, &rules.title.en),
            from: rules.in_force.from,
            to: rules.in_force.to,
            answer_working_days: rules.answer_working_days,
            extension_working_days: rules.extension_working_days,
        }
    }
}

impl DictionariesView {
    fn of(law: &Law, decisions: &Decisions) -> Self {
        let mut items = schemas::dictionaries();
        items.push(DictionaryView {
            code: "decision".to_owned(),
            label: names().get("decision").cloned().unwrap_or_default(),
            items: decisions
                .rows()
                .iter()
                .map(|row| TermView {
                    code: row.code.clone(),
                    label: LabelView::new(&row.zh, &row.en),
                })
                .collect(),
        });
        items.push(DictionaryView {
            code: FIELD_ERROR.to_owned(),
            label: names().get(FIELD_ERROR).cloned().unwrap_or_default(),
            items: flaws()
                .into_iter()
                .map(|(code, zh, en)| TermView {
                    code: code.to_owned(),
                    label: LabelView::new(zh, en),
                })
                .collect(),
        });
        items.sort_by(|a, b| a.code.cmp(&b.code));
        Self {
            items,
            decisions: decisions.rows().iter().map(DecisionView::of).collect(),
            arrival_facts: Channel::ALL.iter().map(|c| ChannelFactsView::of(*c, law)).collect(),
            service_facts: Manner::ALL
                .iter()
                .filter(|manner| manner.is_recorded_by_staff())
                .map(|manner| ServiceFactsView::of(*manner))
                .collect(),
            rule_sets: [&law.rules.text_2007, &law.rules.text_2019].map(RuleSetView::of).into(),
            letter_kinds: Letters::builtin().kinds().iter().map(LetterKindView::of).collect(),
            errors: catalogue()
                .into_iter()
                .map(|(code, status, zh, en)| ErrorCodeView {
                    code: code.to_owned(),
                    status,
                    label: LabelView::new(zh, en),
                })
                .collect(),
        }
    }
}

/// The set of codes that a member of a problem's `errors` can carry beside those of `errors` here.
const FIELD_ERROR: &str = "field_error";

/// The dictionaries as a document.
pub struct Dictionaries;

impl Publication for Dictionaries {
    const MEDIA_TYPE: &'static str = "application/json";

    fn document() -> &'static Document {
        static DOCUMENT: OnceLock<Document> = OnceLock::new();
        DOCUMENT.get_or_init(|| Self::of(Decisions::builtin()))
    }

    /// An office with a table of its own tells of that.
    fn answer(request: &HttpRequest) -> HttpResponse<BoxBody> {
        let own = request.app_data::<web::Data<App>>().map(|app| app.decisions);
        match own.filter(|own| !std::ptr::eq(*own, Decisions::builtin())) {
            Some(own) => Self::of(own).answer(request),
            None => Self::document().answer(request),
        }
    }

    fn schema(draft: &mut Draft) -> Option<RefOr<Schema>> {
        Some(draft.refer::<DictionariesView>())
    }
}

impl Dictionaries {
    fn of(decisions: &Decisions) -> Document {
        let view = DictionariesView::of(Law::builtin(), decisions);
        let text = serde_json::to_string(&view).unwrap_or_default();
        Document::new(text, <Self as Publication>::MEDIA_TYPE)
    }
}

/// `GET /api/v1/dictionaries`
pub async fn show(_: Open) -> Shown<Dictionaries> {
    Shown::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_has_a_name_in_both_languages() {
        let view = DictionariesView::of(Law::builtin(), Decisions::builtin());
        for set in &view.items {
            assert!(!set.label.zh.is_empty(), "no name of {} in data/labels.json", set.code);
            assert!(!set.label.en.is_empty(), "no name of {} in data/labels.json", set.code);
            assert!(!set.items.is_empty(), "{}", set.code);
            for term in &set.items {
                assert!(!term.label.zh.is_empty() && !term.label.en.is_empty(), "{}", term.code);
            }
        }
    }
}
