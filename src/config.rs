//! Settings: flags, then `GONGKAI_*` environment variables, then `GONGKAI_*_FILE` for secrets, then
//! the settings file, then defaults. Secrets are never flags: a command line can be read by others.
//! Every fault is told at once.

mod example;
pub mod files;
pub mod fonts;
mod office;
pub mod seal;
mod secret;
pub mod source;
mod tables;

pub mod transport;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use transport::Transport;

use crate::domain::practice::Practice;
use crate::paper::FontSettings;
use crate::store::DatabaseUrl;
use crate::telemetry::LogForm;

pub use example::env_example;
pub use files::{FilePlace, FileSettings};
pub use office::{DailyCaps, Office};
pub use secret::Secret;

/// One setting, for the help of the command line and for .env.example.
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// What .env.example shows as its value.
    pub example: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Is it a secret, which may also come from a file by `NAME_FILE`?
    pub secrecy: Secrecy,
}

/// Whether a setting may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// It may.
    Open,
    /// It may not.
    Secret,
}

/// Every setting that `gongkai serve` reads.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    let more = office::PRACTICE_SETTINGS.iter().chain(fonts::SETTINGS).chain(files::SETTINGS);
    let more = more.chain(seal::SETTINGS).chain(tables::SETTINGS);
    SETTINGS.iter().chain(more).chain(transport::SETTINGS)
}

/// Those of the data and the process; the files have theirs in [`files`], the doors in [`transport`].
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_DATABASE_URL",
        example: "sqlite:/var/lib/gongkai/gongkai.db",
        meaning: "Where the data is: sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE.",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_TOKEN_KEY",
        example: "",
        meaning: "32 random bytes in base64: signs access tokens (Ed25519). Make one: head -c 32 /dev/urandom | base64",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_TOKEN_KEY_OLD",
        example: "",
        meaning: "The token key before this one, while its tokens are still alive: 12 hours after a change.",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_DATA_KEY",
        example: "",
        meaning: "32 other random bytes in base64: seals personal data. Lose it and sealed data is lost.",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_DATA_KEY_ID",
        example: "k1",
        meaning: "The name of the data key, written beside everything that it seals.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LISTEN",
        example: "127.0.0.1:8080",
        meaning: "The address to listen on.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_PUBLIC_URL",
        example: "",
        meaning: "The address under which people reach the server, e.g. https://gongkai.example.cn: for one-time links (without it http://localhost:PORT or the address to listen on), and as a QR code on receipts.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_READERS",
        example: "",
        meaning: "Reader threads; default 4 on SQLite, 2 on PostgreSQL.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_CASE_NUMBER_PATTERN",
        example: "长公公开〔{year}〕{n}号",
        meaning: "The pattern of case numbers; {year} and {n} are replaced. The default is the one of 长春市公安局: any other bureau sets its own.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_DOCS",
        example: "on",
        meaning: "on or off: the viewer of the contract at /docs.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_PUBLIC_DAILY_PER_ADDRESS",
        example: "20",
        meaning: "Online applications that are taken from one address in one day.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_PUBLIC_DAILY_PER_IDENTITY",
        example: "5",
        meaning: "Online applications that are taken from one person (identity document) in one day.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_AGENCY_NAME",
        example: "",
        meaning: "The agency's name on receipts and public pages, where it shall be another than that of the bureau among the units.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_AGENCY_CONTACT",
        example: "",
        meaning: "Where applicants ask: place and telephone, one line, on receipts.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LOG",
        example: "info",
        meaning: "What is logged, in the syntax of tracing's EnvFilter.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LOG_FORM",
        example: "json",
        meaning: "text or json.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_DRAIN_SECS",
        example: "5",
        meaning: "Seconds from the signal to stop, when /readyz turns to 503, until connections are refused; 0 to 300.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_METRICS_LISTEN",
        example: "",
        meaning: "An address of its own for /metrics, open to whoever can reach it; elsewhere it needs an auditor's token or the machine itself.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: source::FILE_VARIABLE,
        example: "",
        meaning: "A file of settings in the form of this one; what the environment sets wins over it.",
        secrecy: Secrecy::Open,
    },
];

