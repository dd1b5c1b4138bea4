//! What a list of cases can be asked for: filters, worklists, the order, a total.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;
use validator::Validate;

use super::applicant::names_are_masked;
use crate::domain::actor::{Actor, Capability, Role};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::ReviewKind;
use crate::domain::channel::Channel;
use crate::domain::deadline::{legal_day, start_of_legal_day};
use crate::domain::external_ref::ExternalRef;
use crate::domain::ids::{UnitId, UserId};
use crate::domain::lifecycle::Status;
use crate::domain::measure::Part;
use crate::domain::said::Said;
use crate::domain::text_enum::{TextEnum, text_enum};
use crate::domain::unit::Directory;
use crate::http::flaw::Flaw;
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::statistics::cohort;
use crate::http::strict::{plain, some_day, some_instant};
use crate::service::{App, statistics};
use crate::store::cases::{
    CaseFilter, Direction, Names, Sort, SortKey, Unanswered, Unassigned, Wait, Words,
};

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
        AwaitingReview = "awaiting_review" : "待审查" / "with a draft that waits for a review of mine, or for any when I review none",
        ToArchive = "to_archive" : "待归档" / "ended, and not put away yet",
        RetentionOver = "retention_over" : "保管期满" / "put away, and kept as long as it must be",
    }
}

text_enum! {
    /// How a list is counted.
    pub enum Counting in "count" {
        Exact = "exact" : "准确计数" / "every case",
        Estimated = "estimated" : "有限计数" / "up to 10,000",
    }
}

