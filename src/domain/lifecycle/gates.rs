//! What must be open before an answer may leave (Regulation 2019, art. 17, 33, 36, 45; 2007, art. 14,
//! 21). Everything that is still shut is told at once.

use super::Context;
use super::table::Status;
use crate::domain::actor::{Actor, By, Capability, Role};
use crate::domain::case::{Case, Draft, ReviewKind, ServedLetter, Subtask, SubtaskState};
use crate::domain::decision::{Condition, Decision, DecisionCode, Decisions, LegalityReview};
use crate::domain::practice::{LegalReview, OneClerk, Practice};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;

const SECRECY: &str = "2019 art. 17; 2007 art. 14";
const LEGALITY: &str = "2019 art. 45";

/// The decision that one clerk may be allowed to make alone (Regulation 2019, art. 36(1)).
const PUBLIC_ALREADY: &str = "already_public";

/// The reviews that a draft of this decision must pass.
#[must_use]
pub fn reviews_needed(decision: &Decision, practice: Practice) -> Vec<ReviewKind> {
    let legality = decision.legality_review == Some(LegalityReview::Always)
        || practice.legal_review == LegalReview::All;
    let legality = legality.then_some(ReviewKind::Legality);
    [ReviewKind::Secrecy].into_iter().chain(legality).collect()
}

