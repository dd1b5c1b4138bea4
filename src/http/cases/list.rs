//! Lists: filters, worklists, pages, and the search for one person's cases.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::Reply;
use super::line::CaseLineView;
use crate::domain::actor::Actor;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::Channel;
use crate::domain::deadline::legal_day;
use crate::domain::external_ref::ExternalRef;
use crate::domain::identity::{Email, Phone, compact_upper};
use crate::domain::ids::{CaseId, UnitId, UserId};
use crate::domain::lifecycle::Status;
use crate::domain::measure::{Cohort, Part};
use crate::domain::said::Said;
use crate::domain::sealed::PersonalField;
use crate::domain::text_enum::{TextEnum, text_enum};
use crate::domain::unit::Directory;
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::{Body, Checked, Params};
use crate::http::flaw::Flaw;
use crate::http::page::{self, DEFAULT_LIMIT};
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::Json;
use crate::http::strict::{plain, some_day, some_instant};
use crate::service::{App, statistics};
use crate::store::Conn;
use crate::store::cases::{self, CaseFilter, CaseLine, Sort, Unanswered, Unassigned};
use crate::store::references;

text_enum! {
    /// The saved filters of the desk.
    pub enum Worklist in "worklist" {
        Mine = "mine" : "我的" / "accepted by or assigned to me, still open",
        MyUnit = "my_unit" : "本单位" / "with my unit or one below it, still open",
        Unassigned = "unassigned" : "待分派" / "in the register and with nobody",
        Unregistered = "unregistered" : "待登记" / "received, not in the register yet",
        DueSoon = "due_soon" : "即将到期" / "due within three working days",
        Overdue = "overdue" : "已逾期" / "due and not replied to",
        AwaitingSupplement = "awaiting_supplement" : "待补正" / "waiting for the applicant",
    }
}

/// One value of a known set.
fn code<T: TextEnum>(text: &str, name: &str) -> Result<T, Problem> {
    T::from_code(text).map_err(|error| {
        let detail = Flaw::UnknownValue.allowing(error.allowed);
        let fault = FieldError::saying(name, Flaw::UnknownValue, detail);
        Problem::new(Fault::UnknownParameter).with(vec![fault])
    })
}

/// A list that may be short: values separated by commas, each of a known set.
fn codes<T: TextEnum>(text: Option<&String>, name: &str) -> Result<Vec<T>, Problem> {
    text.map_or_else(|| Ok(Vec::new()), |text| text.split(',').map(|one| code(one, name)).collect())
}

/// `source:ref`; a source holds no colon, a reference may.
fn external_ref(text: &str) -> Result<ExternalRef, Problem> {
    let (source, reference) = text.split_once(':').unwrap_or((text, ""));
    ExternalRef::parse(source, reference).map_err(|error| {
        Problem::new(Fault::UnknownParameter).with(vec![FieldError {
            pointer: "external_ref".to_owned(),
            code: error.code().to_owned(),
            detail: Said::new(error.zh(), error.to_string()),
        }])
    })
}

