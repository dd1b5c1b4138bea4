//! The applicant from outside: what identifies or reaches a person is masked by role.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::{Actor, Role};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::{Applicant, Case};
use crate::domain::identity::{Address, Email, IdDocument, IdKind, PersonName, Phone};
use crate::service::App;
use crate::service::cases::{Opened, open_applicant};
use crate::store::Result;

/// The applicant. Numbers and addresses are always masked; a supervisor sees the name masked too and
/// the rest not at all.
#[derive(Serialize, ToSchema)]
pub struct ApplicantView {
    /// The column of annual table three.
    pub r#type: ApplicantType,
    /// The name.
    pub name: String,
    /// The kind of identity document.
    pub id_kind: Option<IdKind>,
    /// Its number, masked.
    #[schema(example = "220102********1235")]
    pub id_number: Option<String>,
    /// Telephone, masked.
    #[schema(example = "138****0000")]
    pub phone: Option<String>,
    /// Postal address, masked.
    pub address: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// E-mail, masked.
    pub email: Option<String>,
    /// The person to speak to.
    pub contact_name: Option<String>,
}

/// Does this actor see names masked, and contacts not at all?
pub(super) fn names_are_masked(actor: &Actor) -> bool {
    actor.role == Role::Supervisor
}

/// The applicant's name as this actor may see it.
pub(super) fn name_for(actor: &Actor, name: &str) -> String {
    if names_are_masked(actor) {
        PersonName::parse(name).map_or_else(|_| "*".to_owned(), |name| name.masked())
    } else {
        name.to_owned()
    }
}

/// The applicant as this actor may see him.
///
/// # Errors
/// A sealed field does not open.
pub(super) fn applicant_view(
    app: &App,
    actor: &Actor,
    case: &Case,
    today: NaiveDate,
) -> Result<ApplicantView> {
    let applicant = &case.record.intake.application.applicant;
    let hidden = names_are_masked(actor);
    let opened =
        if hidden { Opened::default() } else { open_applicant(&app.vault, case.id, applicant)? };
    Ok(ApplicantView {
        r#type: applicant.kind,
        name: name_for(actor, &applicant.name),
        id_kind: applicant.id_kind,
        id_number: masked_document(applicant, opened.id_number.as_deref(), today),
        phone: opened.phone.map(|text| masked(Phone::parse(&text).map(|p| p.masked()))),
        address: opened.address.map(|text| masked(Address::parse(&text).map(|a| a.masked()))),
        postcode: applicant.postcode.clone().filter(|_| !hidden),
        email: opened.email.map(|text| masked(Email::parse(&text).map(|e| e.masked()))),
        contact_name: applicant.contact_name.clone().filter(|_| !hidden),
    })
}

/// What was sealed was valid then; should the rules have become stricter, nothing is shown.
fn masked<E>(text: std::result::Result<String, E>) -> String {
    text.unwrap_or_else(|_| "***".to_owned())
}

fn masked_document(
    applicant: &Applicant,
    number: Option<&str>,
    today: NaiveDate,
) -> Option<String> {
    let kind = applicant.id_kind?;
    number.map(|number| masked(IdDocument::parse(kind, number, today).map(|d| d.masked())))
}
