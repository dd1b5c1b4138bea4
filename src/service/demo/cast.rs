//! The bureau's people: creating them, and who does what.

use std::sync::Arc;

use super::data::UserRow;
use super::{DemoError, DemoUser};
use crate::domain::actor::{Capability, Role};
use crate::domain::ids::{UnitId, UserId};
use crate::domain::named::{DisplayName, UserName};
use crate::domain::unit::{Directory, Unit, User};
use crate::service::cases::Origin;
use crate::service::people::{UserInput, create_user};
use crate::service::{App, units};

/// Creates the units of the bureau and the users of the demo.
pub(super) async fn create(app: &Arc<App>, rows: &[UserRow]) -> Result<Vec<DemoUser>, DemoError> {
    let tree = units::parse(units::BUREAU)
        .map_err(|error| DemoError::Data(format!("units.json: {error}")))?;
    units::create(app, &tree).await.map_err(DemoError::denied("units"))?;
    let directory = app.store.directory().await?;
    let mut users = Vec::with_capacity(rows.len());
    let mut inputs = Vec::with_capacity(rows.len());
    let bad = |name: &str| DemoError::Data(format!("no name for a user: {name}"));
    for row in rows {
        let unit = directory
            .unit_by_code(&row.unit)
            .ok_or_else(|| DemoError::Data(format!("no unit {}", row.unit)))?;
        let password = format!("demo-{}-2011", row.username);
        inputs.push(UserInput {
            username: UserName::parse(&row.username).map_err(|_| bad(&row.username))?,
            display_name: DisplayName::parse(&row.display_name)
                .map_err(|_| bad(&row.display_name))?,
            password: Some(password.clone()),
            role: row.role,
            unit: unit.id,
            capabilities: row.capabilities.clone(),
        });
        users.push(DemoUser {
            username: row.username.clone(),
            password,
            display_name: row.display_name.clone(),
            role: row.role,
            unit_code: row.unit.clone(),
            unit_name: unit.name.clone(),
        });
    }
    create_all(app, inputs).await?;
    Ok(users)
}

/// Creates users side by side: hashing their passwords takes the time.
async fn create_all(app: &Arc<App>, inputs: Vec<UserInput>) -> Result<(), DemoError> {
    let mut tasks = tokio::task::JoinSet::new();
    for input in inputs {
        let app = Arc::clone(app);
        tasks.spawn(async move {
            let what = format!("user {}", input.username.as_str());
            create_user(&app, Origin::operator(), input)
                .await
                .map(|_| ())
                .map_err(DemoError::denied(what))
        });
    }
    while let Some(joined) = tasks.join_next().await {
        joined.map_err(|error| DemoError::Data(error.to_string()))??;
    }
    Ok(())
}

fn reviews_secrecy(user: &User) -> bool {
    user.capabilities.contains(&Capability::SecrecyReviewer)
}

/// Who works where.
pub(super) struct Cast {
    directory: Arc<Directory>,
}

impl Cast {
    /// The cast as the directory has it.
    pub(super) const fn new(directory: Arc<Directory>) -> Self {
        Self { directory }
    }

    /// The unit with this code.
    pub(super) fn unit(&self, code: &str) -> Result<&Unit, DemoError> {
        self.directory.unit_by_code(code).ok_or_else(|| DemoError::Data(format!("no unit {code}")))
    }

    /// The users of a unit who handle cases, by name.
    fn staff(&self, unit: UnitId) -> Vec<&User> {
        let handles = |user: &&User| matches!(user.role, Role::QueryRoom | Role::ServiceCenter);
        let mut staff = self.directory.users();
        staff.retain(|user| user.unit == unit && handles(user));
        staff
    }

    /// Two people of the query room, who take turns at being the first.
    pub(super) fn desk(&self, turn: usize) -> Result<(UserId, UserId), DemoError> {
        let staff = self.staff(self.unit("query_room")?.id);
        match (staff.first(), staff.get(1)) {
            (Some(one), Some(two)) if turn.is_multiple_of(2) => Ok((one.id, two.id)),
            (Some(one), Some(two)) => Ok((two.id, one.id)),
            _ => Err(DemoError::Data("the query room needs two people".to_owned())),
        }
    }

    /// The person who acts for a unit: one of its own, or of the unit above it.
    pub(super) fn clerk(&self, code: &str) -> Result<UserId, DemoError> {
        let mut at = Some(self.unit(code)?);
        while let Some(unit) = at {
            if let Some(user) = self.staff(unit.id).first() {
                return Ok(user.id);
            }
            at = unit.parent.and_then(|parent| self.directory.unit(parent));
        }
        Err(DemoError::Data(format!("nobody works for {code}")))
    }

    /// A second person of a unit that may send answers out itself.
    pub(super) fn second_issuer(&self, code: &str) -> Result<Option<UserId>, DemoError> {
        let unit = self.unit(code)?;
        let second = self.staff(unit.id).get(1).map(|user| user.id);
        Ok(second.filter(|_| unit.may_issue))
    }

    /// The one who decides on extensions.
    pub(super) fn supervisor(&self) -> Result<UserId, DemoError> {
        self.one("supervisor", |user| user.role == Role::Supervisor)
    }

    /// The one who reviews drafts for secrecy.
    pub(super) fn secrecy_reviewer(&self) -> Result<UserId, DemoError> {
        self.one("secrecy reviewer", reviews_secrecy)
    }

    /// The one who reviews drafts for legality.
    pub(super) fn legal_reviewer(&self) -> Result<UserId, DemoError> {
        let legal = |user: &User| user.role == Role::LegalOffice && !reviews_secrecy(user);
        self.one("legal reviewer", legal)
    }

    fn one(&self, name: &str, is: impl Fn(&User) -> bool) -> Result<UserId, DemoError> {
        let user = self.directory.users().into_iter().find(|user| is(user)).map(|user| user.id);
        user.ok_or_else(|| DemoError::Data(format!("there is no {name}")))
    }
}
