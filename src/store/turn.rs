//! How long a caller waits for one of the store's threads.
//!
//! The database limits its own statements, but a database that is frozen, or a network that swallows
//! everything, keeps no limit. The thread then stands until the connection breaks; its callers do not.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::timeout;

/// How long callers wait for one piece of work. Together below the ten seconds within which a request
/// shall be answered; one that reads and then writes waits for both (docs/reliability.md, limits).
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

    /// Waits for the answer of a thread.
    ///
    /// # Errors
    /// There is none yet.
    pub(super) async fn wait<T>(
        &self,
        patience: Patience,
        answered: impl Future<Output = T>,
    ) -> Result<T, Late> {
        let mut answered = std::pin::pin!(answered);
        if let Ok(answer) = timeout(patience.queue, &mut answered).await {
            return Ok(answer);
        }
        if self.settle(GIVEN_UP) {
            return Err(Late::NotBegun);
        }
        timeout(patience.work, answered).await.map_err(|_| Late::UnderWay)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const NONE: Patience = Patience { queue: Duration::ZERO, work: Duration::ZERO };

    #[test]
    fn work_is_taken_up_or_given_up_and_never_both() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
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
}
