//! The port of electronic seals (docs/adr/0021-papers.md). A request is a fact of the case; a task of
//! the server sends the letter after the commit, a bounded number of times, and enters what came of it.
//! What is awaited stands in the database, so a restart goes on with it.

mod client;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::App;
use super::cases::Origin;
use super::files::FilesError;
use crate::config::seal::SealService;
use crate::domain::actor::CaseScope;
use crate::domain::attachment::Sha256;
use crate::domain::ids::CaseId;
use crate::domain::letter::{LetterId, LetterRef, SealFailure, SealOutcome, SealedFile};
use crate::paper::{Edition, Marking};
use crate::store::command::{Caller, Command, Denied};
use crate::store::{self, letters, seals};
use client::{Answer, Client};

/// Letters that are looked at in one round.
const AT_ONCE: i64 = 50;

/// How long the task rests at most: another process may have taken a request.
const REST: Duration = Duration::from_mins(1);

/// How often a letter was sent without an answer, and when it is sent again.
#[derive(Clone, Copy)]
struct Tries {
    made: usize,
    next: Instant,
}

/// The port.
pub struct Seals {
    service: Option<SealService>,
    wake: Arc<Notify>,
    tries: Mutex<HashMap<LetterId, Tries>>,
}

impl Seals {
    /// The port to this service; closed without one.
    #[must_use]
    pub fn new(service: Option<SealService>) -> Self {
        let (wake, tries) = (Arc::default(), Mutex::default());
        Self { service, wake, tries }
    }

    /// Is there a service?
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.service.is_some()
    }

    /// Tells the task that there is something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Is the letter to be sent now?
    fn is_due(&self, letter: LetterId) -> bool {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.get(&letter).is_none_or(|tries| tries.next <= Instant::now())
    }

    /// Counts a try without an answer. No when it was the last.
    fn goes_on(&self, letter: LetterId) -> bool {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let made = tries.get(&letter).map_or(0, |tries| tries.made);
        let pauses = self.service.as_ref().map_or(&[][..], |service| &service.pauses);
        let Some(pause) = pauses.get(made) else { return false };
        tries.insert(letter, Tries { made: made + 1, next: Instant::now() + *pause });
        true
    }

    fn forget(&self, letter: LetterId) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(&letter);
    }

    /// How long until the next letter is due.
    fn rest(&self) -> Duration {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let next = tries.values().map(|tries| tries.next).min();
        next.map_or(REST, |next| next.saturating_duration_since(Instant::now()).min(REST))
    }

    /// The bytes of a sealed letter, which are what came back.
    ///
    /// # Errors
    /// They are not where they were put, or not what they were.
    pub async fn bytes(app: &App, file: &SealedFile) -> Result<Bytes, FilesError> {
        let bytes = app.files.kept(&file.object, file.size).await?;
        if sha256(&bytes) == file.sha256 {
            return Ok(bytes);
        }
        tracing::error!(object = file.object.as_str(), "a sealed letter is not what it was");
        Err(FilesError::Missing(file.object.as_str().to_owned()))
    }
}

fn sha256(bytes: &[u8]) -> Sha256 {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Sha256(sum)
}

/// Sends what waits for its seal, as long as the application lives.
pub async fn keep_sealing(app: Weak<App>) {
    let Some(wake) = app.upgrade().map(|app| Arc::clone(&app.seals.wake)) else { return };
    loop {
        if let Err(error) = work_off(&app).await {
            tracing::warn!(%error, "the letters that wait for their seal cannot be read");
        }
        let Some(rest) = app.upgrade().map(|app| app.seals.rest()) else { return };
        // Whether it was woken or has rested is all the same.
        let _ = timeout(rest, wake.notified()).await;
    }
}

/// Sends every letter that waits for its seal and is due, once.
///
/// # Errors
/// The database cannot be read.
pub async fn work_off(app: &Weak<App>) -> store::Result<()> {
    let Some(live) = app.upgrade() else { return Ok(()) };
    if !live.seals.is_open() {
        return Ok(());
    }
    let waiting = live.store.readers.run(|conn| seals::awaited(conn, AT_ONCE)).await?;
    drop(live);
    for (case, letter) in waiting {
        let Some(live) = app.upgrade() else { return Ok(()) };
        if live.seals.is_due(letter) {
            drop(live);
            one(app, case, letter).await?;
        }
    }
    Ok(())
}

