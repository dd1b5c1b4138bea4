//! The bodies of receiving and amending: the application itself.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::Arrival;
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::Moment;
use crate::domain::external_ref::{ExternalRef, ExternalRefError};
use crate::domain::identity::{
    Address, Email, IdDocument, IdKind, IdentityError, OrganizationName, PersonName, Phone,
    Postcode,
};
use crate::domain::ids::UnitId;
use crate::domain::lifecycle::Changes;
use crate::domain::said::Said;
use crate::http::extract::Checked;
use crate::http::flaw::Flaw;
use crate::http::problem::FieldError;
use crate::http::strict::{object, some_flag, some_object};
use crate::service::cases::{AfterReceipt, ApplicantInput, ApplicationInput, ChangesInput};

/// Text that a person wrote: not blank, no control characters but line breaks and tabs.
pub fn prose(text: &str) -> Result<(), ValidationError> {
    let flaw = if text.trim().is_empty() {
        Flaw::Blank
    } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' && c != '\r') {
        Flaw::ControlCharacter
    } else {
        return Ok(());
    };
    Err(ValidationError::new(flaw.as_str()))
}

/// The applicant.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantBody {
    /// The column of annual table three in which he counts.
    pub r#type: ApplicantType,
    /// His name, or the organisation's.
    #[validate(length(min = 2, max = 100), custom(function = prose))]
    #[schema(min_length = 2, max_length = 100, example = "张三")]
    pub name: String,
    /// The kind of identity document; needed with `id_number`.
    pub id_kind: Option<IdKind>,
    /// Its number; checked as far as its kind has a rule.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "220102199003071235")]
    pub id_number: Option<String>,
    /// Telephone.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30, example = "13800000000")]
    pub phone: Option<String>,
    /// Postal address.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "长春市南关区人民大街1号")]
    pub address: Option<String>,
    /// Postcode.
    #[validate(length(min = 1, max = 10))]
    #[schema(min_length = 6, max_length = 6, example = "130000")]
    pub postcode: Option<String>,
    /// E-mail.
    #[validate(length(min = 1, max = 254))]
    #[schema(min_length = 3, max_length = 254, example = "zhangsan@example.com")]
    pub email: Option<String>,
    /// The person to speak to, for an organisation.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub contact_name: Option<String>,
}

/// The facts of arrival. Which of them the date of receipt needs follows from the channel.
#[derive(Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalBody {
    /// Handed in at a counter.
    pub submitted_at: Option<Moment>,
    /// Signed for (registered letter, EMS).
    pub signed_at: Option<Moment>,
    /// Arrived without a signature (ordinary letter).
    pub arrived_at: Option<Moment>,
    /// Taken in by a system (online, e-mail, fax).
    pub received_at: Option<Moment>,
    /// Confirmed with the applicant.
    pub confirmed_at: Option<Moment>,
    /// By whom it was confirmed.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub confirmed_by: Option<String>,
    /// How it was confirmed.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub confirmation_manner: Option<String>,
}

/// The number by which another system or a paper register knows the application.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalRefBody {
    /// The system: 1 to 32 of `a-z 0-9 _ . -`.
    #[validate(length(min = 1, max = 32))]
    #[schema(min_length = 1, max_length = 32, example = "paper_register")]
    pub source: String,
    /// The number within it. No personal data: it is stored readable.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "2026-0017")]
    pub r#ref: String,
}

impl ExternalRefBody {
    /// The reference in domain types.
    ///
    /// # Errors
    /// One of the texts does not have the form.
    fn parsed(&self) -> Result<ExternalRef, FieldError> {
        ExternalRef::parse(&self.source, &self.r#ref).map_err(|error| FieldError {
            pointer: match error {
                ExternalRefError::Source => "#/external_ref/source".to_owned(),
                ExternalRefError::Reference => "#/external_ref/ref".to_owned(),
            },
            code: error.code().to_owned(),
            detail: Said::new(error.zh(), error.to_string()),
        })
    }
}

