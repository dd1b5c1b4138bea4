//! Letters that are issued by themselves, as they come in.

use actix_web::web;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::prose;
use super::views::CaseView;
use super::{Reply, answer};
use crate::domain::letter::{Collection, LetterMatter, SeparateLetter};
use crate::domain::lifecycle::Step;
use crate::http::auth::{self, Auth};
use crate::http::extract::{Body, CasePath, Checked, IdempotencyKey, IfMatch};
use crate::http::flaw::Flaw;
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::Tagged;
use crate::http::strict::some_day;
use crate::service::{App, cases};

/// Issuing a letter that no other action issues. Which members it needs follows from its kind:
/// `collection_notice` needs `collect_from_date`, `collect_to_date` and `place`.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueLetterBody {
    /// Which.
    pub kind: SeparateLetter,
    /// From which day it can be collected.
    #[serde(default, deserialize_with = "some_day")]
    pub collect_from_date: Option<NaiveDate>,
    /// To which day, which counts.
    #[serde(default, deserialize_with = "some_day")]
    pub collect_to_date: Option<NaiveDate>,
    /// Where.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    #[schema(min_length = 1, max_length = 200, example = "市公安局政府信息公开查询室")]
    pub place: Option<String>,
}

impl IssueLetterBody {
    fn matter(self) -> Result<LetterMatter, Vec<FieldError>> {
        let SeparateLetter::CollectionNotice = self.kind;
        match (self.collect_from_date, self.collect_to_date, self.place) {
            (Some(collect_from), Some(collect_to), Some(place)) => {
                let collection = Collection { collect_from, collect_to, place };
                Ok(LetterMatter::CollectionNotice(collection))
            }
            (from, to, place) => {
                let given = [
                    ("collect_from_date", from.is_some()),
                    ("collect_to_date", to.is_some()),
                    ("place", place.is_some()),
                ];
                let lacking = given.into_iter().filter(|(_, given)| !given);
                let fault = |(name, _)| FieldError::of(format!("#/{name}"), Flaw::MissingField);
                Err(lacking.map(fault).collect())
            }
        }
    }
}

impl Checked for IssueLetterBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        self.clone().matter().err().unwrap_or_default()
    }
}

/// `POST /api/v1/cases/{id}/issue-letter`
pub async fn issue_letter(
    auth: Auth<auth::IssueLetter>,
    app: web::Data<App>,
    id: CasePath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<IssueLetterBody>,
) -> Reply<Tagged<CaseView, 200>> {
    let keyed = body.keyed(&key, &format!("issue_letter {}", id.0));
    let version = if_match.version()?;
    let matter = body.value.matter();
    let matter = matter.map_err(|faults| Problem::new(Fault::ValidationFailed).with(faults))?;
    let step = Step::IssueLetter { matter };
    let outcome = cases::act(&app, auth.origin(keyed), id.0, version, step).await?;
    answer(&app, &auth.actor, outcome)
}
