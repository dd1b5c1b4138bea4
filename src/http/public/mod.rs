//! The public door: applying, asking and supplementing without an account. Numbers and codes come
//! in bodies, never in addresses. [`pages`] is the same door for people, as HTML.

mod bodies;
pub mod pages;
mod views;

use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::{DateTime, Utc};

use super::cases::letters;
use super::client::client_address;
use super::contract::{Declares, Describe, Draft};
use super::download::{Download, Wanted};
use super::extract::{Body, IdempotencyKey};
use super::limits::charge_address;
use super::problem::{Fault, Problem};
use super::reply::Once;
use super::reply::{Html, Json};
use super::trace::RequestId;
use crate::domain::deadline::legal_day;
use crate::domain::ids::AttachmentId;
use crate::domain::policy::Right;
use crate::domain::rejection::Reason;
use crate::service::App;
use crate::service::cases::Origin;
use crate::service::public::{self, Claim, TurnedAway};
use crate::service::throttle::Wait;
use crate::store::command::{Caller, Idempotency};
use bodies::{AnswerFileBody, ClaimBody, PublicApplicationBody, PublicSupplementBody};
use views::{PublicAnswerView, PublicReceiptView, PublicStatusView};

/// Somebody without an account. Everybody may come; how often is limited by his address.
pub struct Visitor {
    address: IpAddr,
    request_id: String,
}

impl Visitor {
    fn origin(&self, idempotency: Option<Idempotency>) -> Origin {
        Origin { caller: Caller::Applicant, request_id: self.request_id.clone(), idempotency }
    }
}

impl Describe for Visitor {
    fn describe(draft: &mut Draft) {
        draft.error(415, "The body is compressed, or not of the media type that is taken.");
        draft
            .error(429, "Or too much has come from this address; `Retry-After` says for how long.");
        draft.error(503, "The database is unavailable or too busy; try again.");
    }
}

impl Declares for Visitor {
    fn right() -> Option<Right> {
        None
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
        let address = client_address(request);
        let visitor = Self { address, request_id: id.unwrap_or_default() };
        std::future::ready(charge_address(request).map(|()| visitor))
    }
}

/// A refusal at the public door as a problem.
fn turned_away(refused: TurnedAway, now: DateTime<Utc>) -> Problem {
    let (problem, wait) = match refused {
        TurnedAway::Denied(denied) => return denied.into(),
        TurnedAway::Guessing(wait) => (Problem::new(Fault::TooManyRequests), wait),
        TurnedAway::DailyLimit(wait) => (Problem::from(Reason::DailyLimitReached), wait),
    };
    problem.header(header::RETRY_AFTER, seconds(wait, now).to_string())
}

/// Whole seconds for which to wait, one at least.
fn seconds(wait: Wait, now: DateTime<Utc>) -> i64 {
    wait.seconds(now)
}

/// `POST /api/v1/public/applications`
pub async fn apply(
    visitor: Visitor,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Body<PublicApplicationBody>,
) -> Result<Once<PublicReceiptView, 201>, Problem> {
    let now = app.clock.now();
    let origin = visitor.origin(body.keyed(&key, "public apply"));
    let input = body
        .value
        .into_input(legal_day(now))
        .map_err(|faults| Problem::new(Fault::ValidationFailed).with(faults))?;
    let receipt = public::apply(&app, visitor.address, origin, input)
        .await
        .map_err(|refused| turned_away(refused, now))?;
    Ok(Once { replayed: receipt.replayed, value: PublicReceiptView::from(receipt) })
}

/// `POST /api/v1/public/status`
pub async fn status(
    visitor: Visitor,
    app: web::Data<App>,
    body: Body<ClaimBody>,
) -> Result<NotTold<Json<PublicStatusView>>, Problem> {
    let now = app.clock.now();
    let claim = body.value.into_claim().ok_or(Fault::ValidationFailed)?;
    let view = public::status(&app, visitor.address, &claim)
        .await
        .map_err(|refused| turned_away(refused, now))?;
    Ok(NotTold(Json(PublicStatusView::from(view))))
}

