//! Rights: what a role may do at all, before any single case is looked at. Deny by default.

use super::actor::Role;
use super::lifecycle::{Action, role_may};
use super::paragraph::keeps_some;

/// What an operation of the API demands of the caller's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// To be logged in.
    SignedIn,
    /// To read cases, within the scope.
    ReadCases,
    /// To take a whole case out as one file, within the scope.
    ExportCases,
    /// To read the figures, within the scope.
    ReadStatistics,
    /// To read what the server counts about itself.
    ReadMetrics,
    /// To manage units and users.
    ManageDirectory,
    /// To keep standard paragraphs.
    KeepParagraphs,
    /// To import calendar years and to put them in force.
    ManageCalendar,
    /// To take an action of the lifecycle.
    Act(Action),
}

impl Right {
    /// Every right.
    #[must_use]
    pub fn all() -> Vec<Self> {
        [
            Self::SignedIn,
            Self::ReadCases,
            Self::ExportCases,
            Self::ReadStatistics,
            Self::ReadMetrics,
            Self::ManageDirectory,
            Self::KeepParagraphs,
            Self::ManageCalendar,
        ]
        .into_iter()
        .chain(Action::ALL.iter().map(|action| Self::Act(*action)))
        .collect()
    }

    /// Its name in docs/permissions.md and in the contract.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::SignedIn => "signed_in".to_owned(),
            Self::ReadCases => "read_cases".to_owned(),
            Self::ExportCases => "export_cases".to_owned(),
            Self::ReadStatistics => "read_statistics".to_owned(),
            Self::ReadMetrics => "read_metrics".to_owned(),
            Self::ManageDirectory => "manage_directory".to_owned(),
            Self::KeepParagraphs => "keep_paragraphs".to_owned(),
            Self::ManageCalendar => "manage_calendar".to_owned(),
            Self::Act(action) => format!("act:{action}"),
        }
    }

    /// Does the role have it?
    #[must_use]
    pub fn granted_to(self, role: Role) -> bool {
        match self {
            Self::SignedIn => true,
            Self::ReadCases | Self::ReadStatistics => match role {
                Role::QueryRoom | Role::ServiceCenter | Role::LegalOffice | Role::Supervisor => {
                    true
                }
                Role::Auditor | Role::Admin => false,
            },
            Self::ExportCases => matches!(role, Role::QueryRoom | Role::LegalOffice),
            Self::ReadMetrics => role == Role::Auditor,
            Self::ManageDirectory => role == Role::Admin,
            Self::KeepParagraphs => keeps_some(role),
            Self::ManageCalendar => matches!(role, Role::Admin | Role::Supervisor),
            Self::Act(action) => role_may(role, action),
        }
    }
}
