//! `gongkai user`

use std::io::BufRead as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};

use super::{Done, Failure, block_on, operator, print};
use crate::domain::actor::{Capability, Role};
use crate::domain::ids::UserId;
use crate::service::App;
use crate::service::people::{UserInput, change_user, create_user, set_password};
use crate::store::command::UserChange;
use crate::store::vault::fresh_bytes;

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
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Create a user. A password is made and printed once, unless one comes on standard input
    Create {
        /// The name by which he logs in
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
    /// Bar a user from logging in; his tokens die at once
    Disable {
        /// His name
        username: String,
    },
    /// Let a disabled user in again
    Enable {
        /// His name
        username: String,
    },
    /// Give a user a new password; his tokens die at once
    SetPassword {
        /// His name
        username: String,
        #[command(flatten)]
        from: PasswordFrom,
    },
    /// List the users
    List,
}

pub(super) fn run(args: UserArgs) -> Done {
    let app = operator::open(args.database_url.as_deref())?;
    block_on(async move {
        match args.command {
            Command::Create { username, role, unit, display_name, capability, from } => {
                let directory = app.store.directory().await?;
                let unit = directory.unit_by_code(&unit).ok_or_else(|| {
                    Failure::new(1, format!("no unit {unit}; see gongkai unit list"))
                })?;
                let (password, made) = password(from)?;
                let input = UserInput {
                    display_name: display_name.unwrap_or_else(|| username.clone()),
                    username,
                    password: password.clone(),
                    role,
                    unit: unit.id,
                    capabilities: capability,
                };
                let id = create_user(&app, input).await?;
                print(&id.to_string());
                announce(made, &password);
            }
            Command::Disable { username } => {
                change_user(&app, named(&app, &username).await?, UserChange::Disable).await?;
            }
            Command::Enable { username } => {
                change_user(&app, named(&app, &username).await?, UserChange::Enable).await?;
            }
            Command::SetPassword { username, from } => {
                let user = named(&app, &username).await?;
                let (password, made) = password(from)?;
                set_password(&app, user, password.clone()).await?;
                announce(made, &password);
            }
            Command::List => {
                for user in app.store.directory().await?.users() {
                    let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
                    print(&format!("{}\t{}\t{}\t{state}", user.id, user.username, user.role));
                }
            }
        }
        Ok(0)
    })
}

async fn named(app: &Arc<App>, username: &str) -> Result<UserId, Failure> {
    let directory = app.store.directory().await?;
    let user = directory.user_by_name(username);
    user.map(|user| user.id).ok_or_else(|| Failure::new(1, format!("no user {username}")))
}

/// Who chose a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Given,
    Made,
}

fn password(from: PasswordFrom) -> Result<(String, Origin), Failure> {
    if from.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok((line.trim_end_matches(['\r', '\n']).to_owned(), Origin::Given));
    }
    let random: [u8; 15] =
        fresh_bytes().map_err(|error| Failure::new(super::EXIT_UNAVAILABLE, error))?;
    Ok((URL_SAFE_NO_PAD.encode(random), Origin::Made))
}

fn announce(origin: Origin, password: &str) {
    if origin == Origin::Made {
        super::say("The password, shown this once:");
        print(password);
    }
}
