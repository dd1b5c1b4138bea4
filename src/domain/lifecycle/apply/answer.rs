//! Drafting and issuing the answer.

use super::super::Context;
use super::super::step::ServiceFacts;
use super::facts;
use crate::domain::case::{Answer, Case, Draft, Particulars, Stage};
use crate::domain::channel::{Carrier, Delivery};
use crate::domain::decision::{Basis, DecisionCode, DraftField};
use crate::domain::regulation::RuleSetId;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;

/// A draft as the officer words it.
pub(super) struct Wording<'a> {
    pub decision: &'a str,
    pub particulars: &'a Particulars,
    pub carrier: Option<Carrier>,
    pub delivery: Option<Delivery>,
}

/// Drafts the answer; a new draft replaces the last. The fields that the decision demands under
/// the text that governs the case are rows of data/decisions.json.
pub(super) fn draft(
    case: &mut Case,
    wording: &Wording<'_>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let rule_set = governing_text(case)?;
    let unknown = || Rejection::new(Reason::DecisionUnknown).at("/decision");
    let code = DecisionCode::parse(wording.decision).map_err(|_| unknown())?;
    let decision = ctx.decisions.find(code).filter(|row| !row.is_lapse()).ok_or_else(unknown)?;
    let Some(basis) = decision.basis(rule_set) else {
        return Err(Rejection::new(Reason::DecisionNotInForce)
            .at("/decision")
            .saying(Said::neutral(rule_set.as_str()))
            .into());
    };
    let mut faults: Vec<Rejection> = ctx
        .decisions
        .missing_fields(code, rule_set, &wording.particulars.present())
        .into_iter()
        .map(|field| {
            Rejection::new(Reason::FactMissing).at(format!("/{field}")).saying(demand(basis, field))
        })
        .collect();
    if wording.particulars.searches_after(ctx.today()).next().is_some() {
        faults.push(Rejection::new(Reason::DateInFuture).at("/search_log"));
    }
    if let Some(refusal) = Refusal::of(faults) {
        return Err(refusal);
    }
    case.record.draft = Some(Draft {
        decision: code,
        particulars: wording.particulars.clone(),
        carrier: wording.carrier,
        delivery: wording.delivery,
        drafted_by: ctx.staff()?.user,
        drafted_at: ctx.at,
    });
    Ok(())
}

/// Which field the basis of the decision demands.
fn demand(basis: &Basis, field: DraftField) -> Said {
    let articles = basis.articles.join(", ");
    let en = if articles.is_empty() {
        field.label_en().to_owned()
    } else {
        format!("art. {articles}: {}", field.label_en())
    };
    Said::new(format!("{}:{}", basis.zh, field.label_zh()), en)
}

/// Issues the current draft; the guard has seen to it that there is one, by somebody else.
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
    // A request for more time that nobody decided falls away: there is nothing left to extend.
    case.record.extensions.retain(|extension| extension.decision.is_some());
    case.record.stage = Stage::Answered(Box::new(Answer {
        basis: basis.zh.clone(),
        issued_at: ctx.at,
        issued_by: ctx.staff()?.user,
        draft,
    }));
    match service {
        Some(service) => facts::serve(case, facts::ANSWER, service, ctx),
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
