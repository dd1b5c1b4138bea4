//! A stored row that is not a valid value is a named corruption: no panic, no "not found", no
//! default, and no harm to other commands.

use gongkai::domain::actor::CaseScope;
use gongkai::domain::ids::CaseId;
use gongkai::store::command::Denied;
use gongkai::store::{Error, cases, directory};

use crate::support::databases::Backend;
use crate::support::world::{Place, Who, World};
use crate::support::{all_at_once, inputs, on_both};

/// Ways to damage the row of a case in status `assigned` that no constraint forbids.
fn damages(backend: Backend) -> Vec<(&'static str, String)> {
    let set = |path: &str, value: &str| match backend {
        Backend::Postgres => {
            format!("jsonb_set(record, '{{{}}}', '{value}')", path.replace('.', ","))
        }
        Backend::Sqlite => format!("json_set(record, '$.{path}', json('{value}'))"),
    };
    let doc = if backend == Backend::Postgres { "::jsonb" } else { "" };
    vec![
        ("an empty document", format!("record = '{{}}'{doc}")),
        ("a document of another kind", format!("record = '[1]'{doc}")),
        (
            "an unknown status in the document",
            format!("record = {}", set("stage", r#"{"status":"vanished"}"#)),
        ),
        ("a document that contradicts itself", format!("record = {}", set("holding", "null"))),
        ("a clock without a register", format!("record = {}", set("registration", "null"))),
        ("an unknown channel", format!("record = {}", set("intake.channel", r#""pigeon""#))),
        ("an impossible day", format!("record = {}", set("clock.receipt_date", r#""2025-02-30""#))),
        (
            "a sealed value out of form",
            format!("record = {}", set("intake.application.applicant.phone", r#""13800000000""#)),
        ),
        ("a status column that disagrees", "status = 'registered'".to_owned()),
    ]
}

on_both!(a_damaged_case_is_named_and_hurts_nobody_else);
async fn a_damaged_case_is_named_and_hurts_nobody_else(world: World) {
    for (what, damage) in damages(world.db.backend()) {
        let case = world.assigned(Place::CenterA).await;
        let sound = world.assigned(Place::CenterA).await;
        let id = world.db.literal(case.id.0);
        world.db.execute(&format!("UPDATE cases SET {damage} WHERE id = {id}"));

        let found = cases::get(&mut world.db.connect(), &CaseScope::All, case.id);
        assert!(matches!(found, Err(Error::Corrupt(_))), "{what}: {found:?}");
        let text = found.unwrap_err().to_string();
        assert!(text.contains(&case.id.to_string()), "{what}: which case? {text}");

        let held = world.db.hold_writers();
        let commands = [&case, &sound].map(|case| {
            world.try_act(Who::Clerk, case, inputs::assign(world.unit(Place::CenterB)))
        });
        let answers = all_at_once(Vec::from(commands), || held.release()).await;
        assert!(
            matches!(&answers[0], Err(Denied::Failed(Error::Corrupt(_)))),
            "{what}: {:?}",
            answers[0]
        );
        assert!(answers[1].is_ok(), "{what}: {:?}", answers[1]);
        assert_eq!(world.db.number(&format!("SELECT version FROM cases WHERE id = {id}")), 3);
    }
}

on_both!(damage_is_not_told_to_those_for_whom_the_case_does_not_exist);
/// A case that is out of scope is not there, damaged or not.
async fn damage_is_not_told_to_those_for_whom_the_case_does_not_exist(world: World) {
    let case = world.assigned(Place::CenterA).await;
    world.db.execute("UPDATE cases SET status = 'registered'");
    let scope = CaseScope::Units(vec![world.unit(Place::CenterB)]);
    assert!(matches!(cases::get(&mut world.db.connect(), &scope, case.id), Ok(None)));
}

on_both!(cases_that_are_read_together_are_answered_each_by_itself);
async fn cases_that_are_read_together_are_answered_each_by_itself(world: World) {
    let damaged = world.assigned(Place::CenterA).await;
    let sound = world.assigned(Place::CenterA).await;
    let id = world.db.literal(damaged.id.0);
    world.db.execute(&format!("UPDATE cases SET status = 'registered' WHERE id = {id}"));
    let [a, b] = [Place::CenterA, Place::CenterB].map(|p| CaseScope::Units(vec![world.unit(p)]));
    let nobody = CaseId(world.app.fresh_id());
    // More than SQLite reads one by one, with the same case again and again.
    let asked: Vec<(&CaseScope, CaseId)> = (0..40)
        .flat_map(|_| [(&a, damaged.id), (&a, sound.id), (&b, damaged.id), (&b, sound.id)])
        .chain([(&CaseScope::All, nobody), (&CaseScope::All, sound.id)])
        .collect();
    let reads = asked.iter().map(|(scope, id)| world.app.store.case(scope, *id)).collect();
    let answers = all_at_once(reads, || ()).await;
    for ((scope, id), answer) in asked.into_iter().zip(answers) {
        match answer {
            Err(Error::Corrupt(text)) => {
                assert!(*scope == a && id == damaged.id && text.contains(&id.to_string()));
            }
            Ok(Some(case)) => assert!(*scope != b && id == sound.id && case.id == id),
            Ok(None) => assert!(*scope == b || id == nobody),
            Err(error) => panic!("{error}"),
        }
    }
}

on_both!(a_damaged_user_is_named);
async fn a_damaged_user_is_named(world: World) {
    let bad =
        if world.db.backend() == Backend::Postgres { "'[\"fly\"]'::jsonb" } else { "'[\"fly\"]'" };
    world.db.execute(&format!("UPDATE users SET capabilities = {bad} WHERE username = 'legal'"));
    let found = directory::load(&mut world.db.connect(), 1);
    assert!(matches!(found, Err(Error::Corrupt(_))));
}

on_both!(a_damaged_head_stops_the_writer_and_says_so);
async fn a_damaged_head_stops_the_writer_and_says_so(world: World) {
    let short =
        if world.db.backend() == Backend::Postgres { "decode('00', 'hex')" } else { "x'00'" };
    world.db.execute(&format!("UPDATE heads SET hash = {short} WHERE name = 'ledger'"));
    let answer = world.try_receive(Who::Clerk, inputs::application()).await;
    assert!(matches!(answer, Err(Denied::Failed(Error::Corrupt(_)))), "{answer:?}");
    world.db.execute("DELETE FROM heads WHERE name = 'ledger'");
    let answer = world.try_receive(Who::Clerk, inputs::application()).await;
    assert!(matches!(answer, Err(Denied::Failed(Error::Corrupt(_)))), "{answer:?}");
    assert_eq!(world.db.number("SELECT count(*) FROM cases"), 0);
}
