//! How long a caller waits for the store's threads.
//!
//! The database limits its own statements, but a database that is frozen, or a network that swallows
//! everything, keeps no limit. The thread then stands until the connection breaks; its callers do not.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long callers wait for one piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until a thread takes the work up. Given up by then, it has had no effect and never will.
    pub queue: Duration,
    /// From then on.
    pub work: Duration,
}

impl Patience {
    /// With the writer. A batch may have to wait for another process's (`lock_timeout`, 2 s).
    pub const WRITING: Self = Self::of(3, 5);
    /// With a reader: the database itself ends a read after 5 s (`statement_timeout`).
    pub const READING: Self = Self::of(2, 5);

    const fn of(queue: u64, work: u64) -> Self {
        Self { queue: Duration::from_secs(queue), work: Duration::from_secs(work) }
    }
}

/// How long one request may wait for the store in all, however many pieces of work it needs: the
/// answer is promised within ten seconds (docs/reliability.md).
const ALLOWANCE: Duration = Duration::from_secs(9);

tokio::task_local! {
    /// When the allowance of the request that this task carries out is used up. It belongs to the
    /// task, so that no signature between the door and the store has to name it.
    static USED_UP: Cell<Instant>;
}

/// Carries out a request that has [`ALLOWANCE`] for all its waiting.
pub async fn within_allowance<F: Future>(request: F) -> F::Output {
    within(ALLOWANCE, request).await
}

/// Carries out what may wait for this long in all.
async fn within<F: Future>(allowance: Duration, request: F) -> F::Output {
    USED_UP.scope(Cell::new(Instant::now() + allowance), request).await
}

/// What is left at least when the body has been read, however long the client took to send it.
const AFTER_BODY: Duration = Duration::from_millis(2_500);

/// Says that the body is there. It does not start the allowance anew: a body is first looked at when its
/// sender has been let in (`Signature::extract`), so the time until then is not the client's alone;
/// when units and users have to be waited for, it is the store's.
pub fn body_is_read() {
    // Outside of a request there is no allowance.
    let _ = USED_UP.try_with(|used_up| used_up.set(used_up.get().max(Instant::now() + AFTER_BODY)));
}

/// What is left of the allowance; without limit outside of a request.
fn left() -> Duration {
    USED_UP
        .try_with(|used_up| used_up.get().saturating_duration_since(Instant::now()))
        .unwrap_or(Duration::MAX)
}

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Whose turn it is: a piece of work is either taken up by a thread or given up by its caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn(Arc<AtomicU8>);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// The work was never taken up.
    NotBegun,
    /// It is under way; what becomes of it is not known.
    UnderWay,
}

impl Turn {
    /// The thread begins; false when the caller has given up.
    pub(super) fn take(&self) -> bool {
        self.settle(TAKEN)
    }

    fn settle(&self, state: u8) -> bool {
        self.0.compare_exchange(WAITING, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Waits for the answer of a thread: as long as the patience lasts, and no longer than what is
    /// left of the request's allowance.
    ///
    /// # Errors
    /// There is none yet.
    pub(super) async fn wait<T>(
        &self,
        patience: Patience,
        answered: impl Future<Output = T>,
    ) -> Result<T, Late> {
        let mut answered = std::pin::pin!(answered);
        if let Ok(answer) = timeout(patience.queue.min(left()), &mut answered).await {
            return Ok(answer);
        }
        if self.settle(GIVEN_UP) {
            return Err(Late::NotBegun);
        }
        timeout(patience.work.min(left()), answered).await.map_err(|_| Late::UnderWay)
    }
}

/// Waits for what other requests do, no longer than what is left of this request's allowance.
///
/// # Errors
/// It was not there in time.
pub(super) async fn in_time<T>(other: impl Future<Output = T>) -> Result<T, Late> {
    timeout(left().min(ALLOWANCE), other).await.map_err(|_| Late::NotBegun)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const NONE: Patience = Patience { queue: Duration::ZERO, work: Duration::ZERO };
    const ENDLESS: Patience = Patience { queue: Duration::MAX, work: Duration::MAX };

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn work_is_taken_up_or_given_up_and_never_both() {
        run(async {
            let given_up = Turn::default();
            assert_eq!(given_up.wait(NONE, pending::<()>()).await, Err(Late::NotBegun));
            assert!(!given_up.take());

            let taken = Turn::default();
            assert!(taken.take());
            assert_eq!(taken.wait(NONE, pending::<()>()).await, Err(Late::UnderWay));
            assert!(!taken.take());

            assert_eq!(Turn::default().wait(NONE, ready(7)).await, Ok(7));
        });
    }

    #[test]
    fn all_the_waiting_of_a_request_comes_out_of_one_allowance() {
        run(async {
            let request = async {
                let first = Turn::default();
                assert_eq!(first.wait(ENDLESS, pending::<()>()).await, Err(Late::NotBegun));
                // What is left for the second piece of work is nothing, however patient it is.
                let second = Turn::default();
                assert!(second.take());
                assert_eq!(second.wait(ENDLESS, pending::<()>()).await, Err(Late::UnderWay));
                assert_eq!(in_time(pending::<()>()).await, Err(Late::NotBegun));
                // The client took his time for the body.
                body_is_read();
                assert!(left() > AFTER_BODY / 2);
            };
            within(Duration::from_millis(20), request).await;
            let quick = async {
                body_is_read();
                left()
            };
            assert!(within(ALLOWANCE, quick).await > ALLOWANCE / 2, "it takes nothing away");
            // An answer that is there counts even without an allowance.
            let answered = async { Turn::default().wait(ENDLESS, ready(7)).await };
            assert_eq!(within(Duration::ZERO, answered).await, Ok(7));
            assert_eq!(left(), Duration::MAX);
        });
    }
}
