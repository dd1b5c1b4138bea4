//! Many act on one case in the same instant: one wins, the others are told, one event remains.

use gongkai::domain::actor::CaseScope;
use gongkai::domain::case::Case;
use gongkai::domain::lifecycle::Step;
use gongkai::domain::rejection::Reason;
use gongkai::service::cases::Origin;
use gongkai::service::people;
use gongkai::service::{App, cases};
use gongkai::store::command::{Denied, Outcome};
use gongkai::store::command::{Standing, UserChange};
use std::sync::Arc;

use crate::support::world::{Place, Who, World, reason};
use crate::support::{all_at_once, inputs, on_both};

/// Fifty callers who all saw the same version, through the given processes in turn.
async fn race(
    world: &World,
    apps: &[Arc<App>],
    seen: &Case,
    step: &Step,
) -> Vec<Result<Outcome, Denied>> {
    let racers = (0..50).map(|number| {
        let app = &apps[number % apps.len()];
        let who = if number % 2 == 0 { Who::Clerk } else { Who::SecondClerk };
        cases::act(app, world.origin(who), seen.id, seen.version, step.clone())
    });
    let held = world.db.hold_writers();
    all_at_once(racers.collect(), || held.release()).await
}

fn assert_one_winner(world: &World, seen: &Case, answers: &[Result<Outcome, Denied>]) {
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    let stale = answers.iter().filter(|a| reason(a) == Some(Reason::StaleVersion)).count();
    assert_eq!((won, stale), (1, 49), "{:?}", answers.iter().map(reason).collect::<Vec<_>>());
    let id = world.db.literal(seen.id.0);
    let version = seen.version.0 + 1;
    assert_eq!(world.db.number(&format!("SELECT version FROM cases WHERE id = {id}")), version);
    let events =
        format!("SELECT count(*) FROM events WHERE subject_id = {id} AND version >= {version}");
    assert_eq!(world.db.number(&events), 1);
    crate::store::ledger::assert_chain(world);
}

on_both!(fifty_race_to_register_one_case);
async fn fifty_race_to_register_one_case(world: World) {
    let seen = world.receive(Who::Clerk, inputs::application()).await;
    let answers = race(&world, std::slice::from_ref(&world.app), &seen, &inputs::register()).await;
    assert_one_winner(&world, &seen, &answers);
    assert_eq!(world.db.number("SELECT last FROM number_series WHERE series = 'case'"), 1);
}

on_both!(fifty_race_through_two_processes);
/// Two writers over one database, as two processes have.
async fn fifty_race_through_two_processes(world: World) {
    let apps = [world.app.clone(), world.second_app()];
    for _ in 0..5 {
        let seen = world.registered().await;
        let step = inputs::assign(world.unit(Place::CenterA));
        let answers = race(&world, &apps, &seen, &step).await;
        assert_one_winner(&world, &seen, &answers);
    }
}

on_both!(two_processes_share_one_series_and_one_ledger);
async fn two_processes_share_one_series_and_one_ledger(world: World) {
    let apps = [world.app.clone(), world.second_app()];
    let receipts = (0..120).map(|number| {
        cases::receive(&apps[number % 2], world.origin(Who::Clerk), inputs::application())
    });
    let answers = all_at_once(receipts.collect(), || ()).await;
    let mut numbers: Vec<_> = answers
        .into_iter()
        .map(|answer| crate::support::world::case_of(answer).record.intake.receipt_number)
        .collect();
    numbers.sort();
    assert_eq!(numbers, (1..=120).map(|n| format!("SJ2025-{n:06}")).collect::<Vec<_>>());
    crate::store::ledger::assert_chain(&world);
}

on_both!(a_user_disabled_elsewhere_is_refused_by_the_writer);
/// A user disabled through one process can do nothing through another, at once.
async fn a_user_disabled_elsewhere_is_refused_by_the_writer(world: World) {
    let other = world.second_app();
    let case = world.assigned(Place::CenterA).await;
    let user = world.user(Who::OfficerA);
    let change = UserChange::to(Standing::Disabled);
    people::change_user(&other, Origin::operator(), user, None, change).await.unwrap();
    let answer = world.try_act(Who::OfficerA, &case, Step::Accept).await;
    assert_eq!(reason(&answer), Some(Reason::ActorDisabled));
}

on_both!(what_another_process_changed_is_read_anew);
/// A case that was read before is known with its version; the database tells when it has another one.
async fn what_another_process_changed_is_read_anew(world: World) {
    let (here, there) = (world.app.clone(), world.second_app());
    let all = CaseScope::All;
    let mut seen = world.registered().await;
    for turn in 0..4 {
        for app in [&here, &there, &here] {
            let known = app.store.case(&all, seen.id).await.unwrap().unwrap();
            assert_eq!((known.version, known.status()), (seen.version, seen.status()));
        }
        let changer = if turn % 2 == 0 { &there } else { &here };
        let step = inputs::assign(world.unit([Place::CenterA, Place::CenterB][turn % 2]));
        cases::act(changer, world.origin(Who::Clerk), seen.id, seen.version, step).await.unwrap();
        let now = here.store.case(&all, seen.id).await.unwrap().unwrap();
        assert_eq!(now.version.0, seen.version.0 + 1);
        assert_eq!(*now, *there.store.case(&all, seen.id).await.unwrap().unwrap());
        // Who may see it is decided by what lies in the row now, not by what is known.
        let other = [Place::CenterB, Place::CenterA][turn % 2];
        let other = CaseScope::Units(vec![world.unit(other)]);
        assert!(here.store.case(&other, seen.id).await.unwrap().is_none());
        seen = Arc::unwrap_or_clone(now);
    }
}
