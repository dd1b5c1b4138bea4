//! A file on its way in, as `multipart/form-data` (RFC 7578): the texts first, then the file, taken from
//! the wire to the disk piece by piece. What the client declares of its type is not looked at.

use std::future::{Ready, ready};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::TryStreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::cases::prose;
use super::contract::{Describe, Draft};
use super::flaw::Flaw;
use super::problem::{Fault, FieldError, Problem};
use crate::domain::attachment::{FileName, FileType, NameFault, Purpose};
use crate::domain::said::Said;
use crate::service::files::{Files, FilesError, Spooled};

/// What the parts around a file may add to its length, in bytes.
const AROUND: u64 = 64 * 1024;

/// The longest text part, in bytes.
const TEXT_LIMIT: usize = 8 * 1024;

/// The longest remark, in characters.
const NOTE_LIMIT: usize = 1000;

const MEDIA_TYPE: &str = "multipart/form-data";

/// A file with what is said of it. The file is the last part; its name is the `filename` of the part.
#[derive(Serialize, ToSchema)]
pub struct AttachBody {
    /// For what it is attached.
    pub purpose: Purpose,
    /// A remark.
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
    /// The file: PDF, OFD, DOCX, XLSX, JPEG or PNG; 50 MiB at most, unless the office has set another
    /// limit.
    #[schema(content_media_type = "application/octet-stream")]
    pub file: String,
}

/// A body that is still to be read.
pub struct Incoming {
    multipart: Multipart,
    length: Option<u64>,
    fits: bool,
}

/// What came before the file, and its name.
pub struct Form {
    /// For what it is attached.
    pub purpose: Purpose,
    /// A remark.
    pub note: Option<String>,
    /// The name of the file.
    pub name: FileName,
}

impl Describe for Incoming {
    fn describe(draft: &mut Draft) {
        draft.body = Some(draft.refer::<AttachBody>());
        draft.body_type = Some(MEDIA_TYPE);
        draft.error(400, "The body is not of its form, or broke off.");
        draft.error(413, "The file is too large.");
        draft.error(
            415,
            "The body is not multipart/form-data, or files of this type are not taken.",
        );
        draft.error(422, "The file is not what its name says, or unsafe, or a part is missing.");
        draft.error(429, "The case or the caller has used up the quota of files.");
        draft.error(507, "The storage is full.");
    }
}

impl FromRequest for Incoming {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let fits = request.content_type().eq_ignore_ascii_case(MEDIA_TYPE);
        ready(Ok(Self {
            multipart: Multipart::new(request.headers(), payload.take()),
            length,
            fits,
        }))
    }
}

impl Incoming {
    /// Reads the body to its end: the texts, and the file into a place of its own, checked.
    ///
    /// # Errors
    /// The body is not of its form, or broke off; the file is too large, or not one that is taken.
    pub async fn gathered(mut self, files: &Files) -> Result<(Form, Spooled), Problem> {
        if !self.fits {
            const ACCEPT: header::HeaderName = header::HeaderName::from_static("accept-post");
            return Err(Problem::new(Fault::UnsupportedMediaType).header(ACCEPT, MEDIA_TYPE));
        }
        let limit = files.limits().file;
        if self.length.is_some_and(|length| length > limit + AROUND) {
            return Err(FilesError::TooLarge { limit }.into());
        }
        let (mut purpose, mut note) = (None, None);
        while let Some(mut field) = self.multipart.try_next().await.map_err(|e| unread(&e))? {
            match field.name().unwrap_or_default() {
                "purpose" if purpose.is_none() => {
                    purpose = Some(purpose_of(&text(&mut field).await?)?);
                }
                "note" if note.is_none() => note = Some(note_of(text(&mut field).await?)?),
                "file" => {
                    let purpose = purpose.ok_or_else(|| missing("purpose"))?;
                    let (name, file_type) = name_of(&field)?;
                    let mut spool = files.gather().await?;
                    while let Some(piece) = field.try_next().await.map_err(|e| unread(&e))? {
                        spool.add(&piece).await?;
                    }
                    drop(field);
                    if self.multipart.try_next().await.map_err(|e| unread(&e))?.is_some() {
                        return Err(malformed("文件须为最后一部分", "The file is the last part."));
                    }
                    let file = spool.end(file_type).await?;
                    return Ok((Form { purpose, note, name }, file));
                }
                _ => return Err(malformed("有多余或重复的部分", "A part is unknown or repeated.")),
            }
        }
        Err(missing("file"))
    }
}

