//! The ledger: one entry for each change, chained, never changed, and free of personal data.

use diesel::QueryableByName;
use gongkai::domain::query_code::QueryCode;
use gongkai::service::cases::{self, AfterReceipt, ChangesInput};
use gongkai::store::page::Page;
use gongkai::store::{EventRow, events};

use crate::support::databases::{Backend, TestDatabase, try_execute};
use crate::support::world::{Place, Who, World, case_of};
use crate::support::{inputs, on_both};

/// The whole ledger.
fn all_events(world: &World) -> Vec<EventRow> {
    events::from(&mut world.db.connect(), 0, 100_000).unwrap()
}

/// The stored ledger is one unbroken chain of canonical texts.
pub fn assert_chain(world: &World) {
    world.assert_chain();
    let rows = all_events(world);
    for row in &rows {
        let body: serde_json::Value = serde_json::from_str(&row.body).unwrap();
        assert_eq!(gongkai::domain::canonical::to_canonical(&body).unwrap(), row.body);
    }
}

on_both!(every_command_leaves_one_event_and_one_message);
async fn every_command_leaves_one_event_and_one_message(world: World) {
    let before = all_events(&world).len();
    let case = world.assigned(Place::CenterA).await;
    let case = world.act(Who::OfficerA, &case, gongkai::domain::lifecycle::Step::Accept).await;
    let case = world.act(Who::OfficerA, &case, inputs::draft()).await;
    let case = world.reviewed(&case).await;
    let case = world.act(Who::SecondOfficerA, &case, inputs::answer(world.today())).await;
    assert_eq!(case.version.0, 7);

    let rows = events::of_case(&mut world.db.connect(), case.id, Page::First, 100).unwrap().rows;
    let actions: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
    let expected = ["receive", "register", "assign", "accept", "draft_answer", "review", "answer"];
    assert_eq!(actions, expected);
    assert!(rows.iter().map(|row| row.version).eq(1..=7));
    assert_eq!(all_events(&world).len() - before, 7);
    let outbox = world
        .db
        .texts("SELECT CAST(seq AS text) || ' ' || topic AS value FROM outbox ORDER BY seq");
    let expected: Vec<_> =
        rows.iter().map(|row| format!("{} case.{}", row.seq, row.action)).collect();
    assert_eq!(outbox, expected);
    for (page, versions, goes_on) in [
        (Page::First, 1..=2, true),
        (Page::After(2), 3..=4, true),
        (Page::After(4), 5..=6, true),
        (Page::After(5), 6..=7, false),
        (Page::Before(6), 4..=5, true),
        (Page::Before(3), 1..=2, false),
        (Page::Last, 6..=7, true),
    ] {
        let found = events::of_case(&mut world.db.connect(), case.id, page, 2).unwrap();
        assert!(found.rows.iter().map(|row| row.version).eq(versions), "{page:?}");
        assert_eq!(found.goes_on, goes_on, "{page:?}");
    }
    assert_chain(&world);
}

on_both!(a_receipt_with_registration_leaves_both_events);
async fn a_receipt_with_registration_leaves_both_events(world: World) {
    let mut input = inputs::application();
    input.then = AfterReceipt::Register;
    let case = world.receive(Who::Clerk, input).await;
    assert_eq!(case.version.0, 2);
    let rows = events::of_case(&mut world.db.connect(), case.id, Page::First, 100).unwrap().rows;
    let actions: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["receive", "register"]);
    assert_chain(&world);
}

on_both!(the_database_itself_refuses_to_change_the_ledger);
async fn the_database_itself_refuses_to_change_the_ledger(world: World) {
    world.registered().await;
    let count = world.db.number("SELECT count(*) FROM events");
    let mut attempts = vec![
        "UPDATE events SET body = '{}'",
        "UPDATE events SET body = '{}' WHERE seq = 1",
        "DELETE FROM events",
        "DELETE FROM events WHERE seq = 1",
    ];
    attempts.push(match world.db.backend() {
        Backend::Postgres => "TRUNCATE events",
        // It deletes what is in its way without firing the trigger on DELETE.
        Backend::Sqlite => "REPLACE INTO events SELECT * FROM events WHERE seq = 1",
    });
    for sql in attempts {
        let refused = try_execute(&mut world.db.connect(), sql).unwrap_err();
        assert!(refused.to_string().contains("events are append-only"), "{sql}: {refused}");
    }
    assert_eq!(world.db.number("SELECT count(*) FROM events"), count);
    assert_chain(&world);
}

