//! The ledger: what one accepted command leaves in it, and the chain that ties the entries.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::chain;
use super::command::{Caller, Idempotency, Outcome, Replayed};
use super::error::{Error, Result};
use super::rows::{EventRow, HeadRow, IdempotencyRow, OutboxRow};
use super::types::{At, Key};
use super::vault::Vault;
use crate::domain::actor::Actor;
use crate::domain::canonical;
use crate::domain::case::{Case, Change};
use crate::domain::letter::LetterRef;

/// The end of the ledger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The number of the last entry; 0 before the first.
    pub(super) seq: i64,
    /// Its hash.
    pub(super) hash: [u8; 32],
}

impl Head {
    pub(super) fn of(row: &HeadRow) -> Result<Self> {
        let hash = row.hash.as_slice().try_into().map_err(Error::corrupt)?;
        Ok(Self { seq: row.value, hash })
    }
}

/// What an entry is about.
pub(super) struct Subject<'a> {
    pub(super) kind: &'static str,
    pub(super) id: uuid::Uuid,
    pub(super) version: i64,
    pub(super) action: &'a str,
}

/// Who did it, when, on which request.
pub(super) struct Origin<'a> {
    pub(super) actor: Option<&'a Actor>,
    pub(super) caller: Caller,
    pub(super) at: DateTime<Utc>,
    pub(super) request_id: &'a str,
}

/// What was done.
pub(super) struct Deed {
    /// The input, free of personal data.
    pub(super) input: Value,
    /// The personal part of the input, sealed.
    pub(super) personal: Option<String>,
    /// What changed in the record of a case, so that it can be rebuilt: an object, or a sealed one.
    pub(super) record: Option<Value>,
    /// The members that changed, before.
    pub(super) before: Map<String, Value>,
    /// The same members, after.
    pub(super) after: Map<String, Value>,
}

/// Writes the next entry and moves the head on.
pub(super) fn append(
    head: &mut Head,
    subject: &Subject<'_>,
    origin: &Origin<'_>,
    deed: Deed,
) -> Result<EventRow> {
    let seq = head.seq + 1;
    let actor = origin.actor.map_or_else(
        || match origin.caller {
            Caller::User(id) => json!({ "user_id": id }),
            Caller::Operator => json!({ "operator": true }),
            Caller::LinkHolder => json!({ "link_holder": true }),
            Caller::Applicant => json!({ "applicant": true }),
            Caller::Program => json!({ "program": true }),
        },
        |actor| json!({ "user_id": actor.user, "role": actor.role, "unit_id": actor.unit }),
    );
    let mut body = json!({
        "seq": seq,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "version": subject.version,
        "action": subject.action,
        "at": origin.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "actor": actor,
        "request_id": origin.request_id,
        "input": deed.input,
        "personal": deed.personal,
        "before": deed.before,
        "after": deed.after,
    });
    if let (Some(record), Value::Object(members)) = (deed.record, &mut body) {
        members.insert("record".to_owned(), record);
    }
    let body = canonical::to_canonical(&body).map_err(Error::corrupt)?;
    let prev_hash = head.hash;
    let hash = chain::hash_event(&prev_hash, &body);
    *head = Head { seq, hash };
    Ok(EventRow {
        seq,
        subject_kind: subject.kind.to_owned(),
        subject_id: Key(subject.id),
        version: subject.version,
        action: subject.action.to_owned(),
        at: At(origin.at),
        body,
        prev_hash: prev_hash.to_vec(),
        hash: hash.to_vec(),
    })
}

