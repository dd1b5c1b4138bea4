//! The files of a case: attaching them, reading what they are, and reading them.

use std::ops::Range;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::dev::Payload;
use actix_web::http::header::{
    self, ByteRangeSpec, Charset, ContentDisposition, DispositionParam, DispositionType,
    ExtendedValue, HeaderName,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::future::{Ready, ready};
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
use uuid::Uuid;

use super::applicant::names_are_masked;
use super::explain::available;
use super::{Reply, load};
use crate::domain::actor::Actor;
use crate::domain::attachment::{Attachment, FileName, FileType, ProvidedFile, Purpose, Sha256};
use crate::domain::case::Case;
use crate::domain::ids::{AttachmentId, CaseId, Version};
use crate::domain::lifecycle::Action;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::http::auth::{self, Auth};
use crate::http::contract::{Describe, Draft, Success};
use crate::http::document::is_known;
use crate::http::extract::{CasePath, IdempotencyKey, IfMatch, id_parameter, text_header};
use crate::http::problem::{Fault, Problem};
use crate::http::reply::Json;
use crate::http::upload::Incoming;
use crate::service::App;
use crate::service::files::{self, NotAttached, Pieces, Upload};
use crate::store::command::Replayed;

/// A file that a draft provides, as it was then.
#[derive(Serialize, ToSchema)]
pub struct ProvidedFileView {
    /// The id of the attachment.
    pub id: Uuid,
    /// Its name.
    #[schema(example = "2024年度车辆管理收费标准.pdf")]
    pub name: String,
    /// What kind of file it is.
    pub file_type: FileType,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

impl From<&ProvidedFile> for ProvidedFileView {
    fn from(file: &ProvidedFile) -> Self {
        Self {
            id: file.id.0,
            name: file.name.as_str().to_owned(),
            file_type: file.file_type,
            size: file.size,
            sha256: file.sha256.to_string(),
        }
    }
}

/// How a file was taken down.
#[derive(Serialize, ToSchema)]
pub struct DetachmentView {
    /// Why.
    pub reason: String,
    /// When.
    pub detached_at: DateTime<Utc>,
    /// By whom.
    pub detached_by: Uuid,
}

/// Where a file is.
#[derive(Serialize, ToSchema)]
pub struct FileLinks {
    /// What it is.
    #[serde(rename = "self")]
    pub own: String,
    /// Its bytes.
    pub content: String,
}

/// A file of a case.
#[derive(Serialize, ToSchema)]
pub struct AttachmentView {
    /// Its id.
    pub id: Uuid,
    /// For what it is attached.
    pub purpose: Purpose,
    /// Its name. A reader who sees names masked sees those of files that are to be provided only.
    #[schema(example = "2024年度车辆管理收费标准.pdf")]
    pub name: String,
    /// What kind of file it is, by its content.
    pub file_type: FileType,
    /// Its media type.
    #[schema(example = "application/pdf")]
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// A remark.
    pub note: Option<String>,
    /// When it was attached.
    pub attached_at: DateTime<Utc>,
    /// By whom.
    pub attached_by: Uuid,
    /// How it was taken down; null while it is not.
    pub detached: Option<DetachmentView>,
    /// Where it is.
    pub links: FileLinks,
}

/// Does this reader see nothing of the file but that it is there? The supervisor sees no names and no
/// contacts; what an application or a receipt holds is full of both. What is to be provided he may
/// have to review.
fn is_hidden_from(actor: &Actor, file: &Attachment) -> bool {
    names_are_masked(actor) && file.purpose != Purpose::Draft
}

impl AttachmentView {
    fn of(actor: &Actor, case: CaseId, file: &Attachment) -> Self {
        let hidden = is_hidden_from(actor, file);
        let own = format!("/api/v1/cases/{case}/attachments/{}", file.id);
        let detached = file.detached.as_ref().map(|detached| DetachmentView {
            reason: if hidden { "*".to_owned() } else { detached.reason.clone() },
            detached_at: detached.at,
            detached_by: detached.by.0,
        });
        Self {
            id: file.id.0,
            purpose: file.purpose,
            name: if hidden {
                format!("*.{}", file.name.extension())
            } else {
                file.name.as_str().to_owned()
            },
            file_type: file.file_type,
            media_type: file.file_type.media_type().to_owned(),
            size: file.size,
            sha256: file.sha256.to_string(),
            note: file.note.clone().filter(|_| !hidden),
            attached_at: file.attached_at,
            attached_by: file.attached_by.0,
            detached,
            links: FileLinks { content: format!("{own}/content"), own },
        }
    }
}

/// A file that has just been attached.
#[derive(Serialize, ToSchema)]
pub struct AttachedView {
    /// The file.
    #[serde(flatten)]
    pub file: AttachmentView,
    /// The version of its case now; send it as If-Match with the next change.
    pub case_version: i64,
}

/// The files of a case.
#[derive(Serialize, ToSchema)]
pub struct AttachmentsView {
    /// The files, oldest first; with those that were taken down.
    pub items: Vec<AttachmentView>,
}

impl AttachmentsView {
    /// The files of a case, as this actor may see them.
    #[must_use]
    pub fn of(actor: &Actor, case: &Case) -> Self {
        let files = case.record.attachments.iter();
        Self { items: files.map(|file| AttachmentView::of(actor, case.id, file)).collect() }
    }
}

/// 201 with a new file.
pub struct NewFileReply {
    view: AttachedView,
    sha256: Sha256,
    replayed: Replayed,
}

impl Describe for NewFileReply {
    fn describe(draft: &mut Draft) {
        let schema = Some(draft.refer::<AttachedView>());
        draft.success = Some(Success {
            status: 201,
            description: "Attached.",
            media_type: "application/json",
            schema,
            headers: &[
                ("Location", "The address of the new file."),
                ("Repr-Digest", "The digest of the file's bytes as they were received (RFC 9530)."),
                ("Idempotency-Replayed", "`true` when this is the answer to an earlier request."),
            ],
        });
    }
}

impl Responder for NewFileReply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::Created();
        response.insert_header((header::LOCATION, self.view.file.links.own.as_str()));
        response.insert_header((REPR_DIGEST, repr_digest(self.sha256)));
        if self.replayed == Replayed::Yes {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        response.json(self.view)
    }
}

/// `POST /api/v1/cases/{id}/attachments`
pub async fn attach(
    auth: Auth<auth::Attach>,
    app: web::Data<App>,
    id: CasePath,
    if_match: IfMatch,
    key: IdempotencyKey,
    incoming: Incoming,
) -> Reply<NewFileReply> {
    let version = if_match.version()?;
    let case = load(&app, &auth.actor, id.0).await?;
    // Before megabytes are read in vain. The writer decides, and knows what a key led to before.
    if key.0.is_none() {
        may_attach(&app, &auth.actor, &case, version).await?;
    }
    let _turn = app.files.admit()?;
    let (form, file) = incoming.gathered(&app.files).await?;
    let said = (form.purpose, &form.name, &form.note, file.sha256);
    let said = serde_json::to_vec(&said).map_err(|_| Fault::Internal)?;
    let origin = auth.origin(key.over(&format!("attach {}", id.0), &said));
    let upload = Upload { purpose: form.purpose, name: form.name, note: form.note, file };
    let attached = files::attach(&app, origin, id.0, version, upload).await?;
    let view = AttachedView {
        file: AttachmentView::of(&auth.actor, id.0, &attached.attachment),
        case_version: attached.version.0,
    };
    let sha256 = attached.attachment.sha256;
    Ok(NewFileReply { view, sha256, replayed: attached.replayed })
}

/// Everything against attaching that is known before the file is.
async fn may_attach(app: &App, actor: &Actor, case: &Case, version: Version) -> Reply<()> {
    if case.version != version {
        return Err(Refusal::from(Rejection::stale(case.version)).into());
    }
    let items = available(app, actor, case).await?;
    let found = items.into_iter().find(|item| item.action == Action::Attach);
    let against = found.and_then(|item| Refusal::of(item.reasons));
    against.map_or(Ok(()), |refusal| Err(refusal.into()))
}

impl From<NotAttached> for Problem {
    fn from(error: NotAttached) -> Self {
        match error {
            NotAttached::Denied(denied) => denied.into(),
            NotAttached::Files(error) => error.into(),
        }
    }
}

/// `GET /api/v1/cases/{id}/attachments`
pub async fn list(
    auth: Auth<auth::ReadCases>,
    app: web::Data<App>,
    id: CasePath,
) -> Reply<Json<AttachmentsView>> {
    let case = load(&app, &auth.actor, id.0).await?;
    Ok(Json(AttachmentsView::of(&auth.actor, &case)))
}

/// The file that the path names.
pub struct FilePath {
    case: CaseId,
    file: AttachmentId,
}

impl Describe for FilePath {
    fn describe(draft: &mut Draft) {
        CasePath::describe(draft);
        draft.parameters.push(id_parameter("attachment_id", "The id of the file."));
    }
}

impl FromRequest for FilePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = |name| request.match_info().get(name).and_then(|text| text.parse::<Uuid>().ok());
        let found = id("id").zip(id("attachment_id"));
        let path = found.map(|(case, file)| Self { case: CaseId(case), file: AttachmentId(file) });
        ready(path.ok_or_else(|| Reason::NotFound.into()))
    }
}

