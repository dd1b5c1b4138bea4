//! Explanations, remedies, proactive disclosure, the calendar and the data.

use chrono::NaiveDate;
use gongkai::domain::calendar::{Calendar, CalendarError, CalendarYear, DayKind};
use gongkai::domain::deadline::{
    ALL_FLAGS, ClockError, DayReason, DecisionEffect, Fact, LineKind, MAX_EVENTS, ReceiptRule,
    assess, explain, proactive, remedy,
};
use gongkai::domain::regulation::{Law, RuleBook};
use serde_json::{Value, json};

use crate::cases::{d, in_person, told};

// Explanation.

#[test]
fn explanation_names_reason_and_article_of_every_day() {
    let asked = in_person(
        "2024-11-04",
        &json!([
        {"type": "consultation", "who": "third_party", "sent": "2024-11-08",
         "letter_received": "2024-11-11", "opinion_received": "2024-11-15"}]),
    );
    let told = explain(&asked, Law::builtin(), Some(d("2024-11-13"))).unwrap();
    let line = |date: &str| told.days.iter().find(|line| line.date == d(date)).unwrap();
    let first = line("2024-11-05");
    assert_eq!(
        (first.kind, first.number, first.article.zh.as_str()),
        (LineKind::Counted, Some(1), "2019年条例第三十三条第二款")
    );
    let paused = line("2024-11-13");
    assert_eq!(
        (paused.kind, paused.reason, paused.number),
        (LineKind::Excluded, DayReason::ThirdPartyConsulted, None)
    );
    assert_eq!(paused.article.en, "2019 Regulation art. 33 para. 3");
    assert_eq!(line("2024-11-10").kind, LineKind::RestDay);
    let summary = told.summary;
    assert_eq!((summary.goal, summary.elapsed, summary.remaining), (20, 4, 16));
    assert_eq!(
        (summary.paused, summary.breached, summary.due_date),
        (true, false, Some(d("2024-12-09")))
    );
    let past = explain(&asked, Law::builtin(), Some(d("2024-12-10"))).unwrap().summary;
    assert_eq!((past.remaining, past.breached), (0, true));
}

#[test]
fn explanation_shows_the_voided_period() {
    let asked = in_person(
        "2024-08-01",
        &json!([
        {"type": "supplement_notice", "date": "2024-08-12", "deadline": "2024-08-30",
         "supplemented": {"channel": "in_person", "submitted_at": "2024-08-20"}}]),
    );
    let told = explain(&asked, Law::builtin(), None).unwrap();
    assert_eq!(told.days[0].reason, DayReason::RestartedBySupplement);
    assert_eq!((told.summary.started_on, told.summary.elapsed), (d("2024-08-20"), 20));
    let void = told.days.iter().filter(|line| line.kind == LineKind::Void).count();
    assert_eq!(void, 13);
}

// R10, R19: remedies; proactive disclosure.

#[test]
fn r10_the_litigation_limit_by_date_of_service() {
    let table = [
        // (served, refusal, reconsideration, litigation)
        ("2015-01-31", true, "2015-04-01", Some("2015-04-30")),
        ("2015-02-01", true, "2015-04-02", Some("2015-08-03")),
        ("2015-04-30", false, "2015-06-29", Some("2015-10-30")),
        ("2015-05-01", true, "2015-06-30", Some("2015-11-02")),
        ("2023-08-31", true, "2023-10-30", Some("2024-02-29")),
        ("2022-08-31", true, "2022-10-31", Some("2023-02-28")),
        ("2023-12-31", true, "2024-02-29", Some("2024-07-01")),
        ("2024-01-01", true, "2024-03-01", None),
        ("2024-01-01", false, "2024-03-01", Some("2024-07-01")),
    ];
    for (served, refusal, reconsideration, litigation) in table {
        let effect = if refusal { DecisionEffect::Refusal } else { DecisionEffect::Other };
        let told = remedy(d(served).into(), effect, Law::builtin()).unwrap();
        assert_eq!(told.reconsideration_due, d(reconsideration), "{served}");
        assert_eq!(told.litigation_due, litigation.map(d), "{served}");
        assert_eq!(told.reconsideration_first, litigation.is_none(), "{served}");
        assert!(!told.provisional);
    }
}

