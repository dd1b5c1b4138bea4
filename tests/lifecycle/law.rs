//! What the law says, acted out on one case at a time. 2024-03-04 is a Monday; received on that
//! day, an application under the 2019 text is due on 2024-04-01.

use gongkai::domain::case::{Arrival, Manner, Particulars, PostalOperator, ServedLetter, Verdict};
use gongkai::domain::channel::Channel;
use gongkai::domain::lifecycle::{Action, Changes, ServiceFacts, Status, Step, availability};
use gongkai::domain::regulation::RuleSetId;
use gongkai::domain::rejection::Reason;

use super::cast::*;

const ANSWER: ServedLetter = ServedLetter::Answer;
const NOTICE: ServedLetter = ServedLetter::SupplementNotice;
const EXTENSION: ServedLetter = ServedLetter::ExtensionNotice;

fn received_online(date: &str) -> Arrival {
    Arrival { received_at: on(date), ..Arrival::default() }
}

/// Answered by the query room with a draft of center A, not served yet.
fn answered(date: &str) -> File {
    let mut file = File::assigned(date);
    file.must(A1, date, &draft("disclose"));
    file.pass(date);
    file.must(Q1, date, &answer(None));
    file
}

fn awaiting(date: &str, deadline: Option<&str>) -> File {
    let mut file = File::assigned(date);
    file.must(A1, date, &ask(deadline, None));
    file
}

#[test]
fn art_31_registration_waits_for_the_confirmation_and_the_clock_starts_with_it() {
    let mut file = File::received("2024-03-04", Channel::Online, received_online("2024-03-04"));
    file.refuses(Q1, "2024-03-04", &register(Arrival::default()), Reason::ConfirmationMissing);
    file.must(Q1, "2024-03-06", &register(confirmed("2024-03-06")));
    assert_eq!(file.due(), Some(day("2024-04-03")));
    assert_eq!(file.case.record.registration.as_ref().unwrap().case_number, "长公公开〔2024〕17号");
}

#[test]
fn art_31_nothing_is_confirmed_before_it_has_arrived() {
    let file = File::received("2024-03-06", Channel::Online, received_online("2024-03-05"));
    file.refuses(Q1, "2024-03-06", &register(confirmed("2024-03-04")), Reason::DateTooEarly);
    file.refuses(Q1, "2024-03-06", &register(confirmed("2024-03-07")), Reason::DateInFuture);
}

#[test]
fn art_30_a_supplement_is_requested_once() {
    let mut file = awaiting("2024-03-04", None);
    file.must(Q1, "2024-03-06", &supplement_in_person("2024-03-06"));
    assert_eq!(file.case.status(), Status::Supplemented);
    // Back in the query room, the table itself has no way to ask again …
    file.must(A1, "2024-03-06", &give_back());
    file.refuses(Q1, "2024-03-06", &ask(None, None), Reason::StatusForbids);
    assert_eq!(file.case.status(), Status::Supplemented);
}

#[test]
fn art_30_the_clock_starts_anew_the_day_after_the_supplement() {
    let mut file = awaiting("2024-03-04", None);
    assert_eq!(file.due(), None, "it stands while the supplement is awaited");
    file.must(Q1, "2024-03-06", &supplement_in_person("2024-03-06"));
    assert_eq!(file.due(), Some(day("2024-04-03")));
}

#[test]
fn art_30_a_late_supplement_is_refused_and_one_in_time_may_be_recorded_late() {
    let mut file = awaiting("2024-03-04", Some("2024-03-11"));
    file.must(A1, "2024-03-04", &serve(NOTICE, handed("2024-03-04")));
    let late = supplement_in_person("2024-03-12");
    file.refuses(Q1, "2024-03-12", &late, Reason::SupplementPeriodOver);
    file.must(Q1, "2024-03-12", &supplement_in_person("2024-03-11"));
}