async fn text(field: &mut Field) -> Result<String, Problem> {
    let bytes = field.bytes(TEXT_LIMIT).await.map_err(|_| Problem::new(Fault::PayloadTooLarge))?;
    let bytes = bytes.map_err(|error| unread(&error))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| malformed("文字须为 UTF-8", "Texts are UTF-8."))
}

fn purpose_of(text: &str) -> Result<Purpose, Problem> {
    Purpose::parse(text).map_err(|error| {
        let detail = Flaw::UnknownValue.allowing(error.allowed);
        invalid(FieldError::saying("#/purpose", Flaw::UnknownValue, detail))
    })
}

fn note_of(text: String) -> Result<String, Problem> {
    if text.chars().count() > NOTE_LIMIT {
        let most = NOTE_LIMIT.to_string();
        let detail = Flaw::Length.bounded(Some("1"), Some(&most));
        return Err(invalid(FieldError::saying("#/note", Flaw::Length, detail)));
    }
    match prose(&text) {
        Ok(()) => Ok(text),
        Err(error) => {
            let flaw = Flaw::parse(&error.code).unwrap_or(Flaw::InvalidValue);
            Err(invalid(FieldError::of("#/note", flaw)))
        }
    }
}

fn name_of(field: &Field) -> Result<(FileName, FileType), Problem> {
    let name = field.content_disposition().and_then(|said| said.get_filename());
    FileName::parse(name.unwrap_or_default()).map_err(|fault| {
        let general = match fault {
            NameFault::NotPermitted => Fault::FileTypeNotPermitted,
            _ => Fault::FileNameUnsafe,
        };
        let detail = Said::of(fault.label_zh(), fault.label_en());
        refused(general, fault.as_str(), detail)
    })
}

/// A refusal of the file, with what exactly is wrong with it.
fn refused(fault: Fault, code: &str, detail: Said) -> Problem {
    let error =
        FieldError { pointer: "#/file".to_owned(), code: code.to_owned(), detail: detail.clone() };
    Problem::new(fault).saying(detail).with(vec![error])
}

fn missing(part: &str) -> Problem {
    invalid(FieldError::of(format!("#/{part}"), Flaw::MissingField))
}

fn invalid(error: FieldError) -> Problem {
    Problem::new(Fault::ValidationFailed).with(vec![error])
}

fn malformed(zh: &'static str, en: &'static str) -> Problem {
    Problem::new(Fault::MalformedRequest).saying(Said::of(zh, en))
}

/// The problem of a body that could not be read to its end.
fn unread(error: &MultipartError) -> Problem {
    match error {
        MultipartError::Incomplete | MultipartError::Payload(_) => Fault::FileBrokenOff.into(),
        _ => malformed("无法读取请求正文", "The body could not be read."),
    }
}

impl From<FilesError> for Problem {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::TooLarge { limit } => {
                let most = limit / (1024 * 1024);
                let detail = Said::new(format!("最大 {most} MiB"), format!("{most} MiB at most."));
                Self::new(Fault::FileTooLarge).saying(detail)
            }
            FilesError::Empty => Fault::FileEmpty.into(),
            FilesError::Full => {
                tracing::error!("no space is left for files");
                Fault::StorageFull.into()
            }
            FilesError::Content(fault) => {
                let general = if fault.is_of_archive() {
                    Fault::ArchiveUnsafe
                } else {
                    Fault::FileTypeDiffers
                };
                refused(general, fault.as_str(), Said::of(fault.label_zh(), fault.label_en()))
            }
            FilesError::Infected(found) => {
                tracing::warn!(found, "an upload carried malware and was refused");
                Fault::FileInfected.into()
            }
            FilesError::Unscanned(_) => {
                tracing::error!(%error, "an upload could not be scanned");
                Fault::ScannerUnavailable.into()
            }
            FilesError::Busy => Fault::QueueFull.into(),
            FilesError::Unset
            | FilesError::Cancelled
            | FilesError::Missing(_)
            | FilesError::Failed(_) => {
                tracing::error!(%error, "a file could not be taken or given");
                Fault::FilesUnavailable.into()
            }
        }
    }
}
