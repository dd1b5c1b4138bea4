//! Files of strangers: each is refused with a sentence, and none is believed.

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::*;
use crate::domain::{canonical, hex};
use crate::service::export::format::{EventLine, sha256_of};
use crate::service::tokens::Issuer;
use crate::store::chain::{GENESIS, hash_event};

type Entries = Vec<(String, Vec<u8>)>;

fn text(value: &Value) -> Vec<u8> {
    canonical::to_canonical(value).unwrap().into_bytes()
}

/// A small export that is whole: a case that was received and withdrawn.
fn export() -> Entries {
    let case = Uuid::from_u128(0x0195_0000_7000_8000_0000_0000_0000_0001);
    let mut events = Vec::new();
    let mut last = GENESIS;
    for (version, status) in [(1_i64, "received"), (2, "withdrawn")] {
        let body = text(&json!({
            "seq": version, "subject_kind": "case", "subject_id": case, "version": version,
            "action": "any", "input": {}, "after": { "status": status },
        }));
        let body = String::from_utf8(body).unwrap();
        let hash = hash_event(&last, &body);
        let (prev_hash, own) = (hex::encode(&last), hex::encode(&hash));
        let line = EventLine { seq: version, prev_hash, body, hash: own };
        events.extend(text(&serde_json::to_value(&line).unwrap()));
        events.push(b'\n');
        last = hash;
    }
    let issuer = Issuer::new(&[1; 32], &[]).unwrap();
    let key = issuer.public_keys().next().unwrap();
    let ledger = json!({
        "head": { "seq": 2, "hash": hex::encode(&last) },
        "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": key.key_id, "x": key.x }],
    });
    let view = json!({
        "id": case, "version": 2, "receipt_number": "SJ2025-000001", "case_number": null,
        "status": "withdrawn", "letters": [],
    });
    let mut entries = vec![
        ("case.json".to_owned(), text(&view)),
        ("events.jsonl".to_owned(), events),
        ("ledger.json".to_owned(), text(&ledger)),
        ("files.json".to_owned(), text(&json!({ "items": [] }))),
    ];
    let listed = entries.iter().zip(["case", "events", "ledger", "file_list"]).map(|((path, content), kind)| {
        json!({ "path": path, "kind": kind, "size": content.len(), "sha256": sha256_of(content) })
    });
    let manifest = text(&json!({
        "format": CASE_EXPORT, "format_version": 1, "agency": "长春市公安局",
        "made_at": "2025-03-10T02:00:00Z", "entries": listed.collect::<Vec<_>>(), "omitted": [],
        "case": { "id": case, "version": 2, "receipt_number": "SJ2025-000001", "case_number": null },
    }));
    let signed = text(&serde_json::to_value(issuer.sign(&manifest)).unwrap());
    entries.push((MANIFEST.to_owned(), manifest));
    entries.push(("manifest.sig".to_owned(), signed));
    entries
}

fn packed_by(entries: &Entries, options: SimpleFileOptions) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(name.as_str(), options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
}

fn packed(entries: &Entries) -> Vec<u8> {
    packed_by(entries, stored())
}

fn checked(bytes: &[u8]) -> Result<Report, Refused> {
    verify(&mut Cursor::new(bytes), &Trust::default())
}

/// The sentence of a refusal.
#[track_caller]
fn refused(bytes: &[u8]) -> String {
    match checked(bytes) {
        Err(refused) => refused.to_string(),
        Ok(report) => panic!("looked into: {report:?}"),
    }
}

/// Replaces a text of the same length wherever it stands, heads of entries and directory included.
fn renamed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut changed = bytes.to_vec();
    let mut seen = 0;
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            changed[at..at + to.len()].copy_from_slice(to.as_bytes());
            seen += 1;
        }
    }
    assert!(seen >= 2, "{from}");
    changed
}

#[test]
fn a_whole_one_is_whole() {
    let report = checked(&packed(&export())).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.counted.entries, report.counted.events), (4, 2));
    assert!(report.signed_by.is_some());
}

#[test]
fn what_is_no_kind_is_refused() {
    for bytes in
        [b"".as_slice(), b"P", b"%PDF-1.7", b"\x1f\x8b", b"[]", b"{", b"{}", b"{\"format\":7}"]
    {
        assert_eq!(refused(bytes), "the file is of no kind that can be verified");
    }
    let other = refused(b"{\"format\":\"gongkai.other\\u001b[31m\"}");
    assert!(other.starts_with("this version does not know files of the kind"), "{other}");
    assert!(!other.contains('\u{1b}'), "what a stranger writes moves no terminal");
    let deep = format!("{{\"format\":{}", "[".repeat(100_000));
    assert_eq!(refused(deep.as_bytes()), "the file is of no kind that can be verified");
    let mut entries = export();
    entries[4].1 = text(&json!({ "format": "another" }));
    assert!(refused(&packed(&entries)).contains("another"));
    let newer = |version: u32| {
        let mut entries = export();
        let mut manifest: Value = serde_json::from_slice(&entries[4].1).unwrap();
        manifest["format_version"] = json!(version);
        entries[4].1 = text(&manifest);
        packed(&entries)
    };
    assert!(refused(&newer(2)).contains("gongkai.case-export 2"));
    entries.remove(4);
    assert_eq!(refused(&packed(&entries)), "the archive has no manifest.json");
}

#[test]
fn what_unfolds_is_refused() {
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    assert!(refused(&packed_by(&export(), deflated)).contains("compressed"));
    let mut bomb = export();
    bomb.push(("files/zeros".to_owned(), vec![0; 20 * 1024 * 1024]));
    let bomb = packed_by(&bomb, deflated);
    assert!(bomb.len() < 100_000);
    assert!(refused(&bomb).contains("compressed"));
}

