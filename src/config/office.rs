//! What the office says of itself, and how much its public door takes.

use super::{ConfigError, Faults, Secrecy, Setting, in_range, parsed, variable};
use crate::domain::practice::Practice;

/// What receipts and public pages say of the agency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Office {
    /// Its name, where it is another than that of the bureau among the units.
    pub agency: Option<String>,
    /// Where applicants ask, in words.
    pub contact: Option<String>,
    /// The address of the public pages, without a slash at its end.
    pub public_url: Option<String>,
}

impl Office {
    pub(super) fn read(faults: &mut Faults) -> Option<Self> {
        let agency = faults.take(variable("GONGKAI_AGENCY_NAME"));
        let contact = faults.take(variable("GONGKAI_AGENCY_CONTACT"));
        let public_url = faults.take(public_url());
        Some(Self { agency: agency?, contact: contact?, public_url: public_url? })
    }
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
    pub(super) fn read(faults: &mut Faults) -> Option<Self> {
        let default = Self::default();
        let mut cap = |name, default| faults.take(in_range(name, default, 1..=100_000));
        let per_address = cap("GONGKAI_PUBLIC_DAILY_PER_ADDRESS", default.per_address);
        let per_identity = cap("GONGKAI_PUBLIC_DAILY_PER_IDENTITY", default.per_identity);
        Some(Self { per_address: per_address?, per_identity: per_identity? })
    }
}

/// The settings of what the bureau has chosen where the law leaves it the choice.
pub(super) const PRACTICE_SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_LEGAL_REVIEW",
        example: "required_only",
        meaning: "required_only or all: which drafted answers the legal office reviews. Refusals and partial disclosures always go to it.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_ONE_CLERK",
        example: "off",
        meaning: "on or off: may one clerk of the query room answer alone and on the spot that the information is public already.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_RETENTION",
        example: "years_10",
        meaning: "permanent, years_30 or years_10: for how long the papers of archived cases are kept; or by how they ended, as disclosure=years_10,refusal=years_30 (disclosure, partial, refusal, unavailable, not_processed, other, lapsed, withdrawn). What is not named is kept 10 years.",
        secrecy: Secrecy::Open,
    },
];

/// The choices of the bureau.
pub(super) fn practice(faults: &mut Faults) -> Option<Practice> {
    let default = Practice::default();
    let legal_review = faults.take(parsed("GONGKAI_LEGAL_REVIEW", default.legal_review));
    let one_clerk = faults.take(parsed("GONGKAI_ONE_CLERK", default.one_clerk));
    let retention = faults.take(parsed("GONGKAI_RETENTION", default.retention));
    Some(Practice { legal_review: legal_review?, one_clerk: one_clerk?, retention: retention? })
}

/// The address of the public pages, when a setting says it.
pub(super) fn public_url() -> Result<Option<String>, ConfigError> {
    variable("GONGKAI_PUBLIC_URL")?.map(|text| parse_public_url(&text)).transpose()
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
