//! Each filter of a list against the same question put to every row in Rust.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::channel::Channel;
use gongkai::domain::ids::UnitId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::measure::{Cohort, Counts, Part};
use gongkai::store::CaseRow;
use gongkai::store::cases::{self, CaseFilter, Sort, Unanswered, Unassigned};
use gongkai::store::types::{At, Key};

use super::histories::{History, some_day};
use super::rows;
use crate::support::chance::Chance;
use crate::support::databases::TestDatabase;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

const NAMES: [&str; 12] = [
    "王小明",
    "王小",
    "王",
    "王小明明",
    "李四",
    "欧阳修",
    "买买提·艾力",
    "長春𠮷田",
    "Wang",
    "wang",
    "王%",
    "长春市_公司",
];
const SUBJECTS: [&str; 11] = [
    "收费标准",
    "100%公开",
    "100公开",
    "a_b",
    "axb",
    r"路径\文件",
    "路径文件",
    "Traffic ABC",
    "traffic abc",
    "行政处罚(2024)",
    "'; DROP TABLE cases; --",
];

/// Some hundred rows of every kind, with the lives that they show.
pub async fn stored(world: &World) -> Vec<(History, CaseRow)> {
    let template = rows::template(world).await;
    let units: Vec<UnitId> = [Place::QueryRoom, Place::CenterA, Place::WindowA, Place::CenterB]
        .map(|p| world.unit(p))
        .to_vec();
    let chance = &mut Chance::seeded(8);
    let made: Vec<(History, CaseRow)> = (0..400)
        .map(|number| {
            let history = History::random(chance, &units);
            let mut row = history.row(&rows::another(&template, world, number));
            (*chance.one_of(&NAMES)).clone_into(&mut row.applicant_name);
            (*chance.one_of(&SUBJECTS)).clone_into(&mut row.subject);
            row.received_at = At(world.now() + TimeDelta::hours(chance.below(1000)));
            row.officer_id = chance
                .percent(30)
                .then(|| Key(world.user(*chance.one_of(&[Who::OfficerA, Who::OfficerB])).0));
            row.phone_index =
                chance.percent(80).then(|| vec![u8::try_from(chance.below(9)).unwrap(); 32]);
            (history, row)
        })
        .collect();
    world.db.execute("DELETE FROM case_clocks; DELETE FROM cases");
    rows::insert(&world.db, &made.iter().map(|(_, row)| row.clone()).collect::<Vec<_>>());
    made
}

pub type Question = Box<dyn Fn(&History, &CaseRow) -> bool>;

pub fn assert_found(
    db: &TestDatabase,
    stored: &[(History, CaseRow)],
    what: &str,
    filter: &CaseFilter,
    question: &Question,
) {
    let conn = &mut db.connect();
    let lines = rows::listed(conn, &CaseScope::All, filter, rows::first(Sort::OLDEST, 10_000)).rows;
    let found: BTreeSet<_> = lines.iter().map(|line| line.receipt_number.clone()).collect();
    let wanted: BTreeSet<_> = stored
        .iter()
        .filter(|(history, row)| question(history, row))
        .map(|(_, row)| row.receipt_number.clone())
        .collect();
    assert_eq!(found, wanted, "{what}");
    assert_eq!(
        cases::count(conn, &CaseScope::All, filter).unwrap(),
        i64::try_from(wanted.len()).unwrap(),
        "{what}"
    );
}

fn owes_reply(history: &History) -> bool {
    history.clock.is_some() && history.finish().is_none()
}

