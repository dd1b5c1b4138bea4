//! `gongkai unit`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Failure, block_on, operator, print};
use crate::domain::unit::UnitKind;
use crate::service::App;
use crate::service::people::{UnitInput, create_unit};
use crate::service::units;

/// Create and list units.
#[derive(Args)]
pub(super) struct UnitArgs {
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long, global = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create the units of a JSON file in the form of data/units.json; without a file, the bureau's
    Import {
        /// The file
        file: Option<PathBuf>,
    },
    /// Create one unit
    Create {
        /// A short stable name in ASCII
        code: String,
        /// Its name in Chinese
        #[arg(long)]
        name: String,
        /// bureau, query_room, service_center, window, department or legal_office
        #[arg(long)]
        kind: UnitKind,
        /// The code of the unit above it
        #[arg(long)]
        parent: Option<String>,
        /// It may send answers out in its own name
        #[arg(long)]
        may_issue: bool,
    },
    /// List the units
    List,
}

pub(super) fn run(args: UnitArgs) -> Done {
    let app = operator::open(args.database_url.as_deref())?;
    block_on(async move {
        match args.command {
            Command::Import { file } => {
                let text = match &file {
                    Some(path) => std::fs::read_to_string(path)
                        .map_err(|error| Failure::new(2, format!("{}: {error}", path.display())))?,
                    None => units::BUREAU.to_owned(),
                };
                let tree = units::parse(&text).map_err(|error| Failure::new(2, error))?;
                let made = units::create(&app, &tree).await?;
                print(&format!("created {} units", made.len()));
            }
            Command::Create { code, name, kind, parent, may_issue } => {
                let parent = parent_of(&app, parent.as_deref()).await?;
                let input = UnitInput { code, name, kind, parent, may_issue };
                print(&create_unit(&app, input).await?.to_string());
            }
            Command::List => {
                for unit in app.store.directory().await?.units() {
                    print(&format!("{}\t{}\t{}\t{}", unit.id, unit.code, unit.kind, unit.name));
                }
            }
        }
        Ok(0)
    })
}

async fn parent_of(
    app: &App,
    code: Option<&str>,
) -> Result<Option<crate::domain::ids::UnitId>, Failure> {
    let Some(code) = code else { return Ok(None) };
    let directory = app.store.directory().await?;
    let unit = directory.unit_by_code(code);
    unit.map(|unit| Some(unit.id)).ok_or_else(|| Failure::new(1, format!("no unit {code}")))
}
