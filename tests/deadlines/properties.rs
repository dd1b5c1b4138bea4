//! Random matters: the engine against the oracle, and against its own other answers.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use gongkai::domain::calendar::Calendar;
use gongkai::domain::deadline::{
    AnswerService, Assessment, ClockEvent, Consulted, LineKind, Matter, Moment, Receipt,
    ReceiptRule, ServiceRoute, Standing, assess, assess_brief, explain, start_of_legal_day,
};
use gongkai::domain::regulation::Law;
use proptest::prelude::*;

use crate::oracle::{Oracle, Told};

fn day(base: NaiveDate, offset: u64) -> NaiveDate {
    base.checked_add_days(Days::new(offset)).unwrap()
}

/// The date itself, or an instant of that Shanghai day.
fn moment(date: NaiveDate) -> impl Strategy<Value = Moment> {
    prop_oneof![
        Just(Moment::Date(date)),
        (0_i64..86_400).prop_map(move |seconds| {
            Moment::Instant(start_of_legal_day(date) + TimeDelta::seconds(seconds))
        }),
    ]
}

/// A receipt whose act is on a day and whose confirmation comes up to 12 days later.
fn receipt(act: NaiveDate) -> impl Strategy<Value = Receipt> {
    let rules = prop::sample::select(ReceiptRule::ALL.to_vec());
    (rules, moment(act), 0_u64..12).prop_map(move |(channel, moment, later)| {
        let mut receipt = Receipt::new(channel);
        match channel {
            ReceiptRule::InPerson => receipt.submitted_at = Some(moment),
            ReceiptRule::PostSigned => receipt.signed_at = Some(moment),
            ReceiptRule::PostOrdinary => receipt.arrived_at = Some(moment),
            _ => receipt.received_at = Some(moment),
        }
        receipt.confirmed_at = Some(day(act, later).into());
        receipt
    })
}

fn event(start: NaiveDate) -> impl Strategy<Value = ClockEvent> {
    (0_u64..90).prop_flat_map(move |offset| {
        let at = day(start, offset);
        let supplement = (
            moment(at),
            5_u64..25,
            prop::option::weighted(0.9, (0_u64..24).prop_flat_map(move |n| receipt(day(at, n)))),
        )
            .prop_map(move |(date, period, supplemented)| ClockEvent::SupplementNotice {
                date,
                deadline: Some(day(at, period).into()),
                supplemented,
            });
        let consultation = (
            prop::sample::select(vec![Consulted::ThirdParty, Consulted::Agency]),
            moment(at),
            0_u64..10,
            prop::option::of(0_u64..40),
        )
            .prop_map(move |(who, sent, post, opinion)| ClockEvent::Consultation {
                who,
                sent,
                letter_received: Some(day(at, post).into()),
                opinion_received: opinion.map(|days| day(at, days).into()),
            });
        let extension = (0_u32..22, 0_u64..8, moment(at)).prop_map(move |(days, ago, notified)| {
            ClockEvent::Extension {
                days,
                decided: at.checked_sub_days(Days::new(ago)).unwrap().into(),
                notified,
            }
        });
        let fee = (moment(at), 0_u64..6, prop::option::weighted(0.9, 0_u64..45)).prop_map(
            move |(date, post, paid)| ClockEvent::FeeNotice {
                date,
                received: Some(day(at, post).into()),
                paid: paid.map(|days| day(at, days).into()),
            },
        );
        prop_oneof![1 => supplement, 2 => consultation, 3 => extension, 1 => fee]
    })
}

fn matter() -> impl Strategy<Value = Matter> {
    // From 2008-05-01 to past the last announced year.
    let start = (0_u64..6_850).prop_map(|offset| {
        let first = NaiveDate::from_ymd_opt(2008, 5, 1).unwrap();
        day(first, offset)
    });
    start.prop_flat_map(|start| {
        let answer = prop::option::of((0_u64..120).prop_map(move |offset| AnswerService {
            via: ServiceRoute::Post,
            posted: Some(day(start, offset).into()),
            signed: None,
            sent: None,
        }));
        let events = prop::collection::vec(event(start), 0..7);
        (receipt(start), events, answer).prop_map(|(receipt, events, answer)| Matter {
            receipt,
            events,
            answer,
        })
    })
}

