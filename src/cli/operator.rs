//! What the operator's commands have in common: the application, opened without the server's
//! secrets, which they do not need.

use std::sync::Arc;

use super::Failure;
use crate::clock::SystemClock;
use crate::config::{self, CASE_NUMBER_PATTERN, Docs, Secret, Settings};
use crate::service::App;
use crate::store::{WriterLimits, vault};

/// Opens the application for a command of the operator. Its keys are random: nothing that these
/// commands write is sealed, and they issue no tokens.
pub(super) fn open(database: Option<&str>) -> Result<Arc<App>, Failure> {
    let database = config::database_url(database)?;
    let random = || {
        vault::fresh_bytes()
            .map(Secret)
            .map_err(|error| Failure::new(super::EXIT_UNAVAILABLE, error))
    };
    let settings = Settings {
        readers: 1,
        token_key: random()?,
        data_key: random()?,
        data_key_id: "operator".to_owned(),
        listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
        case_pattern: CASE_NUMBER_PATTERN.to_owned(),
        docs: Docs::On,
        database,
    };
    Ok(App::open(&settings, Arc::new(SystemClock), WriterLimits::default())?)
}