/// An application to be received.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveBody {
    /// Who asks.
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
    /// Why (2007 text, art. 13).
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub purpose: Option<String>,
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival, as far as known.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub arrival: Option<ArrivalBody>,
    /// On what the information is wanted; paper when left out.
    pub carrier: Option<Carrier>,
    /// How it is to be obtained; by post when left out.
    pub delivery: Option<Delivery>,
    /// Would another form do when the wanted one is impossible? Yes when left out.
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub accepts_other_form: Option<bool>,
    /// Was a waiver of the cost fees asked for (2007 text, art. 28)?
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub fee_waiver_requested: Option<bool>,
    /// The unit that received it; the caller's own when left out.
    pub receiving_unit_id: Option<Uuid>,
    /// The number by which another system or a paper register knows it; no second case may have
    /// the same.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub external_ref: Option<ExternalRefBody>,
    /// Register it in the same command?
    #[serde(default, deserialize_with = "some_flag")]
    #[schema(nullable = false)]
    pub register: Option<bool>,
}

/// Corrected values; what is left out stays. The facts of arrival replace one by one.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendBody {
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// The applicant, whole.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub applicant: Option<ApplicantBody>,
    /// The subject.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    #[schema(min_length = 1, max_length = 200)]
    pub subject: Option<String>,
    /// The description.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    /// The channel.
    pub channel: Option<Channel>,
    /// Facts of arrival.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub arrival: Option<ArrivalBody>,
    /// Facts of the arrival of the supplement that has been recorded. Needed when the other
    /// corrections bring the case under the text of 2019, which wants a confirmation.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub supplement_arrival: Option<ArrivalBody>,
    /// On what.
    pub carrier: Option<Carrier>,
    /// How.
    pub delivery: Option<Delivery>,
}

fn fault(pointer: &str, error: IdentityError) -> FieldError {
    FieldError::personal(format!("#/applicant/{pointer}"), error)
}

/// One member parsed, when it is given and valid.
fn part<T>(
    text: Option<&String>,
    pointer: &str,
    parse: impl Fn(&str) -> Result<T, IdentityError>,
    faults: &mut Vec<FieldError>,
) -> Option<T> {
    match text.map(|text| parse(text)) {
        Some(Ok(value)) => Some(value),
        Some(Err(error)) => {
            faults.push(fault(pointer, error));
            None
        }
        None => None,
    }
}

impl ApplicantBody {
    /// The applicant in domain types.
    ///
    /// # Errors
    /// Every member that its type refuses.
    pub fn parsed(&self, today: NaiveDate) -> Result<ApplicantInput, Vec<FieldError>> {
        let mut faults = Vec::new();
        let name = if self.r#type == ApplicantType::NaturalPerson {
            PersonName::parse(&self.name).map(|name| name.as_str().to_owned())
        } else {
            OrganizationName::parse(&self.name).map(|name| name.as_str().to_owned())
        };
        let name = name.map_err(|error| faults.push(fault("name", error))).ok();
        let mut document = None;
        match (self.id_kind, &self.id_number) {
            (Some(kind), Some(number)) => match IdDocument::parse(kind, number, today) {
                Ok(parsed) => document = Some(parsed),
                Err(error) => faults.push(fault("id_number", error)),
            },
            (None, Some(_)) => faults.push(missing("id_kind")),
            (Some(_), None) => faults.push(missing("id_number")),
            (None, None) => {}
        }
        let phone = part(self.phone.as_ref(), "phone", Phone::parse, &mut faults);
        let address = part(self.address.as_ref(), "address", Address::parse, &mut faults);
        let postcode = part(self.postcode.as_ref(), "postcode", Postcode::parse, &mut faults);
        let email = part(self.email.as_ref(), "email", Email::parse, &mut faults);
        if self.phone.is_none() && self.address.is_none() && self.email.is_none() {
            let flaw = Flaw::ContactMissing;
            let detail = flaw.said().by("2019 art. 29");
            faults.push(FieldError::saying("#/applicant", flaw, detail));
        }
        match name {
            Some(name) if faults.is_empty() => Ok(ApplicantInput {
                kind: self.r#type,
                name,
                document,
                phone,
                address,
                postcode,
                email,
                contact_name: self.contact_name.clone(),
            }),
            _ => Err(faults),
        }
    }
}