/// The filters of a list; each narrows it. Days are of Asia/Shanghai.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListParams {
    /// A saved filter.
    #[param(inline, value_type = Option<Worklist>)]
    pub worklist: Option<String>,
    /// Statuses, separated by commas.
    pub status: Option<String>,
    /// The unit that answers for the case (holder, else receiver), or one above it.
    pub unit: Option<Uuid>,
    /// Exactly the unit that answers for the case.
    pub responsible_unit: Option<Uuid>,
    /// The officer.
    pub officer: Option<Uuid>,
    /// Channels, separated by commas.
    pub channel: Option<String>,
    /// Kinds of applicant, separated by commas.
    pub applicant_type: Option<String>,
    /// Due on or after this day.
    #[serde(rename = "due_date[gte]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[gte]")]
    pub due_from: Option<NaiveDate>,
    /// Due on or before this day.
    #[serde(rename = "due_date[lte]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[lte]")]
    pub due_to: Option<NaiveDate>,
    /// Recorded at or after this instant.
    #[serde(rename = "received_at[gte]", default, deserialize_with = "some_instant")]
    #[param(rename = "received_at[gte]")]
    pub received_from: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    #[serde(rename = "received_at[lt]", default, deserialize_with = "some_instant")]
    #[param(rename = "received_at[lt]")]
    pub received_before: Option<DateTime<Utc>>,
    /// With a date of receipt on or after this day.
    #[serde(rename = "receipt_date[gte]", default, deserialize_with = "some_day")]
    #[param(rename = "receipt_date[gte]")]
    pub receipt_from: Option<NaiveDate>,
    /// With a date of receipt on or before this day.
    #[serde(rename = "receipt_date[lte]", default, deserialize_with = "some_day")]
    #[param(rename = "receipt_date[lte]")]
    pub receipt_to: Option<NaiveDate>,
    /// Only cases that are due and not replied to.
    pub overdue: Option<bool>,
    /// Only cases in the register that are neither replied to nor closed.
    pub unanswered: Option<bool>,
    /// The beginning of the case or receipt number.
    #[validate(length(min = 1, max = 100), custom(function = plain))]
    #[param(min_length = 1, max_length = 100)]
    pub number: Option<String>,
    /// The beginning of the applicant's name.
    #[validate(length(min = 1, max = 100), custom(function = plain))]
    #[param(min_length = 1, max_length = 100)]
    pub applicant_name: Option<String>,
    /// A part of the subject.
    #[validate(length(min = 1, max = 100), custom(function = plain))]
    #[param(min_length = 1, max_length = 100)]
    pub subject: Option<String>,
    /// The number by which another system or a paper register knows it, as `source:ref`.
    #[validate(length(min = 3, max = 140), custom(function = plain))]
    #[param(min_length = 3, max_length = 140, example = "paper_register:2026-0017")]
    pub external_ref: Option<String>,
    /// Parts of a rate, separated by commas: `answered`, `on_time`, `open_in_time`,
    /// `open_overdue`, `closed_without_reply`, `received`, `carried_in`, `extended`.
    pub counted_in: Option<String>,
    /// The period of that rate: first day.
    #[serde(default, deserialize_with = "some_day")]
    pub from: Option<NaiveDate>,
    /// Its last day.
    #[serde(default, deserialize_with = "some_day")]
    pub to: Option<NaiveDate>,
    /// The day at whose end the rate is taken.
    #[serde(default, deserialize_with = "some_day")]
    pub as_of: Option<NaiveDate>,
    /// The order; `-received_at` when left out. By due date, cases without one are left out.
    #[param(inline, schema_with = sort_schema)]
    pub sort: Option<String>,
    /// Lines on a page.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Where the page begins: the `next_cursor` of the page before it.
    #[validate(length(min = 1, max = 300))]
    pub cursor: Option<String>,
}

const SORTS: [&str; 4] = ["-received_at", "received_at", "due_date", "-due_date"];

fn sort_schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    crate::http::schemas::one_of(&SORTS)
}

/// One page of cases.
#[derive(Serialize, ToSchema)]
pub struct CasesView {
    /// The cases.
    pub items: Vec<CaseLineView>,
    /// The cursor of the next page; null on the last.
    pub next_cursor: Option<String>,
}

fn sort_of(text: Option<&str>) -> Result<Sort, Problem> {
    match text {
        None | Some("-received_at") => Ok(Sort::ReceivedDesc),
        Some("received_at") => Ok(Sort::ReceivedAsc),
        Some("due_date") => Ok(Sort::DueAsc),
        Some("-due_date") => Ok(Sort::DueDesc),
        Some(_) => {
            let detail = Flaw::UnknownValue.allowing(&SORTS);
            let fault = FieldError::saying("sort", Flaw::UnknownValue, detail);
            Err(Problem::new(Fault::UnknownParameter).with(vec![fault]))
        }
    }
}

