//! One commit for many commands, and each of them for itself.

use std::time::Duration;

use gongkai::domain::rejection::Reason;
use gongkai::service::cases::AfterReceipt;
use gongkai::store::command::{Command, Denied, NewUser};
use gongkai::store::{Error, Patience, WriterLimits};
use prometheus_client::metrics::counter::Counter;

use crate::support::databases::Backend;
use crate::support::world::{Place, Who, World, case_of, reason};
use crate::support::{all_at_once, inputs, on_both};

fn read(count: &Counter) -> u64 {
    count.get()
}

on_both!(many_commands_share_a_commit_and_a_refused_one_leaves_no_trace);
async fn many_commands_share_a_commit_and_a_refused_one_leaves_no_trace(world: World) {
    let counts = world.app.store.writer.counts();
    let (commits, accepted) = (read(&counts.commits), read(&counts.accepted));
    let events = world.db.number("SELECT count(*) FROM events");

    let mut commands = Vec::new();
    for number in 0..201 {
        // A supervisor may not receive; he comes in the middle of the batch.
        let who = if number == 100 { Who::Supervisor } else { Who::Clerk };
        let mut input = inputs::application();
        input.subject = format!("第{number}件");
        commands.push(world.try_receive(who, input));
    }
    let held = world.db.hold_writers();
    let answers = all_at_once(commands, || held.release()).await;

    assert_eq!(reason(&answers[100]), Some(Reason::RoleNotPermitted));
    assert_eq!(read(&counts.accepted) - accepted, 200);
    assert_eq!(read(&counts.refused), 1);
    // The first may have gone alone, because the writer took it before the others came.
    assert!(read(&counts.commits) - commits <= 2, "{} commits", read(&counts.commits) - commits);

    let accepted = answers.into_iter().filter_map(Result::ok);
    let numbers: Vec<String> =
        accepted.map(|outcome| case_of(Ok(outcome)).record.intake.receipt_number).collect();
    let expected: Vec<String> = (1..=200).map(|n| format!("SJ2025-{n:06}")).collect();
    assert_eq!(numbers, expected, "in the order of the queue, without a gap");
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 200);
    assert_eq!(world.db.number("SELECT count(*) FROM cases WHERE subject = '第100件'"), 0);
    assert_eq!(world.db.number("SELECT count(*) FROM events") - events, 200);
    assert_eq!(world.db.number("SELECT count(*) FROM outbox"), 200);
    assert_eq!(world.db.number("SELECT last FROM number_series WHERE series = 'receipt'"), 200);
}

on_both!(commands_on_one_case_in_one_batch_see_each_other);
async fn commands_on_one_case_in_one_batch_see_each_other(world: World) {
    let mut received = Vec::new();
    for _ in 0..40 {
        received.push(world.receive(Who::Clerk, inputs::application()).await);
    }
    let before = read(&world.app.store.writer.counts().commits);
    let assign = || inputs::assign(world.unit(Place::CenterA));
    let mut commands = Vec::new();
    for case in &received {
        let mut next = case.clone();
        next.version = case.version.next();
        commands.push((case.clone(), inputs::register()));
        commands.push((next, assign()));
    }
    let commands =
        commands.iter().map(|(seen, step)| world.try_act(Who::Clerk, seen, step.clone()));
    let held = world.db.hold_writers();
    let answers = all_at_once(commands.collect(), || held.release()).await;

    let cases: Vec<_> = answers.into_iter().map(case_of).collect();
    assert!(cases.chunks(2).all(|pair| pair[0].version.0 == 2 && pair[1].version.0 == 3));
    let commits = read(&world.app.store.writer.counts().commits) - before;
    assert!(commits <= 2, "{commits} commits for 80 commands");
    assert_eq!(
        world.db.number("SELECT count(*) FROM cases WHERE status = 'assigned' AND version = 3"),
        40
    );
}

