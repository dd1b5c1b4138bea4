//! What happened on a case: its entries in the ledger.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::{Reply, load};
use crate::domain::hex;
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::{CasePath, Params};
use crate::http::page::{Bound, MAX_LIMIT, PageLinks};
use crate::http::problem::{Fault, Problem};
use crate::http::reply::{Listed, Paged};
use crate::service::App;
use crate::store::{EventRow, events as ledger};

/// Which events.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventParams {
    /// Entries on a page; 200 when left out.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

/// One entry of the ledger. Personal data in it is sealed and not shown.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    /// Its number in the ledger.
    pub seq: i64,
    /// The version that the case had after it.
    pub version: i64,
    /// What was done: a code of the dictionary `action`, or of `consequence` when it followed from a
    /// decision about the unit or the officer.
    pub action: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub actor: serde_json::Value,
    /// By which request.
    pub request_id: String,
    /// With what input, without what is personal.
    pub input: serde_json::Value,
    /// The members that changed, before.
    pub before: serde_json::Value,
    /// The same members, after.
    pub after: serde_json::Value,
    /// The hash of the entry before it in the ledger, hexadecimal.
    pub prev_hash: String,
    /// Its own hash.
    pub hash: String,
}

/// One page of the events of a case, oldest first.
#[derive(Serialize, ToSchema)]
pub struct EventsView {
    /// The case.
    pub case_id: Uuid,
    /// The events.
    pub items: Vec<EventView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
}

impl Paged for EventsView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

impl EventView {
    fn of(row: EventRow) -> Option<Self> {
        let mut body: serde_json::Value = serde_json::from_str(&row.body).ok()?;
        let mut take = |name: &str| body.get_mut(name).map(serde_json::Value::take);
        Some(Self {
            seq: row.seq,
            version: row.version,
            action: row.action,
            created_at: row.at.0,
            actor: take("actor")?,
            request_id: take("request_id")?.as_str()?.to_owned(),
            input: take("input")?,
            before: take("before")?,
            after: take("after")?,
            prev_hash: hex::encode(&row.prev_hash),
            hash: hex::encode(&row.hash),
        })
    }
}

/// `GET /api/v1/cases/{id}/events`
pub async fn events(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    Params(params, query): Params<EventParams>,
) -> Reply<Listed<EventsView>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let id = case.id;
    let identity = format!("events of {id} {}", auth.actor.user);
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page::<i64>(params.cursor.as_deref())?;
    let limit = params.limit.unwrap_or(MAX_LIMIT);
    let found = app.store.readers.run(move |conn| ledger::of_case(conn, id, page, limit)).await?;
    let cursors = bound.around(page, &found, |row| row.version);
    let items = found
        .rows
        .into_iter()
        .map(|row| EventView::of(row).ok_or_else(|| Problem::new(Fault::Internal)))
        .collect::<Result<_, _>>()?;
    Ok(Listed(EventsView {
        case_id: id.0,
        items,
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
    }))
}
