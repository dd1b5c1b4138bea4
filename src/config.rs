//! Settings: flags, then `GONGKAI_*` environment variables, then `GONGKAI_*_FILE` for secrets.
//! Secrets are never flags: a command line can be read by others.

pub mod transport;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::store::DatabaseUrl;

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
    SETTINGS.iter().chain(transport::SETTINGS)
}

/// Those of the data and the process; the doors have theirs in [`transport`].
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
        meaning: "The address under which people reach the server, e.g. https://gongkai.example.cn: for one-time links, and as a QR code on receipts.",
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
        meaning: "The pattern of case numbers; {year} and {n} are replaced.",
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
        example: "长春市公安局",
        meaning: "The agency's name, on receipts and public pages.",
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
];

/// The default pattern of case numbers.
pub const CASE_NUMBER_PATTERN: &str = "长公公开〔{year}〕{n}号";

/// Where `serve` and `demo` listen when nothing else is said.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));
/// What receipts and public pages say of the agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Office {
    /// Its name.
    pub agency: String,
    /// Where applicants ask, in words.
    pub contact: Option<String>,
    /// The address of the public pages, without a slash at its end.
    pub public_url: Option<String>,
}

impl Default for Office {
    fn default() -> Self {
        Self { agency: "长春市公安局".to_owned(), contact: None, public_url: None }
    }
}

impl Office {
    fn read() -> Result<Self, ConfigError> {
        Ok(Self {
            agency: variable("GONGKAI_AGENCY_NAME")?.unwrap_or_else(|| Self::default().agency),
            contact: variable("GONGKAI_AGENCY_CONTACT")?,
            public_url: variable("GONGKAI_PUBLIC_URL")?
                .map(|text| parse_public_url(&text))
                .transpose()?,
        })
    }
}

/// The address of the public pages: http or https, a host, perhaps a path.
fn parse_public_url(text: &str) -> Result<String, ConfigError> {
    let wrong = || {
        ConfigError(
            "GONGKAI_PUBLIC_URL must be an address like https://gongkai.example.cn, \
             without query or fragment, of at most 200 characters."
                .to_owned(),
        )
    };
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = host.ok_or_else(wrong)?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\@".contains(&byte);
    if text.len() > 200
        || host.starts_with(['/', ':'])
        || !host.bytes().all(plain)
        || host.is_empty()
    {
        return Err(wrong());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A setting that is missing or wrong. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Thirty-two secret bytes that never print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Secret {
    /// Reads base64 (standard or URL-safe) of exactly 32 bytes that look random.
    ///
    /// # Errors
    /// Says what is wrong without repeating the value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let bytes = STANDARD
            .decode(text)
            .or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')))
            .map_err(|_| "is not base64")?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| "is not 32 bytes long")?;
        let distinct = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
        // 32 random bytes have fewer than 16 distinct values once in 10^13.
        if distinct < 16 {
            return Err("is not random");
        }
        Ok(Self(bytes))
    }
}

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
}

/// How many online applications are taken in one legal day. Post and the counter have no such limit:
/// they may not be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyCaps {
    /// From one address.
    pub per_address: u32,
    /// From one identity document.
    pub per_identity: u32,
}

impl Default for DailyCaps {
    fn default() -> Self {
        Self { per_address: 20, per_identity: 5 }
    }
}

impl DailyCaps {
    fn read() -> Result<Self, ConfigError> {
        let default = Self::default();
        let cap = |name: &str, default: u32| match parsed(name, default)? {
            cap @ 1..=100_000 => Ok(cap),
            _ => Err(ConfigError(format!("{name} must be 1 to 100000."))),
        };
        Ok(Self {
            per_address: cap("GONGKAI_PUBLIC_DAILY_PER_ADDRESS", default.per_address)?,
            per_identity: cap("GONGKAI_PUBLIC_DAILY_PER_IDENTITY", default.per_identity)?,
        })
    }
}

/// Reads one variable of the environment, or the file that `NAME_FILE` names.
///
/// # Errors
/// The file cannot be read.
pub fn variable(name: &str) -> Result<Option<String>, ConfigError> {
    #[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(value) = read(name) {
        return Ok(Some(value));
    }
    let Some(path) = read(&format!("{name}_FILE")) else {
        return Ok(None);
    };
    std::fs::read_to_string(&path)
        .map(|text| Some(text.trim_end().to_owned()))
        .map_err(|error| ConfigError(format!("{name}_FILE: cannot read {path}: {error}")))
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