fn told(assessment: Assessment) -> Told {
    let mut told = Told {
        version: assessment.rule_set.number(),
        receipt_date: assessment.receipt_date,
        supplement_notice_due: assessment.supplement_notice_due,
        restarted: assessment.clock_restarted_from,
        opinion_due: assessment.opinion_due,
        fee_due: assessment.fee_due,
        flags: assessment.flags,
        provisional: assessment.provisional,
        ..Told::default()
    };
    match assessment.standing {
        Standing::Running { due, counted, excluded } => {
            told.due = Some(due);
            told.counted = counted;
            told.excluded = excluded;
        }
        Standing::Abandoned { status, from } => told.abandoned = Some((status, from)),
        Standing::Paused { .. } => unreachable!("a complete matter does not wait"),
    }
    told
}

fn anything() -> impl Strategy<Value = Option<Moment>> {
    let date = prop_oneof![
        Just(NaiveDate::MIN),
        Just(NaiveDate::MAX),
        (-96_000_000_i32..96_000_000)
            .prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap_or(NaiveDate::MAX)),
        (732_000_i32..740_500)
            .prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap_or(NaiveDate::MAX)),
    ];
    let instant = prop_oneof![Just(DateTime::<Utc>::MIN_UTC), Just(DateTime::<Utc>::MAX_UTC)];
    prop::option::of(prop_oneof![
        6 => date.prop_map(Moment::Date),
        1 => instant.prop_map(Moment::Instant),
    ])
}

fn wild_receipt() -> impl Strategy<Value = Receipt> {
    let facts = prop::array::uniform5(anything());
    (prop::sample::select(ReceiptRule::ALL.to_vec()), facts).prop_map(|(channel, facts)| {
        let [submitted_at, signed_at, arrived_at, received_at, confirmed_at] = facts;
        Receipt { channel, submitted_at, signed_at, arrived_at, received_at, confirmed_at }
    })
}

