//! What an action does: a pure function from the case as it is to the case as it will be.

mod answer;
mod archive;
mod facts;
mod files;
mod handover;
mod intake;
mod letters;
mod recalculate;
mod seal;
mod subtask;
mod supplement;
mod transfer;

pub use handover::{Consequence, hand_over, is_unfinished, release};
pub use intake::{NewCase, receive};
pub use letters::{Issued, signer};
pub use recalculate::{Move, moved_by, recalculate};
pub(super) use seal::not_sealable;
pub use seal::{can_be_sealed, settle_seal};

use super::guard::objections;
use super::table::{Status, Target, rules_of};
use super::{Context, Step};
use crate::domain::case::{Case, ClockState, Closure, Review, Stage, Verdict};
use crate::domain::deadline::ClockError;
use crate::domain::rejection::{Reason, Refusal, Rejection};

/// What came of an action.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The case after it.
    pub case: Case,
    /// The letters that it issued, with what is frozen of them.
    pub issued: Vec<Issued>,
}

/// Applies one action to a case, and issues the letter that documents it.
///
/// # Errors
/// Every reason against it, before anything has changed: the caller's case stays as it was.
pub fn apply(case: &Case, step: &Step, ctx: &Context<'_>) -> Result<Applied, Refusal> {
    let against = objections(case, step.action(), ctx);
    if let Some(refusal) = Refusal::of(against) {
        return Err(refusal);
    }
    let mut next = case.clone();
    carry_out(&mut next, step, ctx)?;
    retime(&mut next, ctx)?;
    let issued = letters::document(&mut next, step, ctx)?;
    debug_assert!(follows_table(case, &next, step), "{:?} left the table", step.action());
    next.version = case.version.next();
    next.updated_at = ctx.at;
    Ok(Applied { case: next, issued })
}

/// What each action does to the case; the guard has let it through.
fn carry_out(next: &mut Case, step: &Step, ctx: &Context<'_>) -> Result<(), Refusal> {
    match step {
        Step::Register { arrival } => intake::register(next, arrival, ctx)?,
        Step::Amend { changes, .. } => intake::amend(next, changes, ctx)?,
        Step::Assign { unit_id, officer_id, internal_due_date, note } => {
            let to = transfer::Assignment {
                unit: *unit_id,
                officer: *officer_id,
                internal_due_date: *internal_due_date,
                note: note.clone(),
            };
            transfer::assign(next, to, ctx)?;
        }
        Step::Accept => transfer::accept(next, ctx)?,
        Step::Return { .. } => transfer::give_back(next),
        Step::RequestSupplement { items, guidance, deadline, service } => {
            let ask = supplement::Ask { items, guidance, deadline: *deadline };
            supplement::request(next, &ask, service.as_ref(), ctx)?;
        }
        Step::Supplement { facts } => supplement::record(next, facts, ctx)?,
        Step::RequestExtension { days, reason } => {
            supplement::request_extension(next, *days, reason, ctx)?;
        }
        Step::DecideExtension { verdict, reason, service } => {
            if *verdict == Verdict::Refused && service.is_some() {
                return Err(Rejection::new(Reason::FactOutOfPlace).at("/service").into());
            }
            supplement::decide_extension(next, *verdict, reason.as_ref(), ctx)?;
            if let Some(service) = service {
                facts::serve_grant(next, service, ctx)?;
            }
        }
        Step::DraftAnswer { wording } => answer::draft(next, wording, ctx)?,
        Step::Review { kind, verdict, opinion, basis } => {
            let review = Review {
                kind: *kind,
                verdict: *verdict,
                opinion: opinion.clone(),
                basis: basis.clone(),
                reviewed_at: ctx.at,
                reviewed_by: ctx.staff()?.user,
            };
            answer::review(next, review, ctx)?;
        }
        Step::AskSubtask { wording } => subtask::ask(next, wording, ctx)?,
        Step::ReplySubtask { subtask, reply, search_log } => {
            subtask::reply(next, *subtask, (reply, search_log), ctx)?;
        }
        Step::ReturnSubtask { subtask, reason } => {
            subtask::give_back(next, *subtask, reason, ctx)?;
        }
        Step::WaiveSubtask { subtask, reason } => subtask::waive(next, *subtask, reason, ctx)?,
        Step::Answer { service } => answer::issue(next, service.as_ref(), ctx)?,
        Step::Serve { letter, letter_id, service } => {
            facts::serve(next, (*letter, *letter_id), service, ctx)?;
        }
        Step::IssueLetter { matter } => letters::check_separate(next, matter, ctx)?,
        Step::VoidLetter { letter_id, reason } => letters::void(next, *letter_id, reason, ctx)?,
        Step::RequestSeal { letter_id } => seal::request(next, *letter_id, ctx)?,
        Step::Attach { file } => files::attach(next, file, ctx)?,
        Step::Detach { attachment_id, reason } => {
            files::detach(next, *attachment_id, reason, ctx)?;
        }
        Step::Archive { pages } => archive::archive(next, pages, ctx)?,
        Step::Void { .. } | Step::Lapse { .. } | Step::Withdraw { .. } => close(next, step, ctx)?,
    }
    Ok(())
}

/// Ends a case without an answer.
fn close(next: &mut Case, step: &Step, ctx: &Context<'_>) -> Result<(), Refusal> {
    match step {
        Step::Void { duplicate_of: Some(other), .. } if *other == next.id => {
            return Err(Rejection::new(Reason::CaseUnknown).at("/duplicate_of").into());
        }
        Step::Void { reason, duplicate_of } => {
            let closure = Closure { duplicate_of: *duplicate_of, ..closure(reason, ctx)? };
            next.record.stage = Stage::Voided(closure);
        }
        Step::Lapse { reason } => next.record.stage = Stage::Lapsed(closure(reason, ctx)?),
        Step::Withdraw { reason } => next.record.stage = Stage::Withdrawn(closure(reason, ctx)?),
        _ => {}
    }
    Ok(())
}

fn closure(reason: &str, ctx: &Context<'_>) -> Result<Closure, Rejection> {
    Ok(Closure {
        reason: reason.to_owned(),
        closed_on: ctx.today(),
        closed_by: ctx.staff()?.user,
        duplicate_of: None,
    })
}

/// Recomputes the clock from the facts. A due date is never edited by hand.
fn retime(case: &mut Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    if case.record.registration.is_some() {
        let clock = ClockState::of(case, ctx.law, ctx.today()).map_err(|e| clock_refusal(&e))?;
        // A draft dies with the text under which it was made: its code may not exist any more.
        if case.record.clock.as_ref().is_some_and(|was| was.rule_set != clock.rule_set) {
            case.record.draft = None;
            case.record.reviews.clear();
        }
        case.record.clock = Some(clock);
    }
    Ok(())
}

/// Why the clock cannot run, as a refusal of the command.
pub(super) fn clock_refusal(error: &ClockError) -> Refusal {
    let reason = if matches!(error, ClockError::MissingFact { .. }) {
        Reason::ConfirmationMissing
    } else {
        Reason::DueDateInQuestion
    };
    Rejection::new(reason).by("2019 art. 31").saying(error.said()).into()
}

/// Does the step lead where one of the table's rows says?
fn follows_table(before: &Case, after: &Case, step: &Step) -> bool {
    let from: Status = before.status();
    rules_of(step.action()).filter(|rule| rule.from.contains(&from)).any(|rule| match rule.to {
        Target::To(status) => after.status() == status,
        Target::OneOf(statuses) => statuses.contains(&after.status()),
        Target::Same => after.status() == from,
        Target::New(_) => false,
    })
}
