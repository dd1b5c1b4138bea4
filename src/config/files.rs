//! Where the files of cases are, and how much of them is taken.

pub mod bucket;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{ConfigError, Faults, Secrecy, Setting, in_range, variable};
use crate::domain::attachment::FileLimits;
use crate::store::DatabaseUrl;
use bucket::Bucket;

/// The settings of files.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_FILES",
        example: "file:/var/lib/gongkai/files",
        meaning: "Where the files of cases are kept: file:FOLDER, absolute; or a bucket that speaks S3, s3://BUCKET?region=REGION&endpoint=https://HOST (and style=host where the bucket stands before the host), which needs GONGKAI_FILES_SPOOL. Without it a folder beside the embedded database (its name with .files), and on PostgreSQL none: no file is taken. Several servers on one database share one folder. Back it up with the database.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_ACCESS_KEY",
        example: "",
        meaning: "The id of the key that opens the bucket of GONGKAI_FILES=s3://….",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_FILES_SECRET_KEY",
        example: "",
        meaning: "The secret of that key.",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_FILES_SPOOL",
        example: "",
        meaning: "A folder in which uploads are gathered until they are checked; spool within GONGKAI_FILES when left out.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LOW_SPACE_PERCENT",
        example: "10",
        meaning: "Of how many percent free space on the disk of the files, of the uploads and of the embedded database less is told as little: in the log, by /readyz and in the metrics. 0 for never.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FILES_SCAN",
        example: "off",
        meaning: "Where uploads are scanned for malware before they are taken: off, or tcp://HOST:PORT of a clamd (INSTREAM). While it does not answer, no file is taken.",
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
    /// In a bucket.
    Bucket(Bucket),
}

impl FromStr for FilePlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if let Some(bucket) = text.strip_prefix("s3://") {
            return Bucket::parse(bucket).map(Self::Bucket);
        }
        let folder = text.strip_prefix("file:").map(Path::new).filter(|path| path.is_absolute());
        folder
            .map(|path| Self::Folder(path.to_owned()))
            .ok_or("it is file: and an absolute path, or s3:// and a bucket")
    }
}

impl std::fmt::Display for FilePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

/// What is set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// Where they are kept; none where no file is taken.
    pub place: Option<FilePlace>,
    /// Where they are gathered before they are checked; a folder beside them when left out.
    pub spool: Option<PathBuf>,
    /// Where they are scanned for malware, as host and port; none where they are not.
    pub scan: Option<String>,
    /// How much is taken.
    pub limits: FileLimits,
    /// Of how many percent free on a disk less is told as little; 0 for never.
    pub low_space_percent: u64,
}

impl Default for FileSettings {
    fn default() -> Self {
        let limits = FileLimits::default();
        Self { place: None, spool: None, scan: None, limits, low_space_percent: 10 }
    }
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

    /// The folder of this machine in which they are kept, if they are.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self.place.as_ref()? {
            FilePlace::Folder(folder) => Some(folder),
            FilePlace::Bucket(_) => None,
        }
    }

    /// The folder in which files are gathered; none where no place is set. A bucket has none beside it.
    #[must_use]
    pub fn spool_folder(&self) -> Option<PathBuf> {
        self.place.as_ref()?;
        self.spool.clone().or_else(|| self.folder().map(|folder| folder.join(SPOOL)))
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
    let scan = faults.take(scan());
    if let (Some(Some(FilePlace::Bucket(_))), Some(None)) = (&place, &spool) {
        let missing = "GONGKAI_FILES=s3: needs GONGKAI_FILES_SPOOL, a folder of this machine.";
        let _: Option<()> = faults.take(Err(ConfigError(missing.to_owned())));
    }
    let mut mib = |name, default: u64, most| {
        faults.take(in_range(name, default / MIB, 1..=most)).map(|mib| mib * MIB)
    };
    let limits = default.limits;
    // More than 4 GiB no archive without the long form could be.
    let file = mib("GONGKAI_FILES_MAX_MIB", limits.file, 4095);
    let case = mib("GONGKAI_FILES_CASE_MIB", limits.case, MOST_MIB);
    let daily = mib("GONGKAI_FILES_DAILY_MIB", limits.daily, MOST_MIB);
    let count = faults.take(in_range("GONGKAI_FILES_CASE_COUNT", limits.count, 1..=1000));
    let low_space = in_range("GONGKAI_LOW_SPACE_PERCENT", default.low_space_percent, 0..=100);
    let low_space_percent = faults.take(low_space);
    Some(FileSettings {
        low_space_percent: low_space_percent?,
        place: place?.or(default.place),
        spool: spool?,
        scan: scan?,
        limits: FileLimits { file: file?, case: case?, count: count?, daily: daily? },
    })
}

fn place() -> Result<Option<FilePlace>, ConfigError> {
    let Some(text) = variable("GONGKAI_FILES")? else { return Ok(None) };
    let place = text.parse().map_err(|what| ConfigError(format!("GONGKAI_FILES: {what}.")))?;
    let FilePlace::Bucket(mut bucket) = place else { return Ok(Some(place)) };
    if !cfg!(feature = "s3") {
        let missing = "GONGKAI_FILES=s3: needs a build with the feature s3.";
        return Err(ConfigError(missing.to_owned()));
    }
    bucket.keys = bucket::keys()?;
    Ok(Some(FilePlace::Bucket(bucket)))
}

fn scan() -> Result<Option<String>, ConfigError> {
    let Some(text) = variable("GONGKAI_FILES_SCAN")? else { return Ok(None) };
    if text == "off" {
        return Ok(None);
    }
    let address = text.strip_prefix("tcp://").filter(|address| {
        let port =
            address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        port.is_some_and(|(host, port): (&str, u16)| !host.is_empty() && port > 0)
    });
    let address = address.map(str::to_owned);
    let wrong = || ConfigError("GONGKAI_FILES_SCAN must be off or tcp://HOST:PORT.".to_owned());
    address.map(Some).ok_or_else(wrong)
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
