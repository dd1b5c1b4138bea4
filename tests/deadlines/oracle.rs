//! A second, slow implementation of R1-R20 for applications, written apart from the engine: it
//! lives through the days one by one, with a set of working days read from the raw data, and
//! never asks for "the n-th working day". It reads no rule data: its figures are typed from the
//! articles.

use std::collections::{BTreeSet, HashSet};

use chrono::{Datelike, NaiveDate, Weekday};
use gongkai::domain::deadline::{
    Abandonment, ClockEvent, Consulted, Flag, Matter, Moment, Receipt, ReceiptRule,
};
use serde_json::Value;

pub struct Oracle {
    off: HashSet<NaiveDate>,
    worked: HashSet<NaiveDate>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub version: u16,
    pub receipt_date: NaiveDate,
    pub supplement_notice_due: Option<NaiveDate>,
    pub restarted: Option<NaiveDate>,
    pub opinion_due: Vec<NaiveDate>,
    pub fee_due: Option<NaiveDate>,
    pub due: Option<NaiveDate>,
    pub counted: Vec<NaiveDate>,
    pub excluded: Vec<NaiveDate>,
    pub abandoned: Option<(Abandonment, NaiveDate)>,
    pub flags: Vec<Flag>,
    pub provisional: bool,
}

fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn on(moment: Option<Moment>) -> NaiveDate {
    moment.unwrap().legal_day()
}

impl Oracle {
    pub fn load() -> Self {
        let text = include_str!("../../data/calendar.json");
        let file: Value = serde_json::from_str(text).unwrap();
        let dates = |name: &str| -> HashSet<NaiveDate> {
            let years = file["years"].as_object().unwrap().values();
            years
                .flat_map(|year| year[name].as_array().unwrap())
                .map(|date| date.as_str().unwrap().parse().unwrap())
                .collect()
        };
        Self { off: dates("off_weekdays"), worked: dates("worked_weekends") }
    }

    pub fn works(&self, day: NaiveDate) -> bool {
        if day.year() > 2026 {
            let fixed = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];
            let holiday = fixed.contains(&(day.month(), day.day()));
            return !holiday && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        }
        match day.weekday() {
            Weekday::Sat | Weekday::Sun => self.worked.contains(&day),
            _ => !self.off.contains(&day),
        }
    }

    /// Advances day by day until `count` working days have gone by.
    pub fn after(&self, mut day: NaiveDate, mut count: u32) -> NaiveDate {
        while count > 0 {
            day = day.succ_opt().unwrap();
            if self.works(day) {
                count -= 1;
            }
        }
        day
    }

    /// R3 as a table.
    fn received(receipt: &Receipt, version: u16) -> NaiveDate {
        match (receipt.channel, version) {
            (ReceiptRule::InPerson, _) => on(receipt.submitted_at),
            (ReceiptRule::PostSigned, _) => on(receipt.signed_at),
            (ReceiptRule::Online | ReceiptRule::Email, 2007) => on(receipt.received_at),
            _ => on(receipt.confirmed_at),
        }
    }

    fn acted(receipt: &Receipt) -> NaiveDate {
        match receipt.channel {
            ReceiptRule::InPerson => on(receipt.submitted_at),
            ReceiptRule::PostSigned => on(receipt.signed_at),
            ReceiptRule::PostOrdinary => on(receipt.arrived_at),
            _ => on(receipt.received_at),
        }
    }

    /// Simulates a complete matter whose acts do not precede their notices.
    pub fn tell(&self, matter: &Matter) -> Told {
        let mut version = 2007;
        let mut received = Self::received(&matter.receipt, 2007);
        if received >= ymd(2019, 5, 15) {
            version = 2019;
            received = Self::received(&matter.receipt, 2019);
        }
        let mut life = Life::new(self, version, received);
        let mut pending: Vec<&ClockEvent> = matter.events.iter().collect();
        let first = pending.iter().map(|event| event.date()).min();
        let mut today = first.map_or(received, |first| first.min(received));
        loop {
            let (now, later): (Vec<_>, Vec<_>) =
                pending.into_iter().partition(|event| event.date() == today);
            pending = later;
            for event in now {
                life.happen(today, event);
                if life.told.abandoned.is_some() {
                    return life.end();
                }
            }
            life.live(today);
            if pending.is_empty() && life.expired() {
                return life.end();
            }
            today = today.succ_opt().unwrap();
        }
    }
}

/// The clock of one matter while the days go by.
struct Life<'a> {
    oracle: &'a Oracle,
    told: Told,
    limit: usize,
    extended: Vec<(NaiveDate, usize)>,
    silent: BTreeSet<NaiveDate>,
    noticed: bool,
}

impl<'a> Life<'a> {
    fn new(oracle: &'a Oracle, version: u16, receipt_date: NaiveDate) -> Self {
        let notice = (version == 2019).then(|| oracle.after(receipt_date, 7));
        Self {
            oracle,
            told: Told { version, receipt_date, supplement_notice_due: notice, ..Told::default() },
            limit: if version == 2019 { 20 } else { 15 },
            extended: Vec::new(),
            silent: BTreeSet::new(),
            noticed: false,
        }
    }

