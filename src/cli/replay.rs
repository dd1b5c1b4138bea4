//! `gongkai replay`

use std::time::Instant;

use clap::Args;

use super::{Done, Failure, print, say};
use crate::config::{Flags, Settings};
use crate::service;
use crate::store::replay::{self, CasePattern};

/// Differences that are told one by one.
const TOLD: u64 = 50;

/// Rebuild every case from its entries in the ledger and compare: rows, messages, numbers, references.
/// Changes nothing; a server may go on working meanwhile. Needs the settings of serve, for what is
/// personal is sealed. Exit code 1 when something differs.
#[derive(Args)]
pub(super) struct ReplayArgs {
    /// Compare with what is stored (there is nothing else that replay does)
    #[arg(long, required = true)]
    check: bool,
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long)]
    database_url: Option<String>,
}

pub(super) fn run(args: &ReplayArgs) -> Done {
    debug_assert!(args.check, "clap demands it");
    let flags = Flags { database_url: args.database_url.clone(), ..Flags::default() };
    let settings = Settings::read(&flags)?;
    let vault = service::vault_of(&settings).map_err(Failure::from)?;
    let mut conn = settings.database.connect()?;
    let started = Instant::now();
    let mut told = 0;
    let looked = replay::check(
        &mut conn,
        &vault,
        &CasePattern(&settings.case_pattern),
        &mut |difference| {
            told += 1;
            if told <= TOLD {
                print(&format!("DIFFERS {difference}"));
            }
        },
        &mut |cases| {
            if cases % 50_000 == 0 {
                say(&format!("{cases} cases"));
            }
        },
    )?;
    if looked.differences > TOLD {
        print(&format!("and {} more", looked.differences - TOLD));
    }
    let seconds = started.elapsed().as_secs_f64();
    print(&format!(
        "{} cases rebuilt from {} entries in {seconds:.1} s: {} differences",
        looked.cases, looked.events, looked.differences
    ));
    Ok(u8::from(looked.differences > 0))
}
