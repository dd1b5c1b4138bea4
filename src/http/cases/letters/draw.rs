//! Documents that are drawn from a case without being issued: neither numbered nor kept.

use actix_web::web;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::page::{self, Mark};
use super::{KindPath, masked, named};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::letter::{self, Desk, LetterError, LetterId, LetterKind, Personal, Sheet};
use crate::domain::lifecycle::signer;
use crate::domain::regulation::Law;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;
use crate::domain::unit::Directory;
use crate::http::auth::{Auth, ReadCases};
use crate::http::cases::applicant::{applicant_view, name_for};
use crate::http::cases::{Reply, load};
use crate::http::extract::{Body, CasePath, Checked, Params};
use crate::http::flaw::Flaw;
use crate::http::problem::{FieldError, Problem};
use crate::http::reply::{Conditional, Html};
use crate::service::App;

/// Which letter to look at.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterPreviewBody {
    /// The kind: that of the draft's decision, or a notice that the case gives reason for; a code of
    /// `letter_kinds` in the dictionaries.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "refusal")]
    pub kind: String,
}

impl LetterPreviewBody {
    fn parsed(&self) -> Result<LetterKind, FieldError> {
        LetterKind::parse(&self.kind).map_err(|_| FieldError::of("#/kind", Flaw::UnknownValue))
    }
}

impl Checked for LetterPreviewBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        self.parsed().err().into_iter().collect()
    }
}

/// Which letter a document is about.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DocumentParams {
    /// The letter of which a `service_receipt` is the proof.
    pub letter_id: Option<Uuid>,
}

fn desk<'a>(app: &'a App, law: &'a Law, directory: &'a Directory) -> Desk<'a> {
    Desk {
        office: &app.letters,
        law,
        decisions: app.decisions,
        directory,
        today: legal_day(app.clock.now()),
    }
}

/// A letter that cannot be filled in, as a refusal.
fn incomplete(error: &LetterError) -> Problem {
    let title = Said::neutral(error.kind.title());
    Refusal::from(Rejection::new(Reason::LetterIncomplete).saying(title)).into()
}

/// `POST /api/v1/cases/{id}/letter-previews`
pub async fn preview(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    body: Body<LetterPreviewBody>,
) -> Reply<Conditional<Html>> {
    let kind = LetterKind::parse(&body.value.kind).map_err(|_| Reason::NotFound)?;
    let case = load(&app, &auth.actor, id.0).await?;
    let directory = app.store.directory().await?;
    let signer = signer(&case, &auth.actor, &directory);
    let drawn = letter::preview(&case, kind, &desk(&app, &app.law(), &directory), signer);
    let sheet = drawn.map_err(|error| incomplete(&error))?.ok_or(Reason::LetterNotDue)?;
    Ok(Conditional(page::html(&masked(sheet, &auth.actor, &case), Mark::Draft)))
}

/// `GET /api/v1/cases/{id}/documents/{kind}`
pub async fn document(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    kind: KindPath,
    params: Params<DocumentParams>,
) -> Reply<Conditional<Html>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let directory = app.store.directory().await?;
    let letter = params.0.letter_id.map(LetterId);
    let sheet = drawn(&app, &auth.actor, &case, (kind.0, letter), &directory)?;
    Ok(Conditional(page::html(&masked(sheet, &auth.actor, &case), Mark::None)))
}

fn drawn(
    app: &App,
    actor: &Actor,
    case: &Case,
    (kind, letter): (LetterKind, Option<LetterId>),
    directory: &Directory,
) -> Reply<Sheet> {
    let law = app.law();
    let desk = desk(app, &law, directory);
    let made = match kind {
        LetterKind::APPLICATION_FORM => {
            letter::application_form(case, personal(app, actor, case)?, &desk)
        }
        LetterKind::RECEIPT => {
            let name = &case.record.intake.application.applicant.name;
            letter::receipt(case, name_for(actor, name), &desk)
        }
        LetterKind::TRANSFER_SHEET => letter::transfer_sheet(case, &desk),
        LetterKind::REVIEW_SHEET => letter::review_sheet(case, &desk),
        LetterKind::SERVICE_RECEIPT => {
            let id = letter.ok_or_else(|| -> Problem {
                Refusal::from(Rejection::new(Reason::FactMissing).at("/letter_id")).into()
            })?;
            let letter = named(case, id)?;
            letter::service_receipt(case, letter, &personal(app, actor, case)?, &desk)
        }
        _ => return Err(Reason::LetterNotDue.into()),
    };
    made.map_err(|error| match kind {
        LetterKind::APPLICATION_FORM | LetterKind::SERVICE_RECEIPT => incomplete(&error),
        // A sheet of something that has not happened.
        _ => Reason::LetterNotDue.into(),
    })
}

/// What identifies and reaches the applicant, masked as everywhere.
fn personal(app: &App, actor: &Actor, case: &Case) -> Reply<Personal> {
    let view = applicant_view(app, actor, case, legal_day(app.clock.now()))?;
    Ok(Personal {
        applicant_name: view.name,
        id_number: view.id_number.unwrap_or_default(),
        phone: view.phone.unwrap_or_default(),
        address: view.address.unwrap_or_default(),
        postcode: view.postcode.unwrap_or_default(),
        email: view.email.unwrap_or_default(),
        contact_name: view.contact_name.unwrap_or_default(),
    })
}
