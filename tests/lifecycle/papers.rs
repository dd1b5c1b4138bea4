//! Letters of their own, the sheets that are frozen beside them, and attempts of service that name their
//! letter.

use gongkai::domain::case::{Case, Manner, Record, ReviewKind, ReviewVerdict, ServedLetter};
use gongkai::domain::case::{SubtaskKind, Verdict};
use gongkai::domain::deadline::legal_day;
use gongkai::domain::letter::{
    ElectronicSeal, LetterKind, LetterRef, SealFailure, SealOutcome, SealState,
};
use gongkai::domain::lifecycle::{Applied, Step, apply, settle_seal};
use gongkai::domain::practice::SealPort;
use gongkai::domain::rejection::Reason;

use super::cast::*;

const DAY: &str = "2024-03-04";

/// A case of center A, answered by the query room with this decision.
fn answered(decision: &str) -> File {
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &draft(decision));
    file.pass(DAY);
    file.must(Q1, DAY, &answer(None));
    file
}

fn letters(file: &File) -> Vec<&'static str> {
    file.case.record.letters.iter().map(|letter| letter.kind.as_str()).collect()
}

fn last(file: &File) -> &LetterRef {
    file.case.record.letters.last().expect("a letter")
}

fn issued(file: &File, who: gongkai::domain::ids::UserId, step: &Step) -> Vec<String> {
    let actor = file.world.actor(who);
    let ctx = file.world.ctx(&actor, morning(day(DAY)));
    let Applied { issued, .. } = apply(&file.case, step, &ctx).expect("accepted");
    issued.into_iter().map(|letter| letter.content).collect()
}

#[test]
fn what_is_provided_can_be_collected_from_day_to_day() {
    let mut file = answered("disclose");
    let content = issued(&file, A1, &collect("2024-03-05", "2024-03-15")).remove(0);
    for said in ["2024年3月5日至2024年3月15日", "到查询室领取", "长公公开予〔2024〕1号", "张某"]
    {
        assert!(content.contains(said), "{said} in {content}");
    }
    file.must(A1, DAY, &collect("2024-03-05", "2024-03-15"));
    assert_eq!(letters(&file), ["disclosure", "review_sheet", "collection_notice"]);
    assert_eq!(last(&file).number.as_ref().expect("numbered").text, "长公公开领〔2024〕1号");
    // A day before today, and an end before its beginning, each at its place.
    for (step, pointer) in [
        (collect("2024-03-01", "2024-03-15"), "/collect_from_date"),
        (collect("2024-03-06", "2024-03-05"), "/collect_to_date"),
    ] {
        let refusal = file.try_(Q1, DAY, &step).expect_err("refused");
        assert_eq!(refusal.first().reason, Reason::DateTooEarly);
        assert_eq!(refusal.first().pointer.as_deref(), Some(pointer));
    }
}

#[test]
fn nothing_can_be_collected_where_nothing_is_provided() {
    let collect = || collect("2024-03-05", "2024-03-15");
    for decision in ["refuse_internal", "not_exist"] {
        let file = answered(decision);
        let refusal = file.try_(Q1, DAY, &collect()).expect_err("refused");
        assert_eq!(refusal.first().reason, Reason::LetterNotDue);
        assert_eq!(refusal.first().article, Some("2019 art. 36(2); 2007 art. 21(1)"));
    }
    File::assigned(DAY).refuses(Q1, DAY, &collect(), Reason::StatusForbids);
    let file = answered("disclose");
    file.refuses(B1, DAY, &collect(), Reason::NotHoldingUnit);
    file.refuses(LEGAL1, DAY, &collect(), Reason::RoleNotPermitted);
    // An answer of the time before letters has no number that the notice could name.
    let mut file = answered("disclose");
    file.case.record.letters.clear();
    file.refuses(Q1, DAY, &collect(), Reason::LetterIncomplete);
}

#[test]
fn two_notices_of_a_kind_are_told_apart() {
    let mut file = answered("disclose");
    file.must(Q1, DAY, &collect("2024-03-05", "2024-03-06"));
    file.must(Q1, DAY, &collect("2024-03-11", "2024-03-12"));
    let other = ServedLetter::Other;
    let unnamed = file.try_(Q1, DAY, &serve(other, handed(DAY))).expect_err("refused");
    assert_eq!(unnamed.first().reason, Reason::FactMissing);
    assert_eq!(unnamed.first().pointer.as_deref(), Some("/letter_id"));
    file.must(Q1, DAY, &serve_at(other, 2, posted(DAY)));
    file.must(Q1, DAY, &serve_at(other, 3, handed(DAY)));
    let served = |case: &Case, place: usize| case.service_of(&case.record.letters[place]).cloned();
    assert_eq!(served(&file.case, 2).expect("served").manner, Manner::Posted);
    assert_eq!(served(&file.case, 3).expect("served").manner, Manner::HandedOver);
    file.refuses(Q1, DAY, &serve_at(other, 3, handed(DAY)), Reason::AlreadyServed);
    // What was signed for cannot come back, what was posted can.
    file.refuses(Q1, DAY, &serve_at(other, 3, returned(DAY)), Reason::FactOutOfPlace);
    file.must(Q1, DAY, &serve_at(other, 2, returned(DAY)));
    assert!(served(&file.case, 2).is_none() && served(&file.case, 3).is_some());
    file.refuses(Q1, DAY, &void_letter(3), Reason::AlreadyServed);
    file.must(Q1, DAY, &void_letter(2));
    assert_eq!(file.case.status().as_str(), "answered", "the answer stands");
    file.refuses(Q1, DAY, &serve_at(other, 2, handed(DAY)), Reason::LetterVoided);
    // The clock knows nothing of any of it.
    assert_eq!(file.case.record.clock.as_ref().and_then(|clock| clock.answer_date), None);
}