/// `POST /api/v1/public/supplements`
pub async fn supplement(
    visitor: Visitor,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Body<PublicSupplementBody>,
) -> Result<NotTold<Once<PublicStatusView, 200>>, Problem> {
    let now = app.clock.now();
    let origin = visitor.origin(body.keyed(&key, "public supplement"));
    let (claim, content) = body.value.into_parts().ok_or(Fault::ValidationFailed)?;
    let (view, replayed) = public::supplement(&app, visitor.address, origin, claim, content)
        .await
        .map_err(|refused| turned_away(refused, now))?;
    Ok(NotTold(Once { value: PublicStatusView::from(view), replayed }))
}

/// The answer that number and code belong to, and what this request needs of it.
async fn answered(
    visitor: &Visitor,
    app: &web::Data<App>,
    body: Body<ClaimBody>,
) -> Result<public::OnlineAnswer, Problem> {
    let now = app.clock.now();
    let claim = body.value.into_claim().ok_or(Fault::ValidationFailed)?;
    let found = public::answer(app, visitor.address, visitor.origin(None), claim).await;
    found.map_err(|refused| turned_away(refused, now))
}

/// `POST /api/v1/public/answer`
pub async fn answer(
    visitor: Visitor,
    app: web::Data<App>,
    body: Body<ClaimBody>,
) -> Result<NotTold<Json<PublicAnswerView>>, Problem> {
    let found = answered(&visitor, &app, body).await?;
    Ok(NotTold(Json(PublicAnswerView::from(found))))
}

/// `POST /api/v1/public/answer/html`
pub async fn answer_html(
    visitor: Visitor,
    app: web::Data<App>,
    body: Body<ClaimBody>,
) -> Result<NotTold<Html>, Problem> {
    let found = answered(&visitor, &app, body).await?;
    Ok(NotTold(letters::issued_page(&found.sheet)))
}

/// `POST /api/v1/public/answer/pdf`
pub async fn answer_pdf(
    visitor: Visitor,
    app: web::Data<App>,
    body: Body<ClaimBody>,
) -> Result<NotTold<letters::Printed<letters::Pdf>>, Problem> {
    let found = answered(&visitor, &app, body).await?;
    Ok(NotTold(letters::printed_pdf(&app, found.sheet, &found.letter).await?))
}

/// A file of the answer that number and code belong to. Its bytes are found before it counts as taken.
async fn provided(
    visitor: &Visitor,
    app: &web::Data<App>,
    (claim, file): (Claim, AttachmentId),
    wanted: &Wanted,
) -> Result<Download, NotProvided> {
    let chosen = public::chosen(app, visitor.address, claim, file).await?;
    let download = Download::of(&app.files, &chosen.file, wanted).await?;
    public::take(app, visitor.origin(None), chosen).await?;
    Ok(download)
}

/// Why a file of an answer is not given.
enum NotProvided {
    TurnedAway(TurnedAway),
    Problem(Problem),
}

impl From<TurnedAway> for NotProvided {
    fn from(refused: TurnedAway) -> Self {
        Self::TurnedAway(refused)
    }
}

impl From<Problem> for NotProvided {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// `POST /api/v1/public/answer/file`
pub async fn answer_file(
    visitor: Visitor,
    app: web::Data<App>,
    wanted: Wanted,
    body: Body<AnswerFileBody>,
) -> Result<NotTold<Download>, Problem> {
    let now = app.clock.now();
    let asked = body.value.into_parts().ok_or(Fault::ValidationFailed)?;
    match provided(&visitor, &app, asked, &wanted).await {
        Ok(download) => Ok(NotTold(download)),
        Err(NotProvided::TurnedAway(refused)) => Err(turned_away(refused, now)),
        Err(NotProvided::Problem(problem)) => Err(problem),
    }
}

/// A reply of a case that may not be told of: 404 for whatever is wrong with number and code.
pub struct NotTold<R>(R);

impl<R: Describe> Describe for NotTold<R> {
    fn describe(draft: &mut Draft) {
        R::describe(draft);
        draft.error(404, "The number or the query code is wrong, or this case is not told of.");
        draft.error(409, "The state of the case does not allow it.");
    }
}

impl<R: actix_web::Responder> actix_web::Responder for NotTold<R> {
    type Body = R::Body;

    fn respond_to(self, request: &HttpRequest) -> actix_web::HttpResponse<R::Body> {
        self.0.respond_to(request)
    }
}
