//! Drafting, reviewing and issuing the answer.

use super::super::gates;
use super::super::step::{GroundWording, ServiceFacts, Wording};
use super::super::{Context, missing};
use super::{facts, files};
use crate::domain::case::{
    Answer, Case, Draft, Ground, Insert, Particulars, Review, ReviewKind, ReviewVerdict, Stage,
};
use crate::domain::decision::{Basis, Condition, Decision, DecisionCode, DraftField};
use crate::domain::ids::ParagraphId;
use crate::domain::regulation::RuleSetId;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

/// Drafts the answer; a new draft replaces the last, and the reviews of the last are void. What the
/// decision demands under the text that governs the case are rows of data/decisions.json.
pub(super) fn draft(case: &mut Case, wording: &Wording, ctx: &Context<'_>) -> Result<(), Refusal> {
    let rule_set = governing_text(case)?;
    let (decision, code, basis) = decided(&wording.decision, "/decision", rule_set, ctx)?;
    let mut particulars = wording.particulars.clone();
    let mut faults = gates::unmet(case, code, ctx);
    let earlier = decision.conditions.iter().any(|c| c.condition == Condition::EarlierCaseAnswered);
    if earlier {
        faults.extend(refer(case, &mut particulars, ctx));
    }
    let (grounds, more) = grounds(decision, &wording.grounds, rule_set, ctx);
    faults.extend(more);
    let provided = files::provided(case, &wording.file_ids);
    let files = provided.unwrap_or_else(|faulty| {
        faults.extend(faulty);
        Vec::new()
    });
    let (inserts, more) = inserts(case, &wording.paragraph_ids, ctx)?;
    faults.extend(more);
    let drafted = Draft {
        decision: code,
        particulars,
        grounds,
        needs: Some(gates::reviews_needed(decision, ctx.practice)),
        // In the form that the applicant asked for, where it can be (2019 art. 40; 2007 art. 26).
        carrier: wording.carrier.or(Some(case.record.intake.application.carrier)),
        delivery: wording.delivery.or(Some(case.record.intake.application.delivery)),
        files,
        inserts,
        drafted_by: ctx.staff()?.user,
        drafted_at: ctx.at,
    };
    let present = drafted.present();
    let lacking = ctx.decisions.missing_fields(code, rule_set, &present);
    // That there are too few grounds is told once.
    let few = faults.iter().any(|fault| fault.pointer.as_deref() == Some("/grounds"));
    let lacking = lacking.into_iter().filter(|demand| demand.field != DraftField::Grounds || !few);
    faults.extend(lacking.map(|demand| missing(demand).at(format!("/{}", demand.field))));
    faults.extend(in_future(&drafted.particulars, ctx));
    if let Some(refusal) = Refusal::of(faults) {
        return Err(refusal);
    }
    debug_assert!(!basis.zh.is_empty(), "a decision without a basis");
    case.record.draft = Some(drafted);
    case.record.reviews.clear();
    Ok(())
}

/// The texts of the standard paragraphs, as they read now.
fn inserts(
    case: &Case,
    ids: &[ParagraphId],
    ctx: &Context<'_>,
) -> Result<(Vec<Insert>, Vec<Rejection>), Refusal> {
    let drafter = ctx.staff()?.unit;
    let mut taken = Vec::with_capacity(ids.len());
    let mut faults = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let reason = match ctx.paragraphs.get(id) {
            None => Reason::ParagraphUnknown,
            Some(own) if !own.serves(drafter, case.holding_unit(), ctx.directory) => {
                Reason::ParagraphOfOthers
            }
            Some(own) if own.closed_at.is_some() => Reason::ParagraphClosed,
            Some(own) => {
                let text = own.plan.body.clone();
                taken.push(Insert { paragraph_id: own.id, version: own.version, text });
                continue;
            }
        };
        faults.push(Rejection::new(reason).at(format!("/paragraph_ids/{at}")));
    }
    Ok((taken, faults))
}

/// The row of a decision code, and its basis under the text that governs.
fn decided(
    code: &str,
    pointer: &str,
    rule_set: RuleSetId,
    ctx: &Context<'_>,
) -> Result<(&'static Decision, DecisionCode, &'static Basis), Rejection> {
    let unknown = || Rejection::new(Reason::DecisionUnknown).at(pointer);
    let code = DecisionCode::parse(code).map_err(|_| unknown())?;
    let decision = ctx.decisions.find(code).filter(|row| !row.is_lapse()).ok_or_else(unknown)?;
    let basis = decision.basis(rule_set).ok_or_else(|| {
        let text = Said::neutral(rule_set.as_str());
        Rejection::new(Reason::DecisionNotInForce).at(pointer).saying(text)
    })?;
    Ok((decision, code, basis))
}

/// Dates that lie after today.
fn in_future(particulars: &Particulars, ctx: &Context<'_>) -> Vec<Rejection> {
    let late = |pointer: &str| Rejection::new(Reason::DateInFuture).at(pointer);
    let today = ctx.today();
    let search = particulars.searches_after(today).next().map(|_| late("/search_log"));
    let asked = particulars.explanation.as_ref().filter(|asked| asked.asked_on > today);
    let asked = asked.map(|_| late("/explanation/requested_date"));
    let earlier = particulars.earlier_answered_on.filter(|day| *day > today);
    let earlier = earlier.map(|_| late("/earlier_answered_date"));
    search.into_iter().chain(asked).chain(earlier).collect()
}