#[test]
fn a_service_names_a_letter_of_its_kind_that_goes_out() {
    let file = answered("disclose");
    let answer = ServedLetter::Answer;
    let unknown = file.try_(Q1, DAY, &serve_at(answer, 77, handed(DAY))).expect_err("refused");
    assert_eq!(unknown.first().reason, Reason::LetterUnknown);
    assert_eq!(unknown.first().pointer.as_deref(), Some("/letter_id"));
    file.refuses(Q1, DAY, &serve_at(answer, 1, handed(DAY)), Reason::InternalSheet);
    file.refuses(Q1, DAY, &serve_at(ServedLetter::Other, 0, handed(DAY)), Reason::NothingToServe);
    let mut file = answered("disclose");
    file.must(Q1, DAY, &collect("2024-03-05", "2024-03-06"));
    file.refuses(Q1, DAY, &serve_at(ServedLetter::Other, 0, handed(DAY)), Reason::LetterUnknown);
    file.must(Q1, DAY, &serve_at(answer, 0, handed(DAY)));
    assert_eq!(file.case.record.services[0].letter_id, Some(letter_id(0)));
}

#[test]
fn an_attempt_is_bound_to_its_letter_also_when_it_comes_with_it() {
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &draft("disclose"));
    file.pass(DAY);
    file.must(Q1, DAY, &answer(Some(handed(DAY))));
    assert_eq!(file.case.record.services[0].letter_id, Some(letter_id(0)));
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &ask(None, Some(posted(DAY))));
    assert_eq!(file.case.record.services[0].letter_id, Some(letter_id(0)));
    file.must(A1, DAY, &serve(ServedLetter::SupplementNotice, returned(DAY)));
    file.must(A1, DAY, &void_letter(0));
    file.must(A1, DAY, &serve(ServedLetter::SupplementNotice, handed(DAY)));
    assert_eq!(file.case.record.services[2].letter_id, Some(letter_id(1)), "the one that holds");
}

#[test]
fn of_two_extensions_the_one_that_came_back_has_no_effect() {
    let mut file = File::assigned(DAY);
    for days in [5, 10] {
        file.must(A1, DAY, &ask_days(days));
        file.must(SUPERVISOR, DAY, &decide(Verdict::Granted, Some(posted(DAY))));
    }
    assert_eq!(letters(&file), ["extension_notice", "extension_notice"]);
    let told = |file: &File| -> Vec<bool> {
        let decided = file.case.record.extensions.iter().filter_map(|e| e.decision.as_ref());
        decided.map(|decision| decision.notified_on.is_some()).collect()
    };
    assert_eq!(told(&file), [true, true]);
    file.must(A1, DAY, &serve_at(ServedLetter::ExtensionNotice, 0, returned(DAY)));
    assert_eq!(told(&file), [false, true], "the first, though it is not the last that was told");
    file.must(A1, DAY, &serve(ServedLetter::ExtensionNotice, handed(DAY)));
    assert_eq!(told(&file), [true, true]);
    // Without a name it is the last that somebody had.
    file.must(A1, DAY, &serve(ServedLetter::ExtensionNotice, returned(DAY)));
    assert_eq!(told(&file), [true, false]);
    // Granted and told at once, the notice is that of this grant.
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &ask_days(5));
    file.must(SUPERVISOR, DAY, &decide(Verdict::Granted, None));
    file.must(A1, DAY, &ask_days(10));
    file.must(SUPERVISOR, DAY, &decide(Verdict::Granted, Some(handed(DAY))));
    assert_eq!(told(&file), [false, true]);
    assert_eq!(file.case.record.services[0].letter_id, Some(letter_id(1)));
}

