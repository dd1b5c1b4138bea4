//! `gongkai demo`

use super::Done;
use clap::Args;

/// Build the demo year in an embedded database and serve it.
#[derive(Args)]
pub(super) struct DemoArgs {}

pub(super) fn run(_: DemoArgs) -> Done {
    Ok(1)
}