impl ListParams {
    /// The filter that these parameters ask for.
    fn filter(
        &self,
        app: &App,
        actor: &Actor,
        directory: &Directory,
    ) -> Result<CaseFilter, Problem> {
        let today = legal_day(app.clock.now());
        let mut filter = CaseFilter {
            statuses: codes::<Status>(self.status.as_ref(), "status")?,
            // A unit that does not exist is above none: the list is empty, as for a foreign one.
            units: match (self.unit, self.responsible_unit) {
                (None, None) => None,
                (Some(top), None) => Some(directory.reach(UnitId(top)).to_vec()),
                (None, Some(unit)) => Some(vec![UnitId(unit)]),
                (Some(top), Some(unit)) => {
                    let reach = directory.reach(UnitId(top)).iter().copied();
                    Some(reach.filter(|id| id.0 == unit).collect())
                }
            },
            channels: codes::<Channel>(self.channel.as_ref(), "channel")?,
            applicant_types: codes::<ApplicantType>(
                self.applicant_type.as_ref(),
                "applicant_type",
            )?,
            officer: self.officer.map(UserId),
            unassigned: None,
            due_from: self.due_from,
            due_to: self.due_to,
            received_from: self.received_from,
            received_before: self.received_before,
            receipt_from: self.receipt_from,
            receipt_to: self.receipt_to,
            overdue_on: self.overdue.filter(|wanted| *wanted).map(|_| today),
            unanswered: self.unanswered.filter(|wanted| *wanted).map(|_| Unanswered),
            number_prefix: self.number.clone(),
            name_prefix: self.applicant_name.clone(),
            subject_contains: self.subject.clone(),
            only: None,
            counted: None,
        };
        if let Some(parts) = &self.counted_in {
            let parts = codes::<Part>(Some(parts), "counted_in")?;
            let cohort: Cohort = statistics::period(app, self.from, self.to, self.as_of);
            filter.counted = Some((cohort, parts));
        }
        if let Some(worklist) = &self.worklist {
            narrow(&mut filter, code(worklist, "worklist")?, app, actor, today)?;
        }
        Ok(filter)
    }

    /// Everything but the place on the list, to which a cursor is bound.
    fn identity(&self, actor: &Actor, sort: Sort) -> String {
        format!(
            "{:?}",
            (
                actor.user,
                sort,
                (&self.worklist, &self.status, self.unit, self.responsible_unit, self.officer),
                (
                    &self.channel,
                    &self.applicant_type,
                    self.due_from,
                    self.due_to,
                    self.received_from
                ),
                (
                    self.received_before,
                    self.receipt_from,
                    self.receipt_to,
                    self.overdue,
                    self.unanswered
                ),
                (&self.number, &self.applicant_name, &self.subject, &self.counted_in),
                &self.external_ref,
                (self.from, self.to, self.as_of),
            )
        )
    }
}

fn narrow(
    filter: &mut CaseFilter,
    worklist: Worklist,
    app: &App,
    actor: &Actor,
    today: NaiveDate,
) -> Result<(), Problem> {
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|s| s.is_open()).collect();
    let mut only = |statuses: Vec<Status>| {
        if filter.statuses.is_empty() {
            filter.statuses = statuses;
        } else {
            filter.statuses.retain(|status| statuses.contains(status));
            // Nothing is both: ask for what no case is.
            if filter.statuses.is_empty() {
                filter.units = Some(Vec::new());
            }
        }
    };
    match worklist {
        Worklist::Mine => {
            only(open);
            filter.officer = Some(actor.user);
        }
        Worklist::MyUnit => {
            only(open);
            filter.units = Some(actor.reach.clone());
        }
        Worklist::Unassigned => filter.unassigned = Some(Unassigned),
        Worklist::Unregistered => only(vec![Status::Received]),
        Worklist::DueSoon => {
            filter.unanswered = Some(Unanswered);
            filter.due_from = Some(today);
            filter.due_to = Some(statistics::due_soon_until(app, today)?);
        }
        Worklist::Overdue => filter.overdue_on = Some(today),
        Worklist::AwaitingSupplement => only(vec![Status::AwaitingSupplement]),
    }
    Ok(())
}

