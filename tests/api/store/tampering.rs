//! What somebody with access to the tables can do, and that it is found: by `audit verify` in the
//! ledger, by `replay --check` in what follows from it.

use gongkai::domain::lifecycle::Step;
use gongkai::store::audit::{self, Anchor};
use gongkai::store::chain::{Break, Fault, Head};

use crate::support::databases::{Backend, TestDatabase};
use crate::support::world::{Place, Who, World};
use crate::support::{inputs, on_both};

/// Takes away what keeps the ledger from being changed.
fn unlock(db: &TestDatabase) {
    db.execute(match db.backend() {
        Backend::Postgres => "ALTER TABLE events DISABLE TRIGGER USER",
        Backend::Sqlite => {
            "DROP TRIGGER events_not_updated; DROP TRIGGER events_not_deleted; \
             DROP TRIGGER events_not_replaced"
        }
    });
}

fn verify(world: &World, anchors: &[Head]) -> Result<Head, Break> {
    audit::verify(&mut world.db.connect(), anchors, &mut |_| ()).unwrap()
}

/// Some cases with some history.
async fn some_work(world: &World) {
    let case = world.assigned(Place::CenterA).await;
    let case = world.act(Who::OfficerA, &case, Step::Accept).await;
    world.act(Who::OfficerA, &case, inputs::draft()).await;
    world.registered().await;
}

/// The number of the last entry but three: one on a case.
fn victim(world: &World) -> i64 {
    verify(world, &[]).unwrap().seq - 3
}

on_both!(an_edited_entry_is_found);
async fn an_edited_entry_is_found(world: World) {
    some_work(&world).await;
    let seq = victim(&world);
    unlock(&world.db);
    let edit = |set: &str| world.db.execute(&format!("UPDATE events SET {set} WHERE seq = {seq}"));
    edit("body = replace(body, '2025', '2024')");
    assert_eq!(verify(&world, &[]), Err(Break { seq, what: Fault::Content }));
    edit("body = replace(body, '2024', '2025')");
    assert!(verify(&world, &[]).is_ok());
    for column in ["action = 'void'", "version = version + 100", "subject_kind = 'unit'"] {
        edit(column);
        assert_eq!(verify(&world, &[]), Err(Break { seq, what: Fault::Columns }), "{column}");
        edit("action = 'accept', subject_kind = 'case'");
        if column.starts_with("version") {
            edit("version = version - 100");
        }
        let action: String = serde_json::from_str::<serde_json::Value>(
            &world.db.texts(&format!("SELECT body AS value FROM events WHERE seq = {seq}"))[0],
        )
        .unwrap()["action"]
            .as_str()
            .unwrap()
            .to_owned();
        edit(&format!("action = '{action}'"));
        assert!(verify(&world, &[]).is_ok(), "{column} put back");
    }
    edit("hash = prev_hash");
    assert_eq!(verify(&world, &[]), Err(Break { seq, what: Fault::Content }));
}

on_both!(a_removed_inserted_or_moved_entry_is_found);
async fn a_removed_inserted_or_moved_entry_is_found(world: World) {
    some_work(&world).await;
    let seq = victim(&world);
    unlock(&world.db);
    // Moved: two entries have changed places.
    let swap = format!(
        "UPDATE events SET seq = -1 WHERE seq = {seq}; UPDATE events SET seq = {seq} WHERE seq = \
         {next}; UPDATE events SET seq = {next} WHERE seq = -1",
        next = seq + 1
    );
    world.db.execute(&swap);
    assert_eq!(verify(&world, &[]), Err(Break { seq, what: Fault::Predecessor }));
    world.db.execute(&swap);
    assert!(verify(&world, &[]).is_ok());
    // Inserted: before the first, and after the last.
    let copy = |to: i64| {
        world.db.execute(&format!(
            "INSERT INTO events SELECT {to}, subject_kind, subject_id, version + 1000, action, at, \
             body, prev_hash, hash FROM events WHERE seq = {seq}"
        ));
        let found = verify(&world, &[]);
        world.db.execute(&format!("DELETE FROM events WHERE seq = {to}"));
        found
    };
    assert_eq!(copy(0), Err(Break { seq: 0, what: Fault::Sequence { expected: 1 } }));
    let end = verify(&world, &[]).unwrap().seq + 1;
    assert_eq!(copy(end), Err(Break { seq: end, what: Fault::Predecessor }));
    // Removed.
    world.db.execute(&format!("DELETE FROM events WHERE seq = {seq}"));
    let missed = Fault::Sequence { expected: seq };
    assert_eq!(verify(&world, &[]), Err(Break { seq: seq + 1, what: missed }));
}

