//! The data layer: speaks Diesel and domain types. One writer, a few readers, two databases, one
//! set of queries.

mod alike;
pub mod attachments;
pub mod audit;
pub mod calendar;
pub mod cases;
pub mod chain;
pub mod clocks;
pub mod command;
mod conn;
mod decide;
pub mod dialect;
pub mod directory;
pub mod earlier;
mod error;
pub mod events;
mod gather;
pub mod history;
mod known;
mod ledger;
pub mod letters;
pub mod outcomes;
pub mod page;
pub mod paragraphs;
mod picture;
pub mod public;
pub mod pulse;
mod readers;
pub mod references;
pub mod replay;
mod rows;
pub mod schema;
pub mod seals;
pub mod sessions;
mod sole;
pub mod statistics;
pub mod subtasks;
mod tasks;
mod turn;
pub mod types;
pub mod vault;
mod workspace;
mod writer;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use conn::{Conn, DatabaseUrl};
pub use error::{Error, Result};
pub use picture::{Picture, SharedPicture};
pub use readers::{ReaderCounts, Readers};
pub use rows::{CaseRow, EventRow, IdempotencyRow, UserRow};
pub use turn::{Patience, body_is_read, within_allowance};
pub use workspace::Basis;
pub use writer::{Writer, WriterCounts, WriterLimits};

use crate::domain::actor::CaseScope;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::regulation::Law;
use crate::domain::sealed::PersonalField;
use crate::domain::unit::Directory;
use alike::Alike;
use cases::{Listed, Listing, Stored};
use earlier::PersonKey;
use gather::Gather;
use known::Known;
use vault::Vault;

/// The text by which a data key is known again.
const KEY_PROOF: &str = "gongkai/data-key/v1";

/// How old the picture of units and users may be when a request is let in.
const DIRECTORY_FRESH: Duration = Duration::from_millis(10);

/// How long the writer has to finish when the store is closed. Its callers have all been answered by
/// then.
const CLOSING: Duration = Duration::from_secs(10);

/// How current the picture of the directory is.
#[derive(Debug, Default)]
struct Checked {
    /// When the last look at the database began that found the picture current or mended it.
    last: RwLock<Option<Instant>>,
    /// Held by the request that looks for all that wait.
    looking: tokio::sync::Mutex<()>,
}

impl Checked {
    /// Is the picture current enough for a request that came at this instant?
    fn is_fresh(&self, came: Instant) -> bool {
        let last = *self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|at| came.saturating_duration_since(at) < DIRECTORY_FRESH)
    }
}