/// The default pattern of case numbers.
pub const CASE_NUMBER_PATTERN: &str = "长公公开〔{year}〕{n}号";

/// Where `serve` and `demo` listen when nothing else is said.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));

/// A setting that is missing or wrong. The text says what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Whether the viewer of the contract is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Docs {
    /// It is.
    On,
    /// Its addresses do not exist.
    Off,
}

impl std::str::FromStr for Docs {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

/// What `serve` runs with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The database.
    pub database: DatabaseUrl,
    /// The seed of the key that signs access tokens.
    pub token_key: Secret,
    /// The seed of the key that signed before it, while its tokens are still alive.
    pub old_token_key: Option<Secret>,
    /// The secret under which personal data is sealed.
    pub data_key: Secret,
    /// Its name.
    pub data_key_id: String,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Reader threads.
    pub readers: usize,
    /// The pattern of case numbers.
    pub case_pattern: String,
    /// Is the viewer of the contract shown?
    pub docs: Docs,
    /// How much the public door takes.
    pub public: DailyCaps,
    /// What receipts and public pages say of the agency.
    pub office: Office,
    /// What the bureau has chosen where the law leaves it the choice.
    pub practice: Practice,
    /// Where the fonts of letters are.
    pub fonts: FontSettings,
    /// Where the files of cases are, and how much is taken.
    pub files: FileSettings,
    /// The service that sets electronic seals; none where there is none.
    pub seal: Option<seal::SealService>,
    /// The folder whose files stand in the place of built-in tables.
    pub data_dir: Option<PathBuf>,
}

/// Everything that is wrong with the settings. The text says what to do.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<ConfigError>);

impl Faults {
    /// The value, or none and one fault more.
    pub fn take<T>(&mut self, read: Result<T, ConfigError>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }
}

impl From<ConfigError> for Faults {
    fn from(fault: ConfigError) -> Self {
        Self(vec![fault])
    }
}

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<&str> = self.0.iter().map(|fault| fault.0.as_str()).collect();
        f.write_str(&texts.join("\n"))
    }
}

/// What the command line may set.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// Where the data is: sqlite:PATH or postgres://… (GONGKAI_DATABASE_URL)
    #[arg(long)]
    pub database_url: Option<String>,
    /// The address to listen on (GONGKAI_LISTEN)
    #[arg(long)]
    pub listen: Option<SocketAddr>,
}

impl Flags {
    /// What a flag says of a setting.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<String> {
        match name {
            "GONGKAI_DATABASE_URL" => self.database_url.clone(),
            "GONGKAI_LISTEN" => self.listen.map(|listen| listen.to_string()),
            _ => None,
        }
    }
}

/// Reads one setting: from the environment, the file that `NAME_FILE` names, or the settings file.
///
/// # Errors
/// The file cannot be read.
pub fn variable(name: &str) -> Result<Option<String>, ConfigError> {
    Ok(source::find(name)?.map(|(value, _)| value))
}

/// The database URL, from a flag or the environment.
///
/// # Errors
/// It is missing or of an unknown scheme.
pub fn database_url(flag: Option<&str>) -> Result<DatabaseUrl, ConfigError> {
    let text = match flag {
        Some(flag) => flag.to_owned(),
        None => variable("GONGKAI_DATABASE_URL")?.ok_or_else(|| {
            ConfigError(
                "GONGKAI_DATABASE_URL is not set. Set it to sqlite:PATH or postgres://…, \
                 or try the product with: gongkai demo"
                    .to_owned(),
            )
        })?,
    };
    DatabaseUrl::from_str(&text)
        .map_err(|error| ConfigError(format!("GONGKAI_DATABASE_URL: {error}")))
}

/// The address to listen on, from a flag or the environment.
///
/// # Errors
/// It is no address.
pub fn listen(flag: Option<SocketAddr>) -> Result<SocketAddr, ConfigError> {
    flag.map_or_else(|| parsed("GONGKAI_LISTEN", DEFAULT_LISTEN), Ok)
}

/// The address under which people reach the server: the setting, or where it would listen.
///
/// # Errors
/// The listening address is not one.
pub fn public_url() -> Result<String, ConfigError> {
    if let Some(url) = office::public_url()? {
        return Ok(url);
    }
    listen(None).map(url_of)
}

