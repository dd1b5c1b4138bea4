//! What is asked of other units on a case (协办). The unit that is asked sees of the case what it needs
//! for that: for what the application is, and neither the applicant nor anything else of the file.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::Reply;
use super::bodies::prose;
use super::drafting::{SearchBody, SearchView};
use crate::domain::actor::{Actor, CaseScope};
use crate::domain::case::{
    Case, Reminder, SearchEntry, Subtask, SubtaskEnd, SubtaskKind, SubtaskState,
};
use crate::domain::deadline::legal_day;
use crate::domain::ids::{CaseId, UnitId};
use crate::domain::lifecycle::{Action, Step, SubtaskWording};
use crate::domain::rejection::Reason;
use crate::http::auth::{self, Auth, ReadCases};
use crate::http::extract::{Body, CasePath, Checked, IdempotencyKey, IfMatch, Params};
use crate::http::page::{Bound, DEFAULT_LIMIT, PageLinks, Position};
use crate::http::problem::Fault;
use crate::http::reply::{Listed, Paged, Shown, Sight, Tagged};
use crate::http::strict::{objects, some_day};
use crate::service::{App, cases, statistics};
use crate::store::command::Outcome;
use crate::store::subtasks::{self, SubtaskLine, SubtaskPlace};

/// Asking another unit.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSubtaskBody {
    /// The unit.
    pub unit_id: Uuid,
    /// For what.
    pub kind: SubtaskKind,
    /// What exactly. The unit sees the subject and the description of the application beside it, and
    /// not who applies.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 2000)]
    pub question: String,
    /// By when, at the latest the day on which the answer is due; five working days when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub due_date: Option<NaiveDate>,
}

/// Replying to what one's unit was asked.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplySubtaskBody {
    /// The number of the subtask within the case.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub subtask: u32,
    /// What was found, or is thought.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 4000)]
    pub reply: String,
    /// The searches made; a search needs one.
    #[serde(default, deserialize_with = "objects")]
    #[validate(nested, length(max = 50))]
    pub search_log: Vec<SearchBody>,
}

/// Giving back what one's unit was asked, or waiting for it no longer.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSubtaskBody {
    /// The number of the subtask within the case.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub subtask: u32,
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl Checked for AskSubtaskBody {}
impl Checked for ReplySubtaskBody {}
impl Checked for EndSubtaskBody {}

impl From<AskSubtaskBody> for Step {
    fn from(body: AskSubtaskBody) -> Self {
        let wording = SubtaskWording {
            unit: UnitId(body.unit_id),
            kind: body.kind,
            question: body.question,
            due_date: body.due_date,
        };
        Self::AskSubtask { wording }
    }
}

impl From<ReplySubtaskBody> for Step {
    fn from(body: ReplySubtaskBody) -> Self {
        Self::ReplySubtask {
            subtask: body.subtask,
            reply: body.reply,
            search_log: body.search_log.into_iter().map(SearchEntry::from).collect(),
        }
    }
}

impl EndSubtaskBody {
    /// The step that gives it back.
    #[must_use]
    pub fn returned(self) -> Step {
        Step::ReturnSubtask { subtask: self.subtask, reason: self.reason }
    }

    /// The step that waits no longer.
    #[must_use]
    pub fn waived(self) -> Step {
        Step::WaiveSubtask { subtask: self.subtask, reason: self.reason }
    }
}

/// A subtask.
#[derive(Serialize, ToSchema)]
pub struct SubtaskView {
    /// Its number within the case.
    pub number: u32,
    /// For what.
    pub kind: SubtaskKind,
    /// Of which unit.
    pub unit_id: Uuid,
    /// What exactly.
    pub question: String,
    /// By when it is wanted.
    pub due_date: NaiveDate,
    /// Where it stands.
    pub state: SubtaskState,
    /// How urgent it is.
    pub reminder: Reminder,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// What was found, or is thought; null without a reply.
    pub reply: Option<String>,
    /// The searches.
    pub search_log: Vec<SearchView>,
    /// Why it was given back, or is not waited for.
    pub reason: Option<String>,
    /// When it came to an end.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The subtasks of a case that the caller may see, with what a unit that is asked needs to know of it.
#[derive(Serialize, ToSchema)]
pub struct CaseSubtasksView {
    /// The case.
    pub case_id: Uuid,
    /// Its version; send it as If-Match.
    pub version: i64,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// For what it is, in one line.
    pub subject: String,
    /// For what, in full.
    pub description: String,
    /// The last lawful day for the answer.
    pub due_date: Option<NaiveDate>,
    /// The subtasks, oldest first.
    pub items: Vec<SubtaskView>,
}

impl SubtaskView {
    /// Those of a case, for who sees all of it.
    ///
    /// # Errors
    /// The calendar does not reach far enough.
    pub fn all(app: &App, case: &Case, today: NaiveDate) -> crate::store::Result<Vec<Self>> {
        let subtasks = &case.record.subtasks;
        if subtasks.is_empty() {
            return Ok(Vec::new());
        }
        let soon = statistics::due_soon_until(app, today)?;
        Ok(subtasks.iter().map(|subtask| Self::of(subtask, today, soon)).collect())
    }