/// The database, opened: the writer, the readers and the directory.
#[derive(Clone)]
pub struct Store {
    /// Takes commands.
    pub writer: Writer,
    /// Take reads.
    pub readers: Readers,
    cases: Gather<CaseId, Stored>,
    lists: Alike<Listing, Listed>,
    people: Gather<PersonKey, bool>,
    picture: SharedPicture,
    law: Arc<Law>,
    checked: Arc<Checked>,
    writing: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Store {
    /// Opens the database. The embedded one is created and migrated; any other must be up to date
    /// (`gongkai migrate`).
    ///
    /// # Errors
    /// The database cannot be reached, or lacks migrations.
    pub fn open(
        url: &DatabaseUrl,
        basis: Basis,
        limits: WriterLimits,
        readers: usize,
    ) -> Result<Self> {
        let mut conn = url.connect()?;
        if url.is_embedded() {
            dialect::migrate_up(&mut conn)?;
        } else if let Some(missing) = dialect::pending_migrations(&mut conn)?.first() {
            return Err(Error::Outdated(missing.clone()));
        }
        let version = directory::version(&mut conn)?;
        let law = Arc::clone(&basis.law);
        let picture = Picture::load(&mut conn, version, &law)?;
        let picture: SharedPicture = Arc::new(RwLock::new(picture));
        let (writer, thread) = Writer::start(url, basis, limits, Arc::clone(&picture))?;
        let readers = Readers::start(url, readers)?;
        let known = Known::default();
        Ok(Self {
            writer,
            cases: Gather::new(readers.clone(), move |conn, ids| cases::by_ids(conn, &known, ids)),
            lists: Alike::new(readers.clone(), cases::list),
            people: Gather::new(readers.clone(), earlier::known),
            readers,
            picture,
            law,
            checked: Arc::default(),
            writing: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// Makes sure that the vault holds the key under which this database was sealed; the first one
    /// is remembered.
    ///
    /// # Errors
    /// It is another one, by name or by secret, or the database cannot be read.
    pub fn check_key(url: &DatabaseUrl, vault: &Vault) -> Result<()> {
        let (id, proof) = key_proof(vault);
        let known = dialect::key_proofs(&mut url.connect()?, &id, &proof)?;
        let held = |(name, made): &(String, Vec<u8>)| *name == id && *made == proof;
        if known.iter().all(held) { Ok(()) } else { Err(Error::WrongKey(id)) }
    }

    /// Lets the writer finish what waits, and waits for it, but not for a database that is frozen.
    /// Call it on the last handle.
    pub fn close(self) {
        let Self { writer, writing, .. } = self;
        drop(writer);
        let thread = writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            match ended_within(thread, CLOSING) {
                Some(Ok(())) => {}
                Some(Err(_)) => tracing::error!("the writer had panicked"),
                None => tracing::warn!("stopped while the database did not answer the writer"),
            }
        }
    }

    /// One case that exists for the actor.
    ///
    /// # Errors
    /// The database cannot be read, or the row is corrupt.
    pub async fn case(&self, scope: &CaseScope, id: CaseId) -> Result<Option<Arc<Case>>> {
        match self.cases.get(id).await? {
            Some(stored) => stored.within(scope),
            None => Ok(None),
        }
    }

    /// One page of a list of cases, for all who ask for the same page at the same time.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(&self, wanted: Listing) -> Result<Arc<Listed>> {
        self.lists.get(wanted).await
    }

    /// Was any case recorded with this datum, whoever may see it?
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn knows_person(&self, key: PersonKey) -> Result<bool> {
        Ok(self.people.get(key).await?.unwrap_or(false))
    }

    /// Units and users, never more than a few milliseconds behind the database
    /// (docs/adr/0004-directory-in-memory.md).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn directory(&self) -> Result<Arc<Directory>> {
        Ok(self.current().await?.directory)
    }

    /// Units, users and the law, as current as [`Store::directory`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn current(&self) -> Result<Picture> {
        let came = Instant::now();
        if self.checked.is_fresh(came) {
            return Ok(self.picture());
        }
        // One looks, the others take what it has seen: else every request that comes while one is
        // under way would ask the database, too.
        let looking = turn::in_time(self.checked.looking.lock()).await;
        let _looking =
            looking.map_err(|_| Error::Unavailable("units and users: too late".into()))?;
        if self.checked.is_fresh(came) {
            return Ok(self.picture());
        }
        let now = Instant::now();
        let known = self.picture();
        let version = known.directory.version();
        let law = Arc::clone(&self.law);
        let fresh = self
            .readers
            .run(move |conn| {
                let current = directory::version(conn)?;
                if current == version {
                    return Ok(None);
                }
                dialect::snapshot(conn, |conn| {
                    let current = directory::version(conn)?;
                    Picture::load(conn, current, &law).map(Some)
                })
            })
            .await?;
        *self.checked.last.write().unwrap_or_else(PoisonError::into_inner) = Some(now);
        let Some(fresh) = fresh else { return Ok(known) };
        let mut shared = self.picture.write().unwrap_or_else(PoisonError::into_inner);
        if fresh.directory.version() > shared.directory.version() {
            *shared = fresh;
        }
        Ok(shared.clone())
    }

    /// Units, users and the law as this process knows them: as of the last look at their version,
    /// which every request with a token takes before anything else.
    #[must_use]
    pub fn picture(&self) -> Picture {
        self.picture.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The picture itself, for who must look at it by and by.
    #[must_use]
    pub fn shared_picture(&self) -> SharedPicture {
        Arc::clone(&self.picture)
    }
}

/// What became of a thread; none when it is still at work after that time.
fn ended_within(thread: JoinHandle<()>, limit: Duration) -> Option<std::thread::Result<()>> {
    let (tell, ended) = channel();
    std::thread::Builder::new()
        .name("closing".to_owned())
        .spawn(move || drop(tell.send(thread.join())))
        .ok()?;
    ended.recv_timeout(limit).ok()
}

/// The name of the vault's key, and what the key makes of the fixed text.
fn key_proof(vault: &Vault) -> (String, Vec<u8>) {
    let proof = vault.blind_index(PersonalField::IdNumber, KEY_PROOF);
    (vault.current_key_id().to_owned(), proof.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Duration, channel, ended_within};

    #[test]
    fn a_thread_that_stands_is_not_waited_for() {
        let (go_on, stands) = channel::<()>();
        let thread = std::thread::spawn(move || stands.recv().unwrap_or_default());
        assert!(ended_within(thread, Duration::ZERO).is_none());
        drop(go_on);
        let thread = std::thread::spawn(|| ());
        assert!(matches!(ended_within(thread, Duration::MAX), Some(Ok(()))));
        let thread = std::thread::spawn(|| std::panic::resume_unwind(Box::new(())));
        assert!(matches!(ended_within(thread, Duration::MAX), Some(Err(_))));
    }
}
