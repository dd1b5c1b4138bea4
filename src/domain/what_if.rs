//! What would become of a due date if something were done that has not been done: an extension, a
//! consultation, a request to supplement, a fee notice, a service. Nothing is changed; what the law
//! forbids is refused with its article.

use chrono::NaiveDate;

use super::case::{Case, DeadlineOrigin, Manner, ServedLetter, Service, Verdict, matter};
use super::deadline::{
    AnswerService, ClockError, ClockEvent, Consulted, Explanation, Flag, Matter, Moment, Receipt,
    ReceiptRule, ServiceRoute, Standing, assess_brief, explain, start_of_legal_day,
};
use super::regulation::Law;
use super::rejection::{Reason, Refusal, Rejection};
use super::said::Said;

const EXTENSION: &str = "2019 art. 33; 2007 art. 24";

/// What is supposed to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supposed {
    /// Extensions.
    pub extensions: Vec<SupposedExtension>,
    /// Consultations.
    pub consultations: Vec<SupposedConsultation>,
    /// A request to supplement.
    pub supplement: Option<SupposedSupplement>,
    /// A fee notice.
    pub fee_notice: Option<SupposedFee>,
    /// The service of a letter of the case.
    pub service: Option<SupposedService>,
}

/// An extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupposedExtension {
    /// Working days.
    pub days: u32,
    /// When it is decided.
    pub decided: NaiveDate,
    /// When the applicant is told.
    pub notified: NaiveDate,
}

/// A consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupposedConsultation {
    /// Who is asked.
    pub who: Consulted,
    /// When the letter is sent.
    pub sent: NaiveDate,
    /// When it arrives.
    pub letter_received: NaiveDate,
    /// When the opinion comes; none when it does not.
    pub opinion: Option<NaiveDate>,
}

/// A request to supplement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupposedSupplement {
    /// When it is served.
    pub notice: NaiveDate,
    /// The last day for the applicant; the default period when none.
    pub deadline: Option<NaiveDate>,
    /// When the supplement comes; none when it does not.
    pub supplemented: Option<NaiveDate>,
}

/// A fee notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupposedFee {
    /// When it is given.
    pub notice: NaiveDate,
    /// When the applicant has it.
    pub received: NaiveDate,
    /// When he pays; none when he does not.
    pub paid: Option<NaiveDate>,
}

/// The service of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupposedService {
    /// Which letter.
    pub letter: ServedLetter,
    /// The day that counts.
    pub on: NaiveDate,
}

/// How a case stands, and how it would stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// As it is.
    pub now: Explanation,
    /// As it would be.
    pub then: Explanation,
    /// Working days from the one due date to the other, negative when it would be earlier; none
    /// unless both are known.
    pub working_days: Option<i64>,
}

/// Explains a case as it would be.
///
/// # Errors
/// Every reason against what is supposed, with the article when the law is the reason.
pub fn what_if(
    case: &Case,
    supposed: &Supposed,
    law: &Law,
    today: NaiveDate,
) -> Result<Outlook, Refusal> {
    may_still_change(case, supposed)?;
    if let Some(refusal) = Refusal::of(supposed.disorders()) {
        return Err(refusal);
    }
    let now = matter(case);
    let mut then = match &supposed.service {
        Some(service) => served(case, *service, law)?,
        None => now.clone(),
    };
    add_events(&mut then, supposed, law, today)?;
    let running = |error: &ClockError| no_clock(error);
    let now = explain(&now, law, Some(today)).map_err(|error| running(&error))?;
    let then = explain(&then, law, Some(today)).map_err(|error| running(&error))?;
    let working_days = shift(&now, &then, law).map_err(|error| running(&error))?;
    Ok(Outlook { now, then, working_days })
}

/// The clock of a case that has ended stands, and before the registration there is none.
fn may_still_change(case: &Case, supposed: &Supposed) -> Result<(), Refusal> {
    if case.record.registration.is_none() {
        return Err(Reason::NotRegistered.into());
    }
    let serves_alone = supposed.extensions.is_empty()
        && supposed.consultations.is_empty()
        && supposed.supplement.is_none()
        && supposed.fee_notice.is_none();
    let answered = case.record.stage.answer().is_some();
    if case.record.stage.closure().is_some() || (answered && !serves_alone) {
        let status = Said::of(case.status().label_zh(), case.status().label_en());
        return Err(Rejection::new(Reason::StatusForbids).saying(status).into());
    }
    Ok(())
}

fn no_clock(error: &ClockError) -> Refusal {
    Rejection::new(Reason::DueDateInQuestion).saying(error.said()).into()
}

/// Working days between the due dates.
fn shift(now: &Explanation, then: &Explanation, law: &Law) -> Result<Option<i64>, ClockError> {
    let (Some(from), Some(to)) = (now.summary.due_date, then.summary.due_date) else {
        return Ok(None);
    };
    let between = |a, b| law.calendar.working_days_in(a, b).map(i64::from);
    Ok(Some(if to >= from { between(from, to)? } else { -between(to, from)? }))
}

