//! What must be open before an answer may leave.

use std::collections::BTreeSet;

use gongkai::domain::actor::Capability;
use gongkai::domain::case::{Ground, GroundFacts, Particulars, ReviewKind, ReviewVerdict};
use gongkai::domain::decision::Decisions;
use gongkai::domain::ids::CaseId;
use gongkai::domain::lifecycle::{
    Changes, EarlierCase, GroundWording, Status, Step, Wording, availability,
};
use gongkai::domain::practice::{LegalReview, OneClerk};
use gongkai::domain::regulation::RuleSetId;
use gongkai::domain::rejection::{Reason, Refusal};
use gongkai::domain::said::{Language, citation};
use gongkai::domain::unit::{Directory, EndedSessions, User};

use super::cast::*;

const DAY: &str = "2024-03-04";
const SECRECY: ReviewKind = ReviewKind::Secrecy;
const LEGALITY: ReviewKind = ReviewKind::Legality;
const PASSED: ReviewVerdict = ReviewVerdict::Passed;

fn drafted(decision: &str) -> File {
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &draft(decision));
    file
}

fn reasons(refusal: &Refusal) -> Vec<Reason> {
    refusal.all().iter().map(|rejection| rejection.reason).collect()
}

fn open_gates(file: &File) -> Vec<Reason> {
    file.try_(Q1, DAY, &answer(None)).err().as_ref().map(reasons).unwrap_or_default()
}

#[test]
fn art_17_45_a_refusal_needs_both_reviews_and_a_disclosure_the_one() {
    let mut file = drafted("refuse_safety");
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen, Reason::LegalityReviewOpen]);
    file.must(SECRECY1, DAY, &review(SECRECY, PASSED));
    assert_eq!(open_gates(&file), [Reason::LegalityReviewOpen]);
    file.must(LEGAL1, DAY, &review(LEGALITY, PASSED));
    file.must(Q1, DAY, &answer(None));

    let mut file = drafted("disclose");
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen]);
    file.must(SECRECY1, DAY, &review(SECRECY, PASSED));
    file.must(Q1, DAY, &answer(None));
}

#[test]
fn every_shut_gate_is_told_at_once_with_its_article() {
    let file = drafted("refuse_law");
    let refusal = file.try_(A1, DAY, &answer(None)).expect_err("nobody has reviewed it");
    let expected = [Reason::DrafterIsIssuer, Reason::SecrecyReviewOpen, Reason::LegalityReviewOpen];
    assert_eq!(reasons(&refusal), expected);
    let articles: Vec<_> = refusal.all().iter().map(|rejection| rejection.article).collect();
    assert_eq!(articles, [None, Some("2019 art. 17; 2007 art. 14"), Some("2019 art. 45")]);
    // The list of what may be done says the same.
    let actor = file.world.actor(A1);
    let listed = availability(&file.case, &file.world.ctx(&actor, morning(day(DAY))));
    let entry = listed.iter().find(|entry| entry.action.as_str() == "answer").unwrap();
    assert_eq!(entry.reasons.iter().map(|r| r.reason).collect::<BTreeSet<_>>(), {
        expected.into_iter().collect()
    });
}

#[test]
fn art_17_four_persons_for_one_answer() {
    let mut file = drafted("refuse_third");
    // The drafter's own word counts for nothing, whatever else he may be.
    file.refuses(A1, DAY, &review(SECRECY, PASSED), Reason::ReviewKindNotPermitted);
    file.refuses(Q1, DAY, &review(LEGALITY, PASSED), Reason::ReviewKindNotPermitted);
    file.refuses(LEGAL1, DAY, &review(SECRECY, PASSED), Reason::ReviewKindNotPermitted);
    file.must(SECRECY1, DAY, &review(SECRECY, PASSED));
    file.refuses(SECRECY1, DAY, &review(LEGALITY, PASSED), Reason::ReviewersAreOne);
    file.must(LEGAL1, DAY, &review(LEGALITY, PASSED));
    file.refuses(LEGAL1, DAY, &review(LEGALITY, PASSED), Reason::AlreadyReviewed);
    file.refuses(A1, DAY, &answer(None), Reason::DrafterIsIssuer);
    file.must(A2, DAY, &answer(None));
}

#[test]
fn art_17_a_reviewer_of_the_query_room_neither_drafts_nor_issues() {
    let mut file = File::registered(DAY);
    let mut users: Vec<User> = file.world.directory.users().into_iter().cloned().collect();
    for user in users.iter_mut().filter(|user| user.id == Q2) {
        user.capabilities = vec![Capability::SecrecyReviewer];
    }
    let units = file.world.directory.units().into_iter().cloned().collect();
    file.world.directory = Directory::new(2, units, users, EndedSessions::new());
    file.must(Q2, DAY, &draft("disclose"));
    file.refuses(Q2, DAY, &review(SECRECY, PASSED), Reason::ReviewerIsDrafter);
    file.must(Q1, DAY, &draft("disclose"));
    file.must(Q2, DAY, &review(SECRECY, PASSED));
    file.refuses(Q2, DAY, &answer(None), Reason::ReviewerIsIssuer);
}

