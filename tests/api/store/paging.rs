//! Walking a list page by page gives every case once, whatever is added meanwhile.

use std::collections::BTreeSet;

use chrono::{Days, TimeDelta};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::ids::CaseId;
use gongkai::store::CaseRow;
use gongkai::store::cases::{self, CaseFilter, CaseLine, Sort};
use gongkai::store::types::At;

use super::rows;
use crate::support::chance::Chance;
use crate::support::world::{Who, World};
use crate::support::{inputs, on_both};

const PAGE: i64 = 37;

/// A thousand cases, many of which were recorded in the same instant or are due on the same day.
async fn thousand(world: &World) -> Vec<CaseRow> {
    let template = rows::template(world).await;
    let chance = &mut Chance::seeded(26);
    let begun = world.now();
    let made: Vec<CaseRow> = (0..1000)
        .map(|number| {
            let row = rows::another(&template, world, number);
            let due =
                template.due_date.unwrap() + Days::new(u64::try_from(chance.below(40)).unwrap());
            CaseRow {
                received_at: At(begun + TimeDelta::milliseconds(chance.below(100))),
                due_date: chance.percent(90).then_some(due),
                ..row
            }
        })
        .collect();
    rows::insert(&world.db, &made);
    world.db.execute(&format!("DELETE FROM cases WHERE id = {}", world.db.literal(template.id.0)));
    made
}

/// Walks a whole list; after each page three more cases come in.
async fn walk(world: &World, sort: Sort) -> Vec<CaseLine> {
    let mut seen: Vec<CaseLine> = Vec::new();
    let mut number = 0;
    loop {
        let place = seen.last().and_then(|line| line.place(sort));
        let filter = CaseFilter::default();
        let page =
            cases::list(&mut world.db.connect(), &CaseScope::All, &filter, sort, place, PAGE)
                .unwrap();
        let full = page.len() == usize::try_from(PAGE).unwrap();
        seen.extend(page);
        if !full {
            return seen;
        }
        for _ in 0..3 {
            // Before, among and behind those that were there.
            number += 1;
            world.clock.set(
                inputs::instant("2025-03-10T02:00:00Z") + TimeDelta::milliseconds(number * 7 - 30),
            );
            let case = world.receive(Who::Clerk, inputs::application()).await;
            if number % 2 == 0 {
                world.act(Who::Clerk, &case, inputs::register()).await;
            }
        }
    }
}

fn assert_each_once(walked: &[CaseLine], expected: &BTreeSet<CaseId>, sort: Sort) {
    let ids: Vec<CaseId> = walked.iter().map(|line| CaseId(line.id.0)).collect();
    let distinct: BTreeSet<CaseId> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "{sort:?}: a case came twice");
    assert!(expected.is_subset(&distinct), "{sort:?}: a case was passed over");
    let places: Vec<_> =
        walked.iter().map(|line| (line.received_at.0, line.due_date, line.id)).collect();
    let ordered = places.windows(2).all(|pair| match sort {
        Sort::ReceivedAsc => (pair[0].0, pair[0].2) < (pair[1].0, pair[1].2),
        Sort::ReceivedDesc => (pair[0].0, pair[0].2) > (pair[1].0, pair[1].2),
        Sort::DueAsc => (pair[0].1, pair[0].2) < (pair[1].1, pair[1].2),
        Sort::DueDesc => (pair[0].1, pair[0].2) > (pair[1].1, pair[1].2),
    });
    assert!(ordered, "{sort:?}: out of order");
}

on_both!(a_walk_meets_every_case_once_in_every_order);
async fn a_walk_meets_every_case_once_in_every_order(world: World) {
    let made = thousand(&world).await;
    let all: BTreeSet<CaseId> = made.iter().map(rows::id).collect();
    let due: BTreeSet<CaseId> =
        made.iter().filter(|row| row.due_date.is_some()).map(rows::id).collect();
    for sort in [Sort::ReceivedAsc, Sort::ReceivedDesc, Sort::DueAsc, Sort::DueDesc] {
        let by_due = matches!(sort, Sort::DueAsc | Sort::DueDesc);
        let walked = walk(&world, sort).await;
        assert_each_once(&walked, if by_due { &due } else { &all }, sort);
        assert!(!by_due || walked.iter().all(|line| line.due_date.is_some()));
    }
}

on_both!(a_place_of_another_order_finds_nothing);
async fn a_place_of_another_order_finds_nothing(world: World) {
    world.registered().await;
    let conn = &mut world.db.connect();
    let list = |conn: &mut _, sort, place| {
        cases::list(conn, &CaseScope::All, &CaseFilter::default(), sort, place, 10).unwrap()
    };
    let line = &list(conn, Sort::ReceivedAsc, None)[0];
    assert!(list(conn, Sort::DueAsc, line.place(Sort::ReceivedAsc)).is_empty());
    assert!(list(conn, Sort::ReceivedDesc, line.place(Sort::DueDesc)).is_empty());
}