async fn find(app: &web::Data<App>, actor: &Actor, path: &FilePath) -> Reply<Attachment> {
    let case = load(app, actor, path.case).await?;
    case.attachment(path.file).cloned().ok_or_else(|| Reason::NotFound.into())
}

/// `GET /api/v1/cases/{id}/attachments/{attachment_id}`
pub async fn attachment(
    auth: Auth<auth::ReadCases>,
    app: web::Data<App>,
    path: FilePath,
) -> Reply<Json<AttachmentView>> {
    let file = find(&app, &auth.actor, &path).await?;
    Ok(Json(AttachmentView::of(&auth.actor, path.case, &file)))
}

/// What the caller has of a file, and which part of it he wants (RFC 9110 §13, §14).
pub struct Wanted {
    known: Vec<header::HeaderValue>,
    range: Option<header::Range>,
    unless_changed: Option<String>,
}

impl Describe for Wanted {
    fn describe(draft: &mut Draft) {
        let range = "One range of bytes, e.g. `bytes=0-1023`; several get the whole.";
        draft.parameters.push(text_header("Range", Required::False, range, None));
        let condition =
            "The entity tag under which the range holds; under another the whole comes.";
        draft.parameters.push(text_header("If-Range", Required::False, condition, None));
        draft.partial = true;
        draft.error(409, "The file has been taken down.");
        draft.error(416, "The range lies outside of the file; `Content-Range` tells its length.");
    }
}

