//! A case as one file: every byte against the manifest, the manifest against its signature, and what
//! is in it against what the ledger's events say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

use super::container::Container;
use super::events::{Reader, Told};
use super::keys::VerifyKey;
use super::report::{Counted, Fault, Refused, Report, SignedBy, Unproven};
use super::{Trust, shown};
use crate::domain::canonical;
use crate::domain::hex;
use crate::domain::letter::{ContentHash, Sheet};
use crate::service::export::format::{
    ALGORITHM, CASE_EXPORT, CASE_EXPORT_VERSION, Entry, EntryKind, LedgerMark, MANIFEST, Manifest,
    SIGNATURE, Signed,
};
use crate::store::chain::Head;

/// The longest signature, in bytes.
const SIGNATURE_AT_MOST: u64 = 4 * 1024;
/// The longest text of a case or a letter, in bytes.
const TEXT_AT_MOST: u64 = 16 * 1024 * 1024;
/// The longest word on the ledger, in bytes.
const LEDGER_AT_MOST: u64 = 1024 * 1024;

/// Checks it.
pub(super) fn verify<F: Read + Seek>(
    archive: &mut Container<'_, F>,
    text: &[u8],
    trust: &Trust,
) -> Result<Report, Refused> {
    let mut report = Report {
        kind: CASE_EXPORT,
        subject: String::new(),
        signed_by: None,
        counted: Counted::default(),
        findings: Vec::new(),
        unproven: Vec::new(),
    };
    let Ok(manifest) = serde_json::from_slice::<Manifest>(text) else {
        report.find(MANIFEST, Fault::ManifestForm);
        return Ok(report);
    };
    if manifest.format_version != CASE_EXPORT_VERSION {
        return Err(Refused::UnknownKind(format!("{CASE_EXPORT} {}", manifest.format_version)));
    }
    if !is_canonical(text) {
        report.find(MANIFEST, Fault::ManifestForm);
    }
    let case = &manifest.case;
    let number = case.case_number.as_ref().unwrap_or(&case.receipt_number);
    report.subject = format!("{}, {}, version {}", shown(number), case.id, case.version);
    let mut check = Check { archive, manifest: &manifest, trust, report, held: BTreeMap::new() };
    check.entries();
    check.signature(text)?;
    let told = check.events()?;
    check.letters(&told)?;
    check.files(&told);
    check.file_list(&told)?;
    check.case(&told)?;
    let reached = check.ledger(&told)?;
    check.unproven(&told, reached);
    Ok(check.report)
}

/// Is it the one text that its content has (RFC 8785)?
fn is_canonical(text: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(text).ok();
    let again = value.and_then(|value| canonical::to_canonical(&value).ok());
    again.is_some_and(|again| again.as_bytes() == text)
}

struct Check<'a, 'f, F: Read + Seek> {
    archive: &'a mut Container<'f, F>,
    manifest: &'a Manifest,
    trust: &'a Trust,
    report: Report,
    /// The entries of the manifest that are there, by path.
    held: BTreeMap<&'a str, &'a Entry>,
}

