//! `gongkai audit`

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};

use super::{Done, Failure, print, say};
use crate::clock::{Clock as _, SystemClock};
use crate::config;
use crate::store::audit::{self, Anchor};

/// Verify the ledger, or print its head to be kept outside the database.
#[derive(Args)]
pub(super) struct AuditArgs {
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long, global = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find an edited, removed, inserted or moved entry, and by an anchor a tail that was cut off or
    /// written anew. Exit code 1 when there is one. A server may go on working meanwhile
    Verify {
        /// A file of heads that were printed before; none: the chain alone
        #[arg(long, value_name = "FILE")]
        anchors: Option<PathBuf>,
    },
    /// Print the head: number, hash, time. Append it to a file that is kept away from the database
    Head,
}

pub(super) fn run(args: &AuditArgs) -> Done {
    let url = config::database_url(args.database_url.as_deref())?;
    let mut conn = url.connect()?;
    match &args.command {
        Command::Head => {
            let head = audit::head(&mut conn)?;
            print(&Anchor { head, seen_at: SystemClock.now() }.to_string());
            Ok(0)
        }
        Command::Verify { anchors } => {
            let anchors = anchors.as_ref().map(read_anchors).transpose()?.unwrap_or_default();
            let heads: Vec<_> = anchors.iter().map(|anchor| anchor.head).collect();
            let started = Instant::now();
            let verified = audit::verify(&mut conn, &heads, &mut |seq| {
                if seq % 100_000 == 0 {
                    say(&format!("{seq} entries"));
                }
            })?;
            match verified {
                Ok(head) => {
                    let seconds = started.elapsed().as_secs_f64();
                    print(&format!(
                        "the ledger is whole: {} entries, {} anchors, {seconds:.1} s",
                        head.seq,
                        anchors.len()
                    ));
                    Ok(0)
                }
                Err(broken) => {
                    print(&format!("BROKEN {broken}"));
                    Ok(1)
                }
            }
        }
    }
}

pub(super) fn read_anchors(file: &PathBuf) -> Result<Vec<Anchor>, Failure> {
    let named =
        |what: &dyn std::fmt::Display| Failure::new(2, format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let anchors: Vec<Anchor> =
        lines.map(str::parse).collect::<Result<_, _>>().map_err(|error| named(&error))?;
    if anchors.is_empty() {
        return Err(named(&"no anchor in it"));
    }
    Ok(anchors)
}