/// The filters of a list; each narrows it. Days are of Asia/Shanghai.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListParams {
    /// A saved filter.
    #[param(inline, value_type = Option<Worklist>)]
    pub worklist: Option<String>,
    /// Statuses, separated by commas.
    #[param(inline, style = Form, explode = false, value_type = Option<Vec<Status>>)]
    pub status: Option<String>,
    /// The unit that answers for the case (holder, else receiver), or one above it.
    pub unit: Option<Uuid>,
    /// Exactly the unit that answers for the case.
    pub responsible_unit: Option<Uuid>,
    /// The officer.
    pub officer: Option<Uuid>,
    /// Channels, separated by commas.
    #[param(inline, style = Form, explode = false, value_type = Option<Vec<Channel>>)]
    pub channel: Option<String>,
    /// Kinds of applicant, separated by commas.
    #[param(inline, style = Form, explode = false, value_type = Option<Vec<ApplicantType>>)]
    pub applicant_type: Option<String>,
    /// Due on or after this day.
    #[serde(rename = "due_date[gte]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[gte]")]
    pub due_gte: Option<NaiveDate>,
    /// Due after this day.
    #[serde(rename = "due_date[gt]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[gt]")]
    pub due_gt: Option<NaiveDate>,
    /// Due on or before this day.
    #[serde(rename = "due_date[lte]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[lte]")]
    pub due_lte: Option<NaiveDate>,
    /// Due before this day.
    #[serde(rename = "due_date[lt]", default, deserialize_with = "some_day")]
    #[param(rename = "due_date[lt]")]
    pub due_lt: Option<NaiveDate>,
    /// Recorded at or after this instant.
    #[serde(rename = "received_at[gte]", default, deserialize_with = "some_instant")]
    #[param(rename = "received_at[gte]")]
    pub received_gte: Option<DateTime<Utc>>,
    /// Recorded after this instant.
    #[serde(rename = "received_at[gt]", default, deserialize_with = "some_instant")]
    #[param(rename = "received_at[gt]")]
    pub received_gt: Option<DateTime<Utc>>,
    /// Recorded at or before this instant.
    #[serde(rename = "received_at[lte]", default, deserialize_with = "some_instant")]
    #[param(rename = "received_at[lte]")]
    pub received_lte: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    #[serde(rename = "received_at[lt]", default, deserialize_with = "some_instant")]
    #[param(rename = "received_at[lt]")]
    pub received_lt: Option<DateTime<Utc>>,
    /// Last changed at or after this instant.
    #[serde(rename = "updated_at[gte]", default, deserialize_with = "some_instant")]
    #[param(rename = "updated_at[gte]")]
    pub updated_gte: Option<DateTime<Utc>>,
    /// Last changed after this instant.
    #[serde(rename = "updated_at[gt]", default, deserialize_with = "some_instant")]
    #[param(rename = "updated_at[gt]")]
    pub updated_gt: Option<DateTime<Utc>>,
    /// Last changed at or before this instant.
    #[serde(rename = "updated_at[lte]", default, deserialize_with = "some_instant")]
    #[param(rename = "updated_at[lte]")]
    pub updated_lte: Option<DateTime<Utc>>,
    /// Last changed before this instant.
    #[serde(rename = "updated_at[lt]", default, deserialize_with = "some_instant")]
    #[param(rename = "updated_at[lt]")]
    pub updated_lt: Option<DateTime<Utc>>,
    /// With a date of receipt on or after this day.
    #[serde(rename = "receipt_date[gte]", default, deserialize_with = "some_day")]
    #[param(rename = "receipt_date[gte]")]
    pub receipt_gte: Option<NaiveDate>,
    /// With a date of receipt after this day.
    #[serde(rename = "receipt_date[gt]", default, deserialize_with = "some_day")]
    #[param(rename = "receipt_date[gt]")]
    pub receipt_gt: Option<NaiveDate>,
    /// With a date of receipt on or before this day.
    #[serde(rename = "receipt_date[lte]", default, deserialize_with = "some_day")]
    #[param(rename = "receipt_date[lte]")]
    pub receipt_lte: Option<NaiveDate>,
    /// With a date of receipt before this day.
    #[serde(rename = "receipt_date[lt]", default, deserialize_with = "some_day")]
    #[param(rename = "receipt_date[lt]")]
    pub receipt_lt: Option<NaiveDate>,
    /// Only cases that are due and not replied to.
    pub overdue: Option<bool>,
    /// Only cases in the register that are neither replied to nor closed.
    pub unanswered: Option<bool>,
    /// The beginning of the case or receipt number, or of the applicant's name, or a part of the
    /// subject. The name is not searched for a supervisor, who sees it masked.
    #[validate(length(min = 2, max = 100), custom(function = plain))]
    #[param(min_length = 2, max_length = 100)]
    pub q: Option<String>,
    /// The beginning of the case or receipt number.
    #[validate(length(min = 1, max = 100), custom(function = plain))]
    #[param(min_length = 1, max_length = 100)]
    pub number: Option<String>,
    /// The beginning of the applicant's name. Not for a supervisor (403).
    #[validate(length(min = 1, max = 100), custom(function = plain))]
    #[param(min_length = 1, max_length = 100)]
    pub applicant_name: Option<String>,
    /// A part of the subject; letters A-Z match in either case.
    #[validate(length(min = 1, max = 100), custom(function = plain))]
    #[param(min_length = 1, max_length = 100)]
    pub subject: Option<String>,
    /// The number by which another system or a paper register knows it, as `source:ref`.
    #[validate(length(min = 3, max = 140), custom(function = plain))]
    #[param(min_length = 3, max_length = 140, example = "paper_register:2026-0017")]
    pub external_ref: Option<String>,
    /// Parts of a rate, separated by commas: cases that are counted in one of them.
    #[param(inline, style = Form, explode = false, value_type = Option<Vec<Part>>)]
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
    /// The order; `-received_at` when left out, `due_date` for the worklists `due_soon` and
    /// `overdue`.
    #[param(schema_with = sort_schema)]
    pub sort: Option<String>,
    /// Adds a total: `exact`, or `estimated` for one that stops at ten thousand.
    #[param(inline, value_type = Option<Counting>)]
    pub count: Option<String>,
    /// Lines on a page.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this list. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[param(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

fn sort_schema() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^-?(received_at|updated_at|due_date)(,-?id)?$"))
        .description(Some(
            "`received_at`, `updated_at` or `due_date`, with `-` for the greatest first; then, if \
             wanted, `,id` or `,-id` for cases that it does not tell apart, which otherwise go the \
             same way. By due date, cases of which nothing is due come last either way.",
        ))
        .into()
}