on_both!(what_the_operator_does_to_cases_needs_no_key);
async fn what_the_operator_does_to_cases_needs_no_key(world: World) {
    use gongkai::domain::named::ClosingReason;
    use gongkai::store::command::{Command, Standing, UnitChange, UserChange};
    let case = world.assigned(Place::CenterB).await;
    world.act(Who::OfficerB, &case, gongkai::domain::lifecycle::Step::Accept).await;
    let change = UserChange::to(Standing::Disabled);
    let user = world.user(Who::OfficerB);
    world.operate(Command::ChangeUser { user, expected: None, change }).await.unwrap();
    let successor = Some(world.unit(Place::CenterA));
    let change = UnitChange::Close { successor, reason: ClosingReason::parse("撤并").unwrap() };
    let unit = world.unit(Place::CenterB);
    world.operate(Command::ChangeUnit { unit, expected: None, change }).await.unwrap();
    let rows = events::of_case(&mut world.db.connect(), case.id, Page::First, 100).unwrap().rows;
    let kept: Vec<(String, bool)> = rows
        .iter()
        .map(|row| {
            let body: serde_json::Value = serde_json::from_str(&row.body).unwrap();
            (row.action.clone(), body["record"].is_object())
        })
        .collect();
    let expected = [
        ("receive", false),
        ("register", false),
        ("assign", false),
        ("accept", true),
        ("release", true),
        ("hand_over", true),
    ];
    assert_eq!(kept, expected.map(|(action, open)| (action.to_owned(), open)));
}

#[derive(QueryableByName)]
struct Raw {
    #[diesel(sql_type = diesel::sql_types::Binary)]
    value: Vec<u8>,
}

/// Everything that the database holds, as bytes.
fn contents(db: &TestDatabase) -> Vec<u8> {
    match db.url() {
        gongkai::store::DatabaseUrl::Sqlite(path) => ["", "-wal"]
            .iter()
            .flat_map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default())
            .collect(),
        gongkai::store::DatabaseUrl::Postgres(_) => {
            let tables = db.texts("SELECT relname::text AS value FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
            let rows = tables.iter().flat_map(|table| {
                db.texts(&format!("SELECT CAST(t AS text) AS value FROM {table} t"))
            });
            let mut all: Vec<u8> = rows.collect::<Vec<_>>().join("\n").into_bytes();
            // Binary columns print as hexadecimal: look at what they hold as well.
            let columns = db.texts("SELECT 'SELECT ' || attname || ' AS value FROM ' || attrelid::regclass || ' WHERE ' || attname || ' IS NOT NULL' AS value FROM pg_attribute WHERE atttypid = 'bytea'::regtype AND attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)");
            for sql in columns {
                use diesel::RunQueryDsl as _;
                #[expect(
                    clippy::disallowed_methods,
                    reason = "every binary column, whatever it is called"
                )]
                let query = diesel::sql_query(sql);
                let gongkai::store::Conn::Pg(conn) = &mut db.connect() else {
                    continue;
                };
                let rows: Vec<Raw> = query.load(conn).unwrap();
                all.extend(rows.into_iter().flat_map(|row| row.value));
            }
            all
        }
    }
}

on_both!(no_personal_datum_is_stored_in_clear);
/// What identifies or reaches a person, and the query code, stand nowhere in clear.
async fn no_personal_datum_is_stored_in_clear(world: World) {
    let mut input = inputs::application();
    input.applicant = inputs::applicant_in_full();
    let origin = world.keyed_origin(Who::Clerk, "canary", [1; 32]);
    let outcome = cases::receive(&world.app, origin, input).await.unwrap();
    let code = outcome.query_code.clone().unwrap();
    let case = world.act(Who::Clerk, &case_of(Ok(outcome)), inputs::register()).await;
    let mut changed = inputs::applicant_in_full();
    changed.document = Some(inputs::id_card("220104198512150028"));
    changed.phone = Some(gongkai::domain::identity::Phone::parse("0431-88912345").unwrap());
    let input = ChangesInput { applicant: Some(changed), ..ChangesInput::default() };
    let amended = cases::amend(
        &world.app,
        world.origin(Who::Clerk),
        case.id,
        case.version,
        "更正".to_owned(),
        input,
    );
    let case = case_of(amended.await);
    let case = world.act(Who::Clerk, &case, inputs::request_supplement(world.today())).await;
    let words = "本人补正: 身份证220102199003071235, 电话13800000000";
    let case = world.act(Who::Clerk, &case, inputs::supplement(world.today(), words)).await;
    let opened =
        cases::open_applicant(&world.app.vault, case.id, &case.record.intake.application.applicant)
            .unwrap();
    assert_eq!(opened.id_number.as_deref(), Some("220104198512150028"));

    let contents = contents(&world.db);
    let holds = |canary: &str| {
        contents.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary.as_bytes()))
    };
    assert!(holds("王小明"), "the test looks at the wrong place");
    assert!(QueryCode::parse(&code).is_ok());
    let bare_code = code.replace('-', "");
    let canaries =
        ["220104198512150028", "88912345", "人民大街9876号", "wang.canary", &code, &bare_code];
    for canary in canaries {
        assert!(!holds(canary), "{canary} is stored in clear");
    }
    // The applicant's own words stay readable in the file of the case, but not in the ledger.
    for row in all_events(&world) {
        for canary in ["220102199003071235", "13800000000", "王小明", "本人补正"] {
            assert!(!row.body.contains(canary), "{canary} is in event {}", row.seq);
        }
    }
    assert_chain(&world);
}
