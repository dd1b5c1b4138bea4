//! Receiving applications and acting on cases.

use std::sync::Arc;

use super::App;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::{Applicant, Application, Arrival, Case, LookupKeys};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::earlier::Earlier;
use crate::domain::external_ref::ExternalRef;
use crate::domain::hex;
use crate::domain::identity::{Address, Email, IdDocument, Phone, Postcode};
use crate::domain::ids::{CaseId, UnitId, Version};
use crate::domain::lifecycle::{Changes, NewCase, Step};
use crate::domain::query_code::QueryCode;
use crate::domain::sealed::{BlindIndex, PersonalField, Sealed};
use crate::store::command::{Caller, Command, DailyQuota, Denied, Idempotency, Outcome, Receive};
use crate::store::vault::{Vault, VaultError, fresh_bytes, fresh_nonce};
use crate::store::{Error, Result};

/// On whose behalf a command is given, and by which request.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The caller.
    pub caller: Caller,
    /// The request, for the ledger.
    pub request_id: String,
    /// The key by which a repetition is recognised.
    pub idempotency: Option<Idempotency>,
}

/// An applicant in the clear, parsed.
#[derive(Clone, Debug)]
pub struct ApplicantInput {
    /// The column of annual table three.
    pub kind: ApplicantType,
    /// The name.
    pub name: String,
    /// The identity document.
    pub document: Option<IdDocument>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The postal address.
    pub address: Option<Address>,
    /// Its postcode.
    pub postcode: Option<Postcode>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The person to speak to.
    pub contact_name: Option<String>,
}

/// An application in the clear, parsed.
#[derive(Clone, Debug)]
pub struct ApplicationInput {
    /// Who asks.
    pub applicant: ApplicantInput,
    /// For what, in one line.
    pub subject: String,
    /// For what, in full.
    pub description: String,
    /// Why (2007 text).
    pub purpose: Option<String>,
    /// On what.
    pub carrier: Carrier,
    /// How.
    pub delivery: Delivery,
    /// Would another form do?
    pub accepts_other_form: bool,
    /// Was a waiver asked for?
    pub fee_waiver_requested: bool,
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival.
    pub arrival: Arrival,
    /// The unit that received it; none for the caller's own.
    pub receiving_unit: Option<UnitId>,
    /// The number by which another system or a paper register knows it.
    pub external_ref: Option<ExternalRef>,
    /// Register it in the same command?
    pub then: AfterReceipt,
}

/// What follows on a receipt in the same command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterReceipt {
    /// Nothing.
    Wait,
    /// Registration.
    Register,
}

/// Corrected values in the clear, parsed.
#[derive(Clone, Debug, Default)]
pub struct ChangesInput {
    /// The applicant.
    pub applicant: Option<ApplicantInput>,
    /// Everything else.
    pub rest: Changes,
}

/// Records an application: seals what is personal, makes the query code, and keeps neither clear.
///
/// # Errors
/// The command is refused, or the store could not carry it out.
pub async fn receive(
    app: &Arc<App>,
    origin: Origin,
    input: ApplicationInput,
) -> std::result::Result<Outcome, Denied> {
    receive_knowing(app, origin, input, None).await
}

/// The same, with the applicant's earlier cases for the answer (crate::service::earlier). They
/// travel with the command so that a repetition of it is answered alike; they refuse nothing.
///
/// # Errors
/// As [`receive`].
pub async fn receive_knowing(
    app: &Arc<App>,
    origin: Origin,
    input: ApplicationInput,
    earlier: Option<Earlier>,
) -> std::result::Result<Outcome, Denied> {
    let receive = receipt(app, input, earlier)?;
    app.submit(origin, Command::Receive(Box::new(receive))).await
}

/// The receipt of an application, to be given: it names the case before there is an answer.
pub(super) fn receipt(
    app: &App,
    input: ApplicationInput,
    earlier: Option<Earlier>,
) -> Result<Receive> {
    let code = QueryCode::from_random(fresh_bytes().map_err(crypto)?);
    let (new, register) = parts(app, &code, input)?;
    Ok(Receive { new, query_code: code.reveal(), register, earlier, quota: None })
}

/// The same, for an application that its applicant sends in himself.
///
/// # Errors
/// As [`receive`], and the person has sent in as many as he may today
/// ([`Reason::DailyLimitReached`](crate::domain::rejection::Reason)).
pub async fn receive_online(
    app: &Arc<App>,
    origin: Origin,
    input: ApplicationInput,
    quota: Option<DailyQuota>,
) -> std::result::Result<Outcome, Denied> {
    let receive = Receive { quota, ..receipt(app, input, None)? };
    app.submit(origin, Command::Receive(Box::new(receive))).await
}