/// The refusal of a parameter's value.
fn bad_value(name: &str, detail: Said) -> Problem {
    let fault = FieldError::saying(name, Flaw::UnknownValue, detail);
    Problem::new(Fault::UnknownParameter).with(vec![fault])
}

/// One value of a known set.
fn code<T: TextEnum>(text: &str, name: &str) -> Result<T, Problem> {
    T::from_code(text).map_err(|error| bad_value(name, Flaw::UnknownValue.allowing(error.allowed)))
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

/// A name with its direction: `-` in front of it means the greatest first.
fn directed(term: &str) -> (Direction, &str) {
    match term.strip_prefix('-') {
        Some(name) => (Direction::Descending, name),
        None => (Direction::Ascending, term),
    }
}

fn sort_of(text: &str) -> Option<Sort> {
    let (first, ids) = text.split_once(',').map_or((text, None), |(first, ids)| (first, Some(ids)));
    let (direction, name) = directed(first);
    let key = match name {
        "received_at" => SortKey::ReceivedAt,
        "updated_at" => SortKey::UpdatedAt,
        "due_date" => SortKey::DueDate,
        _ => return None,
    };
    let sort = Sort::by(key, direction);
    match ids.map(directed) {
        None => Some(sort),
        Some((ids, "id")) => Some(Sort { ids, ..sort }),
        Some(_) => None,
    }
}

/// The bounds of a range of days, both included.
fn days(
    [gte, gt]: [Option<NaiveDate>; 2],
    [lte, lt]: [Option<NaiveDate>; 2],
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    // Behind the last day that is written with four digits there is none.
    let next = |day: NaiveDate| day.succ_opt().filter(|next| next.year() < 10_000);
    if gt.is_some_and(|day| next(day).is_none()) {
        return (gt, gt.and_then(|day| day.pred_opt()));
    }
    let from = gte.into_iter().chain(gt.and_then(next)).max();
    let to = lte.into_iter().chain(lt.and_then(|day| day.pred_opt())).min();
    (from, to)
}

/// The bounds of a range of instants, the first included, the last not. What is stored has
/// microseconds, what is asked may have more digits.
fn instants(
    [gte, gt]: [Option<DateTime<Utc>>; 2],
    [lte, lt]: [Option<DateTime<Utc>>; 2],
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let down = |at: DateTime<Utc>| DateTime::from_timestamp_micros(at.timestamp_micros());
    let next = |at| down(at)?.checked_add_signed(TimeDelta::microseconds(1));
    let up = |at| if down(at) == Some(at) { Some(at) } else { next(at) };
    let from = gte.and_then(up).into_iter().chain(gt.and_then(next)).max();
    let before = lt.and_then(up).into_iter().chain(lte.and_then(next)).min();
    (from, before)
}

impl ListParams {
    /// The order that these parameters ask for.
    pub(super) fn sort(&self) -> Result<Sort, Problem> {
        const KNOWN: [&str; 6] =
            ["received_at", "-received_at", "updated_at", "-updated_at", "due_date", "-due_date"];
        match (self.sort.as_deref(), self.worklist.as_deref()) {
            (None, Some("due_soon" | "overdue")) => Ok(Sort::MOST_URGENT),
            (None, _) => Ok(Sort::NEWEST),
            (Some(text), _) => {
                sort_of(text).ok_or_else(|| bad_value("sort", Flaw::UnknownValue.allowing(&KNOWN)))
            }
        }
    }

    /// The number of another register that they ask for.
    pub(super) fn reference(&self) -> Result<Option<ExternalRef>, Problem> {
        self.external_ref.as_deref().map(external_ref).transpose()
    }

    /// The total that they ask for.
    pub(super) fn counting(&self) -> Result<Option<Counting>, Problem> {
        self.count.as_deref().map(|text| code(text, "count")).transpose()
    }

    /// The filter that they ask for.
    pub(super) fn filter(
        &self,
        app: &App,
        actor: &Actor,
        directory: &Directory,
    ) -> Result<CaseFilter, Problem> {
        let names = names_for(actor);
        if self.applicant_name.is_some() && names == Names::LeftOut {
            return Err(Problem::new(Fault::FilterNotPermitted).with(vec![FieldError {
                pointer: "applicant_name".to_owned(),
                code: Fault::FilterNotPermitted.as_str().to_owned(),
                detail: Said::of("姓名对本角色隐去", "Names are masked for this role."),
            }]));
        }
        let today = legal_day(app.clock.now());
        let mut filter = self.ranges();
        filter.statuses = codes::<Status>(self.status.as_ref(), "status")?;
        filter.channels = codes::<Channel>(self.channel.as_ref(), "channel")?;
        filter.applicant_types =
            codes::<ApplicantType>(self.applicant_type.as_ref(), "applicant_type")?;
        filter.units = self.units(directory);
        filter.officer = self.officer.map(UserId);
        filter.overdue_on = self.overdue.filter(|wanted| *wanted).map(|_| today);
        filter.unanswered = self.unanswered.filter(|wanted| *wanted).map(|_| Unanswered);
        filter.number_prefix.clone_from(&self.number);
        filter.name_prefix.clone_from(&self.applicant_name);
        filter.subject_contains.clone_from(&self.subject);
        filter.words = self.q.clone().map(|text| Words { text, names });
        if let Some(parts) = &self.counted_in {
            let parts = codes::<Part>(Some(parts), "counted_in")?;
            filter.counted = Some((cohort(app, self.from, self.to, self.as_of)?, parts));
        } else {
            let days = [("from", self.from), ("to", self.to), ("as_of", self.as_of)];
            let alone = days.iter().filter(|(_, day)| day.is_some());
            let faults: Vec<FieldError> =
                alone.map(|(name, _)| FieldError::of(*name, Flaw::NeedsCountedIn)).collect();
            if !faults.is_empty() {
                return Err(Problem::new(Fault::UnknownParameter).with(faults));
            }
        }
        if let Some(worklist) = &self.worklist {
            narrow(&mut filter, code(worklist, "worklist")?, app, actor, today)?;
        }
        Ok(filter)
    }

    /// The filter by days and instants alone.
    fn ranges(&self) -> CaseFilter {
        let due = days([self.due_gte, self.due_gt], [self.due_lte, self.due_lt]);
        let receipt =
            days([self.receipt_gte, self.receipt_gt], [self.receipt_lte, self.receipt_lt]);
        let received =
            instants([self.received_gte, self.received_gt], [self.received_lte, self.received_lt]);
        let updated =
            instants([self.updated_gte, self.updated_gt], [self.updated_lte, self.updated_lt]);
        CaseFilter {
            due_from: due.0,
            due_to: due.1,
            received_from: received.0,
            received_before: received.1,
            updated_from: updated.0,
            updated_before: updated.1,
            receipt_from: receipt.0,
            receipt_to: receipt.1,
            ..CaseFilter::default()
        }
    }

    /// A unit that does not exist is above none: the list is empty, as for a foreign one.
    fn units(&self, directory: &Directory) -> Option<Vec<UnitId>> {
        let reach = self.unit.map(|top| directory.reach(UnitId(top)).to_vec());
        both(reach, self.responsible_unit.map(|unit| vec![UnitId(unit)]))
    }
}

/// Who sees the applicant's name masked may not guess at it.
fn names_for(actor: &Actor) -> Names {
    if names_are_masked(actor) { Names::LeftOut } else { Names::Asked }
}

/// The units that both name; all, when neither names any.
fn both(one: Option<Vec<UnitId>>, other: Option<Vec<UnitId>>) -> Option<Vec<UnitId>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(one.into_iter().filter(|unit| other.contains(unit)).collect())
        }
        (one, other) => one.or(other),
    }
}