fn wild_event() -> impl Strategy<Value = ClockEvent> {
    let far = Moment::Date(NaiveDate::MAX);
    (0_u8..4, any::<u32>(), prop::array::uniform3(anything()), wild_receipt()).prop_map(
        move |(kind, days, [first, second, third], receipt)| match kind {
            0 => ClockEvent::SupplementNotice {
                date: first.unwrap_or(far),
                deadline: second,
                supplemented: third.map(|_| receipt),
            },
            1 => ClockEvent::Consultation {
                who: Consulted::ThirdParty,
                sent: first.unwrap_or(far),
                letter_received: second,
                opinion_received: third,
            },
            2 => ClockEvent::Extension {
                days: days % 40,
                decided: first.unwrap_or(far),
                notified: second.unwrap_or(far),
            },
            _ => {
                ClockEvent::FeeNotice { date: first.unwrap_or(far), received: second, paid: third }
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// R1-R20: the engine and the day-by-day simulation agree in every field.
    #[test]
    fn engine_agrees_with_the_oracle(matter in matter()) {
        let assessment = assess(&matter, Law::builtin(), None).unwrap();
        prop_assert_eq!(told(assessment), Oracle::load().tell(&matter));
    }

    /// The brief form differs only by the empty lists; a ledger whose periods have all ended
    /// reads like a complete matter.
    #[test]
    fn brief_and_late_views_agree(matter in matter()) {
        let law = Law::builtin();
        let full = assess(&matter, law, None).unwrap();
        let mut brief = assess_brief(&matter, law, None).unwrap();
        if let Standing::Running { counted, excluded, .. } = &full.standing {
            let lists = (counted.clone(), excluded.clone());
            if let Standing::Running { counted, excluded, .. } = &mut brief.standing {
                prop_assert!(counted.is_empty() && excluded.is_empty());
                (*counted, *excluded) = lists;
            }
        }
        prop_assert_eq!(&brief, &full);
        let end = NaiveDate::from_ymd_opt(2040, 1, 1);
        prop_assert_eq!(assess(&matter, law, end).unwrap(), full);
    }

    /// The explanation tells the same days as the assessment, numbered 1, 2, 3, …
    #[test]
    fn explanation_agrees_with_the_assessment(matter in matter(), offset in 0_u64..120) {
        let law = Law::builtin();
        let as_of = matter.receipt.confirmed_at.map(|at| day(at.legal_day(), offset));
        let assessment = assess(&matter, law, as_of).unwrap();
        let explanation = explain(&matter, law, as_of).unwrap();
        let pick = |kind| -> Vec<NaiveDate> {
            let lines = explanation.days.iter().filter(|line| line.kind == kind);
            lines.map(|line| line.date).collect()
        };
        let numbers: Vec<u32> = explanation.days.iter().filter_map(|line| line.number).collect();
        let upto = u32::try_from(numbers.len()).unwrap();
        prop_assert_eq!(numbers, (1..=upto).collect::<Vec<_>>());
        let summary = explanation.summary;
        prop_assert_eq!(summary.elapsed + summary.remaining, summary.goal);
        if let Standing::Running { due, counted, excluded } = assessment.standing {
            prop_assert_eq!(pick(LineKind::Counted), counted.clone());
            let base = summary.started_on;
            let after: Vec<_> = pick(LineKind::Excluded).into_iter().filter(|d| *d > base).collect();
            prop_assert_eq!(after, excluded);
            prop_assert_eq!(summary.due_date, Some(due));
            prop_assert_eq!(usize::try_from(summary.goal).unwrap(), counted.len());
        } else {
            prop_assert_eq!(summary.due_date, None);
        }
    }

    /// R11: the order in which events of different days are listed does not matter.
    #[test]
    fn listing_order_is_free(matter in matter()) {
        let mut seen: Vec<NaiveDate> = matter.events.iter().map(ClockEvent::date).collect();
        seen.sort_unstable();
        seen.dedup();
        prop_assume!(seen.len() == matter.events.len());
        let mut reversed = matter.clone();
        reversed.events.reverse();
        let law = Law::builtin();
        prop_assert_eq!(assess(&matter, law, None), assess(&reversed, law, None));
    }

    /// Garbage in: a result or a named error, never a panic.
    #[test]
    fn no_input_panics(
        receipt in wild_receipt(),
        events in prop::collection::vec(wild_event(), 0..6),
        as_of in anything(),
        sane in any::<bool>(),
    ) {
        let mut matter = Matter { receipt, events, answer: None };
        if sane {
            let start = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap();
            matter.receipt = Receipt { submitted_at: Some(start.into()), ..Receipt::new(ReceiptRule::InPerson) };
        }
        let as_of = as_of.map(Moment::legal_day);
        let law = Law::builtin();
        if let Err(error) = assess(&matter, law, as_of) {
            prop_assert!(!error.code().is_empty() && !error.message_zh().is_empty());
        }
        let _ = explain(&matter, law, as_of);
    }

    /// The bit sets and the raw data agree on every day, counts and walks included.
    #[test]
    fn calendar_agrees_with_the_oracle(offset in 0_u64..7_500, count in 1_u32..60) {
        let (calendar, oracle) = (Calendar::builtin(), Oracle::load());
        let date = day(NaiveDate::from_ymd_opt(2008, 1, 1).unwrap(), offset);
        prop_assert_eq!(calendar.is_working_day(date).unwrap(), oracle.works(date));
        prop_assert_eq!(calendar.day(date).unwrap().working, oracle.works(date));
        let (nth, provisional) = calendar.nth_working_day_after(date, count).unwrap();
        prop_assert_eq!(nth, oracle.after(date, count));
        prop_assert_eq!(provisional, calendar.is_provisional(nth));
        prop_assert_eq!(calendar.working_days_in(date, nth).unwrap(), count);
    }
}
