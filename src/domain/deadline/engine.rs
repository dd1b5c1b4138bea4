//! The events of a matter, one after the other (R5-R8, R11-R16).

use chrono::{Days, NaiveDate};

use super::pause::{Pauses, pause};
use super::{
    Abandonment, Answered, Assessment, ClockError, ClockEvent, Consulted, Flag, MAX_EVENTS, Matter,
    Moment, PauseReason, Receipt, RestartCause, Standing, act_date, receipt_date,
    receipt_date_under,
};
use crate::domain::regulation::{Law, RuleSet};

/// A restart of the clock: the day after `date` is day 1 again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Restart {
    pub date: NaiveDate,
    pub cause: RestartCause,
}

/// A clock that waits for the applicant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub since: NaiveDate,
    pub reason: PauseReason,
    pub until: Option<NaiveDate>,
}

/// An end without an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub status: Abandonment,
    pub from: NaiveDate,
}

/// The state of the clock while events are processed.
pub(super) struct Run<'a> {
    law: &'a Law,
    pub rules: &'a RuleSet,
    as_of: Option<NaiveDate>,
    pub receipt_date: NaiveDate,
    pub restarts: Vec<Restart>,
    /// Extensions in effect: (notified, working days).
    extensions: Vec<(NaiveDate, u32)>,
    pub pauses: Pauses,
    supplement_noticed: bool,
    supplement_notice_due: Option<NaiveDate>,
    opinion_due: Vec<NaiveDate>,
    fee_due: Option<NaiveDate>,
    pub hold: Option<Hold>,
    pub end: Option<End>,
    flags: Vec<Flag>,
}

/// Processes the events of a matter in the order of their dates, ties as listed (R11); stops at an
/// abandonment (R12).
pub(super) fn run<'a>(
    matter: &Matter,
    law: &'a Law,
    as_of: Option<NaiveDate>,
) -> Result<Run<'a>, ClockError> {
    if matter.events.len() > MAX_EVENTS {
        return Err(ClockError::TooManyEvents);
    }
    let mut run = Run::start(&matter.receipt, law, as_of)?;
    if matter.events.is_sorted_by_key(ClockEvent::date) {
        run.process(matter.events.iter())?;
    } else {
        let mut events: Vec<&ClockEvent> = matter.events.iter().collect();
        events.sort_by_key(|event| event.date());
        run.process(events.into_iter())?;
    }
    Ok(run)
}

impl<'a> Run<'a> {
    fn start(
        receipt: &Receipt,
        law: &'a Law,
        as_of: Option<NaiveDate>,
    ) -> Result<Self, ClockError> {
        let (id, receipt_date) = receipt_date(receipt, law)?;
        let rules = law.rule_set(id);
        let supplement_notice_due = rules
            .supplement_notice_working_days
            .map(|days| law.calendar.nth_working_day_after(receipt_date, days))
            .transpose()?
            .map(|(date, _)| date);
        Ok(Self {
            law,
            rules,
            as_of,
            receipt_date,
            restarts: Vec::new(),
            extensions: Vec::new(),
            pauses: Pauses::default(),
            supplement_noticed: false,
            supplement_notice_due,
            opinion_due: Vec::new(),
            fee_due: None,
            hold: None,
            end: None,
            flags: Vec::new(),
        })
    }