/// The new case of an application, sealed, and the facts with which to register it at once.
pub(super) fn parts(
    app: &App,
    code: &QueryCode,
    input: ApplicationInput,
) -> Result<(NewCase, Option<Arrival>)> {
    let id = CaseId(app.fresh_id());
    let (applicant, lookup) = seal_applicant(&app.vault, id, &input.applicant)?;
    let new = NewCase {
        id,
        query_code_digest: hex::encode(&app.vault.query_code_digest(code)),
        application: Application {
            applicant,
            lookup,
            subject: input.subject,
            description: input.description,
            purpose: input.purpose,
            carrier: input.carrier,
            delivery: input.delivery,
            accepts_other_form: input.accepts_other_form,
            fee_waiver_requested: input.fee_waiver_requested,
        },
        channel: input.channel,
        arrival: input.arrival,
        receiving_unit: input.receiving_unit,
        external_ref: input.external_ref,
    };
    let register = match input.then {
        AfterReceipt::Register => Some(Arrival::default()),
        AfterReceipt::Wait => None,
    };
    Ok((new, register))
}

/// Takes an action on a case.
///
/// # Errors
/// The command is refused, or the store could not carry it out.
pub async fn act(
    app: &Arc<App>,
    origin: Origin,
    case: CaseId,
    expected: Version,
    step: Step,
) -> std::result::Result<Outcome, Denied> {
    app.submit(origin, Command::Act { case, expected, step }).await
}

/// Corrects facts; a new applicant is sealed first.
///
/// # Errors
/// The command is refused, or the store could not carry it out.
pub async fn amend(
    app: &Arc<App>,
    origin: Origin,
    case: CaseId,
    expected: Version,
    reason: String,
    input: ChangesInput,
) -> std::result::Result<Outcome, Denied> {
    let mut changes = input.rest;
    if let Some(applicant) = &input.applicant {
        changes.applicant = Some(seal_applicant(&app.vault, case, applicant)?);
    }
    let step = Step::Amend { reason, changes: Box::new(changes) };
    act(app, origin, case, expected, step).await
}

#[expect(clippy::needless_pass_by_value, reason = "called by map_err")]
pub(super) fn crypto(error: VaultError) -> Error {
    Error::Other(error.to_string())
}

/// Seals the fields that identify or reach a person, bound to their row, and makes the digests by
/// which they are found.
fn seal_applicant(
    vault: &Vault,
    id: CaseId,
    input: &ApplicantInput,
) -> Result<(Applicant, LookupKeys)> {
    let seal = |field: PersonalField, clear: Option<&str>| -> Result<Option<Sealed>> {
        clear
            .map(|clear| vault.seal(field, id.0, clear, fresh_nonce()?))
            .transpose()
            .map_err(crypto)
    };
    let document = input.document.as_ref();
    let applicant = Applicant {
        kind: input.kind,
        name: input.name.clone(),
        id_kind: document.map(IdDocument::kind),
        id_number: seal(PersonalField::IdNumber, document.map(IdDocument::as_str))?,
        phone: seal(PersonalField::Phone, input.phone.as_ref().map(Phone::as_str))?,
        address: seal(PersonalField::Address, input.address.as_ref().map(Address::as_str))?,
        postcode: input.postcode.as_ref().map(|code| code.as_str().to_owned()),
        email: seal(PersonalField::Email, input.email.as_ref().map(Email::as_str))?,
        contact_name: input.contact_name.clone(),
    };
    Ok((applicant, lookup_keys(vault, input)))
}

/// The digests by which a person's cases are found.
pub(super) fn lookup_keys(vault: &Vault, input: &ApplicantInput) -> LookupKeys {
    let index = |field: PersonalField, clear: &str| vault.blind_index(field, clear);
    LookupKeys {
        id_number: input.document.as_ref().map(|d| index(PersonalField::IdNumber, d.as_str())),
        phone: input.phone.as_ref().map(|p| index(PersonalField::Phone, p.as_str())),
        email: input.email.as_ref().map(|e| index(PersonalField::Email, &e.index_text())),
    }
}

/// Whether a query code is that of the case, under whichever key its digest was made.
#[must_use]
pub fn owns_query_code(app: &App, case: &Case, code: &QueryCode) -> bool {
    let stored = BlindIndex::from_hex(&case.record.intake.query_code_digest);
    stored.is_some_and(|digest| app.vault.query_code_matches(code, digest.as_bytes()))
}

/// An applicant's sealed fields, opened.
#[derive(Clone, Default)]
pub struct Opened {
    /// The number of the identity document.
    pub id_number: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The postal address.
    pub address: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

/// Opens the sealed fields of an applicant, for masking.
///
/// # Errors
/// A field does not open: it was changed, or its key is not here.
pub fn open_applicant(vault: &Vault, id: CaseId, applicant: &Applicant) -> Result<Opened> {
    let open = |field: PersonalField, sealed: Option<&Sealed>| -> Result<Option<String>> {
        sealed
            .map(|sealed| vault.open(field, id.0, sealed))
            .transpose()
            .map_err(|error| Error::Corrupt(format!("case {id}, {}: {error}", field.as_str())))
    };
    Ok(Opened {
        id_number: open(PersonalField::IdNumber, applicant.id_number.as_ref())?,
        phone: open(PersonalField::Phone, applicant.phone.as_ref())?,
        address: open(PersonalField::Address, applicant.address.as_ref())?,
        email: open(PersonalField::Email, applicant.email.as_ref())?,
    })
}
