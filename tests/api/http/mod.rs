//! The API from outside: what clients see.

mod contract;
mod coverage;
mod dictionaries;
mod examples;
mod life;
mod pages;
mod practice;
mod privacy;
mod refusals;
mod requests;
mod samples;
mod sessions;
mod viewer;
