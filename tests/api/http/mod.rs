//! The API from outside: what clients see.

mod administration;
mod conditional;
mod contract;
mod counter;
mod coverage;
mod imports;
mod languages;
mod life;
mod lists;
mod naming;
mod pages;
mod practice;
mod privacy;
mod public;
mod receipts;
mod refreshing;
mod refusals;
mod requests;
mod sessions;
mod zones;
