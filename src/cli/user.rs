//! `gongkai user`

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Done, Failure, block_on, operator, print, say};
use crate::domain::actor::{Capability, Role};
use crate::domain::ids::UserId;
use crate::domain::named::{DisplayName, UserName};
use crate::service::App;
use crate::service::cases::Origin;
use crate::service::people::{
    Link, UserInput, change_user, create_user, issue_link, link_of, set_password,
};
use crate::store::command::{Standing, UserChange, UserPatch};

/// Create and change users.
#[derive(Args)]
pub(super) struct UserArgs {
    /// Where the data is (GONGKAI_DATABASE_URL)
    #[arg(long, global = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

/// Where a password comes from.
#[derive(Args, Clone, Copy)]
struct PasswordFrom {
    /// Read the password from the first line of standard input; without it a one-time link is
    /// printed, by which the user chooses his password
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Create a user. He chooses his password by a one-time link, unless one comes on standard input
    Create {
        /// The name by which he logs in: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit
        username: String,
        /// query_room, service_center, legal_office, supervisor, auditor or admin
        #[arg(long)]
        role: Role,
        /// The code of his unit
        #[arg(long)]
        unit: String,
        /// The name that others see
        #[arg(long)]
        display_name: Option<String>,
        /// A right beside the role, e.g. secrecy_reviewer
        #[arg(long)]
        capability: Vec<Capability>,
        #[command(flatten)]
        from: PasswordFrom,
    },
    /// Change a user; what is not named stays
    Change {
        /// His name
        username: String,
        /// The name that others see
        #[arg(long)]
        display_name: Option<String>,
        /// His role; his sessions end
        #[arg(long)]
        role: Option<Role>,
        /// The code of his unit; the cases that he had accepted stay with the old one
        #[arg(long)]
        unit: Option<String>,
        /// A right beside the role; all that he shall have, one by one
        #[arg(long)]
        capability: Vec<Capability>,
        /// Take every right beside the role away
        #[arg(long, conflicts_with = "capability")]
        no_capabilities: bool,
    },
    /// Bar a user from logging in; his sessions end, and the cases that he had accepted go back to
    /// his unit
    Disable {
        /// His name
        username: String,
    },
    /// Let a disabled user in again
    Enable {
        /// His name
        username: String,
    },
    /// Print a one-time link by which a user chooses a new password
    ResetLink {
        /// His name
        username: String,
    },
    /// Give a user a new password, the first line of standard input; his sessions end. He chooses one
    /// himself by reset-link
    SetPassword {
        /// His name
        username: String,
        /// What happens in any case
        #[arg(long, hide = true)]
        password_stdin: bool,
    },
    /// End all sessions of a user
    EndSessions {
        /// His name
        username: String,
    },
    /// List the users
    List,
}

pub(super) fn run(args: UserArgs) -> Done {
    let app = operator::open(args.database_url.as_deref())?;
    block_on(async move {
        match args.command {
            Command::Create { username, role, unit, display_name, capability, from } => {
                let read = UserName::parse(&username)?;
                let input = UserInput {
                    display_name: shown_name(display_name.as_deref().unwrap_or(&username))?,
                    username: read,
                    password: password(from)?,
                    role,
                    unit: operator::unit(&app, &unit).await?,
                    capabilities: Capability::set(capability),
                };
                let outcome = create_user(&app, Origin::operator(), input).await?;
                if let Some(made) = &outcome.person {
                    print(&made.id.to_string());
                }
                if outcome.person.as_ref().is_some_and(|made| made.link.is_some()) {
                    announce(&app, &link_of(outcome)?);
                }
            }
            Command::Change { username, display_name, role, unit, capability, no_capabilities } => {
                let unit = match unit {
                    Some(code) => Some(operator::unit(&app, &code).await?),
                    None => None,
                };
                let named_any = no_capabilities || !capability.is_empty();
                let patch = UserPatch {
                    display_name: display_name.as_deref().map(shown_name).transpose()?,
                    role,
                    unit,
                    capabilities: named_any.then(|| Capability::set(capability)),
                    standing: None,
                };
                change(&app, &username, UserChange::Edit(patch)).await?;
            }
            Command::Disable { username } => {
                change(&app, &username, UserChange::to(Standing::Disabled)).await?;
            }
            Command::Enable { username } => {
                change(&app, &username, UserChange::to(Standing::Active)).await?;
            }
            Command::EndSessions { username } => {
                change(&app, &username, UserChange::EndSessions).await?;
            }
            Command::ResetLink { username } => reset_link(&app, &username).await?,
            Command::SetPassword { username, password_stdin: _ } => {
                let user = named(&app, &username).await?;
                set_password(&app, Origin::operator(), user, None, piped_password()?).await?;
            }
            Command::List => {
                for user in app.store.directory().await?.users() {
                    let state = if user.is_active() { "active" } else { "disabled" };
                    print(&format!("{}\t{}\t{}\t{state}", user.id, user.username, user.role));
                }
            }
        }
        Ok(0)
    })
}

fn shown_name(text: &str) -> Result<DisplayName, Failure> {
    DisplayName::parse(text).map_err(|fault| Failure::from(fault).of("--display-name"))
}

async fn change(app: &Arc<App>, username: &str, change: UserChange) -> Result<(), Failure> {
    let user = named(app, username).await?;
    change_user(app, Origin::operator(), user, None, change).await?;
    Ok(())
}

async fn reset_link(app: &Arc<App>, username: &str) -> Result<(), Failure> {
    let user = named(app, username).await?;
    announce(app, &issue_link(app, Origin::operator(), user).await?.0);
    Ok(())
}

async fn named(app: &Arc<App>, username: &str) -> Result<UserId, Failure> {
    let directory = app.store.directory().await?;
    let user = directory.user_by_name(username);
    user.map(|user| user.id).ok_or_else(|| Failure::new(1, format!("no user {username}")))
}

/// The password on standard input, when it shall come from there.
fn password(from: PasswordFrom) -> Result<Option<String>, Failure> {
    from.password_stdin.then(piped_password).transpose()
}

/// The first line of standard input. A terminal would show what is typed, so it is not asked.
fn piped_password() -> Result<String, Failure> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        return Err(Failure::new(
            2,
            "the password is read from standard input: send it through a pipe or from a file, or \
             let the user choose one: gongkai user reset-link NAME",
        ));
    }
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Prints a link, the one time that it is shown.
fn announce(app: &App, link: &Link) {
    say(&format!("A link to choose a password, good once, until {}:", link.expires_at));
    print(&app.password_page(&link.secret));
}