fn by_kind(world: &World) -> Vec<(&'static str, CaseFilter, Question)> {
    let none = CaseFilter::default;
    let (a, b, officer) =
        (world.unit(Place::CenterA), world.unit(Place::CenterB), world.user(Who::OfficerA));
    vec![
        ("no filter", none(), Box::new(|_, _| true)),
        (
            "status",
            CaseFilter { statuses: vec![Status::Answered, Status::Received], ..none() },
            Box::new(|h, _| matches!(h.status(), Status::Answered | Status::Received)),
        ),
        (
            "units",
            CaseFilter { units: Some(vec![a, b]), ..none() },
            Box::new(move |h, _| [a, b].contains(&h.responsible())),
        ),
        (
            "no unit at all",
            CaseFilter { units: Some(Vec::new()), ..none() },
            Box::new(|_, _| false),
        ),
        (
            "channel",
            CaseFilter { channels: vec![Channel::Email, Channel::Fax], ..none() },
            Box::new(|h, _| matches!(h.channel, Channel::Email | Channel::Fax)),
        ),
        (
            "applicant type",
            CaseFilter { applicant_types: vec![ApplicantType::NaturalPerson], ..none() },
            Box::new(|h, _| h.kind == ApplicantType::NaturalPerson),
        ),
        (
            "officer",
            CaseFilter { officer: Some(officer), ..none() },
            Box::new(move |_, r| r.officer_id == Some(Key(officer.0))),
        ),
        (
            "unassigned",
            CaseFilter { unassigned: Some(Unassigned), ..none() },
            Box::new(|h, _| {
                h.holder.is_none()
                    && matches!(h.status(), Status::Registered | Status::Supplemented)
            }),
        ),
        (
            "unanswered",
            CaseFilter { unanswered: Some(Unanswered), ..none() },
            Box::new(|h, _| owes_reply(h)),
        ),
        (
            "two filters narrow each other",
            CaseFilter {
                statuses: vec![Status::Answered],
                channels: vec![Channel::Email],
                ..none()
            },
            Box::new(|h, _| h.status() == Status::Answered && h.channel == Channel::Email),
        ),
    ]
}

fn by_time(first: NaiveDate, at: DateTime<Utc>) -> Vec<(&'static str, CaseFilter, Question)> {
    let none = CaseFilter::default;
    let last = first + Days::new(60);
    let (from, before) = (at, at + TimeDelta::hours(100));
    vec![
        (
            "due",
            CaseFilter { due_from: Some(first), due_to: Some(last), ..none() },
            Box::new(move |h, r| {
                r.closed_on.is_none()
                    && h.due_now().is_some_and(|due| (first..=last).contains(&due))
            }),
        ),
        (
            "received",
            CaseFilter { received_from: Some(from), received_before: Some(before), ..none() },
            Box::new(move |_, r| r.received_at.0 >= from && r.received_at.0 < before),
        ),
        (
            "date of receipt",
            CaseFilter { receipt_from: Some(first), receipt_to: Some(last), ..none() },
            Box::new(move |h, _| h.clock.is_some_and(|(day, _)| (first..=last).contains(&day))),
        ),
        (
            "overdue",
            CaseFilter { overdue_on: Some(last), ..none() },
            Box::new(move |h, _| owes_reply(h) && h.due_now().is_some_and(|due| due < last)),
        ),
    ]
}

on_both!(each_filter_finds_what_it_says);
async fn each_filter_finds_what_it_says(world: World) {
    let stored = stored(&world).await;
    for (what, filter, question) in by_kind(&world) {
        assert_found(&world.db, &stored, what, &filter, &question);
    }
    let chance = &mut Chance::seeded(9);
    for _ in 0..5 {
        let at = stored[usize::try_from(chance.below(400)).unwrap()].1.received_at.0;
        for (what, filter, question) in by_time(some_day(chance), at) {
            assert_found(&world.db, &stored, what, &filter, &question);
        }
    }
}

on_both!(the_cases_behind_a_figure_are_those_that_it_counts);
/// The links beside a figure lead to exactly the cases that it counts.
async fn the_cases_behind_a_figure_are_those_that_it_counts(world: World) {
    let stored = stored(&world).await;
    let part_of = |part: Part, counts: Counts| match part {
        Part::Answered => counts.answered,
        Part::OnTime => counts.on_time,
        Part::OpenInTime => counts.open_in_time,
        Part::OpenOverdue => counts.open_overdue,
        Part::ClosedWithoutReply => counts.closed_without_reply,
        Part::Received => counts.received,
        Part::CarriedIn => counts.carried_in,
        Part::Extended => counts.extended,
    };
    let chance = &mut Chance::seeded(10);
    for _ in 0..10 {
        let mut days = [some_day(chance), some_day(chance), some_day(chance)];
        days.sort();
        let cohort = Cohort { from: days[0], to: days[1], as_of: days[2] };
        for parts in Part::ALL
            .iter()
            .map(|part| vec![*part])
            .chain([vec![Part::Answered, Part::OpenOverdue]])
        {
            let filter =
                CaseFilter { counted: Some((cohort, parts.clone())), ..CaseFilter::default() };
            let what = format!("{parts:?} of {cohort:?}");
            let question: Question = Box::new(move |h, _| {
                parts.iter().any(|part| part_of(*part, h.counted(&cohort)) == 1)
            });
            assert_found(&world.db, &stored, &what, &filter, &question);
        }
    }
}
