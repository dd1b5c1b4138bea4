//! Putting an ended case away (归档; Regulation 2019, art. 45).

use super::super::Context;
use super::super::step::PageCount;
use crate::domain::case::{Archive, Case};
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::retention::Ending;

/// Closes the case for good. Its papers are kept as long as the table, or the bureau's setting, says of
/// how it ended.
pub(super) fn archive(
    case: &mut Case,
    pages: &[PageCount],
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let unknown = |(at, count): (usize, &PageCount)| {
        let letter = case.record.letters.iter().any(|letter| letter.id.0 == count.id);
        let mut files = case.record.attachments.iter().filter(|file| file.detached.is_none());
        let known = letter || files.any(|file| file.id.0 == count.id);
        let pointer = format!("/pages/{at}/id");
        (!known).then(|| Rejection::new(Reason::PaperUnknown).at(pointer))
    };
    let unknown = pages.iter().enumerate().filter_map(unknown).collect();
    if let Some(refusal) = Refusal::of(unknown) {
        return Err(refusal);
    }
    // The guard has let through only what has ended.
    let ended = Ending::of(case, ctx.decisions).zip(case.ended_on());
    let (ending, ended_on) = ended.ok_or(Reason::StatusForbids)?;
    let retention = ctx.practice.retention.class(ending);
    case.record.archive = Some(Archive {
        archived_at: ctx.at,
        archived_by: ctx.staff()?.user,
        retention,
        keep_until: retention.until(ended_on),
    });
    Ok(())
}
