//! Taking in a paper register as CSV.
//!
//! The whole file is looked at first, as the API looks at one application and as the lifecycle
//! would decide it. While anything is wrong nothing is taken in, and everything that is wrong is
//! told at once; the clerk mends the sheet and sends it again. Then each row is one command. The
//! register's own number keeps a row from being taken in twice, today or next month.

mod charset;
mod column;
mod report;
mod row;
mod sheet;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web;
use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::Reply;
use super::views::Links;
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::earlier::Earlier;
use crate::domain::external_ref::ExternalRef;
use crate::domain::rejection::Reason;
use crate::domain::said::{Language, Said};
use crate::http::auth::{self, Auth};
use crate::http::extract::Params;
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::Json;
use crate::service::App;
use crate::service::cases::{ApplicationInput, Origin};
use crate::service::import::{self as service, Done, Entry, Finding};
use crate::store::command::{Denied, Replayed};
use report::{Code, FAULTS_AT_MOST, Found, ImportView, RegisterFaultView, RowView};
use row::Reading;
use sheet::Row;

pub use charset::Charset;
pub use column::Column;
pub use report::{Code as RegisterFault, RowOutcome};
pub use upload::{CsvBody, FILE_LIMIT, template};

/// The source of register numbers when the caller does not say.
pub const SOURCE: &str = "paper_register";

/// How to take a register in.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportParams {
    /// Only look, and write nothing? Yes when left out: to write, say `false`.
    pub dry_run: Option<bool>,
    /// The source under which the register numbers are kept; `paper_register` when left out.
    #[validate(length(min = 1, max = 32))]
    #[param(min_length = 1, max_length = 32)]
    pub source: Option<String>,
}

/// One row that is good in itself.
struct Line {
    row: u64,
    number: String,
    digest: [u8; 32],
}

/// Whether to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Look, and write nothing.
    Look,
    /// Take the rows in, if nothing is wrong.
    Write,
}

/// A register to be taken in.
pub struct Register {
    /// The file.
    pub file: CsvBody,
    /// The source under which its numbers are kept.
    pub source: String,
    /// Whether to write.
    pub mode: Mode,
    /// In which language its faults are told.
    pub language: Language,
}

/// `POST /api/v1/imports`
///
/// # Errors
/// The register has faults and was to be written, or the database cannot be read.
pub async fn import(
    auth: Auth<auth::Receive>,
    app: web::Data<App>,
    params: Params<ImportParams>,
    language: Language,
    file: CsvBody,
) -> Reply<Json<ImportView>> {
    let mode = if params.0.dry_run == Some(false) { Mode::Write } else { Mode::Look };
    let source = params.0.source.unwrap_or_else(|| SOURCE.to_owned());
    let register = Register { file, source, mode, language };
    let view = take_in(&app, &auth.actor, &auth.origin(None), register).await?;
    if mode == Mode::Write && !view.faults.is_empty() {
        let faults = view.faults.into_iter().map(FieldError::from).collect();
        return Err(Problem::new(Fault::ImportRefused).with(faults));
    }
    Ok(Json(view))
}

/// Looks at a register and, when nothing is wrong and it is to be written, takes its rows in.
///
/// # Errors
/// The source is none, or the database cannot be read. What is wrong with the register stands in
/// the report.
pub async fn take_in(
    app: &Arc<App>,
    actor: &Actor,
    origin: &Origin,
    register: Register,
) -> Reply<ImportView> {
    known_source(&register.source)?;
    let dry_run = register.mode == Mode::Look;
    let language = register.language;
    let mut view = ImportView { dry_run, ..ImportView::of(&register.source) };
    match checked(app, actor, &register.file, &mut view).await? {
        Err(faults) => {
            view.more_faults = faults.len() > FAULTS_AT_MOST;
            let shown = faults.into_iter().take(FAULTS_AT_MOST);
            view.faults = shown.map(|fault| RegisterFaultView::of(fault, language)).collect();
        }
        Ok(good) if dry_run => view.foresee(good),
        Ok(good) => {
            let (lines, entries): (Vec<_>, Vec<_>) = good
                .into_iter()
                .map(|(line, input, finding)| {
                    let (digest, earlier) = (line.digest, finding.earlier().cloned());
                    ((line, finding), Entry { input, digest, earlier })
                })
                .unzip();
            let done = service::carry_out(app, origin, entries).await;
            for ((line, finding), done) in lines.into_iter().zip(done) {
                view.add(line.became(finding, done, language));
            }
        }
    }
    Ok(view)
}

fn known_source(source: &str) -> Reply<()> {
    ExternalRef::parse(source, "1").map(drop).map_err(|error| {
        Problem::new(Fault::UnknownParameter).with(vec![FieldError {
            pointer: "source".to_owned(),
            code: error.code().to_owned(),
            detail: Said::new(error.zh(), error.to_string()),
        }])
    })
}

/// The rows, each with what it would lead to; or everything that is wrong.
type Good = Vec<(Line, ApplicationInput, Finding)>;

