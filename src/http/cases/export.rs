//! A case taken out as one file, for the archive and for whoever must judge it elsewhere.

use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};

use super::attachments::AttachmentsView;
use super::letters::page_of;
use super::views::CaseView;
use super::{Reply, load};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::said::Said;
use crate::http::auth::{self, Auth};
use crate::http::contract::{Describe, Draft, Success};
use crate::http::extract::CasePath;
use crate::http::problem::{Fault, Problem};
use crate::service::App;
use crate::service::export::{self, Dress, ExportError, Pieces};
use crate::store;

/// An archive on its way.
pub struct Archive {
    name: String,
    pieces: Pieces,
}

impl Describe for Archive {
    fn describe(draft: &mut Draft) {
        let bytes = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The bytes of the archive."));
        draft.success = Some(Success {
            status: 200,
            description: "The case as a ZIP archive, to be saved. One that is not whole when the \
                          connection ends is none.",
            media_type: "application/zip",
            schema: Some(bytes.into()),
            headers: &[("Content-Disposition", "The name under which to save it (RFC 6266).")],
        });
        draft.error(413, "The files of the case are too large for one archive.");
    }
}

impl Responder for Archive {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let named = ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: self.name.clone().into_bytes(),
        };
        let disposition = ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![
                DispositionParam::Filename(self.name),
                DispositionParam::FilenameExt(named),
            ],
        };
        HttpResponse::Ok()
            .content_type("application/zip")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            // Made as it is read, anew each time: never in ranges, never packed again.
            .insert_header((header::ACCEPT_RANGES, "none"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header(disposition)
            .body(BodyStream::new(self.pieces))
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Busy => Fault::QueueFull.into(),
            ExportError::TooLarge(most) => {
                let most = most / (1024 * 1024);
                let detail = Said::new(format!("最大 {most} MiB"), format!("{most} MiB at most."));
                Self::new(Fault::FileTooLarge).saying(detail)
            }
            ExportError::Store(error) => error.into(),
            ExportError::Files(error) => error.into(),
            ExportError::Press(error) => error.into(),
            ExportError::Broken(_) | ExportError::Gone | ExportError::TooSlow => {
                tracing::error!(%error, "a case could not be taken out");
                Fault::Internal.into()
            }
        }
    }
}

/// How a case and its letters look to this actor.
///
/// # Errors
/// A sealed field does not open, or the directory cannot be read.
pub async fn dress(app: &App, actor: &Actor, case: &Case) -> store::Result<Dress> {
    let directory = app.store.directory().await?;
    let view = CaseView::of(app, actor, case, legal_day(app.clock.now()))?;
    let view = serde_json::to_vec(&view).map_err(store::Error::corrupt)?;
    let files = AttachmentsView::of(actor, case);
    let files = serde_json::to_vec(&files).map_err(store::Error::corrupt)?;
    Ok(Dress { view, files, agency: app.agency(&directory).to_owned(), page: page_of })
}

/// `GET /api/v1/cases/{id}/export`
///
/// # Errors
/// The case does not exist for the caller, or cannot be taken out now.
pub async fn export(
    auth: Auth<auth::ExportCases>,
    app: web::Data<App>,
    id: CasePath,
) -> Reply<Archive> {
    let case = load(&app, &auth.actor, id.0).await?;
    let dress = dress(&app, &auth.actor, &case).await?;
    // Who has taken what out, and nothing of what is in it.
    tracing::info!(
        case = %case.id, version = case.version.0, user = %auth.actor.user, "a case is taken out"
    );
    let (name, app) = (export::file_name(&case), Arc::clone(&app));
    Ok(Archive { name, pieces: export::begin(app, case, dress)? })
}
