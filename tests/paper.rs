//! Letters on paper: what stands in the sheet stands in the files, set as GB/T 9704 and Chinese usage
//! ask, and the same letter gives the same bytes. Needs `pdftotext`, `pdfinfo` (poppler-utils) and
//! fonts-noto-cjk, which scripts/test installs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "paper/fonts.rs"]
mod fonts;
#[path = "paper/lines.rs"]
mod lines;
#[path = "paper/pages.rs"]
mod pages;
#[path = "paper/pdf.rs"]
mod pdf;
#[path = "paper/press.rs"]
mod press;
#[path = "paper/samples.rs"]
mod samples;
#[path = "paper/word.rs"]
mod word;
