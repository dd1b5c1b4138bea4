//! One server to an embedded database. SQLite itself would let several write in turns, but each
//! would count quotas and guesses for itself and keep a picture of units and users of its own.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::conn::DatabaseUrl;
use super::error::{Error, Result};

/// That this process alone serves an embedded database, for as long as it is held. The system takes
/// it back when the process ends, however it ends; the file `PATH.lock` stays and means nothing.
pub struct SoleServer {
    _held: File,
}

impl DatabaseUrl {
    /// Claims an embedded database for a server; nothing for PostgreSQL, which serves any number.
    /// Commands of the operator do not ask.
    ///
    /// # Errors
    /// Another server has it, or it cannot be where it should.
    pub fn claim(&self) -> Result<Option<SoleServer>> {
        let Self::Sqlite(path) = self else { return Ok(None) };
        self.check_place()?;
        let lock = beside(path);
        let fault = |error: &dyn std::fmt::Display| {
            Error::Place(format!("cannot lock {}: {error}", lock.display()))
        };
        let mut how = OpenOptions::new();
        let file = how.write(true).create(true).truncate(false).open(&lock);
        let file = file.map_err(|error| fault(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(SoleServer { _held: file })),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(path.clone())),
            Err(TryLockError::Error(error)) => Err(fault(&error)),
        }
    }
}

/// The file beside the database, by whichever link it was named.
fn beside(path: &str) -> PathBuf {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| Path::new(path).to_path_buf());
    let mut name = real.into_os_string();
    name.push(".lock");
    name.into()
}
