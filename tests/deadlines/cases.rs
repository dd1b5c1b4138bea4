//! Cases by rule and article, each small enough to check by hand.

use chrono::NaiveDate;
use gongkai::domain::deadline::{
    Abandonment, Assessment, ClockError, Fact, Flag, Matter, PauseReason, Receipt, ReceiptRule,
    Standing, act_date, assess, legal_day, missing_facts, receipt_date, start_of_legal_day,
};
use gongkai::domain::regulation::{Law, RuleSetId};
use serde_json::{Value, json};

pub fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn matter(receipt: &Value, events: &Value) -> Matter {
    serde_json::from_value(json!({"receipt": receipt, "events": events})).unwrap()
}

pub fn in_person(date: &str, events: &Value) -> Matter {
    matter(&json!({"channel": "in_person", "submitted_at": date}), events)
}

pub fn told(date: &str, events: &Value) -> Assessment {
    assess(&in_person(date, events), Law::builtin(), None).unwrap()
}

fn told_as_of(date: &str, events: &Value, as_of: &str) -> Assessment {
    assess(&in_person(date, events), Law::builtin(), Some(d(as_of))).unwrap()
}

fn due(date: &str, events: &Value) -> (NaiveDate, Vec<Flag>) {
    let assessment = told(date, events);
    (assessment.due_date().unwrap(), assessment.flags)
}

fn receipt(value: Value) -> Receipt {
    serde_json::from_value(value).unwrap()
}

// R1, R2, R3, R18: which text, from which date.

#[test]
fn r1_a_shanghai_day_begins_at_16_utc() {
    assert_eq!(legal_day("2024-03-06T15:59:59Z".parse().unwrap()), d("2024-03-06"));
    assert_eq!(legal_day("2024-03-06T16:00:00Z".parse().unwrap()), d("2024-03-07"));
    assert_eq!(start_of_legal_day(d("2024-03-07")).to_rfc3339(), "2024-03-06T16:00:00+00:00");
    let foreign =
        receipt(json!({"channel": "in_person", "submitted_at": "2024-03-06T20:30:00-05:00"}));
    assert_eq!(receipt_date(&foreign, Law::builtin()).unwrap().1, d("2024-03-07"));
}

#[test]
fn r3_art_31_each_channel_has_its_fact() {
    // 2007 (notice 2015-207) and 2019 (art. 31): expected day of the month per channel.
    let table = [
        ("in_person", 1, 1),
        ("post_signed", 2, 2),
        ("post_ordinary", 5, 5),
        ("online", 4, 5),
        ("email", 4, 5),
        ("fax", 5, 5),
    ];
    for (channel, old, new) in table {
        for (year, day) in [(2018, old), (2024, new)] {
            let facts = receipt(json!({"channel": channel,
                "submitted_at": format!("{year}-03-01"), "signed_at": format!("{year}-03-02"),
                "arrived_at": format!("{year}-03-03"), "received_at": format!("{year}-03-04"),
                "confirmed_at": format!("{year}-03-05")}));
            let (_, date) = receipt_date(&facts, Law::builtin()).unwrap();
            assert_eq!(date, NaiveDate::from_ymd_opt(year, 3, day).unwrap(), "{channel} {year}");
        }
    }
}

#[test]
fn r18_the_2007_date_decides_first() {
    let law = Law::builtin();
    let mail = |received: &str| {
        receipt(json!({"channel": "email", "received_at": received, "confirmed_at": "2019-05-20"}))
    };
    assert_eq!(receipt_date(&mail("2019-05-14"), law), Ok((RuleSetId::Text2007, d("2019-05-14"))));
    assert_eq!(receipt_date(&mail("2019-05-15"), law), Ok((RuleSetId::Text2019, d("2019-05-20"))));
    let early = receipt(json!({"channel": "in_person", "submitted_at": "2008-04-30"}));
    assert_eq!(receipt_date(&early, law), Err(ClockError::BeforeFirstText));
    let first = receipt(json!({"channel": "in_person", "submitted_at": "2008-05-01"}));
    assert_eq!(receipt_date(&first, law), Ok((RuleSetId::Text2007, d("2008-05-01"))));
}

