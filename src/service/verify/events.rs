//! The events of a case, as its file has them: each against its own hash, one after the other, and
//! what they say was issued and attached.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::report::{Counted, Fault, Refused, Report};
use crate::domain::attachment::Sha256;
use crate::domain::hex;
use crate::service::export::format::EventLine;
use crate::store::chain::{Head, hash_event};

/// The longest line, in bytes. An event has the changed parts of one case.
const LINE_AT_MOST: usize = 16 * 1024 * 1024;

/// What the events say.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Events read.
    pub(super) count: usize,
    /// The version after the last.
    pub(super) version: i64,
    /// The status after the last.
    pub(super) status: Option<String>,
    /// The digest of every letter, void ones among them.
    pub(super) letters: BTreeMap<Uuid, String>,
    /// The digest and the length of every attached file.
    pub(super) files: BTreeMap<Uuid, (Option<Sha256>, Option<u64>)>,
    /// The last event.
    pub(super) last: Option<Head>,
    /// Anchors that are one of the events.
    pub(super) anchors: usize,
}

/// Reads the events as they come.
pub(super) struct Reader<'a> {
    case: Uuid,
    anchors: &'a [Head],
    line: Vec<u8>,
    told: Told,
    place: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(case: Uuid, anchors: &'a [Head], place: &'a str) -> Self {
        Self { case, anchors, line: Vec::new(), told: Told::default(), place }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// A line is longer than any event.
    pub(super) fn take(&mut self, bytes: &[u8], report: &mut Report) -> Result<(), Refused> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (front, back) = rest.split_at(end);
            self.line.extend_from_slice(front);
            self.bounded()?;
            let line = std::mem::take(&mut self.line);
            self.event(&line, report);
            rest = back.get(1..).unwrap_or_default();
        }
        self.line.extend_from_slice(rest);
        self.bounded()
    }

    fn bounded(&self) -> Result<(), Refused> {
        let long = self.line.len() > LINE_AT_MOST;
        if long { Err(Refused::TooLarge("a line of the events".to_owned())) } else { Ok(()) }
    }

    /// What they said, once all were read.
    pub(super) fn told(self, report: &mut Report) -> Told {
        if !self.line.is_empty() {
            report.find(self.place, Fault::EventForm);
        }
        report.counted = Counted { events: self.told.count, ..report.counted };
        self.told
    }

    fn event(&mut self, line: &[u8], report: &mut Report) {
        self.told.count += 1;
        let place = format!("{}:{}", self.place, self.told.count);
        if self.read(line, &place, report).is_none() {
            report.find(place, Fault::EventForm);
        }
    }

    /// One event; none when it is not of the form.
    fn read(&mut self, line: &[u8], place: &str, report: &mut Report) -> Option<()> {
        let event: EventLine = serde_json::from_slice(line).ok()?;
        let prev_hash = hex::decode::<32>(&event.prev_hash)?;
        let hash = hex::decode::<32>(&event.hash)?;
        if hash_event(&prev_hash, &event.body) != hash {
            report.find(place, Fault::EventHash);
        }
        if let Some(last) = self.told.last {
            if event.seq <= last.seq {
                report.find(place, Fault::EventOrder);
            } else if event.seq == last.seq + 1 && prev_hash != last.hash {
                report.find(place, Fault::EventChain);
            }
        }
        for anchor in self.anchors.iter().filter(|anchor| anchor.seq == event.seq) {
            self.told.anchors += 1;
            if anchor.hash != hash {
                report.find(place, Fault::AnchorDiffers);
            }
        }
        // The event before it may be written down, too.
        for anchor in self.anchors.iter().filter(|anchor| anchor.seq == event.seq - 1) {
            if anchor.hash != prev_hash {
                report.find(place, Fault::AnchorDiffers);
            }
        }
        self.told.last = Some(Head { seq: event.seq, hash });
        let body: Value = serde_json::from_str(&event.body).ok()?;
        let own = body.get("subject_kind").and_then(Value::as_str) == Some("case")
            && body.get("subject_id").and_then(uuid_of) == Some(self.case)
            && body.get("seq").and_then(Value::as_i64) == Some(event.seq);
        if !own {
            report.find(place, Fault::EventForeign);
        }
        let version = body.get("version")?.as_i64()?;
        if version != self.told.version + 1 {
            report.find(place, Fault::EventOrder);
        }
        self.told.version = version;
        self.facts(&body)
    }

    fn facts(&mut self, body: &Value) -> Option<()> {
        let after = body.get("after")?.as_object()?;
        if let Some(status) = after.get("status").and_then(Value::as_str) {
            self.told.status = Some(status.to_owned());
        }
        if let Some(letters) = after.get("letters").and_then(Value::as_array) {
            let each = letters.iter().map(|letter| {
                let id = letter.get("id").and_then(uuid_of)?;
                Some((id, letter.get("content_hash")?.as_str()?.to_owned()))
            });
            self.told.letters = each.collect::<Option<_>>()?;
        }
        let input = body.get("input")?;
        let id = input.get("attachment_id").and_then(uuid_of);
        match (body.get("action")?.as_str()?, id) {
            ("attach", id) => {
                let digest = input.get("sha256").cloned();
                let digest = digest.and_then(|digest| serde_json::from_value(digest).ok());
                self.told.files.insert(id?, (digest, input.get("size").and_then(Value::as_u64)));
            }
            ("detach", id) => {
                self.told.files.remove(&id?);
            }
            _ => {}
        }
        Some(())
    }
}

fn uuid_of(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}
