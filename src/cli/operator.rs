//! What the operator's commands have in common: the application, opened without the server's
//! secrets, which they do not need.

use std::sync::Arc;

use super::Failure;
use crate::clock::SystemClock;
use crate::config::{self, Keys, Secret, Settings};
use crate::domain::ids::UnitId;
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
    let keys = Keys { token: random()?, data: random()?, data_id: "operator".to_owned() };
    let mut settings = Settings::with_keys(database, keys);
    settings.readers = 1;
    settings.office.public_url = Some(config::public_url()?);
    Ok(App::open(&settings, Arc::new(SystemClock), WriterLimits::default())?)
}

/// The unit with this code.
pub(super) async fn unit(app: &App, code: &str) -> Result<UnitId, Failure> {
    let directory = app.store.directory().await?;
    let unit = directory.unit_by_code(code).map(|unit| unit.id);
    unit.ok_or_else(|| Failure::new(1, format!("no unit {code}; see gongkai unit list")))
}
