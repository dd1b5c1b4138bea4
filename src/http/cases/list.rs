//! The list of cases, page by page.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::Reply;
use super::filters::{Counting, ListParams};
use super::line::CaseLineView;
use crate::domain::actor::Actor;
use crate::domain::deadline::legal_day;
use crate::domain::external_ref::ExternalRef;
use crate::domain::ids::CaseId;
use crate::domain::text_enum::text_enum;
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::Params;
use crate::http::page::{Bound, DEFAULT_LIMIT, PageLinks};
use crate::http::problem::Problem;
use crate::http::reply::{Listed, Paged};
use crate::service::App;
use crate::store::Conn;
use crate::store::cases::{CaseLine, Extent, Lines, Listing, Total};
use crate::store::page::Stretch;
use crate::store::references;

text_enum! {
    /// What a total says.
    pub enum TotalKind in "total_kind" {
        Exact = "exact" : "准确" / "so many",
        AtLeast = "at_least" : "至少" / "so many or more",
    }
}

/// The most that an estimate counts. Its cost is bounded by it, and beyond it nobody counts pages.
const ESTIMATE_LIMIT: i64 = 10_000;

/// One page of cases.
#[derive(Serialize, ToSchema)]
pub struct CasesView {
    /// The cases.
    pub items: Vec<CaseLineView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
    /// How many cases the filter finds on all pages; only when `count` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
    /// What the total says; beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_kind: Option<TotalKind>,
}

impl Paged for CasesView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

/// `GET /api/v1/cases`
pub async fn list(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    Params(params, query): Params<ListParams>,
) -> Reply<Listed<CasesView>> {
    let directory = app.store.directory().await?;
    let mut filter = params.filter(&app, &auth.actor, &directory)?;
    if let Some(reference) = params.reference()? {
        filter.only = Some(holder_of(&app, reference).await?);
    }
    let sort = params.sort()?;
    let identity = format!("{} {sort:?} {}", auth.actor.user, query.identity());
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page(params.cursor.as_deref())?;
    let lines = Lines { sort, page, limit: params.limit.unwrap_or(DEFAULT_LIMIT) };
    let scope = auth.actor.case_scope();
    let extent = params.counting()?.map(|counting| match counting {
        Counting::Exact => Extent::All,
        Counting::Estimated => Extent::UpTo(ESTIMATE_LIMIT),
    });
    let found = app.store.list(Listing { scope, filter, lines, extent }).await?;
    let (lines, total) = &*found;
    let total = total.map(|total| match total {
        Total::Exactly(count) => (count, TotalKind::Exact),
        Total::MoreThan(count) => (count + 1, TotalKind::AtLeast),
    });
    let cursors = bound.around(page, lines, |line| line.place(sort));
    Ok(Listed(CasesView {
        items: items(&app, &auth.actor, lines),
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
        total: total.map(|(count, _)| count),
        total_kind: total.map(|(_, kind)| kind),
    }))
}

/// The case that has a reference, if any.
async fn holder_of(app: &App, reference: ExternalRef) -> Result<Vec<CaseId>, Problem> {
    let find = move |conn: &mut Conn| references::holders(conn, &[&reference]);
    let found = app.store.readers.run(find).await?;
    Ok(found.into_iter().map(|(_, holder)| holder.case).collect())
}

/// The lines as this actor may see them, today.
pub(super) fn items(app: &App, actor: &Actor, lines: &Stretch<CaseLine>) -> Vec<CaseLineView> {
    let today = legal_day(app.clock.now());
    lines.rows.iter().map(|line| CaseLineView::of(actor, line, today)).collect()
}
