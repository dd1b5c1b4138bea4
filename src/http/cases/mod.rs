//! Cases: receiving them, reading them, acting on them.

mod applicant;
mod archive;
mod attachments;
mod bodies;
mod deadline;
mod drafting;
mod earlier;
mod events;
mod explain;
pub mod export;
mod filters;
pub mod import;
mod issuing;
pub mod letters;
mod line;
mod list;
mod receipt;
mod search;
mod steps;
pub mod subtasks;
mod views;
mod what_if;

use std::sync::Arc;

use actix_web::web;

use super::auth::{self, Auth, Needs};
use super::extract::{Body, CasePath, IdempotencyKey, IfMatch};
use super::problem::{Fault, Problem};
use super::reply::{Shown, Sight, Tagged};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::{Action, Step};
use crate::domain::rejection::Reason;
use crate::domain::said::Language;
use crate::service::{App, cases};
use crate::store::command::{CaseAfter, Outcome};
use applicant::names_are_masked;
use bodies::{AmendBody, ReceiveBody};
use views::{CaseView, ReceivedView};

pub(super) use attachments::ProvidedFileView;
pub(super) use bodies::{ApplicantBody, prose};
use earlier::EarlierCasesView;

pub use attachments::{attach, attachment, content, list as attachments};
pub use deadline::deadline;
pub use earlier::{Caution, earlier};
pub use events::events;
pub use explain::actions;
pub use export::export as export_case;
pub use filters::{Counting, Worklist};
pub use import::{Charset, Column, RegisterFault, RowOutcome, import, template};
pub use issuing::issue_letter;
pub use letters::{
    BlockKind, LetterState, Seal, document as draw_document, docx as letter_docx,
    list as list_letters, pdf as letter_pdf, preview as preview_letter, print as print_letter,
    register as letter_register, seal as seal_letter, show as show_letter,
};
pub use list::{TotalKind, list};
pub use receipt::{Paper, receipt, receipt_with_code};
pub use search::search;
pub use steps::ReasonBody;
pub use what_if::what_if;

type Reply<R> = Result<R, Problem>;

/// Reads one case that exists for the actor.
async fn load(app: &web::Data<App>, actor: &Actor, id: CaseId) -> Reply<Arc<Case>> {
    let found = app.store.case(&actor.case_scope(), id).await?;
    found.ok_or_else(|| Reason::NotFound.into())
}

/// `POST /api/v1/cases`
pub async fn receive(
    auth: Auth<auth::Receive>,
    app: web::Data<App>,
    key: IdempotencyKey,
    language: Language,
    body: Body<ReceiveBody>,
) -> Reply<Tagged<ReceivedView, 201>> {
    let keyed = body.keyed(&key, "receive");
    let input = body
        .value
        .into_input(legal_day(app.clock.now()))
        .map_err(|faults| Problem::new(Fault::ValidationFailed).with(faults))?;
    let known = crate::service::earlier::of_application(&app, &auth.actor, &input).await?;
    let command = cases::receive_knowing(&app, auth.origin(keyed), input, Some(known.clone()));
    let mut outcome = command.await?;
    // An outcome that an older version remembered has none of its own.
    let earlier = outcome.earlier.take().unwrap_or(known);
    let query_code = outcome.query_code.clone().ok_or(Fault::Internal)?;
    let governing = outcome.case.as_ref().and_then(CaseAfter::rule_set);
    let under = governing.unwrap_or_else(|| app.law().text_in_force(legal_day(outcome.at)));
    let tagged = answer::<200>(&app, &auth.actor, outcome)?;
    let earlier_cases = EarlierCasesView::of(earlier, under, language);
    Ok(Tagged {
        version: tagged.version,
        location: Some(tagged.value.links.own.clone()),
        replayed: tagged.replayed,
        value: ReceivedView { case: tagged.value, query_code, earlier_cases },
    })
}

/// `GET /api/v1/cases/{id}`
pub async fn show(
    auth: Auth<auth::ReadCases>,
    app: web::Data<App>,
    id: CasePath,
) -> Reply<Shown<CaseView>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let value = CaseView::of(&app, &auth.actor, &case, legal_day(app.clock.now()))?;
    let sight = if names_are_masked(&auth.actor) { Sight::Masked } else { Sight::Whole };
    Ok(Shown { value, version: case.version.0, sight })
}

/// The case as the command left it, for the actor who gave it.
fn answer<const STATUS: u16>(
    app: &App,
    actor: &Actor,
    outcome: Outcome,
) -> Reply<Tagged<CaseView, STATUS>> {
    let case: Case = outcome.case.ok_or(Fault::Internal)?.into();
    let value = CaseView::of(app, actor, &case, legal_day(outcome.at))?;
    let (version, replayed) = (case.version.0, outcome.replayed);
    Ok(Tagged { value, version, location: None, replayed })
}

