//! The applicant's earlier cases: with a receipt, and to look at before one.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::Reply;
use super::bodies::prose;
use super::views::Links;
use crate::domain::case::LookupKeys;
use crate::domain::deadline::legal_day;
use crate::domain::earlier::{Compared, Earlier, EarlierCase, LookedIn};
use crate::domain::identity::{Email, IdentityError, Phone, compact_upper};
use crate::domain::lifecycle::Status;
use crate::domain::regulation::RuleSetId;
use crate::domain::said::{Language, Said, citation};
use crate::domain::sealed::PersonalField;
use crate::domain::text_enum::text_enum;
use crate::http::auth::{self, Auth};
use crate::http::extract::{Body, Checked};
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::Json;
use crate::http::strict::object;
use crate::service::{App, earlier as lookup};

text_enum! {
    /// What an application that is being taken in looks like. It is recorded all the same.
    pub enum Caution in "caution" {
        RepeatedAnswered = "repeated_answered" : "该申请人曾就类似内容提出申请并已获答复;如属重复申请,可告知不予重复处理,并须引用原件" / "This applicant has been answered on a similar request; if it is the same, the answer may be that it is not handled again, naming the earlier case.",
        RepeatedOpen = "repeated_open" : "该申请人就类似内容的申请尚在办理;请核实是否同一申请重复提交" / "A similar request of this applicant is still open; check whether the same application was handed in twice.",
    }
}

impl Caution {
    /// The article that lets the agency not handle a request again; the text of 2007 has none, and
    /// neither text says anything of an application that was handed in twice. Both leave the
    /// decision to people; neither refuses a receipt.
    const fn article(self, under: RuleSetId) -> Option<&'static str> {
        match (self, under) {
            (Self::RepeatedAnswered, RuleSetId::Text2019) => Some("2019 art. 36(6)"),
            (Self::RepeatedAnswered, RuleSetId::Text2007) | (Self::RepeatedOpen, _) => None,
        }
    }
}

/// A warning about an application. It never refuses it.
#[derive(Serialize, ToSchema)]
pub struct WarningView {
    /// What it looks like.
    pub code: Caution,
    /// In words.
    pub text: String,
    /// The article that it is about, when the text under which the application falls has one.
    #[schema(example = "2019年条例第三十六条第(六)项")]
    pub article: Option<String>,
    /// The addresses of the earlier cases.
    pub cases: Vec<String>,
}

/// One earlier case of the applicant.
#[derive(Serialize, ToSchema)]
pub struct EarlierCaseView {
    /// Its id.
    pub id: Uuid,
    /// The number on its receipt.
    pub receipt_number: String,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// Where it stood.
    pub status: Status,
    /// The name under which it was asked for.
    pub applicant_name: String,
    /// For what.
    pub subject: String,
    /// When it was recorded.
    pub received_at: DateTime<Utc>,
    /// When it was answered.
    pub answer_date: Option<NaiveDate>,
    /// How it was answered.
    pub decision: Option<String>,
    /// By which of his data the applicant was recognised.
    pub recognised_by: Vec<PersonalField>,
    /// How alike the subjects are, in per cent.
    #[schema(minimum = 0, maximum = 100)]
    pub likeness: u8,
    /// Does the application look like a repetition of it?
    pub repeated: bool,
    /// Where it is.
    pub links: Links,
}

/// The applicant's earlier cases, recognised by the identity document or, without one, by telephone
/// and e-mail.
#[derive(Serialize, ToSchema)]
pub struct EarlierCasesView {
    /// Where they were looked for: a center does not learn of cases that exist only for others.
    pub looked_in: LookedIn,
    /// The newest, 20 at most, newest first.
    pub items: Vec<EarlierCaseView>,
    /// Are there more? `POST /api/v1/cases/search` has them all.
    pub has_more: bool,
    /// What to look at before going on.
    pub warnings: Vec<WarningView>,
}

impl From<EarlierCase> for EarlierCaseView {
    fn from(case: EarlierCase) -> Self {
        Self {
            id: case.id.0,
            receipt_number: case.receipt_number,
            case_number: case.case_number,
            status: case.status,
            applicant_name: case.applicant_name,
            subject: case.subject,
            received_at: case.received_at,
            answer_date: case.answer_date,
            decision: case.decision,
            recognised_by: case.recognised_by,
            likeness: case.likeness,
            repeated: case.repeated,
            links: Links::of(case.id.0),
        }
    }
}

