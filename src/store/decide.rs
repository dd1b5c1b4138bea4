//! Deciding one command against the workspace. Nothing here touches the database: a rejected
//! command leaves no trace, an accepted one leaves its changes in the workspace.

use chrono::{DateTime, Datelike as _, Utc};
use serde_json::{Map, Value, json};

mod calendar;
mod paragraphs;
mod people;
mod sessions;

use super::command::{Caller, CaseAfter, Command, Denied, Outcome, Receive, Replayed, Request};
use super::ledger::{self, Deed, Origin, Subject};
use super::workspace::{Workspace, principal};
use crate::domain::actor::{Actor, By, CaseScope};
use crate::domain::case::{Case, Change, ServedLetter};
use crate::domain::deadline::legal_day;
use crate::domain::ids::{CaseId, UnitId, UserId, Version};
use crate::domain::letter::{LetterId, SealOutcome};
use crate::domain::lifecycle::{
    self, Applied, Consequence, Context, EarlierCases, NextNumbers, ServiceFacts, Step,
    SupplementFacts,
};
use crate::domain::paragraph::Paragraphs;
use crate::domain::public_status::PublicView;
use crate::domain::query_code::QueryCode;
use crate::domain::regulation::Law;
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::unit::Directory;
use std::sync::Arc;

type Decided<T> = Result<T, Denied>;

