//! The folder whose files stand in the place of built-in tables.

use std::path::PathBuf;

use super::{ConfigError, Secrecy, Setting, variable};

/// Its setting.
pub(super) const SETTINGS: &[Setting] = &[Setting {
    name: "GONGKAI_DATA_DIR",
    example: "",
    meaning: "A folder, absolute, whose files stand in the place of built-in ones: decisions.json, letter_series.json, remedies.json and letters/KIND.txt (docs/operations.md). They are read and proved at the start.",
    secrecy: Secrecy::Open,
}];

/// The folder, when one is set.
pub(super) fn read() -> Result<Option<PathBuf>, ConfigError> {
    match variable("GONGKAI_DATA_DIR")?.map(PathBuf::from) {
        Some(folder) if !folder.is_absolute() => {
            Err(ConfigError("GONGKAI_DATA_DIR must be an absolute path.".to_owned()))
        }
        folder => Ok(folder),
    }
}
