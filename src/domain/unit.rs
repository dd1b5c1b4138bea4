//! The bureau's units and users, and the directory that answers questions about both.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Capability, Role};
use super::ids::{SessionId, UnitId, UserId, Version};
use super::text_enum::text_enum;

text_enum! {
    /// What a unit (单位) is for.
    pub enum UnitKind in "unit_kind" {
        Bureau = "bureau" : "市局" / "bureau",
        QueryRoom = "query_room" : "查询室" / "query room",
        ServiceCenter = "service_center" : "分中心" / "service center",
        Window = "window" : "窗口" / "window",
        Department = "department" : "业务部门" / "department",
        LegalOffice = "legal_office" : "法制部门" / "legal office",
    }
}

impl UnitKind {
    /// May a unit of this kind hold cases? `assign` goes to a unit that handles them.
    #[must_use]
    pub const fn can_hold(self) -> bool {
        match self {
            Self::QueryRoom | Self::ServiceCenter | Self::Window | Self::Department => true,
            Self::Bureau | Self::LegalOffice => false,
        }
    }

    /// May a unit of this kind stand below one of that kind? There is one bureau, at the top; a window
    /// belongs to a center, and nothing belongs to a window.
    #[must_use]
    pub const fn stands_below(self, parent: Self) -> bool {
        match self {
            Self::Bureau => false,
            Self::Window => matches!(parent, Self::ServiceCenter),
            Self::QueryRoom | Self::ServiceCenter | Self::Department | Self::LegalOffice => {
                !matches!(parent, Self::Window)
            }
        }
    }

    /// May a user with this role belong to a unit of this kind?
    #[must_use]
    pub const fn admits(self, role: Role) -> bool {
        match role {
            Role::QueryRoom => matches!(self, Self::QueryRoom),
            Role::ServiceCenter => {
                matches!(self, Self::ServiceCenter | Self::Window | Self::Department)
            }
            Role::LegalOffice => matches!(self, Self::LegalOffice),
            Role::Supervisor | Role::Auditor | Role::Admin => true,
        }
    }
}

/// What is decided about a unit; everything else follows from what happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPlan {
    /// A short stable name in ASCII for scripts and settings, unique.
    pub code: String,
    /// Its name in Chinese, as letters print it.
    pub name: String,
    /// What it is for.
    pub kind: UnitKind,
    /// The unit above it; none for the bureau.
    pub parent: Option<UnitId>,
    /// May it send an answer out in its own name (Regulation 2019, art. 10)?
    pub may_issue: bool,
}

/// One unit of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// What was decided about it.
    pub plan: UnitPlan,
    /// Since when it is closed; none while it works. A closed unit keeps its name and its history.
    pub closed_at: Option<DateTime<Utc>>,
    /// Changes seen by this row.
    pub version: Version,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::ops::Deref for Unit {
    type Target = UnitPlan;

    fn deref(&self) -> &UnitPlan {
        &self.plan
    }
}

impl Unit {
    /// Does it work, i.e. is it not closed?
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

/// One member of staff, without his password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// His id.
    pub id: UserId,
    /// The name by which he logs in, unique.
    pub username: String,
    /// The name that others see.
    pub display_name: String,
    /// His role.
    pub role: Role,
    /// His unit.
    pub unit: UnitId,
    /// Rights beside the role.
    pub capabilities: Vec<Capability>,
    /// Since when he is disabled; none while he is active.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Grows when his tokens must die: on disabling, demotion, a new password.
    pub token_epoch: i64,
    /// Changes seen by this row.
    pub version: Version,
    /// When he was created.
    pub created_at: DateTime<Utc>,
    /// When he was last changed.
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// May he log in?
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// Sessions that ended while access tokens of theirs can still be alive.
pub type EndedSessions = HashSet<SessionId>;

/// A consistent picture of all units and users. A bureau has a few hundred of both, so every
/// process keeps one in memory (docs/adr/0004-directory-in-memory.md).
#[derive(Clone, Debug, Default)]
pub struct Directory {
    version: i64,
    units: HashMap<UnitId, Unit>,
    users: HashMap<UserId, User>,
    reach: HashMap<UnitId, Vec<UnitId>>,
    ended: EndedSessions,
}

impl Directory {
    /// Builds the directory as of the given version of its head row.
    #[must_use]
    pub fn new(version: i64, units: Vec<Unit>, users: Vec<User>, ended: EndedSessions) -> Self {
        let units: HashMap<_, _> = units.into_iter().map(|unit| (unit.id, unit)).collect();
        let users = users.into_iter().map(|user| (user.id, user)).collect();
        let reach = units.keys().map(|id| (*id, Self::below(&units, *id))).collect();
        Self { version, units, users, reach, ended }
    }

    /// Has this session ended? Asked for sessions of which an access token is still alive.
    #[must_use]
    pub fn has_ended(&self, session: SessionId) -> bool {
        self.ended.contains(&session)
    }

    /// The sessions that have ended lately.
    #[must_use]
    pub const fn ended_sessions(&self) -> &EndedSessions {
        &self.ended
    }

    fn below(units: &HashMap<UnitId, Unit>, top: UnitId) -> Vec<UnitId> {
        let mut found = vec![top];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let mut children: Vec<_> = units
                .values()
                .filter(|unit| unit.parent == Some(parent) && !found.contains(&unit.id))
                .map(|unit| unit.id)
                .collect();
            children.sort_unstable();
            found.append(&mut children);
            next += 1;
        }
        found
    }

    /// The version of the head row that this picture shows.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The unit with this id.
    #[must_use]
    pub fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(&id)
    }

    /// The unit with this code.
    #[must_use]
    pub fn unit_by_code(&self, code: &str) -> Option<&Unit> {
        self.units.values().find(|unit| unit.code == code)
    }

    /// The bureau, of which there is one; none before it has been set up.
    #[must_use]
    pub fn bureau(&self) -> Option<&Unit> {
        self.units.values().find(|unit| unit.kind == UnitKind::Bureau)
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// The user who logs in by this name.
    #[must_use]
    pub fn user_by_name(&self, username: &str) -> Option<&User> {
        self.users.values().find(|user| user.username == username)
    }

    /// Every unit, parents before children, then by code.
    #[must_use]
    pub fn units(&self) -> Vec<&Unit> {
        let mut all: Vec<_> = self.units.values().collect();
        all.sort_by_key(|unit| (self.depth(unit.id), unit.code.clone()));
        all
    }

    /// Every user, by name.
    #[must_use]
    pub fn users(&self) -> Vec<&User> {
        let mut all: Vec<_> = self.users.values().collect();
        all.sort_by(|a, b| a.username.cmp(&b.username));
        all
    }

    fn depth(&self, unit: UnitId) -> usize {
        let mut depth = 0;
        let mut at = self.unit(unit);
        while let Some(parent) = at.and_then(|unit| unit.parent)
            && depth < self.units.len()
        {
            depth += 1;
            at = self.unit(parent);
        }
        depth
    }

    /// The unit and every unit below it; empty when there is no such unit.
    #[must_use]
    pub fn reach(&self, unit: UnitId) -> &[UnitId] {
        self.reach.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// The actor that this user is now; none when he is unknown or disabled.
    #[must_use]
    pub fn actor(&self, id: UserId) -> Option<Actor> {
        let user = self.user(id).filter(|user| user.disabled_at.is_none())?;
        Some(Actor {
            user: user.id,
            role: user.role,
            unit: user.unit,
            reach: self.reach(user.unit).to_vec(),
            capabilities: user.capabilities.clone(),
        })
    }
}
