//! Deciding one command against the workspace. Nothing here touches the database: a rejected
//! command leaves no trace, an accepted one leaves its changes in the workspace.

use chrono::{DateTime, Datelike as _, Utc};
use serde_json::{Map, Value, json};

use super::command::{
    Caller, CaseAfter, Command, Denied, NewUser, Outcome, Receive, Replayed, Request, UserChange,
};
use super::ledger::{self, Deed, Origin, Subject};
use super::rows::{UnitRow, UserRow};
use super::types::{At, Doc, Key};
use super::workspace::{Workspace, principal};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::ids::{CaseId, UserId, Version};
use crate::domain::lifecycle::{self, Context, NextNumbers, Step};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::unit::{Directory, Unit};
use std::sync::Arc;

type Decided<T> = Result<T, Denied>;

impl Workspace<'_> {
    /// Decides one command.
    pub(super) fn decide(&mut self, request: &Request) -> Decided<Outcome> {
        let actor = match request.caller {
            Caller::User(id) => Some(self.directory.actor(id).ok_or(Reason::ActorDisabled)?),
            Caller::Operator => None,
        };
        let keyed = principal(request.caller).zip(request.idempotency.as_ref());
        if let Some((principal, idempotency)) = keyed
            && let Some(outcome) = self.remembered(principal, idempotency, request.at)?
        {
            return Ok(outcome);
        }
        let outcome = self.carry_out(request, actor.as_ref())?;
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
            Command::CreateUnit(unit) => self.create_unit(unit, &origin),
            Command::CreateUser(user) => self.create_user(user, &origin),
            Command::ChangeUser { user, change } => self.change_user(*user, change, &origin),
        }
    }

    fn numbers(&self, at: DateTime<Utc>) -> NextNumbers {
        let year = legal_day(at).year();
        NextNumbers {
            year,
            receipt: self.next_number("receipt", year),
            case: self.next_number("case", year),
            case_pattern: self.basis.case_pattern.clone(),
        }
    }

    fn receive(&mut self, receive: &Receive, origin: &Origin<'_>) -> Decided<Outcome> {
        let actor = origin.actor.ok_or(Reason::RoleNotPermitted)?;
        let numbers = self.numbers(origin.at);
        let directory = Arc::clone(&self.directory);
        let ctx = context(self, actor, origin.at, &directory, &numbers);
        let received = lifecycle::receive(&receive.new, &ctx)?;
        let registered = match &receive.register {
            Some(arrival) => {
                let step = Step::Register { arrival: arrival.clone() };
                Some((lifecycle::apply(&received, &step, &ctx)?, step))
            }
            None => None,
        };
        self.take_reference(&received, &actor.case_scope())?;
        self.take_number("receipt", numbers.year);
        let subject = subject(&received, "receive");
        let application = serde_json::to_value(&received.record.intake.application);
        let personal = application.map_err(super::error::Error::corrupt)?;
        let mut input = json!({
            "receipt_number": received.record.intake.receipt_number,
            "query_code_digest": received.record.intake.query_code_digest,
            "receiving_unit_id": received.record.intake.receiving_unit,
        });
        if let Some(reference) = &received.record.intake.external_ref
            && let Value::Object(members) = &mut input
        {
            members.insert("external_ref".to_owned(), json!(reference));
        }
        self.enter_case(None, &received, &subject, origin, (input, Some(&personal)))?;
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
        let before = self
            .case(id)
            .filter(|case| scope.contains(case.record.intake.receiving_unit, case.holding_unit()))
            .ok_or(Reason::NotFound)?
            .clone();
        if before.version != expected {
            return Err(Rejection::new(Reason::StaleVersion)
                .saying(before.version.0.to_string())
                .into());
        }
        let numbers = self.numbers(origin.at);
        let directory = Arc::clone(&self.directory);
        let ctx = context(self, actor, origin.at, &directory, &numbers);
        let after = lifecycle::apply(&before, step, &ctx)?;
        // Only now: who may not take the action is not told which cases exist.
        if step.other_case().is_some_and(|other| !self.knows_case(other)) {
            return Err(Rejection::new(Reason::CaseUnknown).at("/duplicate_of").into());
        }
        self.enter_step(&before, &after, step, origin)?;
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
        let deed = Deed { input, personal, before: was, after: is };
        let event = ledger::append(&mut self.head, subject, origin, &deed)?;
        let message = ledger::message(&event, before, after)?;
        self.pending.outbox.push(message);
        self.pending.events.push(event);
        Ok(())
    }

    fn enter(&mut self, subject: &Subject<'_>, origin: &Origin<'_>, after: Value) -> Decided<()> {
        let after = match after {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let deed = Deed { input: json!({}), personal: None, before: Map::new(), after };
        let event = ledger::append(&mut self.head, subject, origin, &deed)?;
        self.pending.events.push(event);
        Ok(())
    }

    fn create_unit(&mut self, unit: &Unit, origin: &Origin<'_>) -> Decided<Outcome> {
        operator_only(origin)?;
        if self.directory.unit_by_code(&unit.code).is_some() {
            return Err(Rejection::new(Reason::Taken).at("/code").into());
        }
        if unit.parent.is_some_and(|parent| self.directory.unit(parent).is_none()) {
            return Err(Rejection::new(Reason::UnitUnknown).at("/parent_id").into());
        }
        let subject = Subject { kind: "unit", id: unit.id.0, version: 1, action: "create_unit" };
        self.enter(&subject, origin, json!(unit))?;
        self.put_unit(UnitRow {
            id: Key(unit.id.0),
            code: unit.code.clone(),
            name: unit.name.clone(),
            kind: unit.kind.as_str().to_owned(),
            parent_id: unit.parent.map(|parent| Key(parent.0)),
            may_issue: unit.may_issue,
            created_at: At(origin.at),
        })?;
        Ok(plain_outcome(origin.at))
    }

    fn create_user(&mut self, user: &NewUser, origin: &Origin<'_>) -> Decided<Outcome> {
        operator_only(origin)?;
        if self.directory.user_by_name(&user.username).is_some() {
            return Err(Rejection::new(Reason::Taken).at("/username").into());
        }
        let kind = self.directory.unit(user.unit).map(|unit| unit.kind);
        match kind {
            None => return Err(Rejection::new(Reason::UnitUnknown).at("/unit_id").into()),
            Some(kind) if !kind.admits(user.role) => {
                return Err(Rejection::new(Reason::RoleUnitMismatch).at("/role").into());
            }
            Some(_) => {}
        }
        let subject = Subject { kind: "user", id: user.id.0, version: 1, action: "create_user" };
        let after = json!({
            "username": user.username,
            "role": user.role,
            "unit_id": user.unit,
            "capabilities": user.capabilities,
        });
        self.enter(&subject, origin, after)?;
        let capabilities =
            serde_json::to_string(&user.capabilities).map_err(super::error::Error::corrupt)?;
        self.put_user(UserRow {
            id: Key(user.id.0),
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            password_hash: user.password_hash.clone(),
            role: user.role.as_str().to_owned(),
            unit_id: Key(user.unit.0),
            capabilities: Doc(capabilities),
            disabled_at: None,
            token_epoch: 1,
            version: 1,
            created_at: At(origin.at),
        })?;
        Ok(plain_outcome(origin.at))
    }

    fn change_user(
        &mut self,
        id: UserId,
        change: &UserChange,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        operator_only(origin)?;
        let mut row = self.user_row(id).ok_or(Reason::NotFound)?.clone();
        let (action, after) = match change {
            UserChange::Disable if row.disabled_at.is_some() => {
                return Err(Reason::Unchanged.into());
            }
            UserChange::Disable => {
                row.disabled_at = Some(At(origin.at));
                row.token_epoch += 1;
                ("disable_user", json!({ "disabled_at": origin.at }))
            }
            UserChange::Enable if row.disabled_at.is_none() => {
                return Err(Reason::Unchanged.into());
            }
            UserChange::Enable => {
                row.disabled_at = None;
                ("enable_user", json!({ "disabled_at": null }))
            }
            UserChange::SetPassword(hash) => {
                row.password_hash.clone_from(hash);
                row.token_epoch += 1;
                ("set_password", json!({}))
            }
        };
        row.version += 1;
        let subject = Subject { kind: "user", id: id.0, version: row.version, action };
        self.enter(&subject, origin, after)?;
        self.put_user(row)?;
        Ok(plain_outcome(origin.at))
    }
}

/// Units and users are managed by the operator alone; no role has a right to it.
fn operator_only(origin: &Origin<'_>) -> Decided<()> {
    match origin.caller {
        Caller::Operator => Ok(()),
        Caller::User(_) => Err(Reason::RoleNotPermitted.into()),
    }
}

fn context<'w>(
    workspace: &Workspace<'w>,
    actor: &'w Actor,
    at: DateTime<Utc>,
    directory: &'w Directory,
    numbers: &'w NextNumbers,
) -> Context<'w> {
    Context {
        actor,
        at,
        law: &workspace.basis.law,
        decisions: workspace.basis.decisions,
        directory,
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
    Outcome { at, case: None, query_code: None, earlier: None, replayed: Replayed::No }
}
