//! `gongkai files`

use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Done, EXIT_UNAVAILABLE, Failure, block_on, print};
use crate::clock::SystemClock;
use crate::config::{Flags, Settings};
use crate::service::{App, files};
use crate::store::WriterLimits;

/// Look after the files of cases. Needs the settings of serve.
#[derive(Args)]
pub(super) struct FilesArgs {
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long, global = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find the files whose bytes are missing or of another length. Changes nothing; a server may go on
    /// working meanwhile. Exit code 1 when there is one
    Check,
}

pub(super) fn run(args: &FilesArgs) -> Done {
    let Command::Check = args.command;
    let flags = Flags { database_url: args.database_url.clone(), ..Flags::default() };
    let settings = Settings::read(&flags)?;
    block_on(async move {
        let app = App::open(&settings, Arc::new(SystemClock), WriterLimits::default())?;
        let mut faulty: u64 = 0;
        let all = files::lost(&app, |lost| {
            faulty += 1;
            let found = lost.found.map_or("missing".to_owned(), |size| format!("{size} bytes"));
            print(&format!("LOST attachment {} of case {}: {found}", lost.id, lost.case));
        });
        let all = all.await.map_err(|error| Failure::new(EXIT_UNAVAILABLE, error))?;
        print(&format!("{all} files, {faulty} of them not as they were stored"));
        Ok(u8::from(faulty > 0))
    })
}
