//! The use cases: one function = one command = one entry in the ledger. A service that would only
//! pass a call through does not exist; its caller calls the store.

pub mod calendar;
pub mod cases;
pub mod demo;
pub mod earlier;
pub mod export;
pub mod files;
mod flight;
pub mod guesses;
pub mod health;
pub mod import;
pub mod metrics;
pub mod paper;
pub mod people;
pub mod public;
pub mod seal;
pub mod sessions;
pub mod space;
pub mod statistics;
pub mod tables;
pub mod throttle;
pub mod tokens;
pub mod units;
pub mod verify;

use std::sync::{Arc, OnceLock};

use uuid::{ContextV7, Timestamp, Uuid};

use crate::clock::Clock;
use crate::config::{Docs, Office, Settings};
use crate::domain::decision::Decisions;
use crate::domain::letter::{LetterOffice, Letters};
use crate::domain::practice::{Practice, SealPort};
use crate::domain::regulation::Law;
use crate::domain::unit::Directory;
use crate::store::command::{Command, Denied, Outcome, Request};
use crate::store::vault::Vault;
use crate::store::{self, Basis, Store, WriterLimits};
use cases::Origin;
use health::{Health, HealthLimits, Watch};
use metrics::Metrics;
use tokens::Issuer;

/// Everything that the use cases work with.
pub struct App {
    /// The database.
    pub store: Store,
    /// The keys that seal personal data.
    pub vault: Arc<Vault>,
    /// The decision codes.
    pub decisions: &'static Decisions,
    /// What the bureau has chosen where the law leaves it the choice.
    pub practice: Practice,
    /// The source of "now".
    pub clock: Arc<dyn Clock>,
    /// What receipts and public pages say of the agency.
    pub office: Office,
    /// What letters are made of.
    pub letters: Arc<LetterOffice>,
    /// Signs and checks access tokens.
    pub tokens: Issuer,
    /// Is this process fit to be sent requests?
    pub health: Arc<Health>,
    /// What the process counts about itself.
    pub metrics: Metrics,
    /// Ends the watch over the database with the application.
    _watch: Watch,
    /// Is the viewer of the contract shown?
    pub docs: Docs,
    /// The address under which people reach the server; known for certain once it listens.
    public_url: OnceLock<String>,
    /// Who comes too often, or guesses, at the public door.
    pub public: public::Door,
    /// Makes letters into files.
    pub press: paper::Press,
    /// Who guesses passwords.
    pub(crate) guesses: guesses::Guesses,
    /// The files of cases.
    pub files: files::Files,
    /// The port of electronic seals.
    pub seals: seal::Seals,
    /// Leave to take cases out as one file.
    pub exports: export::Exports,
    /// Bounds the password hashes that are computed at once: each takes 34 MiB and a core.
    pub(crate) hashing: tokio::sync::Semaphore,
}

/// Password hashes computed at the same time.
const HASHES_AT_ONCE: usize = 2;

/// The application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A key.
    #[error("{0}")]
    Key(String),
    /// The tables of the bureau's own.
    #[error(transparent)]
    Tables(#[from] tables::TablesError),
}

/// What letters are made of, by the settings.
fn letter_office(office: &Office, letters: &'static Letters) -> LetterOffice {
    LetterOffice {
        letters,
        agency: office.agency.clone(),
        contact: office.contact.clone(),
        status_page: office.public_url.as_ref().map(|url| format!("{url}/public/status")),
    }
}

/// The vault with the keys of the settings.
///
/// # Errors
/// A key cannot be used.
pub fn vault_of(settings: &Settings) -> Result<Vault, StartError> {
    Vault::from_secret(&settings.data_key_id, &settings.data_key.0)
        .map_err(|error| StartError::Key(error.to_string()))
}

impl App {
    /// Opens the database and the keys, and makes sure that they belong together.
    ///
    /// # Errors
    /// The database cannot be opened, a key cannot be used, or the data key is not the one under
    /// which this database was sealed.
    pub fn start(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        limits: WriterLimits,
    ) -> Result<Arc<Self>, StartError> {
        let app = Self::open(settings, clock, limits)?;
        Store::check_key(&settings.database, &app.vault)?;
        Ok(app)
    }

