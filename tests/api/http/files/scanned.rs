//! Uploads that are scanned, against a stand-in for clamd.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;

use gongkai::config::Settings;
use serde_json::Value;

use super::{PDF, all_files, attached, upload};
use crate::support::client::Api;
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::{Place, World};

/// What the stand-in takes for malware.
const MALWARE: &[u8] = b"X5O!-a-signature-of-the-tests";
/// What makes it say that it cannot tell.
const TOO_MUCH: &[u8] = b"more-than-I-take";

/// A scanner that speaks INSTREAM (clamd(8)); it lives as long as the tests.
fn scanner() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        std::thread::spawn(move || {
            for one in listener.incoming().flatten() {
                std::thread::spawn(move || drop(scan(one)));
            }
        });
        address
    })
}

fn scan(mut stream: TcpStream) -> std::io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command)?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut whole = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 {
            break;
        }
        let start = whole.len();
        whole.resize(start + length, 0);
        stream.read_exact(&mut whole[start..])?;
        if holds(&whole, TOO_MUCH) {
            return stream.write_all(b"INSTREAM size limit exceeded. ERROR\0");
        }
    }
    let found = holds(&whole, MALWARE);
    stream.write_all(if found { b"stream: Test.Malware FOUND\0" } else { b"stream: OK\0" })
}

fn holds(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

fn scanned(settings: &mut Settings) {
    settings.files.scan = Some(scanner().to_owned());
}

fn with(part: &[u8]) -> Vec<u8> {
    [&PDF[..9], part, &PDF[9..]].concat()
}

async fn refused(api: &Api, case: &Value, content: &[u8]) -> (u16, String) {
    let before = api.traces();
    let answer = upload(api, case, "draft", "a.pdf", content).await;
    assert_eq!(api.traces(), before);
    assert_eq!(all_files(&api.world.files()), 0, "nothing of it stays");
    answer.verdict()
}

on_both!(malware_is_refused);
async fn malware_is_refused(backend: Backend) {
    let api = Api::on(World::with_settings(backend, scanned).await).await;
    let mut case = api.assigned(Place::CenterA).await;
    let infected = refused(&api, &case, &with(MALWARE)).await;
    assert_eq!(infected, (422, "file_infected".to_owned()));
    let unsure = refused(&api, &case, &with(TOO_MUCH)).await;
    assert_eq!(unsure, (503, "scanner_unavailable".to_owned()));
    attached(&api, &mut case, "draft", "a.pdf", PDF).await;
    assert_eq!(all_files(&api.world.files()), 1);
}

on_both!(while_the_scanner_is_away_nothing_is_taken);
async fn while_the_scanner_is_away_nothing_is_taken(backend: Backend) {
    let away = |settings: &mut Settings| {
        // A port that was free a moment ago.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        settings.files.scan = Some(listener.local_addr().expect("an address").to_string());
    };
    let api = Api::on(World::with_settings(backend, away).await).await;
    let case = api.assigned(Place::CenterA).await;
    assert_eq!(refused(&api, &case, PDF).await, (503, "scanner_unavailable".to_owned()));
}
