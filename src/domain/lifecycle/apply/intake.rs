//! Receiving, registering and correcting an application.

use chrono::NaiveDate;

use super::super::Context;
use super::super::step::Changes;
use super::facts::not_after;
use super::supplement;
use crate::domain::actor::{Actor, By, Role};
use crate::domain::case::{
    Application, Arrival, Case, Intake, Record, Registration, Reviews, Stage,
};
use crate::domain::channel::Channel;
use crate::domain::deadline::{Moment, legal_day, missing_facts, receipt_date};
use crate::domain::external_ref::ExternalRef;
use crate::domain::ids::{CaseId, UnitId, Version};
use crate::domain::lifecycle::guard::{applicant_may, role_may};
use crate::domain::lifecycle::table::Action;
use crate::domain::regulation::Law;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;
use crate::domain::unit::UnitKind;

/// An application to be recorded.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// The id that the case will have.
    pub id: CaseId,
    /// Keyed digest of the query code, hexadecimal.
    pub query_code_digest: String,
    /// What is asked for.
    pub application: Application,
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival, as far as known.
    pub arrival: Arrival,
    /// The unit that received it; none for the actor's own.
    pub receiving_unit: Option<UnitId>,
    /// The number by which another system or a paper register knows it.
    pub external_ref: Option<ExternalRef>,
}

/// Records an application.
///
/// # Errors
/// The actor's role may not, the unit is not his, or a fact lies in the future. An applicant can
/// only come online.
pub fn receive(new: &NewCase, ctx: &Context<'_>) -> Result<Case, Refusal> {
    let (unit, arrival) = match ctx.by {
        By::Staff(actor) if !role_may(actor.role, Action::Receive) => {
            return Err(Reason::RoleNotPermitted.into());
        }
        By::Staff(actor) => {
            let unit = receiving_unit(new, actor, ctx)?;
            check_arrival(&new.arrival, "/arrival", ctx)?;
            (unit, with_default_submission(new, ctx))
        }
        By::Applicant => (online_desk(new, ctx)?, Arrival::online(ctx.at)),
    };
    Ok(Case {
        id: new.id,
        version: Version::FIRST,
        updated_at: ctx.at,
        record: Record {
            intake: Intake {
                receipt_number: ctx.numbers.receipt_number(),
                query_code_digest: new.query_code_digest.clone(),
                application: new.application.clone(),
                channel: new.channel,
                arrival,
                receiving_unit: unit,
                received_at: ctx.at,
                received_by: ctx.by.user(),
                external_ref: new.external_ref.clone(),
            },
            registration: None,
            holding: None,
            stage: Stage::Received,
            supplement: None,
            extensions: Vec::new(),
            draft: None,
            reviews: Reviews::default(),
            subtasks: Vec::new(),
            services: Vec::new(),
            letters: Vec::new(),
            attachments: Vec::new(),
            archive: None,
            clock: None,
        },
    })
}

/// A counter receives for its own unit or for one below it; the query room for any unit that has
/// a counter.
fn receiving_unit(new: &NewCase, actor: &Actor, ctx: &Context<'_>) -> Result<UnitId, Rejection> {
    let unit = new.receiving_unit.unwrap_or(actor.unit);
    let unknown = || Rejection::new(Reason::UnitUnknown).at("/receiving_unit_id");
    let known = ctx.directory.unit(unit).ok_or_else(unknown)?;
    let own = actor.reaches(unit);
    if !own && actor.role != Role::QueryRoom {
        return Err(unknown());
    }
    if !known.kind.can_hold() {
        return Err(Rejection::new(Reason::UnitCannotHold).at("/receiving_unit_id"));
    }
    if !known.is_open() {
        return Err(Rejection::new(Reason::UnitClosed).at("/receiving_unit_id"));
    }
    Ok(unit)
}

/// What an applicant sends in online is received by the query room: the first of the units that are
/// one. When it came is for the system to say, and whether it counts for the query room, which
/// confirms it with him (Regulation 2019, art. 31(3)).
fn online_desk(new: &NewCase, ctx: &Context<'_>) -> Result<UnitId, Rejection> {
    if !applicant_may(Action::Receive) || new.channel != Channel::Online {
        return Err(Reason::RoleNotPermitted.into());
    }
    let units = ctx.directory.units();
    let desk = units.iter().find(|unit| unit.kind == UnitKind::QueryRoom && unit.is_open());
    desk.map(|unit| unit.id).ok_or_else(|| Reason::NoQueryRoom.into())
}

/// An application handed over at a counter is submitted on the day on which it is recorded,
/// unless the counter says otherwise.
fn with_default_submission(new: &NewCase, ctx: &Context<'_>) -> Arrival {
    let mut arrival = new.arrival.clone();
    let in_person = new.channel.receipt_rule() == crate::domain::deadline::ReceiptRule::InPerson;
    if in_person && arrival.submitted_at.is_none() {
        arrival.submitted_at = Some(Moment::Date(ctx.today()));
    }
    arrival
}

