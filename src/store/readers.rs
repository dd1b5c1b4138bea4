//! The readers: a few threads, each owning one connection. They see committed data only.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::oneshot;

use super::conn::{Conn, DatabaseUrl};
use super::error::{Error, Result};
use super::turn::{Patience, Turn};
use super::writer::SECONDS;

type Read = Box<dyn FnOnce(Result<&mut Conn>) -> Result<()> + Send>;

struct Job {
    turn: Turn,
    entered: Instant,
    read: Read,
}

/// The handle by which reads reach the readers. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    queue: SyncSender<Job>,
    counts: Arc<ReaderCounts>,
}

/// How busy the readers are.
#[derive(Debug)]
pub struct ReaderCounts {
    /// Reads in the queue now.
    pub waiting: Gauge,
    /// Seconds that reads waited in it.
    pub waits: Histogram,
}

/// Reads that may wait; one more is refused with [`Error::QueueFull`].
pub(super) const QUEUE: usize = 1024;

impl Readers {
    /// Starts the readers' threads.
    ///
    /// # Errors
    /// A thread cannot be started. A database that cannot be reached is tried again by each read.
    pub fn start(url: &DatabaseUrl, threads: usize) -> Result<Self> {
        let (queue, waiting) = sync_channel::<Job>(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let counts = ReaderCounts { waiting: Gauge::default(), waits: Histogram::new(SECONDS) };
        let counts = Arc::new(counts);
        for number in 0..threads.max(1) {
            let waiting = Arc::clone(&waiting);
            let (url, counts) = (url.clone(), Arc::clone(&counts));
            std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || run(&waiting, &url, &counts))
                .map_err(|error| Error::Other(error.to_string()))?;
        }
        Ok(Self { queue, counts })
    }

    /// How busy they are.
    #[must_use]
    pub fn counts(&self) -> &ReaderCounts {
        &self.counts
    }

    /// Runs a read on one of the connections.
    ///
    /// # Errors
    /// The queue is full, the database cannot be reached or does not answer in time, or the read
    /// fails.
    pub async fn run<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let turn = Turn::default();
        self.send(turn.clone(), move |conn| {
            let found = conn.and_then(read);
            let fate = found.as_ref().map(|_| ()).map_err(Clone::clone);
            drop(answer.send(found));
            fate
        })?;
        Self::answer(&turn, Patience::READING, answered).await
    }

    /// Puts a read into the queue. It gets a connection or what is in the way of one, hands on what it
    /// found, and returns what became of it.
    ///
    /// # Errors
    /// The queue is full, or the readers have stopped.
    pub(super) fn send<F>(&self, turn: Turn, read: F) -> Result<()>
    where
        F: FnOnce(Result<&mut Conn>) -> Result<()> + Send + 'static,
    {
        let job = Job { turn, entered: Instant::now(), read: Box::new(read) };
        self.counts.waiting.inc();
        self.queue.try_send(job).map_err(|error| {
            self.counts.waiting.dec();
            match error {
                TrySendError::Full(_) => Error::QueueFull,
                TrySendError::Disconnected(_) => {
                    Error::Unavailable("the readers have stopped".into())
                }
            }
        })
    }

    /// Waits for what a read hands on.
    ///
    /// # Errors
    /// The read failed, or is not done in time.
    pub(super) async fn answer<T>(
        turn: &Turn,
        patience: Patience,
        answered: oneshot::Receiver<Result<T>>,
    ) -> Result<T> {
        match turn.wait(patience, answered).await {
            Ok(found) => {
                found.unwrap_or_else(|_| Err(Error::Unavailable("a reader has stopped".into())))
            }
            Err(_) => Err(Error::Unavailable("the readers are not done in time".into())),
        }
    }
}

fn run(waiting: &Mutex<Receiver<Job>>, url: &DatabaseUrl, counts: &ReaderCounts) {
    let mut conn: Option<Conn> = None;
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        counts.waiting.dec();
        counts.waits.observe(job.entered.elapsed().as_secs_f64());
        if !job.turn.take() {
            continue;
        }
        let opened = match &mut conn {
            Some(conn) => Ok(conn),
            lost => url.connect().map(|fresh| lost.insert(fresh)),
        };
        let fate = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (job.read)(opened)));
        let sound = matches!(&fate, Ok(Ok(())))
            || matches!(&fate, Ok(Err(error)) if !error.breaks_connection());
        if !sound {
            conn = None;
        }
    }
}
