//! May this actor take this action on this case now, and if not, why not: everything that can be
//! said before the input of the action is known.

use super::Context;
use super::gates;
use super::table::{Action, Party, rules_of};
use crate::domain::actor::{Actor, By, Capability, Role};
use crate::domain::case::{Case, Manner, ServedLetter, Verdict};
use crate::domain::letter::{LetterKind, LetterRef};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;

/// Whether an action is allowed now; allowed when there is no reason against it.
#[derive(Clone, Debug)]
pub struct Availability {
    /// The action.
    pub action: Action,
    /// Every reason against it, the weightiest first.
    pub reasons: Vec<Rejection>,
}

impl Availability {
    /// Is there no reason against it?
    #[must_use]
    pub const fn allowed(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// May users of this role ever take this action? The endpoint's right asks no more than this.
#[must_use]
pub fn role_may(role: Role, action: Action) -> bool {
    rules_of(action).any(|rule| rule.by.iter().any(|party| party.roles().contains(&role)))
}

/// May the applicant himself ever take this action?
#[must_use]
pub fn applicant_may(action: Action) -> bool {
    rules_of(action).any(|rule| rule.by.contains(&Party::Applicant))
}

/// Every action that can be taken on an existing case, with the reasons against it.
#[must_use]
pub fn availability(case: &Case, ctx: &Context<'_>) -> Vec<Availability> {
    Action::ALL
        .iter()
        .filter(|action| **action != Action::Receive)
        .map(|action| Availability { action: *action, reasons: objections(case, *action, ctx) })
        .collect()
}

/// The reasons against an action, before its input is looked at.
pub(super) fn objections(case: &Case, action: Action, ctx: &Context<'_>) -> Vec<Rejection> {
    let mut against = Vec::new();
    against.extend(against_actor(case, action, ctx));
    let in_status = rules_of(action).any(|rule| rule.from.contains(&case.status()));
    if case.record.archive.is_some() {
        against.push(Rejection::new(Reason::Archived).by("2019 art. 45"));
    } else if in_status {
        against.extend(against_state(case, action, ctx));
    } else {
        let status = Said::of(case.status().label_zh(), case.status().label_en());
        against.push(Rejection::new(Reason::StatusForbids).saying(status));
    }
    against
}

/// The reason against this actor, if any: his role, then his place.
fn against_actor(case: &Case, action: Action, ctx: &Context<'_>) -> Option<Rejection> {
    let actor = match ctx.by {
        By::Staff(actor) => actor,
        By::Applicant => {
            return (!applicant_may(action)).then(|| Reason::RoleNotPermitted.into());
        }
    };
    if !role_may(actor.role, action) {
        return Some(Reason::RoleNotPermitted.into());
    }
    // Outside the statuses of the table nobody may, whoever holds the case: the answer names the
    // status and not, wrongly, the person.
    let rows = rules_of(action).filter(|rule| rule.from.contains(&case.status()));
    let parties: Vec<Party> = rows.flat_map(|rule| rule.by).copied().collect();
    if parties.is_empty() || parties.iter().any(|party| is_party(case, *party, actor, ctx)) {
        return None;
    }
    let reason = parties
        .iter()
        .filter(|party| party.roles().contains(&actor.role))
        .map(|party| match party {
            Party::QueryRoom | Party::Supervisor | Party::Counter | Party::Applicant => {
                Reason::RoleNotPermitted
            }
            Party::Receiver => Reason::NotReceivingUnit,
            Party::AskedUnit => Reason::NotAskedUnit,
            Party::LegalReviewer | Party::SecrecyReviewer => Reason::ReviewKindNotPermitted,
            Party::IssuingHolder if is_party(case, Party::Holder, actor, ctx) => {
                Reason::IssuingNotPermitted
            }
            Party::Holder | Party::IssuingHolder => Reason::NotHoldingUnit,
        })
        .next_back()
        .unwrap_or(Reason::RoleNotPermitted);
    let rejection = Rejection::new(reason);
    Some(if reason == Reason::IssuingNotPermitted {
        rejection.by("2019 art. 10")
    } else {
        rejection
    })
}

/// Is the actor this party to the case?
fn is_party(case: &Case, party: Party, actor: &Actor, ctx: &Context<'_>) -> bool {
    if !party.roles().contains(&actor.role) {
        return false;
    }
    let holds = || case.holding_unit().is_some_and(|unit| actor.reaches(unit));
    match party {
        Party::QueryRoom | Party::Supervisor | Party::Counter | Party::LegalReviewer => true,
        Party::SecrecyReviewer => actor.capabilities.contains(&Capability::SecrecyReviewer),
        Party::Applicant => false,
        Party::Receiver => actor.reaches(case.record.intake.receiving_unit),
        Party::AskedUnit => case.asks_one_of(&actor.reach),
        Party::Holder => holds(),
        Party::IssuingHolder => {
            holds()
                && case
                    .holding_unit()
                    .and_then(|unit| ctx.directory.unit(unit))
                    .is_some_and(|unit| unit.may_issue)
        }
    }
}

/// The reasons in the case itself, in a status that allows the action.
fn against_state(case: &Case, action: Action, ctx: &Context<'_>) -> Vec<Rejection> {
    let record = &case.record;
    let no = |reason: Reason| vec![Rejection::new(reason)];
    match action {
        Action::Accept => match &record.holding {
            Some(holding) if holding.accepted_at.is_some() => no(Reason::AlreadyAccepted),
            Some(holding) if holding.officer.is_some() && holding.officer != ctx.by.user() => {
                no(Reason::AssignedToAnother)
            }
            // Held by nobody: that has been said of the actor already.
            None | Some(_) => Vec::new(),
        },
        Action::RequestSupplement if record.supplement.is_some() => {
            vec![Rejection::new(Reason::SupplementAlreadyRequested).by("2019 art. 30")]
        }
        Action::Lapse => against_lapse(case, ctx),
        Action::RequestExtension => against_extension(case, ctx),
        Action::DecideExtension if case.pending_extension().is_none() => {
            no(Reason::NoExtensionPending)
        }
        Action::Review => gates::against_review(case, ctx),
        Action::AskSubtask if gates::is_crowded(case) => no(Reason::TooManySubtasks),
        Action::WaiveSubtask if gates::awaited_subtasks(case).next().is_none() => {
            no(Reason::NothingToWaive)
        }
        Action::Answer => gates::open_gates(case, ctx),
        Action::Serve => against_service(case),
        Action::VoidLetter => against_voiding(case),
        Action::Archive => gates::against_archiving(case, ctx),
        Action::Detach => {
            let mut files = record.attachments.iter();
            let any = files.any(|attachment| attachment.detached.is_none());
            if any { Vec::new() } else { no(Reason::NoAttachment) }
        }
        Action::Receive
        | Action::Register
        | Action::Amend
        | Action::Void
        | Action::Assign
        | Action::Return
        | Action::RequestSupplement
        | Action::Supplement
        | Action::DecideExtension
        | Action::DraftAnswer
        | Action::AskSubtask
        | Action::ReplySubtask
        | Action::ReturnSubtask
        | Action::WaiveSubtask
        | Action::Withdraw
        | Action::Attach => Vec::new(),
    }
}

/// A case lapses only when a notice that reached the applicant has run out (art. 30).
fn against_lapse(case: &Case, ctx: &Context<'_>) -> Vec<Rejection> {
    let Some(round) = &case.record.supplement else {
        return vec![Rejection::new(Reason::StatusForbids)];
    };
    let mut against = Vec::new();
    if case.effective_service(ServedLetter::SupplementNotice).is_none() {
        against.push(Rejection::new(Reason::NoticeNotServed).by("2019 art. 30"));
    }
    if ctx.today() <= round.deadline {
        against.push(Rejection::new(Reason::SupplementPeriodRunning).by("2019 art. 30").saying(
            Said::new(format!("至 {}", round.deadline), format!("until {}", round.deadline)),
        ));
    }
    against
}

fn against_extension(case: &Case, ctx: &Context<'_>) -> Vec<Rejection> {
    let mut against = Vec::new();
    if case.pending_extension().is_some() {
        against.push(Rejection::new(Reason::ExtensionPending));
    }
    if days_in_force(case) >= days_allowed(case, ctx) {
        against.push(Rejection::new(Reason::ExtensionOverLimit).by("2019 art. 33; 2007 art. 24"));
    }
    let due = case.record.clock.as_ref().and_then(|clock| clock.due_date);
    if let Some(due) = due.filter(|due| ctx.today() > *due) {
        against.push(
            Rejection::new(Reason::ExtensionTooLate)
                .by("2019 art. 33; 2007 art. 24")
                .saying(Said::neutral(due.to_string())),
        );
    }
    against
}

/// The total that the text of the case allows (2007 art. 24: 15; 2019 art. 33: 20).
pub(super) fn days_allowed(case: &Case, ctx: &Context<'_>) -> u32 {
    let clock = case.record.clock.as_ref();
    clock.map_or(0, |clock| ctx.law.rule_set(clock.rule_set).extension_working_days)
}

/// The days already granted since the clock last started; a restart renews the allowance (R14).
pub(super) fn days_in_force(case: &Case) -> u32 {
    let restarted = case.record.clock.as_ref().and_then(|clock| clock.resumed_on);
    case.record
        .extensions
        .iter()
        .filter_map(|extension| {
            let decision = extension.decision.as_ref()?;
            let since_restart = match (decision.notified_on, restarted) {
                (Some(notified), Some(restarted)) => notified > restarted,
                (_, _) => true,
            };
            (decision.verdict == Verdict::Granted && since_restart).then_some(extension.days)
        })
        .fold(0, u32::saturating_add)
}

/// Something must be left to record: a letter that nobody has yet, or one that can still come back.
fn against_service(case: &Case) -> Vec<Rejection> {
    let letters = served_letters(case);
    if letters.is_empty() {
        return vec![Rejection::new(Reason::NothingToServe)];
    }
    let untold = case
        .record
        .extensions
        .iter()
        .filter_map(|e| e.decision.as_ref())
        .any(|d| d.verdict == Verdict::Granted && d.notified_on.is_none());
    let open = letters.iter().any(|letter| match letter {
        ServedLetter::ExtensionNotice => untold || can_come_back(case, *letter),
        ServedLetter::SupplementNotice | ServedLetter::Answer => {
            case.effective_service(*letter).is_none() || can_come_back(case, *letter)
        }
    });
    if open { Vec::new() } else { vec![Rejection::new(Reason::AlreadyServed)] }
}

/// Some letter must hold that has reached nobody yet.
fn against_voiding(case: &Case) -> Vec<Rejection> {
    let mut why: Vec<Option<Reason>> =
        case.valid_letters().map(|l| not_voidable(case, l)).collect();
    if why.iter().any(Option::is_none) {
        return Vec::new();
    }
    let reason = why.pop().flatten().unwrap_or(Reason::NothingToVoid);
    vec![Rejection::new(reason)]
}

/// Why this letter cannot be void any more, if so: it has reached its addressee, or something has been
/// built on it.
pub(super) fn not_voidable(case: &Case, letter: &LetterRef) -> Option<Reason> {
    let record = &case.record;
    if letter.void.is_some() {
        return Some(Reason::LetterVoided);
    }
    if letter.kind.is_answer() {
        let served = case.effective_service(ServedLetter::Answer).is_some();
        return served.then_some(Reason::AlreadyServed);
    }
    if letter.kind == LetterKind::SUPPLEMENT_NOTICE {
        let awaited = record.supplement.as_ref().is_some_and(|round| round.reply.is_none());
        let served = case.effective_service(ServedLetter::SupplementNotice).is_some();
        return (!awaited || served).then_some(Reason::AlreadyServed);
    }
    let extension = letter.extension.and_then(|place| record.extensions.get(place));
    let told = extension.and_then(|e| e.decision.as_ref()).is_none_or(|d| d.notified_on.is_some());
    if told || record.stage.answer().is_some() {
        return Some(Reason::AlreadyServed);
    }
    // The notice that takes its place could name no due date while the clock is stopped.
    let runs = record.clock.as_ref().is_some_and(|clock| clock.due_date.is_some());
    (!runs).then_some(Reason::StatusForbids)
}

/// Can the last attempt to serve this letter still fail? What was signed for cannot come back.
pub(super) fn can_come_back(case: &Case, letter: ServedLetter) -> bool {
    let last = case.record.services.iter().rev().find(|service| service.letter == letter);
    last.is_some_and(|service| match service.manner {
        Manner::Posted | Manner::Sent => true,
        Manner::HandedOver
        | Manner::Substitute
        | Manner::Left
        | Manner::Downloaded
        | Manner::Returned => false,
    })
}

/// The letters of this case that have been issued and can be served.
pub(super) fn served_letters(case: &Case) -> Vec<ServedLetter> {
    let record = &case.record;
    let mut letters = Vec::new();
    if record.supplement.is_some() {
        letters.push(ServedLetter::SupplementNotice);
    }
    let granted = record.extensions.iter().any(|extension| {
        extension.decision.as_ref().is_some_and(|decision| decision.verdict == Verdict::Granted)
    });
    if granted {
        letters.push(ServedLetter::ExtensionNotice);
    }
    if record.stage.answer().is_some() {
        letters.push(ServedLetter::Answer);
    }
    letters
}
