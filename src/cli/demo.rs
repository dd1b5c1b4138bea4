//! `gongkai demo`

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::serve::bind;
use super::stop::{self, Signals};
use super::{Done, EXIT_CONFIG, EXIT_UNAVAILABLE, Failure, block_on, print, say};
use crate::clock::{Clock as _, SettableClock, SystemClock};
use crate::config::transport::Transport;
use crate::config::{DEFAULT_LISTEN, Keys, Secret, Settings};
use crate::http;
use crate::service::App;
use crate::service::demo::{self, DemoUser, Progress};
use crate::store::{DatabaseUrl, WriterLimits, vault};
use crate::telemetry::{self, LogForm};

/// Build the demo year in an embedded database and serve it: the bureau, its people, the 164
/// applications of 2011, and some forty open cases around today. For trying out only: passwords are
/// printed, keys are forgotten when it stops.
#[derive(Args)]
pub(super) struct DemoArgs {
    /// The address to listen on; 127.0.0.1:8080, or a free port when that one is taken
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Keep the database in this folder; a temporary one that is removed at the end when left out
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Print one line of JSON when ready, and nothing else, to standard output
    #[arg(long)]
    json: bool,
}

/// The folder of the demo's database; a temporary one is removed at the end.
enum Folder {
    Kept(PathBuf),
    Temporary(PathBuf),
}

impl Folder {
    fn of(args: &DemoArgs) -> Result<Self, Failure> {
        let made = |path: &Path, made: std::io::Result<()>| {
            made.map_err(|error| {
                let text = format!("cannot make the folder {}: {error}", path.display());
                Failure::new(EXIT_CONFIG, text)
            })
        };
        if let Some(path) = &args.data_dir {
            made(path, std::fs::create_dir_all(path))?;
            return Ok(Self::Kept(path.clone()));
        }
        let name = format!("gongkai-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        if path.exists() {
            made(&path, std::fs::remove_dir_all(&path))?;
        }
        made(&path, std::fs::create_dir(&path))?;
        Ok(Self::Temporary(path))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) | Self::Temporary(path) => path,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Self::Temporary(path) = self
            && let Err(error) = std::fs::remove_dir_all(&*path)
        {
            say(&format!("gongkai: cannot remove {}: {error}", path.display()));
        }
    }
}

pub(super) fn run(args: &DemoArgs) -> Done {
    telemetry::start(LogForm::Text, "warn");
    let folder = Folder::of(args)?;
    let file = folder.path().join("gongkai.db");
    if file.exists() {
        let text = format!("{} exists already; the demo starts from nothing", file.display());
        return Err(Failure::new(1, text));
    }
    let settings = settings(&file)?;
    block_on(async {
        let signals = Signals::listen()?;
        let listener = listen(args)?;
        let address = listener.local_addr()?;
        let _sole = settings.database.claim()?;
        let users = build(&settings).await?;
        let app = App::start(&settings, Arc::new(SystemClock), WriterLimits::default())?;
        app.listens_at(address);
        let server = http::serve(Arc::clone(&app), listener, Transport::default())?;
        if args.json {
            print(&ready_line(address, &users));
        } else {
            banner(address, &users);
        }
        stop::run(app, vec![server], signals, Duration::ZERO).await?;
        Ok(0)
    })
}

fn settings(file: &Path) -> Result<Settings, Failure> {
    let random =
        || vault::fresh_bytes().map(Secret).map_err(|error| Failure::new(EXIT_UNAVAILABLE, error));
    let database = DatabaseUrl::Sqlite(file.display().to_string());
    let keys = Keys { token: random()?, data: random()?, data_id: "demo".to_owned() };
    Ok(Settings::with_keys(database, keys))
}

/// Lives through the demo's time with a clock that is set.
async fn build(settings: &Settings) -> Result<Vec<DemoUser>, Failure> {
    let now = SystemClock.now();
    let clock = SettableClock::at(now);
    let app = App::start(settings, clock.clone(), WriterLimits::default())?;
    let mut shown = 0;
    let mut progress = |progress: Progress| {
        let percent = progress.done * 100 / progress.total.max(1);
        if percent >= shown {
            say(&format!("{percent:3} %  {}", progress.phase.text()));
            shown = percent + 20;
        }
    };
    let built = demo::build(&app, &clock, now, &mut progress).await;
    let users = built.map_err(|error| Failure::new(EXIT_UNAVAILABLE, error))?;
    say("100 %  ready");
    if let Some(app) = Arc::into_inner(app) {
        app.store.close();
    }
    Ok(users)
}

/// Takes the address that it was told, or by default where there is room.
fn listen(args: &DemoArgs) -> Result<TcpListener, Failure> {
    if let Some(wanted) = args.listen {
        return bind(wanted);
    }
    bind(DEFAULT_LISTEN).or_else(|_| bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
}

fn ready_line(address: SocketAddr, users: &[DemoUser]) -> String {
    let users: Vec<_> = users
        .iter()
        .map(|user| {
            serde_json::json!({
                "username": user.username,
                "password": user.password,
                "role": user.role,
                "unit": user.unit_code,
            })
        })
        .collect();
    serde_json::json!({ "url": format!("http://{address}"), "users": users }).to_string()
}

fn banner(address: SocketAddr, users: &[DemoUser]) {
    let url = format!("http://{address}");
    print(&format!("\ngongkai 公开 is listening on {url}  (stop with Ctrl-C)\n"));
    print("  user            password                  role            unit");
    for user in users {
        let DemoUser { username, password, role, unit_name, .. } = user;
        print(&format!("  {username:<15} {password:<25} {role:<15} {unit_name}"));
    }
    let Some(user) = users.iter().find(|user| user.role == crate::domain::actor::Role::Supervisor)
    else {
        return;
    };
    print(&format!(
        "\nTry it:\n\n  \
         TOKEN=$(curl -s {url}/api/v1/sessions -H 'content-type: application/json' \
         -d '{{\"username\":\"{}\",\"password\":\"{}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n  \
         curl -s \"{url}/api/v1/statistics/reply-rate?from=2011-01-01&to=2011-12-31\" \
         -H \"authorization: Bearer $TOKEN\"\n  \
         curl -s \"{url}/api/v1/cases?worklist=overdue\" -H \"authorization: Bearer $TOKEN\"\n",
        user.username, user.password
    ));
}
