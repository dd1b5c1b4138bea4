//! The texts of the Regulation with their figures, as the clock reads them.

use actix_web::web;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Auth, SignedIn};
use super::problem::Problem;
use super::reply::Json;
use crate::domain::deadline::Consulted;
use crate::domain::regulation::{Bilingual, LitigationLimit, RuleBook, RuleSet};
use crate::domain::said::{Language, Said};
use crate::service::App;

/// Which fact of its arrival is the date of receipt of what came by a channel.
#[derive(Serialize, ToSchema)]
pub struct ReceiptFactView {
    /// The rule of the channel, as the dictionary of channels names it.
    pub receipt_rule: String,
    /// The member of `arrival`.
    pub fact: String,
}

/// The articles of the figures of a text.
#[derive(Serialize, ToSchema)]
pub struct RuleArticlesView {
    /// Of the date of receipt.
    pub receipt: String,
    /// Of the period for the answer.
    pub answer: String,
    /// Of the extension.
    pub extension: String,
    /// Of the supplement.
    pub supplement: String,
    /// Of the time that does not count while others are consulted.
    pub consultation: String,
    /// Of proactive disclosure.
    pub proactive: String,
}

/// A text of the Regulation with its figures. All periods are in working days.
#[derive(Serialize, ToSchema)]
pub struct RuleFiguresView {
    /// `2007` or `2019`.
    pub code: String,
    /// Its title and order number.
    pub title: String,
    /// The first day in force.
    pub from: NaiveDate,
    /// The last day in force; null while it is.
    pub to: Option<NaiveDate>,
    /// For the answer.
    pub answer_working_days: u32,
    /// Most extension, in all.
    pub extension_working_days: u32,
    /// For the notice to supplement; null when the text has none.
    pub supplement_notice_working_days: Option<u32>,
    /// For an opinion, after which the time counts again.
    pub opinion_working_days: u32,
    /// For proactive disclosure.
    pub proactive_working_days: u32,
    /// Whose consultation stops the clock.
    pub pausing_consultations: Vec<Consulted>,
    /// What the date of receipt is, by channel.
    pub receipt_facts: Vec<ReceiptFactView>,
    /// The articles.
    pub articles: RuleArticlesView,
}

/// A limit for litigation.
#[derive(Serialize, ToSchema)]
pub struct LitigationLimitView {
    /// From which day of service on; null for the oldest.
    pub from: Option<NaiveDate>,
    /// Months.
    pub months: u32,
    /// The article.
    pub article: String,
}

/// Figures of the fee for information handling.
#[derive(Serialize, ToSchema)]
pub struct FeeFiguresView {
    /// The first day on which a notice can be given.
    pub from: NaiveDate,
    /// Calendar days to pay.
    pub pay_within_days: u32,
    /// The article.
    pub article: String,
}

/// Figures of the remedies.
#[derive(Serialize, ToSchema)]
pub struct RemedyFiguresView {
    /// Calendar days for reconsideration.
    pub reconsideration_days: u32,
    /// From this day of service on a refusal goes to reconsideration first.
    pub reconsideration_first_date: NaiveDate,
    /// The articles of reconsideration.
    pub articles: Vec<String>,
    /// Limits for litigation, oldest first.
    pub litigation_limits: Vec<LitigationLimitView>,
}

/// Both texts with their figures, and those that no text of the Regulation holds.
#[derive(Serialize, ToSchema)]
pub struct RuleSetsView {
    /// The state of the data, as explanations of due dates cite it.
    pub rules_version: String,
    /// The texts, oldest first.
    pub items: Vec<RuleFiguresView>,
    /// Working days that an applicant has to supplement when the notice states none (the bureau's own).
    pub supplement_working_days: u32,
    /// The fee.
    pub fees: FeeFiguresView,
    /// The remedies.
    pub remedies: RemedyFiguresView,
    /// The source of rest days.
    pub rest_days: String,
}

fn text(said: &Bilingual, language: Language) -> String {
    Said::from(said.clone()).into_text(language)
}

impl RuleFiguresView {
    fn of(rules: &RuleSet, language: Language) -> Self {
        let articles = &rules.articles;
        let facts = rules.receipt_fact.iter().map(|(rule, fact)| ReceiptFactView {
            receipt_rule: rule.as_str().to_owned(),
            fact: fact.as_str().to_owned(),
        });
        Self {
            code: rules.id.as_str().to_owned(),
            title: text(&rules.title, language),
            from: rules.in_force.from,
            to: rules.in_force.to,
            answer_working_days: rules.answer_working_days,
            extension_working_days: rules.extension_working_days,
            supplement_notice_working_days: rules.supplement_notice_working_days,
            opinion_working_days: rules.opinion_working_days,
            proactive_working_days: rules.proactive_working_days,
            pausing_consultations: rules.pausing_consultations.clone(),
            receipt_facts: facts.collect(),
            articles: RuleArticlesView {
                receipt: text(&articles.receipt, language),
                answer: text(&articles.answer, language),
                extension: text(&articles.extension, language),
                supplement: text(&articles.supplement, language),
                consultation: text(&articles.consultation, language),
                proactive: text(&articles.proactive, language),
            },
        }
    }
}

impl RuleSetsView {
    fn of(book: &RuleBook, language: Language) -> Self {
        let remedies = &book.remedies;
        let articles = &remedies.articles;
        let limit = |limit: &LitigationLimit| LitigationLimitView {
            from: limit.from,
            months: limit.months,
            article: text(&limit.article, language),
        };
        Self {
            rules_version: book.version.clone(),
            items: [&book.text_2007, &book.text_2019]
                .map(|rules| RuleFiguresView::of(rules, language))
                .into(),
            supplement_working_days: book.supplement.default_working_days,
            fees: FeeFiguresView {
                from: book.fees.from,
                pay_within_days: book.fees.pay_within_days,
                article: text(&book.fees.article, language),
            },
            remedies: RemedyFiguresView {
                reconsideration_days: remedies.reconsideration_days,
                reconsideration_first_date: remedies.reconsideration_first_from,
                articles: [
                    &articles.reconsideration,
                    &articles.reconsideration_first,
                    &articles.rolling,
                ]
                .map(|article| text(article, language))
                .into(),
                litigation_limits: remedies.litigation_months.iter().map(limit).collect(),
            },
            rest_days: text(&book.rest_days, language),
        }
    }
}

/// `GET /api/v1/rule-sets`
pub async fn list(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    language: Language,
) -> Result<Json<RuleSetsView>, Problem> {
    Ok(Json(RuleSetsView::of(&app.law().rules, language)))
}