#[test]
fn art_45_what_was_sent_back_is_drafted_anew_and_reviewed_anew() {
    let mut file = drafted("refuse_internal");
    file.must(SECRECY1, DAY, &review(SECRECY, PASSED));
    let silent = Step::Review {
        kind: LEGALITY,
        verdict: ReviewVerdict::SentBack,
        opinion: None,
        basis: None,
    };
    file.refuses(LEGAL1, DAY, &silent, Reason::FactMissing);
    file.must(LEGAL1, DAY, &review(LEGALITY, ReviewVerdict::SentBack));
    assert_eq!(open_gates(&file), [Reason::DraftSentBack, Reason::LegalityReviewOpen]);
    file.refuses(LEGAL1, DAY, &review(LEGALITY, PASSED), Reason::DraftSentBack);
    file.must(A1, DAY, &draft("refuse_internal"));
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen, Reason::LegalityReviewOpen]);
    file.pass(DAY);
    file.must(Q1, DAY, &answer(None));
}

#[test]
fn art_17_3_a_referred_question_keeps_the_gate_shut_until_a_review_passes() {
    let mut file = drafted("disclose");
    file.must(SECRECY1, DAY, &review(SECRECY, ReviewVerdict::Referred));
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen]);
    file.refuses(
        LEGAL1,
        DAY,
        &review(LEGALITY, ReviewVerdict::Referred),
        Reason::VerdictOutOfPlace,
    );
    file.must(SECRECY1, DAY, &review(SECRECY, PASSED));
    file.must(Q1, DAY, &answer(None));
}

#[test]
fn an_application_about_something_else_is_reviewed_anew() {
    let mut file = drafted("disclose");
    file.pass(DAY);
    file.must(
        Q1,
        DAY,
        &amend(Changes { subject: Some("另一题".to_owned()), ..Changes::default() }),
    );
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen]);
    assert!(file.case.record.draft.is_some(), "the draft itself stays");
}

#[test]
fn the_bureau_may_have_every_answer_reviewed_by_the_legal_office() {
    let mut file = File::assigned(DAY);
    file.world.practice.legal_review = LegalReview::All;
    file.must(A1, DAY, &draft("disclose"));
    file.world.practice.legal_review = LegalReview::RequiredOnly;
    // What a draft needs was fixed when it was drafted.
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen, Reason::LegalityReviewOpen]);
}

#[test]
fn one_clerk_answers_what_is_public_only_when_set_and_only_on_the_spot() {
    let mut file = File::registered(DAY);
    file.must(Q1, DAY, &draft("already_public"));
    file.refuses(Q1, DAY, &answer(None), Reason::DrafterIsIssuer);
    file.world.practice.one_clerk = OneClerk::On;
    let mut other = File::registered(DAY);
    other.world.practice.one_clerk = OneClerk::On;
    other.must(Q1, DAY, &draft("disclose"));
    other.refuses(Q1, DAY, &answer(None), Reason::DrafterIsIssuer);
    file.must(Q1, DAY, &answer(Some(handed(DAY))));
    assert!(file.case.record.stage.answer().unwrap().by_one_clerk);
    assert_eq!(file.case.faults(), Vec::<&str>::new());
}

#[test]
fn art_30_still_unclear_needs_a_supplement() {
    let mut file = File::assigned(DAY);
    let refusal =
        file.try_(A1, DAY, &draft("still_unclear")).expect_err("nothing was supplemented");
    assert_eq!(reasons(&refusal), [Reason::SupplementNotReceived]);
    assert_eq!(refusal.first().article, Some("2019 art. 30; 2007 art. 21(4)"));
    file.must(A1, DAY, &ask(None, None));
    file.must(Q1, "2024-03-05", &supplement_in_person("2024-03-05"));
    file.must(A1, "2024-03-05", &draft("still_unclear"));
}

fn refusing(decision: &str) -> GroundWording {
    let Step::DraftAnswer { wording } = draft(decision) else { unreachable!() };
    let particulars = wording.particulars;
    let facts = GroundFacts {
        about: "第三页".to_owned(),
        reasons: particulars.reasons,
        article: particulars.article,
        harm: particulars.harm,
        basis_law: particulars.basis_law,
        consultation_result: particulars.consultation_result,
        channel_pointer: particulars.channel_pointer,
        right_organ: particulars.right_organ,
    };
    GroundWording { decision: decision.to_owned(), facts }
}

fn partial(grounds: Vec<GroundWording>) -> Step {
    let Step::DraftAnswer { mut wording } = draft("partial") else { unreachable!() };
    wording.grounds = grounds;
    Step::DraftAnswer { wording }
}

