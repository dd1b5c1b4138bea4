//! The API from outside: what clients see.

mod administration;
mod contract;
mod counter;
mod coverage;
mod dictionaries;
mod doors;
mod examples;
mod imports;
mod languages;
mod life;
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
mod samples;
mod sessions;
mod traces;
mod viewer;
mod wire;