/// The members of a case that the ledger shows before and after a change: facts without personal
/// data, the same that lists and statistics use.
pub(super) fn facts(case: &Case) -> Map<String, Value> {
    let record = &case.record;
    let clock = record.clock.as_ref();
    let supplement = record.supplement.as_ref().and_then(|round| round.reply.as_ref());
    // What a case has none of is left out, as in the entries from before there was any.
    let grounds = record.draft.as_ref().filter(|draft| !draft.grounds.is_empty()).map(|draft| {
        draft.grounds.iter().map(|ground| ground.decision.as_str()).collect::<Vec<_>>()
    });
    let reviews = (!record.reviews.is_empty()).then(|| {
        let each = record.reviews.iter().map(|review| json!([review.kind, review.verdict]));
        each.collect::<Vec<_>>()
    });
    let subtasks = (!record.subtasks.is_empty()).then(|| {
        let each = record
            .subtasks
            .iter()
            .map(|subtask| json!([subtask.number, subtask.kind, subtask.unit, subtask.state()]));
        each.collect::<Vec<_>>()
    });
    let members = json!({
        "status": case.status(),
        "case_number": record.registration.as_ref().map(|entry| &entry.case_number),
        "channel": record.intake.channel,
        "arrival": record.intake.arrival,
        "receiving_unit_id": record.intake.receiving_unit,
        "supplement_arrival": supplement.map(|reply| &reply.arrival),
        "holding_unit_id": case.holding_unit(),
        "officer_id": record.holding.as_ref().and_then(|holding| holding.officer),
        "receipt_date": clock.map(|clock| clock.receipt_date),
        "rule_set": clock.map(|clock| clock.rule_set),
        "due_date": clock.and_then(|clock| clock.due_date),
        "supplement_due_date": clock.and_then(|clock| clock.supplement_due),
        "answer_date": clock.and_then(|clock| clock.answer_date),
        "draft_decision": record.draft.as_ref().map(|draft| draft.decision.as_str()),
        "grounds": grounds,
        "reviews": reviews,
        "subtasks": subtasks,
        "decision": record.stage.answer().map(|answer| answer.draft.decision.as_str()),
        "letters": letters(case),
        "flags": clock.map(|clock| &clock.flags),
        // None where there was never a file: so it is in the entries from before there were any.
        "attachments": attached(case),
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The letters of a case, each with the digest of its content; none, when it has none, so that the
/// entries of cases without letters stay what they were.
fn letters(case: &Case) -> Option<Vec<Value>> {
    let letters = &case.record.letters;
    let told = |letter: &LetterRef| {
        json!({
            "id": letter.id,
            "kind": letter.kind,
            "number": letter.number.as_ref().map(|number| &number.text),
            "content_hash": letter.content_hash,
            "void": letter.void.is_some(),
        })
    };
    (!letters.is_empty()).then(|| letters.iter().map(told).collect())
}

/// How many files a case has; none when it never had one.
fn attached(case: &Case) -> Option<usize> {
    let files = &case.record.attachments;
    let count = files.iter().filter(|file| file.detached.is_none()).count();
    (!files.is_empty()).then_some(count)
}

/// The members that differ, before and after.
pub(super) fn difference(
    before: Option<&Case>,
    after: &Case,
) -> (Map<String, Value>, Map<String, Value>) {
    let old = before.map(facts).unwrap_or_default();
    let new = facts(after);
    let mut was = Map::new();
    let mut is = Map::new();
    for (name, value) in new {
        let earlier = old.get(&name).cloned().unwrap_or(Value::Null);
        if earlier != value {
            was.insert(name.clone(), earlier);
            is.insert(name, value);
        }
    }
    (was, is)
}

/// The message that tells others of an entry about a case. Thin: no personal data.
pub(super) fn message(event: &EventRow, before: Option<&Case>, after: &Case) -> Result<OutboxRow> {
    let payload = json!({
        "type": format!("case.{}", event.action),
        "timestamp": event.at.0.to_rfc3339_opts(SecondsFormat::Micros, true),
        "data": {
            "id": after.id,
            "case_number": after.record.registration.as_ref().map(|entry| &entry.case_number),
            "from": before.map(Case::status),
            "to": after.status(),
            "version": after.version,
        },
    });
    Ok(OutboxRow {
        seq: event.seq,
        topic: format!("case.{}", event.action),
        payload: canonical::to_canonical(&payload).map_err(Error::corrupt)?,
        created_at: event.at,
        delivered_at: None,
    })
}

/// Seals what the ledger keeps of personal input, bound to the entry it belongs to.
pub(super) fn seal_personal(vault: &Vault, subject: &Subject<'_>, value: &Value) -> Result<String> {
    let aad = format!("events|personal|{}|{}", subject.id, subject.version);
    let nonce = super::vault::fresh_nonce().map_err(Error::corrupt)?;
    vault
        .seal_blob(aad.as_bytes(), value.to_string().as_bytes(), nonce)
        .map(|sealed| sealed.as_str().to_owned())
        .map_err(Error::corrupt)
}

fn record_aad(id: uuid::Uuid, version: i64) -> String {
    format!("events|record|{id}|{version}")
}

/// What changed in a record, as the ledger keeps it: in clear when nobody's data is in it, else sealed
/// and bound to the entry that it belongs to.
pub(super) fn keep_change(vault: &Vault, subject: &Subject<'_>, change: &Change) -> Result<Value> {
    if change.is_open() {
        return Ok(Value::Object(change.parts().clone()));
    }
    let clear = serde_json::to_vec(change.parts()).map_err(Error::corrupt)?;
    let nonce = super::vault::fresh_nonce().map_err(Error::corrupt)?;
    let aad = record_aad(subject.id, subject.version);
    let sealed = vault.seal_blob(aad.as_bytes(), &clear, nonce).map_err(Error::corrupt)?;
    Ok(Value::String(sealed.as_str().to_owned()))
}

/// Reads back what [`keep_change`] kept.
pub(super) fn read_change(
    vault: &Vault,
    id: uuid::Uuid,
    version: i64,
    kept: &Value,
) -> Result<Change> {
    let parts = match kept {
        Value::Object(parts) => parts.clone(),
        Value::String(text) => {
            let sealed = crate::domain::sealed::Sealed::parse(text).map_err(Error::corrupt)?;
            let aad = record_aad(id, version);
            let clear = vault.open_blob(aad.as_bytes(), &sealed).map_err(Error::corrupt)?;
            serde_json::from_slice(&clear).map_err(Error::corrupt)?
        }
        _ => return Err(Error::corrupt("an entry without the change of its record")),
    };
    Ok(Change::of(parts))
}

fn outcome_aad(principal: uuid::Uuid, key: &str) -> String {
    format!("idempotency_keys|outcome|{principal}|{key}")
}

/// Seals the outcome of an idempotent command.
pub(super) fn seal_outcome(
    vault: &Vault,
    principal: uuid::Uuid,
    idempotency: &Idempotency,
    outcome: &Outcome,
) -> Result<IdempotencyRow> {
    let clear = serde_json::to_vec(outcome).map_err(Error::corrupt)?;
    let aad = outcome_aad(principal, &idempotency.key);
    let nonce = super::vault::fresh_nonce().map_err(Error::corrupt)?;
    let sealed = vault.seal_blob(aad.as_bytes(), &clear, nonce).map_err(Error::corrupt)?;
    Ok(IdempotencyRow {
        principal: Key(principal),
        idempotency_key: idempotency.key.clone(),
        fingerprint: idempotency.fingerprint.to_vec(),
        outcome: sealed.as_str().as_bytes().to_vec(),
        created_at: At(outcome.at),
    })
}

/// Opens the outcome of an earlier command.
pub(super) fn open_outcome(vault: &Vault, row: &IdempotencyRow) -> Result<Outcome> {
    let aad = outcome_aad(row.principal.0, &row.idempotency_key);
    let text = std::str::from_utf8(&row.outcome).map_err(Error::corrupt)?;
    let sealed = crate::domain::sealed::Sealed::parse(text).map_err(Error::corrupt)?;
    let clear = vault.open_blob(aad.as_bytes(), &sealed).map_err(Error::corrupt)?;
    let mut outcome: Outcome = serde_json::from_slice(&clear).map_err(Error::corrupt)?;
    outcome.replayed = Replayed::Yes;
    Ok(outcome)
}
