//! What every test of this binary stands on.
//!
//! - [`databases`]: a fresh database for each test, and the macro `on_both!` that makes of one test
//!   body a test on PostgreSQL and a test on SQLite;
//! - [`world`]: the application on such a database, with the bureau's units, one user of every role
//!   and a clock that is set;
//! - [`inputs`]: valid inputs to start from;
//! - [`chance`]: random numbers that are the same in every run.

pub mod chance;
pub mod client;
pub mod databases;
pub mod inputs;
pub mod world;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// No test may take longer; a deadlock then fails one test and not the whole run.
const PATIENCE: Duration = Duration::from_mins(3);

/// Makes of one body a test on each database: `name::postgres` and `name::sqlite`.
///
/// The type of the argument says what the body starts with: anything that is
/// [`databases::Fresh`], such as a `World` or an unmigrated `TestDatabase`.
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($given:ident: $kind:ty) $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($given: $kind) $body

            #[test]
            fn postgres() {
                $crate::support::run(async {
                    body($crate::support::fresh::<$kind>($crate::support::databases::Backend::Postgres).await).await;
                });
            }

            #[test]
            fn sqlite() {
                $crate::support::run(async {
                    body($crate::support::fresh::<$kind>($crate::support::databases::Backend::Sqlite).await).await;
                });
            }
        }
    };
}
pub(crate) use on_both;

/// What a test starts with, on the given database.
pub async fn fresh<T: databases::Fresh>(backend: databases::Backend) -> T {
    T::fresh(backend).await
}

/// Runs an asynchronous test on this thread.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, test).await.expect("the test takes too long");
    });
}

/// Starts all of these, then calls `after_start`, then waits for all. "Started" means polled once:
/// a command has then entered the queue of its writer, in the order given.
pub async fn all_at_once<F: Future>(futures: Vec<F>, after_start: impl FnOnce()) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    let mut after_start = Some(after_start);
    poll_fn(move |cx| {
        let mut open = false;
        for (future, slot) in running.iter_mut().zip(done.iter_mut()) {
            if slot.is_none() {
                match future.as_mut().poll(cx) {
                    Poll::Ready(output) => *slot = Some(output),
                    Poll::Pending => open = true,
                }
            }
        }
        if let Some(after_start) = after_start.take() {
            after_start();
        }
        if open {
            return Poll::Pending;
        }
        Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
    })
    .await
}
