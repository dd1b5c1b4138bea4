//! The API from outside: what clients see.

mod contract;
mod counter;
mod coverage;
mod imports;
mod life;
mod pages;
mod practice;
mod privacy;
mod receipts;
mod refusals;
mod requests;
mod sessions;
