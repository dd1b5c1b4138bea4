//! A letter as a file: PDF to send and keep, DOCX to edit in an office program. Both are made anew on
//! every reading from what was frozen, off the thread that commits.

use actix_web::body::BoxBody;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};

use super::{LetterPath, Reply, content, named};
use crate::domain::letter::{LetterRef, Sheet};
use crate::http::auth::{Auth, ReadCases};
use crate::http::cases::applicant::names_are_masked;
use crate::http::cases::load;
use crate::http::contract::{Describe, Draft, Success};
use crate::http::extract::CasePath;
use crate::http::reply::digested;
use crate::paper::{self, Edition, Marking};
use crate::service::App;
use crate::service::seal::Seals;

/// A form in which a letter can be had.
pub trait Form {
    /// Its media type.
    const MEDIA_TYPE: &'static str;
    /// How the names of such files end.
    const EXTENSION: &'static str;
    /// What it is for.
    const ABOUT: &'static str;
}

/// PDF/A-2u.
pub struct Pdf;

/// Office Open XML.
pub struct Docx;

impl Form for Pdf {
    const MEDIA_TYPE: &'static str = "application/pdf";
    const EXTENSION: &'static str = "pdf";
    const ABOUT: &'static str = "The letter as PDF/A-2u; the sealed file, as it came back, when it bears an electronic seal.";
}

impl Form for Docx {
    const MEDIA_TYPE: &'static str =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const EXTENSION: &'static str = "docx";
    const ABOUT: &'static str = "The letter for an office program.";
}

/// A letter as a file.
pub struct Printed<F> {
    bytes: Vec<u8>,
    name: String,
    form: std::marker::PhantomData<F>,
}

impl<F: Form> Printed<F> {
    fn new(bytes: Vec<u8>, letter: &LetterRef) -> Self {
        let number = letter.number.as_ref().map(|number| number.text.as_str());
        let title = letter.kind.title();
        let name = format!("{title}{}.{}", number.unwrap_or_default(), F::EXTENSION);
        Self { bytes, name, form: std::marker::PhantomData }
    }
}

impl<F: Form> Describe for Printed<F> {
    fn describe(draft: &mut Draft) {
        let bytes = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The bytes of the file."));
        draft.conditional = true;
        draft.success = Some(Success {
            status: 200,
            description: F::ABOUT,
            media_type: F::MEDIA_TYPE,
            schema: Some(bytes.into()),
            headers: &[("Content-Disposition", "The name under which to save it (RFC 6266).")],
        });
    }
}

impl<F: Form> Responder for Printed<F> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let named = ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: self.name.into_bytes(),
        };
        let disposition = ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![
                DispositionParam::Filename(format!("letter.{}", F::EXTENSION)),
                DispositionParam::FilenameExt(named),
            ],
        };
        let mut response = HttpResponse::Ok();
        response
            .content_type(F::MEDIA_TYPE)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            // Its parts are compressed already, and it is made anew each time: never packed, and
            // never in ranges.
            .insert_header((header::ACCEPT_RANGES, "none"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header(disposition);
        digested(request, response, self.bytes)
    }
}

fn edition(letter: &LetterRef) -> Edition {
    let marking = if letter.is_valid() { Marking::Issued } else { Marking::Void };
    Edition { marking, made_at: letter.issued_at, id: letter.id.0 }
}

/// `GET /api/v1/cases/{id}/letters/{letter_id}/pdf`
pub async fn pdf(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    letter: LetterPath,
) -> Reply<Printed<Pdf>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let letter = named(&case, letter.0)?;
    let sheet = content(&app, &auth.actor, &case, letter).await?;
    if names_are_masked(&auth.actor) {
        return unsealed_pdf(&app, sheet, letter).await;
    }
    printed_pdf(&app, sheet, letter).await
}

/// A letter as PDF: the sealed file when there is one.
///
/// # Errors
/// There are no fonts, or the letter cannot be set; or the sealed file is not where it was put.
pub async fn printed_pdf(app: &App, sheet: Sheet, letter: &LetterRef) -> Reply<Printed<Pdf>> {
    let sealed = letter.seal.as_ref().filter(|_| letter.is_valid()).and_then(|seal| seal.file());
    match sealed {
        Some(file) => Ok(Printed::new(Seals::bytes(app, file).await?.to_vec(), letter)),
        None => unsealed_pdf(app, sheet, letter).await,
    }
}

async fn unsealed_pdf(app: &App, sheet: Sheet, letter: &LetterRef) -> Reply<Printed<Pdf>> {
    Ok(Printed::new(app.press.pdf(sheet, edition(letter)).await?, letter))
}

/// `GET /api/v1/cases/{id}/letters/{letter_id}/docx`
pub async fn docx(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    letter: LetterPath,
) -> Reply<Printed<Docx>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let letter = named(&case, letter.0)?;
    let sheet = content(&app, &auth.actor, &case, letter).await?;
    Ok(Printed::new(paper::docx(&sheet, &edition(letter))?, letter))
}
