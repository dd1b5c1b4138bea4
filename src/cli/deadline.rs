//! `gongkai deadline FILE`: computes the limits of a file of cases, or checks them.
//!
//! The file has the form of `data/deadline_examples.json`; a result has exactly the keys of its
//! `expected`. Exit code: 0 done, 1 a result differs from `expected`, 2 the file is unusable.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::deadline::{
    Abandonment, Assessment, ClockError, DecisionEffect, Flag, Matter, Moment, PauseReason,
    ReceiptRule, Standing, assess, proactive, remedy,
};
use crate::domain::regulation::Law;

/// Largest file that is read.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Compute the limits of a file of cases, or check them against what the file expects.
#[derive(Debug, Clone, clap::Args)]
pub struct DeadlineArgs {
    /// JSON file of cases; `-` reads standard input.
    pub file: PathBuf,
    /// Compare every result with the case's `expected`; exit 1 when one differs.
    #[arg(long)]
    pub check: bool,
    /// Read the cases as open on this date: a period that still runs is not an abandonment.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub as_of: Option<NaiveDate>,
}

/// Runs the command: results to `out`, differences and remarks to `err`; gives the exit code.
pub fn run(args: &DeadlineArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let cases = match read(&args.file).and_then(|text| parse(&text)) {
        Ok(cases) => cases,
        Err(reason) => {
            let _ = writeln!(err, "{}: {reason}", args.file.display());
            return 2;
        }
    };
    let law = Law::builtin();
    let outcomes: Vec<_> = cases.iter().map(|case| solve(case, law, args.as_of)).collect();
    if let Err(error) = print(&cases, &outcomes, out) {
        let _ = writeln!(err, "cannot write the results: {error}");
        return 2;
    }
    for (case, outcome) in cases.iter().zip(&outcomes) {
        if let Err(error) = outcome {
            let _ = writeln!(err, "{}: {}", label(case), error.message);
        }
    }
    u8::from(args.check && !check(&cases, &outcomes, err))
}

fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    let length = read.map_err(|error| format!("cannot read the file: {error}"))?;
    if length as u64 > MAX_BYTES {
        return Err(format!("the file is larger than {MAX_BYTES} bytes"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Vec<Value>, String> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| format!("the file is not JSON: {error}"))?;
    match file {
        Value::Object(mut file) => match file.remove("cases") {
            Some(Value::Array(cases)) => Ok(cases),
            Some(_) => Err("'cases' is not a list".to_owned()),
            None => Err("the file has no list 'cases'".to_owned()),
        },
        _ => Err("the file is not an object with a list 'cases'".to_owned()),
    }
}

/// Why a case has no result: the stable code and a sentence.
struct CaseError {
    code: &'static str,
    message: String,
}

impl CaseError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<ClockError> for CaseError {
    fn from(error: ClockError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

type Outcome = Result<Value, CaseError>;

fn solve(case: &Value, law: &Law, as_of: Option<NaiveDate>) -> Outcome {
    let Value::Object(fields) = case else {
        return Err(CaseError::new("malformed_case", "the case is not an object"));
    };
    let result = match fields.get("kind").and_then(Value::as_str) {
        Some("application") => {
            let mut fields = fields.clone();
            fields.retain(|_, value| !value.is_null());
            check_application(&fields)?;
            let matter = Matter::deserialize(&Value::Object(fields)).map_err(malformed)?;
            serde_json::to_value(result_of(assess(&matter, law, as_of)?))
        }
        Some("proactive") => {
            let formed = moment(fields, "formed_at")?;
            serde_json::to_value(proactive(formed, law)?)
        }
        Some("remedy") => {
            let served = moment(fields, "served_at")?;
            require(fields, &["refusal"])?;
            let Some(refusal) = fields.get("refusal").and_then(Value::as_bool) else {
                return Err(CaseError::new("malformed_case", "'refusal' is not a boolean"));
            };
            let effect = if refusal { DecisionEffect::Refusal } else { DecisionEffect::Other };
            serde_json::to_value(remedy(served, effect, law)?)
        }
        Some(kind) => {
            let message = format!("unknown kind '{kind}'");
            return Err(CaseError::new("unknown_kind", message));
        }
        None => return Err(CaseError::new("unknown_kind", "the case has no kind")),
    };
    result.map_err(malformed)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn malformed(error: serde_json::Error) -> CaseError {
    CaseError::new("malformed_case", error.to_string())
}

/// Fields that hold a date, in a case, a receipt, an event or an answer (R17).
const DATE_FIELDS: [&str; 16] = [
    "submitted_at",
    "signed_at",
    "arrived_at",
    "received_at",
    "confirmed_at",
    "date",
    "deadline",
    "sent",
    "letter_received",
    "opinion_received",
    "decided",
    "notified",
    "received",
    "paid",
    "posted",
    "signed",
];

/// Names what is wrong with an application more exactly than its deserialisation would.
fn check_application(case: &Map<String, Value>) -> Result<(), CaseError> {
    require(case, &["receipt"])?;
    check_receipt(case.get("receipt"))?;
    let events = case.get("events").and_then(Value::as_array);
    for event in events.into_iter().flatten().filter_map(Value::as_object) {
        require(event, &["type"])?;
        let required: &[&str] = match event.get("type").and_then(Value::as_str) {
            Some("supplement_notice" | "fee_notice") => &["date"],
            Some("consultation") => &["who", "sent"],
            Some("extension") => &["days", "decided", "notified"],
            _ => return Err(CaseError::new("unknown_event", "unknown type of event")),
        };
        require(event, required)?;
        check_dates(event)?;
        check_receipt(event.get("supplemented"))?;
    }
    if let Some(answer) = case.get("answer").and_then(Value::as_object) {
        require(answer, &["via"])?;
        check_dates(answer)?;
    }
    Ok(())
}

fn check_receipt(receipt: Option<&Value>) -> Result<(), CaseError> {
    let Some(receipt) = receipt.and_then(Value::as_object) else {
        return Ok(());
    };
    require(receipt, &["channel"])?;
    let channel = receipt.get("channel").and_then(Value::as_str);
    let known = ReceiptRule::ALL.map(ReceiptRule::as_str);
    if !channel.is_some_and(|channel| known.contains(&channel)) {
        return Err(CaseError::new("unknown_channel", "unknown channel"));
    }
    check_dates(receipt)
}

fn require(fields: &Map<String, Value>, names: &[&'static str]) -> Result<(), CaseError> {
    for &fact in names {
        if fields.get(fact).is_none_or(Value::is_null) {
            return Err(ClockError::MissingFact { fact }.into());
        }
    }
    Ok(())
}

fn check_dates(fields: &Map<String, Value>) -> Result<(), CaseError> {
    for name in DATE_FIELDS {
        if fields.get(name).is_some_and(|value| !value.is_null()) {
            moment(fields, name)?;
        }
    }
    Ok(())
}

fn moment(fields: &Map<String, Value>, name: &'static str) -> Result<Moment, CaseError> {
    require(fields, &[name])?;
    let text = fields.get(name).and_then(Value::as_str).unwrap_or_default();
    text.parse().map_err(|error| CaseError::new("invalid_date", format!("{name}: {error}")))
}

/// The result of an application, with the keys of the examples.
#[derive(Serialize)]
struct ApplicationResult {
    version: u16,
    receipt_date: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplement_notice_due: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_due: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_restarted_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    opinion_due: Vec<NaiveDate>,
    #[serde(flatten)]
    standing: StandingResult,
    #[serde(flatten)]
    answer: Option<AnswerResult>,
    flags: Vec<Flag>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    provisional: bool,
}

#[derive(Serialize)]
struct AnswerResult {
    answer_date: NaiveDate,
    on_time: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StandingResult {
    Running {
        due: NaiveDate,
        counted: Vec<NaiveDate>,
        excluded: Vec<NaiveDate>,
    },
    /// Only with `--as-of`.
    Paused {
        status: PauseReason,
        paused_since: NaiveDate,
        paused_until: Option<NaiveDate>,
    },
    Abandoned {
        status: Abandonment,
        abandoned_from: NaiveDate,
    },
}

fn result_of(assessment: Assessment) -> ApplicationResult {
    let standing = match assessment.standing {
        Standing::Running { due, counted, excluded } => {
            StandingResult::Running { due, counted, excluded }
        }
        Standing::Paused { since, reason, until } => {
            StandingResult::Paused { status: reason, paused_since: since, paused_until: until }
        }
        Standing::Abandoned { status, from } => {
            StandingResult::Abandoned { status, abandoned_from: from }
        }
    };
    ApplicationResult {
        version: assessment.rule_set.number(),
        receipt_date: assessment.receipt_date,
        supplement_notice_due: assessment.supplement_notice_due,
        fee_due: assessment.fee_due,
        clock_restarted_from: assessment.clock_restarted_from,
        opinion_due: assessment.opinion_due,
        standing,
        answer: assessment
            .answer
            .map(|answer| AnswerResult { answer_date: answer.date, on_time: answer.on_time }),
        flags: assessment.flags,
        provisional: assessment.provisional,
    }
}

fn print(cases: &[Value], outcomes: &[Outcome], out: &mut dyn Write) -> io::Result<()> {
    let lines = cases.iter().zip(outcomes).map(|(case, outcome)| {
        let id = case.get("id").cloned().unwrap_or_default();
        match outcome {
            Ok(result) => json!({"id": id, "result": result}),
            Err(error) => json!({"id": id, "error": {"code": error.code}}),
        }
    });
    let file = json!({"cases": lines.collect::<Vec<_>>()});
    serde_json::to_writer_pretty(&mut *out, &file)?;
    writeln!(out)?;
    out.flush()
}

/// Lists every difference; true when there is none.
fn check(cases: &[Value], outcomes: &[Outcome], err: &mut dyn Write) -> bool {
    let (mut checked, mut different) = (0_usize, 0_usize);
    for (case, outcome) in cases.iter().zip(outcomes) {
        let Some(expected) = case.get("expected") else {
            continue;
        };
        let got = match outcome {
            Ok(result) => result.clone(),
            Err(error) => json!({"error": {"code": error.code}}),
        };
        let differences = differences(expected, &got);
        checked += 1;
        different += usize::from(!differences.is_empty());
        for difference in differences {
            let _ = writeln!(err, "{}: {difference}", label(case));
        }
    }
    let _ = writeln!(err, "{checked} cases checked, {different} differ");
    different == 0
}

fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let (Value::Object(expected_keys), Value::Object(got_keys)) = (expected, got) else {
        return vec![format!("expected {expected}, got {got}")];
    };
    let mut names: Vec<&String> = expected_keys.keys().chain(got_keys.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    names
        .into_iter()
        .filter(|name| expected_keys.get(*name) != got_keys.get(*name))
        .map(|name| {
            let (expected, got) = (expected_keys.get(name), got_keys.get(name));
            format!("{name}: expected {}, got {}", show(expected), show(got))
        })
        .collect()
}

fn label(case: &Value) -> String {
    match case.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(id) => id.to_string(),
        None => "case without id".to_owned(),
    }
}
