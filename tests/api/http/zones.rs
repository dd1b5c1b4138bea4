//! The zone of the machine does not matter: legal days are of Asia/Shanghai, instants of UTC.

use std::path::Path;
use std::process::Command;

const ZONES: [&str; 4] = ["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"];

/// What the program prints in a zone.
fn printed(zone: &str, args: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_gongkai"));
    // libpq has a zone of its own.
    program.args(args).env_clear().env("TZ", zone).env("PGTZ", zone);
    let done = program.output().expect("the program");
    let text = String::from_utf8(done.stdout).expect("text");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    assert!(text.len() > 200, "{args:?}: {text}");
    text
}

#[test]
fn due_dates_and_the_contract_are_the_same_in_every_zone() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/data/deadline_examples.json");
    for args in [&["deadline", examples][..], &["openapi"]] {
        let [first, others @ ..] = &ZONES.map(|zone| printed(zone, args));
        assert!(others.iter().all(|other| other == first), "{args:?} depends on the zone");
    }
}

/// The only ways to a local time are not in the code.
#[test]
fn nothing_asks_for_the_zone_of_the_machine() {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "sql") {
                let text = std::fs::read_to_string(&path).expect("text");
                let ways = ["chrono::Local", "Local::", "localtime", "CURRENT_DATE", "now('"];
                let used = ways.iter().filter(|way| text.contains(**way));
                found.extend(used.map(|way| format!("{}: {way}", path.display())));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("src"), &mut found);
    walk(&root.join("migrations"), &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
