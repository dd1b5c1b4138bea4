//! Recalculating the open cases after a change of the calendar: by small commands, from where it has
//! come to, by whoever goes on. And what falls due, filled in for an office that had no such list.

use gongkai::domain::calendar::{Calendar, Holiday, Notice};
use gongkai::domain::case::Case;
use gongkai::domain::ids::{CalendarVersionId, Version};
use gongkai::domain::lifecycle::Step;
use gongkai::domain::rejection::Reason;
use gongkai::service::calendar;
use gongkai::store::command::{Caller, Command};
use gongkai::store::dialect::{migrate_down, migrate_up};

use crate::support::inputs::{self, day, instant};
use crate::support::on_both;
use crate::support::world::{Place, Who, World, reason};

/// The built-in year 2025 with one more day off.
fn notice(off: &str) -> Notice {
    let known = &Calendar::builtin().years()[&2025];
    let mut make_up_days = known.worked_weekends.clone();
    let days = known.off_weekdays.iter().copied().chain([day(off)]);
    let holidays = days.map(|day| {
        let make_up_days = std::mem::take(&mut make_up_days);
        Holiday { name: "放假".to_owned(), from: day, to: day, make_up_days }
    });
    let name = "通知".to_owned();
    Notice { year: 2025, name, number: None, link: None, holidays: holidays.collect() }
}

/// A version in force by which nothing has been recalculated yet.
async fn in_force(world: &World, off: &str) -> CalendarVersionId {
    let draft =
        calendar::import(&world.app, world.origin(Who::Admin), notice(off)).await.unwrap().0;
    let seen = world.app.law().calendar.version().to_owned();
    let by = world.origin(Who::Supervisor);
    let applied = calendar::apply(&world.app, by, (draft.id, draft.version), seen).await.unwrap().0;
    assert!(applied.is_unfinished());
    applied.id
}

async fn current(world: &World, case: &Case) -> Case {
    let scope = gongkai::domain::actor::CaseScope::All;
    world.app.store.case(&scope, case.id).await.unwrap().unwrap().as_ref().clone()
}

fn due(case: &Case) -> String {
    case.record.clock.as_ref().unwrap().due_date.unwrap().to_string()
}

on_both! {
    async fn it_goes_on_after_a_restart_where_it_has_come_to(world: World) {
        let mut cases = Vec::new();
        for _ in 0..5 {
            cases.push(world.registered().await);
        }
        let id = in_force(&world, "2025-03-26").await;
        let first = calendar::step(&world.app, id, 2).await.unwrap();
        let progress = first.progress.unwrap();
        assert_eq!((progress.total, progress.looked, progress.moved, progress.finished_at), (5, 2, 2, None));
        world.assert_whole();
        // The process is gone; another one goes on, and a third beside it.
        let (second, third) = (world.second_app(), world.second_app());
        let next = calendar::step(&second, id, 2).await.unwrap().progress.unwrap();
        assert_eq!((next.looked, next.moved), (4, 4));
        let last = calendar::step(&third, id, 2).await.unwrap().progress.unwrap();
        assert_eq!((last.looked, last.moved, last.failed), (5, 5, 0));
        assert!(last.finished_at.is_some());
        // Once it is done nothing happens any more.
        let again = calendar::step(&second, id, 2).await.unwrap().progress.unwrap();
        assert_eq!(again, last);
        calendar::carry_on(&world.app).await.unwrap();
        for case in &cases {
            let now = current(&world, case).await;
            assert_eq!((due(case).as_str(), due(&now).as_str()), ("2025-04-08", "2025-04-09"));
            assert_eq!(now.version, case.version.next(), "moved once");
        }
    }
}

on_both! {
    async fn others_write_between_its_commands(world: World) {
        let (waits, answered) = (world.registered().await, world.registered().await);
        let id = in_force(&world, "2025-03-26").await;
        calendar::step(&world.app, id, 1).await.unwrap();
        // Whoever acts on a case meanwhile moves it himself; it is not moved again.
        let to = inputs::assign(world.unit(Place::CenterA));
        let untouched = if due(&current(&world, &waits).await) == "2025-04-08" { waits } else { answered };
        let acted = world.act(Who::Clerk, &untouched, to).await;
        assert_eq!(due(&acted), "2025-04-09");
        calendar::carry_on(&world.app).await.unwrap();
        assert_eq!(current(&world, &acted).await.version, acted.version);
        // A new one is counted by the new calendar from the start.
        assert_eq!(due(&world.registered().await), "2025-04-09");
    }
}

on_both! {
    async fn two_commands_of_one_batch_take_the_cases_once(world: World) {
        for _ in 0..3 {
            world.registered().await;
        }
        let id = in_force(&world, "2025-03-26").await;
        let both = vec![calendar::step(&world.app, id, 3), calendar::step(&world.app, id, 3)];
        for done in crate::support::all_at_once(both, || ()).await {
            assert!(done.unwrap().progress.unwrap().looked <= 3);
        }
        calendar::carry_on(&world.app).await.unwrap();
        let moved = world.db.number("SELECT count(*) FROM events WHERE action = 'recalculate'");
        assert_eq!(moved, 3);
    }
}