#[test]
fn paths_that_lead_out_are_refused() {
    let whole = packed(&export());
    for path in [
        "../e.json",
        "/ase.json",
        "C:/e.json",
        "a/../json",
        "ca\\e.json",
        "ca\0e.json",
        "case.jso/",
    ] {
        let found = checked(&renamed(&whole, "case.json", path));
        assert!(matches!(found, Err(Refused::Unsafe(_))), "{path:?}: {found:?}");
    }
    let mut linked = ZipWriter::new(Cursor::new(Vec::new()));
    linked.start_file(MANIFEST, stored()).unwrap();
    linked.write_all(&export()[4].1).unwrap();
    linked.add_symlink("case.json", "/etc/passwd", stored()).unwrap();
    assert!(refused(&linked.finish().unwrap().into_inner()).contains("leads out"));
}

#[test]
fn two_of_one_name_are_refused() {
    let mut entries = export();
    entries.push(("evil.json".to_owned(), b"{}".to_vec()));
    let twice = renamed(&packed(&entries), "evil.json", "case.json");
    assert!(refused(&twice).contains("one name"));
    // Where names are folded, they are one, too.
    let mut entries = export();
    entries.push(("CASE.json".to_owned(), b"{}".to_vec()));
    assert!(refused(&packed(&entries)).contains("one name"));
}

#[test]
fn what_stands_before_between_or_behind_is_refused() {
    let whole = packed(&export());
    let wrapped = [b"MZ".as_slice(), &whole].concat();
    assert_eq!(refused(&wrapped), "the file is of no kind that can be verified");
    let front = [b"PK\x03\x04".as_slice(), &whole].concat();
    assert!(refused(&front).starts_with("the archive is not as such archives are"));
    assert!(refused(&[&whole, b"x".as_slice()].concat()).contains("cut off"));
    for length in [4, 22, whole.len() / 2, whole.len() - 1] {
        assert!(refused(&whole[..length]).starts_with("the archive is not"), "{length}");
    }
    // An entry that the directory does not name any more: its bytes are still there.
    let mut entries = export();
    entries.insert(1, ("hidden".to_owned(), vec![b'h'; 100]));
    let full = packed(&entries);
    let record = central_record(&full, "hidden");
    let mut without = full.clone();
    without.drain(record.clone());
    let end = without.len() - 22;
    let shrink = |bytes: &mut [u8], at: usize, by: u32| {
        let was = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        bytes[at..at + 4].copy_from_slice(&(was - by).to_le_bytes());
    };
    let length = u32::try_from(record.len()).unwrap();
    shrink(&mut without, end + 12, length);
    for at in [end + 8, end + 10] {
        let was = u16::from_le_bytes(without[at..at + 2].try_into().unwrap());
        without[at..at + 2].copy_from_slice(&(was - 1).to_le_bytes());
    }
    assert!(refused(&without).contains("hidden between"));
}

/// Where the record of an entry stands in the directory.
fn central_record(bytes: &[u8], name: &str) -> std::ops::Range<usize> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let entry = archive.by_name(name).unwrap();
    let start = usize::try_from(entry.central_header_start()).unwrap();
    let short = |at: usize| usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()));
    start..start + 46 + short(start + 28) + short(start + 30) + short(start + 32)
}

#[test]
fn lengths_are_not_believed() {
    let whole = packed(&export());
    let end = whole.len() - 22;
    // Sixty thousand entries, a directory of gigabytes, an entry of four.
    for (at, bytes) in [(end + 8, 0xEA60_EA60_u32), (end + 12, u32::MAX), (end + 16, u32::MAX)] {
        let mut liar = whole.clone();
        liar[at..at + 4].copy_from_slice(&bytes.to_le_bytes());
        assert!(refused(&liar).starts_with("the archive is not as such"), "{at}");
    }
    for field in [20, 24] {
        let mut liar = whole.clone();
        let at = central_record(&whole, "case.json").start + field;
        liar[at..at + 4].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
        assert!(refused(&liar).starts_with("the archive is not as such"), "{field}");
    }
    let mut claims = export();
    let mut manifest: Value = serde_json::from_slice(&claims[4].1).unwrap();
    manifest["entries"][0]["size"] = json!(9_007_199_254_740_000_u64);
    claims[4].1 = text(&manifest);
    let report = checked(&packed(&claims)).unwrap();
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::SizeDiffers));
    let mut long = export();
    long[4].1.resize(5 * 1024 * 1024, b' ');
    assert_eq!(refused(&packed(&long)), "manifest.json is larger than it can be");
    let mut long = export();
    long[1].1 = vec![b'x'; 17 * 1024 * 1024];
    assert_eq!(refused(&packed(&long)), "a line of the events is larger than it can be");
}

#[test]
fn findings_have_an_end() {
    let mut entries = export();
    entries[1].1 = b"x\n".repeat(100_000);
    let report = checked(&packed(&entries)).unwrap();
    assert_eq!(report.findings.len(), report::FINDINGS_AT_MOST);
}

/// What is in an archive, by its names.
fn contents(bytes: &[u8]) -> Option<std::collections::BTreeMap<String, Vec<u8>>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let each = (0..archive.len()).map(|at| {
        let mut entry = archive.by_index(at).ok()?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).ok()?;
        Some((entry.name().ok()?.into_owned(), content))
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed, nothing panics, and what is called whole has the content that it had.
    #[test]
    fn no_change_of_content_is_called_whole(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let whole = packed(&export());
        let mut changed = whole.clone();
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed[at] = byte;
        }
        if let Some(cut) = cut {
            changed.truncate(cut.index(changed.len()));
        }
        if let Ok(report) = checked(&changed) && report.is_whole() {
            prop_assert_eq!(contents(&changed), contents(&whole));
        }
    }
}
