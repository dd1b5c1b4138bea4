//! The API from outside: what clients see.

mod administration;
mod contract;
mod coverage;
mod languages;
mod life;
mod pages;
mod practice;
mod privacy;
mod public;
mod refreshing;
mod refusals;
mod requests;
mod sessions;
