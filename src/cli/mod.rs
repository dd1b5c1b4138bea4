//! The command line. Data goes to standard output, messages to standard error. Exit codes: 0 done,
//! 1 the command says no (a check failed), 2 wrong usage, 78 a setting is missing or wrong or the
//! database lacks migrations, 69 the database or the address is unavailable.

mod audit;
mod config;
pub mod deadline;
mod demo;
pub mod docs;
mod export;
mod files;
mod generate;
mod healthcheck;
mod import;
mod migrate;
mod operator;
mod replay;
mod seed;
mod serve;
mod stop;
mod unit;
mod user;
mod verify;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Wrong settings (EX_CONFIG).
pub(crate) const EXIT_CONFIG: u8 = 78;

/// The database or the address is unavailable (EX_UNAVAILABLE).
pub(crate) const EXIT_UNAVAILABLE: u8 = 69;

/// Case management for 依申请公开, the disclosure of government information on request.
#[derive(Parser)]
#[command(name = "gongkai", version, after_help = "Try it: gongkai demo")]
struct Cli {
    /// A file of settings, NAME=VALUE in lines; flags and the environment win (GONGKAI_CONFIG)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the demo year in an embedded database and serve it.
    Demo(demo::DemoArgs),
    /// Serve the API.
    Serve(serve::ServeArgs),
    /// Bring the database's schema up to date, or take the last migration back.
    Migrate(migrate::MigrateArgs),
    /// Create and change users.
    User(user::UserArgs),
    /// Create and list units.
    Unit(unit::UnitArgs),
    /// Look at a paper register in CSV, or take it in.
    Import(import::ImportArgs),
    /// Verify the ledger, or print its head.
    Audit(audit::AuditArgs),
    /// Rebuild every case from the ledger and compare.
    Replay(replay::ReplayArgs),
    /// Take a case out as one file.
    Export(export::ExportArgs),
    /// Check a file that was taken out, without database or settings.
    Verify(verify::VerifyArgs),
    /// Look after the files of cases.
    Files(files::FilesArgs),
    /// Fill an empty database with cases, for load tests.
    #[command(hide = true)]
    Seed(seed::SeedArgs),
    /// Show the settings, or check them and what they lead to.
    Config(config::ConfigArgs),
    /// Ask a running server whether it is ready; for containers.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Print a script that completes this command line in a shell.
    Completions(generate::CompletionsArgs),
    /// Compute due dates of a file of cases.
    Deadline(deadline::DeadlineArgs),
    /// Print the contract (openapi.yaml).
    Openapi(generate::OpenapiArgs),
    /// Print a generated document: lifecycle, permissions or env.
    Docs(generate::DocsArgs),
}

/// A failure of a command: what to say, and with which code to exit.
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// The same failure of one of several things.
    pub(crate) fn of(self, what: impl std::fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    pub(crate) fn new(code: u8, message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::new(EXIT_CONFIG, error)
    }
}

impl From<crate::config::Faults> for Failure {
    fn from(faults: crate::config::Faults) -> Self {
        let count = faults.0.len();
        let head = if count > 1 { format!("{count} settings are wrong.\n") } else { String::new() };
        Self::new(EXIT_CONFIG, format!("{head}{faults}"))
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        let code = match error {
            crate::store::Error::WrongKey(_)
            | crate::store::Error::Place(_)
            | crate::store::Error::Outdated(_) => EXIT_CONFIG,
            _ => EXIT_UNAVAILABLE,
        };
        Self::new(code, error)
    }
}

impl From<crate::service::StartError> for Failure {
    fn from(error: crate::service::StartError) -> Self {
        match error {
            crate::service::StartError::Store(error) => error.into(),
            key @ crate::service::StartError::Key(_) => Self::new(EXIT_CONFIG, key),
        }
    }
}

impl From<crate::domain::named::NameFault> for Failure {
    fn from(fault: crate::domain::named::NameFault) -> Self {
        let (flaw, said) = crate::http::named::in_words(&fault);
        Self::new(1, format!("{flaw}: {}", said.text(crate::domain::said::Language::English)))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(EXIT_UNAVAILABLE, error)
    }
}

impl From<crate::store::command::Denied> for Failure {
    fn from(denied: crate::store::command::Denied) -> Self {
        use crate::domain::said::Language;
        use crate::store::command::Denied;
        match denied {
            Denied::Failed(error) => error.into(),
            Denied::Refused(refusal) => {
                let lines: Vec<String> = refusal
                    .all()
                    .iter()
                    .map(|r| {
                        let sentence = r.sentence();
                        format!("{}: {}", r.reason, sentence.text(Language::English))
                    })
                    .collect();
                Self::new(1, lines.join("\n"))
            }
        }
    }
}

pub(crate) type Done = Result<u8, Failure>;

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    crate::config::source::load_file(cli.config.as_deref());
    let done = understood(&cli.command).and_then(|()| carry_out(cli.command));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            say(&format!("gongkai: {}", failure.message));
            ExitCode::from(failure.code)
        }
    }
}

/// Is the settings file understood? `serve` and `config` tell what is wrong with it beside all else.
fn understood(command: &Command) -> Result<(), Failure> {
    let faults = crate::config::source::file_faults();
    match command {
        Command::Serve(_) | Command::Config(_) => Ok(()),
        _ if faults.is_empty() => Ok(()),
        _ => Err(crate::config::Faults(faults).into()),
    }
}

fn carry_out(command: Command) -> Done {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::User(args) => user::run(args),
        Command::Unit(args) => unit::run(args),
        Command::Import(args) => import::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Files(args) => files::run(&args),
        Command::Seed(args) => seed::run(&args),
        Command::Deadline(args) => {
            Ok(deadline::run(&args, &mut std::io::stdout().lock(), &mut std::io::stderr().lock()))
        }
        Command::Openapi(args) => generate::openapi(&args),
        Command::Docs(args) => Ok(generate::docs(&args)),
        Command::Config(args) => Ok(config::run(&args)),
        Command::Healthcheck(args) => Ok(healthcheck::run(&args)),
        Command::Completions(args) => Ok(generate::completions(&args, &mut Cli::command())),
    }
}

/// Writes a line of data. A reader that has gone away is no fault of ours.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes a message for people.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Runs asynchronous work to its end.
pub(crate) fn block_on<F: Future>(work: F) -> F::Output {
    actix_web::rt::System::new().block_on(work)
}