/// `POST /api/v1/cases/{id}/amend`
pub async fn amend(
    auth: Auth<auth::Amend>,
    app: web::Data<App>,
    id: CasePath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<AmendBody>,
) -> Reply<Tagged<CaseView, 200>> {
    let keyed = body.keyed(&key, &format!("amend {}", id.0));
    let version = if_match.version()?;
    let (reason, changes) = body
        .value
        .into_input(legal_day(app.clock.now()))
        .map_err(|faults| Problem::new(Fault::ValidationFailed).with(faults))?;
    let outcome = cases::amend(&app, auth.origin(keyed), id.0, version, reason, changes).await?;
    answer(&app, &auth.actor, outcome)
}

/// Everything that the actions have in common: a handler's arguments, and the action.
#[expect(clippy::too_many_arguments, reason = "the arguments of a handler, passed on")]
async fn act<N: Needs>(
    auth: Auth<N>,
    app: web::Data<App>,
    id: CasePath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<Step>,
    action: Action,
) -> Reply<Tagged<CaseView, 200>> {
    let keyed = body.keyed(&key, &format!("{action} {}", id.0));
    let version = if_match.version()?;
    let outcome = cases::act(&app, auth.origin(keyed), id.0, version, body.value).await?;
    answer(&app, &auth.actor, outcome)
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $needs:ident, $body:ty => $step:expr, $action:ident;)+) => {$(
        $(#[$doc])*
        pub async fn $name(
            auth: Auth<auth::$needs>,
            app: web::Data<App>,
            id: CasePath,
            if_match: IfMatch,
            key: IdempotencyKey,
            body: Body<$body>,
        ) -> Reply<Tagged<CaseView, 200>> {
            let body = body.map($step);
            act(auth, app, id, if_match, key, body, Action::$action).await
        }
    )+};
}

actions! {
    /// `POST /api/v1/cases/{id}/register`
    register: Register, steps::RegisterBody => Step::from, Register;
    /// `POST /api/v1/cases/{id}/void`
    void: Void, steps::VoidBody => Step::from, Void;
    /// `POST /api/v1/cases/{id}/assign`
    assign: Assign, steps::AssignBody => Step::from, Assign;
    /// `POST /api/v1/cases/{id}/accept`
    accept: Accept, steps::AcceptBody => Step::from, Accept;
    /// `POST /api/v1/cases/{id}/return`
    give_back: Return, ReasonBody => |body: ReasonBody| Step::Return { reason: body.reason }, Return;
    /// `POST /api/v1/cases/{id}/request-supplement`
    request_supplement: RequestSupplement, steps::RequestSupplementBody => Step::from, RequestSupplement;
    /// `POST /api/v1/cases/{id}/supplement`
    supplement: Supplement, steps::SupplementBody => Step::from, Supplement;
    /// `POST /api/v1/cases/{id}/lapse`
    lapse: Lapse, ReasonBody => |body: ReasonBody| Step::Lapse { reason: body.reason }, Lapse;
    /// `POST /api/v1/cases/{id}/request-extension`
    request_extension: RequestExtension, steps::RequestExtensionBody => Step::from, RequestExtension;
    /// `POST /api/v1/cases/{id}/decide-extension`
    decide_extension: DecideExtension, steps::DecideExtensionBody => Step::from, DecideExtension;
    /// `POST /api/v1/cases/{id}/draft-answer`
    draft_answer: DraftAnswer, drafting::DraftAnswerBody => Step::from, DraftAnswer;
    /// `POST /api/v1/cases/{id}/review`
    review: Review, drafting::ReviewBody => Step::from, Review;
    /// `POST /api/v1/cases/{id}/ask-subtask`
    ask_subtask: AskSubtask, subtasks::AskSubtaskBody => Step::from, AskSubtask;
    /// `POST /api/v1/cases/{id}/waive-subtask`
    waive_subtask: WaiveSubtask, subtasks::EndSubtaskBody => subtasks::EndSubtaskBody::waived, WaiveSubtask;
    /// `POST /api/v1/cases/{id}/answer`
    issue_answer: Answer, steps::AnswerBody => Step::from, Answer;
    /// `POST /api/v1/cases/{id}/serve`
    serve: Serve, steps::ServeBody => Step::from, Serve;
    /// `POST /api/v1/cases/{id}/void-letter`
    void_letter: VoidLetter, steps::VoidLetterBody => Step::from, VoidLetter;
    /// `POST /api/v1/cases/{id}/detach`
    detach: Detach, steps::DetachBody => Step::from, Detach;
    /// `POST /api/v1/cases/{id}/archive`
    archive: Archive, archive::ArchiveBody => Step::from, Archive;
    /// `POST /api/v1/cases/{id}/withdraw`
    withdraw: Withdraw, ReasonBody => |body: ReasonBody| Step::Withdraw { reason: body.reason }, Withdraw;
}
