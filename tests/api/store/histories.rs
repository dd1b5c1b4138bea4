//! Random lives of cases, the rows that they leave, and their count by the definitions of the
//! rates, written down a second time without SQL.

use chrono::{Days, NaiveDate};
use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::channel::Channel;
use gongkai::domain::ids::UnitId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::measure::{Cohort, Counts};
use gongkai::store::CaseRow;
use gongkai::store::types::Key;

use crate::support::chance::Chance;

/// The life of one case, as far as a rate asks for it.
#[derive(Clone, Debug)]
pub struct History {
    pub receiver: UnitId,
    pub holder: Option<UnitId>,
    pub channel: Channel,
    pub kind: ApplicantType,
    /// The date of receipt and the first due date; none while not in the register.
    pub clock: Option<(NaiveDate, NaiveDate)>,
    /// The day of the supplement notice.
    pub paused: Option<NaiveDate>,
    /// The day from which the clock ran anew, and the new due date.
    pub resumed: Option<(NaiveDate, NaiveDate)>,
    pub extended: bool,
    pub end: End,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Open,
    /// Answered, and the answer has reached nobody yet.
    Issued,
    Answered(NaiveDate),
    Lapsed(NaiveDate),
    Withdrawn(NaiveDate),
    Voided(NaiveDate),
}

/// A day of the year and a half in which the histories happen.
pub fn some_day(chance: &mut Chance) -> NaiveDate {
    later(NaiveDate::from_ymd_opt(2024, 7, 1).unwrap(), chance.below(540))
}

fn later(day: NaiveDate, days: i64) -> NaiveDate {
    day + Days::new(u64::try_from(days).unwrap())
}

impl History {
    /// Any life that the domain allows.
    pub fn random(chance: &mut Chance, units: &[UnitId]) -> Self {
        let receipt = some_day(chance);
        let registered = chance.percent(93);
        let paused = (registered && chance.percent(35)).then(|| later(receipt, chance.below(40)));
        let resumed = paused.filter(|_| chance.percent(60)).map(|notice| {
            let day = later(notice, chance.below(30));
            (day, later(day, 20 + chance.below(30)))
        });
        let last = resumed.map(|(day, _)| day).or(paused).unwrap_or(receipt);
        let end = later(last, chance.below(90));
        let waiting = paused.is_some() && resumed.is_none();
        let end = match chance.below(10) {
            0 | 1 => End::Withdrawn(end),
            2 if resumed.is_none() => End::Voided(end),
            3 | 4 if waiting => End::Lapsed(end),
            3..=6 if registered && !waiting => End::Answered(end),
            7 if registered && !waiting => End::Issued,
            _ => End::Open,
        };
        Self {
            receiver: *chance.one_of(units),
            holder: chance.percent(60).then(|| *chance.one_of(units)),
            channel: *chance.one_of(Channel::ALL),
            kind: *chance.one_of(ApplicantType::ALL),
            clock: registered.then(|| (receipt, later(receipt, 20 + chance.below(30)))),
            paused,
            resumed,
            extended: chance.percent(20),
            end,
        }
        .tidy()
    }

    /// What is not in the register is held by nobody; what was voided was never paused.
    fn tidy(mut self) -> Self {
        if self.clock.is_none() {
            (self.holder, self.extended) = (None, false);
        }
        if matches!(self.end, End::Voided(_)) {
            self.paused = None;
        }
        self
    }

    /// Where the case stands now.
    pub fn status(&self) -> Status {
        match self.end {
            End::Issued | End::Answered(_) => Status::Answered,
            End::Lapsed(_) => Status::Lapsed,
            End::Withdrawn(_) => Status::Withdrawn,
            End::Voided(_) => Status::Voided,
            End::Open if self.clock.is_none() => Status::Received,
            End::Open if self.resumed.is_some() => Status::Supplemented,
            End::Open if self.paused.is_some() => Status::AwaitingSupplement,
            End::Open if self.holder.is_some() => Status::Assigned,
            End::Open => Status::Registered,
        }
    }

    /// The day on which it was replied to or closed.
    pub const fn finish(&self) -> Option<NaiveDate> {
        match self.end {
            End::Open | End::Issued => None,
            End::Answered(day) | End::Lapsed(day) | End::Withdrawn(day) | End::Voided(day) => {
                Some(day)
            }
        }
    }

    /// The unit that answers for it.
    pub fn responsible(&self) -> UnitId {
        self.holder.unwrap_or(self.receiver)
    }

    /// The due date in force at the end of a day; none while the clock stands.
    pub fn due_on(&self, day: NaiveDate) -> Option<NaiveDate> {
        let (_, first) = self.clock?;
        match (self.paused, self.resumed) {
            (Some(notice), _) if day < notice => Some(first),
            (Some(_), Some((again, due))) if day >= again => Some(due),
            (Some(_), _) => None,
            (None, _) => Some(first),
        }
    }

    /// The due date as it stands now.
    pub fn due_now(&self) -> Option<NaiveDate> {
        self.due_on(NaiveDate::MAX)
    }

    /// The counts of this one case (domain of the rates): which part of the cohort it is, if any.
    pub fn counted(&self, cohort: &Cohort) -> Counts {
        let mut counts = Counts::default();
        let Some((receipt, _)) = self.clock else {
            return counts;
        };
        let voided = matches!(self.end, End::Voided(_));
        let finished_before = self.finish().is_some_and(|day| day < cohort.from);
        if voided || receipt > cohort.as_of || receipt > cohort.to || finished_before {
            return counts;
        }
        if receipt >= cohort.from {
            counts.received = 1;
        } else {
            counts.carried_in = 1;
        }
        let by_then = self.finish().is_some_and(|day| day <= cohort.as_of);
        match (self.end, self.due_on(cohort.as_of)) {
            (End::Answered(day), _) if by_then => {
                counts.answered = 1;
                counts.on_time = i64::from(self.due_now().is_some_and(|due| day <= due));
                counts.extended = i64::from(self.extended);
            }
            _ if by_then => counts.closed_without_reply = 1,
            (_, Some(due)) if due < cohort.as_of => counts.open_overdue = 1,
            _ => counts.open_in_time = 1,
        }
        counts
    }

    /// The row that such a case leaves; the rest is the template's.
    pub fn row(&self, template: &CaseRow) -> CaseRow {
        let registered = self.clock.is_some();
        let answer_date = if let End::Answered(day) = self.end { Some(day) } else { None };
        let closed_on = self.finish().filter(|_| answer_date.is_none());
        let key = |unit: UnitId| Key(unit.0);
        CaseRow {
            status: self.status().as_str().to_owned(),
            case_number: template.case_number.clone().filter(|_| registered),
            channel: self.channel.as_str().to_owned(),
            applicant_type: self.kind.as_str().to_owned(),
            receiving_unit_id: key(self.receiver),
            holding_unit_id: self.holder.map(key),
            responsible_unit_id: key(self.responsible()),
            receipt_date: self.clock.map(|(day, _)| day),
            rule_set: template.rule_set.clone().filter(|_| registered),
            due_date: self.due_now(),
            prior_due_date: self.paused.and(self.clock).map(|(_, due)| due),
            paused_from: self.paused,
            resumed_on: self.resumed.map(|(day, _)| day),
            answer_date,
            closed_on,
            finished_on: answer_date.or(closed_on),
            decision: matches!(self.end, End::Answered(_) | End::Issued)
                .then(|| "disclose".to_owned()),
            extended: self.extended,
            ..template.clone()
        }
    }
}
