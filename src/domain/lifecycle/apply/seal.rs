//! The electronic seal of a letter: asked for by a person, set by an outside service after the commit.

use chrono::{DateTime, Utc};

use super::super::Context;
use crate::domain::case::Case;
use crate::domain::letter::{
    ElectronicSeal, LetterId, LetterRef, SealOutcome, SealSettled, SealState,
};
use crate::domain::rejection::{Reason, Refusal};

/// Why no seal can be asked for on this letter, if so.
pub(in crate::domain::lifecycle) fn not_sealable(letter: &LetterRef) -> Option<Reason> {
    if !letter.is_valid() {
        return Some(Reason::LetterVoided);
    }
    if !letter.kind.is_sealed() {
        return Some(Reason::NothingToSeal);
    }
    match letter.seal.as_ref().map(ElectronicSeal::state) {
        None | Some(SealState::Failed) => None,
        Some(SealState::Requested | SealState::Sealed) => Some(Reason::SealRequested),
    }
}

/// Can a seal be asked for on this letter?
#[must_use]
pub fn can_be_sealed(letter: &LetterRef) -> bool {
    not_sealable(letter).is_none()
}

/// Asks for a seal; after a failure again.
pub(super) fn request(case: &mut Case, id: LetterId, ctx: &Context<'_>) -> Result<(), Refusal> {
    let by = ctx.staff()?.user;
    let letter = case.record.letters.iter_mut().find(|letter| letter.id == id);
    // Its id stands in the address.
    let letter = letter.ok_or(Reason::NotFound)?;
    if let Some(reason) = not_sealable(letter) {
        return Err(reason.into());
    }
    letter.seal = Some(ElectronicSeal { requested_at: ctx.at, requested_by: by, settled: None });
    Ok(())
}

/// The case after the seal service has done its part; none where no seal is awaited. Nobody acts on
/// the case, so there is no row in the table for it.
#[must_use]
pub fn settle_seal(
    case: &Case,
    id: LetterId,
    outcome: SealOutcome,
    at: DateTime<Utc>,
) -> Option<Case> {
    let mut next = case.clone();
    let letter = next.record.letters.iter_mut().find(|letter| letter.id == id)?;
    let seal = letter.seal.as_mut().filter(|seal| seal.settled.is_none())?;
    seal.settled = Some(SealSettled { at, outcome });
    next.version = case.version.next();
    next.updated_at = at;
    Some(next)
}