/// No fact of arrival lies in the future, and nothing is confirmed before it is there.
pub(super) fn check_arrival(
    arrival: &Arrival,
    base: &str,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    for (name, moment) in arrival.moments() {
        if let Some(moment) = moment {
            faults.extend(not_after(moment, &format!("{base}/{name}"), ctx));
        }
    }
    if let Some(confirmed) = arrival.confirmed_at {
        let there = [arrival.received_at, arrival.arrived_at].into_iter().flatten();
        if there.map(Moment::legal_day).any(|day| day > confirmed.legal_day()) {
            faults.push(Rejection::new(Reason::DateTooEarly).at(format!("{base}/confirmed_at")));
        }
    }
    Refusal::of(faults).map_or(Ok(()), Err)
}

/// Enters the case in the register: completes the facts, fixes the date of receipt, numbers it.
pub(super) fn register(
    case: &mut Case,
    arrival: &Arrival,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    check_arrival(arrival, "/arrival", ctx)?;
    let intake = &mut case.record.intake;
    intake.arrival = intake.arrival.completed_by(arrival);
    check_arrival(&intake.arrival, "/arrival", ctx)?;
    complete(intake, ctx.law)?;
    case.record.registration = Some(Registration {
        case_number: ctx.numbers.case_number(),
        year: ctx.numbers.year,
        registered_at: ctx.at,
        registered_by: ctx.staff()?.user,
    });
    case.record.stage = Stage::Registered;
    Ok(())
}

/// Are the facts there that the channel's rule needs (Regulation 2019, art. 31)?
fn complete(intake: &Intake, law: &Law) -> Result<(), Refusal> {
    let missing = missing_facts(&intake.arrival.receipt(intake.channel), law)
        .into_iter()
        .map(|fact| {
            Rejection::new(Reason::ConfirmationMissing)
                .at(format!("/arrival/{}", fact.as_str()))
                .by("2019 art. 31; notice 2015-207")
                .saying(Said::neutral(fact.as_str()))
        })
        .collect();
    Refusal::of(missing).map_or(Ok(()), Err)
}

/// Corrects facts of the application, of its arrival or of its supplement's arrival. The receipt
/// date may come to lie under the other text (R2); a supplement that is there must then have the
/// facts that this text dates it by, or the clock would wait for one of them for ever.
pub(super) fn amend(case: &mut Case, changes: &Changes, ctx: &Context<'_>) -> Result<(), Refusal> {
    let before = (case.record.intake.clone(), case.record.supplement.clone());
    if let Some(arrival) = &changes.arrival {
        check_arrival(arrival, "/arrival", ctx)?;
    }
    let intake = &mut case.record.intake;
    let application = &mut intake.application;
    if let Some((applicant, lookup)) = &changes.applicant {
        application.applicant = applicant.clone();
        application.lookup = lookup.clone();
    }
    replace(&mut application.subject, changes.subject.as_ref());
    replace(&mut application.description, changes.description.as_ref());
    replace(&mut application.carrier, changes.carrier.as_ref());
    replace(&mut application.delivery, changes.delivery.as_ref());
    replace(&mut intake.channel, changes.channel.as_ref());
    if let Some(arrival) = &changes.arrival {
        intake.arrival = intake.arrival.completed_by(arrival);
    }
    if let Some(arrival) = &changes.supplement_arrival {
        supplement::correct(case, arrival, ctx)?;
    }
    let application = &case.record.intake.application;
    let was = &before.0.application;
    if (&application.subject, &application.description) != (&was.subject, &was.description) {
        // They were of a draft that answers something else.
        case.record.reviews.clear();
    }
    if (&case.record.intake, &case.record.supplement) == (&before.0, &before.1) {
        return Err(Reason::Unchanged.into());
    }
    check_arrival(&case.record.intake.arrival, "/arrival", ctx)?;
    if case.record.registration.is_some() {
        let intake = &case.record.intake;
        complete(intake, ctx.law)?;
        let (text, day) = receipt_date(&intake.arrival.receipt(intake.channel), ctx.law)
            .map_err(|error| super::clock_refusal(&error))?;
        follows_receipt(case, day)?;
        supplement::still_stands(case, ctx.law.rule_set(text))?;
    }
    Ok(())
}

fn replace<T: Clone>(old: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        *old = new.clone();
    }
}

/// A corrected date of receipt must not come after what was done on the strength of it: an
/// overdue case is not healed by an arrival after its own registration.
fn follows_receipt(case: &Case, day: NaiveDate) -> Result<(), Refusal> {
    let earliest: Option<NaiveDate> = case
        .record
        .supplement
        .iter()
        .map(|round| round.notice_date)
        .chain(case.record.services.iter().map(|service| service.counts_on))
        .chain(case.record.registration.iter().map(|entry| legal_day(entry.registered_at)))
        .min();
    match earliest {
        Some(act) if act < day => Err(Rejection::new(Reason::DateTooEarly)
            .at("/arrival")
            .saying(Said::before(act, day))
            .into()),
        _ => Ok(()),
    }
}
