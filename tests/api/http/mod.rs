//! The API from outside: what clients see.

mod conditional;
mod contract;
mod coverage;
mod life;
mod lists;
mod naming;
mod pages;
mod practice;
mod privacy;
mod refusals;
mod requests;
mod sessions;
mod zones;
