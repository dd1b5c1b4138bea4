//! What a command changed in a case: the parts of its record that are not as they were. The ledger
//! keeps them with every entry, so that a case can be rebuilt from its entries alone, without asking
//! the law of the day again.

use serde_json::{Map, Value};

use super::{Intake, Record};

/// The parts that hold no personal data and no words of an applicant. A change of these alone needs no
/// seal: the operator, who has no key, makes such changes.
const OPEN: [&str; 6] =
    ["intake.receiving_unit", "registration", "holding", "letters", "archive", "clock"];

/// What stands before the names of the parts of the intake.
const INTAKE: &str = "intake.";

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
            ($prefix:expr, $before:expr, $($part:ident),+) => {
                $(if $before.is_none_or(|before| before.$part != *$part) {
                    let name = format!("{}{}", $prefix, stringify!($part));
                    parts.insert(name, serde_json::to_value($part)?);
                })+
            };
        }
        // Taken apart, so that a new part cannot be forgotten here.
        let Record {
            intake,
            registration,
            holding,
            stage,
            supplement,
            extensions,
            draft,
            reviews,
            subtasks,
            services,
            letters,
            attachments,
            archive,
            clock,
        } = after;
        compare!("", before, registration, holding, stage, supplement, extensions);
        compare!("", before, draft, reviews, subtasks, services, letters, attachments);
        compare!("", before, archive, clock);
        let Intake {
            receipt_number,
            query_code_digest,
            application,
            channel,
            arrival,
            receiving_unit,
            received_at,
            received_by,
            external_ref,
        } = intake;
        let before = before.map(|record| &record.intake);
        compare!(INTAKE, before, receipt_number, query_code_digest, application, channel, arrival);
        compare!(INTAKE, before, receiving_unit, received_at, received_by, external_ref);
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

    /// Makes the change in the JSON of a record that the changes before it have made.
    pub fn make(self, record: &mut Map<String, Value>) {
        for (name, value) in self.0 {
            match name.strip_prefix(INTAKE) {
                None => {
                    record.insert(name, value);
                }
                Some(part) => {
                    let intake =
                        record.entry("intake").or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(intake) = intake {
                        intake.insert(part.to_owned(), value);
                    }
                }
            }
        }
    }
}
