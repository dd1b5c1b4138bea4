//! The tables that a bureau words for itself: read from its folder and proved before anything is served.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::domain::decision::{Decision, Decisions};
use crate::domain::letter::{Letters, LettersError, Sources};

/// The largest file that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// The folder of templates.
const TEMPLATES: &str = "letters";

/// The tables by which the office works.
#[derive(Clone, Copy)]
pub struct Tables {
    /// Templates, series and remedies.
    pub letters: &'static Letters,
    /// What an application can be answered with.
    pub decisions: &'static Decisions,
}

/// A file that cannot stand in the place of a built-in one.
#[derive(Debug, thiserror::Error)]
#[error("GONGKAI_DATA_DIR: {file}: {what}")]
pub struct TablesError {
    file: String,
    what: String,
}

impl TablesError {
    fn new(file: impl Into<String>, what: impl std::fmt::Display) -> Self {
        Self { file: file.into(), what: what.to_string() }
    }
}

impl From<LettersError> for TablesError {
    fn from(error: LettersError) -> Self {
        let table = Path::new(&error.place).extension().is_some_and(|end| end == "json");
        let file = if table { error.place } else { format!("{TEMPLATES}/{}.txt", error.place) };
        Self::new(file, error.what)
    }
}

impl Tables {
    /// What is built into the program.
    #[must_use]
    pub fn builtin() -> Self {
        Self { letters: Letters::builtin(), decisions: Decisions::builtin() }
    }

    /// The built-in tables, with the files of this folder in the place of those of the same names. They
    /// are kept for the life of the process. No letter may be numbered like a case.
    ///
    /// # Errors
    /// The first file that cannot be read, is none of ours, or does not prove.
    pub fn read(folder: Option<&Path>, case_pattern: &str) -> Result<Self, TablesError> {
        let tables = match folder {
            Some(folder) => Self::replacing(folder)?,
            None => Self::builtin(),
        };
        let mut series = tables.letters.series().iter();
        match series.find(|series| series.pattern == case_pattern) {
            Some(series) => Err(TablesError::new(
                "letter_series.json",
                format!("{}: numbers look like those of cases", series.code),
            )),
            None => Ok(tables),
        }
    }

    fn replacing(folder: &Path) -> Result<Self, TablesError> {
        let mut texts: BTreeMap<&str, String> = BTreeMap::new();
        for (name, path) in entries(folder, "")? {
            let known = ["decisions.json", "letter_series.json", "remedies.json"];
            match known.into_iter().find(|known| *known == name) {
                Some(known) => {
                    texts.insert(known, text(&path, known)?);
                }
                None if name == TEMPLATES => {}
                None => return Err(TablesError::new(name, "is none of the files that are read")),
            }
        }
        let mut templates = BTreeMap::new();
        let own = folder.join(TEMPLATES);
        if own.is_dir() {
            for (name, path) in entries(&own, TEMPLATES)? {
                let file = format!("{TEMPLATES}/{name}");
                let code = name.strip_suffix(".txt");
                let code = code.ok_or_else(|| TablesError::new(&file, "is no template"))?;
                templates.insert(code.to_owned(), text(&path, &file)?);
            }
        }
        let builtin = Sources::builtin();
        let sources = Sources {
            series: texts.get("letter_series.json").map_or(builtin.series, String::as_str),
            remedies: texts.get("remedies.json").map_or(builtin.remedies, String::as_str),
            replaced: &templates,
            ..builtin
        };
        let letters = Letters::read(&sources)?;
        letters.replaces(Letters::builtin())?;
        let decisions = match texts.get("decisions.json") {
            Some(text) => {
                let read = Decisions::replacing(text);
                let read = read.map_err(|what| TablesError::new("decisions.json", what))?;
                Box::leak(Box::new(read))
            }
            None => Decisions::builtin(),
        };
        let differs = |row: &&Decision| {
            let first = letters.remedies().is_first(&row.code);
            !row.is_lapse() && first != Some(row.reconsideration_first)
        };
        if let Some(row) = decisions.rows().iter().find(differs) {
            let what = format!(
                "{}: whether reconsideration comes first is told otherwise by decisions.json",
                row.code
            );
            return Err(TablesError::new("remedies.json", what));
        }
        Ok(Self { letters: Box::leak(Box::new(letters)), decisions })
    }
}

/// The files of a folder by their names, without hidden ones.
fn entries(folder: &Path, shown: &str) -> Result<Vec<(String, std::path::PathBuf)>, TablesError> {
    let wrong = |error: &dyn std::fmt::Display| TablesError::new(format!("{shown}/"), error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| wrong(&error))? {
        let entry = entry.map_err(|error| wrong(&error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn text(path: &Path, file: &str) -> Result<String, TablesError> {
    let wrong = |error: std::io::Error| TablesError::new(file, error);
    if fs::metadata(path).map_err(wrong)?.len() > MOST {
        return Err(TablesError::new(file, "is larger than 1 MiB"));
    }
    fs::read_to_string(path).map_err(wrong)
}