    /// Opens the database and the keys, for work that seals nothing and opens nothing sealed.
    ///
    /// # Errors
    /// The database cannot be opened or a key cannot be used.
    pub fn open(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        limits: WriterLimits,
    ) -> Result<Arc<Self>, StartError> {
        let key = |error: &dyn std::fmt::Display| StartError::Key(error.to_string());
        let vault = Arc::new(vault_of(settings)?);
        let law = Arc::new(Law::builtin().clone());
        let own = tables::Tables::read(settings.data_dir.as_deref(), &settings.case_pattern)?;
        let decisions = own.decisions;
        let letters = Arc::new(letter_office(&settings.office, own.letters));
        let seals = if settings.seal.is_some() { SealPort::Open } else { SealPort::Closed };
        let practice = Practice { seals, ..settings.practice };
        let basis = Basis {
            law,
            decisions,
            practice,
            vault: Arc::clone(&vault),
            case_pattern: settings.case_pattern.clone(),
            office: Arc::clone(&letters),
        };
        let store = Store::open(&settings.database, basis, limits, settings.readers)?;
        let retired: Vec<[u8; 32]> = settings.old_token_key.iter().map(|key| key.0).collect();
        let tokens = Issuer::new(&settings.token_key.0, &retired).map_err(|error| key(&error))?;
        let limits = HealthLimits::default();
        let (health, watch) = {
            let watched = (store.shared_picture(), space::Volumes::of(settings));
            Health::watch(&settings.database, Arc::clone(&clock), watched, limits)?
        };
        let metrics = Metrics::of(&store, &health, &clock);
        Ok(Arc::new(Self {
            store,
            vault,
            decisions,
            practice,
            clock,
            office: settings.office.clone(),
            letters,
            tokens,
            health,
            metrics,
            _watch: watch,
            docs: settings.docs,
            public_url: settings.office.public_url.clone().map(OnceLock::from).unwrap_or_default(),
            public: public::Door::new(settings.public),
            press: paper::Press::new(&settings.fonts),
            guesses: guesses::Guesses::default(),
            files: files::Files::new(settings.files.clone()),
            seals: seal::Seals::new(settings.seal.clone()),
            exports: export::Exports::default(),
            hashing: tokio::sync::Semaphore::new(HASHES_AT_ONCE),
        }))
    }

    /// The rule sets and the calendar in force, as of the last look that a request took.
    #[must_use]
    pub fn law(&self) -> Arc<Law> {
        self.store.picture().law
    }

    /// The address under which people reach the server, without a slash at the end. Empty before the
    /// server listens, when no setting says it.
    #[must_use]
    pub fn public_url(&self) -> &str {
        self.public_url.get().map_or("", String::as_str)
    }

    /// Tells where the server listens: the public address, when no setting says another.
    pub fn listens_at(&self, address: std::net::SocketAddr) {
        let _ = self.public_url.set(crate::config::url_of(address));
    }

    /// The address of the page on which the holder of a one-time link chooses a password.
    #[must_use]
    pub fn password_page(&self, link: &str) -> String {
        format!("{}/password/{link}", self.public_url())
    }

    /// The address of the page on which the first administrator sets the system up.
    #[must_use]
    pub fn set_up_page(&self, link: &str) -> String {
        format!("{}/set-up/{link}", self.public_url())
    }

    /// The agency's name as receipts and pages print it: the setting, or the bureau's. Empty before
    /// there is a bureau.
    #[must_use]
    pub fn agency<'a>(&'a self, directory: &'a Directory) -> &'a str {
        let bureau = || directory.bureau().map(|unit| unit.name.as_str());
        self.office.agency.as_deref().or_else(bureau).unwrap_or_default()
    }

    /// Gives a command to the writer, at this moment.
    ///
    /// # Errors
    /// The command is refused, or the store could not carry it out.
    pub async fn submit(&self, origin: Origin, command: Command) -> Result<Outcome, Denied> {
        let request = Request {
            caller: origin.caller,
            at: self.clock.now(),
            request_id: origin.request_id,
            idempotency: origin.idempotency,
            command,
        };
        self.store.writer.submit(request).await
    }

    /// A new identifier, ordered by the application's clock (RFC 9562 §5.7).
    #[must_use]
    pub fn fresh_id(&self) -> Uuid {
        fresh_id(self.clock.now())
    }
}

/// A new identifier of the given instant.
#[must_use]
pub fn fresh_id(now: chrono::DateTime<chrono::Utc>) -> Uuid {
    static COUNTER: std::sync::LazyLock<std::sync::Mutex<ContextV7>> =
        std::sync::LazyLock::new(|| std::sync::Mutex::new(ContextV7::new()));
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let counter = COUNTER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Uuid::new_v7(Timestamp::from_unix(&*counter, seconds, now.timestamp_subsec_nanos()))
}