impl Supposed {
    /// Days that come before the act that they follow.
    fn disorders(&self) -> Vec<Rejection> {
        let mut found = Vec::new();
        let mut after = |pointer: String, day: Option<NaiveDate>, first: NaiveDate| {
            if let Some(day) = day.filter(|day| *day < first) {
                let early = Rejection::new(Reason::DateTooEarly).at(pointer);
                found.push(early.saying(Said::before(day, first)));
            }
        };
        for (at, one) in self.extensions.iter().enumerate() {
            let place = format!("/extensions/{at}/notified_date");
            after(place, Some(one.notified), one.decided);
        }
        for (at, one) in self.consultations.iter().enumerate() {
            let place = |member: &str| format!("/consultations/{at}/{member}");
            after(place("letter_received_date"), Some(one.letter_received), one.sent);
            after(place("opinion_date"), one.opinion, one.sent);
        }
        if let Some(one) = &self.supplement {
            after("/supplement/supplemented_date".to_owned(), one.supplemented, one.notice);
            let next = one.notice.succ_opt().unwrap_or(one.notice);
            after("/supplement/deadline_date".to_owned(), one.deadline, next);
        }
        if let Some(one) = &self.fee_notice {
            after("/fee_notice/received_date".to_owned(), Some(one.received), one.notice);
            after("/fee_notice/paid_date".to_owned(), one.paid, one.received);
        }
        found
    }

    /// What the clock would read of it, each with its place in the input.
    fn events(&self, law: &Law) -> Result<Vec<(String, ClockEvent)>, ClockError> {
        let mut events = Vec::new();
        for (at, one) in self.extensions.iter().enumerate() {
            let event = ClockEvent::Extension {
                days: one.days,
                decided: Moment::Date(one.decided),
                notified: Moment::Date(one.notified),
            };
            events.push((format!("/extensions/{at}"), event));
        }
        for (at, one) in self.consultations.iter().enumerate() {
            let event = ClockEvent::Consultation {
                who: one.who,
                sent: Moment::Date(one.sent),
                letter_received: Some(Moment::Date(one.letter_received)),
                opinion_received: one.opinion.map(Moment::Date),
            };
            events.push((format!("/consultations/{at}"), event));
        }
        if let Some(one) = &self.supplement {
            let in_person = |day| Receipt {
                submitted_at: Some(Moment::Date(day)),
                ..Receipt::new(ReceiptRule::InPerson)
            };
            let deadline = match one.deadline {
                Some(day) => day,
                None => default_deadline(one.notice, law)?,
            };
            let event = ClockEvent::SupplementNotice {
                date: Moment::Date(one.notice),
                deadline: Some(Moment::Date(deadline)),
                supplemented: one.supplemented.map(in_person),
            };
            events.push(("/supplement".to_owned(), event));
        }
        if let Some(one) = &self.fee_notice {
            let event = ClockEvent::FeeNotice {
                date: Moment::Date(one.notice),
                received: Some(Moment::Date(one.received)),
                paid: one.paid.map(Moment::Date),
            };
            events.push(("/fee_notice".to_owned(), event));
        }
        events.sort_by_key(|(_, event)| event.date());
        Ok(events)
    }
}

fn default_deadline(from: NaiveDate, law: &Law) -> Result<NaiveDate, ClockError> {
    let period = law.rules.supplement.default_working_days;
    Ok(law.calendar.nth_working_day_after(from, period)?.0)
}

/// Adds what is supposed, one after the other, so that what the law gives no effect is told where it
/// stands.
fn add_events(
    then: &mut Matter,
    supposed: &Supposed,
    law: &Law,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let mut against = Vec::new();
    for (place, event) in supposed.events(law).map_err(|error| no_clock(&error))? {
        let before = assess_brief(then, law, Some(today)).map_err(|error| no_clock(&error))?;
        if let Some(refusal) = no_effect(&event, &before.standing, &place) {
            against.push(refusal);
            continue;
        }
        then.events.push(event.clone());
        then.events.sort_by_key(ClockEvent::date);
        let after = assess_brief(then, law, Some(today)).map_err(|error| no_clock(&error))?;
        let count = |flags: &[Flag], flag| flags.iter().filter(|one| **one == flag).count();
        let new = after
            .flags
            .iter()
            .filter(|flag| count(&after.flags, **flag) > count(&before.flags, **flag));
        let mut told: Vec<Flag> = Vec::new();
        for flag in new {
            if !told.contains(flag) {
                told.push(*flag);
                against.extend(forbidden(*flag, &place, before.due_date()));
            }
        }
        against.extend(too_late(&event, &place));
    }
    Refusal::of(against).map_or(Ok(()), Err)
}

/// While the clock waits for the applicant there is nothing to extend, and nothing after an end.
fn no_effect(event: &ClockEvent, standing: &Standing, place: &str) -> Option<Rejection> {
    let extends = matches!(event, ClockEvent::Extension { .. });
    let refusal = match standing {
        Standing::Running { .. } => return None,
        Standing::Paused { .. } if !extends => return None,
        Standing::Paused { .. } => Rejection::new(Reason::StatusForbids).by(EXTENSION),
        Standing::Abandoned { .. } => Rejection::new(Reason::StatusForbids).by("2019 art. 30"),
    };
    Some(refusal.at(place))
}