/// The address of a server that listens here. One that listens everywhere is reached by this name
/// on the machine itself.
#[must_use]
pub fn url_of(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        format!("http://localhost:{}", listen.port())
    } else {
        format!("http://{listen}")
    }
}

fn secret(name: &str, purpose: &str) -> Result<Secret, ConfigError> {
    let text = variable(name)?.ok_or_else(|| {
        ConfigError(format!(
            "{name} is not set. It {purpose} and has no default. Make one with\n    \
             head -c 32 /dev/urandom | base64\nand set {name}, or {name}_FILE to a file that holds it."
        ))
    })?;
    parse_secret(name, &text)
}

fn optional_secret(name: &str) -> Result<Option<Secret>, ConfigError> {
    variable(name)?.map(|text| parse_secret(name, &text)).transpose()
}

fn parse_secret(name: &str, text: &str) -> Result<Secret, ConfigError> {
    Secret::parse(text).map_err(|fault| {
        ConfigError(format!(
            "{name} {fault}. It must be 32 random bytes in base64: head -c 32 /dev/urandom | base64"
        ))
    })
}

/// The secrets of a server, and the name of the data key.
pub struct Keys {
    /// The seed of the key that signs access tokens.
    pub token: Secret,
    /// The secret under which personal data is sealed.
    pub data: Secret,
    /// Its name.
    pub data_id: String,
}

impl Settings {
    /// The settings of a server on this database with these keys; everything else is the default.
    #[must_use]
    pub fn with_keys(database: DatabaseUrl, keys: Keys) -> Self {
        Self {
            readers: database.default_readers(),
            files: FileSettings::beside(&database),
            database,
            token_key: keys.token,
            old_token_key: None,
            data_key: keys.data,
            data_key_id: keys.data_id,
            listen: DEFAULT_LISTEN,
            office: Office::default(),
            practice: Practice::default(),
            case_pattern: CASE_NUMBER_PATTERN.to_owned(),
            docs: Docs::On,
            public: DailyCaps::default(),
            fonts: FontSettings::default(),
            seal: None,
            data_dir: None,
        }
    }

    /// Reads the settings of the application; a flag wins.
    ///
    /// # Errors
    /// Everything that is missing or wrong, with what to do.
    pub fn read(flags: &Flags) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let database = faults.take(database_url(flags.database_url.as_deref()));
        let token_key = faults.take(secret("GONGKAI_TOKEN_KEY", "signs access tokens"));
        let data_key = faults.take(secret("GONGKAI_DATA_KEY", "seals personal data"));
        if token_key.is_some() && token_key == data_key {
            faults.0.push(ConfigError(
                "GONGKAI_TOKEN_KEY and GONGKAI_DATA_KEY must be different secrets.".to_owned(),
            ));
        }
        let old_token_key = faults.take(optional_secret("GONGKAI_TOKEN_KEY_OLD"));
        let listen = faults.take(listen(flags.listen));
        let data_key_id = faults.take(parsed("GONGKAI_DATA_KEY_ID", "k1".to_owned()));
        let readers = database.as_ref().map_or(1, DatabaseUrl::default_readers);
        let readers = faults.take(in_range("GONGKAI_READERS", readers, 1..=64));
        let case_pattern = faults.take(case_pattern());
        let docs = faults.take(parsed("GONGKAI_DOCS", Docs::On));
        let public = DailyCaps::read(&mut faults);
        let office = Office::read(&mut faults);
        let practice = office::practice(&mut faults);
        let fonts = fonts::read(&mut faults);
        let files = database.as_ref().map(FileSettings::beside);
        let files = files.and_then(|beside| files::read(beside, &mut faults));
        let outside = seal::read(&mut faults).zip(faults.take(tables::read()));
        let keys = (token_key, old_token_key, data_key, data_key_id);
        let more = (public, office, practice, fonts, files, outside);
        match (database, keys, listen, readers, case_pattern, docs, more) {
            (
                Some(database),
                (Some(token_key), Some(old_token_key), Some(data_key), Some(data_key_id)),
                Some(listen),
                Some(readers),
                Some(case_pattern),
                Some(docs),
                (
                    Some(public),
                    Some(office),
                    Some(practice),
                    Some(fonts),
                    Some(files),
                    Some((seal, data_dir)),
                ),
            ) if faults.0.is_empty() => Ok(Self {
                database,
                token_key,
                old_token_key,
                data_key,
                data_key_id,
                listen,
                readers,
                case_pattern,
                docs,
                public,
                office,
                practice,
                fonts,
                files,
                seal,
                data_dir,
            }),
            _ => Err(faults),
        }
    }
}