impl<'a, F: Read + Seek> Check<'a, '_, F> {
    /// Every entry is there with its bytes, and nothing beside.
    fn entries(&mut self) {
        let present: BTreeSet<String> = self.archive.names().map(str::to_owned).collect();
        let mut listed = BTreeSet::from([MANIFEST, SIGNATURE]);
        for entry in &self.manifest.entries {
            let path = entry.path.as_str();
            if !listed.insert(path) {
                self.report.find(path, Fault::EntryRepeated);
                continue;
            }
            if !present.contains(path) {
                self.report.find(path, Fault::EntryMissing);
                continue;
            }
            match self.archive.digest(path) {
                Some((size, _)) if size != entry.size => {
                    self.report.find(path, Fault::SizeDiffers);
                }
                Some((_, sha256)) if sha256 == entry.sha256 => {}
                Some(_) | None => self.report.find(path, Fault::DigestDiffers),
            }
            self.held.insert(path, entry);
        }
        for path in present.iter().filter(|path| !listed.contains(path.as_str())) {
            self.report.find(path.as_str(), Fault::EntryUnlisted);
        }
        self.report.counted.entries = self.manifest.entries.len();
    }

    /// The one entry of a kind that a file has once.
    fn only(&mut self, kind: EntryKind) -> Option<&'a str> {
        let mut found = self.held.values().filter(|entry| entry.kind == kind);
        let path = found.next().map(|entry| entry.path.as_str());
        if path.is_none() || found.next().is_some() {
            self.report.find(kind.as_str(), Fault::EntryMissing);
        }
        path
    }

    /// An entry as text. What is damaged or changed has been told; nothing more is said of it.
    fn text(&mut self, path: &str, most: u64) -> Result<Option<Vec<u8>>, Refused> {
        match self.archive.text(path, most) {
            Ok(text) => Ok(Some(text)),
            Err(Refused::Unsafe(_) | Refused::Lacks(_)) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    fn signature(&mut self, text: &[u8]) -> Result<(), Refused> {
        let Some(signed) = self.text(SIGNATURE, SIGNATURE_AT_MOST)? else {
            self.report.find(SIGNATURE, Fault::EntryMissing);
            return Ok(());
        };
        let read = serde_json::from_slice::<Signed>(&signed)
            .ok()
            .filter(|signed| signed.algorithm == ALGORITHM);
        let bytes = read.as_ref().and_then(|s| URL_SAFE_NO_PAD.decode(&s.signature).ok());
        let (Some(read), Some(bytes)) = (read, bytes.filter(|_| is_canonical(&signed))) else {
            self.report.find(SIGNATURE, Fault::SignatureForm);
            return Ok(());
        };
        let own = match &self.trust.keys {
            Some(_) => Vec::new(),
            None => self.own_keys()?,
        };
        let keys = self.trust.keys.as_ref().unwrap_or(&own);
        match keys.iter().find(|key| key.id == read.key_id) {
            None => self.report.find(SIGNATURE, Fault::KeyUnknown),
            Some(key) if key.has_signed(text, &bytes) => {
                let trusted = self.trust.keys.is_some();
                self.report.signed_by = Some(SignedBy { key_id: key.id.clone(), trusted });
            }
            Some(_) => self.report.find(SIGNATURE, Fault::SignatureWrong),
        }
        Ok(())
    }

    /// The keys that the file brings along.
    fn own_keys(&mut self) -> Result<Vec<VerifyKey>, Refused> {
        let ledger = self.held.values().find(|entry| entry.kind == EntryKind::Ledger);
        let Some(path) = ledger.map(|entry| entry.path.as_str()) else { return Ok(Vec::new()) };
        let text = self.text(path, LEDGER_AT_MOST)?.unwrap_or_default();
        let ledger = serde_json::from_slice::<LedgerMark>(&text).ok();
        let keys = ledger.map(|ledger| ledger.keys).unwrap_or_default();
        Ok(keys.iter().filter_map(VerifyKey::of_mark).collect())
    }

    fn events(&mut self) -> Result<Told, Refused> {
        let Some(path) = self.only(EntryKind::Events) else { return Ok(Told::default()) };
        let mut reader = Reader::new(self.manifest.case.id, &self.trust.anchors, path);
        let report = &mut self.report;
        match self.archive.read(path, &mut |piece| reader.take(piece, report)) {
            Ok(()) | Err(Refused::Unsafe(_)) => {}
            Err(refused) => return Err(refused),
        }
        let told = reader.told(&mut self.report);
        if told.version != self.manifest.case.version {
            self.report.find(path, Fault::EventOrder);
        }
        Ok(told)
    }

    fn of_kind(&self, kind: EntryKind) -> Vec<&'a Entry> {
        self.manifest.entries.iter().filter(|entry| entry.kind == kind).collect()
    }

    /// The frozen content of every letter is what the ledger says was issued.
    fn letters(&mut self, told: &Told) -> Result<(), Refused> {
        let mut missing: BTreeSet<Uuid> = told.letters.keys().copied().collect();
        for entry in self.of_kind(EntryKind::Letter) {
            self.report.counted.letters += 1;
            let path = entry.path.as_str();
            let Some(known) = entry.id.and_then(|id| {
                missing.remove(&id);
                told.letters.get(&id)
            }) else {
                self.report.find(path, Fault::LetterUnknown);
                continue;
            };
            let Some(text) = self.text(path, TEXT_AT_MOST)? else { continue };
            let sheet = serde_json::from_slice::<Sheet>(&text).ok();
            let frozen = sheet.and_then(|sheet| sheet.canonical().ok());
            match frozen.filter(|frozen| frozen.as_bytes() == text) {
                None => self.report.find(path, Fault::LetterForm),
                Some(frozen) if ContentHash::of(&frozen).to_string() == *known => {}
                Some(_) => self.report.find(path, Fault::LetterDiffers),
            }
        }
        for id in missing {
            self.report.find(format!("letter {id}"), Fault::LetterMissing);
        }
        for kind in [EntryKind::LetterHtml, EntryKind::LetterDocx, EntryKind::LetterPdf] {
            for entry in self.of_kind(kind) {
                if entry.id.is_none_or(|id| !told.letters.contains_key(&id)) {
                    self.report.find(entry.path.as_str(), Fault::LetterUnknown);
                }
            }
        }
        Ok(())
    }

    /// Every file is the one that the ledger says was attached. Its bytes have been digested.
    fn files(&mut self, told: &Told) {
        let mut missing: BTreeSet<Uuid> = told.files.keys().copied().collect();
        for entry in self.of_kind(EntryKind::File) {
            self.report.counted.files += 1;
            let known = entry.id.and_then(|id| {
                missing.remove(&id);
                told.files.get(&id)
            });
            match known {
                None => self.report.find(entry.path.as_str(), Fault::FileUnknown),
                Some(known) if *known == (Some(entry.sha256), Some(entry.size)) => {}
                Some(_) => self.report.find(entry.path.as_str(), Fault::FileDiffers),
            }
        }
        for id in missing {
            self.report.find(format!("file {id}"), Fault::FileMissing);
        }
    }

    /// What is said of the files names those that the ledger knows, but for what was taken down.
    fn file_list(&mut self, told: &Told) -> Result<(), Refused> {
        let Some(path) = self.only(EntryKind::FileList) else { return Ok(()) };
        let Some(text) = self.text(path, TEXT_AT_MOST)? else { return Ok(()) };
        let list = serde_json::from_slice::<Value>(&text).unwrap_or_default();
        let items = list.get("items").and_then(Value::as_array);
        let files = items.map(|items| {
            let held = items.iter().filter(|item| item.get("detached").is_none_or(Value::is_null));
            let each = held.filter_map(|item| {
                let id = item.get("id")?.as_str()?.parse::<Uuid>().ok()?;
                let sha256 = serde_json::from_value(item.get("sha256")?.clone()).ok();
                Some((id, (sha256, item.get("size").and_then(Value::as_u64))))
            });
            each.collect::<BTreeMap<_, _>>()
        });
        if files.as_ref() != Some(&told.files) {
            self.report.find(path, Fault::CaseDiffers);
        }
        Ok(())
    }

    /// The case is the one of the manifest, as its events left it.
    fn case(&mut self, told: &Told) -> Result<(), Refused> {
        let Some(path) = self.only(EntryKind::Case) else { return Ok(()) };
        let Some(text) = self.text(path, TEXT_AT_MOST)? else { return Ok(()) };
        let case = serde_json::from_slice::<Value>(&text).unwrap_or_default();
        let mark = &self.manifest.case;
        let said = |name: &str| case.get(name).and_then(Value::as_str);
        let letters = case.get("letters").and_then(Value::as_array);
        let letters = letters.map(|letters| {
            let each = letters.iter().filter_map(|letter| {
                let id = letter.get("id")?.as_str()?.parse::<Uuid>().ok()?;
                Some((id, letter.get("content_hash")?.as_str()?.to_owned()))
            });
            each.collect::<BTreeMap<_, _>>()
        });
        let agrees = said("id").and_then(|id| id.parse().ok()) == Some(mark.id)
            && case.get("version").and_then(Value::as_i64) == Some(mark.version)
            && said("receipt_number") == Some(mark.receipt_number.as_str())
            && said("case_number") == mark.case_number.as_deref()
            && said("status") == told.status.as_deref()
            && letters.as_ref() == Some(&told.letters);
        if !agrees {
            self.report.find(path, Fault::CaseDiffers);
        }
        Ok(())
    }

    /// The end of the ledger lies behind the events, and is what was written down of it. Gives how
    /// many heads that were written down are in the file.
    fn ledger(&mut self, told: &Told) -> Result<usize, Refused> {
        let Some(path) = self.only(EntryKind::Ledger) else { return Ok(told.anchors) };
        let Some(text) = self.text(path, LEDGER_AT_MOST)? else { return Ok(told.anchors) };
        let ledger = serde_json::from_slice::<LedgerMark>(&text).ok();
        let head = ledger.and_then(|ledger| {
            Some(Head { seq: ledger.head.seq, hash: hex::decode(&ledger.head.hash)? })
        });
        let Some(head) = head else {
            self.report.find(path, Fault::LedgerForm);
            return Ok(told.anchors);
        };
        if let Some(last) = told.last
            && (head.seq < last.seq || (head.seq == last.seq && head.hash != last.hash))
        {
            self.report.find(path, Fault::EventChain);
        }
        let mut reached = told.anchors;
        for anchor in self.trust.anchors.iter().filter(|anchor| anchor.seq == head.seq) {
            reached += usize::from(told.last.is_none_or(|last| last.seq != head.seq));
            if anchor.hash != head.hash {
                self.report.find(path, Fault::AnchorDiffers);
            }
        }
        Ok(reached)
    }

    fn unproven(&mut self, told: &Told, reached: usize) {
        self.report.counted.anchors = reached;
        let rendered = self.report.counted.letters > 0;
        let says = [
            (self.trust.keys.is_none(), Unproven::Origin),
            (true, Unproven::Chain),
            (reached == 0, Unproven::Anchors),
            (told.count > 0, Unproven::Sealed),
            (rendered, Unproven::Renderings),
            (!self.manifest.omitted.is_empty(), Unproven::Omitted),
        ];
        let says = says.into_iter().filter(|(holds, _)| *holds);
        self.report.unproven = says.map(|(_, unproven)| unproven).collect();
    }
}
