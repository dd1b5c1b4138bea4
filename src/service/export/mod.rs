//! A case taken out as one file: a ZIP archive with the case, its events as they stand in the ledger,
//! its letters in every form, its files, and a signed manifest (docs/adr/0020-a-case-as-one-file.md).
//! Everything is read beside the writer; the archive goes to its reader as fast as he takes it.

pub mod format;
mod pack;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use self::format::{
    Absence, CASE_EXPORT, CASE_EXPORT_VERSION, CaseMark, EntryKind, EventLine, HeadMark, KeyMark,
    LedgerMark, MANIFEST, Manifest, Omission, SIGNATURE,
};
use self::pack::{Pack, Piece};
use super::App;
use super::files::FilesError;
use super::paper::{PressError, font_error};
use crate::domain::attachment::Attachment;
use crate::domain::canonical;
use crate::domain::case::Case;
use crate::domain::hex;
use crate::domain::letter::{ContentHash, LetterRef, Sheet};
use crate::paper::{self, Edition, Marking};
use crate::store::page::Page;
use crate::store::{self, audit, events, letters};

/// Cases that are taken out at once.
const AT_ONCE: usize = 4;

/// How long one may take. A reader that is slower than that is turned away, so that he does not hold
/// the place of another.
const LONGEST: Duration = Duration::from_mins(10);

/// Pieces that wait for the reader.
const AHEAD: usize = 2;

/// Events that are read at once.
const EVENTS_AT_ONCE: i64 = 50;

/// The most that an archive without the long form of lengths holds, with room for all that is not a
/// file, in bytes.
const FILES_AT_MOST: u64 = 4095 * 1024 * 1024 - 256 * 1024 * 1024;

/// Why a case could not be taken out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// As many as can be are being taken out.
    #[error("too many cases are being taken out")]
    Busy,
    /// Its files are too many for one archive.
    #[error("the files of the case have more than {0} bytes")]
    TooLarge(u64),
    /// What is stored could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file could not be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A letter could not be printed.
    #[error(transparent)]
    Press(#[from] PressError),
    /// Something is not what the case says of it, or could not be written.
    #[error("{0}")]
    Broken(String),
    /// The reader has gone.
    #[error("the reader has gone")]
    Gone,
    /// The reader took too long.
    #[error("it took longer than {} s", LONGEST.as_secs())]
    TooSlow,
}

impl ExportError {
    fn broken(what: impl std::fmt::Display) -> Self {
        Self::Broken(what.to_string())
    }
}

/// What is given beside the case itself: how it and its letters look to people.
pub struct Dress {
    /// The case as its readers see it, as JSON.
    pub view: Vec<u8>,
    /// What its files are, likewise.
    pub files: Vec<u8>,
    /// The name of the bureau.
    pub agency: String,
    /// A letter as a page.
    pub page: fn(&Sheet, Marking) -> String,
}

/// Leave to take cases out.
pub struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// The archive, piece by piece. One that ends with an error is no archive: its directory is missing.
pub type Pieces = BoxStream<'static, Piece>;

/// Begins to take a case out. What can be refused is refused now.
///
/// # Errors
/// Too many are under way, the files are too large for one archive, or there is no store of files.
pub fn begin(app: Arc<App>, case: Arc<Case>, dress: Dress) -> Result<Pieces, ExportError> {
    let leave = Arc::clone(&app.exports.0).try_acquire_owned().map_err(|_| ExportError::Busy)?;
    let mut attached = case.record.attachments.iter().filter(|file| file.detached.is_none());
    let all: u64 = attached.clone().map(|file| file.size).sum();
    if all > FILES_AT_MOST {
        return Err(ExportError::TooLarge(FILES_AT_MOST));
    }
    if attached.next().is_some() {
        app.files.open()?;
    }
    let (to, from) = mpsc::channel(AHEAD);
    let whole = Arc::new(AtomicBool::new(false));
    tokio::spawn(carry_out(app, case, dress, (to, Arc::clone(&whole)), leave));
    Ok(stream::unfold((Some(from), whole), next).boxed())
}

type Coming = (Option<mpsc::Receiver<Piece>>, Arc<AtomicBool>);

