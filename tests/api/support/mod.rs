//! What every test of this binary stands on.
//!
//! - [`databases`]: a fresh database for each test, and the macro `on_both!` that makes of one test
//!   body a test on PostgreSQL and a test on SQLite;
//! - [`world`]: the application on such a database, with the bureau's units, one user of every role
//!   and a clock that is set;
//! - [`inputs`]: valid inputs to start from;
//! - [`chance`]: random numbers that are the same in every run.

#[cfg(feature = "s3")]
pub mod bucket;
pub mod chance;
pub mod client;
pub mod databases;
pub mod inputs;
pub mod keeping;
pub mod seal;
pub mod world;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use databases::{Backend, Fresh};

/// No test may take longer; a deadlock then fails one test and not the whole run.
const PATIENCE: Duration = Duration::from_mins(3);

/// Makes of one asynchronous function a test on each database: `name::postgres` and
/// `name::sqlite`. The type of its argument says what it starts with: anything that is
/// [`databases::Fresh`], such as a `World` or a `TestDatabase` without tables.
///
/// ```text
/// on_both!(a_case_is_received);
/// async fn a_case_is_received(world: World) { … }
/// ```
///
/// The function may also stand inside: `on_both! { async fn … }`.
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($given:ident: $kind:ty) $body:block) => {
        $(#[$meta])*
        async fn $name($given: $kind) $body

        $crate::support::on_both!($name);
    };
    ($name:ident) => {
        mod $name {
            use $crate::support::databases::Backend;

            #[test]
            fn postgres() {
                $crate::support::run_on(Backend::Postgres, super::$name);
            }

            #[test]
            fn sqlite() {
                $crate::support::run_on(Backend::Sqlite, super::$name);
            }
        }
    };
}
pub(crate) use on_both;

/// Runs a test with what it starts with, on the given database.
pub fn run_on<T: Fresh, F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(T) -> F) {
    run(async { test(T::fresh(backend).await).await });
}

/// Runs an asynchronous test on this thread.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
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
