//! A letter as it would be issued now, without its number.

use super::facts::{Desk, Signer};
use super::kind::LetterKind;
use super::{LetterError, Sheet, answer, extension_notice, supplement_notice};
use crate::domain::case::{Case, Verdict};

/// Fills the letter of a kind from the case as it stands, unnumbered and kept nowhere; none when the
/// case gives no reason for it: no draft with a decision of this letter, no request to tell of.
///
/// # Errors
/// A fact that the letter states is missing.
pub fn preview(
    case: &Case,
    kind: LetterKind,
    desk: &Desk<'_>,
    signer: Signer,
) -> Result<Option<Sheet>, LetterError> {
    let record = &case.record;
    if kind == LetterKind::SUPPLEMENT_NOTICE && record.supplement.is_some() {
        return supplement_notice(case, desk, signer, None).map(Some);
    }
    let last = record.extensions.iter().rposition(|extension| {
        extension.decision.as_ref().is_none_or(|decision| decision.verdict == Verdict::Granted)
    });
    if let (LetterKind::EXTENSION_NOTICE, Some(place)) = (kind, last) {
        return extension_notice(case, place, desk, signer, None).map(Some);
    }
    let draft = record.draft.as_ref().filter(|draft| {
        case.status().is_open() && desk.office.letters.of_decision(draft.decision) == Some(kind)
    });
    let Some(draft) = draft else { return Ok(None) };
    answer(case, draft, desk, (signer, None), None).map(|(sheet, _)| Some(sheet))
}
