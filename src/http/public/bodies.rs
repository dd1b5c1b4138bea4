//! The bodies of the public door. The form of the pages is read into the same types.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::domain::case::Arrival;
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::ids::AttachmentId;
use crate::domain::query_code::QueryCode;
use crate::http::cases::{ApplicantBody, prose};
use crate::http::extract::Checked;
use crate::http::flaw::Flaw;
use crate::http::problem::FieldError;
use crate::http::strict::{object, plain, some_flag};
use crate::service::cases::{AfterReceipt, ApplicationInput};
use crate::service::public::Claim;

/// An application sent in online. What it must contain: Regulation 2019, art. 29.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicApplicationBody {
    /// Who asks. The identity document is required, and a contact that fits the delivery.
    #[serde(deserialize_with = "object")]
    #[validate(nested)]
    pub applicant: ApplicantBody,
    /// For what: name, document number or other characteristic, in one line.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    #[schema(min_length = 1, max_length = 200, example = "2010年度道路交通事故统计数据")]
    pub subject: String,
    /// For what, in full; the subject when left out.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    /// On what the information is wanted.
    pub carrier: Carrier,
    /// How it is to be obtained.
    pub delivery: Delivery,
    /// Would another form do when the wanted one is impossible? Yes when left out.
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub accepts_other_form: Option<bool>,
}

fn fault(pointer: &str, flaw: Flaw) -> FieldError {
    let detail = match flaw {
        Flaw::IdentityMissing => flaw.said().by("2019 art. 29(1)"),
        _ => flaw.said(),
    };
    FieldError { pointer: format!("#/{pointer}"), code: flaw.as_str().to_owned(), detail }
}

impl Checked for PublicApplicationBody {
    fn faults(&self, today: NaiveDate) -> Vec<FieldError> {
        let mut faults = self.applicant.faults(today);
        let applicant = &self.applicant;
        if applicant.id_kind.is_none() && applicant.id_number.is_none() {
            faults.push(fault("applicant/id_kind", Flaw::IdentityMissing));
            faults.push(fault("applicant/id_number", Flaw::IdentityMissing));
        }
        let wanted = match self.delivery {
            Delivery::Post | Delivery::ExpressMail => Some(("address", &applicant.address)),
            Delivery::Email => Some(("email", &applicant.email)),
            Delivery::Fax => Some(("phone", &applicant.phone)),
            Delivery::Collect | Delivery::OnSiteReading => None,
        };
        if let Some((name, None)) = wanted {
            faults.push(fault(&format!("applicant/{name}"), Flaw::DeliveryContactMissing));
        }
        faults
    }
}

impl PublicApplicationBody {
    /// The application in domain types. The facts of its arrival are the system's to say.
    ///
    /// # Errors
    /// As the extractor has already found, none.
    pub fn into_input(self, today: NaiveDate) -> Result<ApplicationInput, Vec<FieldError>> {
        Ok(ApplicationInput {
            applicant: self.applicant.parsed(today)?,
            description: self.description.unwrap_or_else(|| self.subject.clone()),
            subject: self.subject,
            purpose: None,
            carrier: self.carrier,
            delivery: self.delivery,
            accepts_other_form: self.accepts_other_form.unwrap_or(true),
            fee_waiver_requested: false,
            channel: Channel::Online,
            arrival: Arrival::default(),
            receiving_unit: None,
            external_ref: None,
            then: AfterReceipt::Wait,
        })
    }
}

/// One of the two numbers of a case, and its query code.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimBody {
    /// The number of the case; or `receipt_number`.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "长公公开〔2026〕48号")]
    pub case_number: Option<String>,
    /// The number on the receipt; or `case_number`.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "SJ2026-000058")]
    pub receipt_number: Option<String>,
    /// The query code on the receipt.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "58NW-HFGP-KDGK-7VET")]
    pub query_code: String,
}

/// What the applicant says when he was asked to supplement his application.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicSupplementBody {
    /// The number of the case; or `receipt_number`.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "长公公开〔2026〕48号")]
    pub case_number: Option<String>,
    /// The number on the receipt; or `case_number`.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "SJ2026-000058")]
    pub receipt_number: Option<String>,
    /// The query code on the receipt.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "58NW-HFGP-KDGK-7VET")]
    pub query_code: String,
    /// What he says.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 4000)]
    pub content: String,
}

/// A file that is provided with an answer.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerFileBody {
    /// The number of the case; or `receipt_number`.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "长公公开〔2026〕48号")]
    pub case_number: Option<String>,
    /// The number on the receipt; or `case_number`.
    #[validate(length(min = 1, max = 64), custom(function = plain))]
    #[schema(min_length = 1, max_length = 64, example = "SJ2026-000058")]
    pub receipt_number: Option<String>,
    /// The query code on the receipt.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "58NW-HFGP-KDGK-7VET")]
    pub query_code: String,
    /// Which file: its `id` in the answer.
    pub file_id: Uuid,
}

/// What is wrong with the form of number and code; nothing of that tells whether there is a case.
fn claim_faults(
    case_number: Option<&String>,
    receipt_number: Option<&String>,
    code: &str,
) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if case_number.is_some() == receipt_number.is_some() {
        faults.push(fault("case_number", Flaw::OneNumberNeeded));
    }
    if QueryCode::parse(code).is_err() {
        faults.push(fault("query_code", Flaw::QueryCodeMalformed));
    }
    faults
}

fn claim(case_number: Option<String>, receipt_number: Option<String>, code: &str) -> Option<Claim> {
    let number = case_number.or(receipt_number)?;
    Some(Claim { number, code: QueryCode::parse(code).ok()? })
}

impl Checked for ClaimBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        claim_faults(self.case_number.as_ref(), self.receipt_number.as_ref(), &self.query_code)
    }
}

impl Checked for PublicSupplementBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        claim_faults(self.case_number.as_ref(), self.receipt_number.as_ref(), &self.query_code)
    }
}

impl Checked for AnswerFileBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        claim_faults(self.case_number.as_ref(), self.receipt_number.as_ref(), &self.query_code)
    }
}

impl AnswerFileBody {
    /// The claim and the file. None only for a body that [`Checked`] refuses.
    pub fn into_parts(self) -> Option<(Claim, AttachmentId)> {
        let claim = claim(self.case_number, self.receipt_number, &self.query_code)?;
        Some((claim, AttachmentId(self.file_id)))
    }
}

impl ClaimBody {
    /// The claim. None only for a body that [`Checked`] refuses.
    pub fn into_claim(self) -> Option<Claim> {
        claim(self.case_number, self.receipt_number, &self.query_code)
    }
}

impl PublicSupplementBody {
    /// The claim and what the applicant says. None only for a body that [`Checked`] refuses.
    pub fn into_parts(self) -> Option<(Claim, String)> {
        let claim = claim(self.case_number, self.receipt_number, &self.query_code)?;
        Some((claim, self.content))
    }
}
