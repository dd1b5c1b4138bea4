//! Prints a letter from a file and tells what it takes:
//!
//! ```text
//! cargo run --release --example paper -- tests/paper/sheets/refusal.json letter.pdf [draft|void]
//! ```
//!
//! Writes `letter.pdf` and `letter.docx` and reports the first rendering, the median of 50 more
//! ("letter as PDF, warm") and the most memory that the process had at any time.

#![expect(clippy::unwrap_used, reason = "a tool for the desk")]

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::DateTime;
use gongkai::domain::letter::Sheet;
use gongkai::paper::{self, Edition, FontSettings, Fonts, Marking};
use uuid::Uuid;

const ROUNDS: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sheet, target, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: paper SHEET.json TARGET.pdf [draft|void]");
        std::process::exit(2);
    };
    let sheet: Sheet = serde_json::from_str(&std::fs::read_to_string(sheet).unwrap()).unwrap();
    let marking = rest.first().map_or(Marking::Issued, |marking| marking.parse().unwrap());
    let made_at = DateTime::from_timestamp(1_775_095_200, 0).unwrap();
    let edition = Edition { marking, made_at, id: Uuid::nil() };

    let began = Instant::now();
    let fonts = Fonts::find(&FontSettings::default()).unwrap();
    let pdf = paper::pdf(&sheet, &edition, &fonts).unwrap();
    println!("letter as PDF, first: {:.1} ms", millis(began.elapsed()));
    for (role, place) in fonts.places() {
        println!("    {role}: {} ({}#{})", place.family, place.path.display(), place.index);
    }
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let again = paper::pdf(&sheet, &edition, &fonts.unread()).unwrap();
            assert_eq!(again, pdf, "the same letter gives the same bytes");
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    let median = took.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("letter as PDF, warm: {:.1} ms, {} bytes", millis(median), pdf.len());
    println!("{}", peak());
    std::fs::write(target, pdf).unwrap();
    let docx = paper::docx(&sheet, &edition).unwrap();
    std::fs::write(Path::new(target).with_extension("docx"), docx).unwrap();
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// The line of /proc about the most memory that was resident.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.map_or_else(
        || "peak memory: not known here".to_owned(),
        |line| line.replace("VmHWM:", "peak memory:"),
    )
}
