//! The API from outside: what clients see.

mod administration;
mod contract;
mod counter;
mod coverage;
mod doors;
mod guesses;
mod imports;
mod languages;
mod life;
mod link_pages;
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