/// Narrows a filter to a worklist.
fn narrow(
    filter: &mut CaseFilter,
    worklist: Worklist,
    app: &App,
    actor: &Actor,
    today: NaiveDate,
) -> Result<(), Problem> {
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|s| s.is_open()).collect();
    match worklist {
        Worklist::Mine => {
            only(filter, &open);
            if filter.officer.is_some_and(|officer| officer != actor.user) {
                nothing(filter);
            }
            filter.officer = Some(actor.user);
        }
        Worklist::MyUnit => {
            only(filter, &open);
            filter.units = both(filter.units.take(), Some(actor.reach.clone()));
        }
        Worklist::Unassigned => filter.unassigned = Some(Unassigned),
        Worklist::Unregistered => only(filter, &[Status::Received]),
        Worklist::DueSoon => {
            let horizon = statistics::due_soon_until(app, today)?;
            filter.unanswered = Some(Unanswered);
            filter.due_from = filter.due_from.max(Some(today));
            filter.due_to = filter.due_to.into_iter().chain([horizon]).min();
        }
        Worklist::Overdue => filter.overdue_on = Some(today),
        Worklist::AwaitingReview => {
            let kinds = reviews_of(actor).into_iter();
            filter.awaiting = Some(kinds.map(Wait::Review).collect());
        }
        Worklist::ToArchive => filter.awaiting = Some(vec![Wait::Archive]),
        Worklist::RetentionOver => {
            filter.awaiting = Some(vec![Wait::Appraisal]);
            filter.awaiting_since = Some(start_of_legal_day(today));
        }
        Worklist::AwaitingSupplement => only(filter, &[Status::AwaitingSupplement]),
    }
    Ok(())
}

