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
    /// What is wrong with it.
    faults: Vec<ConfigError>,
}

/// The variable that names the settings file.
pub const FILE_VARIABLE: &str = "GONGKAI_CONFIG";

/// Reads the settings file that the flag or else `GONGKAI_CONFIG` names, if either does. Once, before
/// anything is asked for. What is wrong with it, [`file_faults`] tells.
pub fn load_file(flag: Option<&Path>) {
    let path = flag.map(Path::to_path_buf).or_else(|| environment(FILE_VARIABLE).map(Into::into));
    let Some(path) = path else { return };
    let shown = path.display();
    let (values, faults) = match std::fs::read_to_string(&path) {
        Ok(text) => {
            let (values, faults) = parse(&text);
            let told = |fault| ConfigError(format!("settings file {shown}, {fault}"));
            (values, faults.into_iter().map(told).collect())
        }
        Err(error) => {
            let fault = ConfigError(format!("cannot read the settings file {shown}: {error}"));
            (BTreeMap::new(), vec![fault])
        }
    };
    // Only the first call counts; there is one for each process.
    drop(FILE.set(SettingsFile { path, values, faults }));
}

/// What is wrong with the settings file: it cannot be read, or lines of it are not understood.
#[must_use]
pub fn file_faults() -> Vec<ConfigError> {
    FILE.get().map_or_else(Vec::new, |file| file.faults.clone())
}

/// The settings file that has been read.
#[must_use]
pub fn file() -> Option<&'static Path> {
    FILE.get().map(|file| file.path.as_path())
}

/// Lines of `NAME=VALUE`, as in .env.example, and what is wrong with the others; a value may stand in
/// quotes. It is told by the line, never by its text, which may be a secret.
fn parse(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut values, mut faults) = (BTreeMap::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match setting(line) {
            Err(fault) => faults.push(format!("line {number}: {fault}")),
            Ok((name, _)) if values.contains_key(name) => {
                faults.push(format!("line {number}: {name} is set a second time"));
            }
            Ok((name, value)) => {
                values.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    (values, faults)
}

fn setting(line: &str) -> Result<(&str, &str), &'static str> {
    let (name, value) = line
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .filter(|(name, _)| !name.is_empty())
        .ok_or("not NAME=VALUE")?;
    let bare = unquoted(value);
    // Files of this form are read by other programs, too, and some of them take it for a comment.
    if bare == value && (value.starts_with('#') || value.contains(" #") || value.contains("\t#")) {
        return Err(
            "a comment behind a value; give it a line of its own, or put the value in quotes",
        );
    }
    Ok((name, bare))
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
        || name == "GONGKAI_TLS_PROXY"
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
        let (values, faults) = parse(&super::super::env_example());
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(values.get("GONGKAI_LISTEN").map(String::as_str), Some("127.0.0.1:8080"));
        assert!(values.keys().all(|name| is_known(name)), "{values:?}");
        let (values, _) = parse("# x\n\n A = \"b c\" \nB='='\nC=\"\nD=a=b\nE=a#b\nF='a # b'");
        let all: Vec<_> =
            values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            all,
            [("A", "b c"), ("B", "="), ("C", "\""), ("D", "a=b"), ("E", "a#b"), ("F", "a # b")]
        );
    }

    #[test]
    fn a_broken_settings_file_is_told_by_its_line_and_without_its_text() {
        let text = "A=1\nsecret\n=secret\nA-B=secret\nA=secret\nC=d # secret\nD=#secret\nE=f";
        let (values, faults) = parse(text);
        let comment =
            "a comment behind a value; give it a line of its own, or put the value in quotes";
        assert_eq!(
            faults,
            [
                "line 2: not NAME=VALUE".to_owned(),
                "line 3: not NAME=VALUE".to_owned(),
                "line 4: not NAME=VALUE".to_owned(),
                "line 5: A is set a second time".to_owned(),
                format!("line 6: {comment}"),
                format!("line 7: {comment}"),
            ]
        );
        assert_eq!(values.len(), 2, "the rest is read: {values:?}");
    }

    #[test]
    fn only_secrets_may_come_from_files_of_their_own() {
        assert!(is_known("GONGKAI_TOKEN_KEY_FILE") && is_known("GONGKAI_LISTEN"));
        assert!(!is_known("GONGKAI_LISTEN_FILE") && !is_known("GONGKAI_TOKN_KEY"));
    }
}
