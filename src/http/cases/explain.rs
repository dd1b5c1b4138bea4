//! What a case says about itself: what may be done now, and why the rest may not.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::web;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::archive::ArchiveBody;
use super::bodies::{AmendBody, ReceiveBody};
use super::issuing::IssueLetterBody;
use super::letters::SealBody;
use super::{Reply, drafting, load, steps, subtasks};
use crate::domain::actor::{Actor, By};
use crate::domain::case::Case;
use crate::domain::deadline::{Fact, missing_facts};
use crate::domain::lifecycle::{
    Action, Availability, Context, EarlierCases, NextNumbers, availability, can_be_sealed,
};
use crate::domain::paragraph::Paragraphs;
use crate::domain::regulation::Law;
use crate::domain::rejection::Rejection;
use crate::domain::said::{Language, Said, citation};
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::CasePath;
use crate::http::reply::Json;
use crate::http::schemas;
use crate::http::upload::AttachBody;
use crate::service::App;

/// One reason against an action.
#[derive(Serialize, ToSchema)]
pub struct ReasonView {
    /// The stable code.
    pub code: String,
    /// In words, in the language of the answer.
    pub text: String,
    /// Particulars.
    pub detail: Option<String>,
    /// The article, when the law is the reason.
    pub article: Option<String>,
}

/// What an action would take.
#[derive(Serialize, ToSchema)]
pub struct ActionView {
    /// The action.
    pub action: Action,
    /// In words, in the language of the answer.
    pub label: String,
    /// May this caller take it now?
    pub allowed: bool,
    /// Every reason why not; empty when allowed.
    pub reasons: Vec<ReasonView>,
    /// Where to post it, when allowed.
    pub href: Option<String>,
    /// How, when allowed.
    pub method: Option<String>,
    /// The headers that it needs beside the token, when allowed.
    pub headers: Option<BTreeMap<String, String>>,
    /// What to send, when allowed: enough to build the form without another request.
    pub body: Option<ActionBodyView>,
    /// The schema of its body in the contract, when allowed.
    pub body_schema: Option<String>,
}

/// The body of an action.
#[derive(Serialize, ToSchema)]
pub struct ActionBodyView {
    /// Its media type.
    pub media_type: String,
    /// Its schema (JSON Schema 2020-12), complete in itself. `x-dictionary` names the dictionary with
    /// the labels of an enumeration.
    #[schema(value_type = Object)]
    pub schema: Cow<'static, Value>,
}

/// Every action with its availability.
#[derive(Serialize, ToSchema)]
pub struct ActionsView {
    /// The version of the case that this is about; send it as If-Match.
    pub version: i64,
    /// The actions.
    pub items: Vec<ActionView>,
}

impl ReasonView {
    fn of(rejection: &Rejection, language: Language) -> Self {
        Self {
            code: rejection.reason.as_str().to_owned(),
            text: rejection.reason.said().into_text(language),
            detail: rejection.detail.as_ref().map(|detail| detail.text(language).to_owned()),
            article: rejection.article.map(|article| citation(article, language)),
        }
    }
}

/// The name and the schema of the body of every action, made once.
fn body_of(action: Action) -> Option<&'static (String, Value)> {
    type Forms = BTreeMap<Action, (String, Value)>;
    static FORMS: OnceLock<Forms> = OnceLock::new();
    fn form<T: ToSchema>() -> (String, Value) {
        (T::name().into_owned(), schemas::self_contained::<T>())
    }
    let forms = FORMS.get_or_init(|| {
        let of = |action: &Action| match action {
            Action::Receive => form::<ReceiveBody>(),
            Action::Register => form::<steps::RegisterBody>(),
            Action::Amend => form::<AmendBody>(),
            Action::Void => form::<steps::VoidBody>(),
            Action::Assign => form::<steps::AssignBody>(),
            Action::Accept => form::<steps::AcceptBody>(),
            Action::Return | Action::Lapse | Action::Withdraw => form::<steps::ReasonBody>(),
            Action::RequestSupplement => form::<steps::RequestSupplementBody>(),
            Action::Supplement => form::<steps::SupplementBody>(),
            Action::RequestExtension => form::<steps::RequestExtensionBody>(),
            Action::DecideExtension => form::<steps::DecideExtensionBody>(),
            Action::DraftAnswer => form::<drafting::DraftAnswerBody>(),
            Action::Review => form::<drafting::ReviewBody>(),
            Action::AskSubtask => form::<subtasks::AskSubtaskBody>(),
            Action::ReplySubtask => form::<subtasks::ReplySubtaskBody>(),
            Action::ReturnSubtask | Action::WaiveSubtask => form::<subtasks::EndSubtaskBody>(),
            Action::Answer => form::<steps::AnswerBody>(),
            Action::Serve => form::<steps::ServeBody>(),
            Action::RequestSeal => form::<SealBody>(),
            Action::IssueLetter => form::<IssueLetterBody>(),
            Action::VoidLetter => form::<steps::VoidLetterBody>(),
            Action::Attach => form::<AttachBody>(),
            Action::Detach => form::<steps::DetachBody>(),
            Action::Archive => form::<ArchiveBody>(),
        };
        Action::ALL.iter().map(|action| (*action, of(action))).collect()
    });
    forms.get(&action)
}

