//! The API from outside: what clients see.

mod administration;
mod conditional;
mod contract;
mod counter;
mod coverage;
mod doors;
mod imports;
mod languages;
mod life;
mod lists;
mod naming;
mod operation;
mod pages;
mod practice;
mod privacy;
mod public;
mod public_pages;
mod quotas;
mod receipts;
mod refreshing;
mod refusals;
mod requests;
mod sessions;
mod traces;
mod wire;
mod zones;