#[test]
fn r18_missing_facts_are_named() {
    let law = Law::builtin();
    let nothing = Receipt::new(ReceiptRule::Online);
    assert_eq!(missing_facts(&nothing, law), [Fact::Received, Fact::Confirmed]);
    let unconfirmed = receipt(json!({"channel": "online", "received_at": "2024-03-01"}));
    assert_eq!(missing_facts(&unconfirmed, law), [Fact::Confirmed]);
    let error = receipt_date(&unconfirmed, law).unwrap_err();
    assert_eq!(
        (error.code(), error),
        ("missing_fact", ClockError::MissingFact { fact: "confirmed_at" })
    );
    let old = receipt(json!({"channel": "online", "received_at": "2014-03-03"}));
    assert_eq!(missing_facts(&old, law), []);
    let letter = receipt(json!({"channel": "post_ordinary", "arrived_at": "2024-05-06"}));
    assert_eq!(missing_facts(&letter, law), [Fact::Confirmed]);
    assert_eq!(act_date(&letter), Ok(d("2024-05-06")));
}

// R5, R15: supplements.

#[test]
fn r15_second_notice_neither_restarts_nor_abandons() {
    let (due, flags) = due(
        "2024-08-01",
        &json!([
        {"type": "supplement_notice", "date": "2024-08-05", "deadline": "2024-08-19",
         "supplemented": {"channel": "in_person", "submitted_at": "2024-08-19"}},
        {"type": "supplement_notice", "date": "2024-08-22"},
        {"type": "supplement_notice", "date": "2024-08-23", "deadline": "2024-08-30"}]),
    );
    assert_eq!(due, d("2024-09-14"));
    assert_eq!(flags, [Flag::SecondSupplementNoticeNotAllowed; 2]);
}

#[test]
fn r15_in_time_by_the_act_restarted_by_the_receipt_date() {
    let notice = |received: &str, confirmed: &str| {
        json!([{"type": "supplement_notice", "date": "2024-08-05", "deadline": "2024-08-17",
            "supplemented": {"channel": "online", "received_at": received, "confirmed_at": confirmed}}])
    };
    // 2024-08-17 is a Saturday: the stated day does not roll, an act on it is in time.
    let in_time = told("2024-08-01", &notice("2024-08-17", "2024-08-20"));
    assert_eq!(in_time.clock_restarted_from, Some(d("2024-08-20")));
    let late = told("2024-08-01", &notice("2024-08-18", "2024-08-20"));
    let from = d("2024-08-18");
    let status = Abandonment::DeemedAbandoned;
    assert_eq!(late.standing, Standing::Abandoned { status, from });
    // Under the 2007 text the same supplement is received when the system has it.
    let old = told(
        "2018-08-01",
        &json!([{"type": "supplement_notice", "date": "2018-08-06",
        "deadline": "2018-08-17",
        "supplemented": {"channel": "online", "received_at": "2018-08-15", "confirmed_at": "2018-08-20"}}]),
    );
    assert_eq!(
        (old.clock_restarted_from, old.supplement_notice_due),
        (Some(d("2018-08-15")), None)
    );
}

#[test]
fn r12_nothing_happens_after_an_abandonment() {
    let ended = told(
        "2024-08-01",
        &json!([
        {"type": "consultation", "who": "third_party", "sent": "2024-08-02", "letter_received": "2024-08-05"},
        {"type": "supplement_notice", "date": "2024-08-05", "deadline": "2024-08-19"},
        {"type": "consultation", "who": "agency", "sent": "2024-08-06"},
        {"type": "extension", "days": 99, "decided": "2024-08-07", "notified": "2024-08-07"}]),
    );
    assert_eq!(ended.opinion_due, [d("2024-08-26")]);
    assert_eq!((ended.due_date(), ended.flags), (None, vec![]));
}

// R6: consultations.