#[test]
fn art_30_a_supplement_follows_its_notice_in_the_act_and_in_the_receipt() {
    let file = awaiting("2024-03-06", None);
    file.refuses(Q1, "2024-03-07", &supplement_in_person("2024-03-05"), Reason::DateTooEarly);
    // Sent before anybody had asked for it, confirmed afterwards: not an answer to the notice.
    let arrival = Arrival { confirmed_at: on("2024-03-07"), ..received_online("2024-03-05") };
    let early = supplement(Channel::Online, arrival);
    file.refuses(Q1, "2024-03-07", &early, Reason::DateTooEarly);
    let arrival = Arrival { confirmed_at: on("2024-03-06"), ..received_online("2024-03-07") };
    let reversed = supplement(Channel::Online, arrival);
    file.refuses(Q1, "2024-03-07", &reversed, Reason::DateTooEarly);
    let future = supplement_in_person("2024-03-08");
    file.refuses(Q1, "2024-03-07", &future, Reason::DateInFuture);
    let unconfirmed = supplement(Channel::Online, received_online("2024-03-07"));
    file.refuses(Q1, "2024-03-07", &unconfirmed, Reason::ConfirmationMissing);
}

#[test]
fn art_30_a_supplement_is_dated_by_the_text_that_governs_its_case() {
    // An e-mail needs no confirmation under the 2007 text, whenever it comes (R15).
    let mut file = File::registered("2019-05-13");
    file.must(Q1, "2019-05-13", &ask(Some("2019-05-31"), None));
    file.must(Q1, "2019-05-20", &supplement(Channel::Email, received_online("2019-05-20")));
    let clock = file.case.record.clock.as_ref().unwrap();
    assert_eq!(clock.rule_set, RuleSetId::Text2007);
    assert_eq!(clock.resumed_on, Some(day("2019-05-20")));
}

#[test]
fn art_30_a_case_lapses_only_after_the_period_of_a_notice_that_was_served() {
    let mut file = awaiting("2024-03-04", Some("2024-03-11"));
    file.refuses(Q1, "2024-03-12", &lapse(), Reason::NoticeNotServed);
    file.must(A1, "2024-03-04", &serve(NOTICE, handed("2024-03-04")));
    file.refuses(Q1, "2024-03-11", &lapse(), Reason::SupplementPeriodRunning);
    file.refuses(A1, "2024-03-12", &lapse(), Reason::RoleNotPermitted);
    file.must(Q1, "2024-03-12", &lapse());
    assert_eq!(file.case.status(), Status::Lapsed);
    file.refuses(Q1, "2024-03-12", &withdraw(), Reason::StatusForbids);
}

#[test]
fn art_30_a_returned_notice_starts_no_period() {
    let mut file = awaiting("2024-03-04", Some("2024-03-11"));
    file.must(A1, "2024-03-04", &serve(NOTICE, posted("2024-03-04")));
    file.must(A1, "2024-03-15", &serve(NOTICE, returned("2024-03-15")));
    file.refuses(Q1, "2024-03-15", &lapse(), Reason::NoticeNotServed);
    // He hears of it by telephone and comes: his period has not even begun.
    file.must(Q1, "2024-03-18", &supplement_in_person("2024-03-18"));
    assert_eq!(file.case.record.clock.as_ref().unwrap().resumed_on, Some(day("2024-03-18")));
    assert!(file.due().is_some());
}

#[test]
fn art_30_a_notice_served_after_its_stated_day_gives_the_default_period() {
    let mut file = awaiting("2024-03-04", Some("2024-03-11"));
    file.must(A1, "2024-03-11", &serve(NOTICE, handed("2024-03-11")));
    let round = file.case.record.supplement.as_ref().unwrap();
    assert_eq!(round.deadline, day("2024-03-25"), "ten working days, not none");
    file.refuses(Q1, "2024-03-25", &lapse(), Reason::SupplementPeriodRunning);
    file.must(Q1, "2024-03-26", &lapse());
}

#[test]
fn art_30_the_clock_does_not_call_a_case_abandoned_whose_notice_reached_nobody() {
    let mut file = awaiting("2024-03-04", Some("2024-03-11"));
    file.must(
        Q1,
        "2024-03-20",
        &amend(Changes { subject: Some("新题".to_owned()), ..Changes::default() }),
    );
    let law = gongkai::domain::regulation::Law::builtin();
    let matter = gongkai::domain::case::matter(&file.case);
    let as_of = Some(day("2024-03-20"));
    let standing = gongkai::domain::deadline::assess(&matter, law, as_of).unwrap().standing;
    let paused = matches!(standing, gongkai::domain::deadline::Standing::Paused { .. });
    assert!(paused, "{standing:?}");
}

