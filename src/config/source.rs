//! Where a setting comes from: the environment, a file that it names, the settings file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{ConfigError, Secrecy};

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag,
    /// The variable of the environment of the same name.
    Variable,
    /// The file that the variable `NAME_FILE` names.
    VariableFile(String),
    /// The settings file.
    File,
    /// The file that a line `NAME_FILE=` of the settings file names.
    FileFile(String),
    /// Nowhere: the default.
    Default,
    /// Nowhere, and there is no default.
    Unset,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable => f.write_str("environment"),
            Self::VariableFile(path) => write!(f, "environment, file {path}"),
            Self::File => f.write_str("settings file"),
            Self::FileFile(path) => write!(f, "settings file, file {path}"),
            Self::Default => f.write_str("default"),
            Self::Unset => f.write_str("not set"),
        }
    }
}

/// The settings file of this process.
static FILE: OnceLock<SettingsFile> = OnceLock::new();

#[derive(Debug)]
struct SettingsFile {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

/// The variable that names the settings file.
pub const FILE_VARIABLE: &str = "GONGKAI_CONFIG";

/// Reads the settings file that the flag or else `GONGKAI_CONFIG` names, if either does. Once, before
/// anything is asked for.
///
/// # Errors
/// It cannot be read or understood.
pub fn load_file(flag: Option<&Path>) -> Result<(), ConfigError> {
    let path = flag.map(Path::to_path_buf).or_else(|| environment(FILE_VARIABLE).map(Into::into));
    let Some(path) = path else { return Ok(()) };
    let shown = path.display();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| ConfigError(format!("cannot read the settings file {shown}: {error}")))?;
    let values =
        parse(&text).map_err(|fault| ConfigError(format!("settings file {shown}, {fault}")))?;
    // Only the first call counts; there is one for each process.
    drop(FILE.set(SettingsFile { path, values }));
    Ok(())
}

/// The settings file that has been read.
#[must_use]
pub fn file() -> Option<&'static Path> {
    FILE.get().map(|file| file.path.as_path())
}

/// Lines of `NAME=VALUE`, as in .env.example; a value may stand in quotes. What is wrong is told by
/// its line, never by its text, which may be a secret.
fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| format!("line {number}: not NAME=VALUE"))?;
        if values.insert(name.to_owned(), unquoted(value).to_owned()).is_some() {
            return Err(format!("line {number}: {name} is set a second time"));
        }
    }
    Ok(values)
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// One variable; an empty one counts as not set.
fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}

/// A setting by its name, and where it was found.
///
/// # Errors
/// A file that should hold it cannot be read.
pub fn find(name: &str) -> Result<Option<(String, Source)>, ConfigError> {
    let file_name = format!("{name}_FILE");
    if let Some(value) = environment(name) {
        return Ok(Some((value, Source::Variable)));
    }
    if let Some(path) = environment(&file_name) {
        return content(&file_name, &path).map(|text| Some((text, Source::VariableFile(path))));
    }
    let in_file = |name: &str| {
        let value = FILE.get()?.values.get(name)?;
        (!value.is_empty()).then(|| value.clone())
    };
    if let Some(value) = in_file(name) {
        return Ok(Some((value, Source::File)));
    }
    let Some(path) = in_file(&file_name) else { return Ok(None) };
    content(&file_name, &path).map(|text| Some((text, Source::FileFile(path))))
}

fn content(name: &str, path: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map(|text| text.trim_end().to_owned())
        .map_err(|error| ConfigError(format!("{name}: cannot read {path}: {error}")))
}

/// Names beside the settings that mean something: the compose file's own and those of the tests.
fn is_known(name: &str) -> bool {
    let (base, of_file) = name.strip_suffix("_FILE").map_or((name, false), |base| (base, true));
    let setting = super::settings().any(|setting| {
        setting.name == name
            || (of_file && setting.name == base && setting.secrecy == Secrecy::Secret)
    });
    setting
        || name == "GONGKAI_DB_PASSWORD"
        || name.starts_with("GONGKAI_TEST_")
        || name.starts_with("GONGKAI_CI_")
}

/// Variables, and lines of the settings file, that look like settings and are none: most likely
/// misspelt.
#[must_use]
pub fn unknown() -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "the one home of the environment; names only")]
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let lines = FILE.get().into_iter().flat_map(|file| file.values.keys().cloned());
    let ours = variables.filter(|name| name.starts_with("GONGKAI_"));
    let all: BTreeSet<String> = ours.chain(lines).collect();
    all.into_iter().filter(|name| !is_known(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_known, parse};

    #[test]
    fn a_settings_file_has_the_form_of_env_example() {
        let values = parse(&super::super::env_example()).unwrap();
        assert_eq!(values.get("GONGKAI_LISTEN").map(String::as_str), Some("127.0.0.1:8080"));
        assert!(values.keys().all(|name| is_known(name)), "{values:?}");
        let values = parse("# x\n\n A = \"b c\" \nB='='\nC=\"\nD=a=b").unwrap();
        let all: Vec<_> =
            values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(all, [("A", "b c"), ("B", "="), ("C", "\""), ("D", "a=b")]);
    }

    #[test]
    fn a_broken_settings_file_is_told_by_its_line_and_without_its_text() {
        assert_eq!(parse("A=1\nsecret").unwrap_err(), "line 2: not NAME=VALUE");
        assert_eq!(parse("=secret").unwrap_err(), "line 1: not NAME=VALUE");
        assert_eq!(parse("A-B=secret").unwrap_err(), "line 1: not NAME=VALUE");
        assert_eq!(parse("A=1\nA=secret").unwrap_err(), "line 2: A is set a second time");
    }

    #[test]
    fn only_secrets_may_come_from_files_of_their_own() {
        assert!(is_known("GONGKAI_TOKEN_KEY_FILE") && is_known("GONGKAI_LISTEN"));
        assert!(!is_known("GONGKAI_LISTEN_FILE") && !is_known("GONGKAI_TOKN_KEY"));
    }
}