async fn checked(
    app: &App,
    actor: &Actor,
    file: &CsvBody,
    view: &mut ImportView,
) -> Reply<Result<Good, Vec<Found>>> {
    let (text, charset) = match file.text() {
        Ok(read) => read,
        Err(fault) => return Ok(Err(vec![fault])),
    };
    view.charset = Some(charset);
    let rows = match sheet::rows(&text) {
        Ok(rows) => rows,
        Err(faults) => return Ok(Err(faults)),
    };
    view.rows = rows.len();
    let directory = app.store.directory().await?;
    let today = legal_day(app.clock.now());
    let reading = Reading { source: &view.source, directory: &directory, today };
    let (lines, inputs, mut faults) = read(rows, &reading).await;
    let findings = service::rehearse(app, actor, &inputs).await?;
    let mut good = Vec::with_capacity(inputs.len());
    for ((line, input), finding) in lines.into_iter().zip(inputs).zip(findings) {
        if let Finding::Refused(refusal) = &finding {
            let members = refusal.all().iter().map(FieldError::from);
            faults.extend(members.map(|fault| Found::of_member(line.row, fault)));
        }
        good.push((line, input, finding));
    }
    faults.sort_by_key(|found| (found.row, found.column));
    Ok(if faults.is_empty() { Ok(good) } else { Err(faults) })
}

/// The applications of the rows that are good in themselves, and the faults of the others.
async fn read(
    rows: Vec<Row>,
    reading: &Reading<'_>,
) -> (Vec<Line>, Vec<ApplicationInput>, Vec<Found>) {
    let (mut lines, mut inputs, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen: BTreeMap<ExternalRef, u64> = BTreeMap::new();
    for row in rows {
        let (line, digest) = (row.line, digest(reading.source, &row));
        match reading.application(row) {
            Err(found) => faults.extend(found),
            Ok(input) => {
                let number = input.external_ref.clone();
                let earlier = number.as_ref().and_then(|n| seen.insert(n.clone(), line));
                if let Some(earlier) = earlier {
                    let fault = Found::of_cell(line, Column::RegisterNumber, Code::DuplicateInFile);
                    faults.push(fault.saying(earlier.to_string()));
                }
                let number = number.map(|n| n.reference().to_owned()).unwrap_or_default();
                lines.push(Line { row: line, number, digest });
                inputs.push(input);
            }
        }
        // Thousands of rows take a while; other requests of this thread get their turn.
        tokio::task::yield_now().await;
    }
    (lines, inputs, faults)
}

/// What the register says in a row, wherever the row stands.
fn digest(source: &str, row: &Row) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut add = |part: &str| {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    };
    add(source);
    for (column, cell) in &row.cells {
        add(column.as_str());
        add(cell);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

impl ImportView {
    /// A report of nothing yet.
    fn of(source: &str) -> Self {
        Self {
            dry_run: true,
            charset: None,
            source: source.to_owned(),
            rows: 0,
            created: 0,
            already_present: 0,
            failed: 0,
            faults: Vec::new(),
            more_faults: false,
            items: Vec::new(),
        }
    }

    fn add(&mut self, row: RowView) {
        match row.outcome {
            RowOutcome::WouldCreate | RowOutcome::Created => self.created += 1,
            RowOutcome::AlreadyPresent => self.already_present += 1,
            RowOutcome::Failed | RowOutcome::NotTried => self.failed += 1,
        }
        self.items.push(row);
    }

    /// What a run that writes would do.
    fn foresee(&mut self, good: Good) {
        for (line, _, finding) in good {
            let row = match finding {
                Finding::New(earlier) => line.view(RowOutcome::WouldCreate).like(&earlier),
                Finding::Present(holder) => line.present(&holder),
                // Refused rows are faults, and with faults nothing is foreseen.
                Finding::Refused(_) => line.view(RowOutcome::Failed),
            };
            self.add(row);
        }
    }
}

impl Line {
    fn view(self, outcome: RowOutcome) -> RowView {
        RowView {
            row: self.row,
            register_number: self.number,
            outcome,
            id: None,
            receipt_number: None,
            case_number: None,
            query_code: None,
            repeated_cases: Vec::new(),
            code: None,
            detail: None,
        }
    }

    fn present(self, holder: &crate::store::references::Holder) -> RowView {
        RowView {
            id: Some(holder.case.0),
            receipt_number: Some(holder.receipt_number.clone()),
            ..self.view(RowOutcome::AlreadyPresent)
        }
    }

    fn became(self, finding: Finding, done: Done, language: Language) -> RowView {
        match (done, finding) {
            (Done::Answered(Ok(outcome)), _) => {
                let outcome = *outcome;
                let said = match outcome.replayed {
                    Replayed::No => RowOutcome::Created,
                    Replayed::Yes => RowOutcome::AlreadyPresent,
                };
                let case: Option<Case> = outcome.case.map(Case::from);
                let row = RowView { query_code: outcome.query_code, ..self.view(said) };
                let row = match &outcome.earlier {
                    Some(earlier) => row.like(earlier),
                    None => row,
                };
                match case {
                    Some(case) => row.of(&case),
                    None => row,
                }
            }
            // The number was taken by this very application before.
            (Done::Answered(Err(Denied::Refused(refusal))), Finding::Present(holder))
                if refusal.first().reason == Reason::ExternalRefTaken =>
            {
                self.present(&holder)
            }
            (Done::Answered(Err(denied)), _) => {
                let (code, detail) = Problem::from(denied).summary(language);
                RowView {
                    code: Some(code.to_owned()),
                    detail: Some(detail),
                    ..self.view(RowOutcome::Failed)
                }
            }
            (Done::NotTried, _) => self.view(RowOutcome::NotTried),
        }
    }
}

impl RowView {
    fn like(mut self, earlier: &Earlier) -> Self {
        self.repeated_cases = earlier.repeated().map(|case| Links::of(case.id.0).own).collect();
        self
    }

    fn of(mut self, case: &Case) -> Self {
        let registration = case.record.registration.as_ref();
        self.id = Some(case.id.0);
        self.receipt_number = Some(case.record.intake.receipt_number.clone());
        self.case_number = registration.map(|entry| entry.case_number.clone());
        self
    }
}
