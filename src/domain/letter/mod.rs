//! Letters: what is printed.

mod sheet;

pub use sheet::{Block, SealPlace, Sheet};
