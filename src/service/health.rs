//! Is this process fit to be sent requests? A thread of its own looks at the database every second
//! by a connection of its own and notes what it saw; whoever asks reads the note. So the answer
//! never waits: not behind other reads, not for a database that is stuck.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::domain::deadline::legal_day;
use crate::service::space::{Room, Volumes};
use crate::service::statistics::DUE_SOON_WORKING_DAYS;
use crate::store::pulse::{self, OutboxLag, Owing};
use crate::store::{Conn, DatabaseUrl, Error, Result, SharedPicture};

/// How often the database is looked at, and how old a note still counts.
#[derive(Clone, Copy, Debug)]
pub struct HealthLimits {
    /// From the end of one look to the next.
    pub interval: Duration,
    /// The age at which a note no longer counts: the database hangs.
    pub stale: Duration,
    /// Looks from one count of the open cases to the next.
    pub owing_every: u32,
}

impl Default for HealthLimits {
    fn default() -> Self {
        let (interval, stale) = (Duration::from_secs(1), Duration::from_secs(4));
        Self { interval, stale, owing_every: 15 }
    }
}

/// Why requests should go elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    /// The server is about to stop.
    Draining,
    /// The database refused the last look, or has not answered for too long.
    Database,
    /// The database lacks migrations.
    Schema,
}

/// What the last look showed.
#[derive(Clone, Debug)]
pub struct Note {
    /// The database; an error when it could not be read.
    seen: Result<OutboxLag>,
    /// The first migration that it lacks.
    pending: Option<String>,
    /// The open cases, counted now and then; none before the first count.
    owing: Option<Owing>,
    /// The room that is left, looked at as often.
    room: Vec<Room>,
    at: Instant,
}

/// The state of the process.
#[derive(Debug)]
pub struct Health {
    note: Mutex<Note>,
    draining: AtomicBool,
    stale: Duration,
}

impl Health {
    /// Starts to watch. The database has just been opened, which counts as the first look. The
    /// watch ends when the second part is dropped.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn watch(
        url: &DatabaseUrl,
        clock: Arc<dyn Clock>,
        (picture, volumes): (SharedPicture, Volumes),
        limits: HealthLimits,
    ) -> Result<(Arc<Self>, Watch)> {
        let seen = Ok(OutboxLag::default());
        let room = volumes.look();
        let note = Note { seen, pending: None, owing: None, room, at: Instant::now() };
        let health = Arc::new(Self {
            note: Mutex::new(note),
            draining: AtomicBool::new(false),
            stale: limits.stale,
        });
        let (running, ended) = channel();
        let mut watcher = Watcher {
            url: url.clone(),
            conn: None,
            clock,
            picture,
            volumes,
            health: Arc::clone(&health),
        };
        watcher.tell_room(&[]);
        std::thread::Builder::new()
            .name("health".to_owned())
            .spawn(move || watcher.run(&ended, limits))
            .map_err(|error| Error::Other(error.to_string()))?;
        Ok((health, Watch(running)))
    }

    /// May requests be sent here?
    ///
    /// # Errors
    /// Why not.
    pub fn ready(&self) -> std::result::Result<(), Unready> {
        if self.is_draining() {
            return Err(Unready::Draining);
        }
        let note = self.note();
        if note.seen.is_err() || note.at.elapsed() > self.stale {
            return Err(Unready::Database);
        }
        if note.pending.is_some() { Err(Unready::Schema) } else { Ok(()) }
    }

    /// Says from now on that requests should go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Is the server about to stop?
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// What waits in the outbox; nothing when the last look failed.
    #[must_use]
    pub fn outbox(&self) -> Option<OutboxLag> {
        self.note().seen.ok()
    }

    /// The open cases when they were last counted.
    #[must_use]
    pub fn owing(&self) -> Option<Owing> {
        self.note().owing
    }

    /// The room that was left when it was last looked at.
    #[must_use]
    pub fn room(&self) -> Vec<Room> {
        self.note().room
    }

    fn note(&self) -> Note {
        self.note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The watch goes on while this exists.
pub struct Watch(#[expect(dead_code, reason = "its end is what the thread waits for")] Sender<()>);

struct Watcher {
    url: DatabaseUrl,
    conn: Option<Conn>,
    clock: Arc<dyn Clock>,
    picture: SharedPicture,
    volumes: Volumes,
    health: Arc<Health>,
}

impl Watcher {
    fn run(&mut self, ended: &Receiver<()>, limits: HealthLimits) {
        let every = limits.owing_every.max(1);
        let mut looks: u32 = 0;
        loop {
            let looked = self.look();
            self.write_down(looked);
            if looks.is_multiple_of(every) {
                self.count_owing();
                self.look_for_room();
            }
            looks = looks.wrapping_add(1);
            if ended.recv_timeout(limits.interval) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn look(&mut self) -> Result<pulse::Pulse> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            lost => lost.insert(self.url.connect()?),
        };
        pulse::take(conn)
    }

    fn write_down(&mut self, looked: Result<pulse::Pulse>) {
        let before = self.health.note();
        let (seen, pending) = match looked {
            Ok(pulse) => (Ok(pulse.outbox), pulse.pending),
            Err(error) => {
                // What is broken is opened anew.
                self.conn = None;
                (Err(error), None)
            }
        };
        match (&before.seen, &seen) {
            (Ok(_), Err(error)) => tracing::warn!(%error, "the database does not answer"),
            (Err(_), Ok(_)) => tracing::info!("the database answers again"),
            _ => {}
        }
        if let (None, Some(migration)) = (&before.pending, &pending) {
            tracing::warn!(migration, "the database lacks a migration");
        }
        let note =
            Note { seen, pending, owing: before.owing, room: before.room, at: Instant::now() };
        *self.health.note.lock().unwrap_or_else(PoisonError::into_inner) = note;
    }

    fn look_for_room(&self) {
        let room = self.volumes.look();
        let before = {
            let mut note = self.health.note.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut note.room, room)
        };
        self.tell_room(&before);
    }

    /// Says when room has become scarce, and when it is no more.
    fn tell_room(&self, before: &[Room]) {
        for Room { of, free, size, scarce } in self.health.room() {
            let was = before.iter().any(|room| room.of == of && room.scarce);
            let what = of.name();
            if scarce && !was {
                tracing::warn!(what, free, size, "little room is left on the disk");
            } else if was && !scarce {
                tracing::info!(what, free, size, "there is room on the disk again");
            }
        }
    }

    /// A count that fails leaves the last one standing: the next look tells why.
    fn count_owing(&mut self) {
        let today = legal_day(self.clock.now());
        let law = Arc::clone(&self.picture.read().unwrap_or_else(PoisonError::into_inner).law);
        let soon = law.calendar.nth_working_day_after(today, DUE_SOON_WORKING_DAYS);
        let (Some(conn), Ok((horizon, _))) = (&mut self.conn, soon) else { return };
        if let Ok(owing) = pulse::owing(conn, today, horizon) {
            self.health.note.lock().unwrap_or_else(PoisonError::into_inner).owing = Some(owing);
        }
    }
}
