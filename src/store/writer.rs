//! The writer: one thread that owns one connection and carries out the commands of many requests
//! by one commit (docs/adr/0001-one-writer.md).
//!
//! It takes what waits in a bounded queue as a batch, reads the rows that the commands name, decides
//! them in memory one after the other, writes all changes in bulk, commits, and only then answers.
//! Should the database refuse the write, the batch is rolled back and halved until the offender
//! stands alone.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tokio::sync::oneshot;

use super::command::{Denied, Outcome, Request};
use super::conn::{Conn, DatabaseUrl};
use super::dialect;
use super::error::{Error, Result};
use super::picture::{Picture, SharedPicture};
use super::turn::{Late, Patience, Turn};
use super::workspace::{Basis, Workspace};
use crate::domain::rejection::{Reason, Rejection};

/// How many commands may wait and for how long, and how many go into one commit.
#[derive(Clone, Copy, Debug)]
pub struct WriterLimits {
    /// Commands that may wait; one more is refused with [`Error::QueueFull`].
    pub queue: usize,
    /// Commands in one transaction at most.
    pub batch: usize,
    /// How long a caller waits.
    pub patience: Patience,
}

impl Default for WriterLimits {
    fn default() -> Self {
        Self { queue: 1024, batch: 256, patience: Patience::WRITING }
    }
}

type Answer = std::result::Result<Outcome, Denied>;

struct Job {
    request: Request,
    answer: oneshot::Sender<Answer>,
    entered: Instant,
    turn: Turn,
}

/// Upper bounds, in seconds, by which waiting and working in the store are counted.
pub(super) const SECONDS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// What the writer has done so far.
#[derive(Debug)]
pub struct WriterCounts {
    /// Transactions committed.
    pub commits: Counter,
    /// Commands accepted.
    pub accepted: Counter,
    /// Commands refused.
    pub refused: Counter,
    /// Commands that the store could not carry out.
    pub failed: Counter,
    /// Commands in the queue now.
    pub waiting: Gauge,
    /// Seconds that commands waited in it.
    pub waits: Histogram,
    /// Commands taken at once.
    pub batches: Histogram,
    /// Seconds from taking a batch to having its answers.
    pub batch_seconds: Histogram,
    /// Seconds of a commit alone: the disk.
    pub commit_seconds: Histogram,
}

impl Default for WriterCounts {
    fn default() -> Self {
        Self {
            commits: Counter::default(),
            accepted: Counter::default(),
            refused: Counter::default(),
            failed: Counter::default(),
            waiting: Gauge::default(),
            waits: Histogram::new(SECONDS),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            batch_seconds: Histogram::new(SECONDS),
            commit_seconds: Histogram::new(SECONDS),
        }
    }
}

/// The handle by which commands reach the writer. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Job>,
    counts: Arc<WriterCounts>,
    patience: Patience,
}

impl Writer {
    /// Starts the writer's thread.
    ///
    /// # Errors
    /// The database cannot be reached, or the thread cannot be started.
    pub fn start(
        url: &DatabaseUrl,
        basis: Basis,
        limits: WriterLimits,
        picture: SharedPicture,
    ) -> Result<(Self, JoinHandle<()>)> {
        let (queue, waiting) = sync_channel(limits.queue.max(1));
        let counts = Arc::new(WriterCounts::default());
        let mut thread = Thread {
            url: url.clone(),
            conn: Some(connect(url)?),
            basis,
            picture,
            counts: Arc::clone(&counts),
        };
        let handle = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || thread.run(&waiting, limits.batch.max(1)))
            .map_err(|error| Error::Other(error.to_string()))?;
        Ok((Self { queue, counts, patience: limits.patience }, handle))
    }

    /// Carries out a command. The answer comes after the commit that holds its change.
    ///
    /// # Errors
    /// The command is refused, or the store could not carry it out. [`Error::Unavailable`] when the
    /// writer has not begun with it in time, [`Error::OutcomeUnknown`] when it has and is not done.
    pub async fn submit(&self, request: Request) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.counts.waiting.inc();
        let turn = Turn::default();
        let job = Job { request, answer, entered: Instant::now(), turn: turn.clone() };
        self.queue.try_send(job).map_err(|error| {
            self.counts.waiting.dec();
            match error {
                TrySendError::Full(_) => Error::QueueFull,
                TrySendError::Disconnected(_) => {
                    Error::Unavailable("the writer has stopped".into())
                }
            }
        })?;
        let stopped = |_| Err(Error::OutcomeUnknown("the writer has stopped".into()).into());
        match turn.wait(self.patience, answered).await {
            Ok(answer) => answer.unwrap_or_else(stopped),
            Err(Late::NotBegun) => Err(Error::Unavailable("the writer is busy".into()).into()),
            Err(Late::UnderWay) => {
                Err(Error::OutcomeUnknown("the writer is not done in time".into()).into())
            }
        }
    }

    /// What the writer has done so far.
    #[must_use]
    pub fn counts(&self) -> &WriterCounts {
        &self.counts
    }
}

/// The answers, and the picture after the batch when anything was written.
type Settled = (Vec<Answer>, Option<Picture>);