/// The defects by which the law takes an act its effect.
fn forbidden(flag: Flag, place: &str, due: Option<NaiveDate>) -> Option<Rejection> {
    let refusal = match flag {
        Flag::ExtensionTooLate => {
            let late = Rejection::new(Reason::ExtensionTooLate).by(EXTENSION);
            match due {
                Some(due) => late.saying(Said::neutral(due.to_string())),
                None => late,
            }
        }
        Flag::ExtensionOverLimit => {
            let over = Rejection::new(Reason::ExtensionOverLimit).by(EXTENSION);
            return Some(over.at(format!("{place}/days")));
        }
        Flag::SecondSupplementNoticeNotAllowed => {
            Rejection::new(Reason::SupplementAlreadyRequested).by("2019 art. 30")
        }
        Flag::FeeNoticeBefore2021 => {
            Rejection::new(Reason::FeeNotInForce).by("国办函〔2020〕109号")
        }
        // These are defects that the office answers for; the act has its effect.
        Flag::SupplementNoticeLate
        | Flag::AgencyConsultationNotExcluded2007
        | Flag::FeeNoticeAfterDue
        | Flag::ConsultationLetterUnconfirmed => return None,
    };
    Some(refusal.at(place))
}

/// A supplement behind its last day would be an abandonment, and cannot be received as a supplement.
fn too_late(event: &ClockEvent, place: &str) -> Option<Rejection> {
    let ClockEvent::SupplementNotice { deadline: Some(deadline), supplemented: Some(came), .. } =
        event
    else {
        return None;
    };
    let deadline = deadline.legal_day();
    let act = came.submitted_at.map(Moment::legal_day)?;
    let over = Rejection::new(Reason::SupplementPeriodOver).by("2019 art. 30");
    let over = over.saying(Said::neutral(deadline.to_string()));
    (act > deadline).then(|| over.at(format!("{place}/supplemented_date")))
}

/// The case as if a letter were served.
fn served(case: &Case, service: SupposedService, law: &Law) -> Result<Matter, Refusal> {
    let (letter, on) = (service.letter, service.on);
    let no = |reason| Refusal::from(Rejection::new(reason).at("/service/letter"));
    let early = |first: NaiveDate| {
        let early = Rejection::new(Reason::DateTooEarly).at("/service/service_date");
        Refusal::from(early.saying(Said::before(on, first)))
    };
    if letter != ServedLetter::ExtensionNotice && case.effective_service(letter).is_some() {
        return Err(no(Reason::AlreadyServed));
    }
    let mut case = case.clone();
    match letter {
        ServedLetter::Answer => {
            let clock = case.record.clock.as_ref();
            if let Some(first) = clock.map(|clock| clock.receipt_date).filter(|first| on < *first) {
                return Err(early(first));
            }
            let mut matter = matter(&case);
            let signed = Some(Moment::Date(on));
            matter.answer =
                Some(AnswerService { via: ServiceRoute::Hand, signed, posted: None, sent: None });
            return Ok(matter);
        }
        ServedLetter::ExtensionNotice => {
            let granted = case.record.extensions.iter_mut().filter_map(|one| one.decision.as_mut());
            let mut granted = granted.filter(|one| one.verdict == Verdict::Granted);
            let next = granted.find(|decision| decision.notified_on.is_none());
            let decision = next.ok_or_else(|| no(Reason::NothingToServe))?;
            let decided = super::deadline::legal_day(decision.decided_at);
            if on < decided {
                return Err(early(decided));
            }
            decision.notified_on = Some(on);
        }
        ServedLetter::SupplementNotice => {
            let round = case.record.supplement.as_mut().filter(|round| round.reply.is_none());
            let round = round.ok_or_else(|| no(Reason::NothingToServe))?;
            let requested = super::deadline::legal_day(round.requested_at);
            if on < requested {
                return Err(early(requested));
            }
            round.notice_date = on;
            if round.deadline_origin == DeadlineOrigin::Default || round.deadline <= on {
                round.deadline = default_deadline(on, law).map_err(|error| no_clock(&error))?;
            }
            case.record.services.push(handed_over(letter, on));
        }
        // No day follows from any other letter.
        ServedLetter::Other => return Err(no(Reason::NothingToServe)),
    }
    Ok(matter(&case))
}

fn handed_over(letter: ServedLetter, on: NaiveDate) -> Service {
    Service {
        letter,
        letter_id: None,
        manner: Manner::HandedOver,
        counts_on: on,
        mail_number: None,
        delivered_on: None,
        recipient: None,
        relation: None,
        witness: None,
        reason: None,
        place: None,
        served_by: None,
        postal_operator: None,
        recorded_at: start_of_legal_day(on),
        recorded_by: None,
    }
}
