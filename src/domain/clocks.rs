//! What falls due on a case, and when: the lines of the working list of clocks. A pure function of
//! the case; which of them are late follows from the day on which the list is read.

use chrono::NaiveDate;

use super::case::{Case, Verdict};
use super::deadline::{Fact, legal_day, missing_facts};
use super::ids::{UnitId, UserId};
use super::lifecycle::{Status, is_unfinished};
use super::regulation::Law;
use super::text_enum::text_enum;

text_enum! {
    /// What falls due. The set is open: a client must be prepared for more.
    pub enum ClockKind in "clock_kind" {
        /// The answer must have been given (2019 art. 33; 2007 art. 24).
        Answer = "answer" : "答复" / "answer",
        /// The last day on which the applicant can still be asked in time to supplement (2019 art. 30).
        /// Nothing need be done, so that it leaves the list when the day is over.
        SupplementNotice = "supplement_notice" : "补正告知" / "supplement notice",
        /// The applicant must have supplemented; afterwards the application is deemed abandoned.
        Supplement = "supplement" : "申请人补正" / "supplement by the applicant",
        /// A requested extension must be decided, and notified, while the period runs (R7).
        ExtensionDecision = "extension_decision" : "延期决定" / "decision on an extension",
        /// A granted extension counts only if the applicant is told while the period runs (R7).
        ExtensionNotice = "extension_notice" : "延期告知" / "notice of an extension",
        /// What came by ordinary mail, fax or online is confirmed with the applicant on the day on
        /// which it came (2019 art. 31).
        Confirmation = "confirmation" : "收到申请的确认" / "confirmation of receipt",
        /// Another unit must have replied to what it was asked.
        Subtask = "subtask" : "协办" / "subtask",
    }
}

impl ClockKind {
    /// Is it left off the list once its day is over? It was an occasion and not a duty.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::SupplementNotice)
    }
}

/// Something that falls due on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueClock {
    /// What.
    pub kind: ClockKind,
    /// Which, where a case can have several of the kind; else 0.
    pub number: u32,
    /// The last day.
    pub due_date: NaiveDate,
    /// The unit whose turn it is.
    pub unit: UnitId,
    /// The officer of the case, when it is his unit's turn.
    pub officer: Option<UserId>,
}

/// What falls due on a case.
#[must_use]
pub fn of(case: &Case) -> Vec<DueClock> {
    let mut found = Vec::new();
    let unit = case.responsible_unit();
    let officer = case.record.holding.as_ref().and_then(|holding| holding.officer);
    let mut add = |kind, due_date: Option<NaiveDate>| {
        found.extend(due_date.map(|due_date| DueClock {
            kind,
            number: 0,
            due_date,
            unit,
            officer,
        }));
    };
    add(ClockKind::Answer, answer(case));
    add(ClockKind::SupplementNotice, supplement_notice(case));
    add(ClockKind::Supplement, supplement(case));
    add(ClockKind::ExtensionDecision, extension_decision(case));
    add(ClockKind::ExtensionNotice, extension_notice(case));
    add(ClockKind::Confirmation, confirmation(case));
    found.extend(subtasks(case));
    found
}

fn due_date(case: &Case) -> Option<NaiveDate> {
    case.record.clock.as_ref().and_then(|clock| clock.due_date)
}

fn answer(case: &Case) -> Option<NaiveDate> {
    due_date(case).filter(|_| is_unfinished(case))
}

fn supplement_notice(case: &Case) -> Option<NaiveDate> {
    let asks = matches!(case.status(), Status::Registered | Status::Assigned);
    let record = &case.record;
    let clock = record.clock.as_ref()?;
    let open = asks && record.supplement.is_none() && record.draft.is_none();
    clock.supplement_notice_due.filter(|_| open)
}

fn supplement(case: &Case) -> Option<NaiveDate> {
    let round = case.record.supplement.as_ref()?;
    (case.status() == Status::AwaitingSupplement).then_some(round.deadline)
}

fn extension_decision(case: &Case) -> Option<NaiveDate> {
    let decides = matches!(case.status(), Status::Assigned | Status::Supplemented);
    due_date(case).filter(|_| decides && case.pending_extension().is_some())
}

fn extension_notice(case: &Case) -> Option<NaiveDate> {
    let decided = case.record.extensions.iter().filter_map(|one| one.decision.as_ref());
    let mut granted = decided.filter(|decision| decision.verdict == Verdict::Granted);
    let untold = granted.any(|decision| decision.notified_on.is_none());
    due_date(case).filter(|_| untold && case.status().is_open())
}

fn confirmation(case: &Case) -> Option<NaiveDate> {
    let intake = &case.record.intake;
    if case.status() != Status::Received {
        return None;
    }
    let missing = missing_facts(&intake.arrival.receipt(intake.channel), Law::builtin());
    missing.contains(&Fact::Confirmed).then(|| legal_day(intake.received_at))
}

fn subtasks(case: &Case) -> impl Iterator<Item = DueClock> {
    let open = case.status().is_open();
    let asked = case.record.subtasks.iter().filter(move |subtask| open && subtask.is_open());
    asked.map(|subtask| DueClock {
        kind: ClockKind::Subtask,
        number: subtask.number,
        due_date: subtask.due_date,
        unit: subtask.unit,
        officer: None,
    })
}
