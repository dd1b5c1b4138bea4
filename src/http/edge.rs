//! What every request meets before and around its handler: the settings of the doors, with the
//! limiters that keep count of callers. One for all threads that answer.

use super::limits::{Limits, Watch};
use crate::config::transport::Transport;

/// The doors as they are set.
#[derive(Default)]
pub struct Edge {
    /// The settings.
    pub transport: Transport,
    /// Who has asked how much.
    pub limits: Limits,
}

impl Edge {
    /// The doors as these settings want them.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self::by(transport, &Watch::running())
    }

    /// The same, going by this watch.
    #[must_use]
    pub fn by(transport: Transport, watch: &Watch) -> Self {
        Self { limits: Limits::new(&transport.quotas, watch), transport }
    }
}
