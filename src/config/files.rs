//! Where the files of cases are, and how much of them is taken.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{ConfigError, Faults, Secrecy, Setting, in_range, variable};
use crate::domain::attachment::FileLimits;
use crate::store::DatabaseUrl;

/// The settings of files.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_FILES",
        example: "file:/var/lib/gongkai/files",
        meaning: "Where the files of cases are kept: file:FOLDER, absolute. Without it a folder beside the embedded database (its name with .files), and on PostgreSQL none: no file is taken. Several servers on one database share one folder. Back it up with the database.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_SPOOL",
        example: "",
        meaning: "A folder in which uploads are gathered until they are checked; spool within GONGKAI_FILES when left out.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_MAX_MIB",
        example: "50",
        meaning: "The largest file that is taken, in MiB.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_CASE_MIB",
        example: "500",
        meaning: "All files of one case together, in MiB.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_CASE_COUNT",
        example: "200",
        meaning: "Files of one case.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_DAILY_MIB",
        example: "2048",
        meaning: "What one user may upload in one day, in MiB.",
        secrecy: Secrecy::Open,
    },
];

/// Where the bytes of files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePlace {
    /// In a folder of this machine, or one that all machines of the service share.
    Folder(PathBuf),
}

impl FromStr for FilePlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let folder = text.strip_prefix("file:").map(Path::new).filter(|path| path.is_absolute());
        folder.map(|path| Self::Folder(path.to_owned())).ok_or(())
    }
}

impl std::fmt::Display for FilePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
        }
    }
}

/// What is set of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSettings {
    /// Where they are kept; none where no file is taken.
    pub place: Option<FilePlace>,
    /// Where they are gathered before they are checked; a folder beside them when left out.
    pub spool: Option<PathBuf>,
    /// How much is taken.
    pub limits: FileLimits,
}

impl FileSettings {
    /// What holds when nothing is set: the embedded database has a folder beside its file, any other
    /// none.
    #[must_use]
    pub fn beside(database: &DatabaseUrl) -> Self {
        let place = match database {
            DatabaseUrl::Sqlite(path) => {
                Some(FilePlace::Folder(PathBuf::from(format!("{path}.files"))))
            }
            DatabaseUrl::Postgres(_) => None,
        };
        Self { place, ..Self::default() }
    }

    /// The folder in which files are gathered; none where no place is set.
    #[must_use]
    pub fn spool_folder(&self) -> Option<PathBuf> {
        let FilePlace::Folder(folder) = self.place.as_ref()?;
        Some(self.spool.clone().unwrap_or_else(|| folder.join(SPOOL)))
    }
}

/// The folder beside the objects in which files are gathered. No object begins so: their folders have
/// two digits.
pub const SPOOL: &str = "spool";

const MIB: u64 = 1024 * 1024;

/// The largest figure that is taken for bytes, in MiB: a tebibyte.
const MOST_MIB: u64 = 1024 * 1024;

/// Reads them; what is not set is as given.
pub(super) fn read(default: FileSettings, faults: &mut Faults) -> Option<FileSettings> {
    let place = faults.take(place());
    let spool = faults.take(spool());
    let mut mib = |name, default: u64, most| {
        faults.take(in_range(name, default / MIB, 1..=most)).map(|mib| mib * MIB)
    };
    let limits = default.limits;
    // More than 4 GiB no archive without the long form could be.
    let file = mib("GONGKAI_FILES_MAX_MIB", limits.file, 4095);
    let case = mib("GONGKAI_FILES_CASE_MIB", limits.case, MOST_MIB);
    let daily = mib("GONGKAI_FILES_DAILY_MIB", limits.daily, MOST_MIB);
    let count = faults.take(in_range("GONGKAI_FILES_CASE_COUNT", limits.count, 1..=1000));
    Some(FileSettings {
        place: place?.or(default.place),
        spool: spool?,
        limits: FileLimits { file: file?, case: case?, count: count?, daily: daily? },
    })
}

fn place() -> Result<Option<FilePlace>, ConfigError> {
    let place = variable("GONGKAI_FILES")?.map(|text| text.parse());
    place
        .transpose()
        .map_err(|()| ConfigError("GONGKAI_FILES must be file: and an absolute path.".to_owned()))
}

fn spool() -> Result<Option<PathBuf>, ConfigError> {
    let folder = variable("GONGKAI_FILES_SPOOL")?.map(PathBuf::from);
    match folder {
        Some(folder) if !folder.is_absolute() => {
            Err(ConfigError("GONGKAI_FILES_SPOOL must be an absolute path.".to_owned()))
        }
        folder => Ok(folder),
    }
}