    fn process<'e>(
        &mut self,
        events: impl Iterator<Item = &'e ClockEvent>,
    ) -> Result<(), ClockError> {
        for event in events {
            if self.end.is_some() {
                break;
            }
            self.step(event)?;
        }
        Ok(())
    }

    fn step(&mut self, event: &ClockEvent) -> Result<(), ClockError> {
        match event {
            ClockEvent::SupplementNotice { date, deadline, supplemented } => {
                self.supplement_notice(date.legal_day(), day(*deadline), supplemented.as_ref())
            }
            ClockEvent::Consultation { who, sent, letter_received, opinion_received } => self
                .consultation(
                    *who,
                    sent.legal_day(),
                    day(*letter_received),
                    day(*opinion_received),
                ),
            ClockEvent::Extension { days, decided, notified } => {
                self.extension(*days, decided.legal_day(), notified.legal_day())
            }
            ClockEvent::FeeNotice { date, received, paid } => {
                self.fee_notice(date.legal_day(), day(*received), day(*paid))
            }
        }
    }

    /// Supplement notice (R5, R15). The law (2019 art. 30) gives the restart and the abandonment;
    /// ours are: a late notice still restarts, only the first one has any effect (from 一次性),
    /// the same holds for 2007 cases, the stated last day does not roll, and a supplement is in
    /// time by the applicant's act.
    fn supplement_notice(
        &mut self,
        date: NaiveDate,
        deadline: Option<NaiveDate>,
        supplemented: Option<&Receipt>,
    ) -> Result<(), ClockError> {
        if self.supplement_noticed {
            self.flags.push(Flag::SecondSupplementNoticeNotAllowed);
            return Ok(());
        }
        self.supplement_noticed = true;
        if self.supplement_notice_due.is_some_and(|due| date > due) {
            self.flags.push(Flag::SupplementNoticeLate);
        }
        let Some(deadline) = deadline else {
            // Live, a notice without a last day has not been served: its period has not begun.
            if self.as_of.is_some() && supplemented.is_none() {
                self.wait(date, PauseReason::Supplement, None);
                return Ok(());
            }
            return Err(ClockError::MissingFact { fact: "deadline" });
        };
        let act = supplemented.map(act_date).transpose()?;
        match supplemented {
            Some(receipt) if act.is_some_and(|act| act <= deadline) => {
                match receipt_date_under(receipt, self.rules) {
                    Ok(received) => self.restart(received, RestartCause::Supplement),
                    Err(_) if self.as_of.is_some() => {
                        self.wait(date, PauseReason::Confirmation, None);
                    }
                    Err(error) => return Err(error),
                }
                Ok(())
            }
            None if self.is_open(deadline) => {
                self.wait(date, PauseReason::Supplement, Some(deadline));
                Ok(())
            }
            _ => self.abandon(Abandonment::DeemedAbandoned, deadline),
        }
    }

    /// Consultation (R6). That third parties stop the clock under both texts and agencies only
    /// under the 2019 text is law; the arithmetic and the cap for general agency consultation
    /// are ours (see [`pause`]).
    fn consultation(
        &mut self,
        who: Consulted,
        sent: NaiveDate,
        letter_received: Option<NaiveDate>,
        opinion_received: Option<NaiveDate>,
    ) -> Result<(), ClockError> {
        if !self.rules.pausing_consultations.contains(&who) {
            self.flags.push(Flag::AgencyConsultationNotExcluded2007);
            return Ok(());
        }
        let letter_received = match letter_received {
            Some(received) => received,
            None if self.as_of.is_some() => {
                self.flags.push(Flag::ConsultationLetterUnconfirmed);
                sent
            }
            None => {
                return Err(ClockError::MissingFact { fact: "letter_received" });
            }
        };
        let opinion_days = self.rules.opinion_working_days;
        let calendar = &self.law.calendar;
        let (opinion_due, _) = calendar.nth_working_day_after(letter_received, opinion_days)?;
        self.opinion_due.push(opinion_due);
        self.pauses.push(pause(who, sent, opinion_received, opinion_due));
        Ok(())
    }

    /// Extension (R7, R13, R14). The total is law; ours are: it must be decided and notified by
    /// the due date then in force (that is, with the consultations sent and the extensions notified
    /// so far), several are allowed within the total, and one notified on or before a restart lapses.
    fn extension(
        &mut self,
        days: u32,
        decided: NaiveDate,
        notified: NaiveDate,
    ) -> Result<(), ClockError> {
        let lapsed = !self.restarts.is_empty() && notified <= self.base();
        if lapsed || self.hold.is_some() {
            return Ok(());
        }
        let due = self.due()?;
        let total = self.extension_days().checked_add(days);
        if decided > due || notified > due {
            self.flags.push(Flag::ExtensionTooLate);
        } else if total.is_none_or(|total| total > self.rules.extension_working_days) {
            self.flags.push(Flag::ExtensionOverLimit);
        } else {
            self.extensions.push((notified, days));
        }
        Ok(())
    }

    /// Fee notice (R8, R16). The days to pay and the restart are notice 2020-109; ours are: the
    /// last day rolls forward, and a notice after the due date still restarts.
    fn fee_notice(
        &mut self,
        date: NaiveDate,
        received: Option<NaiveDate>,
        paid: Option<NaiveDate>,
    ) -> Result<(), ClockError> {
        let fees = &self.law.rules.fees;
        if date < fees.from {
            self.flags.push(Flag::FeeNoticeBefore2021);
            return Ok(());
        }
        if self.hold.is_none() && date > self.due()? {
            self.flags.push(Flag::FeeNoticeAfterDue);
        }
        let Some(received) = received else {
            return self.undelivered_fee_notice(date, paid);
        };
        let last = received
            .checked_add_days(Days::new(fees.pay_within_days.into()))
            .ok_or(ClockError::DateOutOfRange)?;
        let fee_due = self.law.calendar.roll_forward(last)?;
        self.fee_due = Some(fee_due);
        match paid {
            Some(paid) if paid <= fee_due => self.restart(paid, RestartCause::Payment),
            None if self.is_open(fee_due) => {
                self.wait(date, PauseReason::Fee, Some(fee_due));
            }
            _ => return self.abandon(Abandonment::AbandonedUnpaid, fee_due),
        }
        Ok(())
    }

    /// A fee notice whose delivery is not recorded: its period has not begun, so it cannot lapse.
    fn undelivered_fee_notice(
        &mut self,
        date: NaiveDate,
        paid: Option<NaiveDate>,
    ) -> Result<(), ClockError> {
        if self.as_of.is_none() {
            return Err(ClockError::MissingFact { fact: "received" });
        }
        match paid {
            Some(paid) => self.restart(paid, RestartCause::Payment),
            None => self.wait(date, PauseReason::Fee, None),
        }
        Ok(())
    }

    /// A restart (R14, ours beyond the restart itself): a full new period, extensions notified on
    /// or before it lapse, consultation pauses survive.
    fn restart(&mut self, date: NaiveDate, cause: RestartCause) {
        self.restarts.push(Restart { date, cause });
        let base = self.base();
        self.extensions.retain(|&(notified, _)| notified > base);
    }

    fn wait(&mut self, since: NaiveDate, reason: PauseReason, until: Option<NaiveDate>) {
        let hold = Hold { since, reason, until };
        self.hold.get_or_insert(hold);
    }

    fn abandon(&mut self, status: Abandonment, last_day: NaiveDate) -> Result<(), ClockError> {
        let from = last_day.succ_opt().ok_or(ClockError::DateOutOfRange)?;
        self.end = Some(End { status, from });
        Ok(())
    }

    /// Whether a period whose last day is given is still open at the "as of" date.
    fn is_open(&self, last_day: NaiveDate) -> bool {
        self.as_of.is_some_and(|as_of| last_day >= as_of)
    }

    /// The last restart, by date.
    pub fn last_restart(&self) -> Option<NaiveDate> {
        self.restarts.iter().map(|restart| restart.date).max()
    }

    /// The day before day 1: the last restart or the receipt.
    pub fn base(&self) -> NaiveDate {
        self.last_restart().unwrap_or(self.receipt_date)
    }

    fn extension_days(&self) -> u32 {
        self.extensions.iter().map(|&(_, days)| days).sum()
    }

    /// Working days from day 1 to the due date (R4, R7).
    pub fn goal(&self) -> u32 {
        self.rules.answer_working_days + self.extension_days()
    }

    /// The due date by what was processed so far.
    fn due(&self) -> Result<NaiveDate, ClockError> {
        let (calendar, base) = (&self.law.calendar, self.base());
        self.pauses.nth_counted_day(calendar, base, self.goal())
    }

    /// The result, without the day lists.
    pub fn conclude(&self, matter: &Matter) -> Result<Assessment, ClockError> {
        let standing = match (self.end, self.hold) {
            (Some(end), _) => Standing::Abandoned { status: end.status, from: end.from },
            (None, Some(hold)) => {
                Standing::Paused { since: hold.since, reason: hold.reason, until: hold.until }
            }
            (None, None) => {
                Standing::Running { due: self.due()?, counted: Vec::new(), excluded: Vec::new() }
            }
        };
        let answer = matter.answer.filter(|_| self.end.is_none());
        let answer_date = match answer.map(|answer| answer.answer_date()) {
            Some(Ok(date)) => Some(date),
            Some(Err(error)) if self.as_of.is_none() => return Err(error),
            // An answer that is signed but not served yet is no answer yet.
            Some(Err(_)) | None => None,
        };
        let mut assessment = Assessment {
            rule_set: self.rules.id,
            receipt_date: self.receipt_date,
            supplement_notice_due: self.supplement_notice_due,
            clock_restarted_from: self.last_restart(),
            opinion_due: self.opinion_due.clone(),
            fee_due: self.fee_due,
            extension_days: self.extension_days(),
            standing,
            answer: None,
            flags: self.flags.clone(),
            provisional: false,
        };
        let due = assessment.due_date();
        assessment.answer =
            answer_date.map(|date| Answered { date, on_time: due.is_none_or(|due| date <= due) });
        assessment.provisional = self.is_provisional(due);
        Ok(assessment)
    }

    /// Whether a computed date of the result lies past the last announced year (R20).
    fn is_provisional(&self, due: Option<NaiveDate>) -> bool {
        let dates = [self.supplement_notice_due, self.fee_due, due];
        let computed = dates.iter().flatten().chain(&self.opinion_due);
        let latest = computed.max();
        latest.is_some_and(|&date| self.law.calendar.is_provisional(date))
    }
}

fn day(moment: Option<Moment>) -> Option<NaiveDate> {
    moment.map(Moment::legal_day)
}