#[test]
fn r6_art_32_the_cap_crosses_spring_festival_2024() {
    // From 01-30 on, 02-04 and 02-18 worked, 02-10 to 02-17 off: the 15th working day is 02-22.
    let silent = told(
        "2024-01-22",
        &json!([
        {"type": "consultation", "who": "third_party", "sent": "2024-01-26", "letter_received": "2024-01-29",
         "opinion_received": "2024-03-29"}]),
    );
    assert_eq!(silent.opinion_due, [d("2024-02-22")]);
    let Standing::Running { due, counted, excluded } = silent.standing else {
        panic!("the clock runs");
    };
    assert_eq!(
        (excluded.first(), excluded.last()),
        (Some(&d("2024-01-29")), Some(&d("2024-02-22")))
    );
    assert_eq!((due, counted.len(), excluded.len()), (d("2024-03-15"), 20, 16));
}

#[test]
fn r6_art_24_under_2007_an_agency_letter_needs_no_date() {
    let (due, flags) = due(
        "2011-04-11",
        &json!([
        {"type": "consultation", "who": "agency", "sent": "2011-04-14"}]),
    );
    assert_eq!((due, flags), (d("2011-05-03"), vec![Flag::AgencyConsultationNotExcluded2007]));
}

#[test]
fn r18_a_stopping_consultation_needs_the_letter_date() {
    let events = json!([{"type": "consultation", "who": "third_party", "sent": "2024-04-11"}]);
    let asked = in_person("2024-04-01", &events);
    let fact = "letter_received";
    assert_eq!(assess(&asked, Law::builtin(), None), Err(ClockError::MissingFact { fact }));
    // In a live ledger the day of sending stands in, flagged.
    let live = told_as_of("2024-04-01", &events, "2024-04-12");
    assert_eq!(live.flags, [Flag::ConsultationLetterUnconfirmed]);
    assert_eq!(live.opinion_due, [d("2024-05-06")]);
}

// R7, R13, R14: extensions.

#[test]
fn r7_on_the_due_date_is_in_time() {
    let extension = |decided: &str, notified: &str| json!([{"type": "extension", "days": 20, "decided": decided, "notified": notified}]);
    assert_eq!(
        due("2024-06-03", &extension("2024-07-02", "2024-07-02")),
        (d("2024-07-30"), vec![])
    );
    let late = vec![Flag::ExtensionTooLate];
    assert_eq!(
        due("2024-06-03", &extension("2024-07-02", "2024-07-03")),
        (d("2024-07-02"), late.clone())
    );
    // Decided after the notice and after the due date: late as well.
    assert_eq!(due("2024-06-03", &extension("2024-07-03", "2024-07-01")), (d("2024-07-02"), late));
}

#[test]
fn r13_one_flag_too_late_before_over_limit() {
    let (due, flags) = due(
        "2024-06-03",
        &json!([
        {"type": "extension", "days": 4_294_967_295_u32, "decided": "2024-06-20", "notified": "2024-06-20"},
        {"type": "extension", "days": 21, "decided": "2024-07-03", "notified": "2024-07-03"}]),
    );
    assert_eq!(
        (due, flags),
        (d("2024-07-02"), vec![Flag::ExtensionOverLimit, Flag::ExtensionTooLate])
    );
}

#[test]
fn r13_the_due_date_in_force_includes_the_consultation() {
    // Without the pause the due date is 2024-12-02; with it (5 days) 2024-12-09.
    let (due, flags) = due(
        "2024-11-04",
        &json!([
        {"type": "consultation", "who": "third_party", "sent": "2024-11-08",
         "letter_received": "2024-11-11", "opinion_received": "2024-11-15"},
        {"type": "extension", "days": 1, "decided": "2024-12-09", "notified": "2024-12-09"}]),
    );
    assert_eq!((due, flags), (d("2024-12-10"), vec![]));
}

#[test]
fn r14_a_restart_lapses_extensions_and_keeps_pauses() {
    let restarted = told(
        "2024-08-01",
        &json!([
        {"type": "extension", "days": 20, "decided": "2024-08-06", "notified": "2024-08-06"},
        {"type": "supplement_notice", "date": "2024-08-07", "deadline": "2024-08-30",
         "supplemented": {"channel": "in_person", "submitted_at": "2024-08-20"}},
        {"type": "consultation", "who": "third_party", "sent": "2024-08-15",
         "letter_received": "2024-08-16", "opinion_received": "2024-08-22"},
        {"type": "extension", "days": 99, "decided": "2024-08-20", "notified": "2024-08-20"},
        {"type": "extension", "days": 20, "decided": "2024-08-21", "notified": "2024-08-21"}]),
    );
    let Standing::Running { due, counted, excluded } = restarted.standing else {
        panic!("the clock runs");
    };
    assert_eq!((restarted.flags, counted.len()), (vec![], 40));
    assert_eq!((counted[0], due), (d("2024-08-23"), d("2024-10-23")));
    assert_eq!(excluded, [d("2024-08-21"), d("2024-08-22")]);
}

