//! Counting cases for the rates (docs/law.md). The definitions of the rates themselves are in
//! [`crate::domain::measure`]; here they are conditions on rows.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::{case_when, count, count_star};
use diesel::prelude::*;

use super::cases::{Condition, within};
use super::conn::Conn;
use super::error::Result;
use super::schema::cases;
use super::types::Key;
use crate::domain::actor::CaseScope;
use crate::domain::lifecycle::Status;
use crate::domain::measure::{Cohort, Counts, GroupBy, Part};

impl Cohort {
    fn last_receipt(&self) -> NaiveDate {
        self.to.min(self.as_of)
    }

    fn received(&self) -> Condition {
        Box::new(cases::receipt_date.ge(self.from).and(cases::receipt_date.le(self.last_receipt())))
    }

    fn carried_in(&self) -> Condition {
        Box::new(
            cases::receipt_date
                .lt(self.from)
                .and(cases::finished_on.is_null().nullable().or(cases::finished_on.ge(self.from))),
        )
    }

    /// The cohort: voided cases are counted nowhere.
    pub(super) fn condition(&self) -> Condition {
        let voided = cases::status.ne(Status::Voided.as_str()).nullable();
        Box::new(voided.and(self.received().or(self.carried_in())))
    }

    /// The condition of a part of this cohort.
    pub(super) fn part(&self, part: Part) -> Condition {
        let as_of = self.as_of;
        match part {
            Part::Received => self.received(),
            Part::CarriedIn => self.carried_in(),
            Part::Answered => Box::new(cases::answer_date.le(as_of)),
            Part::OnTime => {
                Box::new(cases::answer_date.le(as_of).and(cases::answer_date.le(cases::due_date)))
            }
            Part::Extended => {
                Box::new(cases::answer_date.le(as_of).and(cases::extended.eq(true).nullable()))
            }
            Part::ClosedWithoutReply => Box::new(cases::closed_on.le(as_of)),
            Part::OpenOverdue => Box::new(open(as_of).and(overdue(as_of))),
            Part::OpenInTime => Box::new(open(as_of).and(in_time(as_of).or(paused(as_of)))),
        }
    }
}

/// Neither replied to nor closed by the end of the day.
fn open(as_of: NaiveDate) -> Condition {
    Box::new(cases::finished_on.is_null().nullable().or(cases::finished_on.gt(as_of)))
}

/// The clock ran on that day from its last start: it has never been stopped, or runs again.
fn running(as_of: NaiveDate) -> Condition {
    Box::new(cases::paused_from.is_null().nullable().or(cases::resumed_on.le(as_of)))
}

fn overdue(as_of: NaiveDate) -> Condition {
    let now = running(as_of).and(cases::due_date.lt(as_of));
    let before = cases::paused_from.gt(as_of).and(cases::prior_due_date.lt(as_of));
    Box::new(now.or(before))
}

fn in_time(as_of: NaiveDate) -> Condition {
    let now = running(as_of).and(cases::due_date.ge(as_of));
    let before = cases::paused_from.gt(as_of).and(cases::prior_due_date.ge(as_of));
    Box::new(now.or(before))
}

fn paused(as_of: NaiveDate) -> Condition {
    let not_resumed = cases::resumed_on.is_null().nullable().or(cases::resumed_on.gt(as_of));
    Box::new(cases::paused_from.le(as_of).and(not_resumed))
}

/// How many cases are in each part of a cohort, in the order of [`Part::ALL`].
type Parts = (i64, i64, i64, i64, i64, i64, i64, i64);

fn counts_of(parts: Parts) -> Counts {
    let (answered, on_time, open_in_time, open_overdue, closed, received, carried_in, extended) =
        parts;
    Counts {
        received,
        carried_in,
        answered,
        on_time,
        extended,
        open_in_time,
        open_overdue,
        closed_without_reply: closed,
    }
}

