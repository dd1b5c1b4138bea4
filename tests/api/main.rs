//! The tests that need a database, each run on PostgreSQL and on SQLite.
//!
//! `scripts/with-postgres cargo test --test api` runs them all. [`support`] is the ground they
//! stand on; [`store`] looks at the data layer from below the HTTP interface, [`http`] at the
//! interface itself.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

mod demo;
mod http;
mod process;
mod seed;
mod store;
