//! The API from outside: what clients see.

mod contract;
mod coverage;
mod life;
