//! `gongkai seed`

use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::{Done, EXIT_UNAVAILABLE, Failure, block_on, print, say};
use crate::clock::{Clock as _, SettableClock, SystemClock};
use crate::config::{Flags, Settings};
use crate::service::App;
use crate::service::demo::{self, DemoError, Load};
use crate::store::{WriterLimits, dialect};
use crate::telemetry::{self, LogForm};

/// Commands in one commit. Nobody waits for an answer here, so it may be many.
const BATCH: usize = 1500;

/// Fill an empty, migrated database with cases since 2008, for load tests alone: its users have known
/// passwords. Needs the settings of serve, for what is personal is sealed.
#[derive(Args)]
pub(super) struct SeedArgs {
    /// How many cases
    cases: usize,
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long)]
    database_url: Option<String>,
}

pub(super) fn run(args: &SeedArgs) -> Done {
    telemetry::start(LogForm::Text, "warn");
    let flags = Flags { database_url: args.database_url.clone(), ..Flags::default() };
    let settings = Settings::read(&flags)?;
    let now = SystemClock.now();
    let clock = SettableClock::at(now);
    let limits = WriterLimits { queue: 4 * BATCH, batch: BATCH, ..WriterLimits::default() };
    let load = Load { cases: args.cases, under_way: 3 * BATCH };
    let started = Instant::now();
    let users = block_on(async {
        let app = App::start(&settings, clock.clone(), limits)?;
        let every = (args.cases / 20).max(1);
        let mut progress = |cases: usize| {
            if cases.is_multiple_of(every) {
                let seconds = started.elapsed().as_secs_f64();
                say(&format!("{cases} of {} cases, {seconds:.0} s", args.cases));
            }
        };
        let seeded = demo::seed(&app, &clock, now, load, &mut progress).await;
        let users = seeded.map_err(refusal)?;
        if let Some(app) = Arc::into_inner(app) {
            app.store.close();
        }
        Ok::<_, Failure>(users)
    })?;
    dialect::survey(&mut settings.database.connect()?)?;
    print(&format!("{} cases in {:.0} s", args.cases, started.elapsed().as_secs_f64()));
    let names: Vec<&str> = users.iter().map(|user| user.username.as_str()).collect();
    print(&format!(
        "For load tests alone: these users have the password demo-NAME-2011, which everybody knows: {}",
        names.join(" ")
    ));
    Ok(0)
}

fn refusal(error: DemoError) -> Failure {
    let code = if matches!(error, DemoError::NotEmpty) { 1 } else { EXIT_UNAVAILABLE };
    Failure::new(code, error)
}
