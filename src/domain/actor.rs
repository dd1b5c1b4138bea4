//! Who acts: roles, capabilities, and the actor that every command and query carries.

use super::ids::{UnitId, UserId};
use super::text_enum::text_enum;

text_enum! {
    /// What a member of staff may do in general (角色). A user has exactly one.
    pub enum Role in "role" {
        QueryRoom = "query_room" : "查询室" / "query room",
        ServiceCenter = "service_center" : "分中心" / "service center",
        LegalOffice = "legal_office" : "法制处" / "legal office",
        Supervisor = "supervisor" : "监督" / "supervisor",
        Auditor = "auditor" : "审计" / "auditor",
        Admin = "admin" : "系统管理" / "administrator",
    }
}

text_enum! {
    /// A right that single users hold beside their role.
    pub enum Capability in "capability" {
        SecrecyReviewer = "secrecy_reviewer" : "保密审查" / "secrecy reviewer",
    }
}

impl Capability {
    /// A set of them in its one order.
    #[must_use]
    pub fn set(mut capabilities: Vec<Self>) -> Vec<Self> {
        capabilities.sort_unstable_by_key(|capability| capability.as_str());
        capabilities.dedup();
        capabilities
    }
}

/// The authenticated member of staff on whose behalf something is read or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// His role.
    pub role: Role,
    /// The unit to which he belongs.
    pub unit: UnitId,
    /// That unit and every unit below it.
    pub reach: Vec<UnitId>,
    /// His capabilities.
    pub capabilities: Vec<Capability>,
}

/// Who takes an action of the lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// A member of staff.
    Staff(&'a Actor),
    /// The applicant himself, without an account: he has shown the number and the query code of the
    /// case, or is handing in a new application.
    Applicant,
}

impl By<'_> {
    /// The user who acts; none when it is the applicant.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::Staff(actor) => Some(actor.user),
            Self::Applicant => None,
        }
    }
}

impl Actor {
    /// Does the unit lie in this actor's unit or below it?
    #[must_use]
    pub fn reaches(&self, unit: UnitId) -> bool {
        self.reach.contains(&unit)
    }

    /// Which cases exist for this actor. It becomes a predicate of the SQL, never
    /// a filter after loading.
    #[must_use]
    pub fn case_scope(&self) -> CaseScope {
        match self.role {
            Role::QueryRoom | Role::LegalOffice | Role::Supervisor => CaseScope::All,
            Role::ServiceCenter => CaseScope::Units(self.reach.clone()),
            Role::Auditor | Role::Admin => CaseScope::Nothing,
        }
    }
}

/// The cases that exist for an actor; every other case is as if it were not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CaseScope {
    /// Every case.
    All,
    /// The cases that one of these units holds or received.
    Units(Vec<UnitId>),
    /// No case.
    Nothing,
}

impl CaseScope {
    /// Does a case with this receiving and holding unit exist for the actor?
    #[must_use]
    pub fn contains(&self, receiving: UnitId, holding: Option<UnitId>) -> bool {
        match self {
            Self::All => true,
            Self::Units(units) => {
                units.contains(&receiving) || holding.is_some_and(|unit| units.contains(&unit))
            }
            Self::Nothing => false,
        }
    }
}
