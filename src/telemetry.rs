//! Logging: one line per event, to standard error; and what the process knows of itself.

pub mod process;

use tracing_subscriber::EnvFilter;

/// In which form log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// Starts logging. A second call changes nothing.
pub fn start(form: LogForm, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when logging has been started before.
    drop(match form {
        LogForm::Text => lines.try_init(),
        LogForm::Json => lines.json().try_init(),
    });
}
