//! `gongkai serve`

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use clap::Args;

use super::stop::{self, Signals};
use super::{Done, EXIT_CONFIG, EXIT_UNAVAILABLE, Failure, block_on};
use crate::clock::SystemClock;
use crate::config::{self, Flags, source};
use crate::http;
use crate::service::{App, calendar, files, people, seal};
use crate::store::WriterLimits;
use crate::telemetry;

/// Serve the API. Settings come from flags, then from GONGKAI_* variables (.env.example).
#[derive(Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    flags: Flags,
    /// Commands in one commit at most: to measure what sharing commits is worth
    #[arg(long, hide = true, default_value_t = WriterLimits::default().batch)]
    writer_batch: usize,
}

pub(super) fn run(args: &ServeArgs) -> Done {
    let (settings, running) = config::read(&args.flags)?;
    telemetry::start(running.log_form, &running.log_filter);
    for name in source::unknown() {
        tracing::warn!(name, "there is no such setting; see `gongkai config check`");
    }
    block_on(async move {
        let signals = Signals::listen()?;
        let api = bind(settings.listen)?;
        let metrics = running.metrics_listen.map(bind).transpose()?;
        let _sole = settings.database.claim()?;
        let limits = WriterLimits { batch: args.writer_batch, ..WriterLimits::default() };
        let app = App::start(&settings, Arc::new(SystemClock), limits)?;
        let address = api.local_addr()?;
        app.listens_at(address);
        if app.files.is_set() {
            app.files
                .open()
                .map_err(|error| Failure::new(EXIT_CONFIG, format!("GONGKAI_FILES: {error}")))?;
            actix_web::rt::spawn(files::keep_tidy(Arc::downgrade(&app)));
        } else {
            tracing::warn!("GONGKAI_FILES is not set: no files are taken");
        }
        actix_web::rt::spawn(calendar::keep_current(Arc::downgrade(&app)));
        if app.seals.is_open() {
            actix_web::rt::spawn(seal::keep_sealing(Arc::downgrade(&app)));
        }
        let mut servers = vec![http::serve(Arc::clone(&app), api, running.transport)?];
        if let Some(listener) = metrics {
            servers.push(http::serve_metrics(Arc::clone(&app), listener)?);
        }
        invite(&app).await?;
        tracing::info!(%address, database = ?settings.database, "listening");
        super::say(&format!("gongkai: listening on http://{address}"));
        stop::run(app, servers, signals, running.drain).await?;
        Ok(0)
    })
}

/// Takes an address, or says which could not be had.
pub(super) fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    http::bind(address).map_err(|error| {
        Failure::new(EXIT_UNAVAILABLE, format!("cannot listen on {address}: {error}"))
    })
}

/// Where nobody can log in yet, the first administrator is invited. There is no default account.
async fn invite(app: &Arc<App>) -> Result<(), Failure> {
    if let Some(link) = people::issue_set_up_link(app).await? {
        super::say(&format!(
            "gongkai: nobody can log in yet. Set the system up, once, until {}; this link takes the \
             place of any earlier one, also of another process:\n    {}",
            link.expires_at,
            app.set_up_page(&link.secret)
        ));
    }
    Ok(())
}