/// `GET /api/v1/cases`
pub async fn list(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    params: Params<ListParams>,
) -> Reply<Json<CasesView>> {
    let params = params.0;
    let directory = app.store.directory().await?;
    let mut filter = params.filter(&app, &auth.actor, &directory)?;
    if let Some(text) = &params.external_ref {
        filter.only = Some(holder_of(&app, external_ref(text)?).await?);
    }
    let sort = match (params.sort.as_deref(), params.worklist.as_deref()) {
        (None, Some("due_soon" | "overdue")) => Sort::DueAsc,
        (text, _) => sort_of(text)?,
    };
    let identity = params.identity(&auth.actor, sort);
    let after = params
        .cursor
        .as_deref()
        .map(|cursor| page::place(&app.tokens, cursor, &identity))
        .transpose()?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let scope = auth.actor.case_scope();
    let lines = app
        .store
        .readers
        .run(move |conn| cases::list(conn, &scope, &filter, sort, after, limit + 1))
        .await?;
    Ok(Json(page_of(&app, &auth.actor, lines, (limit, sort, &identity))))
}

/// The case that has a reference, if any.
async fn holder_of(app: &App, reference: ExternalRef) -> Result<Vec<CaseId>, Problem> {
    let find = move |conn: &mut Conn| references::holders(conn, &[&reference]);
    let found = app.store.readers.run(find).await?;
    Ok(found.into_iter().map(|(_, holder)| holder.case).collect())
}

/// The page that these lines make, of which one more than the limit tells that there is another.
fn page_of(
    app: &App,
    actor: &Actor,
    mut lines: Vec<CaseLine>,
    (limit, sort, identity): (i64, Sort, &str),
) -> CasesView {
    let more = i64::try_from(lines.len()).is_ok_and(|found| found > limit);
    if more {
        lines.pop();
    }
    let last = lines.last().filter(|_| more).and_then(|line| line.place(sort));
    let next_cursor = last.map(|place| page::cursor(&app.tokens, place, identity));
    let today = legal_day(app.clock.now());
    let items = lines.into_iter().map(|line| CaseLineView::of(actor, line, today)).collect();
    CasesView { items, next_cursor }
}

/// A search for one person's cases. In the body and not in the address, which is logged on its way.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSearchBody {
    /// The number of the identity document, whole.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub id_number: Option<String>,
    /// The telephone number, whole.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30)]
    pub phone: Option<String>,
    /// The e-mail address, whole.
    #[validate(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254)]
    pub email: Option<String>,
    /// Lines on a page.
    #[validate(range(min = 1, max = 200))]
    #[schema(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Where the page begins: the `next_cursor` of the page before it.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

impl PersonSearchBody {
    /// The one field that is searched, in the form in which it is indexed.
    fn field(&self) -> Result<(PersonalField, String), FieldError> {
        match (&self.id_number, &self.phone, &self.email) {
            (Some(number), None, None) => Ok((PersonalField::IdNumber, compact_upper(number))),
            (None, Some(phone), None) => Phone::parse(phone)
                .map(|phone| (PersonalField::Phone, phone.as_str().to_owned()))
                .map_err(|error| FieldError::personal("#/phone", error)),
            (None, None, Some(email)) => Email::parse(email)
                .map(|email| (PersonalField::Email, email.index_text()))
                .map_err(|error| FieldError::personal("#/email", error)),
            _ => {
                let detail = Flaw::OneOfNeeded.allowing(&["id_number", "phone", "email"]);
                Err(FieldError::saying("#", Flaw::OneOfNeeded, detail))
            }
        }
    }
}

impl Checked for PersonSearchBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        self.field().err().into_iter().collect()
    }
}

/// `POST /api/v1/cases/search`
pub async fn search(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    body: Body<PersonSearchBody>,
) -> Reply<Json<CasesView>> {
    let (field, text) = body
        .value
        .field()
        .map_err(|fault| Problem::new(Fault::ValidationFailed).with(vec![fault]))?;
    let index = app.vault.blind_index(field, &text);
    let identity = format!("search {} {field} {}", auth.actor.user, index.to_hex());
    let cursor = body.value.cursor.as_deref();
    let after = cursor.map(|cursor| page::place(&app.tokens, cursor, &identity)).transpose()?;
    let limit = body.value.limit.unwrap_or(DEFAULT_LIMIT);
    let scope = auth.actor.case_scope();
    let lines = app
        .store
        .readers
        .run(move |conn| cases::by_index(conn, &scope, field, &index, after, limit + 1))
        .await?;
    Ok(Json(page_of(&app, &auth.actor, lines, (limit, Sort::ReceivedDesc, &identity))))
}
