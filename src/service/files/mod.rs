//! Files of cases: taking them in, giving them out, and tidying up. The bytes lie in an object store
//! under random names; what they are stands in the database (docs/adr/0016-files.md).

mod check;
mod kept;
mod spool;
mod sweep;

use std::error::Error as StdError;
use std::io;
use std::ops::Range;
use std::path::Path as Folder;
use std::sync::{Arc, OnceLock};

use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, WriteMultipart};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::App;
use super::cases::Origin;
use crate::config::{FilePlace, FileSettings};
use crate::domain::attachment::{
    Attachment, ContentFault, FileLimits, FileName, ObjectKey, Purpose,
};
use crate::domain::case::Case;
use crate::domain::ids::{AttachmentId, CaseId, Version};
use crate::domain::lifecycle::{NewFile, Step};
use crate::store::command::{Command, Denied, Replayed};
use crate::store::vault::fresh_bytes;
use crate::store::{self, body_is_read};

pub use spool::{Spool, Spooled};
pub use sweep::{Lost, Swept, keep_tidy, lost, sweep};

/// Threads that wait for the disk at once.
const DISK_AT_ONCE: usize = 4;

/// Uploads at once. Each holds little memory, but a file's worth of disk.
const UPLOADS_AT_ONCE: usize = 32;

/// Pieces in which an object is written, in bytes: the smallest that every store takes.
const PIECE: usize = 5 * 1024 * 1024;

/// Why a file could not be taken or given.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// No place for files is set.
    #[error("GONGKAI_FILES is not set, so no files are taken")]
    Unset,
    /// The disk or the store is full.
    #[error("no space is left for files")]
    Full,
    /// The file is larger than that.
    #[error("the file has more than {limit} bytes")]
    TooLarge {
        /// The most, in bytes.
        limit: u64,
    },
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// The content is not what it should be.
    #[error("the content is refused: {0}")]
    Content(ContentFault),
    /// Too many uploads are under way.
    #[error("too many uploads are under way")]
    Busy,
    /// The process is about to end, or has no random numbers.
    #[error("given up")]
    Cancelled,
    /// The bytes of a file are not there, or not all of them.
    #[error("the bytes of {0} are not where they were put")]
    Missing(String),
    /// The disk or the store failed.
    #[error("the store of files failed: {0}")]
    Failed(String),
}

impl From<io::Error> for FilesError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        if let object_store::Error::NotFound { path, .. } = &error {
            return Self::Missing(path.clone());
        }
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(this) = cause {
            if let Some(io) = this.downcast_ref::<io::Error>()
                && matches!(io.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            {
                return Self::Full;
            }
            cause = this.source();
        }
        Self::Failed(error.to_string())
    }
}

impl From<ContentFault> for FilesError {
    fn from(fault: ContentFault) -> Self {
        Self::Content(fault)
    }
}

/// The bytes of an object, piece by piece.
pub type Pieces = BoxStream<'static, object_store::Result<bytes::Bytes>>;

/// The store of files.
pub struct Files {
    settings: FileSettings,
    store: OnceLock<Arc<dyn ObjectStore>>,
    disk: Arc<Semaphore>,
    uploads: Semaphore,
}

impl Files {
    /// The store of these settings; it is opened when it is first needed.
    #[must_use]
    pub fn new(settings: FileSettings) -> Self {
        Self {
            settings,
            store: OnceLock::new(),
            disk: Arc::new(Semaphore::new(DISK_AT_ONCE)),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
        }
    }

    /// How much is taken.
    #[must_use]
    pub const fn limits(&self) -> FileLimits {
        self.settings.limits
    }