/// The reviews that this caller makes; all of them for who makes none and watches.
fn reviews_of(actor: &Actor) -> Vec<ReviewKind> {
    let secrecy = actor.capabilities.contains(&Capability::SecrecyReviewer);
    let legality = actor.role == Role::LegalOffice;
    match (secrecy, legality) {
        (true, false) => vec![ReviewKind::Secrecy],
        (false, true) => vec![ReviewKind::Legality],
        (true, true) | (false, false) => ReviewKind::ALL.to_vec(),
    }
}

fn only(filter: &mut CaseFilter, statuses: &[Status]) {
    if filter.statuses.is_empty() {
        filter.statuses = statuses.to_vec();
    } else {
        filter.statuses.retain(|status| statuses.contains(status));
        if filter.statuses.is_empty() {
            nothing(filter);
        }
    }
}

/// Two conditions that no case meets together: no unit answers for such a case.
fn nothing(filter: &mut CaseFilter) {
    filter.units = Some(Vec::new());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_known_key_and_then_the_id() {
        use Direction::{Ascending, Descending};
        let sort = |key, direction, ids| Some(Sort { key, direction, ids });
        for (text, expected) in [
            ("received_at", sort(SortKey::ReceivedAt, Ascending, Ascending)),
            ("-due_date", sort(SortKey::DueDate, Descending, Descending)),
            ("-due_date,id", sort(SortKey::DueDate, Descending, Ascending)),
            ("updated_at,-id", sort(SortKey::UpdatedAt, Ascending, Descending)),
            ("", None),
            ("id", None),
            ("due_date,", None),
            ("due_date,id,id", None),
            ("--due_date", None),
            ("due_date, id", None),
            ("subject", None),
        ] {
            assert_eq!(sort_of(text), expected, "{text}");
        }
    }

    #[test]
    fn bounds_of_days_and_instants() {
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        let (a, b) = (day("2025-03-01"), day("2025-03-05"));
        assert_eq!(days([a, None], [b, None]), (a, b));
        assert_eq!(days([None, a], [None, b]), (day("2025-03-02"), day("2025-03-04")));
        assert_eq!(days([b, a], [b, a]), (b, day("2025-02-28")));
        let (from, to) = days([None, day("9999-12-31")], [None, None]);
        assert!(from > to);
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let fine = at("2025-03-01T00:00:00.000000500Z");
        let (whole, next) = (at("2025-03-01T00:00:00Z"), at("2025-03-01T00:00:00.000001Z"));
        assert_eq!(instants([fine, None], [fine, None]), (next, next));
        assert_eq!(instants([None, fine], [None, fine]), (next, next));
        assert_eq!(instants([whole, None], [None, whole]), (whole, whole));
        assert_eq!(instants([None, whole], [whole, None]), (next, next));
    }
}