on_both! {
    async fn only_the_program_recalculates_and_one_version_at_a_time(world: World) {
        world.registered().await;
        let id = in_force(&world, "2025-03-26").await;
        let command = || Command::Recalculate { id, at_most: 9 };
        assert_eq!(reason(&world.operate(command()).await), Some(Reason::RoleNotPermitted));
        let by = world.app.submit(world.origin(Who::Admin), command()).await;
        assert_eq!(reason(&by), Some(Reason::RoleNotPermitted));
        let other = calendar::import(&world.app, world.origin(Who::Admin), notice("2025-03-27")).await.unwrap().0;
        let seen = world.app.law().calendar.version().to_owned();
        let apply = Command::ApplyCalendar { id: other.id, expected: Version(1), calendar: seen };
        let early = world.app.submit(world.origin(Who::Supervisor), apply.clone()).await;
        assert_eq!(reason(&early), Some(Reason::RecalculationUnderWay));
        calendar::carry_on(&world.app).await.unwrap();
        assert_eq!(reason(&world.app.submit(world.origin(Who::Supervisor), apply).await), None);
        calendar::carry_on(&world.app).await.unwrap();
        let nobody = gongkai::service::cases::Origin { caller: Caller::Applicant, ..world.origin(Who::Admin) };
        let import = Command::ImportCalendar { id, notice: Box::new(notice("2025-03-28")) };
        assert_eq!(reason(&world.app.submit(nobody, import).await), Some(Reason::RoleNotPermitted));
    }
}

on_both! {
    async fn cases_that_wait_and_cases_that_are_due_earlier_are_looked_at_rightly(world: World) {
        // One waits for its applicant, one is due before the change, one has nothing to do with it.
        let waiting = world.registered().await;
        let ask = Step::RequestSupplement { items: "不明".to_owned(), guidance: "写明".to_owned(), deadline: None, service: None };
        let waiting = world.act(Who::Clerk, &waiting, ask).await;
        let due_before = world.registered().await;
        world.clock.set(instant("2025-06-03T02:00:00Z"));
        let due_after = world.registered().await;
        let id = in_force(&world, "2025-06-17").await;
        let done = loop {
            let step = calendar::step(&world.app, id, 1).await.unwrap();
            if !step.is_unfinished() {
                break step.progress.unwrap();
            }
        };
        // That which is due long before is not looked at.
        assert_eq!((done.total, done.looked, done.moved), (2, 2, 1));
        assert_eq!(current(&world, &due_before).await, due_before);
        assert_eq!(current(&world, &waiting).await, waiting);
        assert_eq!((due(&due_after).as_str(), due(&current(&world, &due_after).await).as_str()), ("2025-07-01", "2025-07-02"));
    }
}

on_both! {
    async fn the_list_of_clocks_is_filled_in_for_an_old_office(world: World) {
        // One case of every kind.
        let mut by_mail = inputs::application();
        by_mail.channel = gongkai::domain::channel::Channel::OrdinaryMail;
        by_mail.arrival = gongkai::domain::case::Arrival { arrived_at: Some(day("2025-03-10").into()), ..Default::default() };
        world.receive(Who::Clerk, by_mail).await;
        world.registered().await;
        let asked = world.registered().await;
        let ask = Step::RequestSupplement { items: "不明".to_owned(), guidance: "写明".to_owned(), deadline: None, service: None };
        world.act(Who::Clerk, &asked, ask).await;
        for grant in [false, true] {
            let case = world.assigned(Place::CenterA).await;
            let case = world.act(Who::OfficerA, &case, Step::RequestExtension { days: 3, reason: "量大".to_owned() }).await;
            if grant {
                let verdict = gongkai::domain::case::Verdict::Granted;
                world.act(Who::Supervisor, &case, Step::DecideExtension { verdict, reason: None, service: None }).await;
            }
        }
        let case = world.assigned(Place::CenterA).await;
        let wording = gongkai::domain::lifecycle::SubtaskWording {
            unit: world.unit(Place::CenterB), kind: gongkai::domain::case::SubtaskKind::Search,
            question: "请检索".to_owned(), due_date: None,
        };
        world.act(Who::OfficerA, &case, Step::AskSubtask { wording }).await;
        let kinds = world.db.texts("SELECT DISTINCT kind AS value FROM case_clocks ORDER BY kind");
        assert_eq!(kinds, ["answer", "confirmation", "extension_decision", "extension_notice", "subtask", "supplement", "supplement_notice"]);
        let conn = &mut world.db.connect();
        while gongkai::store::dialect::pending_migrations(conn).unwrap().iter().all(|name| !name.contains("calendar_and_clocks")) {
            migrate_down(conn).unwrap();
        }
        migrate_up(conn).unwrap();
        assert_eq!(world.differences(), Vec::<String>::new());
    }
}