/// The counts of a cohort, by group: all parts by one look at its cases. Groups without a case do not
/// appear.
///
/// # Errors
/// The database cannot be read.
pub fn counts(
    conn: &mut Conn,
    scope: &CaseScope,
    cohort: &Cohort,
    group_by: GroupBy,
) -> Result<BTreeMap<String, Counts>> {
    // A column that is never null and stands in the index of statistics.
    let number_of = |part| count(case_when(cohort.part(part), cases::status));
    macro_rules! grouped {
        ($column:expr) => {
            grouped!($column, $column)
        };
        ($column:expr, $by:expr) => {
            cases::table.filter(cohort.condition()).filter(within(scope)).group_by($by).select((
                $column,
                (
                    number_of(Part::Answered),
                    number_of(Part::OnTime),
                    number_of(Part::OpenInTime),
                    number_of(Part::OpenOverdue),
                    number_of(Part::ClosedWithoutReply),
                    number_of(Part::Received),
                    number_of(Part::CarriedIn),
                    number_of(Part::Extended),
                ),
            ))
        };
    }
    let rows: Vec<(String, Parts)> = match group_by {
        GroupBy::Channel => grouped!(cases::channel).load(conn)?,
        GroupBy::ApplicantType => grouped!(cases::applicant_type).load(conn)?,
        GroupBy::Unit => grouped!(cases::responsible_unit_id)
            .load::<(Key, Parts)>(conn)?
            .into_iter()
            .map(|(unit, parts)| (unit.0.to_string(), parts))
            .collect(),
        // Months are folded here: a year has few days, and SQL has no common word for a month. By
        // the day alone SQLite would walk a whole index in the order of the days, where the
        // conditions on the period find the few rows that count.
        GroupBy::Month => grouped!(cases::receipt_date, (cases::channel, cases::receipt_date))
            .load::<(Option<NaiveDate>, Parts)>(conn)?
            .into_iter()
            .filter_map(|(day, parts)| {
                day.map(|d| (format!("{}-{:02}", d.year(), d.month()), parts))
            })
            .collect(),
    };
    let mut groups: BTreeMap<String, Counts> = BTreeMap::new();
    for (key, parts) in rows {
        *groups.entry(key).or_default() += counts_of(parts);
    }
    Ok(groups)
}

/// The open work of one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenWork {
    /// Recorded, not in the register yet.
    pub unregistered: i64,
    /// In the register and not yet replied to or closed.
    pub open: i64,
    /// Of these, waiting for the applicant.
    pub paused: i64,
    /// Of these, due within the horizon.
    pub due_soon: i64,
    /// Of these, due and not replied to.
    pub overdue: i64,
}

/// A condition, and the count that it goes to.
type WorkPart = (Condition, fn(&mut OpenWork) -> &mut i64);

/// The open work by unit, as of a day; `horizon` is the last day that counts as soon.
///
/// # Errors
/// The database cannot be read.
pub fn open_work(
    conn: &mut Conn,
    scope: &CaseScope,
    today: NaiveDate,
    horizon: NaiveDate,
) -> Result<BTreeMap<uuid::Uuid, OpenWork>> {
    let registered = || -> Condition {
        Box::new(cases::finished_on.is_null().and(cases::case_number.is_not_null()).nullable())
    };
    let parts: [WorkPart; 5] = [
        (Box::new(cases::status.eq(Status::Received.as_str()).nullable()), |w| &mut w.unregistered),
        (registered(), |w| &mut w.open),
        (Box::new(cases::status.eq(Status::AwaitingSupplement.as_str()).nullable()), |w| {
            &mut w.paused
        }),
        (Box::new(registered().and(cases::due_date.between(today, horizon))), |w| &mut w.due_soon),
        (Box::new(registered().and(cases::due_date.lt(today))), |w| &mut w.overdue),
    ];
    let mut units: BTreeMap<uuid::Uuid, OpenWork> = BTreeMap::new();
    for (condition, slot) in parts {
        let rows: Vec<(Key, i64)> = cases::table
            .filter(condition)
            .filter(within(scope))
            .group_by(cases::responsible_unit_id)
            .select((cases::responsible_unit_id, count_star()))
            .load(conn)?;
        for (unit, n) in rows {
            *slot(units.entry(unit.0).or_default()) += n;
        }
    }
    Ok(units)
}
