//! Standard paragraphs: reading them, and keeping them.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::auth::{Auth, KeepParagraphs, SignedIn};
use super::cases::{ReasonBody, prose};
use super::extract::{Body, Checked, IdempotencyKey, IfMatch, ParagraphPath, Params, Patch};
use super::page::{Bound, DEFAULT_LIMIT, PageLinks, Position};
use super::problem::{Fault, Problem};
use super::reply::{Listed, Paged, Shown, Sight, Tagged};
use super::units::SelfLink;
use crate::domain::ids::{ParagraphId, UnitId};
use crate::domain::paragraph::{Paragraph, ParagraphChange, ParagraphPatch, ParagraphPlan};
use crate::domain::rejection::Reason;
use crate::domain::text_enum::text_enum;
use crate::service::App;
use crate::store::command::{Command, Outcome};
use crate::store::paragraphs::{self, ParagraphFilter, ParagraphStanding};

/// A standard paragraph.
#[derive(Serialize, ToSchema)]
pub struct ParagraphView {
    /// Its id.
    pub id: Uuid,
    /// The unit whose it is; null when it is for the whole bureau.
    pub unit_id: Option<Uuid>,
    /// What it is about.
    #[schema(example = "户籍")]
    pub subject: String,
    /// By what it is found.
    pub title: String,
    /// The text, as a letter gives it.
    pub body: String,
    /// Since when it is closed: no draft can insert it any more.
    pub closed_at: Option<DateTime<Utc>>,
    /// Its version; send it as If-Match.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Its addresses.
    pub links: SelfLink,
}

impl From<Paragraph> for ParagraphView {
    fn from(paragraph: Paragraph) -> Self {
        let ParagraphPlan { unit, subject, title, body } = paragraph.plan;
        Self {
            id: paragraph.id.0,
            unit_id: unit.map(|unit| unit.0),
            subject,
            title,
            body,
            closed_at: paragraph.closed_at,
            version: paragraph.version.0,
            created_at: paragraph.created_at,
            updated_at: paragraph.updated_at,
            links: SelfLink { own: format!("/api/v1/paragraphs/{}", paragraph.id) },
        }
    }
}

/// One page of the standard paragraphs, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct ParagraphsView {
    /// The paragraphs.
    pub items: Vec<ParagraphView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
}

impl Paged for ParagraphsView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

impl Position for ParagraphId {
    fn written(self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

text_enum! {
    /// Whether drafts can insert a standard paragraph.
    pub enum ParagraphState in "paragraph_state" {
        Open = "open" : "启用" / "in use",
        Closed = "closed" : "停用" / "closed",
    }
}

/// Which paragraphs.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ParagraphParams {
    /// Those of this unit alone.
    pub unit_id: Option<Uuid>,
    /// Those that drafts of this unit can insert: the bureau's, its own, those of units above it.
    pub for_unit_id: Option<Uuid>,
    /// Those on this subject.
    #[validate(length(min = 1, max = 100))]
    #[param(min_length = 1, max_length = 100)]
    pub subject: Option<String>,
    /// Only those in use, or only those that are closed.
    #[param(inline)]
    pub state: Option<ParagraphState>,
    /// Paragraphs on a page; 20 when left out.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

/// A standard paragraph to be created.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateParagraphBody {
    /// The unit whose it is; for the whole bureau when left out.
    pub unit_id: Option<Uuid>,
    /// What it is about.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100, example = "户籍")]
    pub subject: String,
    /// By what it is found.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub title: String,
    /// The text, as a letter gives it.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 2000)]
    pub body: String,
}

/// New values of a standard paragraph; what is left out stays. Drafts that have inserted it stay as
/// they are.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeParagraphBody {
    /// What it is about.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub subject: Option<String>,
    /// By what it is found.
    #[validate(length(min = 1, max = 100), custom(function = prose))]
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<String>,
    /// The text.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 2000)]
    pub body: Option<String>,
}

impl Checked for CreateParagraphBody {}
impl Checked for ChangeParagraphBody {}