#[test]
fn art_30_a_period_ends_after_the_day_on_which_it_is_set() {
    let file = File::assigned("2024-03-04");
    file.refuses(A1, "2024-03-04", &ask(Some("2024-03-04"), None), Reason::DateTooEarly);
}

#[test]
fn art_30_a_draft_made_before_the_supplement_does_not_answer_it() {
    let mut file = File::assigned("2024-03-04");
    file.must(A1, "2024-03-04", &draft("not_exist"));
    file.must(A1, "2024-03-04", &ask(None, None));
    file.must(Q1, "2024-03-06", &supplement_in_person("2024-03-06"));
    file.refuses(Q1, "2024-03-06", &answer(None), Reason::NoDraft);
}

#[test]
fn art_33_extensions_total_20_working_days_under_the_2019_text() {
    let mut file = File::assigned("2024-03-04");
    file.refuses(A1, "2024-03-05", &ask_days(21), Reason::ExtensionOverLimit);
    file.refuses(A1, "2024-03-05", &ask_days(0), Reason::ExtensionOverLimit);
    file.must(A1, "2024-03-05", &ask_days(12));
    file.refuses(A1, "2024-03-05", &ask_days(8), Reason::ExtensionPending);
    file.must(SUPERVISOR, "2024-03-05", &decide(Verdict::Granted, Some(handed("2024-03-05"))));
    file.refuses(A1, "2024-03-06", &ask_days(9), Reason::ExtensionOverLimit);
    file.must(A1, "2024-03-06", &ask_days(8));
    file.must(SUPERVISOR, "2024-03-06", &decide(Verdict::Granted, Some(handed("2024-03-06"))));
    assert_eq!(file.due(), Some(day("2024-04-29")));
    assert_unavailable(
        &file,
        A1,
        "2024-03-07",
        Action::RequestExtension,
        Reason::ExtensionOverLimit,
    );
}

#[test]
fn art_24_of_2007_extensions_total_15_working_days() {
    let mut file = File::assigned("2011-03-07");
    assert_eq!(file.due(), Some(day("2011-03-28")));
    file.refuses(A1, "2011-03-08", &ask_days(16), Reason::ExtensionOverLimit);
    file.must(A1, "2011-03-08", &ask_days(15));
    file.must(SUPERVISOR, "2011-03-08", &decide(Verdict::Granted, Some(handed("2011-03-08"))));
    assert_eq!(file.due(), Some(day("2011-04-19")));
}

#[test]
fn art_33_an_extension_has_no_effect_before_the_applicant_is_told() {
    let mut file = File::assigned("2024-03-04");
    file.must(A1, "2024-03-05", &ask_days(20));
    file.refuses(A2, "2024-03-05", &decide(Verdict::Granted, None), Reason::RoleNotPermitted);
    file.must(SUPERVISOR, "2024-03-05", &decide(Verdict::Granted, None));
    assert_eq!(file.due(), Some(day("2024-04-01")));
    let mut late = File { world: World::new(), case: file.case.clone() };
    file.must(A1, "2024-04-01", &serve(EXTENSION, posted("2024-04-01")));
    assert_eq!(file.due(), Some(day("2024-04-29")));
    late.must(A1, "2024-04-02", &serve(EXTENSION, posted("2024-04-02")));
    assert_eq!(late.due(), Some(day("2024-04-01")), "told too late");
    assert_eq!(late.case.record.clock.as_ref().unwrap().flags, ["extension_too_late"]);
}

#[test]
fn art_33_an_extension_is_asked_for_before_the_answer_is_due() {
    let file = File::assigned("2024-03-04");
    file.refuses(A1, "2024-04-02", &ask_days(5), Reason::ExtensionTooLate);
}

