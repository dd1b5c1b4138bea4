//! How the server stops (SIGTERM, SIGINT): it says so on `/readyz`, waits until nobody sends it
//! requests any more, refuses connections, finishes what is under way. A second signal ends it at
//! once.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::rt::{spawn, time::sleep};

use crate::service::App;
use crate::service::health::Health;

/// Runs the servers until a signal stops them, and then the writer until its queue is empty.
pub(super) async fn run(
    app: Arc<App>,
    servers: Vec<Server>,
    signals: Signals,
    drain: Duration,
) -> io::Result<()> {
    let handles = servers.iter().map(Server::handle).collect();
    let stopping = spawn(stop(signals, handles, Arc::clone(&app.health), drain));
    // A server works only while somebody waits for it.
    let running: Vec<_> = servers.into_iter().map(spawn).collect();
    let mut ended = Ok(());
    for server in running {
        ended = ended.and(server.await.unwrap_or_else(|error| Err(io::Error::other(error))));
    }
    stopping.abort();
    if let Some(app) = last_handle(app).await {
        app.store.close();
    } else {
        // Only requests that outlasted their time can still hold it; they were answered nothing.
        tracing::warn!("stopped with requests under way");
    }
    ended
}

/// The threads of a server that has ended may need a moment to let go of the application.
async fn last_handle(mut app: Arc<App>) -> Option<App> {
    for _ in 0..200 {
        match Arc::try_unwrap(app) {
            Ok(app) => return Some(app),
            Err(shared) => app = shared,
        }
        sleep(Duration::from_millis(10)).await;
    }
    None
}

async fn stop(
    mut signals: Signals,
    servers: Vec<ServerHandle>,
    health: Arc<Health>,
    drain: Duration,
) {
    let first = signals.next().await;
    // At a terminal no proxy has to notice.
    let wait = if first == Stop::Interrupt { Duration::ZERO } else { drain };
    tracing::info!(drain_secs = wait.as_secs(), "stopping");
    health.drain();
    spawn(async move {
        let second = signals.next().await;
        tracing::warn!("stopped at once by a second signal");
        std::process::exit(second.exit_code());
    });
    sleep(wait).await;
    for server in servers {
        server.stop(true).await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Terminate,
    Interrupt,
}

impl Stop {
    /// What a shell says of a program that the signal has ended.
    const fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The signals that stop the server.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens to them from now on.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Stop {
        poll_fn(|cx| {
            if self.terminate.poll_recv(cx).is_ready() {
                return Poll::Ready(Stop::Terminate);
            }
            self.interrupt.poll_recv(cx).map(|_| Stop::Interrupt)
        })
        .await
    }
}