/// One try with one letter. While the service has the word, nothing here holds the application: it can
/// stop meanwhile, and goes on after the next start.
async fn one(app: &Weak<App>, case: CaseId, id: LetterId) -> store::Result<()> {
    let Some(live) = app.upgrade() else { return Ok(()) };
    let (letter, pdf) = match prepared(&live, case, id).await? {
        Ok(prepared) => prepared,
        Err(why) => return settle(&live, case, id, SealOutcome::Failed(why)).await,
    };
    let answer = exchange(live, &letter, &pdf).await;
    let Some(live) = app.upgrade() else { return Ok(()) };
    let outcome = match answer {
        Answer::Sealed(bytes) => keep(&live, bytes).await,
        Answer::Failed(why) => Ok(SealOutcome::Failed(why)),
        Answer::Later(why) => Err(why),
    };
    match outcome {
        Ok(outcome) => settle(&live, case, id, outcome).await,
        Err(_) if live.seals.goes_on(id) => Ok(()),
        Err(why) => settle(&live, case, id, SealOutcome::Failed(why)).await,
    }
}

/// The service has the word.
async fn exchange(app: Arc<App>, letter: &LetterRef, pdf: &Bytes) -> Answer {
    let client = match app.seals.service.clone().map(Client::new) {
        Some(Ok(client)) => client,
        Some(Err(error)) => {
            tracing::error!(%error, "the system has no certificates to trust");
            return Answer::Later(SealFailure::Unreachable);
        }
        None => return Answer::Later(SealFailure::Unreachable),
    };
    drop(app);
    client.send(letter, pdf).await
}

/// The letter as a PDF; or why it cannot be sent.
async fn prepared(
    app: &App,
    case: CaseId,
    id: LetterId,
) -> store::Result<Result<(LetterRef, Bytes), SealFailure>> {
    let found = app.store.case(&CaseScope::All, case).await?;
    let letter = found.and_then(|case| {
        let mut letters = case.record.letters.iter();
        letters.find(|letter| letter.id == id).cloned()
    });
    let Some(letter) = letter.filter(LetterRef::is_valid) else {
        return Ok(Err(SealFailure::Voided));
    };
    let row = app.store.readers.run(move |conn| letters::of_case(conn, case, id)).await?;
    let sheet = row.and_then(|row| row.sheet(&app.vault).ok());
    let Some(sheet) = sheet else { return Ok(Err(SealFailure::NotPrinted)) };
    let edition = Edition { marking: Marking::Issued, made_at: letter.issued_at, id: letter.id.0 };
    Ok(match app.press.pdf(sheet, edition).await {
        Ok(pdf) => Ok((letter, Bytes::from(pdf))),
        Err(error) => {
            tracing::error!(letter = %id, %error, "a letter cannot be printed for its seal");
            Err(SealFailure::NotPrinted)
        }
    })
}

/// Keeps what came back.
async fn keep(app: &App, bytes: Bytes) -> Result<SealOutcome, SealFailure> {
    let (size, sha256) = (bytes.len() as u64, sha256(&bytes));
    match app.files.keep(bytes).await {
        Ok(object) => Ok(SealOutcome::Sealed(SealedFile { object, size, sha256 })),
        Err(error) => {
            tracing::error!(%error, "a sealed letter could not be kept");
            Err(SealFailure::NotStored)
        }
    }
}

/// Enters what came of it. Another process may have done so before: then its word stands.
async fn settle(
    app: &Arc<App>,
    case: CaseId,
    letter: LetterId,
    outcome: SealOutcome,
) -> store::Result<()> {
    let object = match &outcome {
        SealOutcome::Sealed(file) => Some(file.object.clone()),
        SealOutcome::Failed(_) => None,
    };
    let origin =
        Origin { caller: Caller::Server, request_id: format!("seal-{letter}"), idempotency: None };
    let settled = app.submit(origin, Command::SettleSeal { case, letter, outcome }).await;
    let unknown = matches!(settled, Err(Denied::Failed(store::Error::OutcomeUnknown(_))));
    if let (true, Some(object)) = (settled.is_err() && !unknown, object) {
        app.files.remove(&object).await;
    }
    match settled {
        Ok(_) | Err(Denied::Refused(_)) => {
            app.seals.forget(letter);
            Ok(())
        }
        Err(Denied::Failed(error)) => Err(error),
    }
}
