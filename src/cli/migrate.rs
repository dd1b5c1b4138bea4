//! `gongkai migrate`

use clap::{Args, Subcommand};

use super::{Done, print};
use crate::config;
use crate::store::dialect;

/// Bring the schema up to date.
#[derive(Args)]
pub(super) struct MigrateArgs {
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long, global = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    direction: Option<Direction>,
}

#[derive(Subcommand)]
enum Direction {
    /// Run all pending migrations (the default)
    Up,
    /// Take the last migration back. Destroys what it created.
    Down {
        /// Needed, for data is lost
        #[arg(long)]
        yes: bool,
    },
    /// List the pending migrations
    Status,
}

pub(super) fn run(args: &MigrateArgs) -> Done {
    let url = config::database_url(args.database_url.as_deref())?;
    let mut conn = url.connect()?;
    match args.direction {
        None | Some(Direction::Up) => {
            let done = dialect::migrate_up(&mut conn)?;
            if done.is_empty() {
                print("nothing to do");
            }
            for version in &done {
                print(&format!("migrated {version}"));
            }
            Ok(0)
        }
        Some(Direction::Down { yes: false }) => Err(super::Failure::new(
            2,
            "migrate down destroys what the last migration created; say --yes to do it",
        )),
        Some(Direction::Down { yes: true }) => {
            let Some(version) = dialect::migrate_down(&mut conn)? else {
                return Err(super::Failure::new(1, "no migration has run here: nothing to revert"));
            };
            print(&format!("reverted {version}"));
            Ok(0)
        }
        Some(Direction::Status) => {
            let pending = dialect::pending_migrations(&mut conn)?;
            for name in &pending {
                print(&format!("pending {name}"));
            }
            Ok(u8::from(!pending.is_empty()))
        }
    }
}