/// The next piece. An end that comes before the archive is whole is a failure, and the last that is
/// said, whatever became of the one who wrote it.
async fn next((from, whole): Coming) -> Option<(Piece, Coming)> {
    let mut from = from?;
    match from.recv().await {
        Some(Ok(piece)) => Some((Ok(piece), (Some(from), whole))),
        Some(Err(error)) => Some((Err(error), (None, whole))),
        None if whole.load(Ordering::Acquire) => None,
        None => Some((Err(ExportError::broken("it was broken off")), (None, whole))),
    }
}

/// Writes the archive until it is whole, or its reader has gone, or something fails: then the reader
/// is told, and gets no end of an archive.
async fn carry_out(
    app: Arc<App>,
    case: Arc<Case>,
    dress: Dress,
    (to, whole): (mpsc::Sender<Piece>, Arc<AtomicBool>),
    leave: OwnedSemaphorePermit,
) {
    let id = case.id;
    let writing = Export { app, case, dress, omitted: Vec::new() }.write(Pack::new(to.clone()));
    let done = tokio::time::timeout(LONGEST, Box::pin(writing)).await;
    drop(leave);
    let error = match done.unwrap_or(Err(ExportError::TooSlow)) {
        Ok(()) => {
            whole.store(true, Ordering::Release);
            return tracing::info!(case = %id, "a case was taken out whole");
        }
        Err(ExportError::Gone) => {
            return tracing::info!(case = %id, "the reader of a case that was taken out has gone");
        }
        Err(error) => error,
    };
    tracing::error!(case = %id, %error, "a case could not be taken out");
    // A reader that is stuck is not waited for: he learns of it when he comes to the end.
    drop(to.try_send(Err(error)));
}

/// One case on its way out.
struct Export {
    app: Arc<App>,
    case: Arc<Case>,
    dress: Dress,
    omitted: Vec<Omission>,
}

impl Export {
    async fn write(mut self, mut pack: Pack) -> Result<(), ExportError> {
        let view = std::mem::take(&mut self.dress.view);
        pack.put("case.json".to_owned(), EntryKind::Case, None, &view).await?;
        self.events(&mut pack).await?;
        let case = Arc::clone(&self.case);
        for (at, letter) in case.record.letters.iter().enumerate() {
            self.letter(&mut pack, at + 1, letter).await?;
        }
        let list = std::mem::take(&mut self.dress.files);
        pack.put("files.json".to_owned(), EntryKind::FileList, None, &list).await?;
        for file in &case.record.attachments {
            self.file(&mut pack, file).await?;
        }
        let ledger = self.ledger().await?;
        pack.put("ledger.json".to_owned(), EntryKind::Ledger, None, ledger.as_bytes()).await?;
        let manifest = canonical_text(&self.manifest(&mut pack))?;
        pack.put_unlisted(MANIFEST, manifest.as_bytes()).await?;
        let signed = canonical_text(&self.app.tokens.sign(manifest.as_bytes()))?;
        pack.put_unlisted(SIGNATURE, signed.as_bytes()).await?;
        pack.finish().await
    }

    fn manifest(&mut self, pack: &mut Pack) -> Manifest {
        let record = &self.case.record;
        Manifest {
            format: CASE_EXPORT.to_owned(),
            format_version: CASE_EXPORT_VERSION,
            agency: self.dress.agency.clone(),
            made_at: self.app.clock.now(),
            case: CaseMark {
                id: self.case.id.0,
                version: self.case.version.0,
                receipt_number: record.intake.receipt_number.clone(),
                case_number: record.registration.as_ref().map(|entry| entry.case_number.clone()),
            },
            entries: pack.entries(),
            omitted: std::mem::take(&mut self.omitted),
        }
    }

    /// The entries of the ledger up to the version that is taken out, one a line.
    async fn events(&self, pack: &mut Pack) -> Result<(), ExportError> {
        let (id, version) = (self.case.id, self.case.version.0);
        pack.begin("events.jsonl".to_owned(), EntryKind::Events, None)?;
        let mut seen = 0;
        while seen < version {
            let read = move |conn: &mut store::Conn| {
                events::of_case(conn, id, Page::After(seen), EVENTS_AT_ONCE)
            };
            let rows = self.app.store.readers.run(read).await?.rows;
            let rows = rows.into_iter().take_while(|row| row.version <= version);
            let before = seen;
            for row in rows {
                seen = row.version;
                let line = EventLine {
                    seq: row.seq,
                    prev_hash: hex::encode(&row.prev_hash),
                    body: row.body,
                    hash: hex::encode(&row.hash),
                };
                let line = format!("{}\n", canonical_text(&line)?);
                pack.add(line.as_bytes()).await?;
            }
            if seen == before {
                return Err(ExportError::broken("the ledger lacks an entry of the case"));
            }
        }
        pack.end();
        Ok(())
    }