#[test]
fn r20_past_2026_is_provisional() {
    let year_end = told("2026-12-10", &json!([]));
    // 12-11 is day 1, 12-31 day 15; 2027-01-01 is a holiday of fixed date, day 20 is 01-08.
    assert_eq!((year_end.due_date(), year_end.provisional), (Some(d("2027-01-08")), true));
    assert!(!told("2026-12-01", &json!([])).provisional);
    // An abandonment in 2026 has no date past it.
    let ended = told(
        "2026-12-10",
        &json!([{"type": "supplement_notice", "date": "2026-12-14", "deadline": "2026-12-31"}]),
    );
    assert!(!ended.provisional);
    assert!(
        remedy(d("2026-12-01").into(), DecisionEffect::Refusal, Law::builtin())
            .unwrap()
            .provisional
    );
    assert!(proactive(d("2026-12-10").into(), Law::builtin()).unwrap().provisional);
}

#[test]
fn r18_a_year_without_calendar_is_an_error() {
    let early = remedy(d("2007-06-01").into(), DecisionEffect::Other, Law::builtin()).unwrap_err();
    assert_eq!(
        (early.code(), early),
        ("calendar_not_configured", ClockError::CalendarNotConfigured { year: 2007 })
    );
    assert!(proactive(d("2007-12-31").into(), Law::builtin()).is_ok());
    assert!(proactive(d("2007-12-30").into(), Law::builtin()).is_err());
}

// Calendar and data.

#[test]
fn calendar_knows_the_traps() {
    let kind = |date: &str| Calendar::builtin().day(d(date)).unwrap().kind;
    assert_eq!(kind("2011-12-31"), DayKind::MakeUpWorkday);
    assert_eq!(kind("2024-02-09"), DayKind::Weekday);
    assert_eq!(kind("2020-01-31"), DayKind::Holiday);
    assert_eq!(kind("2020-02-01"), DayKind::Weekend);
    assert_eq!(kind("2015-09-03"), DayKind::Holiday);
    assert_eq!(kind("2027-05-02"), DayKind::AssumedWeekend);
    assert_eq!(kind("2027-10-01"), DayKind::AssumedHoliday);
    assert_eq!(kind("2027-10-04"), DayKind::AssumedWeekday);
    let text = include_str!("../../data/calendar.json");
    let file: Value = serde_json::from_str(text).unwrap();
    for &year in Calendar::builtin().years().keys() {
        let eve = NaiveDate::from_ymd_opt(year - 1, 12, 31).unwrap();
        let end = NaiveDate::from_ymd_opt(year, 12, 31).unwrap();
        let total = file["years"][year.to_string()]["working_days_total"].as_u64();
        assert_eq!(total, Some(Calendar::builtin().working_days_in(eve, end).unwrap().into()));
    }
}

#[test]
fn calendar_takes_a_new_year_and_refuses_a_wrong_one() {
    let notice = |off: &str| CalendarYear {
        number: 1,
        off_weekdays: vec![d(off)],
        worked_weekends: vec![],
        notices: vec![],
        note: None,
    };
    let builtin = Calendar::builtin();
    let with = |year, off: &str| builtin.with_year("test".to_owned(), year, notice(off));
    let next = Law::builtin().with_calendar(with(2027, "2027-01-04").unwrap());
    let told = assess(&in_person("2026-12-10", &json!([])), &next, None).unwrap();
    assert_eq!((told.due_date(), told.provisional), (Some(d("2027-01-08")), false));
    assert!(matches!(with(2027, "2028-01-03"), Err(CalendarError::Invalid { .. })));
    assert!(matches!(with(2027, "2027-01-02"), Err(CalendarError::Invalid { .. })));
    // A gap before the last announced year is an error, not Monday to Friday.
    let gap = with(2028, "2028-01-03").unwrap();
    assert_eq!(gap.day(d("2027-06-01")), Err(CalendarError::NotConfigured { year: 2027 }));
}

#[test]
fn data_are_whole_and_errors_and_flags_keep_their_names() {
    let rules = RuleBook::parse(include_str!("../../data/rule_sets.json")).unwrap();
    assert_eq!(rules, *Law::builtin().rules);
    let eve = rules.text_2019.in_force.from.pred_opt();
    assert_eq!(rules.text_2007.in_force.to, eve);
    assert!(RuleBook::parse("{}").is_err());
    assert!(Calendar::parse("{}").is_err());
    for flag in ALL_FLAGS {
        assert_eq!(serde_json::to_value(flag).unwrap(), flag.as_str());
    }
    for fact in [Fact::Submitted, Fact::Signed, Fact::Arrived, Fact::Received, Fact::Confirmed] {
        assert_eq!(serde_json::to_value(fact).unwrap(), fact.as_str());
    }
    for rule in ReceiptRule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
    }
    let event = json!({"type": "fee_notice", "date": "2023-03-10"});
    let many = in_person("2023-03-01", &Value::Array(vec![event; MAX_EVENTS + 1]));
    assert_eq!(assess(&many, Law::builtin(), None), Err(ClockError::TooManyEvents));
}