#[test]
fn art_37_a_partial_answer_gives_a_ground_for_each_part_that_is_withheld() {
    let mut file = File::assigned(DAY);
    let none = file.try_(A1, DAY, &partial(Vec::new())).expect_err("no ground");
    assert_eq!(none.first().pointer.as_deref(), Some("/grounds"));
    assert_eq!(none.first().article, Some("2019 art. 37"));
    let mut wrong = vec![refusing("refuse_safety"), refusing("disclose"), refusing("nonsense")];
    wrong[0].facts.harm = None;
    let refusal = file.try_(A1, DAY, &partial(wrong)).expect_err("three faults");
    let told: Vec<_> = refusal.all().iter().map(|r| (r.reason, r.pointer.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Reason::FactMissing, Some("/grounds/0/harm")),
            (Reason::GroundNotPermitted, Some("/grounds/1/decision")),
            (Reason::DecisionUnknown, Some("/grounds/2/decision")),
        ]
    );
    file.must(A1, DAY, &partial(vec![refusing("refuse_safety"), refusing("not_exist")]));
    let grounds: &[Ground] = &file.case.record.draft.as_ref().unwrap().grounds;
    assert_eq!(grounds.len(), 2);
    assert_eq!(open_gates(&file), [Reason::SecrecyReviewOpen, Reason::LegalityReviewOpen]);
    // A disclosure withholds nothing.
    let Step::DraftAnswer { mut wording } = draft("disclose") else { unreachable!() };
    wording.grounds = vec![refusing("refuse_safety")];
    file.refuses(A1, DAY, &Step::DraftAnswer { wording }, Reason::GroundNotPermitted);
}

fn repeat(number: &str, date: Option<&str>) -> Step {
    let particulars = Particulars {
        earlier_case_number: Some(number.to_owned()),
        earlier_answered_on: date.map(day),
        ..Particulars::default()
    };
    draft_with("repeat", particulars)
}

#[test]
fn art_36_6_a_repeat_names_an_answered_case_of_the_same_applicant() {
    let mut file = File::assigned(DAY);
    let applicant = file.case.record.intake.application.clone();
    let known = EarlierCase {
        id: CaseId(uuid::Uuid::from_u128(7)),
        lookup: applicant.lookup.clone(),
        applicant_type: applicant.applicant.kind,
        applicant_name: applicant.applicant.name,
        answered_on: Some(day("2024-02-01")),
    };
    let of_another = EarlierCase { applicant_name: "李某".to_owned(), ..known.clone() };
    let unanswered = EarlierCase { answered_on: None, ..known.clone() };
    let itself = EarlierCase { id: file.case.id, ..known.clone() };
    for (number, case) in
        [("1号", known), ("2号", of_another), ("3号", unanswered), ("4号", itself)]
    {
        file.world.earlier.insert(number.to_owned(), case);
    }
    for unfit in ["2号", "3号", "4号"] {
        file.refuses(A1, DAY, &repeat(unfit, Some("2024-02-01")), Reason::EarlierCaseUnfit);
    }
    // In a paper register it may well be; then its date must be said.
    file.refuses(A1, DAY, &repeat("2003年5号", None), Reason::FactMissing);
    file.refuses(A1, DAY, &repeat("2003年5号", Some("2024-03-05")), Reason::DateInFuture);
    file.must(A1, DAY, &repeat("2003年5号", Some("2003-05-05")));
    file.must(A1, DAY, &repeat("1号", None));
    let draft = file.case.record.draft.as_ref().unwrap();
    assert_eq!(draft.particulars.earlier_answered_on, Some(day("2024-02-01")));
}

#[test]
fn each_demand_of_every_decision_is_made_with_its_article() {
    for row in Decisions::builtin().rows().iter().filter(|row| !row.is_lapse()) {
        for (rule_set, date) in [(RuleSetId::Text2007, "2011-03-07"), (RuleSetId::Text2019, DAY)] {
            let Some(basis) = row.basis(rule_set) else { continue };
            let mut file = File::assigned(date);
            if row.code == "still_unclear" {
                file.must(A1, date, &ask(None, None));
                file.must(Q1, date, &supplement_in_person(date));
            }
            let bare = Wording { decision: row.code.clone(), ..Wording::default() };
            let bare = Step::DraftAnswer { wording: Box::new(bare) };
            let refusal = file.try_(A1, date, &bare).expect_err("a bare draft");
            let told: Vec<_> = refusal
                .all()
                .iter()
                .map(|r| (r.pointer.clone().unwrap_or_default(), r.article.unwrap_or_default()))
                .collect();
            let demanded: Vec<_> = basis
                .required
                .iter()
                .map(|demand| (format!("/{}", demand.field), demand.article.as_str()))
                .collect();
            assert_eq!(told, demanded, "{} {rule_set:?}", row.code);
            for demand in &basis.required {
                let zh = citation(&demand.article, Language::Chinese);
                assert!(!zh.contains("art.") && !zh.contains('¶'), "{zh}");
            }
        }
    }
    assert_eq!(File::assigned(DAY).case.status(), Status::Assigned);
}
