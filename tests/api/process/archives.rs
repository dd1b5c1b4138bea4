//! A case as one file, in processes of their own: how much memory it takes, and what the commands that
//! take it out and check it say.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::uploads::{
    GROWTH, MIB, connected, forgotten_peak, peak, received, status_of, upload_large,
};
use super::{Place, Running, bureau, done, fails, log_in, said};

/// The length of the file in the case.
const LARGE: usize = 96 * MIB;

/// Takes a case out over HTTP, into a file.
fn taken_out(server: &Running, token: &str, case: &Value, place: &Path) {
    let mut stream = connected(server.address);
    let id = case["id"].as_str().expect("an id");
    write!(stream, "GET /api/v1/cases/{id}/export HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")
        .expect("a request");
    let mut answer = BufReader::with_capacity(MIB, stream);
    let mut line = String::new();
    answer.read_line(&mut line).expect("a status");
    assert_eq!(status_of(&line), 200, "{line}");
    while line != "\r\n" {
        line.clear();
        answer.read_line(&mut line).expect("a header");
    }
    let mut file = std::fs::File::create(place).expect("a file");
    // Piece by piece, as it has no length (RFC 9112 §7.1).
    loop {
        line.clear();
        answer.read_line(&mut line).expect("the length of a piece");
        let length = u64::from_str_radix(line.trim(), 16).expect("a length");
        std::io::copy(&mut Read::by_ref(&mut answer).take(length), &mut file).expect("a piece");
        answer.read_line(&mut line).expect("its end");
        if length == 0 {
            return;
        }
    }
}

#[test]
fn memory_stays_flat_while_a_large_case_is_taken_out() {
    let place = bureau();
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_FILES_MAX_MIB", "256").env("GONGKAI_LOG", "warn");
    let server = Running::start(serve);
    let token = log_in(server.address);
    let case = received(&server, &token);
    upload_large(&server, &token, &case, LARGE);
    let before = forgotten_peak(&server);
    let archive = place.file("case.zip");
    taken_out(&server, &token, &case, &archive);
    let growth = peak(&server).saturating_sub(before);
    println!("taking out {LARGE} bytes took {growth} KiB more");
    assert!(growth < GROWTH, "{growth} KiB");
    let length = archive.metadata().expect("a file").len();
    assert!(length > LARGE as u64, "{length}");
    let output = done(verify(&place, &[&archive.display().to_string()]));
    assert!(said(&output).contains("the file is whole"), "{}", said(&output));
}

/// `gongkai verify`, which needs no setting at all.
fn verify(place: &Place, args: &[&str]) -> std::process::Command {
    let mut command = place.gongkai(&["verify"]);
    command.args(args).env_clear();
    command
}

#[test]
fn a_case_is_taken_out_and_checked_by_the_operator() {
    let place = bureau();
    let server = Running::start(place.gongkai(&["serve"]));
    let token = log_in(server.address);
    let case = received(&server, &token);
    let number = case["receipt_number"].as_str().expect("a number");
    let keys = super::ask(server.address, "GET /.well-known/jwks.json HTTP/1.1\r\n", "");
    let file = |name: &str| place.file(name).display().to_string();
    std::fs::write(place.file("jwks.json"), keys.expect("keys").1).expect("a file");
    let head = done(place.gongkai(&["audit", "head"]));
    std::fs::write(place.file("anchors.txt"), &head.stdout).expect("a file");

    let output = file("case.zip");
    done(place.gongkai(&["export", number, "--output", &output]));
    fails(place.gongkai(&["export", number, "--output", &output]), 1, &["is there already"]);
    fails(place.gongkai(&["export", "SJ2025", "--output", &file("x.zip")]), 1, &["no case SJ2025"]);
    let nobody = "01900000-0000-7000-8000-000000000000";
    fails(place.gongkai(&["export", nobody]), 1, &["no case"]);
    let id = case["id"].as_str().expect("an id");
    done(place.gongkai(&["export", id, "--output", &file("by_id.zip")]));
    let parts =
        std::fs::read_dir(&place.folder).expect("a folder").map(|entry| entry.expect("one").path());
    let parts: Vec<PathBuf> =
        parts.filter(|path| path.extension().is_some_and(|end| end == "part")).collect();
    assert_eq!(parts, Vec::<PathBuf>::new());

    let told = said(&done(verify(&place, &[&output])));
    assert!(told.contains("the file is whole") && told.contains("not proved:"), "{told}");
    let (keys, anchors) = (file("jwks.json"), file("anchors.txt"));
    let all = [output.as_str(), "--key", &keys, "--anchors", &anchors, "--json"];
    let told: Value = serde_json::from_str(&said(&done(verify(&place, &all)))).expect("JSON");
    assert_eq!((&told["verdict"], &told["signed_by"]["trusted"]), (&"whole".into(), &true.into()));
    assert_eq!(told["counted"]["anchors"], 1);
    assert!(
        !told["unproven"].as_array().expect("a list").iter().any(|one| one["code"] == "origin")
    );

    let mut bytes = Vec::new();
    std::fs::File::open(&output).expect("a file").read_to_end(&mut bytes).expect("bytes");
    let at = bytes.windows(number.len()).position(|window| window == number.as_bytes());
    bytes[at.expect("its number") + 2] ^= 1;
    std::fs::write(place.file("broken.zip"), &bytes).expect("a file");
    let broken = file("broken.zip");
    fails(verify(&place, &[&broken]), 1, &["BROKEN case.json", "NOT whole"]);
    fails(verify(&place, &[&broken, "--json"]), 1, &["\"verdict\":\"broken\"", "digest_differs"]);
    std::fs::write(place.file("broken.zip"), &bytes[..bytes.len() / 2]).expect("a file");
    fails(verify(&place, &[&broken]), 1, &["REFUSED"]);
    fails(verify(&place, &[&keys, "--json"]), 1, &["\"verdict\":\"refused\""]);
    fails(verify(&place, &[&file("none.zip")]), 2, &["none.zip"]);
    fails(verify(&place, &[&output, "--key", &anchors]), 2, &["no Ed25519 key in it"]);
    fails(verify(&place, &[&output, "--anchors", &keys]), 2, &["an anchor is"]);
    fails(verify(&place, &[]), 2, &["Usage"]);
}