impl Workspace<'_> {
    /// Decides one command.
    pub(super) fn decide(&mut self, request: &Request) -> Decided<Outcome> {
        let actor = match request.caller {
            Caller::User(id) => Some(self.directory.actor(id).ok_or(Reason::ActorDisabled)?),
            Caller::Operator | Caller::LinkHolder | Caller::Server | Caller::Applicant => None,
        };
        let keyed = request.idempotency.as_ref().and_then(|idempotency| {
            principal(request.caller, idempotency).map(|principal| (principal, idempotency))
        });
        if let Some((principal, idempotency)) = keyed
            && let Some(outcome) = self.remembered(principal, idempotency, request.at)?
        {
            // What has left the caller's scope since does not exist for him any more.
            let gone = outcome
                .case
                .as_ref()
                .is_some_and(|case| actor.as_ref().is_some_and(|actor| !case.is_for(actor)));
            return if gone { Err(Reason::NotFound.into()) } else { Ok(outcome) };
        }
        let mut outcome = self.carry_out(request, actor.as_ref())?;
        if let Some(made) = &mut outcome.person {
            made.unit = self.directory.unit(UnitId(made.id)).cloned();
            made.user = self.directory.user(UserId(made.id)).cloned();
        }
        if let Some((principal, idempotency)) = keyed {
            self.remember(principal, idempotency, &outcome)?;
        }
        Ok(outcome)
    }

    fn carry_out(&mut self, request: &Request, actor: Option<&Actor>) -> Decided<Outcome> {
        let origin = Origin {
            actor,
            caller: request.caller,
            at: request.at,
            request_id: &request.request_id,
        };
        match &request.command {
            Command::Receive(receive) => self.receive(receive, &origin),
            Command::Act { case, expected, step } => self.act(*case, *expected, step, &origin),
            Command::SupplementByCode { case, code, content } => {
                self.supplement_by_code(*case, code, content, &origin)
            }
            Command::AnswerByCode { case, code } => self.answer_by_code(*case, code, &origin),
            Command::SettleSeal { case, letter, outcome } => {
                self.settle_seal((*case, *letter), outcome, &origin)
            }
            Command::CreateUnit { id, plan } => self.create_unit(*id, plan, &origin),
            Command::ChangeUnit { unit, expected, change } => {
                self.change_unit(*unit, *expected, change, &origin)
            }
            Command::CreateParagraph { id, plan } => self.create_paragraph(*id, plan, &origin),
            Command::ChangeParagraph { paragraph, expected, change } => {
                self.change_paragraph(*paragraph, *expected, change, &origin)
            }
            Command::CreateUser(user) => self.create_user(user, &origin),
            Command::ChangeUser { user, expected, change } => {
                self.change_user(*user, *expected, change, &origin)
            }
            Command::IssueLink { purpose, user, link } => {
                self.issue_link(*purpose, *user, link, &origin)
            }
            Command::UseLink { digest, password_hash } => {
                self.use_link(digest, password_hash, &origin)
            }
            Command::SetUp { digest, bureau, admin } => self.set_up(digest, bureau, admin, &origin),
            Command::OpenSession(session) => self.open_session(session, &origin),
            Command::RefreshSession { session, generation, presented, next } => {
                let exchange = sessions::Exchange { generation: *generation, presented, next };
                self.refresh_session(*session, &exchange, &origin)
            }
            Command::ImportCalendar { id, notice } => self.import_calendar(*id, notice, &origin),
            Command::ApplyCalendar { id, expected, calendar } => {
                self.apply_calendar(*id, *expected, calendar, &origin)
            }
            Command::DiscardCalendar { id, expected } => {
                self.discard_calendar(*id, *expected, &origin)
            }
            Command::Recalculate { id, .. } => self.recalculate(*id, &origin),
            Command::EndSession { session, cause } => self.end_session(*session, *cause, &origin),
        }
    }

    fn numbers(&self, at: DateTime<Utc>) -> NextNumbers {
        let year = legal_day(at).year();
        NextNumbers {
            year,
            receipt: self.next_number("receipt", year),
            case: self.next_number("case", year),
            case_pattern: self.basis.case_pattern.clone(),
            letters: self.letter_numbers(year),
        }
    }

    fn receive(&mut self, receive: &Receive, origin: &Origin<'_>) -> Decided<Outcome> {
        let by = match (origin.caller, origin.actor) {
            (_, Some(actor)) => By::Staff(actor),
            (Caller::Applicant, None) => By::Applicant,
            (Caller::User(_) | Caller::Operator | Caller::LinkHolder | Caller::Server, None) => {
                return Err(Reason::RoleNotPermitted.into());
            }
        };
        let numbers = self.numbers(origin.at);
        let (law, directory) = (Arc::clone(&self.law), Arc::clone(&self.directory));
        let (earlier, paragraphs) = (EarlierCases::new(), Paragraphs::new());
        let ctx =
            context(self, by, origin.at, (&law, &directory, &numbers, (&earlier, &paragraphs)));
        let received = lifecycle::receive(&receive.new, &ctx)?;
        let registered = match &receive.register {
            Some(arrival) => {
                let step = Step::Register { arrival: arrival.clone() };
                Some((lifecycle::apply(&received, &step, &ctx)?.case, step))
            }
            None => None,
        };
        let scope = match by {
            By::Staff(actor) => actor.case_scope(),
            By::Applicant => CaseScope::Nothing,
        };
        if let Some(quota) = &receive.quota {
            self.take_from_quota(quota)?;
        }
        self.take_reference(&received, &scope)?;
        self.take_number("receipt", numbers.year);
        let subject = subject(&received, "receive");
        let mut input = json!({
            "receipt_number": received.record.intake.receipt_number,
            "receiving_unit_id": received.record.intake.receiving_unit,
        });
        if let Some(reference) = &received.record.intake.external_ref
            && let Value::Object(members) = &mut input
        {
            members.insert("external_ref".to_owned(), json!(reference));
        }
        self.enter_case(None, &received, &subject, origin, (input, None))?;
        let mut case = received;
        if let Some((after, step)) = registered {
            self.enter_step(&case, &after, &step, origin)?;
            case = after;
        }
        let outcome = Outcome {
            query_code: Some(receive.query_code.clone()),
            earlier: receive.earlier.clone(),
            ..case_outcome(&case, origin.at)
        };
        self.put_case(case);
        Ok(outcome)
    }

    fn act(
        &mut self,
        id: CaseId,
        expected: Version,
        step: &Step,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let actor = origin.actor.ok_or(Reason::RoleNotPermitted)?;
        let scope = actor.case_scope();
        // The case of others on which the actor's unit was asked something is there for its reply.
        let replies = matches!(step, Step::ReplySubtask { .. } | Step::ReturnSubtask { .. });
        let asked = |case: &Case| case.record.subtasks.iter().any(|s| actor.reaches(s.unit));
        let within =
            |case: &Case| scope.contains(case.record.intake.receiving_unit, case.holding_unit());
        let before = self
            .case(id)
            .filter(|case| within(case) || (replies && asked(case)))
            .ok_or(Reason::NotFound)?
            .clone();
        if before.version != expected {
            return Err(Rejection::stale(before.version).into());
        }
        let numbers = self.numbers(origin.at);
        let (law, directory) = (Arc::clone(&self.law), Arc::clone(&self.directory));
        let (earlier, paragraphs) = (self.earlier.clone(), self.paragraphs.clone());
        let ctx = context(
            self,
            By::Staff(actor),
            origin.at,
            (&law, &directory, &numbers, (&earlier, &paragraphs)),
        );
        let Applied { case: after, issued } = lifecycle::apply(&before, step, &ctx)?;
        // Only now: who may not take the action is not told which cases exist.
        if step.other_case().is_some_and(|other| !self.knows_case(other)) {
            return Err(Rejection::new(Reason::CaseUnknown).at("/duplicate_of").into());
        }
        if let Step::Attach { file } = step {
            self.take_from_daily_upload(actor.user, file)?;
        }
        self.enter_step(&before, &after, step, origin)?;
        self.keep_letters(&before, &after, &issued)?;
        self.put_attachments(&before, &after)?;
        self.put_seals(&before, &after)?;
        let outcome = case_outcome(&after, origin.at);
        self.put_case(after);
        Ok(outcome)
    }

    /// The seal service has done its part, or the server has given it up.
    fn settle_seal(
        &mut self,
        (id, letter): (CaseId, LetterId),
        outcome: &SealOutcome,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        if origin.caller != Caller::Server {
            return Err(Reason::RoleNotPermitted.into());
        }
        let before = self.case(id).ok_or(Reason::NotFound)?.clone();
        let after = lifecycle::settle_seal(&before, letter, outcome.clone(), origin.at);
        let after = after.ok_or(Reason::NothingToSeal)?;
        let subject = subject(&after, Consequence::SettleSeal.as_str());
        let input = json!({ "letter_id": letter, "outcome": outcome });
        self.enter_case(Some(&before), &after, &subject, origin, (input, None))?;
        self.put_seals(&before, &after)?;
        let outcome = case_outcome(&after, origin.at);
        self.put_case(after);
        Ok(outcome)
    }

    /// The applicant's own supplement. There is no version to be stale: he has not seen one, and his
    /// words take nothing away from anybody.
    fn supplement_by_code(
        &mut self,
        id: CaseId,
        code: &QueryCode,
        content: &str,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let before = self.by_code(id, code, origin)?;
        let facts = SupplementFacts::online(content.to_owned(), origin.at);
        self.act_by_code(&before, &Step::Supplement { facts }, origin)
    }

    /// The applicant takes his answer. The first time it is served by that; afterwards, and when it
    /// was served otherwise, nothing is entered.
    fn answer_by_code(
        &mut self,
        id: CaseId,
        code: &QueryCode,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let before = self.by_code(id, code, origin)?;
        if before.online_answer().is_none() {
            return Err(Reason::AnswerNotOnline.into());
        }
        if before.effective_service(ServedLetter::Answer).is_some() {
            return Ok(case_outcome(&before, origin.at));
        }
        let service = ServiceFacts::downloaded(origin.at);
        let step = Step::Serve { letter: ServedLetter::Answer, letter_id: None, service };
        self.act_by_code(&before, &step, origin)
    }

    /// The case of an applicant who shows its code. The code is compared here, where it counts, and
    /// what is not there, not his or not for the public answers alike.
    fn by_code(&self, id: CaseId, code: &QueryCode, origin: &Origin<'_>) -> Decided<Case> {
        if origin.caller != Caller::Applicant {
            return Err(Reason::RoleNotPermitted.into());
        }
        let vault = &self.basis.vault;
        let case = self
            .case(id)
            .filter(|case| vault.is_query_code(code, &case.record.intake.query_code_digest))
            .filter(|case| PublicView::of(case).is_some());
        Ok(case.ok_or(Reason::NumberOrCodeWrong)?.clone())
    }

    fn act_by_code(&mut self, before: &Case, step: &Step, origin: &Origin<'_>) -> Decided<Outcome> {
        let numbers = self.numbers(origin.at);
        let (law, directory) = (Arc::clone(&self.law), Arc::clone(&self.directory));
        let (earlier, paragraphs) = (EarlierCases::new(), Paragraphs::new());
        let ctx = context(
            self,
            By::Applicant,
            origin.at,
            (&law, &directory, &numbers, (&earlier, &paragraphs)),
        );
        let after = lifecycle::apply(before, step, &ctx)?.case;
        self.enter_step(before, &after, step, origin)?;
        let outcome = case_outcome(&after, origin.at);
        self.put_case(after);
        Ok(outcome)
    }

    /// Takes the number that a registration needed, and enters the step in the ledger.
    fn enter_step(
        &mut self,
        before: &Case,
        after: &Case,
        step: &Step,
        origin: &Origin<'_>,
    ) -> Decided<()> {
        if before.record.registration.is_none()
            && let Some(entry) = &after.record.registration
        {
            self.take_number("case", entry.year);
        }
        let subject = subject(after, step.action().as_str());
        let input = serde_json::to_value(step).map_err(super::error::Error::corrupt)?;
        self.enter_case(Some(before), after, &subject, origin, (input, step.personal().as_ref()))
    }

    fn enter_case(
        &mut self,
        before: Option<&Case>,
        after: &Case,
        subject: &Subject<'_>,
        origin: &Origin<'_>,
        (input, personal): (Value, Option<&Value>),
    ) -> Decided<()> {
        let vault = &self.basis.vault;
        let personal =
            personal.map(|value| ledger::seal_personal(vault, subject, value)).transpose()?;
        let (was, is) = ledger::difference(before, after);
        let change = Change::between(before.map(|case| &case.record), &after.record)
            .map_err(super::error::Error::corrupt)?;
        let record = Some(ledger::keep_change(vault, subject, &change)?);
        let deed = Deed { input, personal, record, before: was, after: is };
        let event = ledger::append(&mut self.head, subject, origin, deed)?;
        let message = ledger::message(&event, before, after)?;
        self.pending.outbox.push(message);
        self.pending.events.push(event);
        Ok(())
    }

    /// Enters what was done with a unit or a user: of the facts about it, those that have changed.
    fn enter(
        &mut self,
        subject: &Subject<'_>,
        origin: &Origin<'_>,
        facts: (Value, Value),
    ) -> Decided<()> {
        let members = |facts| match facts {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let (mut before, mut after) = (members(facts.0), members(facts.1));
        after.retain(|name, value| before.get(name) != Some(value));
        before.retain(|name, _| after.contains_key(name));
        let deed = Deed { input: json!({}), personal: None, record: None, before, after };
        let event = ledger::append(&mut self.head, subject, origin, deed)?;
        self.pending.events.push(event);
        Ok(())
    }
}

/// What a decision is given beside the actor and the instant.
type Given<'w> = (&'w Law, &'w Directory, &'w NextNumbers, (&'w EarlierCases, &'w Paragraphs));

fn context<'w>(
    workspace: &Workspace<'w>,
    by: By<'w>,
    at: DateTime<Utc>,
    (law, directory, numbers, (earlier, paragraphs)): Given<'w>,
) -> Context<'w> {
    Context {
        by,
        at,
        law,
        decisions: workspace.basis.decisions,
        practice: workspace.basis.practice,
        earlier,
        paragraphs,
        directory,
        office: &workspace.basis.office,
        numbers,
    }
}

fn subject<'a>(case: &Case, action: &'a str) -> Subject<'a> {
    Subject { kind: "case", id: case.id.0, version: case.version.0, action }
}

fn case_outcome(case: &Case, at: DateTime<Utc>) -> Outcome {
    Outcome { case: Some(CaseAfter::from(case)), ..plain_outcome(at) }
}

const fn plain_outcome(at: DateTime<Utc>) -> Outcome {
    Outcome {
        at,
        case: None,
        query_code: None,
        person: None,
        paragraph: None,
        calendar: None,
        session: None,
        earlier: None,
        replayed: Replayed::No,
    }
}
