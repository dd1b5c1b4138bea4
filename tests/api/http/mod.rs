//! The API from outside: what clients see.

mod contract;
mod coverage;
mod life;
mod operation;
mod pages;
mod practice;
mod privacy;
mod refusals;
mod requests;
mod sessions;