/// The reviews for which the current draft waits: none when there is no draft, when it was sent back
/// to its drafter, or when the case is past it.
#[must_use]
pub fn awaited_reviews(case: &Case) -> Vec<ReviewKind> {
    let record = &case.record;
    let underway = match case.status() {
        Status::Registered | Status::Assigned | Status::Supplemented => true,
        Status::Received
        | Status::AwaitingSupplement
        | Status::Answered
        | Status::Lapsed
        | Status::Withdrawn
        | Status::Voided => false,
    };
    match &record.draft {
        Some(draft) if underway && record.reviews.sent_back().is_none() => {
            let open = needed_by(draft).into_iter().filter(|kind| !record.reviews.passed(*kind));
            open.collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// The reviews that a draft must pass. Of one that was made before there were reviews, those that the
/// law demands.
#[must_use]
pub fn needed_by(draft: &Draft) -> Vec<ReviewKind> {
    let by_law = || {
        let decision = Decisions::builtin().find(draft.decision);
        decision.map(|row| reviews_needed(row, Practice::default())).unwrap_or_default()
    };
    draft.needs.clone().unwrap_or_else(by_law)
}

/// Can this draft be answered by one clerk alone, on the spot?
pub(super) fn is_for_one_clerk(case: &Case, draft: &Draft, ctx: &Context<'_>) -> bool {
    ctx.practice.one_clerk == OneClerk::On
        && case.status() == Status::Registered
        && draft.decision.as_str() == PUBLIC_ALREADY
}

/// Everything that keeps the current draft from being issued.
pub(super) fn open_gates(case: &Case, ctx: &Context<'_>) -> Vec<Rejection> {
    let Some(draft) = &case.record.draft else {
        return vec![Rejection::new(Reason::NoDraft).by("2019 art. 33; 2007 art. 24")];
    };
    // The weightiest first, as a refusal tells them.
    let mut shut = Vec::new();
    if !is_for_one_clerk(case, draft, ctx) {
        shut.extend(against_issuer(case, draft, ctx));
        shut.extend(unreviewed(case, draft));
    }
    shut.extend(awaited_subtasks(case).map(|subtask| unanswered(subtask, ctx)));
    shut.extend(unmet(case, draft.decision, ctx));
    shut.extend(unfilled(case, draft, ctx));
    shut
}

/// Subtasks that can be open at once on one case (ours).
const MAX_OPEN_SUBTASKS: usize = 20;

/// Are there as many open subtasks as can be?
pub(super) fn is_crowded(case: &Case) -> bool {
    let open = case.record.subtasks.iter().filter(|subtask| subtask.is_open());
    open.count() >= MAX_OPEN_SUBTASKS
}

/// The subtasks for which the answer waits: those without a reply, and those that were given back and
/// neither asked anew nor waived.
pub(super) fn awaited_subtasks(case: &Case) -> impl Iterator<Item = &Subtask> {
    let subtasks = &case.record.subtasks;
    subtasks.iter().filter(|subtask| match subtask.state() {
        SubtaskState::Open => true,
        SubtaskState::Returned => !subtasks
            .iter()
            .any(|later| later.number > subtask.number && later.kind == subtask.kind),
        SubtaskState::Replied | SubtaskState::Waived => false,
    })
}

fn unanswered(subtask: &Subtask, ctx: &Context<'_>) -> Rejection {
    let unit = ctx.directory.unit(subtask.unit).map_or("", |unit| unit.name.as_str());
    let (kind, due) = (subtask.kind, subtask.due_date);
    let said = Said::new(
        format!("{unit},{},限 {due}", kind.label_zh()),
        format!("{unit}, {}, by {due}", kind.label_en()),
    );
    Rejection::new(Reason::SubtaskOpen).by("2019 art. 45").saying(said)
}

/// What keeps an ended case from being put away: an answer that has reached nobody is no end yet, and
/// nobody shall work on for a case that is closed.
pub(super) fn against_archiving(case: &Case, ctx: &Context<'_>) -> Vec<Rejection> {
    let unserved =
        case.status() == Status::Answered && case.effective_service(ServedLetter::Answer).is_none();
    let unserved = unserved.then(|| Rejection::new(Reason::AnswerNotServed).by("2019 art. 33, 45"));
    let open = case.record.subtasks.iter().filter(|subtask| subtask.is_open());
    unserved.into_iter().chain(open.map(|subtask| unanswered(subtask, ctx))).collect()
}

/// What the decision demands and the draft does not say, e.g. since the table of decisions has grown.
fn unfilled(case: &Case, draft: &Draft, ctx: &Context<'_>) -> Vec<Rejection> {
    let Some(clock) = &case.record.clock else { return Vec::new() };
    if !ctx.decisions.exists_under(draft.decision, clock.rule_set) {
        let text = Said::neutral(clock.rule_set.as_str());
        return vec![Rejection::new(Reason::DecisionNotInForce).saying(text)];
    }
    let of = |decision, present, pointer: &str| {
        let missing = ctx.decisions.missing_fields(decision, clock.rule_set, &present);
        let tell = |demand| super::missing(demand).at(format!("{pointer}/{}", demand.field));
        missing.into_iter().map(tell).collect::<Vec<_>>()
    };
    let mut missing = of(draft.decision, draft.present(), "/draft");
    for (at, ground) in draft.grounds.iter().enumerate() {
        let pointer = format!("/draft/grounds/{at}");
        missing.extend(of(ground.decision, ground.facts.present(), &pointer));
    }
    missing
}

/// The conditions of the decision that the case does not meet. That the earlier case was answered is
/// seen when the draft names it, and stays so.
pub(super) fn unmet(case: &Case, code: DecisionCode, ctx: &Context<'_>) -> Vec<Rejection> {
    let conditions = ctx.decisions.find(code).map_or(&[][..], |row| &row.conditions);
    let unmet = conditions.iter().filter_map(|required| match required.condition {
        Condition::SupplementReceived => {
            let reply = case.record.supplement.as_ref().and_then(|round| round.reply.as_ref());
            reply
                .is_none()
                .then(|| Rejection::new(Reason::SupplementNotReceived).by(&required.article))
        }
        Condition::EarlierCaseAnswered => None,
    });
    unmet.collect()
}

fn unreviewed(case: &Case, draft: &Draft) -> Vec<Rejection> {
    let reviews = &case.record.reviews;
    let back = reviews.sent_back().map(|review| {
        let kind = Said::of(review.kind.label_zh(), review.kind.label_en());
        Rejection::new(Reason::DraftSentBack).by(LEGALITY).saying(kind)
    });
    let open = needed_by(draft).into_iter().filter(|kind| !reviews.passed(*kind));
    let open = open.map(|kind| match kind {
        ReviewKind::Secrecy => Rejection::new(Reason::SecrecyReviewOpen).by(SECRECY),
        ReviewKind::Legality => Rejection::new(Reason::LegalityReviewOpen).by(LEGALITY),
    });
    back.into_iter().chain(open).collect()
}

/// Who drafted or reviewed an answer does not issue it.
fn against_issuer(case: &Case, draft: &Draft, ctx: &Context<'_>) -> Option<Rejection> {
    let user = ctx.by.user()?;
    if draft.drafted_by == user {
        return Some(Reason::DrafterIsIssuer.into());
    }
    let reviewed = case.record.reviews.are_by(user);
    reviewed.then(|| Rejection::new(Reason::ReviewerIsIssuer).by("2019 art. 17"))
}

/// The reasons against a review, whatever its kind.
pub(super) fn against_review(case: &Case, ctx: &Context<'_>) -> Vec<Rejection> {
    let record = &case.record;
    let Some(draft) = &record.draft else {
        return vec![Reason::NoDraft.into()];
    };
    let mut against = Vec::new();
    if Some(draft.drafted_by) == ctx.by.user() {
        against.push(Rejection::new(Reason::ReviewerIsDrafter).by("2019 art. 17"));
    }
    if record.reviews.sent_back().is_some() {
        against.push(Reason::DraftSentBack.into());
    } else if let By::Staff(actor) = ctx.by {
        let kinds = ReviewKind::ALL.iter().map(|kind| against_kind(case, *kind, actor));
        let kinds: Option<Vec<Rejection>> = kinds.collect();
        // He can make none of the reviews; why not those that are his to make.
        let his = |no: &Rejection| no.reason != Reason::ReviewKindNotPermitted;
        against.extend(kinds.into_iter().flatten().filter(his));
        against.sort_by_key(|no| no.reason != Reason::ReviewersAreOne);
        against.dedup_by_key(|no| no.reason);
    }
    against
}

/// The reason against this kind of review by this person, if any.
pub(super) fn against_kind(case: &Case, kind: ReviewKind, actor: &Actor) -> Option<Rejection> {
    let may = match kind {
        ReviewKind::Secrecy => actor.capabilities.contains(&Capability::SecrecyReviewer),
        ReviewKind::Legality => actor.role == Role::LegalOffice,
    };
    let reviews = &case.record.reviews;
    if !may {
        Some(Reason::ReviewKindNotPermitted.into())
    } else if reviews.of_another_kind_by(kind, actor.user) {
        Some(Rejection::new(Reason::ReviewersAreOne).by("2019 art. 17"))
    } else if reviews.passed(kind) {
        Some(Reason::AlreadyReviewed.into())
    } else {
        None
    }
}
