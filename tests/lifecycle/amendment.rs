//! An amendment that moves a case from one text to the other, after its supplement has come.
//! Received by 2019-05-14 the 2007 text governs, by which an e-mail counts when the system has it;
//! from 2019-05-15 the 2019 text, by which it counts when both sides have confirmed it.

use chrono::NaiveDate;
use gongkai::domain::case::Arrival;
use gongkai::domain::channel::Channel;
use gongkai::domain::lifecycle::{Changes, Status, Step};
use gongkai::domain::regulation::RuleSetId;
use gongkai::domain::rejection::Reason;

use super::cast::*;

fn email(received: &str, confirmed: Option<&str>) -> Arrival {
    Arrival {
        received_at: on(received),
        confirmed_at: confirmed.and_then(on),
        ..Arrival::default()
    }
}

/// Handed in on 2019-05-14, asked for a supplement on the 16th, supplemented by an e-mail of the
/// 20th that nobody had to confirm.
fn supplemented() -> File {
    let handed_in = submitted("2019-05-14");
    let mut file = File::received("2019-05-16", Channel::InPerson, handed_in);
    file.must(Q1, "2019-05-16", &register(Arrival::default()));
    file.must(Q1, "2019-05-16", &ask(Some("2019-05-31"), None));
    file.must(Q1, "2019-05-21", &supplement(Channel::Email, email("2019-05-20", None)));
    assert_eq!((text(&file), file.due()), (RuleSetId::Text2007, Some(day("2019-06-11"))));
    file
}

fn text(file: &File) -> RuleSetId {
    file.case.record.clock.as_ref().unwrap().rule_set
}

/// It was the 15th on which it was handed in.
fn to_the_2019_text() -> Changes {
    Changes { arrival: Some(submitted("2019-05-15")), ..Changes::default() }
}

/// The supplement was confirmed by both sides on that day.
fn and_its_confirmation(changes: Changes, date: &str) -> Changes {
    Changes { supplement_arrival: Some(confirmed(date)), ..changes }
}

fn amend_supplement(arrival: Arrival) -> Step {
    amend(Changes { supplement_arrival: Some(arrival), ..Changes::default() })
}

fn restarted(file: &File) -> Option<NaiveDate> {
    file.case.record.clock.as_ref().and_then(|clock| clock.resumed_on)
}

#[test]
fn art_31_under_the_2019_text_an_earlier_supplement_needs_its_confirmation() {
    let mut file = supplemented();
    let bare = amend(to_the_2019_text());
    let refusal = file.try_(Q1, "2019-05-22", &bare).unwrap_err();
    let [only] = refusal.all() else { panic!("{refusal:?}") };
    assert_eq!(only.reason, Reason::ConfirmationMissing);
    assert_eq!(only.pointer.as_deref(), Some("/supplement_arrival/confirmed_at"));
    assert_eq!(only.article, Some("2019 art. 31"));

    // The same amendment may bring it, and the clock starts anew on its day (art. 31(3), 30).
    let whole = amend(and_its_confirmation(to_the_2019_text(), "2019-05-22"));
    file.must(Q1, "2019-05-22", &whole);
    assert_eq!((file.case.status(), text(&file)), (Status::Supplemented, RuleSetId::Text2019));
    assert_eq!(restarted(&file), Some(day("2019-05-22")));
    assert_eq!(file.due(), Some(day("2019-06-20")), "across the Dragon Boat festival, 7 June");
}

#[test]
fn art_31_a_corrected_channel_can_bring_a_case_under_the_2019_text_as_well() {
    // Not a registered letter signed for on the 14th: handed in, on the 15th.
    let signed = Arrival { signed_at: on("2019-05-14"), ..submitted("2019-05-15") };
    let mut file = File::received("2019-05-16", Channel::RegisteredMail, signed);
    file.must(Q1, "2019-05-16", &register(Arrival::default()));
    file.must(Q1, "2019-05-16", &ask(None, None));
    file.must(Q1, "2019-05-16", &supplement(Channel::Email, email("2019-05-16", None)));
    let in_person = Changes { channel: Some(Channel::InPerson), ..Changes::default() };
    file.refuses(Q1, "2019-05-16", &amend(in_person.clone()), Reason::ConfirmationMissing);
    file.must(Q1, "2019-05-16", &amend(and_its_confirmation(in_person, "2019-05-16")));
    assert_eq!(restarted(&file), Some(day("2019-05-16")));
}

#[test]
fn notice_207_under_the_2007_text_an_email_counts_without_its_confirmation() {
    let mut file = supplemented();
    file.must(Q1, "2019-05-22", &amend(and_its_confirmation(to_the_2019_text(), "2019-05-22")));
    file.must(Q1, "2019-05-23", &amend_arrival(submitted("2019-05-14")));
    assert_eq!((text(&file), restarted(&file)), (RuleSetId::Text2007, Some(day("2019-05-20"))));
    // Confirmed beforehand, the way to the other text is open; under this one nothing moves.
    let mut early = supplemented();
    early.must(Q1, "2019-05-22", &amend_supplement(confirmed("2019-05-21")));
    assert_eq!(restarted(&early), Some(day("2019-05-20")));
    early.must(Q1, "2019-05-22", &amend(to_the_2019_text()));
    assert_eq!(restarted(&early), Some(day("2019-05-21")));
}

#[test]
fn art_45_a_corrected_supplement_keeps_to_its_notice_and_its_period() {
    let file = supplemented();
    let tries = [
        (email("2019-05-15", None), Reason::DateTooEarly),
        (email("2019-05-20", Some("2019-05-19")), Reason::DateTooEarly),
        (email("2019-05-20", Some("2019-05-23")), Reason::DateInFuture),
        (email("2019-05-20", None), Reason::Unchanged),
    ];
    for (arrival, reason) in tries {
        file.refuses(Q1, "2019-05-22", &amend_supplement(arrival), reason);
    }
    let mut file = awaiting("2019-05-20");
    file.must(Q1, "2019-05-29", &supplement_in_person("2019-05-24"));
    let over = amend_supplement(submitted("2019-05-28"));
    file.refuses(Q1, "2019-05-29", &over, Reason::SupplementPeriodOver);
    file.must(Q1, "2019-05-29", &amend_supplement(submitted("2019-05-23")));
    assert_eq!(restarted(&file), Some(day("2019-05-23")));
}

/// Under the 2019 text, to be supplemented by 2019-05-24.
fn awaiting(date: &str) -> File {
    let mut file = File::registered(date);
    file.must(Q1, date, &ask(Some("2019-05-24"), Some(handed(date))));
    file
}

#[test]
fn art_45_an_overdue_case_is_not_healed_by_a_later_supplement() {
    let mut file = supplemented();
    let later = amend_supplement(email("2019-05-22", None));
    file.refuses(Q1, "2019-05-22", &later, Reason::DateTooEarly);
    // The first confirmation may be late, a second one is not put off again.
    file.must(Q1, "2019-05-23", &amend(and_its_confirmation(to_the_2019_text(), "2019-05-23")));
    let again = amend_supplement(confirmed("2019-06-03"));
    file.refuses(Q1, "2019-06-03", &again, Reason::DateTooEarly);
    file.must(Q1, "2019-06-03", &amend_supplement(confirmed("2019-05-22")));
    assert_eq!(restarted(&file), Some(day("2019-05-22")));
}

#[test]
fn no_supplement_is_corrected_before_it_is_there() {
    let file = awaiting("2019-05-20");
    let early = amend_supplement(submitted("2019-05-20"));
    file.refuses(Q1, "2019-05-20", &early, Reason::StatusForbids);
}
