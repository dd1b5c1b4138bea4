//! `gongkai config show` and `gongkai config check`

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{EXIT_CONFIG, print, say};
use crate::config::source::{self, Source};
use crate::config::{self, Flags, Secrecy, Setting, Settings};
use crate::paper::fonts::{FontError, FontSettings, Fonts, Place};
use crate::service::tables::Tables;
use crate::store::pulse::{self, KeyMatch};
use crate::store::vault::Vault;
use crate::store::{DatabaseUrl, dialect};

/// Show the settings, or check them and what they lead to.
#[derive(Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Every setting and where it comes from; secrets are not shown
    Show {
        #[command(flatten)]
        flags: Flags,
    },
    /// Check the settings, the database, its migrations and the data key, and change nothing; exit
    /// code 78 when something is wrong
    Check {
        #[command(flatten)]
        flags: Flags,
    },
}

pub(super) fn run(args: &ConfigArgs) -> u8 {
    match &args.command {
        Command::Show { flags } => show(flags, args.json),
        Command::Check { flags } => check(flags, args.json),
    }
}

/// A setting as it is shown.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    value: Option<String>,
    source: String,
}

#[expect(clippy::fn_params_excessive_bools, reason = "the flag of the command line")]
fn show(flags: &Flags, json: bool) -> u8 {
    let shown: Vec<Shown> = config::settings().map(|setting| shown(setting, flags)).collect();
    if json {
        print(&serde_json::to_string_pretty(&shown).unwrap_or_default());
    } else {
        for Shown { name, value, source } in shown {
            print(&format!("{name:<28} {:<34} {source}", value.as_deref().unwrap_or("-")));
        }
    }
    let faults = source::file_faults();
    for fault in &faults {
        say(&format!("gongkai: {fault}"));
    }
    if faults.is_empty() { 0 } else { EXIT_CONFIG }
}

fn shown(setting: &Setting, flags: &Flags) -> Shown {
    let name = setting.name;
    let found = match flags.of(name) {
        Some(value) => Ok(Some((value, Source::Flag))),
        None => source::find(name),
    };
    let (value, source) = match found {
        Ok(Some((value, source))) => (Some(value), source.to_string()),
        Ok(None) if name == source::FILE_VARIABLE && source::file().is_some() => {
            (source::file().map(|path| path.display().to_string()), Source::Flag.to_string())
        }
        Ok(None) if setting.secrecy == Secrecy::Open && !setting.example.is_empty() => {
            (Some(setting.example.to_owned()), Source::Default.to_string())
        }
        Ok(None) => (None, Source::Unset.to_string()),
        Err(fault) => (None, fault.to_string()),
    };
    let value = value.map(|value| match (setting.secrecy, name) {
        (Secrecy::Open, _) => value,
        (Secrecy::Secret, "GONGKAI_DATABASE_URL") => {
            value.parse::<DatabaseUrl>().map_or_else(|_| REDACTED.to_owned(), |url| url.shown())
        }
        (Secrecy::Secret, _) => REDACTED.to_owned(),
    });
    Shown { name, value, source }
}

const REDACTED: &str = "[redacted]";

/// One thing that was looked at.
#[derive(Serialize)]
struct Line {
    check: &'static str,
    ok: bool,
    detail: String,
}

impl Line {
    fn good(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, detail: detail.into() }
    }

    fn fault(check: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { check, ok: false, detail: detail.to_string() }
    }
}

#[expect(clippy::fn_params_excessive_bools, reason = "the flag of the command line")]
fn check(flags: &Flags, json: bool) -> u8 {
    let lines = lines(flags);
    let faults = lines.iter().filter(|line| !line.ok).count();
    if json {
        print(&serde_json::to_string_pretty(&lines).unwrap_or_default());
    } else {
        for line in &lines {
            let verdict = if line.ok { "ok   " } else { "FAULT" };
            print(&format!(
                "{verdict}  {:<10}  {}",
                line.check,
                line.detail.replace('\n', "\n                   ")
            ));
        }
    }
    if faults == 0 {
        return 0;
    }
    say(&format!("gongkai: {faults} of {} checks failed", lines.len()));
    EXIT_CONFIG
}

