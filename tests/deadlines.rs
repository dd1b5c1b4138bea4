//! The clock: worked examples, cases by rule and article, and random matters against a second
//! implementation.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "deadlines/around.rs"]
mod around;
#[path = "deadlines/cases.rs"]
mod cases;
#[path = "deadlines/file.rs"]
mod file;
#[path = "deadlines/oracle.rs"]
mod oracle;
#[path = "deadlines/properties.rs"]
mod properties;