#[test]
fn what_was_served_before_attempts_named_their_letter_stays_served() {
    let mut file = answered("disclose");
    file.must(Q1, DAY, &serve(ServedLetter::Answer, posted(DAY)));
    let mut json = serde_json::to_value(&file.case.record).expect("JSON");
    json["services"][0].as_object_mut().expect("an object").remove("letter_id");
    let old: Record = serde_json::from_value(json).expect("an old record is read");
    file.case.record = old;
    assert_eq!(file.case.faults(), Vec::<&str>::new());
    let answer = file.case.answer_letter().expect("a letter").clone();
    assert!(file.case.service_of(&answer).is_some() && file.case.attempts_of(&answer).count() == 1);
    file.refuses(Q1, DAY, &serve(ServedLetter::Answer, handed(DAY)), Reason::AlreadyServed);
    file.must(Q1, DAY, &serve_at(ServedLetter::Answer, 0, returned(DAY)));
    assert!(file.case.service_of(&answer).is_none());
}

#[test]
fn the_sheet_of_reviews_is_frozen_with_the_answer_and_void_with_it() {
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &draft("refuse_internal"));
    file.must(SECRECY1, DAY, &review(ReviewKind::Secrecy, ReviewVerdict::Passed));
    file.must(LEGAL1, DAY, &review(ReviewKind::Legality, ReviewVerdict::Passed));
    let sheets = issued(&file, Q1, &answer(None));
    for said in ["同意签发。", "保密审查", "法制审核", "已阅", "2024年3月4日"] {
        assert!(sheets[1].contains(said), "{said} in {}", sheets[1]);
    }
    file.must(Q1, DAY, &answer(None));
    assert_eq!(letters(&file), ["refusal", "review_sheet"]);
    assert_eq!(last(&file).number, None);
    file.refuses(Q1, DAY, &void_letter(1), Reason::InternalSheet);
    file.must(Q1, DAY, &void_letter(0));
    assert_eq!(file.case.valid_letters().count(), 0);
    file.pass(DAY);
    file.must(Q1, DAY, &answer(None));
    assert_eq!(letters(&file), ["refusal", "review_sheet", "refusal", "review_sheet"]);
}

#[test]
fn an_answer_that_another_letter_names_stays() {
    let mut file = answered("disclose");
    file.must(Q1, DAY, &collect("2024-03-05", "2024-03-06"));
    file.refuses(Q1, DAY, &void_letter(0), Reason::LetterReliedOn);
    file.must(Q1, DAY, &void_letter(2));
    file.must(Q1, DAY, &void_letter(0));
    assert_eq!(file.case.status().as_str(), "assigned");
}

#[test]
fn a_unit_is_asked_by_a_numbered_letter_that_tells_nothing_of_the_applicant() {
    let mut file = File::assigned(DAY);
    let content = issued(&file, A1, &ask_unit(CENTER_B, SubtaskKind::Search)).remove(0);
    for said in ["请查有无该文件", "2023年处罚依据", "长公公开协〔2024〕1号", "检索人"]
    {
        assert!(content.contains(said), "{said} in {content}");
    }
    assert!(!content.contains("张某"), "{content}");
    file.must(A1, DAY, &ask_unit(CENTER_B, SubtaskKind::Search));
    let sheet = last(&file);
    assert_eq!((sheet.kind, sheet.subtask), (LetterKind::SUBTASK_SHEET, Some(1)));
    assert_eq!(legal_day(sheet.issued_at), day(DAY));
    file.refuses(Q1, DAY, &void_letter(0), Reason::NothingToVoid);
}

#[test]
fn a_seal_is_asked_for_once_and_again_only_after_it_failed() {
    let ask = |place: usize| Step::RequestSeal { letter_id: letter_id(place) };
    let mut file = answered("disclose");
    file.refuses(Q1, DAY, &ask(0), Reason::SealServiceMissing);
    file.world.practice.seals = SealPort::Open;
    file.refuses(Q1, DAY, &ask(1), Reason::NothingToSeal);
    file.refuses(Q1, DAY, &ask(77), Reason::NotFound);
    file.refuses(B1, DAY, &ask(0), Reason::NotHoldingUnit);
    file.refuses(LEGAL1, DAY, &ask(0), Reason::RoleNotPermitted);
    let at = morning(day(DAY));
    let failed = || SealOutcome::Failed(SealFailure::Refused);
    assert!(settle_seal(&file.case, letter_id(0), failed(), at).is_none(), "nothing is awaited");
    let hash = file.case.record.letters[0].content_hash;
    file.must(A1, DAY, &ask(0));
    file.refuses(Q1, DAY, &ask(0), Reason::NothingToSeal);
    file.case = settle_seal(&file.case, letter_id(0), failed(), at).expect("settled");
    assert!(settle_seal(&file.case, letter_id(0), failed(), at).is_none(), "settled once");
    file.must(Q1, DAY, &ask(0));
    let letter = &file.case.record.letters[0];
    assert_eq!(
        (letter.content_hash, letter.seal.as_ref().map(ElectronicSeal::state)),
        (hash, Some(SealState::Requested))
    );
    assert_eq!(file.case.faults(), Vec::<&str>::new());
}
