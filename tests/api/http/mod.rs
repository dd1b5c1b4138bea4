//! The API from outside: what clients see.

mod contract;
mod coverage;
mod doors;
mod languages;
mod life;
mod pages;
mod practice;
mod privacy;
mod quotas;
mod refusals;
mod requests;
mod sessions;
mod traces;
mod wire;