    fn base(&self) -> NaiveDate {
        self.told.restarted.unwrap_or(self.told.receipt_date)
    }

    fn extension(&self) -> usize {
        self.extended.iter().map(|(_, days)| days).sum()
    }

    fn expired(&self) -> bool {
        self.told.counted.len() >= self.limit + self.extension()
    }

    /// A day goes by.
    fn live(&mut self, today: NaiveDate) {
        if today <= self.base() || self.expired() || !self.oracle.works(today) {
            return;
        }
        if self.silent.contains(&today) {
            self.told.excluded.push(today);
        } else {
            self.told.counted.push(today);
        }
    }

    fn restart(&mut self, day: NaiveDate) {
        let day = self.told.restarted.map_or(day, |before| before.max(day));
        self.told.restarted = Some(day);
        self.told.counted.clear();
        self.told.excluded.clear();
        self.extended.retain(|(notified, _)| *notified > day);
    }

    fn abandon(&mut self, why: Abandonment, last: NaiveDate) {
        self.told.abandoned = Some((why, last.succ_opt().unwrap()));
    }

    fn happen(&mut self, today: NaiveDate, event: &ClockEvent) {
        match event {
            ClockEvent::SupplementNotice { deadline, supplemented, .. } => {
                self.notice(today, on(*deadline), supplemented.as_ref());
            }
            ClockEvent::Consultation { who, letter_received, opinion_received, .. } => {
                self.consult(today, *who, on(*letter_received), *opinion_received);
            }
            ClockEvent::Extension { days, decided, .. } => {
                self.extend(today, *days as usize, decided.legal_day());
            }
            ClockEvent::FeeNotice { received, paid, .. } => {
                self.fee(today, *received, paid.map(Moment::legal_day));
            }
        }
    }

    fn notice(&mut self, today: NaiveDate, last: NaiveDate, supplement: Option<&Receipt>) {
        if std::mem::replace(&mut self.noticed, true) {
            self.told.flags.push(Flag::SecondSupplementNoticeNotAllowed);
            return;
        }
        if matches!(self.told.supplement_notice_due, Some(due) if due < today) {
            self.told.flags.push(Flag::SupplementNoticeLate);
        }
        match supplement {
            Some(receipt) if Oracle::acted(receipt) <= last => {
                self.restart(Oracle::received(receipt, self.told.version));
            }
            _ => self.abandon(Abandonment::DeemedAbandoned, last),
        }
    }

    fn consult(
        &mut self,
        sent: NaiveDate,
        who: Consulted,
        letter: NaiveDate,
        opinion: Option<Moment>,
    ) {
        if who == Consulted::Agency && self.told.version == 2007 {
            let flag = Flag::AgencyConsultationNotExcluded2007;
            self.told.flags.push(flag);
            return;
        }
        let cap = self.oracle.after(letter, 15);
        self.told.opinion_due.push(cap);
        let mut day = sent.succ_opt().unwrap();
        while day <= cap && opinion.is_none_or(|opinion| day <= opinion.legal_day()) {
            self.silent.insert(day);
            day = day.succ_opt().unwrap();
        }
    }

    fn extend(&mut self, today: NaiveDate, days: usize, decided: NaiveDate) {
        assert!(decided <= today, "the oracle wants decisions before notices");
        if self.told.restarted.is_some() && today <= self.base() {
            return;
        }
        // Events come before the day is lived: an expired clock ran out before today.
        if self.expired() {
            self.told.flags.push(Flag::ExtensionTooLate);
        } else if self.extension() + days > self.limit {
            self.told.flags.push(Flag::ExtensionOverLimit);
        } else {
            self.extended.push((today, days));
        }
    }

    fn fee(&mut self, today: NaiveDate, received: Option<Moment>, paid: Option<NaiveDate>) {
        if today < ymd(2021, 1, 1) {
            self.told.flags.push(Flag::FeeNoticeBefore2021);
            return;
        }
        if self.expired() {
            self.told.flags.push(Flag::FeeNoticeAfterDue);
        }
        let mut last = on(received);
        for _ in 0..30 {
            last = last.succ_opt().unwrap();
        }
        while !self.oracle.works(last) {
            last = last.succ_opt().unwrap();
        }
        self.told.fee_due = Some(last);
        match paid {
            Some(paid) if paid <= last => self.restart(paid),
            _ => self.abandon(Abandonment::AbandonedUnpaid, last),
        }
    }

    fn end(mut self) -> Told {
        if self.told.abandoned.is_some() {
            self.told.counted.clear();
            self.told.excluded.clear();
        } else {
            self.told.due = self.told.counted.last().copied();
            // Working days of a pause after the last counted day do not belong to the period.
            let due = self.told.due;
            self.told.excluded.retain(|day| Some(*day) <= due);
        }
        let told = &self.told;
        let mut dates = told.opinion_due.clone();
        dates.extend([told.due, told.fee_due, told.supplement_notice_due].iter().flatten());
        self.told.provisional = dates.iter().any(|date| date.year() > 2026);
        self.told
    }
}