/// The earlier case that a repeated application refers to. One in this register must be the same
/// applicant's and answered, and its date is known; of one in a paper register the date must be said.
fn refer(case: &Case, particulars: &mut Particulars, ctx: &Context<'_>) -> Option<Rejection> {
    let number = particulars.earlier_case_number.as_ref()?;
    let known = ctx.earlier.get(number)?;
    let application = &case.record.intake.application;
    let (ours, theirs) = (&application.lookup.id_number, &known.lookup.id_number);
    let same = match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => {
            application.applicant.kind == known.applicant_type
                && application.applicant.name == known.applicant_name
        }
    };
    match known.answered_on {
        Some(day) if same && known.id != case.id => {
            particulars.earlier_answered_on = Some(day);
            None
        }
        _ => {
            let unfit = Rejection::new(Reason::EarlierCaseUnfit).at("/earlier_case_number");
            Some(unfit.by("2019 art. 36(6)"))
        }
    }
}

/// The grounds, each with what its own decision demands (2019 art. 37; 2007 art. 22).
fn grounds(
    decision: &'static Decision,
    wordings: &[GroundWording],
    rule_set: RuleSetId,
    ctx: &Context<'_>,
) -> (Vec<Ground>, Vec<Rejection>) {
    let rule = &decision.grounds;
    let mut faults = Vec::new();
    if !wordings.is_empty() && rule.max == 0 {
        faults.push(Rejection::new(Reason::GroundNotPermitted).at("/grounds"));
        return (Vec::new(), faults);
    }
    let mut grounds = Vec::new();
    for (at, wording) in wordings.iter().enumerate() {
        let pointer = format!("/grounds/{at}");
        match decided(&wording.decision, &format!("{pointer}/decision"), rule_set, ctx) {
            Err(fault) => faults.push(fault),
            Ok((_, code, _)) if !rule.codes.iter().any(|known| known == code.as_str()) => {
                let fault = Rejection::new(Reason::GroundNotPermitted);
                faults
                    .push(fault.at(format!("{pointer}/decision")).by("2019 art. 37; 2007 art. 22"));
            }
            Ok((_, code, _)) => {
                let lacking =
                    ctx.decisions.missing_fields(code, rule_set, &wording.facts.present());
                let tell = |demand| missing(demand).at(format!("{pointer}/{}", demand.field));
                faults.extend(lacking.into_iter().map(tell));
                grounds.push(Ground { decision: code, facts: wording.facts.clone() });
            }
        }
    }
    (grounds, faults)
}

/// Enters a review of the current draft; the guard has seen to it that there is one, by somebody else.
pub(super) fn review(case: &mut Case, input: Review, ctx: &Context<'_>) -> Result<(), Refusal> {
    let actor = ctx.staff()?;
    let against = gates::against_kind(case, input.kind, actor);
    let mut faults: Vec<Rejection> = against.into_iter().map(|no| no.at("/kind")).collect();
    match input.verdict {
        ReviewVerdict::Passed => {}
        ReviewVerdict::Referred if input.kind == ReviewKind::Legality => {
            faults
                .push(Rejection::new(Reason::VerdictOutOfPlace).at("/verdict").by("2019 art. 17"));
        }
        ReviewVerdict::SentBack | ReviewVerdict::Referred => {
            if input.opinion.is_none() {
                faults.push(Rejection::new(Reason::FactMissing).at("/opinion"));
            }
        }
    }
    if let Some(refusal) = Refusal::of(faults) {
        return Err(refusal);
    }
    case.record.reviews.enter(input);
    Ok(())
}

/// Issues the current draft; the guard has seen to it that every gate is open.
pub(super) fn issue(
    case: &mut Case,
    service: Option<&ServiceFacts>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let rule_set = governing_text(case)?;
    let draft = case.record.draft.clone().ok_or(Reason::NoDraft)?;
    let basis = ctx.decisions.basis(draft.decision, rule_set).ok_or_else(|| {
        Rejection::new(Reason::DecisionNotInForce).saying(Said::neutral(rule_set.as_str()))
    })?;
    let issuer = ctx.staff()?.user;
    // A request for more time that nobody decided falls away: there is nothing left to extend.
    case.record.extensions.retain(|extension| extension.decision.is_some());
    case.record.stage = Stage::Answered(Box::new(Answer {
        basis: basis.zh.clone(),
        issued_at: ctx.at,
        issued_by: issuer,
        by_one_clerk: draft.drafted_by == issuer,
        draft,
    }));
    match service {
        Some(service) => facts::serve(case, (facts::ANSWER, None), service, ctx),
        None => Ok(()),
    }
}

/// The text that governs the case; it was chosen at registration by the date of receipt.
fn governing_text(case: &Case) -> Result<RuleSetId, Refusal> {
    case.record
        .clock
        .as_ref()
        .map(|clock| clock.rule_set)
        .ok_or_else(|| Reason::StatusForbids.into())
}
