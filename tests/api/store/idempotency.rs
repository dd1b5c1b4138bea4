//! A repeated command is recognised by its key and not carried out again.

use chrono::TimeDelta;
use gongkai::domain::rejection::Reason;
use gongkai::service::cases;
use gongkai::store::command::{Outcome, Replayed};

use crate::support::world::{Who, World, case_of, reason};
use crate::support::{all_at_once, inputs, on_both};

const BODY: [u8; 32] = [7; 32];
const OTHER_BODY: [u8; 32] = [8; 32];

/// A receipt under a key.
macro_rules! receive {
    ($world:expr, $who:expr, $key:expr, $body:expr) => {
        cases::receive(&$world.app, $world.keyed_origin($who, $key, $body), inputs::application())
    };
}

fn same(first: &Outcome, again: &Outcome) -> bool {
    let id = |outcome: &Outcome| case_of(Ok(outcome.clone()));
    id(first) == id(again) && first.query_code == again.query_code && first.at == again.at
}

on_both!(the_same_key_and_body_give_the_same_outcome);
async fn the_same_key_and_body_give_the_same_outcome(world: World) {
    let first = receive!(world, Who::Clerk, "k1", BODY).await.unwrap();
    assert_eq!(first.replayed, Replayed::No);
    world.clock.set(world.now() + TimeDelta::hours(1));
    let again = receive!(world, Who::Clerk, "k1", BODY).await.unwrap();
    assert_eq!(again.replayed, Replayed::Yes);
    assert!(same(&first, &again) && first.query_code.is_some());
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 1);

    // What has become of the case since does not change what is repeated.
    let case = case_of(Ok(first.clone()));
    world.act(Who::Clerk, &case, inputs::register()).await;
    assert!(same(&first, &receive!(world, Who::Clerk, "k1", BODY).await.unwrap()));
}

on_both!(a_key_belongs_to_one_body_and_to_one_caller);
async fn a_key_belongs_to_one_body_and_to_one_caller(world: World) {
    let first = receive!(world, Who::Clerk, "k1", BODY).await.unwrap();
    let reused = receive!(world, Who::Clerk, "k1", OTHER_BODY).await;
    assert_eq!(reason(&reused), Some(Reason::IdempotencyKeyReused));
    let other = receive!(world, Who::SecondClerk, "k1", BODY).await.unwrap();
    assert_eq!(other.replayed, Replayed::No);
    assert!(!same(&first, &other));
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 2);
}

on_both!(a_hundred_at_once_create_one_case);
async fn a_hundred_at_once_create_one_case(world: World) {
    let commands = (0..100).map(|_| receive!(world, Who::Clerk, "k1", BODY)).collect();
    let held = world.db.hold_writers();
    let answers = all_at_once(commands, || held.release()).await;
    let outcomes: Vec<Outcome> = answers.into_iter().map(Result::unwrap).collect();
    assert!(outcomes.iter().all(|outcome| same(&outcomes[0], outcome)));
    assert_eq!(outcomes.iter().filter(|o| o.replayed == Replayed::No).count(), 1);
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 1);
    assert_eq!(world.db.number("SELECT count(*) FROM outbox"), 1);
}

on_both!(a_hundred_through_two_processes_create_one_case);
async fn a_hundred_through_two_processes_create_one_case(world: World) {
    let other = world.second_app();
    let commands = (0..100).map(|number| {
        let app = if number % 2 == 0 { &world.app } else { &other };
        cases::receive(app, world.keyed_origin(Who::Clerk, "k1", BODY), inputs::application())
    });
    let answers = all_at_once(commands.collect(), || ()).await;
    let outcomes: Vec<Outcome> = answers.into_iter().map(Result::unwrap).collect();
    assert!(outcomes.iter().all(|outcome| same(&outcomes[0], outcome)));
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 1);
}

on_both!(a_refused_command_does_not_use_its_key_up);
async fn a_refused_command_does_not_use_its_key_up(world: World) {
    let refused = receive!(world, Who::Supervisor, "k1", BODY).await;
    assert_eq!(reason(&refused), Some(Reason::RoleNotPermitted));
    assert_eq!(world.db.number("SELECT count(*) FROM idempotency_keys"), 0);

    let case = world.receive(Who::Clerk, inputs::application()).await;
    let mut stale = case.clone();
    stale.version = stale.version.next();
    let origin = || world.keyed_origin(Who::Clerk, "k2", BODY);
    let refused =
        cases::act(&world.app, origin(), case.id, stale.version, inputs::register()).await;
    assert_eq!(reason(&refused), Some(Reason::StaleVersion));
    let done = cases::act(&world.app, origin(), case.id, case.version, inputs::register()).await;
    assert_eq!(done.unwrap().replayed, Replayed::No);
}

on_both!(an_outcome_is_kept_for_two_days);
async fn an_outcome_is_kept_for_two_days(world: World) {
    let begun = world.now();
    let first = receive!(world, Who::Clerk, "k1", BODY).await.unwrap();
    world.clock.set(begun + TimeDelta::hours(48));
    let again = receive!(world, Who::Clerk, "k1", BODY).await.unwrap();
    assert!(same(&first, &again));

    // After that the key is free, for another body too, and is remembered anew.
    world.clock.set(begun + TimeDelta::hours(48) + TimeDelta::microseconds(1));
    let later = receive!(world, Who::Clerk, "k1", OTHER_BODY).await.unwrap();
    assert_eq!(later.replayed, Replayed::No);
    assert!(!same(&first, &later));
    let again = receive!(world, Who::Clerk, "k1", OTHER_BODY).await.unwrap();
    assert!(same(&later, &again));
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 2);
    assert_eq!(world.db.number("SELECT count(*) FROM idempotency_keys"), 1);
}

on_both!(who_has_left_the_scope_gets_nothing_repeated);
async fn who_has_left_the_scope_gets_nothing_repeated(world: World) {
    use gongkai::store::command::{Command, UserChange, UserPatch};
    let first = receive!(world, Who::OfficerA, "k1", BODY).await.unwrap();
    assert!(first.query_code.is_some());
    let unit = Some(world.unit(crate::support::world::Place::CenterB));
    let change = UserChange::Edit(UserPatch { unit, ..UserPatch::default() });
    let user = world.user(Who::OfficerA);
    world.operate(Command::ChangeUser { user, expected: None, change }).await.unwrap();
    let again = receive!(world, Who::OfficerA, "k1", BODY).await;
    assert_eq!(reason(&again), Some(Reason::NotFound));
}