#[test]
fn art_33_every_granted_extension_has_its_own_notice() {
    let mut file = File::assigned("2024-03-04");
    for days in [12, 8] {
        file.must(A1, "2024-03-05", &ask_days(days));
        file.must(SUPERVISOR, "2024-03-05", &decide(Verdict::Granted, None));
    }
    file.must(A1, "2024-03-06", &serve(EXTENSION, posted("2024-03-06")));
    file.must(A1, "2024-03-06", &serve(EXTENSION, posted("2024-03-06")));
    assert_eq!(file.due(), Some(day("2024-04-29")));
    file.refuses(A1, "2024-03-06", &serve(EXTENSION, posted("2024-03-06")), Reason::AlreadyServed);
    // The last letter comes back: only its days are gone.
    file.must(A1, "2024-03-08", &serve(EXTENSION, returned("2024-03-08")));
    assert_eq!(file.due(), Some(day("2024-04-18")));
}

#[test]
fn art_33_a_refused_extension_has_no_notice_to_serve() {
    let mut file = File::assigned("2024-03-04");
    file.must(A1, "2024-03-05", &ask_days(5));
    file.must(SUPERVISOR, "2024-03-05", &decide(Verdict::Granted, None));
    file.must(A1, "2024-03-05", &ask_days(5));
    // The facts of service must not slip onto the earlier, granted one.
    let refused = decide(Verdict::Refused, Some(handed("2024-03-05")));
    file.refuses(SUPERVISOR, "2024-03-05", &refused, Reason::FactOutOfPlace);
    file.must(SUPERVISOR, "2024-03-05", &decide(Verdict::Refused, None));
    assert_eq!(file.due(), Some(day("2024-04-01")));
}

#[test]
fn art_33_the_allowance_is_whole_again_after_a_supplement() {
    let mut file = File::assigned("2024-03-04");
    file.must(A1, "2024-03-05", &ask_days(20));
    file.must(SUPERVISOR, "2024-03-05", &decide(Verdict::Granted, Some(handed("2024-03-05"))));
    file.must(A1, "2024-03-06", &ask(None, None));
    file.must(Q1, "2024-03-11", &supplement_in_person("2024-03-11"));
    assert_eq!(file.due(), Some(day("2024-04-09")), "the earlier extension has lapsed");
    file.must(A1, "2024-03-12", &ask_days(20));
    file.must(SUPERVISOR, "2024-03-12", &decide(Verdict::Granted, Some(handed("2024-03-12"))));
    assert_eq!(file.due(), Some(day("2024-05-09")));
}

#[test]
fn art_33_nothing_is_answered_while_the_supplement_is_awaited() {
    let file = awaiting("2024-03-04", None);
    file.refuses(Q1, "2024-03-05", &answer(None), Reason::StatusForbids);
    file.refuses(A1, "2024-03-05", &draft("disclose"), Reason::StatusForbids);
    file.refuses(A1, "2024-03-05", &ask_days(5), Reason::StatusForbids);
}

#[test]
fn no_235_a_posted_answer_counts_from_its_posting() {
    let mut file = answered("2024-03-04");
    assert_eq!(file.on_time(), None, "not served, not answered");
    file.must(A1, "2024-04-08", &serve(ANSWER, posted("2024-04-01")));
    assert_eq!(file.on_time(), Some(true));
    let mut late = answered("2024-03-04");
    late.must(A1, "2024-04-08", &serve(ANSWER, handed("2024-04-02")));
    assert_eq!(late.on_time(), Some(false));
}

#[test]
fn no_235_a_letter_that_came_back_needs_another_service() {
    let mut file = answered("2024-03-04");
    file.refuses(A1, "2024-03-05", &serve(ANSWER, returned("2024-03-05")), Reason::NothingToServe);
    file.must(A1, "2024-03-06", &serve(ANSWER, posted("2024-03-06")));
    file.refuses(A1, "2024-03-06", &serve(ANSWER, handed("2024-03-06")), Reason::AlreadyServed);
    let before = serve(ANSWER, returned("2024-03-05"));
    file.refuses(A1, "2024-03-15", &before, Reason::DateTooEarly);
    file.must(A1, "2024-03-15", &serve(ANSWER, returned("2024-03-15")));
    assert_eq!(file.on_time(), None);
    file.must(A1, "2024-03-18", &serve(ANSWER, by(Manner::Substitute, day("2024-03-18"))));
    assert_eq!(file.case.record.clock.as_ref().unwrap().answer_date, Some(day("2024-03-18")));
    // What was signed for cannot come back.
    file.refuses(A1, "2024-03-20", &serve(ANSWER, returned("2024-03-20")), Reason::AlreadyServed);
}

