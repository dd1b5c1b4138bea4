//! Files of cases: the rows that find their bytes, and what a user has uploaded today. What a file is
//! stands in the document of its case.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::command::{Caller, Command, Denied, Request};
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::rows::AttachmentRow;
use super::schema::attachments;
use super::types::{At, Key};
use super::workspace::Workspace;
use crate::domain::attachment::ObjectKey;
use crate::domain::case::Case;
use crate::domain::deadline::{legal_day, start_of_legal_day};
use crate::domain::ids::UserId;
use crate::domain::lifecycle::{NewFile, Step};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;

/// The rows of these cases, each case's in the order of their ids.
pub(super) fn of_cases(
    conn: &mut Conn,
    cases: impl Iterator<Item = Key>,
) -> Result<BTreeMap<Key, Vec<AttachmentRow>>> {
    let rows: Vec<AttachmentRow> = attachments::table
        .filter(attachments::case_id.eq_any(cases.collect::<Vec<_>>()))
        .load(conn)?;
    let mut found: BTreeMap<Key, Vec<AttachmentRow>> = BTreeMap::new();
    for row in rows {
        found.entry(row.case_id).or_default().push(row);
    }
    for rows in found.values_mut() {
        rows.sort_by_key(|row| row.id);
    }
    Ok(found)
}

/// Which of these objects belong to a file.
///
/// # Errors
/// The database cannot be read.
pub fn known_objects(conn: &mut Conn, keys: &[ObjectKey]) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    for chunk in keys.chunks(dialect::ROWS_PER_STATEMENT) {
        let texts: Vec<&str> = chunk.iter().map(ObjectKey::as_str).collect();
        let found: Vec<String> = attachments::table
            .filter(attachments::object_key.eq_any(texts.clone()))
            .select(attachments::object_key)
            .load(conn)?;
        known.extend(found);
        known.extend(super::seals::known_objects(conn, &texts)?);
    }
    Ok(known)
}

/// One page of all files, by id: where their bytes are, and how many.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn page(conn: &mut Conn, after: Option<uuid::Uuid>, limit: i64) -> Result<Vec<StoredFile>> {
    let rows: Vec<AttachmentRow> = attachments::table
        .filter(attachments::id.gt(Key(after.unwrap_or_default())))
        .order(attachments::id)
        .limit(limit)
        .load(conn)?;
    rows.iter().map(StoredFile::of).collect()
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// The id of the attachment.
    pub id: uuid::Uuid,
    /// The id of its case.
    pub case: uuid::Uuid,
    /// The object.
    pub object: ObjectKey,
    /// Its length in bytes.
    pub size: u64,
}

impl StoredFile {
    fn of(row: &AttachmentRow) -> Result<Self> {
        let object = ObjectKey::parse(&row.object_key)
            .ok_or_else(|| Error::corrupt(format_args!("attachment {}: object_key", row.id.0)))?;
        let size = u64::try_from(row.size).map_err(Error::corrupt)?;
        Ok(Self { id: row.id.0, case: row.case_id.0, object, size })
    }
}

/// How many bytes a user has uploaded since an instant, also in files that were taken down since.
fn uploaded_since(conn: &mut Conn, user: UserId, since: DateTime<Utc>) -> Result<u64> {
    let sizes: Vec<i64> = attachments::table
        .filter(attachments::attached_by.eq(Key(user.0)))
        .filter(attachments::attached_at.ge(At(since)))
        .select(attachments::size)
        .load(conn)?;
    Ok(sizes.into_iter().filter_map(|size| u64::try_from(size).ok()).sum())
}

impl Workspace<'_> {
    pub(super) fn load_uploads(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        for request in requests {
            if let (Caller::User(user), Command::Act { step: Step::Attach { .. }, .. }) =
                (request.caller, &request.command)
                && !self.uploaded_today.contains_key(&user)
            {
                let uploaded =
                    uploaded_since(conn, user, start_of_legal_day(legal_day(request.at)))?;
                self.uploaded_today.insert(user, uploaded);
            }
        }
        Ok(())
    }

    /// May this user upload one more file today? Counts it.
    pub(super) fn take_from_daily_upload(
        &mut self,
        user: UserId,
        file: &NewFile,
    ) -> std::result::Result<(), Denied> {
        let uploaded = self.uploaded_today.entry(user).or_default();
        let after = uploaded.saturating_add(file.size);
        if after > file.limits.daily {
            let most = file.limits.daily / (1024 * 1024);
            let detail = Said::new(format!("每人每日 {most} MiB"), format!("{most} MiB a day"));
            return Err(Rejection::new(Reason::FileQuotaReached).saying(detail).into());
        }
        *uploaded = after;
        Ok(())
    }

    /// Keeps the rows of the files that a command attached or took down.
    pub(super) fn put_attachments(&mut self, before: &Case, after: &Case) -> Result<()> {
        let old = &before.record.attachments;
        for file in after.record.attachments.iter().filter(|file| !old.contains(file)) {
            let row = AttachmentRow::of(after.id, file)?;
            self.pending.attachments.insert(row.id, row);
        }
        Ok(())
    }

    /// Writes them. Their cases have been written before.
    pub(super) fn flush_attachments(&self, conn: &mut Conn) -> Result<()> {
        let rows: Vec<AttachmentRow> = self.pending.attachments.values().cloned().collect();
        dialect::write_attachments(conn, &rows)
    }
}
