//! Files of cases in a process of their own: how much memory they take, and what a crash leaves.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{Running, bureau, log_in, post};
use crate::support::client::application;

pub(super) const MIB: usize = 1024 * 1024;

/// The length of the large file.
const LARGE: usize = 200 * MIB;

/// What a process may grow by while it moves the large file, in KiB. Pieces of 5 MiB are on their way
/// to the store, and an allocator keeps some of what it had.
pub(super) const GROWTH: u64 = 48 * 1024;

/// The most memory that a process has used, in KiB.
pub(super) fn peak(server: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id()));
    let status = status.expect("the status of a process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Forgets the most that it has used so far: logging in takes more than a file does (proc(5),
/// clear_refs). Gives what it uses now, in KiB.
pub(super) fn forgotten_peak(server: &Running) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", server.child.id()), "5").expect("a reset");
    peak(server)
}

/// The head of an upload, and what stands before and behind the file.
fn upload_head(case: &Value, token: &str, length: usize) -> (String, String, String) {
    let front = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\ndraft\r\n--b\r\n\
                 Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n";
    let back = "\r\n--b--\r\n";
    let total = front.len() + length + back.len();
    let head = format!(
        "POST /api/v1/cases/{}/attachments HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nIf-Match: \"{}\"\r\nContent-Length: {total}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n",
        case["id"].as_str().expect("an id"),
        case["version"],
    );
    (head, front.to_owned(), back.to_owned())
}

pub(super) fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout");
    stream
}

pub(super) fn received(server: &Running, token: &str) -> Value {
    let (status, case) =
        post(server.address, "/api/v1/cases", token, &application()).expect("an answer");
    assert_eq!(status, 201, "{case}");
    case
}

pub(super) fn status_of(line: &str) -> u16 {
    line.get(9..12).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

/// Every file below a folder that is not empty.
fn all_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { all_files(&entry.path()) } else { 1 }).sum()
}

/// Attaches a file of this length, piece by piece.
pub(super) fn upload_large(server: &Running, token: &str, case: &Value, length: usize) -> Value {
    let (head, front, back) = upload_head(case, token, length);
    let mut stream = connected(server.address);
    write!(stream, "{head}{front}%PDF-").expect("a request");
    let filling = vec![b'x'; MIB];
    let mut left = length - 10;
    while left > 0 {
        let now = left.min(filling.len());
        stream.write_all(&filling[..now]).expect("a piece");
        left -= now;
    }
    write!(stream, "%%EOF{back}").expect("an end");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert_eq!(status_of(&answer), 201, "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let file: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(file["size"], length);
    file
}

#[test]
fn memory_stays_flat_over_a_200_mib_upload_and_download() {
    let place = bureau();
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_FILES_MAX_MIB", "256").env("GONGKAI_LOG", "warn");
    let server = Running::start(serve);
    let token = log_in(server.address);
    let case = received(&server, &token);
    let before = forgotten_peak(&server);

    let file = upload_large(&server, &token, &case, LARGE);
    let uploaded = peak(&server) - before;

    let mut stream = connected(server.address);
    let path = file["links"]["content"].as_str().expect("an address");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")
        .expect("a request");
    let mut answer = BufReader::with_capacity(MIB, stream);
    let mut line = String::new();
    answer.read_line(&mut line).expect("a status");
    assert_eq!(status_of(&line), 200);
    while line != "\r\n" {
        line.clear();
        answer.read_line(&mut line).expect("a header");
    }
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut length = 0;
    loop {
        let bytes = answer.fill_buf().expect("bytes");
        if bytes.is_empty() {
            break;
        }
        digest.update(bytes);
        let count = bytes.len();
        length += count;
        answer.consume(count);
    }
    assert_eq!(length, LARGE);
    let sum = gongkai::domain::hex::encode(digest.finish().as_ref());
    assert_eq!(file["sha256"], sum);
    let both = peak(&server) - before;
    println!("the upload took {uploaded} KiB more, with the download {both} KiB");
    assert!(both < GROWTH, "{uploaded} KiB for the upload, {both} KiB in all");
}

#[test]
fn a_crash_during_an_upload_leaves_nothing_that_the_sweep_does_not_take() {
    let place = bureau();
    let folder = place.file("g.db.files");
    let serve = |place: &super::Place| {
        let mut serve = place.gongkai(&["serve"]);
        serve.env("GONGKAI_LOG", "warn");
        Running::start(serve)
    };
    let mut server = serve(&place);
    let token = log_in(server.address);
    let case = received(&server, &token);
    let (head, front, _) = upload_head(&case, &token, 20 * MIB);
    let mut stream = connected(server.address);
    write!(stream, "{head}{front}%PDF-").expect("a request");
    stream.write_all(&vec![b'x'; 10 * MIB]).expect("half a file");
    while all_files(&folder) == 0 {
        std::thread::yield_now();
    }
    server.signal("-KILL");
    server.ended();
    assert_eq!(all_files(&folder), 1, "half a file in the spool");
    // An hour goes by.
    let half = std::fs::read_dir(folder.join("spool")).expect("a folder").next();
    let half = half.expect("a file").expect("an entry").path();
    let half = std::fs::File::options().write(true).open(half).expect("a file");
    let written = half.metadata().and_then(|meta| meta.modified()).expect("a time");
    half.set_modified(written - Duration::from_hours(2)).expect("another time");
    let server = serve(&place);
    while all_files(&folder) > 0 {
        std::thread::yield_now();
    }
    let path = format!(
        "GET /api/v1/cases/{}/attachments HTTP/1.1\r\nAuthorization: Bearer {}\r\n",
        case["id"].as_str().expect("an id"),
        log_in(server.address)
    );
    let (status, list) = super::ask(server.address, &path, "").expect("an answer");
    assert_eq!((status, list.as_str()), (200, "{\"items\":[]}"));
}