    /// Is there a place for files?
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.settings.place.is_some()
    }

    /// Makes sure that the store can be used.
    ///
    /// # Errors
    /// None is set, or its folder cannot be made.
    pub fn open(&self) -> Result<(), FilesError> {
        let spool = self.settings.spool_folder().ok_or(FilesError::Unset)?;
        self.objects()?;
        Ok(make_folder(&spool)?)
    }

    fn objects(&self) -> Result<Arc<dyn ObjectStore>, FilesError> {
        if let Some(store) = self.store.get() {
            return Ok(Arc::clone(store));
        }
        let FilePlace::Folder(folder) = self.settings.place.as_ref().ok_or(FilesError::Unset)?;
        make_folder(folder)?;
        // What was acknowledged survives a loss of power.
        let opened: Arc<dyn ObjectStore> =
            Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true));
        Ok(Arc::clone(self.store.get_or_init(|| opened)))
    }

    /// Lets one more upload in.
    ///
    /// # Errors
    /// Too many are under way, or there is no place for files.
    pub fn admit(&self) -> Result<SemaphorePermit<'_>, FilesError> {
        if !self.is_set() {
            return Err(FilesError::Unset);
        }
        self.uploads.try_acquire().map_err(|_| FilesError::Busy)
    }

    /// Begins to gather a file.
    ///
    /// # Errors
    /// The disk cannot take it.
    pub async fn gather(&self) -> Result<Spool, FilesError> {
        let folder = self.settings.spool_folder().ok_or(FilesError::Unset)?;
        Spool::begin(folder, self.settings.limits.file, Arc::clone(&self.disk)).await
    }

    /// Writes an object: there whole, or not at all.
    async fn put(&self, key: &ObjectKey, file: &mut Spooled) -> Result<(), FilesError> {
        let store = self.objects()?;
        let upload = store.put_multipart(&Path::from(key.as_str())).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PIECE);
        let written = file
            .pieces(async |piece| {
                writer.wait_for_capacity(1).await?;
                writer.put(piece.into());
                Ok(())
            })
            .await;
        match written {
            Ok(()) => {
                writer.finish().await?;
                Ok(())
            }
            Err(error) => {
                drop(writer.abort().await);
                Err(error)
            }
        }
    }

    /// Takes an object away that belongs to nothing. One that stays is found by the sweep.
    pub(super) async fn remove(&self, key: &ObjectKey) {
        let Ok(store) = self.objects() else { return };
        if let Err(error) = store.delete(&Path::from(key.as_str())).await {
            tracing::warn!(%error, "an object that belongs to nothing stays until the sweep");
        }
    }

    /// The bytes of a file, or a range of them.
    ///
    /// # Errors
    /// They are not there, or not all of them, or the store cannot be reached.
    pub async fn read(
        &self,
        file: &Attachment,
        range: Option<Range<u64>>,
    ) -> Result<Pieces, FilesError> {
        let store = self.objects()?;
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = store.get_opts(&Path::from(file.object.as_str()), options).await?;
        if found.meta.size != file.size {
            return Err(FilesError::Missing(file.object.as_str().to_owned()));
        }
        Ok(found.into_stream())
    }
}

/// Makes a folder that only this process's user can look into, and those around it.
fn make_folder(folder: &Folder) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file that has come, with what is said of it.
pub struct Upload {
    /// For what it is attached.
    pub purpose: Purpose,
    /// Its name.
    pub name: FileName,
    /// A remark.
    pub note: Option<String>,
    /// The file.
    pub file: Spooled,
}

/// What came of an upload.
pub struct Attached {
    /// The file as it was attached.
    pub attachment: Attachment,
    /// The version of its case after that.
    pub version: Version,
    /// Is this the outcome of an earlier upload with the same idempotency key?
    pub replayed: Replayed,
}

/// Why a file was not attached.
#[derive(Debug, thiserror::Error)]
pub enum NotAttached {
    /// The command was refused or failed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Its bytes could not be stored.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// Stores the bytes of a file and attaches it to a case. When the command is not carried out the bytes
/// go again; where that is not known, the sweep decides.
///
/// # Errors
/// The bytes cannot be stored, or the command is refused or fails.
pub async fn attach(
    app: &App,
    origin: Origin,
    case: CaseId,
    expected: Version,
    mut upload: Upload,
) -> Result<Attached, NotAttached> {
    let object = ObjectKey::from_random(fresh_bytes().map_err(|_| FilesError::Cancelled)?);
    app.files.put(&object, &mut upload.file).await?;
    let file = NewFile {
        attachment_id: AttachmentId(app.fresh_id()),
        purpose: upload.purpose,
        name: upload.name,
        file_type: upload.file.file_type,
        size: upload.file.size,
        sha256: upload.file.sha256,
        object: object.clone(),
        note: upload.note,
        limits: app.files.limits(),
    };
    let step = Step::Attach { file: Box::new(file) };
    // However long the client and the disk took, the store has its time.
    body_is_read();
    let outcome = match app.submit(origin, Command::Act { case, expected, step }).await {
        Ok(outcome) => outcome,
        Err(denied) => {
            if !matches!(denied, Denied::Failed(store::Error::OutcomeUnknown(_))) {
                app.files.remove(&object).await;
            }
            return Err(denied.into());
        }
    };
    let replayed = outcome.replayed;
    if replayed == Replayed::Yes {
        // The earlier upload's bytes are there already.
        app.files.remove(&object).await;
    }
    let after = outcome.case.map(Case::from);
    let made = after.and_then(|case| {
        let attachment = case.record.attachments.last().cloned()?;
        Some((attachment, case.version))
    });
    let (attachment, version) =
        made.ok_or_else(|| Denied::Failed(store::Error::Other("no file was attached".into())))?;
    Ok(Attached { attachment, version, replayed })
}
