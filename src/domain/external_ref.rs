//! The number by which another system, or a paper register, knows an application.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Letters of a source at most.
pub const SOURCE_LIMIT: usize = 32;

/// Characters of a reference at most.
pub const REFERENCE_LIMIT: usize = 100;

/// A reference and the system that gave it. One case at most has it: it protects against taking the
/// same application in twice. It must not hold personal data, for the ledger keeps it readable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct ExternalRef {
    source: String,
    reference: String,
}

/// The form in which it is stored.
#[derive(Serialize, Deserialize)]
struct Parts {
    source: String,
    #[serde(rename = "ref")]
    reference: String,
}

/// Why two texts are no external reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExternalRefError {
    /// The source is not 1 to 32 of `a-z 0-9 _ . -`.
    #[error("a source is 1 to 32 of a-z, 0-9, _, . and -")]
    Source,
    /// The reference is empty, longer than 100 characters, or holds control characters.
    #[error("a reference has 1 to 100 characters and no control characters")]
    Reference,
}

impl ExternalRefError {
    /// The stable code, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Source => "external_source_malformed",
            Self::Reference => "external_ref_malformed",
        }
    }

    /// The explanation in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Source => "来源系统代码应为1至32个小写字母、数字或 _ . -",
            Self::Reference => "外部编号应为1至100个字符,不含控制字符",
        }
    }
}

impl ExternalRef {
    /// Reads a reference as people type it: width folded (NFKC), spaces around it removed.
    ///
    /// # Errors
    /// One of the texts does not have the form.
    pub fn parse(source: &str, reference: &str) -> Result<Self, ExternalRefError> {
        let named = (1..=SOURCE_LIMIT).contains(&source.len())
            && source.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-')
            });
        if !named {
            return Err(ExternalRefError::Source);
        }
        let folded: String = reference.nfkc().collect();
        let folded = folded.trim();
        let length = folded.chars().count();
        if !(1..=REFERENCE_LIMIT).contains(&length) || folded.chars().any(char::is_control) {
            return Err(ExternalRefError::Reference);
        }
        Ok(Self { source: source.to_owned(), reference: folded.to_owned() })
    }

    /// The system that gave it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The reference within that system.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

impl TryFrom<Parts> for ExternalRef {
    type Error = ExternalRefError;

    fn try_from(parts: Parts) -> Result<Self, ExternalRefError> {
        Self::parse(&parts.source, &parts.reference)
    }
}

impl From<ExternalRef> for Parts {
    fn from(whole: ExternalRef) -> Self {
        Self { source: whole.source, reference: whole.reference }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reference_is_folded_and_checked() {
        let typed = ExternalRef::parse("paper_register", " ２０２６－００１７ ").unwrap();
        assert_eq!(typed, ExternalRef::parse("paper_register", "2026-0017").unwrap());
        let long = "9".repeat(101);
        for (source, reference, why) in [
            ("", "1", ExternalRefError::Source),
            ("OA", "1", ExternalRefError::Source),
            ("oa:1", "1", ExternalRefError::Source),
            ("oa", " \u{3000}", ExternalRefError::Reference),
            ("oa", "1\u{0}2", ExternalRefError::Reference),
            ("oa", long.as_str(), ExternalRefError::Reference),
        ] {
            assert_eq!(ExternalRef::parse(source, reference), Err(why), "{source} {reference:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_parsed_reads_back(reference in "\\PC{1,60}") {
            if let Ok(known) = ExternalRef::parse("oa", &reference) {
                let json = serde_json::to_string(&known).unwrap();
                prop_assert_eq!(serde_json::from_str::<ExternalRef>(&json).unwrap(), known.clone());
                prop_assert_eq!(ExternalRef::parse("oa", known.reference()), Ok(known));
            }
        }
    }
}
