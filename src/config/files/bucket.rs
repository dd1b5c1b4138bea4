//! A bucket of an object store: `s3://BUCKET?region=…&endpoint=…`.

use std::time::Duration;

use crate::config::{ConfigError, variable};

/// How long a store of objects may keep silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// A text that never prints.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Keeps a secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What opens a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketKeys {
    /// The id of the key.
    pub access: String,
    /// Its secret.
    pub secret: SecretText,
}

/// How a bucket is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// `https://endpoint/bucket`, as most stores in one's own house want it.
    Path,
    /// `https://bucket.endpoint`, as some public clouds demand it.
    Host,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The region for which requests are signed.
    pub region: String,
    /// Where the store answers: scheme, host and port.
    pub endpoint: String,
    /// How the bucket is addressed there.
    pub addressing: Addressing,
    /// What opens it.
    pub keys: BucketKeys,
    /// How long the store may keep silent.
    pub patience: Duration,
}

impl Bucket {
    /// A bucket by what stands behind `s3://`; without its keys.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if !(3..=63).contains(&name.len()) || !name.chars().all(named) {
            return Err("the bucket's name has 3 to 63 of a-z, 0-9, - and .");
        }
        let mut bucket = Self {
            name: name.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: String::new(),
            addressing: Addressing::Path,
            keys: BucketKeys::default(),
            patience: PATIENCE,
        };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("region", region)) if !region.is_empty() => {
                    region.clone_into(&mut bucket.region);
                }
                Some(("endpoint", endpoint)) => endpoint.clone_into(&mut bucket.endpoint),
                Some(("style", "path")) => bucket.addressing = Addressing::Path,
                Some(("style", "host")) => bucket.addressing = Addressing::Host,
                _ => return Err("it takes region, endpoint and style (path or host)"),
            }
        }
        let host = ["https://", "http://"].iter().find_map(|s| bucket.endpoint.strip_prefix(s));
        let host = host.ok_or("its endpoint is https://HOST or http://HOST")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err("its endpoint is a scheme, a host and perhaps a port");
        }
        Ok(bucket)
    }

    /// Where requests go: the endpoint, with the bucket before the host where it stands there.
    #[must_use]
    pub fn address(&self) -> String {
        match (self.addressing, self.endpoint.split_once("://")) {
            (Addressing::Host, Some((scheme, host))) => format!("{scheme}://{}.{host}", self.name),
            _ => self.endpoint.clone(),
        }
    }
}

impl std::fmt::Display for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{} at {}", self.name, self.endpoint)
    }
}

/// Reads the keys of a bucket.
pub(super) fn keys() -> Result<BucketKeys, ConfigError> {
    let needed = |name: &str| {
        variable(name)?
            .ok_or_else(|| ConfigError(format!("{name} is needed for GONGKAI_FILES=s3:")))
    };
    let access = needed("GONGKAI_FILES_ACCESS_KEY")?;
    let secret = SecretText::new(needed("GONGKAI_FILES_SECRET_KEY")?);
    Ok(BucketKeys { access, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_told_by_its_address() {
        let bucket = Bucket::parse("gongkai-files?region=cn-1&endpoint=https://s3.example.cn:9000");
        let mut bucket = bucket.expect("a bucket");
        assert_eq!((bucket.name.as_str(), bucket.region.as_str()), ("gongkai-files", "cn-1"));
        assert_eq!(bucket.address(), "https://s3.example.cn:9000");
        bucket.addressing = Addressing::Host;
        assert_eq!(bucket.address(), "https://gongkai-files.s3.example.cn:9000");
        bucket.keys.secret = SecretText::new("hidden".to_owned());
        assert!(!format!("{bucket:?} {bucket}").contains("hidden"));
    }

    #[test]
    fn what_is_no_bucket_is_refused() {
        for text in [
            "",
            "ab?endpoint=https://a",
            "Files?endpoint=https://a",
            "files",
            "files?endpoint=ftp://a",
            "files?endpoint=https://",
            "files?endpoint=https://a/b",
            "files?endpoint=https://user:pass@a",
            "files?endpoint=https://a&style=odd",
            "files?endpoint=https://a&secret=x",
        ] {
            assert!(Bucket::parse(text).is_err(), "{text}");
        }
    }
}