// R8, R16: fees.

#[test]
fn r8_the_thirtieth_day_rolls_and_the_second_notice_restarts_again() {
    let twice = told(
        "2023-03-01",
        &json!([
        {"type": "fee_notice", "date": "2023-03-10", "received": "2023-03-16", "paid": "2023-04-17"},
        {"type": "fee_notice", "date": "2023-04-20", "received": "2023-04-20", "paid": "2023-04-25"}]),
    );
    // 03-16 + 30 = Saturday 04-15, rolled to 04-17; then 04-20 + 30 = Saturday 05-20 to 05-22.
    assert_eq!(twice.fee_due, Some(d("2023-05-22")));
    assert_eq!(twice.clock_restarted_from, Some(d("2023-04-25")));
    let late = told(
        "2023-03-01",
        &json!([
        {"type": "fee_notice", "date": "2023-03-10", "received": "2023-03-16", "paid": "2023-04-18"}]),
    );
    let status = Abandonment::AbandonedUnpaid;
    assert_eq!(late.standing, Standing::Abandoned { status, from: d("2023-04-18") });
}

#[test]
fn r16_dates_of_the_notice() {
    let fee = |date: &str, paid: &str| json!([{"type": "fee_notice", "date": date, "received": date, "paid": paid}]);
    let early = told("2020-12-28", &fee("2020-12-31", "2021-01-05"));
    assert_eq!(
        (early.flags, early.fee_due, early.clock_restarted_from),
        (vec![Flag::FeeNoticeBefore2021], None, None)
    );
    let late = told("2023-03-01", &fee("2023-03-30", "2023-04-03"));
    assert_eq!(
        (late.flags, late.clock_restarted_from),
        (vec![Flag::FeeNoticeAfterDue], Some(d("2023-04-03")))
    );
}

// As of: a period that still runs is not an abandonment.

#[test]
fn as_of_waits_through_the_last_day() {
    let events =
        json!([{"type": "supplement_notice", "date": "2024-08-05", "deadline": "2024-08-19"}]);
    let waiting = Standing::Paused {
        since: d("2024-08-05"),
        reason: PauseReason::Supplement,
        until: Some(d("2024-08-19")),
    };
    assert_eq!(told_as_of("2024-08-01", &events, "2024-08-19").standing, waiting);
    let ended = told_as_of("2024-08-01", &events, "2024-08-20");
    assert!(matches!(ended.standing, Standing::Abandoned { .. }));

    let fee = json!([{"type": "fee_notice", "date": "2023-03-10", "received": "2023-03-13"}]);
    let paused = told_as_of("2023-03-01", &fee, "2023-04-12");
    assert!(matches!(paused.standing, Standing::Paused { reason: PauseReason::Fee, .. }));
    let unpaid = told_as_of("2023-03-01", &fee, "2023-04-13");
    assert!(matches!(unpaid.standing, Standing::Abandoned { .. }));
}

#[test]
fn as_of_waits_for_confirmation_and_delivery() {
    let arrived = json!([{"type": "supplement_notice", "date": "2024-08-05", "deadline": "2024-08-19",
        "supplemented": {"channel": "post_ordinary", "arrived_at": "2024-08-19"}}]);
    let waiting = told_as_of("2024-08-01", &arrived, "2024-08-29");
    assert!(matches!(
        waiting.standing,
        Standing::Paused { reason: PauseReason::Confirmation, until: None, .. }
    ));
    let sent = json!([{"type": "fee_notice", "date": "2023-03-10"}]);
    let waiting = told_as_of("2023-03-01", &sent, "2024-01-01");
    assert!(matches!(
        waiting.standing,
        Standing::Paused { reason: PauseReason::Fee, until: None, .. }
    ));
}
