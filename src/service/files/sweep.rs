//! What belongs to nothing goes: objects and half of files that a crash left behind.

use std::path::Path as Folder;
use std::sync::Weak;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use uuid::Uuid;

use super::spool::blocking;
use super::{App, FilesError};
use crate::config::files::SPOOL;
use crate::domain::attachment::ObjectKey;
use crate::store::attachments::{self, StoredFile};

/// From one sweep to the next; what is younger is left alone, for its upload may still be under way.
const EVERY: Duration = Duration::from_hours(1);

/// Objects that are looked up at once.
const AT_ONCE: usize = 500;

/// What a sweep took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Whole objects.
    pub objects: usize,
    /// Files that had not become objects.
    pub unfinished: usize,
}

/// Sweeps now and every hour, as long as the application is there. It does not keep it there: who
/// stops the server waits until nobody has it any more.
pub async fn keep_tidy(application: Weak<App>) {
    while let Some(app) = application.upgrade() {
        match sweep(&app, app.clock.now() - TimeDelta::hours(1)).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(Swept { objects, unfinished }) => {
                tracing::info!(objects, unfinished, "files that belonged to nothing were removed");
            }
            Err(error) => tracing::warn!(%error, "the files could not be swept"),
        }
        drop(app);
        tokio::time::sleep(EVERY).await;
    }
}

/// Takes away what was last written before this instant and belongs to no file of a case.
///
/// # Errors
/// The store of files or the database cannot be read.
pub async fn sweep(app: &App, before: DateTime<Utc>) -> Result<Swept, FilesError> {
    let store = app.files.objects()?;
    let mut swept = Swept::default();
    let mut listed = store.list(None);
    let mut old = Vec::new();
    loop {
        let next = listed.try_next().await?;
        let ended = next.is_none();
        if let Some(meta) = next
            && meta.last_modified < before
            // What is no object of ours is none of our business.
            && let Some(key) = ObjectKey::parse(meta.location.as_ref())
        {
            old.push(key);
        }
        if old.len() >= AT_ONCE || ended {
            swept.objects += remove_unknown(app, &*store, std::mem::take(&mut old)).await?;
        }
        if ended {
            break;
        }
    }
    let spool = app.files.settings.spool_folder();
    let folder = app.files.settings.folder().map(Folder::to_owned);
    swept.unfinished = blocking(&app.files.disk, move || {
        let before = SystemTime::from(before);
        let spooled = spool.map_or(0, |spool| remove_old(&spool, before, |_| true));
        spooled + folder.map_or(0, |folder| remove_staged(&folder, before))
    })
    .await?;
    Ok(swept)
}

async fn remove_unknown(
    app: &App,
    store: &dyn ObjectStore,
    keys: Vec<ObjectKey>,
) -> Result<usize, FilesError> {
    if keys.is_empty() {
        return Ok(0);
    }
    let asked = keys.clone();
    let known = app.store.readers.run(move |conn| attachments::known_objects(conn, &asked)).await;
    let known = known.map_err(|error| FilesError::Failed(error.to_string()))?;
    let mut removed = 0;
    for key in keys.iter().filter(|key| !known.contains(key.as_str())) {
        store.delete(&Path::from(key.as_str())).await?;
        removed += 1;
    }
    Ok(removed)
}

/// The store writes an object under its name with `#1` behind it, and renames it when it is whole. It
/// does not list what a crash left of that.
fn remove_staged(folder: &Folder, before: SystemTime) -> usize {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of_objects = folders.filter(|entry| entry.file_name() != SPOOL);
    of_objects.map(|entry| remove_old(&entry.path(), before, |name| name.contains('#'))).sum()
}

/// Removes old files with such names; what cannot be removed is found again the next time.
fn remove_old(folder: &Folder, before: SystemTime, named: fn(&str) -> bool) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let old = entries.filter(|entry| {
        let written = entry.metadata().and_then(|meta| meta.modified());
        written.is_ok_and(|written| written < before)
            && entry.file_name().to_str().is_some_and(named)
    });
    old.filter(|entry| std::fs::remove_file(entry.path()).is_ok()).count()
}

/// A file of a case whose bytes are not as they were stored.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The attachment.
    pub id: Uuid,
    /// Its case.
    pub case: Uuid,
    /// How many bytes are there; none when there is nothing.
    pub found: Option<u64>,
}

/// The files whose bytes are missing or of another length; each goes to `tell`. Gives the number of
/// all files.
///
/// # Errors
/// The store of files or the database cannot be read.
pub async fn lost(app: &App, mut tell: impl FnMut(Lost)) -> Result<u64, FilesError> {
    let store = app.files.objects()?;
    let (mut after, mut all) = (None, 0);
    loop {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let page = app.store.readers.run(move |conn| attachments::page(conn, after, limit)).await;
        let page = page.map_err(|error| FilesError::Failed(error.to_string()))?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.id);
        for StoredFile { id, case, object, size } in page {
            all += 1;
            let found = match store.head(&Path::from(object.as_str())).await {
                Ok(meta) => Some(meta.size),
                Err(object_store::Error::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            if found != Some(size) {
                tell(Lost { id, case, found });
            }
        }
    }
}