impl EarlierCasesView {
    /// What was found, in the reader's language, for an application that falls under this text.
    pub(super) fn of(earlier: Earlier, under: RuleSetId, language: Language) -> Self {
        let warnings = Caution::ALL
            .iter()
            .filter_map(|caution| warning(*caution, &earlier, under, language))
            .collect();
        Self {
            looked_in: earlier.looked_in,
            has_more: earlier.more,
            items: earlier.cases.into_iter().map(EarlierCaseView::from).collect(),
            warnings,
        }
    }
}

fn warning(
    caution: Caution,
    earlier: &Earlier,
    under: RuleSetId,
    language: Language,
) -> Option<WarningView> {
    let meant = |case: &&EarlierCase| match caution {
        Caution::RepeatedAnswered => case.status == Status::Answered,
        Caution::RepeatedOpen => case.status != Status::Answered,
    };
    let cases: Vec<String> =
        earlier.repeated().filter(meant).map(|case| Links::of(case.id.0).own).collect();
    (!cases.is_empty()).then(|| WarningView {
        code: caution,
        text: Said::of(caution.label_zh(), caution.label_en()).into_text(language),
        article: caution.article(under).map(|article| citation(article, language)),
        cases,
    })
}

/// The person at the counter, as far as he has said who he is.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonBody {
    /// His name; compared when only telephone or e-mail tell who he is.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The number of the identity document, whole.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub id_number: Option<String>,
    /// The telephone number, whole.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30)]
    pub phone: Option<String>,
    /// The e-mail address, whole.
    #[validate(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254)]
    pub email: Option<String>,
}

/// The ways to reach a person.
type Contacts = (Option<Phone>, Option<Email>);

/// What is about to be asked for, and by whom.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierBody {
    /// Who asks.
    #[serde(deserialize_with = "object")]
    #[validate(nested)]
    pub applicant: PersonBody,
    /// For what, in one line; without it nothing is compared.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    #[schema(min_length = 1, max_length = 200)]
    pub subject: Option<String>,
}

impl PersonBody {
    fn parsed(&self) -> Result<Contacts, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, error: IdentityError| {
            faults.push(FieldError {
                pointer: format!("#/applicant/{pointer}"),
                code: error.code().to_owned(),
                detail: Said::of(error.zh(), error.en()),
            });
        };
        let phone = self.phone.as_deref().map(Phone::parse).transpose();
        let phone = phone.map_err(|error| fault("phone", error));
        let email = self.email.as_deref().map(Email::parse).transpose();
        let email = email.map_err(|error| fault("email", error));
        if self.id_number.is_none() && self.phone.is_none() && self.email.is_none() {
            faults.push(FieldError {
                pointer: "#/applicant".to_owned(),
                code: "one_of_needed".to_owned(),
                detail: Said::of(
                    "至少给出证件号码、电话、邮箱之一",
                    "At least one of id_number, phone and email is needed.",
                ),
            });
        }
        match (phone, email) {
            (Ok(phone), Ok(email)) if faults.is_empty() => Ok((phone, email)),
            _ => Err(faults),
        }
    }
}

impl Checked for EarlierBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        self.applicant.parsed().err().unwrap_or_default()
    }
}

/// `POST /api/v1/cases/earlier`
pub async fn earlier(
    auth: Auth<auth::Receive>,
    app: web::Data<App>,
    language: Language,
    body: Body<EarlierBody>,
) -> Reply<Json<EarlierCasesView>> {
    let EarlierBody { applicant, subject } = body.value;
    let (phone, email) =
        applicant.parsed().map_err(|faults| Problem::new(Fault::ValidationFailed).with(faults))?;
    let index = |field, text: &str| app.vault.blind_index(field, text);
    let number = applicant.id_number.as_deref().map(compact_upper);
    let keys = LookupKeys {
        id_number: number.map(|number| index(PersonalField::IdNumber, &number)),
        phone: phone.map(|phone| index(PersonalField::Phone, phone.as_str())),
        email: email.map(|email| index(PersonalField::Email, &email.index_text())),
    };
    let with = Compared { name: applicant.name.as_deref(), subject: subject.as_deref() };
    let found = lookup::of_person(&app, &auth.actor, &keys, with).await?;
    let under = app.law().text_in_force(legal_day(app.clock.now()));
    Ok(Json(EarlierCasesView::of(found, under, language)))
}
