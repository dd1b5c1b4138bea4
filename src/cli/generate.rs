//! `gongkai openapi` and `gongkai docs`: the generated files of the repository
//! (`scripts/generate` writes them all).

use clap::{Args, ValueEnum};

use super::{Done, Failure, answers, docs, print};
use crate::{config, http};

/// Print the contract.
#[derive(Args)]
pub(super) struct OpenapiArgs {
    /// As JSON instead of YAML
    #[arg(long)]
    json: bool,
}

/// Print a generated document.
#[derive(Args)]
pub(super) struct DocsArgs {
    /// Which
    document: Document,
}

/// Print a script for a shell.
#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// Which
    shell: clap_complete::Shell,
}

#[derive(Clone, Copy, ValueEnum)]
enum Document {
    /// docs/lifecycle.md
    Lifecycle,
    /// docs/permissions.md
    Permissions,
    /// docs/answers.md
    Answers,
    /// .env.example
    Env,
}

pub(super) fn openapi(args: &OpenapiArgs) -> Done {
    let text = if args.json {
        let document = http::openapi::document();
        document.to_pretty_json().map_err(|error| Failure::new(1, error))?
    } else {
        http::openapi::yaml()
    };
    print(text.trim_end());
    Ok(0)
}

pub(super) fn docs(args: &DocsArgs) -> u8 {
    let text = match args.document {
        Document::Lifecycle => docs::lifecycle(),
        Document::Permissions => docs::permissions(),
        Document::Answers => answers::page(),
        Document::Env => config::env_example(),
    };
    print(text.trim_end());
    0
}

pub(super) fn completions(args: &CompletionsArgs, command: &mut clap::Command) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "gongkai", &mut script);
    print(String::from_utf8_lossy(&script).trim_end());
    0
}
