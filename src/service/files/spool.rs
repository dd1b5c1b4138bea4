//! A file on its way in: gathered on disk, counted and digested, and gone when nobody wants it any
//! more. The object store never sees what is not whole and checked.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use tokio::sync::Semaphore;

use super::FilesError;
use super::check;
use crate::domain::attachment::{FileType, Sha256};
use crate::domain::hex;
use crate::store::vault::fresh_bytes;

/// Bytes that are gathered before the disk is troubled.
const CHUNK: usize = 256 * 1024;

/// Takes its file away when it goes, whatever ended the upload.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        // One that cannot be taken away now is found by the sweep.
        let _ = fs::remove_file(&self.0);
    }
}

/// What is written of a file. Goes to a thread that may wait for the disk and comes back.
struct Written {
    file: File,
    digest: digest::Context,
    size: u64,
}

impl Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }
}

/// A file that is being gathered.
pub struct Spool {
    written: Option<Written>,
    buffer: Vec<u8>,
    limit: u64,
    disk: Arc<Semaphore>,
    gone: Gone,
}

impl Spool {
    /// Begins a file in this folder, which only this process's user can read.
    pub(super) async fn begin(
        folder: PathBuf,
        limit: u64,
        disk: Arc<Semaphore>,
    ) -> Result<Self, FilesError> {
        let name = fresh_bytes::<16>().map_err(|_| FilesError::Cancelled)?;
        let path = folder.join(hex::encode(&name));
        let gone = Gone(path.clone());
        let file = blocking(&disk, move || create(&folder, &path)).await??;
        let written = Written { file, digest: digest::Context::new(&digest::SHA256), size: 0 };
        Ok(Self { written: Some(written), buffer: Vec::with_capacity(CHUNK), limit, disk, gone })
    }

    /// Adds what has come.
    ///
    /// # Errors
    /// The file has become larger than it may be, or the disk cannot take it.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        let size = self.written.as_ref().map_or(0, |written| written.size);
        if size + (self.buffer.len() + bytes.len()) as u64 > self.limit {
            return Err(FilesError::TooLarge { limit: self.limit });
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), FilesError> {
        let mut written = self.written.take().ok_or(FilesError::Cancelled)?;
        let buffer = std::mem::take(&mut self.buffer);
        let (written, mut buffer) =
            blocking(&self.disk, move || written.write(&buffer).map(|()| (written, buffer)))
                .await??;
        buffer.clear();
        self.buffer = buffer;
        self.written = Some(written);
        Ok(())
    }

    /// Ends the file and looks at its content.
    ///
    /// # Errors
    /// It is empty, or not what its type says, or the disk fails.
    pub async fn end(mut self, file_type: FileType) -> Result<Spooled, FilesError> {
        self.flush().await?;
        let written = self.written.take().ok_or(FilesError::Cancelled)?;
        if written.size == 0 {
            return Err(FilesError::Empty);
        }
        let mut sum = [0; 32];
        sum.copy_from_slice(written.digest.finish().as_ref());
        let (mut file, size) = (written.file, written.size);
        let (file, looked) = blocking(&self.disk, move || {
            let looked = check::look(&mut file, size, file_type);
            (file, looked)
        })
        .await?;
        looked??;
        let (disk, gone) = (self.disk, self.gone);
        Ok(Spooled { size, sha256: Sha256(sum), file_type, file: Some(file), disk, _gone: gone })
    }
}

/// A file that has come whole and is what its name says.
pub struct Spooled {
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// What kind of file it is.
    pub file_type: FileType,
    file: Option<File>,
    disk: Arc<Semaphore>,
    _gone: Gone,
}

impl Spooled {
    /// Its bytes from the beginning, piece by piece.
    pub(super) async fn pieces(
        &mut self,
        mut take: impl AsyncFnMut(Vec<u8>) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        let mut file = self.file.take().ok_or(FilesError::Cancelled)?;
        let (back, start) = blocking(&self.disk, move || {
            let start = file.seek(SeekFrom::Start(0));
            (file, start)
        })
        .await?;
        file = back;
        start?;
        loop {
            let (back, piece) = blocking(&self.disk, move || {
                let piece = next_piece(&mut file);
                (file, piece)
            })
            .await?;
            file = back;
            let piece = piece?;
            if piece.is_empty() {
                self.file = Some(file);
                return Ok(());
            }
            take(piece).await?;
        }
    }
}

fn next_piece(file: &mut File) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(CHUNK);
    file.take(CHUNK as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

fn create(folder: &Path, path: &Path) -> io::Result<File> {
    super::make_folder(folder)?;
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Does what may wait for the disk on a thread for that, few at once.
pub(super) async fn blocking<T: Send + 'static>(
    disk: &Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FilesError> {
    let _turn = disk.acquire().await.map_err(|_| FilesError::Cancelled)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| FilesError::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\nendobj\n%%EOF\n";

    fn run<F: Future>(work: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    fn folder() -> PathBuf {
        let name = hex::encode(&fresh_bytes::<8>().unwrap());
        std::env::temp_dir().join(format!("gongkai-spool-{name}"))
    }

    fn left(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_is_there_while_it_is_wanted_and_no_longer() {
        run(async {
            let (place, disk) = (folder(), Arc::new(Semaphore::new(1)));
            let mut spool = Spool::begin(place.clone(), 1000, Arc::clone(&disk)).await.unwrap();
            for piece in PDF.chunks(5) {
                spool.add(piece).await.unwrap();
            }
            let mut whole = spool.end(FileType::Pdf).await.unwrap();
            assert_eq!(whole.size, PDF.len() as u64);
            let sum = digest::digest(&digest::SHA256, PDF);
            assert_eq!(whole.sha256.0, sum.as_ref());
            for _ in 0..2 {
                let mut bytes = Vec::new();
                whole
                    .pieces(async |piece| {
                        bytes.extend(piece);
                        Ok(())
                    })
                    .await
                    .unwrap();
                assert_eq!(bytes, PDF);
            }
            assert_eq!(left(&place), 1);
            drop(whole);
            assert_eq!(left(&place), 0);

            let mut large = Spool::begin(place.clone(), 10, Arc::clone(&disk)).await.unwrap();
            large.add(&[0; 10]).await.unwrap();
            let refused = large.add(&[0]).await;
            assert!(matches!(refused, Err(FilesError::TooLarge { limit: 10 })));
            drop(large);
            let empty = Spool::begin(place.clone(), 10, Arc::clone(&disk)).await.unwrap();
            assert!(matches!(empty.end(FileType::Pdf).await, Err(FilesError::Empty)));
            let mut false_type = Spool::begin(place.clone(), 1000, disk).await.unwrap();
            false_type.add(PDF).await.unwrap();
            assert!(matches!(false_type.end(FileType::Png).await, Err(FilesError::Content(_))));
            assert_eq!(left(&place), 0);
            fs::remove_dir(place).unwrap();
        });
    }

    /// Linux has a file to which nothing can be written because there is no space.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_as_such() {
        run(async {
            let full = File::options().read(true).write(true).open("/dev/full").unwrap();
            let digest = digest::Context::new(&digest::SHA256);
            let mut spool = Spool {
                written: Some(Written { file: full, digest, size: 0 }),
                buffer: Vec::new(),
                limit: u64::MAX,
                disk: Arc::new(Semaphore::new(1)),
                gone: Gone(PathBuf::new()),
            };
            let refused = spool.add(&vec![0; CHUNK]).await;
            assert!(matches!(refused, Err(FilesError::Full)));
        });
    }
}
