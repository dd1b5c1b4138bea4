//! `gongkai verify`

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::audit::read_anchors;
use super::{Done, Failure, print};
use crate::service::verify::{self, Refused, Report, Trust, VerifyKey};

/// Check a file that was taken out of the program: a case with its events, letters and files. Needs
/// neither a database nor settings. Exit code 0: the file is whole; 1: it is not, or it is none that
/// could be; 2: it or a key cannot be read.
#[derive(Args)]
pub(super) struct VerifyArgs {
    /// The file
    file: PathBuf,
    /// The public keys of the server that made it, got another way than the file: what
    /// /.well-known/jwks.json gives, or a PEM public key. Without it the key in the file is taken,
    /// which proves that nothing was changed, and not who made it
    #[arg(long, value_name = "JWKS|PEM")]
    key: Option<PathBuf>,
    /// Heads of the ledger that were written down (gongkai audit head)
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

fn unreadable(file: &std::path::Path, what: impl std::fmt::Display) -> Failure {
    Failure::new(2, format!("{}: {what}", file.display()))
}

pub(super) fn run(args: &VerifyArgs) -> Done {
    let anchors = args.anchors.as_ref().map(read_anchors).transpose()?.unwrap_or_default();
    let trust = Trust {
        keys: args.key.as_ref().map(read_keys).transpose()?,
        anchors: anchors.iter().map(|anchor| anchor.head).collect(),
    };
    let mut file = File::open(&args.file).map_err(|error| unreadable(&args.file, error))?;
    let report = match verify::verify(&mut file, &trust) {
        Ok(report) => report,
        Err(Refused::Unreadable(error)) => return Err(unreadable(&args.file, error)),
        Err(refused) => {
            let said = refused.to_string();
            print(&if args.json {
                json!({ "verdict": "refused", "reason": said }).to_string()
            } else {
                format!("REFUSED {said}")
            });
            return Ok(1);
        }
    };
    if args.json {
        print(&as_json(&report));
    } else {
        tell(&report);
    }
    Ok(u8::from(!report.is_whole()))
}

fn read_keys(file: &PathBuf) -> Result<Vec<VerifyKey>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, error))?;
    VerifyKey::read(&text).map_err(|error| unreadable(file, error))
}

fn as_json(report: &Report) -> String {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "place": finding.place,
            "code": finding.fault,
            "zh": finding.fault.label_zh(),
            "en": finding.fault.label_en(),
        })
    });
    let unproven = report.unproven.iter().map(|unproven| {
        json!({ "code": unproven, "zh": unproven.label_zh(), "en": unproven.label_en() })
    });
    json!({
        "verdict": if report.is_whole() { "whole" } else { "broken" },
        "kind": report.kind,
        "subject": report.subject,
        "signed_by": report.signed_by,
        "counted": report.counted,
        "findings": findings.collect::<Vec<_>>(),
        "unproven": unproven.collect::<Vec<_>>(),
    })
    .to_string()
}

fn tell(report: &Report) {
    for finding in &report.findings {
        print(&format!("BROKEN {}: {}", finding.place, finding.fault.label_en()));
    }
    let verdict = if report.is_whole() { "whole" } else { "NOT whole" };
    let counted = &report.counted;
    print(&format!(
        "the file is {verdict}: {} ({}), {} entries, {} events, {} letters, {} files, {} anchors",
        report.subject,
        report.kind,
        counted.entries,
        counted.events,
        counted.letters,
        counted.files,
        counted.anchors
    ));
    if let Some(by) = &report.signed_by {
        let whose = if by.trusted { "that was given" } else { "in the file" };
        print(&format!("signed by the key {} {whose}", by.key_id));
    }
    for unproven in &report.unproven {
        print(&format!("not proved: {}", unproven.label_en()));
    }
}
