//! Units and users: creating, changing, closing, and what that does to their cases.

use std::sync::Arc;

use serde_json::json;

use super::super::command::{
    Caller, Made, NewLink, NewUser, Outcome, Standing, UnitChange, UnitPatch, UserChange, UserPatch,
};
use super::super::error::Error;
use super::super::ledger::{Origin, Subject};
use super::super::rows::{LinkRow, UserRow};
use super::super::types::{At, Doc, Key};
use super::super::workspace::Workspace;
use super::{Decided, plain_outcome, subject};
use crate::domain::actor::Role;
use crate::domain::case::Case;
use crate::domain::ids::{UnitId, UserId, Version};
use crate::domain::lifecycle::{Consequence, hand_over, release};
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;
use crate::domain::session::LinkPurpose;
use crate::domain::unit::{Unit, UnitKind, UnitPlan, User};

impl Workspace<'_> {
    pub(super) fn create_unit(
        &mut self,
        id: UnitId,
        plan: &UnitPlan,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        administers(origin)?;
        self.enter_unit(id, plan, origin)?;
        Ok(Outcome { person: Some(made(id.0)), ..plain_outcome(origin.at) })
    }

    fn enter_unit(&mut self, id: UnitId, plan: &UnitPlan, origin: &Origin<'_>) -> Decided<()> {
        if self.directory.unit_by_code(&plan.code).is_some() {
            return Err(Rejection::new(Reason::Taken).at("/code").into());
        }
        let root = self.directory.units().into_iter().any(|unit| unit.parent.is_none());
        match plan.parent {
            None if plan.kind != UnitKind::Bureau => {
                return Err(Rejection::new(Reason::FactMissing).at("/parent_id").into());
            }
            None if root => return Err(Rejection::new(Reason::Taken).at("/kind").into()),
            None => {}
            Some(parent) => self.check_parent(plan.kind, parent)?,
        }
        let unit = Unit {
            id,
            plan: plan.clone(),
            closed_at: None,
            version: Version::FIRST,
            created_at: origin.at,
            updated_at: origin.at,
        };
        let subject = Subject { kind: "unit", id: id.0, version: 1, action: "create_unit" };
        self.enter(&subject, origin, (json!({}), json!(plan)))?;
        self.put_unit(unit)?;
        Ok(())
    }

    fn check_parent(&self, kind: UnitKind, parent: UnitId) -> Decided<()> {
        match self.directory.unit(parent) {
            None => Err(Rejection::new(Reason::UnitUnknown).at("/parent_id").into()),
            Some(unit) if !unit.is_open() => {
                Err(Rejection::new(Reason::UnitClosed).at("/parent_id").into())
            }
            Some(unit) if !kind.stands_below(unit.kind) => {
                Err(Rejection::new(Reason::UnitOutOfPlace).at("/parent_id").into())
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn change_unit(
        &mut self,
        id: UnitId,
        expected: Option<Version>,
        change: &UnitChange,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        administers(origin)?;
        let mut unit = self.directory.unit(id).ok_or(Reason::NotFound)?.clone();
        check_version(unit.version, expected)?;
        if !unit.is_open() {
            return Err(Reason::UnitClosed.into());
        }
        let before = unit.plan.clone();
        let (action, after) = match change {
            UnitChange::Edit(patch) => {
                self.edit_unit(&mut unit, patch)?;
                if unit.plan == before {
                    return Err(Reason::Unchanged.into());
                }
                ("change_unit", json!(unit.plan))
            }
            UnitChange::Close { successor, reason } => {
                let reason = reason.as_str();
                self.empty_unit(&unit, *successor, reason, origin)?;
                unit.closed_at = Some(origin.at);
                let to = json!({ "closed_at": origin.at, "successor_unit_id": successor, "reason": reason });
                ("close_unit", to)
            }
        };
        unit.version = unit.version.next();
        unit.updated_at = origin.at;
        let subject = Subject { kind: "unit", id: id.0, version: unit.version.0, action };
        self.enter(&subject, origin, (json!(before), after))?;
        let moved = unit.plan.parent != before.parent;
        self.put_unit(unit)?;
        if moved {
            self.release_out_of_reach(id, origin)?;
        }
        Ok(Outcome { person: Some(made(id.0)), ..plain_outcome(origin.at) })
    }

    /// A unit has moved in the tree: who had accepted its cases from above may not see them any more.
    fn release_out_of_reach(&mut self, unit: UnitId, origin: &Origin<'_>) -> Decided<()> {
        let directory = Arc::clone(&self.directory);
        let below = directory.reach(unit);
        let lost = |case: &Case| {
            let Some(holding) = &case.record.holding else { return false };
            let officer = holding.officer.and_then(|officer| directory.user(officer));
            below.contains(&holding.unit)
                && officer.is_some_and(|user| !directory.reach(user.unit).contains(&holding.unit))
        };
        self.release_where(lost, origin)
    }

    fn edit_unit(&self, unit: &mut Unit, patch: &UnitPatch) -> Decided<()> {
        if let Some(code) = &patch.code {
            if self.directory.unit_by_code(code.as_str()).is_some_and(|other| other.id != unit.id) {
                return Err(Rejection::new(Reason::Taken).at("/code").into());
            }
            code.as_str().clone_into(&mut unit.plan.code);
        }
        if let Some(parent) = patch.parent.filter(|parent| unit.parent != Some(*parent)) {
            if unit.parent.is_none() {
                return Err(Rejection::new(Reason::UnitIsRoot).at("/parent_id").into());
            }
            if self.directory.reach(unit.id).contains(&parent) {
                return Err(Rejection::new(Reason::UnitLoop).at("/parent_id").into());
            }
            self.check_parent(unit.kind, parent)?;
            unit.plan.parent = Some(parent);
        }
        if let Some(name) = &patch.name {
            name.as_str().clone_into(&mut unit.plan.name);
        }
        if let Some(may_issue) = patch.may_issue {
            unit.plan.may_issue = may_issue;
        }
        Ok(())
    }

    /// Hands a unit's unfinished cases and active users to its successor.
    fn empty_unit(
        &mut self,
        unit: &Unit,
        successor: Option<UnitId>,
        reason: &str,
        origin: &Origin<'_>,
    ) -> Decided<()> {
        if unit.parent.is_none() {
            return Err(Reason::UnitIsRoot.into());
        }
        let below = |other: &&Unit| other.parent == Some(unit.id) && other.is_open();
        if self.directory.units().iter().any(below) {
            return Err(Reason::UnitHasUnits.into());
        }
        let cases: Vec<Case> = self.unfinished_cases(|case| {
            case.holding_unit() == Some(unit.id)
                || case.record.intake.receiving_unit == unit.id
                || case.asks_one_of(&[unit.id])
        });
        let users: Vec<User> = self.active_users_of(unit.id);
        let successor = match successor {
            Some(id) => Some(self.successor(unit, id)?),
            None if !cases.is_empty() => {
                return Err(Rejection::new(Reason::UnitHasCases)
                    .at("/successor_unit_id")
                    .saying(Said::new(
                        format!("{} 件", cases.len()),
                        format!("{} cases", cases.len()),
                    ))
                    .into());
            }
            None if !users.is_empty() => {
                return Err(Rejection::new(Reason::UnitHasUsers)
                    .at("/successor_unit_id")
                    .saying(Said::new(
                        format!("{} 人", users.len()),
                        format!("{} users", users.len()),
                    ))
                    .into());
            }
            None => None,
        };
        let Some(successor) = successor else { return Ok(()) };
        if !cases.is_empty() && !successor.kind.can_hold() {
            return Err(Rejection::new(Reason::UnitCannotHold).at("/successor_unit_id").into());
        }
        if let Some(user) = users.iter().find(|user| !successor.kind.admits(user.role)) {
            return Err(Rejection::new(Reason::RoleUnitMismatch)
                .at("/successor_unit_id")
                .saying(Said::neutral(user.username.clone()))
                .into());
        }
        let moved: Vec<UserId> = users.iter().map(|user| user.id).collect();
        for user in &users {
            self.move_user(user.id, successor.id, origin)?;
        }
        let input = json!({ "unit_id": successor.id, "reason": reason });
        for case in cases {
            let officer = case.record.holding.as_ref().and_then(|holding| holding.officer);
            let stays = officer.filter(|officer| moved.contains(officer));
            let after = hand_over(&case, unit.id, successor.id, stays, origin.at);
            let subject = subject(&after, Consequence::HandOver.as_str());
            self.enter_case(Some(&case), &after, &subject, origin, (input.clone(), None))?;
            self.put_case(after);
        }
        Ok(())
    }

    fn successor(&self, unit: &Unit, id: UnitId) -> Decided<Unit> {
        let no = |reason| Rejection::new(reason).at("/successor_unit_id");
        match self.directory.unit(id) {
            None => Err(no(Reason::UnitUnknown).into()),
            Some(other) if other.id == unit.id => Err(no(Reason::UnitLoop).into()),
            Some(other) if !other.is_open() => Err(no(Reason::UnitClosed).into()),
            Some(other) => Ok(other.clone()),
        }
    }

    fn active_users_of(&self, unit: UnitId) -> Vec<User> {
        let all = self.directory.users().into_iter();
        all.filter(|user| user.unit == unit && user.is_active()).cloned().collect()
    }

    fn move_user(&mut self, id: UserId, to: UnitId, origin: &Origin<'_>) -> Decided<()> {
        let mut row =
            self.user_row(id).ok_or_else(|| Error::corrupt("a user without a row"))?.clone();
        row.unit_id = Key(to.0);
        self.enter_user(row, "change_user", json!({ "unit_id": to }), origin)
    }

    /// Enters a changed user with the next version.
    fn enter_user(
        &mut self,
        mut row: UserRow,
        action: &str,
        after: serde_json::Value,
        origin: &Origin<'_>,
    ) -> Decided<()> {
        let before = self.user_row(UserId(row.id.0)).map(facts).transpose()?;
        row.version += 1;
        row.updated_at = At(origin.at);
        let subject = Subject { kind: "user", id: row.id.0, version: row.version, action };
        self.enter(&subject, origin, (before.unwrap_or_default(), after))?;
        self.put_user(row)?;
        Ok(())
    }

    pub(super) fn create_user(&mut self, user: &NewUser, origin: &Origin<'_>) -> Decided<Outcome> {
        administers(origin)?;
        self.enter_new_user(user, origin)?;
        Ok(Outcome {
            person: Some(made_with(user.id.0, user.link.as_ref())),
            ..plain_outcome(origin.at)
        })
    }

    fn enter_new_user(&mut self, user: &NewUser, origin: &Origin<'_>) -> Decided<()> {
        if self.directory.user_by_name(&user.username).is_some() {
            return Err(Rejection::new(Reason::Taken).at("/username").into());
        }
        self.check_place(user.unit, user.role)?;
        let subject = Subject { kind: "user", id: user.id.0, version: 1, action: "create_user" };
        let after = json!({
            "username": user.username,
            "display_name": user.display_name,
            "role": user.role,
            "unit_id": user.unit,
            "capabilities": user.capabilities,
        });
        self.enter(&subject, origin, (json!({}), after))?;
        let capabilities = serde_json::to_string(&user.capabilities).map_err(Error::corrupt)?;
        self.put_user(UserRow {
            id: Key(user.id.0),
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            password_hash: user.password_hash.clone().unwrap_or_default(),
            role: user.role.as_str().to_owned(),
            unit_id: Key(user.unit.0),
            capabilities: Doc(capabilities),
            disabled_at: None,
            token_epoch: 1,
            version: 1,
            created_at: At(origin.at),
            updated_at: At(origin.at),
        })?;
        if let Some(link) = &user.link {
            self.put_link(link_row(LinkPurpose::SetPassword, Some(user.id), link, origin));
        }
        Ok(())
    }

    /// May a user of this role belong to this unit?
    fn check_place(&self, unit: UnitId, role: Role) -> Decided<()> {
        match self.directory.unit(unit) {
            None => Err(Rejection::new(Reason::UnitUnknown).at("/unit_id").into()),
            Some(unit) if !unit.is_open() => {
                Err(Rejection::new(Reason::UnitClosed).at("/unit_id").into())
            }
            Some(unit) if !unit.kind.admits(role) => {
                Err(Rejection::new(Reason::RoleUnitMismatch).at("/role").into())
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn change_user(
        &mut self,
        id: UserId,
        expected: Option<Version>,
        change: &UserChange,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        // Whoever he is, a user may choose his own password; all else is the administrator's.
        let own = origin.actor.is_some_and(|actor| actor.user == id);
        if !(own && matches!(change, UserChange::SetPassword { .. })) {
            administers(origin)?;
        }
        let mut row = self.user_row(id).ok_or(Reason::NotFound)?.clone();
        check_version(Version(row.version), expected)?;
        let outcome = Outcome { person: Some(made(id.0)), ..plain_outcome(origin.at) };
        match change {
            UserChange::Edit(patch) => self.edit_user(row, patch, origin)?,
            UserChange::SetPassword { hash, epoch } => {
                // The password that he has shown was checked against an older row: it may be the old.
                if epoch.is_some_and(|epoch| epoch != row.token_epoch) {
                    return Err(Rejection::stale(Version(row.version)).into());
                }
                row.password_hash.clone_from(hash);
                row.token_epoch += 1;
                self.enter_user(row, "set_password", json!({}), origin)?;
            }
            UserChange::EndSessions => {
                row.token_epoch += 1;
                self.enter_user(row, "end_sessions", json!({}), origin)?;
            }
        }
        if change.kills_links() {
            self.use_up_links(Some(id), origin.at);
        }
        Ok(outcome)
    }

    fn edit_user(
        &mut self,
        mut row: UserRow,
        patch: &UserPatch,
        origin: &Origin<'_>,
    ) -> Decided<()> {
        let was = row.to_user()?;
        let role = patch.role.unwrap_or(was.role);
        let unit = patch.unit.unwrap_or(was.unit);
        if (role, unit) != (was.role, was.unit) {
            self.check_place(unit, role)?;
        }
        let active = match patch.standing {
            None => was.is_active(),
            Some(standing) => standing == Standing::Active,
        };
        if active && !was.is_active() {
            // Back to where he was, should that still stand.
            self.check_place(unit, role)?;
        }
        if was.role == Role::Admin && was.is_active() && !(active && role == Role::Admin) {
            self.another_admin_than(was.id)?;
        }
        if let Some(name) = &patch.display_name {
            name.as_str().clone_into(&mut row.display_name);
        }
        if let Some(capabilities) = &patch.capabilities {
            row.capabilities = Doc(serde_json::to_string(capabilities).map_err(Error::corrupt)?);
        }
        role.as_str().clone_into(&mut row.role);
        row.unit_id = Key(unit.0);
        if active != was.is_active() {
            row.disabled_at = (!active).then_some(At(origin.at));
        }
        if role != was.role || (was.is_active() && !active) {
            row.token_epoch += 1;
        }
        let now = row.to_user()?;
        if now == was {
            return Err(Reason::Unchanged.into());
        }
        let action = match (was.is_active(), active) {
            (true, false) => "disable_user",
            (false, true) => "enable_user",
            _ => "change_user",
        };
        let after = facts(&row)?;
        self.enter_user(row, action, after, origin)?;
        if !active || unit != was.unit || role != was.role {
            self.release_cases(was.id, origin)?;
        }
        Ok(())
    }

    /// Nobody could manage the directory any more if the last administrator went.
    fn another_admin_than(&self, id: UserId) -> Decided<()> {
        let other = |user: &&User| user.id != id && user.role == Role::Admin && user.is_active();
        if self.directory.users().iter().any(other) {
            Ok(())
        } else {
            Err(Reason::LastAdmin.into())
        }
    }

    /// Gives the cases of an officer back to their unit.
    fn release_cases(&mut self, officer: UserId, origin: &Origin<'_>) -> Decided<()> {
        let his = |case: &Case| {
            case.record.holding.as_ref().is_some_and(|holding| holding.officer == Some(officer))
        };
        self.release_where(his, origin)
    }

    /// Gives these of the open cases back to their units.
    fn release_where(&mut self, which: impl Fn(&Case) -> bool, origin: &Origin<'_>) -> Decided<()> {
        for case in self.unfinished_cases(|case| case.status().is_open() && which(case)) {
            let officer = case.record.holding.as_ref().and_then(|holding| holding.officer);
            let input = json!({ "officer_id": officer });
            let after = release(&case, origin.at);
            let subject = subject(&after, Consequence::Release.as_str());
            self.enter_case(Some(&case), &after, &subject, origin, (input, None))?;
            self.put_case(after);
        }
        Ok(())
    }

    pub(super) fn issue_link(
        &mut self,
        purpose: LinkPurpose,
        user: Option<UserId>,
        link: &NewLink,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        administers(origin)?;
        let id = match (purpose, user) {
            (LinkPurpose::SetUp, _) => {
                self.nobody_yet()?;
                uuid::Uuid::nil()
            }
            (LinkPurpose::SetPassword, None) => return Err(Reason::NotFound.into()),
            (LinkPurpose::SetPassword, Some(user)) => {
                let row = self.user_row(user).ok_or(Reason::NotFound)?.clone();
                if row.disabled_at.is_some() {
                    return Err(Reason::ActorDisabled.into());
                }
                self.enter_user(
                    row,
                    "issue_link",
                    json!({ "expires_at": link.expires_at }),
                    origin,
                )?;
                user.0
            }
        };
        self.use_up_links(user, origin.at);
        self.put_link(link_row(purpose, user, link, origin));
        Ok(Outcome { person: Some(made_with(id, Some(link))), ..plain_outcome(origin.at) })
    }

    fn nobody_yet(&self) -> Decided<()> {
        if self.directory.users().is_empty() { Ok(()) } else { Err(Reason::AlreadySetUp.into()) }
    }

    pub(super) fn use_link(
        &mut self,
        digest: &[u8; 32],
        password_hash: &str,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let link = self.good_link(digest, LinkPurpose::SetPassword, origin)?;
        let user = link.user_id.map(|key| UserId(key.0));
        let row = user.and_then(|user| self.user_row(user)).filter(|row| row.disabled_at.is_none());
        let mut row = row.ok_or(Reason::LinkInvalid)?.clone();
        row.password_hash.clone_from(&password_hash.to_owned());
        row.token_epoch += 1;
        let id = row.id.0;
        self.enter_user(row, "set_password", json!({ "by_link": true }), origin)?;
        self.use_up_links(user, origin.at);
        Ok(Outcome { person: Some(made(id)), ..plain_outcome(origin.at) })
    }

    pub(super) fn set_up(
        &mut self,
        digest: &[u8; 32],
        (id, plan): &(UnitId, UnitPlan),
        admin: &NewUser,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        self.nobody_yet()?;
        self.good_link(digest, LinkPurpose::SetUp, origin)?;
        let bureau = self.directory.units().into_iter().find(|unit| unit.parent.is_none());
        let bureau = if let Some(bureau) = bureau.map(|unit| unit.id) {
            bureau
        } else {
            self.enter_unit(*id, plan, origin)?;
            *id
        };
        let admin = NewUser { unit: bureau, ..admin.clone() };
        self.enter_new_user(&admin, origin)?;
        self.use_up_links(None, origin.at);
        Ok(Outcome { person: Some(made(admin.id.0)), ..plain_outcome(origin.at) })
    }

    fn good_link(
        &self,
        digest: &[u8; 32],
        purpose: LinkPurpose,
        origin: &Origin<'_>,
    ) -> Decided<LinkRow> {
        self.link(digest)
            .filter(|link| link.purpose == purpose.as_str())
            .filter(|link| link.used_at.is_none() && origin.at < link.expires_at.0)
            .cloned()
            .ok_or_else(|| Reason::LinkInvalid.into())
    }
}

/// What the ledger shows of a user before and after a change.
fn facts(row: &UserRow) -> Decided<serde_json::Value> {
    let user = row.to_user()?;
    Ok(json!({
        "display_name": user.display_name,
        "role": user.role,
        "unit_id": user.unit,
        "capabilities": user.capabilities,
        "disabled_at": user.disabled_at,
    }))
}

/// Units and users are managed by the operator and by administrators.
fn administers(origin: &Origin<'_>) -> Decided<()> {
    match (origin.caller, origin.actor) {
        (Caller::Operator, _) => Ok(()),
        (Caller::User(_), Some(actor)) if actor.role == Role::Admin => Ok(()),
        (Caller::User(_) | Caller::LinkHolder | Caller::Applicant | Caller::Program, _) => {
            Err(Reason::RoleNotPermitted.into())
        }
    }
}

pub(super) fn check_version(is: Version, expected: Option<Version>) -> Decided<()> {
    match expected {
        Some(expected) if expected != is => Err(Rejection::stale(is).into()),
        Some(_) | None => Ok(()),
    }
}

const fn made(id: uuid::Uuid) -> Made {
    Made { id, link: None, link_expires_at: None, unit: None, user: None }
}

fn made_with(id: uuid::Uuid, link: Option<&NewLink>) -> Made {
    Made {
        id,
        link: link.map(|link| link.secret.clone()),
        link_expires_at: link.map(|link| link.expires_at),
        unit: None,
        user: None,
    }
}

fn link_row(
    purpose: LinkPurpose,
    user: Option<UserId>,
    link: &NewLink,
    origin: &Origin<'_>,
) -> LinkRow {
    LinkRow {
        digest: link.digest.to_vec(),
        purpose: purpose.as_str().to_owned(),
        user_id: user.map(|user| Key(user.0)),
        created_at: At(origin.at),
        expires_at: At(link.expires_at),
        used_at: None,
    }
}
