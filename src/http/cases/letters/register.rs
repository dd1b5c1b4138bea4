//! The register of letters (文书登记簿).

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::views::LetterLinks;
use crate::domain::hex;
use crate::domain::letter::{LetterId, LetterKind};
use crate::domain::text_enum::text_enum;
use crate::http::auth::{Auth, ReadCases};
use crate::http::cases::Reply;
use crate::http::extract::Params;
use crate::http::page::{Bound, DEFAULT_LIMIT, PageLinks, Position};
use crate::http::reply::{Listed, Paged};
use crate::service::App;
use crate::store::letters::{self, LetterFilter, LetterLine, LetterPlace, Validity};

text_enum! {
    /// Whether a letter holds.
    pub enum LetterState in "letter_state" {
        Valid = "valid" : "有效" / "it holds",
        Void = "void" : "作废" / "it is void",
    }
}

/// Which letters.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LetterParams {
    /// Of this kind: a code of `letter_kinds` in the dictionaries.
    #[validate(length(min = 1, max = 40))]
    #[param(min_length = 1, max_length = 40)]
    pub kind: Option<String>,
    /// Of this series of numbers.
    #[validate(length(min = 1, max = 40))]
    #[param(min_length = 1, max_length = 40)]
    pub series: Option<String>,
    /// Numbered in this legal year.
    #[validate(range(min = 2008, max = 2200))]
    #[param(minimum = 2008, maximum = 2200)]
    pub year: Option<i32>,
    /// Only those that hold, or only those that do not.
    #[param(inline)]
    pub state: Option<LetterState>,
    /// Letters on a page; 20 when left out.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

/// A line of the register.
#[derive(Serialize, ToSchema)]
pub struct RegisteredLetterView {
    /// Its id.
    pub id: Uuid,
    /// What it is: a code of `letter_kinds` in the dictionaries.
    #[schema(example = "refusal")]
    pub kind: String,
    /// The title that it bears.
    pub title: String,
    /// The series of its number; null when it has none.
    #[schema(example = "refusal")]
    pub series: Option<String>,
    /// The legal year of its number.
    pub year: Option<i32>,
    /// The running number.
    pub running_number: Option<i64>,
    /// The number in words.
    #[schema(example = "长公公开不予〔2026〕17号")]
    pub number: Option<String>,
    /// The id of its case.
    pub case_id: Uuid,
    /// The number of its case.
    pub case_number: Option<String>,
    /// SHA-256 of its canonical content, hexadecimal.
    pub content_hash: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// By whom.
    pub issued_by: Uuid,
    /// When it was declared void; null while it holds.
    pub voided_at: Option<DateTime<Utc>>,
    /// Where it is.
    pub links: LetterLinks,
}

/// One page of the register, the newest letter first. Numbers of void letters are not used again, so
/// every series is without gaps.
#[derive(Serialize, ToSchema)]
pub struct RegisteredLettersView {
    /// The letters.
    pub items: Vec<RegisteredLetterView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
}

impl Paged for RegisteredLettersView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

impl Position for LetterPlace {
    fn written(self) -> String {
        format!("{}:{}", self.0.timestamp_micros(), self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (at, id) = text.split_once(':')?;
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some((at, LetterId(Uuid::parse_str(id).ok()?)))
    }
}

impl From<LetterLine> for RegisteredLetterView {
    fn from(line: LetterLine) -> Self {
        let title = LetterKind::parse(&line.kind).map_or("", LetterKind::title).to_owned();
        Self {
            id: line.id.0,
            title,
            kind: line.kind,
            series: line.series,
            year: line.year,
            running_number: line.n,
            number: line.number,
            case_id: line.case_id.0,
            case_number: line.case_number,
            content_hash: hex::encode(&line.content_hash),
            issued_at: line.issued_at.0,
            issued_by: line.issued_by.0,
            voided_at: line.voided_at.map(|at| at.0),
            links: LetterLinks::of(line.case_id.0, line.id.0),
        }
    }
}

/// `GET /api/v1/letters`
pub async fn register(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    Params(params, query): Params<LetterParams>,
) -> Reply<Listed<RegisteredLettersView>> {
    let identity = format!("letters {} {}", auth.actor.user, query.identity());
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page::<LetterPlace>(params.cursor.as_deref())?;
    let filter = LetterFilter {
        kind: params.kind,
        series: params.series,
        year: params.year,
        validity: params.state.map(|state| match state {
            LetterState::Valid => Validity::Valid,
            LetterState::Void => Validity::Void,
        }),
    };
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let scope = auth.actor.case_scope();
    let find = move |conn: &mut _| letters::register(conn, &scope, filter, page, limit);
    let found = app.store.readers.run(find).await?;
    let cursors = bound.around(page, &found, |line| (line.issued_at.0, LetterId(line.id.0)));
    Ok(Listed(RegisteredLettersView {
        items: found.rows.into_iter().map(RegisteredLetterView::from).collect(),
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
    }))
}
