//! The settings of the doors: who is believed about addresses, how much one caller may ask, which
//! web pages may call, and how slowly a body may come.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

use super::{ConfigError, Faults, Secrecy, Setting, in_range, parsed, variable};

/// How a server meets its callers.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// The proxies whose word about the client is taken.
    pub proxies: Proxies,
    /// Requests a minute that one caller may send, by policy; none is without limit.
    pub quotas: Quotas,
    /// The web origins whose pages may call the API.
    pub origins: Vec<String>,
    /// How slowly a body may come.
    pub pace: Pace,
}

/// Networks of trusted proxies.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Does this address belong to one of them?
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Reads addresses and networks (CIDR) that are separated by commas.
    ///
    /// # Errors
    /// The part that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let address = part.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| part.parse()).map_err(|_| part.to_owned())
        };
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// Requests a minute; none is without limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quotas {
    /// Reading.
    pub reads: Option<NonZeroU32>,
    /// Changing.
    pub writes: Option<NonZeroU32>,
    /// Logging in.
    pub login: Option<NonZeroU32>,
    /// Looking up a case in public.
    pub lookup: Option<NonZeroU32>,
    /// Exporting.
    pub exports: Option<NonZeroU32>,
}

/// The least speed of a request body.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The time in which nothing need come.
    pub grace: Duration,
    /// After it, so many bytes a second on average.
    pub rate: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { grace: Duration::from_secs(10), rate: 1024 }
    }
}

/// The settings, for the help of the command line and .env.example.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_TRUSTED_PROXIES",
        example: "",
        meaning: "The reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks (CIDR), by commas. None when empty.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LIMIT_READS",
        example: "12000",
        meaning: "Reading requests a minute for each user, or for each address without a valid token; 0 or off is without limit. So for the four that follow.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LIMIT_WRITES",
        example: "6000",
        meaning: "Changing requests a minute for each user, or for each address without a valid token.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LIMIT_LOGIN",
        example: "300",
        meaning: "Log-ins a minute for each address, behind which a whole office may sit; wrong passwords are counted beside it.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LIMIT_LOOKUP",
        example: "10",
        meaning: "Requests of the public a minute for each address: look-ups, supplements and applications.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_LIMIT_EXPORTS",
        example: "10",
        meaning: "Exports a minute for each user; no operation is one yet.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_CORS_ORIGINS",
        example: "",
        meaning: "The web origins whose pages may call the API, as https://HOST[:PORT], by commas. None when empty; * is refused.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_BODY_GRACE",
        example: "10",
        meaning: "Seconds in which a request body may be slower than GONGKAI_BODY_RATE.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_BODY_RATE",
        example: "1024",
        meaning: "Bytes a second that a request body must bring after that, on average; slower is 408.",
        secrecy: Secrecy::Open,
    },
];

impl Transport {
    /// Reads the settings; none when one is wrong.
    pub(super) fn read(faults: &mut Faults) -> Option<Self> {
        let proxies = faults.take(trusted_proxies());
        let quotas = [
            ("GONGKAI_LIMIT_READS", 12_000),
            ("GONGKAI_LIMIT_WRITES", 6000),
            ("GONGKAI_LIMIT_LOGIN", 300),
            ("GONGKAI_LIMIT_LOOKUP", 10),
            ("GONGKAI_LIMIT_EXPORTS", 10),
        ]
        .map(|(name, default)| faults.take(quota(name, default)));
        let origins = variable("GONGKAI_CORS_ORIGINS")
            .and_then(|text| parse_origins(text.as_deref().unwrap_or_default()));
        let origins = faults.take(origins);
        let pace = Pace::default();
        let grace = faults.take(parsed("GONGKAI_BODY_GRACE", pace.grace.as_secs()));
        let rate = faults.take(in_range("GONGKAI_BODY_RATE", pace.rate, 1..=u32::MAX));
        let [reads, writes, login, lookup, exports] = quotas;
        Some(Self {
            proxies: proxies?,
            quotas: Quotas {
                reads: reads?,
                writes: writes?,
                login: login?,
                lookup: lookup?,
                exports: exports?,
            },
            origins: origins?,
            pace: Pace { grace: Duration::from_secs(grace?), rate: rate? },
        })
    }
}

fn trusted_proxies() -> Result<Proxies, ConfigError> {
    let text = variable("GONGKAI_TRUSTED_PROXIES")?.unwrap_or_default();
    Proxies::parse(&text).map_err(|part| {
        ConfigError(format!(
            "GONGKAI_TRUSTED_PROXIES: {part:?} is neither an address nor a network as 10.0.0.0/8."
        ))
    })
}

/// The most that can be set; above it the spacing of requests is too fine to be measured.
const LARGEST_QUOTA: u32 = 60_000_000;

fn quota(name: &str, default: u32) -> Result<Option<NonZeroU32>, ConfigError> {
    let number = match variable(name)?.as_deref() {
        Some("off") => 0,
        _ => parsed(name, default)?,
    };
    if number > LARGEST_QUOTA {
        return Err(ConfigError(format!("{name} must be 0 (off) to {LARGEST_QUOTA}.")));
    }
    Ok(NonZeroU32::new(number))
}

/// Reads origins that are separated by commas. They are compared as they are, so each must be in
/// the form in which a browser sends it.
///
/// # Errors
/// One is not.
pub fn parse_origins(text: &str) -> Result<Vec<String>, ConfigError> {
    let wrong =
        |one: &str, why: &str| Err(ConfigError(format!("GONGKAI_CORS_ORIGINS: {one:?} {why}")));
    let mut origins = Vec::new();
    for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        if one == "*" || one == "null" {
            return wrong(
                one,
                "is refused: calls carry credentials, so each origin must be named.",
            );
        }
        let host = one.strip_prefix("https://").or_else(|| one.strip_prefix("http://"));
        let plain = |host: &str| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b))
        };
        if !host.is_some_and(plain) {
            return wrong(
                one,
                "is not an origin as a browser sends it: https://host[:port], lower case, no path.",
            );
        }
        origins.push(one.to_owned());
    }
    Ok(origins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_and_networks() {
        let proxies = Proxies::parse("10.0.0.0/8, 192.0.2.7 ,fd00::/8,").unwrap();
        for (address, trusted) in [
            ("10.255.0.1", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("11.0.0.1", false),
            ("fd12::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(proxies.trust(address.parse().unwrap()), trusted, "{address}");
        }
        assert_eq!(Proxies::parse("10.0.0.0/33").unwrap_err(), "10.0.0.0/33");
        assert!(Proxies::parse("localhost").is_err());
        assert!(!Proxies::parse("").unwrap().trust("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn origins_are_exact() {
        assert_eq!(
            parse_origins("https://a.example, http://localhost:5173").unwrap(),
            ["https://a.example", "http://localhost:5173"]
        );
        for bad in [
            "*",
            "null",
            "a.example",
            "https://a.example/",
            "https://A.example",
            "https://*.example",
            "https://",
        ] {
            assert!(parse_origins(bad).is_err(), "{bad}");
        }
        assert!(parse_origins("").unwrap().is_empty());
    }
}
