//! Verifying the stored ledger: that nobody edited, removed, inserted or moved an entry, and, against
//! heads that were written down outside the database, that nobody cut its tail off or wrote it anew.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::chain::{Break, Fault, Head, Link, Verifier};
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::events;
use super::rows::{EventRow, HeadRow};
use super::schema::heads;
use crate::domain::hex;

/// Entries that are read at once.
const AT_ONCE: i64 = 1000;

/// A head that is written down outside the database: `SEQ HASH TIME`, the hash in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The head.
    pub head: Head,
    /// When it was seen.
    pub seen_at: DateTime<Utc>,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.seen_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "{} {} {time}", self.head.seq, hex::encode(&self.head.hash))
    }
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(line: &str) -> std::result::Result<Self, String> {
        let mut words = line.split_whitespace();
        let parsed = (|| {
            let seq = words.next()?.parse().ok().filter(|seq| *seq >= 0)?;
            let hash = hex::decode::<32>(words.next()?)?;
            let seen_at = words.next()?.parse().ok()?;
            Some(Self { head: Head { seq, hash }, seen_at })
        })();
        parsed
            .filter(|_| words.next().is_none())
            .ok_or_else(|| "an anchor is: number, hash of 64 hexadecimal digits, time".to_owned())
    }
}

/// The head of the ledger as it is now.
///
/// # Errors
/// The database cannot be read.
pub fn head(conn: &mut Conn) -> Result<Head> {
    let row: HeadRow = heads::table.filter(heads::name.eq("ledger")).first(conn)?;
    Ok(Head { seq: row.value, hash: bytes(&row.hash)? })
}

/// Verifies the whole ledger, on one consistent picture of the data; a server may go on working beside
/// it. How far it has come goes to `progress`.
///
/// # Errors
/// The database cannot be read. What is wrong with the ledger itself is the inner error.
pub fn verify(
    conn: &mut Conn,
    anchors: &[Head],
    progress: &mut dyn FnMut(i64),
) -> Result<std::result::Result<Head, Break>> {
    dialect::take_time(conn)?;
    dialect::snapshot(conn, |conn| {
        let stored = head(conn)?;
        let mut verifier = Verifier::new(anchors);
        let mut next = i64::MIN;
        loop {
            let entries = events::from(conn, next, AT_ONCE)?;
            let Some(last) = entries.last() else { break };
            for entry in &entries {
                if let Err(broken) = check(&mut verifier, entry) {
                    return Ok(Err(broken));
                }
            }
            next = last.seq.saturating_add(1);
            progress(last.seq);
        }
        Ok(verifier.finish().and_then(|head| {
            let ends = head == stored;
            if ends { Ok(head) } else { Err(Break { seq: stored.seq, what: Fault::Head }) }
        }))
    })
}

fn check(verifier: &mut Verifier<'_>, entry: &EventRow) -> std::result::Result<(), Break> {
    let broken = |what| Break { seq: entry.seq, what };
    let prev_hash = bytes(&entry.prev_hash).map_err(|_| broken(Fault::Predecessor))?;
    let hash = bytes(&entry.hash).map_err(|_| broken(Fault::Content))?;
    verifier.push(&Link { seq: entry.seq, prev_hash, text: &entry.body, hash })?;
    if columns_agree(entry) { Ok(()) } else { Err(broken(Fault::Columns)) }
}

/// The hash is that of the text alone; what lists read are the columns.
fn columns_agree(entry: &EventRow) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(&entry.body) else { return false };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let number = |name: &str| body.get(name).and_then(Value::as_i64);
    number("seq") == Some(entry.seq)
        && number("version") == Some(entry.version)
        && text("action") == Some(&entry.action)
        && text("subject_kind") == Some(&entry.subject_kind)
        && text("subject_id").and_then(|id| id.parse().ok()) == Some(entry.subject_id.0)
        && text("at").and_then(|at| at.parse().ok()) == Some(entry.at.0)
}

fn bytes(hash: &[u8]) -> Result<[u8; 32]> {
    hash.try_into().map_err(Error::corrupt)
}
