//! The lifecycle of a case, from outside: the whole abstract state space, random lives, and the
//! law's own examples. Pure: no database, no clock, no network.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "lifecycle/amendment.rs"]
mod amendment;
#[path = "lifecycle/applicant.rs"]
mod applicant;
#[path = "lifecycle/cast.rs"]
mod cast;
#[path = "lifecycle/documents.rs"]
mod documents;
#[path = "lifecycle/gates.rs"]
mod gates;
#[path = "lifecycle/law.rs"]
mod law;
#[path = "lifecycle/letter_tables.rs"]
mod letter_tables;
#[path = "lifecycle/papers.rs"]
mod papers;
#[path = "lifecycle/random.rs"]
mod random;
#[path = "lifecycle/subtasks.rs"]
mod subtasks;
#[path = "lifecycle/table.rs"]
mod table;
#[path = "lifecycle/walk.rs"]
mod walk;
#[path = "lifecycle/wording.rs"]
mod wording;
