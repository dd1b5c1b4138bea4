//! Files of a case: attaching, taking down, providing them with an answer.

use super::super::Context;
use super::super::step::NewFile;
use crate::domain::attachment::{Attachment, Detachment, ProvidedFile, Purpose};
use crate::domain::case::Case;
use crate::domain::ids::AttachmentId;
use crate::domain::lifecycle::Status;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

/// Attaches a file. What was taken down counts like the rest: its bytes are still kept.
pub(super) fn attach(case: &mut Case, file: &NewFile, ctx: &Context<'_>) -> Result<(), Refusal> {
    if case.status() == Status::Answered && file.purpose != Purpose::ServiceProof {
        return Err(Rejection::new(Reason::FilePurposeForbidden).at("/purpose").into());
    }
    if case.attachment(file.attachment_id).is_some() {
        return Err(Reason::ConstraintViolated.into());
    }
    let attachments = &mut case.record.attachments;
    if attachments.len() >= file.limits.count {
        let most = file.limits.count;
        return Err(quota(format!("每件 {most} 个"), format!("{most} files in a case")));
    }
    let used: u64 = attachments.iter().map(|attachment| attachment.size).sum();
    if used.saturating_add(file.size) > file.limits.case {
        let most = file.limits.case / (1024 * 1024);
        return Err(quota(format!("每件共 {most} MiB"), format!("{most} MiB in a case")));
    }
    attachments.push(Attachment {
        id: file.attachment_id,
        purpose: file.purpose,
        name: file.name.clone(),
        file_type: file.file_type,
        size: file.size,
        sha256: file.sha256,
        object: file.object.clone(),
        note: file.note.clone(),
        attached_at: ctx.at,
        attached_by: ctx.staff()?.user,
        detached: None,
    });
    Ok(())
}

fn quota(zh: String, en: String) -> Refusal {
    Rejection::new(Reason::FileQuotaReached).saying(Said::new(zh, en)).into()
}

/// Takes a file down. What a draft names stays until another draft no longer does; what left with an
/// answer stays for good.
pub(super) fn detach(
    case: &mut Case,
    id: AttachmentId,
    reason: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let frozen = case.provided().any(|file| file.id == id);
    let no = |reason| Rejection::new(reason).at("/attachment_id");
    let attachments = &mut case.record.attachments;
    let attachment = attachments
        .iter_mut()
        .find(|attachment| attachment.id == id)
        .ok_or_else(|| no(Reason::FileUnknown))?;
    if attachment.detached.is_some() {
        return Err(no(Reason::FileDetached).into());
    }
    if frozen {
        return Err(no(Reason::FileFrozen).into());
    }
    let by = ctx.staff()?.user;
    attachment.detached = Some(Detachment { reason: reason.to_owned(), at: ctx.at, by });
    Ok(())
}

/// The files that a draft provides, as they are now.
///
/// # Errors
/// Every one that cannot be provided; one that is named twice counts as unknown the second time.
pub(super) fn provided(
    case: &Case,
    ids: &[AttachmentId],
) -> Result<Vec<ProvidedFile>, Vec<Rejection>> {
    let mut files: Vec<ProvidedFile> = Vec::with_capacity(ids.len());
    let mut faults = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let reason = match case.attachment(*id) {
            None => Reason::FileUnknown,
            Some(_) if files.iter().any(|file| file.id == *id) => Reason::FileUnknown,
            Some(attachment) if attachment.detached.is_some() => Reason::FileDetached,
            Some(attachment) if attachment.purpose != Purpose::Draft => Reason::FileNotForAnswer,
            Some(attachment) => {
                files.push(ProvidedFile::from(attachment));
                continue;
            }
        };
        faults.push(Rejection::new(reason).at(format!("/file_ids/{at}")));
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}
