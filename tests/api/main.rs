//! The tests that need a database, each run on PostgreSQL and on SQLite.
//!
//! `scripts/with-postgres cargo test --test api` runs them all. [`support`] is the ground they
//! stand on; [`store`] looks at the data layer from below the HTTP interface, [`http`] at the
//! interface itself.

mod support;

mod http;