#[test]
fn no_235_the_facts_of_a_service_fit_its_manner_and_its_order() {
    let file = answered("2024-03-05");
    let tries = [
        (serve(ANSWER, posted("2024-03-04")), Reason::DateTooEarly),
        (serve(ANSWER, posted("2024-03-09")), Reason::DateInFuture),
        (serve(NOTICE, posted("2024-03-05")), Reason::NothingToServe),
    ];
    for (step, reason) in tries {
        file.refuses(A1, "2024-03-08", &step, reason);
    }
    let mut facts = posted("2024-03-06");
    facts.delivered_at = on("2024-03-05");
    file.refuses(A1, "2024-03-08", &serve(ANSWER, facts.clone()), Reason::DateTooEarly);
    facts.posted_at = None;
    file.refuses(A1, "2024-03-08", &serve(ANSWER, facts), Reason::FactMissing);
    let mut facts = handed("2024-03-06");
    facts.delivered_at = on("2024-03-06");
    file.refuses(A1, "2024-03-08", &serve(ANSWER, facts), Reason::FactOutOfPlace);
}

#[test]
fn separation_of_duties_the_drafter_does_not_issue() {
    let mut file = File::registered("2024-03-04");
    file.must(Q1, "2024-03-04", &draft("already_public"));
    file.pass("2024-03-04");
    file.refuses(Q1, "2024-03-04", &answer(None), Reason::DrafterIsIssuer);
    file.must(Q2, "2024-03-04", &answer(Some(handed("2024-03-04"))));
    assert_eq!(file.on_time(), Some(true), "on the spot (2019 art. 33)");
}

#[test]
fn art_10_a_unit_without_the_power_cannot_issue() {
    let mut file = File::registered("2024-03-04");
    file.must(Q1, "2024-03-04", &assign(CENTER_B));
    file.must(B1, "2024-03-04", &draft("disclose"));
    file.pass("2024-03-04");
    file.refuses(B1, "2024-03-04", &answer(None), Reason::IssuingNotPermitted);
    file.refuses(A1, "2024-03-04", &answer(None), Reason::NotHoldingUnit);
    // A window of a center that may issue has no power of its own, and its center does not lend it.
    file.must(Q1, "2024-03-04", &assign(WINDOW));
    file.refuses(W1, "2024-03-04", &answer(None), Reason::IssuingNotPermitted);
    file.refuses(A1, "2024-03-04", &answer(None), Reason::IssuingNotPermitted);
    file.must(Q1, "2024-03-04", &assign(CENTER_A));
    file.must(A1, "2024-03-04", &answer(None));
}

#[test]
fn art_36_a_decision_code_exists_only_under_its_text() {
    let mut old = File::assigned("2011-03-07");
    old.refuses(A1, "2011-03-07", &draft("excessive"), Reason::DecisionNotInForce);
    old.must(A1, "2011-03-07", &draft("not_exist"));
    let mut new = File::assigned("2024-03-04");
    new.must(A1, "2024-03-04", &draft("excessive"));
    new.refuses(A1, "2024-03-04", &draft("no_such"), Reason::DecisionUnknown);
    new.refuses(A1, "2024-03-04", &draft("abandoned_supplement"), Reason::DecisionUnknown);
    let bare = draft_with("refuse_secret", Particulars::default());
    new.refuses(A1, "2024-03-04", &bare, Reason::FactMissing);
}

#[test]
fn art_36_a_draft_dies_with_the_text_under_which_it_was_made() {
    let mut file = File::assigned("2019-05-20");
    file.must(A1, "2019-05-20", &draft("excessive"));
    file.must(Q1, "2019-05-20", &amend_arrival(submitted("2019-05-13")));
    assert_eq!(file.case.record.clock.as_ref().unwrap().rule_set, RuleSetId::Text2007);
    assert_unavailable(&file, Q1, "2019-05-20", Action::Answer, Reason::NoDraft);
    file.refuses(Q1, "2019-05-20", &answer(None), Reason::NoDraft);
}