    /// A subtask on a day; `soon` is the last day that counts as soon.
    #[must_use]
    pub fn of(subtask: &Subtask, today: NaiveDate, soon: NaiveDate) -> Self {
        let ended = subtask.ended.as_ref();
        let (reply, log, reason) = match ended.map(|ended| &ended.end) {
            None => (None, &[][..], None),
            Some(SubtaskEnd::Replied { reply, search_log }) => {
                (Some(reply.clone()), search_log.as_slice(), None)
            }
            Some(SubtaskEnd::Returned { reason } | SubtaskEnd::Waived { reason }) => {
                (None, &[][..], Some(reason.clone()))
            }
        };
        Self {
            number: subtask.number,
            kind: subtask.kind,
            unit_id: subtask.unit.0,
            question: subtask.question.clone(),
            due_date: subtask.due_date,
            state: subtask.state(),
            reminder: subtask.reminder(today, soon),
            asked_at: subtask.asked_at,
            reply,
            search_log: log.iter().cloned().map(SearchView::from).collect(),
            reason,
            ended_at: ended.map(|ended| ended.at),
        }
    }
}

/// What this actor may see of the subtasks of a case; none when the case does not exist for him.
fn seen_by(app: &App, actor: &Actor, case: &Case) -> Reply<CaseSubtasksView> {
    let record = &case.record;
    let whole = actor.case_scope().contains(record.intake.receiving_unit, case.holding_unit());
    let his: Vec<&Subtask> =
        record.subtasks.iter().filter(|subtask| whole || actor.reaches(subtask.unit)).collect();
    if his.is_empty() && !whole {
        return Err(Reason::NotFound.into());
    }
    let today = legal_day(app.clock.now());
    let soon = statistics::due_soon_until(app, today)?;
    let application = &record.intake.application;
    Ok(CaseSubtasksView {
        case_id: case.id.0,
        version: case.version.0,
        case_number: record.registration.as_ref().map(|entry| entry.case_number.clone()),
        subject: application.subject.clone(),
        description: application.description.clone(),
        due_date: record.clock.as_ref().and_then(|clock| clock.due_date),
        items: his.into_iter().map(|subtask| SubtaskView::of(subtask, today, soon)).collect(),
    })
}

/// `GET /api/v1/cases/{id}/subtasks`
pub async fn of_case(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
) -> Reply<Shown<CaseSubtasksView>> {
    // Whether it exists for him is for his unit's subtasks to say, too.
    let every = match auth.actor.case_scope() {
        CaseScope::Nothing => CaseScope::Nothing,
        CaseScope::All | CaseScope::Units(_) => CaseScope::All,
    };
    let case = app.store.case(&every, id.0).await?.ok_or(Reason::NotFound)?;
    let value = seen_by(&app, &auth.actor, &case)?;
    Ok(Shown { value, version: case.version.0, sight: Sight::Whole })
}

/// What the asked unit's command left, as far as it sees it.
fn left(app: &App, actor: &Actor, outcome: Outcome) -> Reply<Tagged<CaseSubtasksView, 200>> {
    let replayed = outcome.replayed;
    let case: Case = outcome.case.ok_or(Fault::Internal)?.into();
    let value = seen_by(app, actor, &case)?;
    Ok(Tagged { value, version: case.version.0, location: None, replayed })
}

/// `POST /api/v1/cases/{id}/reply-subtask`
pub async fn reply(
    auth: Auth<auth::ReplySubtask>,
    app: web::Data<App>,
    id: CasePath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<ReplySubtaskBody>,
) -> Reply<Tagged<CaseSubtasksView, 200>> {
    let keyed = body.keyed(&key, &format!("{} {}", Action::ReplySubtask, id.0));
    let version = if_match.version()?;
    let step = Step::from(body.value);
    let outcome = cases::act(&app, auth.origin(keyed), id.0, version, step).await?;
    left(&app, &auth.actor, outcome)
}

/// `POST /api/v1/cases/{id}/return-subtask`
pub async fn give_back(
    auth: Auth<auth::ReturnSubtask>,
    app: web::Data<App>,
    id: CasePath,
    if_match: IfMatch,
    key: IdempotencyKey,
    body: Body<EndSubtaskBody>,
) -> Reply<Tagged<CaseSubtasksView, 200>> {
    let keyed = body.keyed(&key, &format!("{} {}", Action::ReturnSubtask, id.0));
    let version = if_match.version()?;
    let step = body.value.returned();
    let outcome = cases::act(&app, auth.origin(keyed), id.0, version, step).await?;
    left(&app, &auth.actor, outcome)
}

/// Which subtasks.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SubtaskParams {
    /// Where they stand; the open ones when left out.
    #[param(inline, value_type = Option<SubtaskState>)]
    pub state: Option<SubtaskState>,
    /// Asked of this unit, or of one below it.
    pub unit: Option<Uuid>,
    /// Lines on a page; 20 when left out.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

/// A subtask on a list.
#[derive(Serialize, ToSchema)]
pub struct SubtaskLineView {
    /// The case.
    pub case_id: Uuid,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// For what it is, in one line.
    pub subject: String,
    /// The number of the subtask within the case.
    pub number: u32,
    /// For what.
    pub kind: SubtaskKind,
    /// Of which unit.
    pub unit_id: Uuid,
    /// Where it stands.
    pub state: SubtaskState,
    /// By when it is wanted.
    pub due_date: NaiveDate,
    /// How urgent it is.
    pub reminder: Reminder,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Where its question is.
    pub href: String,
}

/// One page of subtasks, the most urgent first.
#[derive(Serialize, ToSchema)]
pub struct SubtasksView {
    /// The subtasks.
    pub items: Vec<SubtaskLineView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
    /// The addresses of these pages.
    pub links: PageLinks,
}

impl Paged for SubtasksView {
    fn links(&self) -> &PageLinks {
        &self.links
    }
}

impl Position for SubtaskPlace {
    fn written(self) -> String {
        let Self(day, case, number) = self;
        format!("{day}:{case}:{number}")
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (day, case, number) = (parts.next()?, parts.next()?, parts.next()?);
        let case = CaseId(Uuid::parse_str(case).ok()?);
        Some(Self(day.parse().ok()?, case, number.parse().ok()?))
    }
}

impl SubtaskLineView {
    fn of(line: SubtaskLine, today: NaiveDate, soon: NaiveDate) -> Self {
        let reminder = Reminder::of(line.state, line.due_date, today, soon);
        Self {
            case_id: line.case.0,
            case_number: line.case_number,
            subject: line.subject,
            number: line.number,
            kind: line.kind,
            unit_id: line.unit.0,
            state: line.state,
            due_date: line.due_date,
            reminder,
            asked_at: line.asked_at,
            href: format!("/api/v1/cases/{}/subtasks", line.case),
        }
    }
}

/// `GET /api/v1/subtasks`
pub async fn list(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    Params(params, query): Params<SubtaskParams>,
) -> Reply<Listed<SubtasksView>> {
    let directory = app.store.directory().await?;
    let reach = match auth.actor.case_scope() {
        CaseScope::All => None,
        CaseScope::Units(units) => Some(units),
        CaseScope::Nothing => Some(Vec::new()),
    };
    let wanted = params.unit.map(|unit| directory.reach(UnitId(unit)).to_vec());
    let units = match (reach, wanted) {
        (Some(reach), Some(wanted)) => {
            Some(wanted.into_iter().filter(|unit| reach.contains(unit)).collect())
        }
        (reach, wanted) => reach.or(wanted),
    };
    let identity = format!("{} {}", query.identity(), auth.actor.user);
    let bound = Bound { issuer: &app.tokens, query: &identity };
    let page = bound.page::<SubtaskPlace>(params.cursor.as_deref())?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let state = params.state.unwrap_or(SubtaskState::Open);
    let read = move |conn: &mut crate::store::Conn| {
        subtasks::asked_of(conn, units.as_deref(), Some(state), page, limit)
    };
    let found = app.store.readers.run(read).await?;
    let cursors = bound.around(page, &found, SubtaskLine::place);
    let today = legal_day(app.clock.now());
    let soon = statistics::due_soon_until(&app, today)?;
    let lines = found.rows.into_iter().map(|line| SubtaskLineView::of(line, today, soon));
    Ok(Listed(SubtasksView {
        items: lines.collect(),
        links: query.links(&cursors),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
    }))
}