/// The address under which people reach the server: the setting, or where it would listen.
///
/// # Errors
/// The listening address is not one.
pub fn public_url() -> Result<String, ConfigError> {
    if let Some(url) = Office::read()?.public_url {
        return Ok(url);
    }
    let listen = parsed("GONGKAI_LISTEN", DEFAULT_LISTEN)?;
    Ok(format!("http://{listen}"))
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
            database,
            token_key: keys.token,
            old_token_key: None,
            data_key: keys.data,
            data_key_id: keys.data_id,
            listen: DEFAULT_LISTEN,
            office: Office::default(),
            case_pattern: CASE_NUMBER_PATTERN.to_owned(),
            docs: Docs::On,
            public: DailyCaps::default(),
        }
    }

    /// Reads the settings of `serve`; a flag wins over the environment.
    ///
    /// # Errors
    /// The first setting that is missing or wrong, with what to do.
    pub fn read(database: Option<&str>, listen: Option<SocketAddr>) -> Result<Self, ConfigError> {
        let database = database_url(database)?;
        let token_key = secret("GONGKAI_TOKEN_KEY", "signs access tokens")?;
        let data_key = secret("GONGKAI_DATA_KEY", "seals personal data")?;
        if token_key == data_key {
            return Err(ConfigError(
                "GONGKAI_TOKEN_KEY and GONGKAI_DATA_KEY must be different secrets.".to_owned(),
            ));
        }
        let old_token_key = match variable("GONGKAI_TOKEN_KEY_OLD")? {
            Some(text) => Some(parse_secret("GONGKAI_TOKEN_KEY_OLD", &text)?),
            None => None,
        };
        let listen = match listen {
            Some(listen) => listen,
            None => parsed("GONGKAI_LISTEN", DEFAULT_LISTEN)?,
        };
        let readers = parsed("GONGKAI_READERS", database.default_readers())?;
        if !(1..=64).contains(&readers) {
            return Err(ConfigError("GONGKAI_READERS must be 1 to 64.".to_owned()));
        }
        let case_pattern = variable("GONGKAI_CASE_NUMBER_PATTERN")?
            .unwrap_or_else(|| CASE_NUMBER_PATTERN.to_owned());
        if !case_pattern.contains("{year}") || !case_pattern.contains("{n}") {
            return Err(ConfigError(
                "GONGKAI_CASE_NUMBER_PATTERN must contain {year} and {n}.".to_owned(),
            ));
        }
        Ok(Self {
            readers,
            old_token_key,
            data_key_id: variable("GONGKAI_DATA_KEY_ID")?.unwrap_or_else(|| "k1".to_owned()),
            database,
            token_key,
            data_key,
            listen,
            case_pattern,
            docs: parsed("GONGKAI_DOCS", Docs::On)?,
            public: DailyCaps::read()?,
            office: Office::read()?,
        })
    }
}

fn parsed<T: std::str::FromStr>(name: &str, default: T) -> Result<T, ConfigError> {
    variable(name)?.map_or(Ok(default), |text| {
        text.parse().map_err(|_| ConfigError(format!("{name}: cannot understand {text:?}")))
    })
}

/// The text of .env.example.
#[must_use]
pub fn env_example() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Settings of gongkai. Written by `gongkai docs env`; copy to .env and fill in.\n\
         # A flag wins over the environment. A secret may also come from a file: NAME_FILE=/path.\n",
    );
    // Writing to a string cannot fail.
    for setting in settings() {
        let secret = match setting.secrecy {
            Secrecy::Open => "",
            Secrecy::Secret => " (secret)",
        };
        let _ = write!(text, "\n# {}{secret}\n", setting.meaning);
        let hash =
            if setting.example.is_empty() && setting.secrecy == Secrecy::Open { "# " } else { "" };
        let _ = writeln!(text, "{hash}{}={}", setting.name, setting.example);
    }
    text.push_str(
        "\n# The password of the database in docker-compose.yml.\nGONGKAI_DB_PASSWORD=\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::parse_public_url;

    #[test]
    fn a_public_address_is_checked() {
        for (text, read) in [
            ("https://gongkai.example.cn", "https://gongkai.example.cn"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://www.example.cn/gongkai/", "https://www.example.cn/gongkai"),
        ] {
            assert_eq!(parse_public_url(text).ok().as_deref(), Some(read));
        }
        let long = format!("https://{}", "a".repeat(200));
        for text in [
            "gongkai.example.cn",
            "https://",
            "https:///x",
            "javascript:alert(1)",
            "https://a.cn/?x",
            "https://a.cn/#x",
            "https://u:p@a.cn",
            "https://a.cn/ x",
            &long,
        ] {
            assert!(parse_public_url(text).is_err(), "{text}");
        }
    }
}