on_both!(a_tail_that_was_cut_off_is_found);
async fn a_tail_that_was_cut_off_is_found(world: World) {
    some_work(&world).await;
    let head = verify(&world, &[]).unwrap();
    let anchor = Anchor { head, seen_at: world.now() };
    let anchor: Anchor = anchor.to_string().parse().unwrap();
    assert_eq!(verify(&world, &[anchor.head]), Ok(head));

    unlock(&world.db);
    let last = head.seq - 1;
    world.db.execute(&format!("DELETE FROM events WHERE seq > {last}"));
    assert_eq!(verify(&world, &[]), Err(Break { seq: head.seq, what: Fault::Head }));
    // Who sets the head back as well deceives the chain, but not what was written down elsewhere.
    world.db.execute(&format!(
        "UPDATE heads SET value = {last}, hash = (SELECT hash FROM events WHERE seq = {last}) \
         WHERE name = 'ledger'"
    ));
    assert_eq!(verify(&world, &[]).unwrap().seq, last);
    let cut = Break { seq: head.seq, what: Fault::Truncated };
    assert_eq!(verify(&world, &[anchor.head]), Err(cut));
    // Nor is he helped by going on from there.
    world.db.execute(&format!("DELETE FROM outbox WHERE seq > {last}"));
    world.clock.set(world.now() + chrono::Duration::hours(1));
    world.registered().await;
    assert!(verify(&world, &[]).is_ok());
    assert_eq!(verify(&world, &[anchor.head]).map_err(|broken| broken.what), Err(Fault::Anchor));
}

#[test]
fn an_anchor_reads_back_and_nothing_else_does() {
    let line = format!("17 {} 2025-03-10T02:00:00Z", "0a".repeat(32));
    assert_eq!(line.parse::<Anchor>().unwrap().to_string(), line);
    for wrong in ["", "17", "17 0a 2025-03-10T02:00:00Z", &format!("{line} more"), &line[1..20]] {
        assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
    }
    assert!(line.replace("17", "-1").parse::<Anchor>().is_err());
}

on_both!(what_does_not_follow_from_the_ledger_is_found);
async fn what_does_not_follow_from_the_ledger_is_found(world: World) {
    some_work(&world).await;
    assert_eq!(world.differences(), Vec::<String>::new());
    let id = world.db.texts(match world.db.backend() {
        Backend::Postgres => "SELECT CAST(id AS text) AS value FROM cases WHERE version = 5",
        Backend::Sqlite => "SELECT lower(hex(id)) AS value FROM cases WHERE version = 5",
    });
    let id: uuid::Uuid = id[0].parse().unwrap();
    let here = format!("WHERE id = {}", world.db.literal(id));
    let seq = world.db.number("SELECT max(seq) FROM outbox");
    for (harm, repair, told) in [
        (
            format!("UPDATE cases SET subject = subject || 'x' {here}"),
            format!("UPDATE cases SET subject = substr(subject, 1, length(subject) - 1) {here}"),
            vec![format!("case {id}: column subject")],
        ),
        (
            format!("UPDATE cases SET version = 6 {here}"),
            format!("UPDATE cases SET version = 5 {here}"),
            vec![format!("case {id}: column version")],
        ),
        (
            "UPDATE number_series SET last = last + 1 WHERE series = 'case'".to_owned(),
            "UPDATE number_series SET last = last - 1 WHERE series = 'case'".to_owned(),
            vec!["series case 2025: ends at 3, but 2 numbers are used up to 2".to_owned()],
        ),
        (
            "UPDATE heads SET value = value - 1 WHERE name = 'ledger'".to_owned(),
            "UPDATE heads SET value = value + 1 WHERE name = 'ledger'".to_owned(),
            vec!["heads: the head is not the last entry".to_owned(), String::new()],
        ),
        (
            "UPDATE case_tasks SET task = 'legality_review'".to_owned(),
            "UPDATE case_tasks SET task = 'secrecy_review'".to_owned(),
            vec![
                format!("case {id}: a legality_review waits that no entry asked for"),
                format!("case {id}: its secrecy_review is not waiting"),
            ],
        ),
        (
            format!("UPDATE outbox SET payload = '{{}}' WHERE seq = {seq}"),
            format!("DELETE FROM outbox WHERE seq = {seq}"),
            vec![String::new()],
        ),
        (
            "UPDATE heads SET value = value WHERE name = 'ledger'".to_owned(),
            String::new(),
            vec![String::new(), "outbox: 6 messages for 7 entries".to_owned()],
        ),
    ] {
        world.db.execute(&harm);
        let found = world.differences();
        assert_eq!(found.len(), told.len(), "{harm}: {found:?}");
        for (found, told) in found.iter().zip(&told) {
            assert!(told.is_empty() || found == told, "{harm}: {found}");
        }
        if !repair.is_empty() {
            world.db.execute(&repair);
        }
    }
    // A row that no entry made, and entries whose row is gone.
    world.db.execute(&format!(
        "DELETE FROM case_tasks; DELETE FROM case_clocks; DELETE FROM cases {here}"
    ));
    let found = world.differences();
    assert!(
        found.iter().any(|what| what == "events: 5 entries belong to cases that are not there"),
        "{found:?}"
    );
}
