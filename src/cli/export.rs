//! `gongkai export`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use futures_util::StreamExt as _;

use super::{Done, EXIT_UNAVAILABLE, Failure, block_on, print};
use crate::clock::SystemClock;
use crate::config::{Flags, Settings};
use crate::domain::actor::{Actor, CaseScope, Role};
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, UserId};
use crate::http::case_export;
use crate::service::App;
use crate::service::export::{self, ExportError, Pieces};
use crate::store::WriterLimits;
use crate::store::cases::{CaseFilter, Lines, Listing, Sort};
use crate::store::page::Page;

/// Take a case out as one file: its events, letters and files, with a signed manifest that
/// `gongkai verify` checks. Needs the settings of serve; a server may go on working meanwhile.
#[derive(Args)]
pub(super) struct ExportArgs {
    /// Its case number, receipt number or id
    case: String,
    /// Where to write it; a file named after its receipt number when left out. It must not be there yet
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long)]
    database_url: Option<String>,
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Store(error) => error.into(),
            ExportError::TooLarge(_) | ExportError::Broken(_) => Self::new(1, error),
            _ => Self::new(EXIT_UNAVAILABLE, error),
        }
    }
}

pub(super) fn run(args: &ExportArgs) -> Done {
    let flags = Flags { database_url: args.database_url.clone(), ..Flags::default() };
    let settings = Settings::read(&flags)?;
    block_on(async move {
        let app = App::start(&settings, Arc::new(SystemClock), WriterLimits::default())?;
        let case = find(&app, &args.case).await?;
        let place = args.output.clone().unwrap_or_else(|| export::file_name(&case).into());
        let dress = case_export::dress(&app, &operator(&app).await?, &case).await?;
        let pieces = export::begin(Arc::clone(&app), Arc::new(case), dress)?;
        write(pieces, &place).await?;
        print(&place.display().to_string());
        Ok(0)
    })
}

/// The operator sees what the query room sees, and stands for nobody.
async fn operator(app: &App) -> Result<Actor, Failure> {
    let directory = app.store.directory().await?;
    let bureau = directory.bureau().ok_or_else(|| Failure::new(1, "there is no bureau"))?;
    Ok(Actor {
        user: UserId(uuid::Uuid::nil()),
        role: Role::QueryRoom,
        unit: bureau.id,
        reach: directory.reach(bureau.id).to_vec(),
        capabilities: Vec::new(),
    })
}

async fn find(app: &App, wanted: &str) -> Result<Case, Failure> {
    let unknown = || Failure::new(1, format!("no case {wanted}"));
    let id = if let Ok(id) = wanted.parse() {
        CaseId(id)
    } else {
        let filter = CaseFilter { number_prefix: Some(wanted.to_owned()), ..CaseFilter::default() };
        let lines = Lines { sort: Sort::NEWEST, page: Page::First, limit: 50 };
        let listing = Listing { scope: CaseScope::All, filter, lines, extent: None };
        let listed = app.store.list(listing).await?;
        let found = listed.0.rows.iter().find(|line| {
            line.receipt_number == wanted || line.case_number.as_deref() == Some(wanted)
        });
        CaseId(found.ok_or_else(unknown)?.id.0)
    };
    let case = app.store.case(&CaseScope::All, id).await?;
    case.map(Arc::unwrap_or_clone).ok_or_else(unknown)
}

/// Writes the file beside its place, and gives it its name when it is whole.
async fn write(mut pieces: Pieces, place: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(EXIT_UNAVAILABLE, format!("{}: {error}", place.display()))
    };
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = place.with_file_name(name);
    if place.exists() {
        return Err(Failure::new(1, format!("{} is there already", place.display())));
    }
    let written = async {
        let mut options = std::fs::File::options();
        // It is full of personal data.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.write(true).create_new(true).open(&part).map_err(failed)?;
        while let Some(piece) = pieces.next().await {
            file.write_all(&piece?).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, place).map_err(failed)
    };
    let written: Result<(), Failure> = written.await;
    if written.is_err() {
        drop(std::fs::remove_file(&part));
    }
    written
}
