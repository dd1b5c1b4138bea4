//! `gongkai unit`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Failure, block_on, operator, print};
use crate::domain::ids::UnitId;
use crate::domain::named::{ClosingReason, UnitCode, UnitName};
use crate::domain::unit::UnitKind;
use crate::service::App;
use crate::service::cases::Origin;
use crate::service::people::{UnitInput, change_unit, create_unit};
use crate::service::units::{self, TreeError};
use crate::store::command::{UnitChange, UnitPatch};

/// Create, change, close and list units.
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
        /// A short stable name: 1 to 40 of a-z 0-9 _ -, beginning with a letter
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
    /// Change a unit; what is not named stays
    Change {
        /// Its code
        code: String,
        /// A new code
        #[arg(long)]
        new_code: Option<String>,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// The code of the unit that it shall stand below
        #[arg(long)]
        parent: Option<String>,
        /// May it send answers out in its own name?
        #[arg(long)]
        may_issue: Option<bool>,
    },
    /// Close a unit; its open cases and active users go to the successor
    Close {
        /// Its code
        code: String,
        /// The code of the unit that takes over
        #[arg(long)]
        successor: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
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
                let tree = units::parse(&text).map_err(|error| match error {
                    TreeError::Form(error) => Failure::new(2, error),
                    TreeError::Name { unit, fault } => {
                        Failure::from(fault).of(format!("unit {unit} of the file"))
                    }
                })?;
                let planted = units::create(&app, &tree).await?;
                let there = planted.units.len() - planted.created;
                print(&format!("created {} units, {there} were there", planted.created));
            }
            Command::Create { code, name, kind, parent, may_issue } => {
                let parent = some_unit(&app, parent).await?;
                let (code, name) = (UnitCode::parse(&code)?, UnitName::parse(&name)?);
                let input = UnitInput { code, name, kind, parent, may_issue };
                let outcome = create_unit(&app, Origin::operator(), input).await?;
                if let Some(made) = outcome.person {
                    print(&made.id.to_string());
                }
            }
            Command::Change { code, new_code, name, parent, may_issue } => {
                let unit = operator::unit(&app, &code).await?;
                let parent = some_unit(&app, parent).await?;
                let code = new_code.as_deref().map(UnitCode::parse).transpose()?;
                let name = name.as_deref().map(UnitName::parse).transpose()?;
                let patch = UnitPatch { code, name, parent, may_issue };
                change_unit(&app, Origin::operator(), unit, None, UnitChange::Edit(patch)).await?;
            }
            Command::Close { code, successor, reason } => {
                let unit = operator::unit(&app, &code).await?;
                let successor = some_unit(&app, successor).await?;
                let reason = ClosingReason::parse(&reason)?;
                let change = UnitChange::Close { successor, reason };
                change_unit(&app, Origin::operator(), unit, None, change).await?;
            }
            Command::List => {
                for unit in app.store.directory().await?.units() {
                    let state = if unit.is_open() { "open" } else { "closed" };
                    let line = [unit.code.as_str(), unit.kind.as_str(), &unit.name, state];
                    print(&format!("{}\t{}", unit.id, line.join("\t")));
                }
            }
        }
        Ok(0)
    })
}

async fn some_unit(app: &App, code: Option<String>) -> Result<Option<UnitId>, Failure> {
    match code {
        Some(code) => operator::unit(app, &code).await.map(Some),
        None => Ok(None),
    }
}
