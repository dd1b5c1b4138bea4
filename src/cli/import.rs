//! `gongkai import`: a paper register, on behalf of one of the clerks.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{Done, Failure, block_on, print};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::domain::actor::Actor;
use crate::domain::lifecycle::Action;
use crate::domain::policy::Right;
use crate::domain::said::Language;
use crate::http::register::{self, CsvBody, FILE_LIMIT, Mode, Register};
use crate::service::App;
use crate::service::cases::Origin;
use crate::store::WriterLimits;
use crate::store::command::Caller;

/// Look at a paper register in CSV (docs/api-style.md), or take it in with --write. The report is
/// JSON on standard output; with --write it holds the query codes, which are shown this once.
/// Needs the settings of serve. Exit code 1 when a row is not taken in.
#[derive(Args)]
pub(super) struct ImportArgs {
    /// The register: CSV in UTF-8 or GB18030
    file: PathBuf,
    /// The user in whose name the applications are received
    #[arg(long)]
    user: String,
    /// The source under which the register numbers are kept
    #[arg(long, default_value = register::SOURCE)]
    source: String,
    /// Only look, and write nothing; what happens without --write too
    #[arg(long, conflicts_with = "write")]
    dry_run: bool,
    /// Take the rows in
    #[arg(long)]
    write: bool,
    /// Where the data is: sqlite:PATH or postgres://… (GONGKAI_DATABASE_URL)
    #[arg(long)]
    database_url: Option<String>,
}

pub(super) fn run(args: &ImportArgs) -> Done {
    let settings = Settings::read(args.database_url.as_deref(), None)?;
    let named = |error: &dyn std::fmt::Display| {
        Failure::new(1, format!("{}: {error}", args.file.display()))
    };
    let size = std::fs::metadata(&args.file).map_err(|error| named(&error))?.len();
    if usize::try_from(size).map_or(true, |size| size > FILE_LIMIT) {
        return Err(named(&"larger than 2 MiB"));
    }
    let file = CsvBody::of_file(std::fs::read(&args.file).map_err(|error| named(&error))?);
    let mode = if args.write { Mode::Write } else { Mode::Look };
    let register =
        Register { file, source: args.source.clone(), mode, language: Language::Chinese };
    block_on(async {
        let app = App::start(&settings, Arc::new(SystemClock), WriterLimits::default())?;
        let actor = clerk(&app, &args.user).await?;
        let origin = Origin {
            caller: Caller::User(actor.user),
            request_id: format!("import-{}", app.fresh_id()),
            idempotency: None,
        };
        let report = register::take_in(&app, &actor, &origin, register).await;
        let report = report.map_err(|problem| {
            let (code, text) = problem.summary(Language::English);
            Failure::new(super::EXIT_UNAVAILABLE, format!("{code}: {text}"))
        })?;
        let text = serde_json::to_string_pretty(&report);
        print(&text.map_err(|error| Failure::new(1, error))?);
        if let Some(app) = Arc::into_inner(app) {
            app.store.close();
        }
        Ok(u8::from(report.failed > 0 || !report.faults.is_empty()))
    })
}

/// The user, when he is active and may receive applications.
async fn clerk(app: &App, name: &str) -> Result<Actor, Failure> {
    let directory = app.store.directory().await?;
    let actor = directory.user_by_name(name).and_then(|user| directory.actor(user.id));
    actor
        .filter(|actor| Right::Act(Action::Receive).granted_to(actor.role))
        .ok_or_else(|| Failure::new(1, format!("{name}: no active user who receives applications")))
}
