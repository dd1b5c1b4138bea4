//! The printed receipt (登记回执; before registration 收件回执).
//!
//! The query code is shown once, when the application is taken in, and kept nowhere. So a receipt
//! carries it only when the caller supplies it, in the body of a request and never in an address,
//! and only when it is that of the case. The QR code holds the bare address of the public page: the
//! number and the code are typed there.

mod page;
mod qr;

use actix_web::web;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::applicant::name_for;
use super::{Reply, load};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::query_code::QueryCode;
use crate::domain::text_enum::text_enum;
use crate::http::auth::{self, Auth};
use crate::http::extract::{Body, CasePath, Checked, Params};
use crate::http::flaw::Flaw;
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::Html;
use crate::service::{App, cases};
use page::{Receipt, written};

text_enum! {
    /// The paper that a receipt is printed on.
    pub enum Paper in "paper" {
        A4 = "a4" : "A4" / "A4",
        A5 = "a5" : "A5" / "A5",
        Roll80mm = "roll_80mm" : "80毫米热敏纸" / "80 mm thermal roll",
    }
}

/// How to print.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReceiptParams {
    /// The paper; A4 when left out.
    #[param(inline)]
    pub paper: Option<Paper>,
}

/// The query code to be printed.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBody {
    /// The code that came with the answer when the application was taken in.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "3KQD-8W2P-0RXV-5TZN")]
    pub query_code: String,
}

impl ReceiptBody {
    fn parsed(&self) -> Result<QueryCode, FieldError> {
        QueryCode::parse(&self.query_code).map_err(|_| code_fault(Flaw::QueryCodeMalformed))
    }
}

impl Checked for ReceiptBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        self.parsed().err().into_iter().collect()
    }
}

fn code_fault(flaw: Flaw) -> FieldError {
    FieldError::of("#/query_code", flaw)
}

/// `GET /api/v1/cases/{id}/receipt`
pub async fn receipt(
    auth: Auth<auth::ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    params: Params<ReceiptParams>,
) -> Reply<Html> {
    let case = load(&app, &auth.actor, id.0).await?;
    printed(&app, &auth.actor, &case, params.0.paper, None).await
}

/// `POST /api/v1/cases/{id}/receipt`
pub async fn receipt_with_code(
    auth: Auth<auth::Receive>,
    app: web::Data<App>,
    id: CasePath,
    params: Params<ReceiptParams>,
    body: Body<ReceiptBody>,
) -> Reply<Html> {
    let invalid = |fault| Problem::new(Fault::ValidationFailed).with(vec![fault]);
    let code = body.value.parsed().map_err(invalid)?;
    let case = load(&app, &auth.actor, id.0).await?;
    if !cases::owns_query_code(&app, &case, &code) {
        return Err(invalid(code_fault(Flaw::QueryCodeWrong)));
    }
    printed(&app, &auth.actor, &case, params.0.paper, Some(&code.reveal())).await
}

async fn printed(
    app: &App,
    actor: &Actor,
    case: &Case,
    paper: Option<Paper>,
    query_code: Option<&str>,
) -> Reply<Html> {
    let directory = app.store.directory().await?;
    let unit = directory.unit(case.record.intake.receiving_unit).map(|unit| unit.name.clone());
    let status_page = app.office.public_url.as_ref().map(|url| format!("{url}/public/status"));
    let receipt = Receipt {
        agency: app.agency(&directory),
        contact: app.office.contact.as_deref(),
        status_page: status_page.as_deref(),
        registered: case.record.registration.is_some(),
        lines: lines(actor, case, unit),
        query_code,
        printed_on: legal_day(app.clock.now()),
    };
    let style = paper.unwrap_or(Paper::A4).style();
    Ok(Html::new(&style, |policy| receipt.page(&style, policy).into_string()))
}

/// What the receipt says of the case, line by line.
fn lines(actor: &Actor, case: &Case, unit: Option<String>) -> Vec<(&'static str, String)> {
    let record = &case.record;
    let intake = &record.intake;
    let application = &intake.application;
    let registration = record.registration.as_ref();
    let mut lines = vec![("收件编号", intake.receipt_number.clone())];
    lines.extend(registration.map(|entry| ("登记编号", entry.case_number.clone())));
    lines.push(("申请人", name_for(actor, &application.applicant.name)));
    lines.push(("所需信息", application.subject.clone()));
    lines.push(("受理方式", intake.channel.label_zh().to_owned()));
    lines.extend(unit.map(|name| ("受理单位", name)));
    match &record.clock {
        Some(clock) => lines.push(("收到申请日期", written(clock.receipt_date))),
        None => lines.push(("收件日期", written(legal_day(intake.received_at)))),
    }
    let open = record.clock.as_ref().filter(|_| case.status().is_open());
    if let Some((due, clock)) = open.and_then(|clock| Some((clock.due_date?, clock))) {
        let note = if clock.provisional { "（暂定）" } else { "" };
        lines.push(("答复期限", format!("{}{note}", written(due))));
    }
    lines
}