impl FromRequest for Wanted {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let one = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // A range is of use to GET alone (RFC 9110 §14.2).
        let range = one(header::RANGE).filter(|_| request.method() == actix_web::http::Method::GET);
        ready(Ok(Self {
            known: headers.get_all(header::IF_NONE_MATCH).cloned().collect(),
            range: range.and_then(|text| text.parse().ok()),
            unless_changed: one(header::IF_RANGE).map(str::to_owned),
        }))
    }
}

/// Which bytes are given.
#[derive(Debug, PartialEq, Eq)]
enum Share {
    /// All.
    Whole,
    /// These.
    Part(Range<u64>),
    /// None: the range lies outside.
    Outside,
}

impl Wanted {
    fn has(&self, tag: &str) -> bool {
        let mut headers = header::HeaderMap::new();
        for value in &self.known {
            headers.append(header::IF_NONE_MATCH, value.clone());
        }
        is_known(&headers, tag)
    }

    fn share(&self, size: u64, tag: &str) -> Share {
        // Compared strongly; a date is no tag, so it never holds.
        if self.unless_changed.as_deref().is_some_and(|condition| condition.trim() != tag) {
            return Share::Whole;
        }
        match &self.range {
            Some(header::Range::Bytes(ranges)) => match ranges.as_slice() {
                [ByteRangeSpec::FromTo(from, to)] if from > to => Share::Whole,
                [one] => match one.to_satisfiable_range(size) {
                    Some((from, to)) => Share::Part(from..to + 1),
                    None => Share::Outside,
                },
                _ => Share::Whole,
            },
            _ => Share::Whole,
        }
    }
}