fn lines(flags: &Flags) -> Vec<Line> {
    let mut lines: Vec<Line> = source::unknown()
        .iter()
        .map(|name| Line::fault("setting", format!("{name}: there is no such setting")))
        .collect();
    let settings = match config::read(flags) {
        Ok((settings, running)) => {
            let text = format!("all are understood; listens on {}", settings.listen);
            lines.push(Line::good("settings", text));
            if running.metrics_listen.is_some_and(|address| !address.ip().is_loopback()) {
                let text = "GONGKAI_METRICS_LISTEN is open to whoever can reach it";
                lines.push(Line::good("metrics", text));
            }
            check_fonts(&settings.fonts, &mut lines);
            lines.push(check_tables(&settings));
            if let Some(service) = &settings.seal {
                let shown = match service.token {
                    Some(_) => "with a token",
                    None => "without a token",
                };
                lines.push(Line::good("seals", format!("are set by {}, {shown}", service.url)));
            }
            Some(settings)
        }
        Err(faults) => {
            lines.extend(faults.0.iter().map(|fault| Line::fault("setting", fault)));
            None
        }
    };
    // The database can be looked at though the keys are wrong.
    match config::database_url(flags.database_url.as_deref()) {
        Ok(url) => check_database(&url, settings.as_ref(), &mut lines),
        // Told above.
        Err(_) => lines.push(Line::fault("database", "not looked at: its address is unknown")),
    }
    lines
}

/// Which faces letters are printed with. That there are none is no fault: all else works.
fn check_fonts(settings: &FontSettings, lines: &mut Vec<Line>) {
    match Fonts::find(settings) {
        Ok(fonts) => {
            let faces = fonts.places().map(|(role, Place { path, index, family })| {
                format!("{}: {family} ({}#{index})", role.label_zh(), path.display())
            });
            lines.push(Line::good("fonts", faces.collect::<Vec<_>>().join("\n")));
        }
        Err(error @ FontError::NoChineseFont) => {
            lines.push(Line::good("fonts", format!("no PDF of letters: {error}")));
        }
        Err(error) => lines.push(Line::fault("fonts", error)),
    }
}

/// The tables of the bureau's own, read and proved as at the start.
fn check_tables(settings: &Settings) -> Line {
    match Tables::read(settings.data_dir.as_deref(), &settings.case_pattern) {
        Ok(_) => Line::good(
            "tables",
            settings.data_dir.as_ref().map_or_else(
                || "are the built-in ones".to_owned(),
                |folder| format!("read and proved, with the files of {}", folder.display()),
            ),
        ),
        Err(error) => Line::fault("tables", error),
    }
}

fn check_database(url: &DatabaseUrl, settings: Option<&Settings>, lines: &mut Vec<Line>) {
    if let DatabaseUrl::Sqlite(path) = url
        && !std::path::Path::new(path).exists()
    {
        // To connect would make it.
        lines.push(match url.check_place() {
            Ok(()) => Line::good("database", format!("{path} does not exist yet; serve makes it")),
            Err(error) => Line::fault("database", error),
        });
        return;
    }
    let mut conn = match url.connect() {
        Ok(conn) => conn,
        Err(error) => return lines.push(Line::fault("database", error)),
    };
    lines.push(Line::good("database", format!("{} answers", url.shown())));
    match dialect::pending_migrations(&mut conn) {
        Ok(pending) if pending.is_empty() => lines.push(Line::good("migrations", "all have run")),
        Ok(pending) => {
            let text = format!("lacks {}; run `gongkai migrate`", pending.join(", "));
            return lines.push(Line::fault("migrations", text));
        }
        Err(error) => return lines.push(Line::fault("migrations", error)),
    }
    let Some(settings) = settings else {
        return lines.push(Line::fault("data key", "not looked at: the settings are wrong"));
    };
    lines.push(check_key(url, settings));
}

fn check_key(url: &DatabaseUrl, settings: &Settings) -> Line {
    let vault = match Vault::from_secret(&settings.data_key_id, &settings.data_key.0) {
        Ok(vault) => vault,
        Err(error) => return Line::fault("data key", error),
    };
    match pulse::key_match(url, &vault) {
        Ok(KeyMatch::Same) => Line::good("data key", "is the one of this database"),
        Ok(KeyMatch::Unsealed) => {
            Line::good("data key", "becomes that of this database, which has none yet")
        }
        Ok(KeyMatch::Another) => {
            let text = "is not the one that this database was sealed with, by name or by secret";
            Line::fault("data key", text)
        }
        Err(error) => Line::fault("data key", error),
    }
}