/// `GET /api/v1/paragraphs`
pub async fn list(
    auth: Auth<SignedIn>,
    app: web::Data<App>,
    Params(params, query): Params<ParagraphParams>,
) -> Result<Listed<ParagraphsView>, Problem> {
    let identity = format!("paragraphs {} {}", auth.actor.user, query.identity());
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page::<ParagraphId>(params.cursor.as_deref())?;
    let directory = app.store.directory().await?;
    let above = |unit: Uuid| {
        let units = directory.units().into_iter().map(|unit| unit.id);
        units.filter(|own| directory.reach(*own).contains(&UnitId(unit))).collect()
    };
    let filter = ParagraphFilter {
        unit: params.unit_id.map(UnitId),
        usable_by: params.for_unit_id.map(above),
        subject: params.subject,
        standing: params.state.map(|state| match state {
            ParagraphState::Open => ParagraphStanding::Open,
            ParagraphState::Closed => ParagraphStanding::Closed,
        }),
    };
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let find = move |conn: &mut _| paragraphs::list(conn, filter, page, limit);
    let found = app.store.readers.run(find).await?;
    let cursors = bound.around(page, &found, |own| own.id);
    Ok(Listed(ParagraphsView {
        items: found.rows.into_iter().map(ParagraphView::from).collect(),
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
    }))
}

/// `GET /api/v1/paragraphs/{id}`
pub async fn show(
    _: Auth<SignedIn>,
    app: web::Data<App>,
    id: ParagraphPath,
) -> Result<Shown<ParagraphView>, Problem> {
    let found = app.store.readers.run(move |conn| paragraphs::one(conn, id.0)).await?;
    let value = ParagraphView::from(found.ok_or(Reason::NotFound)?);
    Ok(Shown { version: value.version, sight: Sight::Whole, value })
}

/// The paragraph as a command left it.
fn after<const STATUS: u16>(outcome: Outcome) -> Result<Tagged<ParagraphView, STATUS>, Problem> {
    let value = ParagraphView::from(outcome.paragraph.ok_or(Fault::Internal)?);
    let location = (STATUS == 201).then(|| value.links.own.clone());
    Ok(Tagged { version: value.version, location, replayed: outcome.replayed, value })
}

/// `POST /api/v1/paragraphs`
pub async fn create(
    auth: Auth<KeepParagraphs>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Body<CreateParagraphBody>,
) -> Result<Tagged<ParagraphView, 201>, Problem> {
    let origin = auth.origin(body.keyed(&key, "create_paragraph"));
    let CreateParagraphBody { unit_id, subject, title, body } = body.value;
    let plan = ParagraphPlan { unit: unit_id.map(UnitId), subject, title, body };
    let command = Command::CreateParagraph { id: ParagraphId(app.fresh_id()), plan };
    after(app.submit(origin, command).await?)
}

/// `PATCH /api/v1/paragraphs/{id}`
pub async fn change(
    auth: Auth<KeepParagraphs>,
    app: web::Data<App>,
    id: ParagraphPath,
    if_match: IfMatch,
    body: Patch<ChangeParagraphBody>,
) -> Result<Tagged<ParagraphView, 200>, Problem> {
    let ChangeParagraphBody { subject, title, body } = body.0.value;
    let command = Command::ChangeParagraph {
        paragraph: id.0,
        expected: if_match.version()?,
        change: ParagraphChange::Edit(ParagraphPatch { subject, title, body }),
    };
    after(app.submit(auth.origin(None), command).await?)
}

/// `POST /api/v1/paragraphs/{id}/close`
pub async fn close(
    auth: Auth<KeepParagraphs>,
    app: web::Data<App>,
    id: ParagraphPath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<ReasonBody>,
) -> Result<Tagged<ParagraphView, 200>, Problem> {
    let origin = auth.origin(body.keyed(&key, &format!("close_paragraph {}", id.0)));
    let command = Command::ChangeParagraph {
        paragraph: id.0,
        expected: if_match.version()?,
        change: ParagraphChange::Close { reason: body.value.reason },
    };
    after(app.submit(origin, command).await?)
}