/// The bytes of a file, or a part of them, or nothing for one who has them.
pub struct Download {
    name: FileName,
    size: u64,
    sha256: Sha256,
    bytes: Option<(Share, Pieces)>,
}

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

impl Describe for Download {
    fn describe(draft: &mut Draft) {
        let bytes = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The bytes of the file."));
        draft.conditional = true;
        draft.success = Some(Success {
            status: 200,
            description: "The file, to be saved.",
            media_type: "application/octet-stream",
            schema: Some(bytes.into()),
            headers: &[
                ("Accept-Ranges", "`bytes`: a part can be had by `Range`."),
                ("Content-Disposition", "The name under which to save it (RFC 6266)."),
                ("Repr-Digest", "The digest of the whole file (RFC 9530)."),
            ],
        });
    }
}

/// A digest as a structured field (RFC 9530 §2).
fn repr_digest(sha256: Sha256) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256.0))
}

fn entity_tag(sha256: Sha256) -> String {
    format!("\"{sha256}\"")
}

/// How a file is to be saved: by its own name, and for old programs by one in ASCII.
fn disposition(name: &FileName) -> ContentDisposition {
    let plain = |c: char| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' };
    let ascii = name.as_str().chars().map(plain).collect();
    let own = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_str().as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(ascii), DispositionParam::FilenameExt(own)],
    }
}

impl Responder for Download {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let tag = entity_tag(self.sha256);
        let Some((share, pieces)) = self.bytes else {
            let mut response = HttpResponse::NotModified();
            response.insert_header((header::ACCEPT_RANGES, "bytes"));
            return response.insert_header((header::ETAG, tag)).finish();
        };
        let mut response = HttpResponse::Ok();
        let mut length = self.size;
        if let Share::Part(part) = share {
            response.status(actix_web::http::StatusCode::PARTIAL_CONTENT);
            let place = format!("bytes {}-{}/{}", part.start, part.end - 1, self.size);
            response.insert_header((header::CONTENT_RANGE, place));
            length = part.end - part.start;
        }
        response
            .content_type("application/octet-stream")
            .insert_header((header::ETAG, tag))
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header((REPR_DIGEST, repr_digest(self.sha256)))
            .insert_header(disposition(&self.name))
            .body(SizedStream::new(length, pieces))
    }
}

/// `GET /api/v1/cases/{id}/attachments/{attachment_id}/content`
pub async fn content(
    auth: Auth<auth::ReadCases>,
    app: web::Data<App>,
    path: FilePath,
    wanted: Wanted,
) -> Reply<Download> {
    let file = find(&app, &auth.actor, &path).await?;
    if is_hidden_from(&auth.actor, &file) {
        return Err(Reason::RoleNotPermitted.into());
    }
    if file.detached.is_some() {
        return Err(Reason::FileDetached.into());
    }
    let tag = entity_tag(file.sha256);
    let download =
        |bytes| Download { name: file.name.clone(), size: file.size, sha256: file.sha256, bytes };
    if wanted.has(&tag) {
        return Ok(download(None));
    }
    let share = wanted.share(file.size, &tag);
    let range = match &share {
        Share::Whole => None,
        Share::Part(part) => Some(part.clone()),
        Share::Outside => {
            let length = format!("bytes */{}", file.size);
            let refusal = Problem::new(Fault::RangeNotSatisfiable);
            return Err(refusal.header(header::CONTENT_RANGE, length));
        }
    };
    let pieces = app.files.read(&file, range).await?;
    Ok(download(Some((share, pieces))))
}
