//! The data layer, from below the HTTP interface.

mod catalogue;
mod corruption;
mod explain;
mod filters;
mod histories;
mod idempotency;
mod keys;
mod ledger;
mod letters;
mod many;
mod migrations;
mod numbers;
mod paging;
mod pairs;
mod plans;
mod races;
mod recalculation;
mod rows;
mod schema;
mod scope;
mod searches;
mod statistics;
mod tampering;
mod writer;