#[test]
fn the_register_keeps_the_number_of_a_voided_case() {
    let mut file = File::assigned("2024-03-04");
    let twin = Step::Void { reason: "重复".to_owned(), duplicate_of: Some(file.case.id) };
    file.refuses(Q1, "2024-03-05", &twin, Reason::CaseUnknown);
    file.refuses(A1, "2024-03-05", &void(), Reason::RoleNotPermitted);
    file.must(Q1, "2024-03-05", &void());
    assert!(file.case.record.registration.is_some());
    let mut young = File::received("2024-03-04", Channel::InPerson, Arrival::default());
    young.must(Q1, "2024-03-04", &void());
    assert!(young.case.record.registration.is_none());
    let mut paused = awaiting("2024-03-04", None);
    paused.refuses(Q1, "2024-03-05", &void(), Reason::StatusForbids);
    paused.must(Q1, "2024-03-05", &withdraw());
}

#[test]
fn art_45_a_corrected_arrival_moves_the_due_date_but_not_past_the_register() {
    let mut file = File::registered("2024-03-04");
    file.must(Q1, "2024-03-06", &amend_arrival(submitted("2024-03-01")));
    assert_eq!(file.due(), Some(day("2024-03-29")));
    file.refuses(Q1, "2024-03-06", &amend_arrival(submitted("2024-03-01")), Reason::Unchanged);
    file.refuses(Q1, "2024-03-06", &amend_arrival(submitted("2024-03-07")), Reason::DateInFuture);
    // Overdue, somebody finds that the applicant came only yesterday.
    let healed = amend_arrival(submitted("2024-05-05"));
    file.refuses(Q1, "2024-05-06", &healed, Reason::DateTooEarly);
}

#[test]
fn art_45_what_is_amended_while_the_supplement_is_awaited_follows_the_notice() {
    let mut file = awaiting("2024-03-06", None);
    file.must(A1, "2024-03-07", &amend_arrival(submitted("2024-03-05")));
    assert_eq!(file.due(), None);
    let phone = Changes { channel: Some(Channel::Phone), ..Changes::default() };
    file.refuses(A1, "2024-03-07", &amend(phone), Reason::ConfirmationMissing);
}

#[test]
fn who_holds_a_case_gives_it_back_and_nobody_else() {
    let mut file = File::registered("2024-03-04");
    file.must(Q1, "2024-03-04", &assign(QUERY_ROOM));
    file.must(Q1, "2024-03-04", &Step::Accept);
    file.refuses(A1, "2024-03-04", &give_back(), Reason::NotHoldingUnit);
    file.refuses(A1, "2024-03-04", &Step::Accept, Reason::NotHoldingUnit);
    file.must(Q2, "2024-03-04", &give_back());
    assert_eq!(file.case.status(), Status::Registered);
    // The loser of a race hears that the case has moved on, not that he is nobody.
    file.refuses(Q1, "2024-03-04", &give_back(), Reason::StatusForbids);
}

#[test]
fn two_officers_accept_and_one_wins() {
    let mut file = File::assigned("2024-03-04");
    file.must(A1, "2024-03-04", &Step::Accept);
    file.refuses(A2, "2024-03-04", &Step::Accept, Reason::AlreadyAccepted);
    file.must(Q1, "2024-03-04", &assign_to(CENTER_A, A2));
    file.refuses(A1, "2024-03-04", &Step::Accept, Reason::AssignedToAnother);
    file.must(A2, "2024-03-04", &Step::Accept);
}

#[test]
fn a_case_goes_to_units_that_can_hold_it_and_officers_who_can_take_it() {
    let file = File::registered("2024-03-04");
    let to = |officer| assign_to(CENTER_A, officer);
    file.refuses(Q1, "2024-03-04", &assign(LEGAL), Reason::UnitCannotHold);
    file.refuses(Q1, "2024-03-04", &to(B1), Reason::OfficerUnknown);
    file.refuses(Q1, "2024-03-04", &to(GONE), Reason::OfficerUnknown);
    file.refuses(Q1, "2024-03-04", &to(AUDITOR_A), Reason::OfficerUnknown);
    file.refuses(A1, "2024-03-04", &assign(CENTER_A), Reason::RoleNotPermitted);
}

#[test]
fn a_reason_is_given_once() {
    let mut file = awaiting("2024-03-04", None);
    file.must(Q1, "2024-03-04", &supplement_in_person("2024-03-04"));
    file.must(A1, "2024-03-04", &give_back());
    let refusal = file.try_(Q1, "2024-03-04", &Step::Accept).unwrap_err();
    assert_eq!(refusal.all().len(), 1, "{refusal:?}");
}

