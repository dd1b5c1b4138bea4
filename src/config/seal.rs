//! The service that sets electronic seals.

use std::time::Duration;

use hyper::Uri;

use super::{ConfigError, Faults, Secrecy, Setting, in_range, variable};

/// The settings of electronic seals.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_SEAL_URL",
        example: "",
        meaning: "The address of the service that sets electronic seals on letters (docs/operations.md), e.g. https://seal.example.cn/v1/letters. Without it no seal can be asked for.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_SEAL_TOKEN",
        example: "",
        meaning: "What is shown to that service, as Authorization: Bearer.",
        secrecy: Secrecy::Secret,
    },
    Setting {
        name: "GONGKAI_SEAL_SECS",
        example: "30",
        meaning: "Seconds that it may take for one answer; 1 to 600.",
        secrecy: Secrecy::Open,
    },
];

/// After how long a letter is sent again that got no answer.
const PAUSES: [u64; 5] = [5, 30, 120, 600, 1800];

/// A secret that never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(pub String);

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealService {
    /// Where letters are sent. Nothing is sent anywhere else, whatever the service answers.
    pub url: Uri,
    /// What is shown to it.
    pub token: Option<BearerToken>,
    /// How long one answer may take.
    pub patience: Duration,
    /// After how long a letter is sent again that got no answer; after the last of them it is given up.
    pub pauses: Vec<Duration>,
}

impl SealService {
    /// The service at this address, with the usual patience.
    ///
    /// # Errors
    /// It is no address of http or https.
    pub fn at(url: &str) -> Result<Self, ConfigError> {
        let wrong = || {
            ConfigError(
                "GONGKAI_SEAL_URL must be an address like https://seal.example.cn/v1/letters."
                    .to_owned(),
            )
        };
        let url: Uri = url.parse().map_err(|_| wrong())?;
        let named = url.host().is_some_and(|host| !host.is_empty());
        let plain = url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if !named || !plain || !matches!(url.scheme_str(), Some("http" | "https")) {
            return Err(wrong());
        }
        let pauses = PAUSES.map(Duration::from_secs).to_vec();
        Ok(Self { url, token: None, patience: Duration::from_secs(30), pauses })
    }
}

/// Reads them; none where no address is set.
#[expect(clippy::option_option, reason = "understood or not, and set or not")]
pub(super) fn read(faults: &mut Faults) -> Option<Option<SealService>> {
    let service = variable("GONGKAI_SEAL_URL");
    let service = service.and_then(|url| url.as_deref().map(SealService::at).transpose());
    let (service, token) = (faults.take(service), faults.take(token()));
    let patience = faults.take(in_range("GONGKAI_SEAL_SECS", 30, 1..=600));
    let (service, token, patience) = (service?, token?, Duration::from_secs(patience?));
    Some(service.map(|service| SealService { token, patience, ..service }))
}

/// A token that a header can hold.
fn token() -> Result<Option<BearerToken>, ConfigError> {
    let Some(text) = variable("GONGKAI_SEAL_TOKEN")? else { return Ok(None) };
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let wrong = "GONGKAI_SEAL_TOKEN must be of visible ASCII characters.";
        return Err(ConfigError(wrong.to_owned()));
    }
    Ok(Some(BearerToken(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::SealService;

    #[test]
    fn an_address_is_checked() {
        for good in ["https://seal.example.cn/v1/letters", "http://127.0.0.1:9000/", "http://seal"]
        {
            assert!(SealService::at(good).is_ok(), "{good}");
        }
        for bad in ["seal.example.cn", "ftp://seal", "https://", "https://u:p@seal/", "/x", "印章"]
        {
            assert!(SealService::at(bad).is_err(), "{bad}");
        }
    }
}
