//! The figures equal a recount without SQL, over random cases and random periods.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::ids::UnitId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::measure::{Cohort, Counts, GroupBy};
use gongkai::store::Conn;
use gongkai::store::statistics::{OpenWork, counts, open_work};

use super::histories::{History, some_day};
use super::rows;
use crate::support::chance::Chance;
use crate::support::on_both;
use crate::support::world::{Place, World};

/// Data sets for each database, and cases in each.
const DATA_SETS: u64 = 200;
const CASES: usize = 24;

fn random_cohort(chance: &mut Chance) -> Cohort {
    let mut days = [some_day(chance), some_day(chance), some_day(chance)];
    days.sort();
    let [from, mut to, mut as_of] = days;
    // A period may still be running when its figures are taken.
    if chance.percent(30) {
        std::mem::swap(&mut to, &mut as_of);
    }
    Cohort { from, to, as_of }
}

fn group_of(history: &History, group_by: GroupBy) -> String {
    match group_by {
        GroupBy::Unit => history.responsible().0.to_string(),
        GroupBy::Channel => history.channel.as_str().to_owned(),
        GroupBy::ApplicantType => history.kind.as_str().to_owned(),
        GroupBy::Month => {
            let day = history.clock.unwrap().0;
            format!("{}-{:02}", day.year(), day.month())
        }
    }
}

fn in_scope<'h>(scope: &CaseScope, histories: &'h [History]) -> Vec<&'h History> {
    histories.iter().filter(|history| scope.contains(history.receiver, history.holder)).collect()
}

fn recount(histories: &[&History], cohort: &Cohort, group_by: GroupBy) -> BTreeMap<String, Counts> {
    let mut groups: BTreeMap<String, Counts> = BTreeMap::new();
    for history in histories {
        let one = history.counted(cohort);
        if one != Counts::default() {
            *groups.entry(group_of(history, group_by)).or_default() += one;
        }
    }
    groups
}

fn assert_figures(
    conn: &mut Conn,
    scope: &CaseScope,
    histories: &[History],
    cohort: &Cohort,
    seed: u64,
) {
    let expected = in_scope(scope, histories);
    let mut totals = Vec::new();
    for group_by in GroupBy::ALL {
        let found = counts(conn, scope, cohort, *group_by).unwrap();
        assert_eq!(
            found,
            recount(&expected, cohort, *group_by),
            "seed {seed}, {group_by}, {cohort:?}"
        );
        let mut total = Counts::default();
        for counts in found.values() {
            total += *counts;
        }
        totals.push(total);
    }
    assert!(totals.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}: {totals:?}");
    let total = totals[0];
    assert_eq!(
        total.answered + total.open_in_time + total.open_overdue + total.closed_without_reply,
        total.received + total.carried_in,
        "seed {seed}: the parts do not cover the cohort"
    );
}

fn assert_open_work(
    conn: &mut Conn,
    scope: &CaseScope,
    histories: &[History],
    chance: &mut Chance,
    seed: u64,
) {
    let today = some_day(chance);
    let horizon = today + Days::new(5);
    let mut expected: BTreeMap<uuid::Uuid, OpenWork> = BTreeMap::new();
    for history in in_scope(scope, histories) {
        let due = history.due_now();
        let registered = history.clock.is_some() && history.finish().is_none();
        let status = history.status();
        let one = OpenWork {
            unregistered: i64::from(status == Status::Received),
            open: i64::from(registered),
            paused: i64::from(status == Status::AwaitingSupplement),
            due_soon: i64::from(
                registered && due.is_some_and(|due| due >= today && due <= horizon),
            ),
            overdue: i64::from(registered && due.is_some_and(|due| due < today)),
        };
        if one != OpenWork::default() {
            let sum = expected.entry(history.responsible().0).or_default();
            sum.unregistered += one.unregistered;
            sum.open += one.open;
            sum.paused += one.paused;
            sum.due_soon += one.due_soon;
            sum.overdue += one.overdue;
        }
    }
    assert_eq!(open_work(conn, scope, today, horizon).unwrap(), expected, "seed {seed}, {today}");
}

on_both!(the_figures_equal_a_recount);
async fn the_figures_equal_a_recount(world: World) {
    let template = rows::template(&world).await;
    let units: Vec<UnitId> = [Place::QueryRoom, Place::CenterA, Place::WindowA, Place::CenterB]
        .map(|p| world.unit(p))
        .to_vec();
    let mut conn = world.db.connect();
    for seed in 0..DATA_SETS {
        let chance = &mut Chance::seeded(seed);
        let histories: Vec<History> = (0..CASES).map(|_| History::random(chance, &units)).collect();
        let stored: Vec<_> = histories
            .iter()
            .enumerate()
            .map(|(number, history)| history.row(&rows::another(&template, &world, number)))
            .collect();
        world.db.execute("DELETE FROM case_clocks; DELETE FROM cases");
        rows::insert(&world.db, &stored);
        let scope = match seed % 4 {
            0 => CaseScope::Units(units[1..3].to_vec()),
            1 => CaseScope::Units(units[3..].to_vec()),
            _ => CaseScope::All,
        };
        let cohort = random_cohort(chance);
        assert_figures(&mut conn, &scope, &histories, &cohort, seed);
        assert_open_work(&mut conn, &scope, &histories, chance, seed);
    }
    let cohort = random_cohort(&mut Chance::seeded(1));
    assert!(counts(&mut conn, &CaseScope::Nothing, &cohort, GroupBy::Unit).unwrap().is_empty());
    assert!(open_work(&mut conn, &CaseScope::Nothing, cohort.from, cohort.to).unwrap().is_empty());
}
