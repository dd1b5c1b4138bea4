//! The API from outside: what clients see.

mod contract;
mod coverage;
mod life;
mod pages;
mod practice;
mod privacy;
mod public;
mod refusals;
mod requests;
mod sessions;