impl ActionView {
    fn of(case: &Case, item: &Availability, law: &Law, language: Language) -> Self {
        let (action, allowed) = (item.action, item.allowed());
        let (path, media_type) = match action {
            // That of the newest letter; each letter links its own.
            Action::RequestSeal => {
                let sealable = case.record.letters.iter().rev().find(|own| can_be_sealed(own));
                let letter = sealable.map(|letter| letter.id.to_string()).unwrap_or_default();
                (format!("letters/{letter}/seal"), "application/json")
            }
            Action::Attach => ("attachments".to_owned(), "multipart/form-data"),
            _ => (action.as_str().replace('_', "-"), "application/json"),
        };
        let body = body_of(action).filter(|_| allowed);
        Self {
            action,
            label: Said::of(action.label_zh(), action.label_en()).into_text(language),
            allowed,
            reasons: item.reasons.iter().map(|reason| ReasonView::of(reason, language)).collect(),
            href: allowed.then(|| format!("/api/v1/cases/{}/{path}", case.id)),
            method: allowed.then(|| "POST".to_owned()),
            headers: allowed.then(|| {
                BTreeMap::from([("If-Match".to_owned(), format!("\"{}\"", case.version.0))])
            }),
            body_schema: body.map(|(name, _)| format!("/openapi.json#/components/schemas/{name}")),
            body: body.map(|(_, schema)| ActionBodyView {
                media_type: media_type.to_owned(),
                schema: match needed(case, action, law) {
                    facts if facts.is_empty() => Cow::Borrowed(schema),
                    facts => Cow::Owned(demanding(schema, &facts)),
                },
            }),
        }
    }
}

/// The facts of arrival that this case still lacks and that this action cannot do without.
fn needed(case: &Case, action: Action, law: &Law) -> Vec<&'static str> {
    let intake = &case.record.intake;
    match action {
        Action::Register => missing_facts(&intake.arrival.receipt(intake.channel), law)
            .into_iter()
            .map(Fact::as_str)
            .collect(),
        _ => Vec::new(),
    }
}

/// The same form, with these facts of arrival required.
fn demanding(schema: &Value, facts: &[&str]) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(members) = &mut schema {
        let present = json!({ "not": { "type": "null" } });
        let each: serde_json::Map<String, Value> =
            facts.iter().map(|fact| ((*fact).to_owned(), present.clone())).collect();
        let arrival = json!({ "type": "object", "required": facts, "properties": each });
        let more = json!({ "required": ["arrival"], "properties": { "arrival": arrival } });
        members.insert("allOf".to_owned(), json!([more]));
    }
    schema
}

/// What this actor may do on a case now, and every reason against the rest.
pub(super) async fn available(app: &App, actor: &Actor, case: &Case) -> Reply<Vec<Availability>> {
    let directory = app.store.directory().await?;
    // Availability takes no number; these are never read.
    let numbers = NextNumbers::default();
    let ctx = Context {
        by: By::Staff(actor),
        at: app.clock.now(),
        law: &app.law(),
        decisions: app.decisions,
        practice: app.practice,
        earlier: &EarlierCases::new(),
        paragraphs: &Paragraphs::new(),
        directory: &directory,
        office: &app.letters,
        numbers: &numbers,
    };
    Ok(availability(case, &ctx))
}

/// `GET /api/v1/cases/{id}/actions`
pub async fn actions(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    language: Language,
) -> Reply<Json<ActionsView>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let items = available(&app, &auth.actor, &case)
        .await?
        .iter()
        .map(|item| ActionView::of(&case, item, &app.law(), language))
        .collect();
    Ok(Json(ActionsView { version: case.version.0, items }))
}
