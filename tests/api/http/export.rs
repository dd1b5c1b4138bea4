//! A case taken out as one file, and the check of that file: what is in it, who gets it, and that
//! every change of it is told.

use std::io::{Cursor, Read as _, Write as _};
use std::sync::Arc;

use futures_util::StreamExt as _;
use gongkai::domain::actor::CaseScope;
use gongkai::domain::canonical::to_canonical;
use gongkai::domain::ids::CaseId;
use gongkai::http::case_export;
use gongkai::service::export::format::{Absence, EntryKind, Manifest, sha256_of};
use gongkai::service::export::{self, ExportError};
use gongkai::service::tokens::Issuer;
use gongkai::service::verify::{Fault, Refused, Report, Trust, Unproven, VerifyKey, verify};
use gongkai::store::audit;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::archive::served;
use super::files::{PDF, attached};
use crate::support::client::Api;
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

fn path(case: &Value) -> String {
    format!("{}/export", case["links"]["self"].as_str().unwrap())
}

async fn taken_out(api: &Api, case: &Value) -> Vec<u8> {
    let answer = api.get(Who::Clerk, &path(case)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.bytes.to_vec()
}

fn checked(bytes: &[u8], trust: &Trust) -> Report {
    verify(&mut Cursor::new(bytes), trust).unwrap()
}

fn faults(report: &Report) -> Vec<Fault> {
    report.findings.iter().map(|finding| finding.fault).collect()
}

/// The keys that the server tells everybody.
async fn keys(api: &Api) -> Trust {
    let keys = api.get(Who::Clerk, "/.well-known/jwks.json").await.text;
    Trust { keys: Some(VerifyKey::read(&keys).unwrap()), anchors: Vec::new() }
}

/// A case with everything that a case can have in its file: letters, one of them void, files, one of
/// them taken down, and put away.
async fn full(api: &Api) -> Value {
    let mut case = api.assigned(Place::CenterA).await;
    let gone = attached(api, &mut case, "other", "误传.pdf", PDF).await;
    let down = json!({ "attachment_id": gone["id"], "reason": "误传" });
    case = api.done(Who::OfficerA, &case, "detach", &down).await;
    let ask = json!({ "items": "年度不明", "guidance": "请写明年度" });
    case = api.done(Who::Clerk, &case, "request-supplement", &ask).await;
    let void = json!({ "letter_id": case["letters"][0]["id"], "reason": "印制有误" });
    case = api.done(Who::Clerk, &case, "void-letter", &void).await;
    attached(api, &mut case, "application", "申请书.pdf", PDF).await;
    let body = json!({ "reason": "申请人撤回" });
    case = api.done(Who::Clerk, &case, "withdraw", &body).await;
    api.done(Who::Clerk, &case, "archive", &json!({})).await
}

/// The entries of an archive, in their order.
fn entries(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

fn packed(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in entries {
        archive.start_file(name.as_str(), plain).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn place_of(entries: &[(String, Vec<u8>)], kind: EntryKind) -> usize {
    let manifest = manifest(entries);
    let path = &manifest.entries.iter().find(|entry| entry.kind == kind).unwrap().path;
    entries.iter().position(|(name, _)| name == path).unwrap()
}

fn manifest(entries: &[(String, Vec<u8>)]) -> Manifest {
    let (_, text) = entries.iter().find(|(name, _)| name == "manifest.json").unwrap();
    serde_json::from_slice(text).unwrap()
}

/// What somebody makes of an archive who can do everything but sign by the server's key: all lengths
/// and digests are right again, and his own key is in the place of the server's.
fn forged(bytes: &[u8], change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<u8> {
    let mut entries = entries(bytes);
    change(&mut entries);
    let own = Issuer::new(&[7; 32], &[]).unwrap();
    let key = own.public_keys().next().unwrap();
    let ledger = entries.iter_mut().find(|(name, _)| name == "ledger.json").unwrap();
    let mut said: Value = serde_json::from_slice(&ledger.1).unwrap();
    said["keys"] = json!([{ "kty": "OKP", "crv": "Ed25519", "kid": key.key_id, "x": key.x }]);
    ledger.1 = to_canonical(&said).unwrap().into_bytes();
    let mut listed = manifest(&entries);
    listed.entries.retain(|entry| entries.iter().any(|(name, _)| *name == entry.path));
    for entry in &mut listed.entries {
        let (_, content) = entries.iter().find(|(name, _)| *name == entry.path).unwrap();
        (entry.size, entry.sha256) = (content.len() as u64, sha256_of(content));
    }
    entries.retain(|(name, _)| !name.starts_with("manifest."));
    let text = to_canonical(&serde_json::to_value(&listed).unwrap()).unwrap();
    let signed = serde_json::to_value(own.sign(text.as_bytes())).unwrap();
    entries.push(("manifest.json".to_owned(), text.into_bytes()));
    entries.push(("manifest.sig".to_owned(), to_canonical(&signed).unwrap().into_bytes()));
    packed(&entries)
}

on_both! {
    async fn the_export_verifies(api: Api) {
        let case = full(&api).await;
        let answer = api.get(Who::Clerk, &path(&case)).await;
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        let name = answer.header("content-disposition").unwrap();
        assert!(name.starts_with("attachment") && name.contains(case["receipt_number"].as_str().unwrap()), "{name}");
        assert_eq!((answer.header("cache-control"), answer.header("content-encoding")), (Some("no-store"), None));
        let bytes = answer.bytes.to_vec();
        let head = audit::head(&mut api.world.db.connect()).unwrap();
        let trust = Trust { anchors: vec![head], ..keys(&api).await };
        let report = checked(&bytes, &trust);
        assert_eq!(report.findings, []);
        assert!(report.signed_by.as_ref().is_some_and(|by| by.trusted));
        let counted = report.counted;
        assert_eq!((counted.letters, counted.files, counted.anchors), (3, 1, 1));
        assert_eq!(i64::try_from(counted.events).unwrap(), case["version"].as_i64().unwrap());
        assert!(report.subject.contains(case["case_number"].as_str().unwrap()), "{}", report.subject);
        assert_eq!(report.unproven, [Unproven::Chain, Unproven::Sealed, Unproven::Renderings, Unproven::Omitted]);
        // By its own key it proves less, and says so.
        let alone = checked(&bytes, &Trust::default());
        assert!(alone.is_whole() && alone.signed_by.as_ref().is_some_and(|by| !by.trusted));
        assert!(alone.unproven.contains(&Unproven::Origin) && alone.unproven.contains(&Unproven::Anchors));

        let entries = entries(&bytes);
        let listed = manifest(&entries);
        let of = |kind| &entries[place_of(&entries, kind)].1;
        let view: Value = serde_json::from_slice(of(EntryKind::Case)).unwrap();
        assert_eq!(view, api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json());
        assert_eq!(of(EntryKind::File), PDF);
        let list: Value = serde_json::from_slice(of(EntryKind::FileList)).unwrap();
        assert_eq!((list["items"][0]["detached"]["reason"].as_str(), list["items"][1]["purpose"].as_str()), (Some("误传"), Some("application")));
        assert!(of(EntryKind::LetterDocx).starts_with(b"PK"));
        assert!(of(EntryKind::LetterPdf).starts_with(b"%PDF-"));
        assert!(String::from_utf8_lossy(of(EntryKind::LetterHtml)).contains("作废"), "the first was declared void");
        let omitted: Vec<_> = listed.omitted.iter().map(|left| (left.kind, left.because)).collect();
        assert_eq!(omitted, [(EntryKind::File, Absence::Detached)]);
        assert!(entries.iter().any(|(name, _)| name == "letters/03_长公公开结〔2025〕1号.json"));
        assert!(entries.iter().any(|(name, _)| name.ends_with("_申请书.pdf") && name.starts_with("files/")));
        // Numbers and addresses are masked here as everywhere.
        let all: Vec<u8> = entries.iter().flat_map(|(_, content)| content.clone()).collect();
        for secret in ["220102199003071235", "13800000000"] {
            assert!(!all.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
        // The same case at the same moment gives the same file.
        assert_eq!(taken_out(&api, &case).await, bytes);
    }
}

on_both! {
    async fn only_who_may_gets_it(api: Api) {
        let case = served(&api).await;
        let before = api.traces();
        for who in [Who::OfficerA, Who::WindowA, Who::OfficerB, Who::Supervisor, Who::Auditor, Who::Admin] {
            let answer = api.get(who, &path(&case)).await;
            assert_eq!(answer.verdict(), (403, "role_not_permitted".to_owned()), "{who:?}");
        }
        let nothing = "/api/v1/cases/01900000-0000-7000-8000-000000000000/export";
        for who in [Who::Clerk, Who::Legal] {
            assert_eq!(api.get(who, &path(&case)).await.status, 200, "{who:?}");
            assert_eq!(api.get(who, nothing).await.verdict(), (404, "not_found".to_owned()), "{who:?}");
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn each_byte_that_is_changed_is_told(api: Api) {
        let case = full(&api).await;
        let bytes = taken_out(&api, &case).await;
        let trust = keys(&api).await;
        let whole = entries(&bytes);
        for (at, (name, content)) in whole.iter().enumerate() {
            // In the archive as it is, where its own digest tells already.
            let start = {
                let mut archive = ZipArchive::new(Cursor::new(&bytes)).unwrap();
                let entry = archive.by_index(at).unwrap();
                usize::try_from(entry.data_start().unwrap()).unwrap()
            };
            for place in [0, content.len() / 2, content.len() - 1] {
                let mut changed = bytes.clone();
                changed[start + place] ^= 1;
                let told = match verify(&mut Cursor::new(&changed), &trust) {
                    Ok(report) => report.findings.iter().any(|finding| finding.place.starts_with(name.as_str())),
                    Err(Refused::Unsafe(_) | Refused::NoKind) => name == "manifest.json",
                    Err(other) => panic!("{name}: {other}"),
                };
                assert!(told, "{name} at {place}");
                // And in one that was packed anew.
                let mut anew = whole.clone();
                anew[at].1[place] ^= 1;
                match verify(&mut Cursor::new(packed(&anew)), &trust) {
                    Ok(report) => assert!(!report.is_whole(), "{name} at {place}"),
                    Err(Refused::NoKind | Refused::UnknownKind(_)) => assert_eq!(name, "manifest.json"),
                    Err(other) => panic!("{name}: {other}"),
                }
            }
        }
    }
}

on_both! {
    async fn what_is_added_or_left_out_is_told(api: Api) {
        let case = full(&api).await;
        let bytes = taken_out(&api, &case).await;
        let trust = keys(&api).await;
        let whole = entries(&bytes);
        assert!(checked(&packed(&whole), &trust).is_whole(), "the order and the tool do not matter");
        let mut more = whole.clone();
        more.push(("letters/99_x.json".to_owned(), b"{}".to_vec()));
        assert_eq!(faults(&checked(&packed(&more), &trust)), [Fault::EntryUnlisted]);
        for (at, (name, _)) in whole.iter().enumerate() {
            let mut less = whole.clone();
            less.remove(at);
            match verify(&mut Cursor::new(packed(&less)), &trust) {
                Ok(report) => assert!(faults(&report).contains(&Fault::EntryMissing), "{name}: {report:?}"),
                Err(refused) => assert!(name == "manifest.json" && matches!(refused, Refused::Lacks(_)), "{name}: {refused}"),
            }
        }
        let other = Issuer::new(&[9; 32], &[]).unwrap();
        let key = other.public_keys().next().unwrap();
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "x", "x": key.x }).to_string();
        let strangers = Trust { keys: Some(VerifyKey::read(&jwk).unwrap()), anchors: Vec::new() };
        assert_eq!(faults(&checked(&bytes, &strangers)), [Fault::KeyUnknown]);
    }
}

on_both! {
    async fn a_forger_without_the_key_is_told_by_the_ledger(api: Api) {
        let case = full(&api).await;
        let bytes = taken_out(&api, &case).await;
        let trust = keys(&api).await;
        let same = forged(&bytes, |_| ());
        assert_eq!(faults(&checked(&same, &trust)), [Fault::KeyUnknown], "his key is none of those that are believed");
        assert!(checked(&same, &Trust::default()).is_whole(), "without a key nothing says who signed");

        let edit = |kind: EntryKind, from: &str, to: &str| {
            forged(&bytes, |entries| {
                let at = place_of(entries, kind);
                let text = String::from_utf8(entries[at].1.clone()).unwrap();
                assert!(text.contains(from), "{kind} {from}: {text}");
                entries[at].1 = text.replacen(from, to, 1).into_bytes();
            })
        };
        for (what, forged, fault) in [
            ("a letter", edit(EntryKind::Letter, "年度不明", "年度很明"), Fault::LetterDiffers),
            ("a letter that is none", edit(EntryKind::Letter, "\"kind\"", "\"kinds\""), Fault::LetterForm),
            ("a letter in another order", edit(EntryKind::Letter, "{", "{ "), Fault::LetterForm),
            ("a file", edit(EntryKind::File, "obj", "OBJ"), Fault::FileDiffers),
            ("the status", edit(EntryKind::Case, "\"status\":\"withdrawn\"", "\"status\":\"lapsed\""), Fault::CaseDiffers),
            ("the list of files", edit(EntryKind::FileList, "\"detached\":null", "\"detached\":{}"), Fault::CaseDiffers),
            ("the version", edit(EntryKind::Case, "\"version\":", "\"version\":1"), Fault::CaseDiffers),
            ("an event's text", edit(EntryKind::Events, "印制有误", "印制无误"), Fault::EventHash),
            ("an event's number", edit(EntryKind::Events, "\"seq\":", "\"seq\":9"), Fault::EventForeign),
            ("a line that is no event", edit(EntryKind::Events, "\"hash\"", "\"hush\""), Fault::EventForm),
            ("the head", edit(EntryKind::Ledger, "\"seq\":", "\"seq\":\"\",\"x\":"), Fault::LedgerForm),
        ] {
            let found = faults(&checked(&forged, &Trust::default()));
            assert!(found.contains(&fault), "{what}: {found:?}");
        }
    }
}

on_both! {
    async fn what_a_forger_takes_out_of_the_history_is_told(api: Api) {
        let case = full(&api).await;
        let bytes = taken_out(&api, &case).await;
        let events = |change: fn(&mut Vec<String>)| {
            forged(&bytes, |entries| {
                let at = place_of(entries, EntryKind::Events);
                let text = String::from_utf8(entries[at].1.clone()).unwrap();
                let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
                change(&mut lines);
                entries[at].1 = lines.concat().into_bytes();
            })
        };
        for (what, forged) in [
            ("an event is missing", events(|lines| drop(lines.remove(2)))),
            ("the first is missing", events(|lines| drop(lines.remove(0)))),
            ("the last is missing", events(|lines| drop(lines.pop()))),
            ("two are exchanged", events(|lines| lines.swap(1, 2))),
            ("one stands twice", events(|lines| lines.insert(1, lines[1].clone()))),
        ] {
            let found = faults(&checked(&forged, &Trust::default()));
            assert!(found.contains(&Fault::EventOrder), "{what}: {found:?}");
        }
        let without = |kind: EntryKind| {
            forged(&bytes, |entries| drop(entries.remove(place_of(entries, kind))))
        };
        assert!(faults(&checked(&without(EntryKind::Letter), &Trust::default())).contains(&Fault::LetterMissing));
        assert!(faults(&checked(&without(EntryKind::File), &Trust::default())).contains(&Fault::FileMissing));
    }
}

on_both! {
    async fn a_history_that_is_written_anew_is_told_by_a_head_that_was_kept(api: Api) {
        let case = full(&api).await;
        let bytes = taken_out(&api, &case).await;
        let anchored = Trust { keys: None, anchors: vec![audit::head(&mut api.world.db.connect()).unwrap()] };
        let rewritten = forged(&bytes, |entries| {
            let at = place_of(entries, EntryKind::Events);
            let text = String::from_utf8(entries[at].1.clone()).unwrap();
            let mut last = gongkai::store::chain::GENESIS;
            let lines = text.lines().map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                let body = line["body"].as_str().unwrap().replace("印制有误", "印制无误");
                let own = gongkai::domain::hex::decode::<32>(line["prev_hash"].as_str().unwrap()).unwrap();
                let prev = if last == gongkai::store::chain::GENESIS { own } else { last };
                last = gongkai::store::chain::hash_event(&prev, &body);
                line["prev_hash"] = json!(gongkai::domain::hex::encode(&prev));
                line["hash"] = json!(gongkai::domain::hex::encode(&last));
                line["body"] = json!(body);
                format!("{}\n", to_canonical(&line).unwrap())
            });
            let text: String = lines.collect();
            entries[at].1 = text.into_bytes();
            let at = place_of(entries, EntryKind::Ledger);
            let mut ledger: Value = serde_json::from_slice(&entries[at].1).unwrap();
            ledger["head"]["hash"] = json!(gongkai::domain::hex::encode(&last));
            entries[at].1 = to_canonical(&ledger).unwrap().into_bytes();
        });
        assert_eq!(faults(&checked(&rewritten, &Trust::default())), []);
        assert!(faults(&checked(&rewritten, &anchored)).contains(&Fault::AnchorDiffers));
    }
}

/// The archive of a case as the service gives it, before it is an answer.
async fn begun(api: &Api, case: &Value) -> Result<export::Pieces, ExportError> {
    let app = &api.world.app;
    let id = CaseId(case["id"].as_str().unwrap().parse().unwrap());
    let case = app.store.case(&CaseScope::All, id).await.unwrap().unwrap();
    let directory = app.store.directory().await.unwrap();
    let actor = directory.actor(api.world.user(Who::Clerk)).unwrap();
    let dress = case_export::dress(app, &actor, &case).await.unwrap();
    export::begin(Arc::clone(app), case, dress)
}

on_both! {
    async fn what_cannot_be_read_breaks_off(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        attached(&api, &mut case, "application", "申请书.pdf", PDF).await;
        let mut files = vec![api.world.files()];
        while let Some(folder) = files.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() {
                    files.push(entry.path());
                } else {
                    // Of the same length, so that only its digest tells.
                    std::fs::write(entry.path(), vec![b'x'; PDF.len()]).unwrap();
                }
            }
        }
        let pieces: Vec<_> = begun(&api, &case).await.unwrap().collect().await;
        let (last, rest) = pieces.split_last().unwrap();
        assert!(matches!(last, Err(ExportError::Files(_))), "{last:?}");
        let bytes: Vec<u8> = rest.iter().flat_map(|piece| piece.as_ref().unwrap().to_vec()).collect();
        let found = verify(&mut Cursor::new(&bytes), &Trust::default());
        assert!(matches!(found, Err(Refused::Unsafe(_) | Refused::NoKind)), "{found:?}");
    }
}

on_both! {
    async fn so_many_at_once_and_no_more(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        // More than waits for a reader that does not read.
        let large = [PDF, &vec![b' '; 2 * 1024 * 1024], b"%%EOF\n"].concat();
        attached(&api, &mut case, "application", "大.pdf", &large).await;
        let mut under_way = Vec::new();
        while under_way.len() < 4 {
            under_way.push(begun(&api, &case).await.unwrap());
        }
        assert!(matches!(begun(&api, &case).await, Err(ExportError::Busy)));
        let answer = api.get(Who::Clerk, &path(&case)).await;
        assert_eq!(answer.verdict(), (503, "queue_full".to_owned()));
        // Each that has come to its end makes room.
        let whole: Vec<_> = under_way.pop().unwrap().collect().await;
        assert!(whole.iter().all(Result::is_ok));
        assert_eq!(api.get(Who::Clerk, &path(&case)).await.status, 200);
    }
}

async fn without_fonts(backend: Backend) {
    let change = |settings: &mut gongkai::config::Settings| settings.fonts.folders.clear();
    let api = Api::on(World::with_settings(backend, change).await).await;
    let case = served(&api).await;
    let bytes = taken_out(&api, &case).await;
    let listed = manifest(&entries(&bytes));
    let omitted: Vec<_> = listed.omitted.iter().map(|left| (left.kind, left.because)).collect();
    // The answer and the sheet of its reviews.
    assert_eq!(omitted, [(EntryKind::LetterPdf, Absence::NoFont); 2]);
    let report = checked(&bytes, &keys(&api).await);
    assert!(report.is_whole() && report.unproven.contains(&Unproven::Omitted), "{report:?}");
}

#[test]
fn without_fonts_it_has_no_pdf_and_says_so() {
    for backend in [Backend::Postgres, Backend::Sqlite] {
        crate::support::run(without_fonts(backend));
    }
}