fn case_pattern() -> Result<String, ConfigError> {
    let pattern = parsed("GONGKAI_CASE_NUMBER_PATTERN", CASE_NUMBER_PATTERN.to_owned())?;
    if pattern.contains("{year}") && pattern.contains("{n}") {
        return Ok(pattern);
    }
    Err(ConfigError("GONGKAI_CASE_NUMBER_PATTERN must contain {year} and {n}.".to_owned()))
}

/// How the process around the application runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// The form of log lines.
    pub log_form: LogForm,
    /// What is logged.
    pub log_filter: String,
    /// How the server meets its callers.
    pub transport: Transport,
    /// From the signal to stop until connections are refused.
    pub drain: Duration,
    /// An address for the metrics alone.
    pub metrics_listen: Option<SocketAddr>,
}

impl Running {
    /// Reads them.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read() -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let log_form = faults.take(log_form());
        let log_filter = faults.take(log_filter());
        let transport = Transport::read(&mut faults);
        let drain = faults.take(in_range("GONGKAI_DRAIN_SECS", 5, 0..=300));
        let metrics_listen = faults.take(optional("GONGKAI_METRICS_LISTEN"));
        match (log_form, log_filter, drain, metrics_listen, transport) {
            (
                Some(log_form),
                Some(log_filter),
                Some(drain),
                Some(metrics_listen),
                Some(transport),
            ) => {
                let drain = Duration::from_secs(drain);
                Ok(Self { log_form, log_filter, transport, drain, metrics_listen })
            }
            _ => Err(faults),
        }
    }
}

/// Reads the settings of the application and of the process around it.
///
/// # Errors
/// Everything that is missing or wrong in either, or in the settings file.
pub fn read(flags: &Flags) -> Result<(Settings, Running), Faults> {
    let mut faults = source::file_faults();
    match (Settings::read(flags), Running::read()) {
        (Ok(settings), Ok(running)) if faults.is_empty() => Ok((settings, running)),
        (settings, running) => {
            let more = [settings.err(), running.err()].into_iter().flatten();
            faults.extend(more.flat_map(|faults| faults.0));
            Err(Faults(faults))
        }
    }
}

fn log_form() -> Result<LogForm, ConfigError> {
    match variable("GONGKAI_LOG_FORM")?.as_deref() {
        Some("text") => Ok(LogForm::Text),
        None | Some("json") => Ok(LogForm::Json),
        Some(_) => Err(ConfigError("GONGKAI_LOG_FORM must be text or json.".to_owned())),
    }
}

fn log_filter() -> Result<String, ConfigError> {
    let filter = parsed("GONGKAI_LOG", "info".to_owned())?;
    match tracing_subscriber::EnvFilter::try_new(&filter) {
        Ok(_) => Ok(filter),
        Err(error) => Err(ConfigError(format!("GONGKAI_LOG: {error}"))),
    }
}

fn parsed<T: std::str::FromStr>(name: &str, default: T) -> Result<T, ConfigError> {
    variable(name)?.map_or(Ok(default), |text| {
        text.parse().map_err(|_| ConfigError(format!("{name}: cannot understand {text:?}")))
    })
}

fn optional<T: std::str::FromStr>(name: &str) -> Result<Option<T>, ConfigError> {
    variable(name)?
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| ConfigError(format!("{name}: cannot understand its value")))
}

fn in_range<T>(name: &str, default: T, range: RangeInclusive<T>) -> Result<T, ConfigError>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let value = parsed(name, default)?;
    let (from, to) = (range.start(), range.end());
    if range.contains(&value) {
        return Ok(value);
    }
    Err(ConfigError(format!("{name} must be {from} to {to}.")))
}