fn missing(pointer: &str) -> FieldError {
    let detail = Said::of("证件种类和证件号码须同时填写", "id_kind and id_number go together.");
    FieldError::saying(format!("#/applicant/{pointer}"), Flaw::MissingField, detail)
}

impl From<ArrivalBody> for Arrival {
    fn from(body: ArrivalBody) -> Self {
        Self {
            submitted_at: body.submitted_at,
            signed_at: body.signed_at,
            arrived_at: body.arrived_at,
            received_at: body.received_at,
            confirmed_at: body.confirmed_at,
            confirmed_by: body.confirmed_by,
            confirmation_manner: body.confirmation_manner,
        }
    }
}

impl Checked for ApplicantBody {
    fn faults(&self, today: NaiveDate) -> Vec<FieldError> {
        self.parsed(today).err().unwrap_or_default()
    }
}

impl Checked for ReceiveBody {
    fn faults(&self, today: NaiveDate) -> Vec<FieldError> {
        let mut faults = self.applicant.parsed(today).err().unwrap_or_default();
        faults.extend(self.external_ref.as_ref().and_then(|body| body.parsed().err()));
        faults
    }
}

impl Checked for AmendBody {
    fn faults(&self, today: NaiveDate) -> Vec<FieldError> {
        let applicant = self.applicant.as_ref().and_then(|body| body.parsed(today).err());
        applicant.unwrap_or_default()
    }
}

impl ReceiveBody {
    /// The application in domain types.
    ///
    /// # Errors
    /// As the extractor has already found, none.
    pub fn into_input(self, today: NaiveDate) -> Result<ApplicationInput, Vec<FieldError>> {
        let applicant = self.applicant.parsed(today)?;
        let external_ref = self.external_ref.map(|body| body.parsed()).transpose();
        let external_ref = external_ref.map_err(|fault| vec![fault])?;
        let then = match self.register {
            Some(true) => AfterReceipt::Register,
            Some(false) | None => AfterReceipt::Wait,
        };
        Ok(ApplicationInput {
            applicant,
            description: self.description.unwrap_or_else(|| self.subject.clone()),
            subject: self.subject,
            purpose: self.purpose,
            carrier: self.carrier.unwrap_or(Carrier::Paper),
            delivery: self.delivery.unwrap_or(Delivery::Post),
            accepts_other_form: self.accepts_other_form.unwrap_or(true),
            fee_waiver_requested: self.fee_waiver_requested.unwrap_or(false),
            channel: self.channel,
            arrival: self.arrival.map(Arrival::from).unwrap_or_default(),
            receiving_unit: self.receiving_unit_id.map(UnitId),
            external_ref,
            then,
        })
    }
}

impl AmendBody {
    /// The reason and the changes in domain types.
    ///
    /// # Errors
    /// As the extractor has already found, none.
    pub fn into_input(self, today: NaiveDate) -> Result<(String, ChangesInput), Vec<FieldError>> {
        let applicant = self.applicant.map(|body| body.parsed(today)).transpose()?;
        let rest = Changes {
            applicant: None,
            subject: self.subject,
            description: self.description,
            channel: self.channel,
            arrival: self.arrival.map(Arrival::from),
            supplement_arrival: self.supplement_arrival.map(Arrival::from),
            carrier: self.carrier,
            delivery: self.delivery,
        };
        Ok((self.reason, ChangesInput { applicant, rest }))
    }
}
