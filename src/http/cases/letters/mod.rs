//! The letters of a case: reading and printing them, and what is drawn from a case without being
//! issued. Names are masked by role, in the content too.

mod draw;
mod files;
mod page;
mod register;
mod views;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use utoipa::openapi::Required;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use uuid::Uuid;

use super::applicant::{name_for, names_are_masked};
use super::{Reply, load};
use crate::domain::actor::Actor;
use crate::domain::attachment::{FileName, Purpose};
use crate::domain::case::Case;
use crate::domain::letter::{Block, LetterId, LetterKind, LetterRef, Sheet};
use crate::domain::rejection::Reason;
use crate::http::auth::{Auth, ReadCases};
use crate::http::contract::{Describe, Draft};
use crate::http::extract::CasePath;
use crate::http::problem::{Fault, Problem};
use crate::http::reply::{Html, Json};
use crate::paper::Marking;
use crate::service::App;
use crate::store::letters as rows;
use page::Mark;

pub use draw::{document, preview};
pub use files::{Pdf, Printed, docx, pdf, printed_pdf};
pub use register::{LetterState, register};
pub use views::{BlockKind, LetterView, Seal, letters_of};
use views::{LetterDetailView, LettersView};

/// What is told of an address that names nothing.
const NOTHING: &str = "There is no such resource, or it does not exist for this caller.";

/// The letter that the path names.
pub struct LetterPath(pub LetterId);

impl Describe for LetterPath {
    fn describe(draft: &mut Draft) {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
        draft.parameters.push(
            ParameterBuilder::new()
                .name("letter_id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some("The id of the letter."))
                .schema(Some(schema))
                .build(),
        );
        draft.error(404, NOTHING);
    }
}

impl FromRequest for LetterPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("letter_id").and_then(|text| Uuid::parse_str(text).ok());
        ready(id.map(|id| Self(LetterId(id))).ok_or_else(|| Reason::NotFound.into()))
    }
}

/// The kind of document that the path names.
pub struct KindPath(pub LetterKind);

impl Describe for KindPath {
    fn describe(draft: &mut Draft) {
        draft.parameters.push(
            ParameterBuilder::new()
                .name("kind")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some("A kind of `letter_kinds` in the dictionaries."))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build(),
        );
        draft.error(404, NOTHING);
    }
}

impl FromRequest for KindPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let kind = request.match_info().get("kind").and_then(|text| LetterKind::parse(text).ok());
        ready(kind.map(Self).ok_or_else(|| Reason::NotFound.into()))
    }
}

/// `GET /api/v1/cases/{id}/letters`
pub async fn list(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
) -> Reply<Json<LettersView>> {
    let case = load(&app, &auth.actor, id.0).await?;
    Ok(Json(LettersView { items: letters_of(&case) }))
}

/// `GET /api/v1/cases/{id}/letters/{letter_id}`
pub async fn show(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    letter: LetterPath,
) -> Reply<Json<LetterDetailView>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let letter = named(&case, letter.0)?;
    let sheet = content(&app, &auth.actor, &case, letter).await?;
    Ok(Json(LetterDetailView::of(&case, letter, sheet)))
}

/// `GET /api/v1/cases/{id}/letters/{letter_id}/html`
pub async fn print(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    letter: LetterPath,
) -> Reply<Html> {
    let case = load(&app, &auth.actor, id.0).await?;
    let letter = named(&case, letter.0)?;
    let sheet = content(&app, &auth.actor, &case, letter).await?;
    let mark = if letter.is_valid() { Mark::None } else { Mark::Void };
    Ok(page::html(&sheet, mark))
}

/// The page of a letter that holds.
#[must_use]
pub fn issued_page(sheet: &Sheet) -> Html {
    page::html(sheet, Mark::None)
}

/// The page of a letter as text, to be kept elsewhere.
#[must_use]
pub fn page_of(sheet: &Sheet, marking: Marking) -> String {
    let mark = match marking {
        Marking::Issued => Mark::None,
        Marking::Draft => Mark::Draft,
        Marking::Void => Mark::Void,
    };
    page::html(sheet, mark).into_page()
}

/// The letter of that id among those of the case.
fn named(case: &Case, id: LetterId) -> Reply<&LetterRef> {
    let found = case.record.letters.iter().find(|letter| letter.id == id);
    found.ok_or_else(|| Reason::NotFound.into())
}

/// What was frozen of a letter, as this actor may see it. That it is what the case says of it, is
/// looked at on every reading.
async fn content(app: &App, actor: &Actor, case: &Case, letter: &LetterRef) -> Reply<Sheet> {
    let (case_id, id) = (case.id, letter.id);
    let row = app.store.readers.run(move |conn| rows::of_case(conn, case_id, id)).await?;
    let row = row.ok_or(Fault::Internal)?;
    if row.content_hash.as_slice() != letter.content_hash.as_bytes() {
        tracing::error!(letter = %id, "a letter is not the one that was issued");
        return Err(Fault::Internal.into());
    }
    Ok(masked(row.sheet(&app.vault)?, actor, case))
}

/// The sheet as this actor may see it: who sees names masked, sees them so in the text as well.
fn masked(mut sheet: Sheet, actor: &Actor, case: &Case) -> Sheet {
    if !names_are_masked(actor) {
        return sheet;
    }
    let applicant = &case.record.intake.application.applicant;
    let recipients = case.record.services.iter().filter_map(|service| service.recipient.as_ref());
    let mut names: Vec<&String> = recipients.chain(&applicant.contact_name).collect();
    names.push(&applicant.name);
    let files = case.record.attachments.iter().filter(|file| file.purpose != Purpose::Draft);
    let files: Vec<&FileName> = files.map(|file| &file.name).collect();
    let mask = |text: &mut String| {
        // The index of a case's papers names its files.
        if let Some(file) = files.iter().find(|file| file.as_str() == text) {
            *text = format!("*.{}", file.extension());
        }
        for name in names.iter().filter(|name| !name.is_empty()) {
            if text.contains(name.as_str()) {
                *text = text.replace(name.as_str(), &name_for(actor, name));
            }
        }
    };
    sheet.addressee.iter_mut().for_each(mask);
    for block in &mut sheet.blocks {
        match block {
            Block::Paragraph(text)
            | Block::Heading(text)
            | Block::Item(text)
            | Block::Field(text) => mask(text),
            Block::Table(rows) => rows.iter_mut().flatten().for_each(mask),
            Block::Break => {}
        }
    }
    sheet
}
