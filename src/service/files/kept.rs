//! Files that the server itself keeps, and that are small enough to be held whole.

use bytes::Bytes;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::{Files, FilesError};
use crate::domain::attachment::ObjectKey;
use crate::store::vault::fresh_bytes;

impl Files {
    /// Keeps these bytes under a fresh key: there whole, or not at all.
    ///
    /// # Errors
    /// There is no place for files, or it cannot take them.
    pub async fn keep(&self, bytes: Bytes) -> Result<ObjectKey, FilesError> {
        let key = ObjectKey::from_random(fresh_bytes().map_err(|_| FilesError::Cancelled)?);
        self.objects()?.put(&Path::from(key.as_str()), bytes.into()).await?;
        Ok(key)
    }

    /// The bytes that are kept under a key.
    ///
    /// # Errors
    /// They are not there, or not that many, or the store cannot be reached.
    pub async fn kept(&self, key: &ObjectKey, size: u64) -> Result<Bytes, FilesError> {
        let missing = || FilesError::Missing(key.as_str().to_owned());
        let found = self.objects()?.get(&Path::from(key.as_str())).await?;
        if found.meta.size != size {
            return Err(missing());
        }
        let bytes = found.bytes().await?;
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(missing()) }
    }
}
