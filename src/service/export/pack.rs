//! An archive on its way: what is put in comes out in pieces, and no more of it is held than a few of
//! them. Nothing is compressed: what is large is so already, and who checks the archive needs not fear
//! what would unfold.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use tokio::sync::mpsc::Sender;
use uuid::Uuid;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::ExportError;
use super::format::{Entry, EntryKind};
use crate::domain::attachment::Sha256;

/// Bytes that are gathered before they go on.
const PIECE: usize = 64 * 1024;

/// What has come out and was not sent yet. The archive's writer owns one end of it.
#[derive(Clone, Default)]
struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn taken(&self) -> Bytes {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Bytes::from(std::mem::replace(&mut *held, Vec::with_capacity(PIECE)))
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What goes to the reader: a piece, or that there is no more because something failed.
pub(super) type Piece = Result<Bytes, ExportError>;

/// An archive that is being written.
pub(super) struct Pack {
    archive: Box<ZipWriter<StreamWriter<Outlet>>>,
    outlet: Outlet,
    reader: Sender<Piece>,
    entries: Vec<Entry>,
    open: Option<Open>,
}

/// The entry that is being written.
struct Open {
    path: String,
    kind: EntryKind,
    id: Option<Uuid>,
    size: u64,
    digest: Context,
}

impl Pack {
    pub(super) fn new(reader: Sender<Piece>) -> Self {
        let outlet = Outlet::default();
        let archive = Box::new(ZipWriter::new_stream(outlet.clone()));
        Self { archive, outlet, reader, entries: Vec::new(), open: None }
    }

    /// Begins an entry.
    pub(super) fn begin(
        &mut self,
        path: String,
        kind: EntryKind,
        id: Option<Uuid>,
    ) -> Result<(), ExportError> {
        self.start(&path)?;
        self.open = Some(Open { path, kind, id, size: 0, digest: Context::new(&SHA256) });
        Ok(())
    }

    fn start(&mut self, path: &str) -> Result<(), ExportError> {
        let plain = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default());
        self.archive.start_file(path, plain).map_err(ExportError::broken)
    }

    /// More bytes of the entry.
    pub(super) async fn add(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        for part in bytes.chunks(PIECE) {
            self.archive.write_all(part).map_err(ExportError::broken)?;
            if let Some(open) = &mut self.open {
                open.size += part.len() as u64;
                open.digest.update(part);
            }
            if self.outlet.len() >= PIECE {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Ends the entry; gives its length and digest.
    pub(super) fn end(&mut self) -> Option<(u64, Sha256)> {
        let open = self.open.take()?;
        let sum = open.digest.finish();
        let sha256 = Sha256(sum.as_ref().first_chunk().copied().unwrap_or_default());
        let (path, kind, id, size) = (open.path, open.kind, open.id, open.size);
        self.entries.push(Entry { path, kind, id, size, sha256 });
        Some((size, sha256))
    }

    /// A whole entry.
    pub(super) async fn put(
        &mut self,
        path: String,
        kind: EntryKind,
        id: Option<Uuid>,
        bytes: &[u8],
    ) -> Result<(), ExportError> {
        self.begin(path, kind, id)?;
        self.add(bytes).await?;
        self.end();
        Ok(())
    }

    /// An entry that no manifest lists: the manifest itself, and its signature.
    pub(super) async fn put_unlisted(
        &mut self,
        path: &str,
        bytes: &[u8],
    ) -> Result<(), ExportError> {
        self.start(path)?;
        self.add(bytes).await
    }

    /// The entries so far.
    pub(super) fn entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Ends the archive. Without this there is none: its directory comes last.
    pub(super) async fn finish(&mut self) -> Result<(), ExportError> {
        let none = Box::new(ZipWriter::new_stream(Outlet::default()));
        let archive = std::mem::replace(&mut self.archive, none);
        archive.finish().map_err(ExportError::broken)?;
        self.send().await
    }

    async fn send(&mut self) -> Result<(), ExportError> {
        let piece = self.outlet.taken();
        if piece.is_empty() {
            return Ok(());
        }
        self.reader.send(Ok(piece)).await.map_err(|_| ExportError::Gone)
    }
}