on_both!(a_command_that_the_database_refuses_is_isolated);
/// The database refuses one command of a batch for a reason that the domain cannot see.
async fn a_command_that_the_database_refuses_is_isolated(world: World) {
    let first = world.registered().await;
    let second = world.receive(Who::Clerk, inputs::application()).await;
    // Somebody moves the series back by hand: the next number is taken.
    world.db.execute("UPDATE number_series SET last = 0 WHERE series = 'case'");
    let events = world.db.number("SELECT count(*) FROM events");

    let mut commands: Vec<std::pin::Pin<Box<dyn Future<Output = _>>>> = Vec::new();
    for number in 0..16 {
        if number == 5 {
            commands.push(Box::pin(world.try_act(Who::Clerk, &second, inputs::register())));
        } else {
            commands.push(Box::pin(world.try_receive(Who::Clerk, inputs::application())));
        }
    }
    let held = world.db.hold_writers();
    let mut answers = all_at_once(commands, || held.release()).await;

    assert_eq!(reason(&answers.remove(5)), Some(Reason::ConstraintViolated));
    let numbers: Vec<_> =
        answers.into_iter().map(|a| case_of(a).record.intake.receipt_number).collect();
    let expected: Vec<_> = (3..18).map(|n| format!("SJ2025-{n:06}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(world.db.number("SELECT count(*) FROM events") - events, 15);
    assert_eq!(world.db.number("SELECT last FROM number_series WHERE series = 'case'"), 0);
    let number = first.record.registration.unwrap().case_number;
    assert_eq!(
        world.db.number(&format!("SELECT count(*) FROM cases WHERE case_number = '{number}'")),
        1
    );
    crate::store::ledger::assert_chain(&world);
}

on_both!(a_name_that_was_taken_behind_the_writer_is_a_conflict);
async fn a_name_that_was_taken_behind_the_writer_is_a_conflict(world: World) {
    let hash = "x".to_owned();
    world.db.execute("UPDATE users SET username = 'taken' WHERE username = 'legal'");
    let user = |username: &str| NewUser {
        id: gongkai::domain::ids::UserId(world.app.fresh_id()),
        username: username.to_owned(),
        display_name: username.to_owned(),
        password_hash: Some(hash.clone()),
        link: None,
        role: gongkai::domain::actor::Role::Admin,
        unit: world.unit(Place::Bureau),
        capabilities: Vec::new(),
    };
    let commands = ["one", "taken", "two"].map(|name| Command::CreateUser(Box::new(user(name))));
    let held = world.db.hold_writers();
    let commands = commands.map(|command| world.operate(command));
    let answers = all_at_once(Vec::from(commands), || held.release()).await;
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert_eq!(reason(&answers[1]), Some(Reason::ConstraintViolated));
    // The directory shows what was committed, and nothing of the other.
    let directory = world.app.store.directory().await.unwrap();
    assert!(directory.user_by_name("one").is_some() && directory.user_by_name("two").is_some());
}

on_both!(a_receipt_that_cannot_be_registered_leaves_no_trace);
async fn a_receipt_that_cannot_be_registered_leaves_no_trace(world: World) {
    let mut input = inputs::application();
    input.channel = gongkai::domain::channel::Channel::Email;
    input.then = AfterReceipt::Register;
    let events = world.db.number("SELECT count(*) FROM events");
    let answer = world.try_receive(Who::Clerk, input).await;
    assert_eq!(reason(&answer), Some(Reason::ConfirmationMissing));
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 0);
    assert_eq!(world.db.number("SELECT count(*) FROM events"), events);
    assert_eq!(world.db.number("SELECT count(*) FROM number_series"), 0);
}

on_both!(a_full_queue_refuses_at_once);
async fn a_full_queue_refuses_at_once(backend: Backend) {
    let world =
        World::with_limits(backend, WriterLimits { queue: 4, batch: 1, ..WriterLimits::default() })
            .await;
    let commands = (0..20).map(|_| world.try_receive(Who::Clerk, inputs::application())).collect();
    let held = world.db.hold_writers();
    let answers = all_at_once(commands, || held.release()).await;
    let full =
        answers.iter().filter(|a| matches!(a, Err(Denied::Failed(Error::QueueFull)))).count();
    let done = answers.iter().filter(|a| a.is_ok()).count();
    // Four wait, and one more may be in the writer's hand.
    assert_eq!(full + done, 20, "{answers:?}");
    assert!((4..=5).contains(&done), "{done} commands fitted");
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), i64::try_from(done).unwrap());
    // The writer is none the worse for it.
    world.receive(Who::Clerk, inputs::application()).await;
}

on_both!(nobody_waits_long_for_a_writer_that_stands);
async fn nobody_waits_long_for_a_writer_that_stands(mut world: World) {
    // The first command is with the writer, which stands; the second waits behind it. A second is
    // time enough to be taken up, and less than the database waits for a lock.
    let patience = Patience { queue: Duration::from_secs(1), work: Duration::ZERO };
    world.app = world.app_with_limits(WriterLimits { batch: 1, patience, ..Default::default() });
    let named = |subject: &str| {
        let mut input = inputs::application();
        subject.clone_into(&mut input.subject);
        world.try_receive(Who::Clerk, input)
    };
    let held = world.db.hold_writers();
    let answers = all_at_once(vec![named("甲"), named("乙")], || ()).await;
    held.release();

    assert!(matches!(answers[0], Err(Denied::Failed(Error::OutcomeUnknown(_)))), "{answers:?}");
    assert!(matches!(answers[1], Err(Denied::Failed(Error::Unavailable(_)))), "{answers:?}");
    // Commands go one after the other: when this one is done, so is what was before it.
    case_of(named("丙").await);
    let count = |subject| {
        world.db.number(&format!("SELECT count(*) FROM cases WHERE subject = '{subject}'"))
    };
    assert_eq!(count("甲"), 1, "it was under way");
    assert_eq!(count("乙"), 0, "it was given up before it began");
    world.assert_whole();
}