    /// A letter as it was frozen, and in the forms that people read.
    async fn letter(
        &mut self,
        pack: &mut Pack,
        place: usize,
        letter: &LetterRef,
    ) -> Result<(), ExportError> {
        let (case, id) = (self.case.id, letter.id);
        let read = move |conn: &mut store::Conn| letters::of_case(conn, case, id);
        let row = self.app.store.readers.run(read).await?;
        let row = row.ok_or_else(|| ExportError::broken("a letter is not stored"))?;
        let sheet = row.sheet(&self.app.vault)?;
        let text = sheet.canonical().map_err(ExportError::broken)?;
        if ContentHash::of(&text) != letter.content_hash {
            return Err(ExportError::broken("a letter is not the one that was issued"));
        }
        let marking = if letter.is_valid() { Marking::Issued } else { Marking::Void };
        let number = letter.number.as_ref().map_or(letter.kind.as_str(), |number| &number.text);
        let path = |form: &str| format!("letters/{place:02}_{}.{form}", plain(number));
        let id = Some(letter.id.0);
        pack.put(path("json"), EntryKind::Letter, id, text.as_bytes()).await?;
        let page = (self.dress.page)(&sheet, marking);
        pack.put(path("html"), EntryKind::LetterHtml, id, page.as_bytes()).await?;
        let edition = Edition { marking, made_at: letter.issued_at, id: letter.id.0 };
        let docx = paper::docx(&sheet, &edition).map_err(PressError::from)?;
        pack.put(path("docx"), EntryKind::LetterDocx, id, &docx).await?;
        drop(docx);
        match self.app.press.pdf(sheet, edition).await {
            Ok(pdf) => pack.put(path("pdf"), EntryKind::LetterPdf, id, &pdf).await,
            Err(error) if font_error(&error).is_some() => {
                let because = Absence::NoFont;
                self.omitted.push(Omission {
                    kind: EntryKind::LetterPdf,
                    id: letter.id.0,
                    because,
                });
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a file. One that was taken down is not given out, here as elsewhere.
    async fn file(&mut self, pack: &mut Pack, file: &Attachment) -> Result<(), ExportError> {
        if file.detached.is_some() {
            let because = Absence::Detached;
            self.omitted.push(Omission { kind: EntryKind::File, id: file.id.0, because });
            return Ok(());
        }
        let mut bytes = self.app.files.read(file, None).await?;
        let path = format!("files/{}_{}", file.id, file.name.as_str());
        pack.begin(path, EntryKind::File, Some(file.id.0))?;
        while let Some(piece) = bytes.next().await {
            pack.add(&piece.map_err(FilesError::from)?).await?;
        }
        if pack.end() == Some((file.size, file.sha256)) {
            Ok(())
        } else {
            Err(ExportError::broken("a file is not the one that was attached"))
        }
    }

    async fn ledger(&self) -> Result<String, ExportError> {
        let head = self.app.store.readers.run(audit::head).await?;
        let keys = self.app.tokens.public_keys().map(|key| KeyMark {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: key.key_id.clone(),
            x: key.x.clone(),
        });
        let head = HeadMark { seq: head.seq, hash: hex::encode(&head.hash) };
        canonical_text(&LedgerMark { head, keys: keys.collect() })
    }
}

fn canonical_text<T: Serialize>(value: &T) -> Result<String, ExportError> {
    let value = serde_json::to_value(value).map_err(ExportError::broken)?;
    canonical::to_canonical(&value).map_err(ExportError::broken)
}

/// A number as the part of a name.
fn plain(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || "-_〔〕".contains(c);
    text.chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

/// The name under which the archive of a case is saved.
#[must_use]
pub fn file_name(case: &Case) -> String {
    format!("{}_v{}.zip", plain(&case.record.intake.receipt_number), case.version.0)
}