struct Thread {
    url: DatabaseUrl,
    conn: Option<Conn>,
    basis: Basis,
    picture: SharedPicture,
    counts: Arc<WriterCounts>,
}

fn connect(url: &DatabaseUrl) -> Result<Conn> {
    let mut conn = url.connect()?;
    dialect::keep_to_indexes(&mut conn)?;
    Ok(conn)
}

impl Thread {
    /// Works until every handle is gone.
    fn run(&mut self, waiting: &Receiver<Job>, batch: usize) {
        while let Ok(first) = waiting.recv() {
            let mut jobs = vec![first];
            while jobs.len() < batch
                && let Ok(next) = waiting.try_recv()
            {
                jobs.push(next);
            }
            let taken = self.took(&jobs);
            // Nobody waits any more for what was given up, and its caller was told that it had no
            // effect.
            jobs.retain(|job| job.turn.take());
            if jobs.is_empty() {
                continue;
            }
            let requests: Vec<&Request> = jobs.iter().map(|job| &job.request).collect();
            let answers = self.settle(&requests);
            self.counts.batch_seconds.observe(taken.elapsed().as_secs_f64());
            for (job, answer) in jobs.into_iter().zip(answers) {
                let counter = match &answer {
                    Ok(_) => &self.counts.accepted,
                    Err(Denied::Refused(_)) => &self.counts.refused,
                    Err(Denied::Failed(_)) => &self.counts.failed,
                };
                counter.inc();
                // A caller that has gone away does not undo what was committed.
                drop(job.answer.send(answer));
            }
        }
        if let Some(conn) = &mut self.conn
            && let Err(error) = dialect::tidy(conn)
        {
            tracing::warn!(%error, "could not tidy the database");
        }
    }

    /// Counts a batch that leaves the queue.
    fn took(&self, jobs: &[Job]) -> Instant {
        let now = Instant::now();
        for job in jobs {
            self.counts.waiting.dec();
            self.counts.waits.observe(now.duration_since(job.entered).as_secs_f64());
        }
        // At most WriterLimits::batch.
        self.counts.batches.observe(u32::try_from(jobs.len()).map_or(f64::MAX, f64::from));
        now
    }

    /// Carries out a batch, halving it when the database refuses it.
    fn settle(&mut self, requests: &[&Request]) -> Vec<Answer> {
        let error = match self.attempt(requests) {
            Ok(answers) => return answers,
            Err(error) => error,
        };
        if error.breaks_connection() {
            tracing::error!(%error, "the writer lost its database");
            self.conn = None;
            return Self::fail_all(requests, &error);
        }
        match requests {
            [] => Vec::new(),
            [_] => vec![Err(Self::refusal_of(error))],
            _ => {
                let (first, second) = requests.split_at(requests.len() / 2);
                let mut answers = self.settle(first);
                answers.extend(self.settle(second));
                answers
            }
        }
    }

    fn fail_all(requests: &[&Request], error: &Error) -> Vec<Answer> {
        requests.iter().map(|_| Err(Denied::Failed(error.clone()))).collect()
    }

    /// A constraint that the domain did not foresee is a conflict with stored data, not a fault of
    /// the server.
    fn refusal_of(error: Error) -> Denied {
        match error {
            Error::Constraint(name) => {
                tracing::warn!(constraint = name, "the database refused a command");
                Rejection::new(Reason::ConstraintViolated).into()
            }
            other => Denied::Failed(other),
        }
    }

    /// One transaction for the whole batch.
    fn attempt(&mut self, requests: &[&Request]) -> Result<Vec<Answer>> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            lost => lost.insert(connect(&self.url)?),
        };
        let known = self.picture.read().unwrap_or_else(PoisonError::into_inner).clone();
        dialect::begin_write(conn)?;
        match Self::decide_and_flush(conn, &self.basis, &known, requests) {
            Ok((answers, None)) => {
                dialect::rollback(conn)?;
                Ok(answers)
            }
            Ok((answers, Some(picture))) => {
                let started = Instant::now();
                dialect::commit(conn)?;
                self.counts.commit_seconds.observe(started.elapsed().as_secs_f64());
                self.counts.commits.inc();
                *self.picture.write().unwrap_or_else(PoisonError::into_inner) = picture;
                Ok(answers)
            }
            Err(error) => {
                if dialect::rollback(conn).is_err() {
                    self.conn = None;
                }
                Err(error)
            }
        }
    }

    /// Decides and writes a batch.
    fn decide_and_flush(
        conn: &mut Conn,
        basis: &Basis,
        known: &Picture,
        requests: &[&Request],
    ) -> Result<Settled> {
        let mut workspace = Workspace::load(conn, basis, known, requests)?;
        let before = workspace.directory.version();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            match workspace.decide(request) {
                // The workspace may hold half of it: no other command may build on that.
                Err(Denied::Failed(error)) => return Err(error),
                answer => answers.push(answer),
            }
        }
        if workspace.is_clean() {
            return Ok((answers, None));
        }
        workspace.flush(conn, before)?;
        Ok((answers, Some(workspace.picture())))
    }
}
