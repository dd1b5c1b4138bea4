//! `gongkai serve`

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;

use super::{Done, EXIT_CONFIG, EXIT_UNAVAILABLE, Failure, block_on};
use crate::clock::SystemClock;
use crate::config::transport::Transport;
use crate::config::{self, Settings};
use crate::http;
use crate::service::{App, people};
use crate::store::WriterLimits;
use crate::telemetry::{self, LogForm};

/// Serve the API. Settings come from flags, then from GONGKAI_* variables (.env.example).
#[derive(Args)]
pub(super) struct ServeArgs {
    /// Where the data is: sqlite:PATH or postgres://… (GONGKAI_DATABASE_URL)
    #[arg(long)]
    database_url: Option<String>,
    /// The address to listen on (GONGKAI_LISTEN)
    #[arg(long)]
    listen: Option<SocketAddr>,
}

pub(super) fn run(args: &ServeArgs) -> Done {
    let settings = Settings::read(args.database_url.as_deref(), args.listen)?;
    let transport = Transport::read()?;
    let form = match config::variable("GONGKAI_LOG_FORM")?.as_deref() {
        Some("text") => LogForm::Text,
        None | Some("json") => LogForm::Json,
        Some(_) => {
            return Err(Failure::new(EXIT_CONFIG, "GONGKAI_LOG_FORM must be text or json."));
        }
    };
    telemetry::start(form, config::variable("GONGKAI_LOG")?.as_deref().unwrap_or("info"));
    block_on(async move {
        let app = App::start(&settings, Arc::new(SystemClock), WriterLimits::default())?;
        let server =
            http::serve(Arc::clone(&app), settings.listen, transport).map_err(|error| {
                let text = format!("cannot listen on {}: {error}", settings.listen);
                Failure::new(EXIT_UNAVAILABLE, text)
            })?;
        app.listens_at(server.address);
        invite(&app).await?;
        tracing::info!(address = %server.address, database = ?settings.database, "listening");
        super::say(&format!("gongkai: listening on http://{}", server.address));
        server.running.await?;
        // After a graceful stop this is the last handle.
        if let Some(app) = Arc::into_inner(app) {
            app.store.close();
        }
        Ok(0)
    })
}

/// Where nobody can log in yet, the first administrator is invited. There is no default account.
async fn invite(app: &Arc<App>) -> Result<(), Failure> {
    if let Some(link) = people::issue_set_up_link(app).await? {
        super::say(&format!(
            "gongkai: nobody can log in yet. Set the system up, once, until {}:\n    {}",
            link.expires_at,
            app.set_up_page(&link.secret)
        ));
    }
    Ok(())
}
