//! What a command changed in a case: the parts of its record that are not as they were. The ledger
//! keeps them with every entry, so that a case can be rebuilt from its entries alone, without asking
//! the law of the day again.

use serde_json::{Map, Value};

use super::Record;

/// The parts that hold no personal data and no words of an applicant. A change of these alone needs no
/// seal.
const OPEN: [&str; 3] = ["registration", "holding", "clock"];

/// The changed parts of a record by name, each whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change(Map<String, Value>);

impl Change {
    /// What is in `after` and was not in `before`; all of it for a new case.
    ///
    /// # Errors
    /// A part cannot be written as JSON.
    pub fn between(before: Option<&Record>, after: &Record) -> Result<Self, serde_json::Error> {
        let mut parts = Map::new();
        macro_rules! compare {
            ($($part:ident),+) => {
                // Taken apart, so that a new part cannot be forgotten here.
                let Record { $($part),+ } = after;
                $(if before.is_none_or(|before| before.$part != *$part) {
                    parts.insert(stringify!($part).to_owned(), serde_json::to_value($part)?);
                })+
            };
        }
        compare!(
            intake,
            registration,
            holding,
            stage,
            supplement,
            extensions,
            draft,
            services,
            clock
        );
        Ok(Self(parts))
    }

    /// A change read back.
    #[must_use]
    pub const fn of(parts: Map<String, Value>) -> Self {
        Self(parts)
    }

    /// The parts.
    #[must_use]
    pub const fn parts(&self) -> &Map<String, Value> {
        &self.0
    }

    /// May it be kept in clear?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.keys().all(|part| OPEN.contains(&part.as_str()))
    }

    /// Makes the change in what the changes before it have made.
    pub fn make(self, in_parts: &mut Map<String, Value>) {
        in_parts.extend(self.0);
    }
}