#[test]
fn an_application_can_be_withdrawn_before_it_has_a_number() {
    let mut file = File::received_at(WINDOW, "2024-03-04", Channel::InPerson, Arrival::default());
    file.refuses(W1, "2024-03-04", &withdraw(), Reason::NotHoldingUnit);
    file.must(Q1, "2024-03-04", &withdraw());
    assert!(file.case.record.registration.is_none() && file.case.record.clock.is_none());
    assert_eq!(file.case.faults(), Vec::<&str>::new());
}

#[track_caller]
fn assert_unavailable(
    file: &File,
    who: gongkai::domain::ids::UserId,
    date: &str,
    action: Action,
    reason: Reason,
) {
    let actor = file.world.actor(who);
    let ctx = file.world.ctx(&actor, morning(day(date)));
    let all = availability(&file.case, &ctx);
    let found = all.iter().find(|entry| entry.action == action).unwrap();
    assert_eq!(found.reasons.first().map(|why| why.reason), Some(reason), "{found:?}");
}

#[test]
fn no_235_a_letter_that_is_refused_is_left_before_a_witness() {
    let mut file = answered("2024-03-05");
    let left = by(Manner::Left, day("2024-03-06"));
    for (missing, bare) in [
        ("/service/witness", ServiceFacts { witness: None, ..left.clone() }),
        ("/service/reason", ServiceFacts { reason: None, ..left.clone() }),
        ("/service/left_at", ServiceFacts { left_at: None, ..left.clone() }),
    ] {
        let refusal = file.try_(A1, "2024-03-06", &serve(ANSWER, bare)).expect_err("incomplete");
        assert_eq!(refusal.first().pointer.as_deref(), Some(missing));
    }
    file.must(A1, "2024-03-06", &serve(ANSWER, left));
    assert_eq!(file.on_time(), Some(true));
    let clock = file.case.record.clock.as_ref().unwrap();
    assert_eq!(clock.answer_date, Some(day("2024-03-06")), "as if he had signed");
    file.refuses(A1, "2024-03-07", &serve(ANSWER, returned("2024-03-07")), Reason::AlreadyServed);
}

#[test]
fn no_235_a_formal_answer_goes_by_the_postal_enterprise() {
    let mut file = answered("2024-03-05");
    let courier =
        |operator| ServiceFacts { postal_operator: Some(operator), ..posted("2024-03-06") };
    let refusal = file
        .try_(A1, "2024-03-06", &serve(ANSWER, courier(PostalOperator::Courier)))
        .expect_err("a courier");
    assert_eq!(refusal.first().reason, Reason::PostOperatorNotPermitted);
    assert_eq!(refusal.first().article, Some("国办公开办函〔2016〕235号"));
    let by_hand =
        ServiceFacts { postal_operator: Some(PostalOperator::Ems), ..handed("2024-03-06") };
    file.refuses(A1, "2024-03-06", &serve(ANSWER, by_hand), Reason::FactOutOfPlace);
    file.must(A1, "2024-03-06", &serve(ANSWER, courier(PostalOperator::Ems)));
    // A notice is no formal decision.
    let mut file = awaiting("2024-03-05", None);
    file.must(A1, "2024-03-06", &serve(NOTICE, courier(PostalOperator::Courier)));
}

#[test]
fn no_235_who_takes_it_for_the_applicant_is_named_with_what_he_is_to_him() {
    let mut file = answered("2024-03-05");
    let taken = by(Manner::Substitute, day("2024-03-06"));
    let bare = ServiceFacts { relation: None, ..taken.clone() };
    let refusal = file.try_(A1, "2024-03-06", &serve(ANSWER, bare)).expect_err("no relation");
    assert_eq!(refusal.first().pointer.as_deref(), Some("/service/relation"));
    let witnessed = ServiceFacts { witness: Some("某".to_owned()), ..taken.clone() };
    file.refuses(A1, "2024-03-06", &serve(ANSWER, witnessed), Reason::FactOutOfPlace);
    file.must(A1, "2024-03-06", &serve(ANSWER, taken));
}
