//! Letters in the database: numbers without gaps, also over commands that fail and between two
//! processes; and rows that nobody changes unseen.

use gongkai::domain::case::{Case, Verdict};
use gongkai::domain::letter::LetterId;
use gongkai::domain::lifecycle::Step;
use gongkai::domain::rejection::Reason;
use gongkai::service::cases;
use gongkai::store::vault::Vault;

use crate::support::databases::{Backend, try_execute};
use crate::support::world::{Place, Who, World, case_of, reason};
use crate::support::{all_at_once, inputs, on_both};

/// A case of center A, drafted and ready to be answered by the query room.
async fn drafted(world: &World) -> Case {
    let case = world.assigned(Place::CenterA).await;
    let case = world.act(Who::OfficerA, &case, Step::Accept).await;
    let case = world.act(Who::OfficerA, &case, inputs::draft()).await;
    world.reviewed(&case).await
}

const fn issue() -> Step {
    Step::Answer { service: None }
}

fn void(case: &Case) -> Step {
    let letter_id = case.answer_letter().unwrap().id;
    Step::VoidLetter { letter_id, reason: "印制有误".to_owned() }
}

fn numbers(world: &World) -> Vec<i64> {
    let sql = "SELECT cast(n AS text) AS value FROM letters WHERE series = 'disclosure' ORDER BY n";
    world.db.texts(sql).iter().map(|text| text.parse().unwrap()).collect()
}

on_both!(numbers_have_no_gap_over_commands_that_fail);
async fn numbers_have_no_gap_over_commands_that_fail(world: World) {
    let mut taken = 0;
    for round in 0..6 {
        let case = drafted(&world).await;
        // Refused for the person, for the version, for the facts of service: none takes a number.
        let own = world.try_act(Who::OfficerA, &case, issue()).await;
        assert_eq!(reason(&own), Some(Reason::DrafterIsIssuer));
        let stale = Case { version: gongkai::domain::ids::Version(1), ..case.clone() };
        let late = world.try_act(Who::Clerk, &stale, issue()).await;
        assert_eq!(reason(&late), Some(Reason::StaleVersion));
        let tomorrow = world.today().succ_opt().unwrap();
        let early = world.try_act(Who::Clerk, &case, inputs::answer(tomorrow)).await;
        assert_eq!(reason(&early), Some(Reason::DateInFuture));
        // Accepted and refused in one batch.
        let held = world.db.hold_writers();
        let rival =
            |who, step| cases::act(&world.app, world.origin(who), case.id, case.version, step);
        let both = vec![rival(Who::Clerk, issue()), rival(Who::SecondClerk, issue())];
        let answers = all_at_once(both, || held.release()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        taken += 1;
        if round % 2 == 0 {
            // Declared void and issued anew: the next number, and the old one stays.
            let won = answers.into_iter().find(Result::is_ok).unwrap();
            let case = case_of(won);
            let back = world.act(Who::Clerk, &case, void(&case)).await;
            let again = world.reviewed(&back).await;
            world.act(Who::Clerk, &again, issue()).await;
            taken += 1;
        }
    }
    assert_eq!(numbers(&world), (1..=taken).collect::<Vec<i64>>());
    let last = "SELECT last FROM letter_series WHERE series = 'disclosure' AND year = 2025";
    assert_eq!(world.db.number(last), taken);
}

on_both!(issued_and_taken_back_in_one_batch);
async fn issued_and_taken_back_in_one_batch(world: World) {
    let case = drafted(&world).await;
    let letter_id = LetterId::of(case.id, 0);
    let next = gongkai::domain::ids::Version(case.version.0 + 1);
    let void = Step::VoidLetter { letter_id, reason: "印制有误".to_owned() };
    let held = world.db.hold_writers();
    let act =
        |version, step| cases::act(&world.app, world.origin(Who::Clerk), case.id, version, step);
    let both = vec![act(case.version, issue()), act(next, void)];
    let answers = all_at_once(both, || held.release()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(world.db.number("SELECT count(*) FROM letters WHERE voided_at IS NOT NULL"), 2);
    assert_eq!(world.differences(), Vec::<String>::new());
}

on_both!(two_processes_never_share_a_number);
async fn two_processes_never_share_a_number(world: World) {
    let apps = [world.app.clone(), world.second_app()];
    let mut ready = Vec::new();
    for _ in 0..24 {
        ready.push(drafted(&world).await);
    }
    let answers = ready.iter().enumerate().map(|(at, case)| {
        cases::act(&apps[at % 2], world.origin(Who::Clerk), case.id, case.version, issue())
    });
    let held = world.db.hold_writers();
    let answers = all_at_once(answers.collect(), || held.release()).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(numbers(&world), (1..=24).collect::<Vec<i64>>());
}

on_both!(the_series_of_letters_begin_anew_with_the_legal_year);
async fn the_series_of_letters_begin_anew_with_the_legal_year(world: World) {
    for (at, number) in [
        ("2025-12-31T15:59:59Z", "长公公开予〔2025〕1号"),
        ("2025-12-31T16:00:00Z", "长公公开予〔2026〕1号"),
    ] {
        world.clock.set(inputs::instant(at));
        let case = drafted(&world).await;
        let case = world.act(Who::Clerk, &case, issue()).await;
        assert_eq!(case.record.letters[0].number.as_ref().unwrap().text, number);
    }
}

on_both!(the_database_refuses_to_change_a_letter);
async fn the_database_refuses_to_change_a_letter(world: World) {
    let case = drafted(&world).await;
    world.act(Who::Clerk, &case, issue()).await;
    let mut conn = world.db.connect();
    let x = if world.db.backend() == Backend::Postgres { "decode('00', 'hex')" } else { "x'00'" };
    for change in [
        format!("UPDATE letters SET content = {x}"),
        "UPDATE letters SET number = 'X'".to_owned(),
        "UPDATE letters SET n = 9".to_owned(),
        "UPDATE letters SET content_hash = content_hash, kind = 'refusal'".to_owned(),
        "UPDATE letters SET voided_at = NULL".to_owned(),
        "DELETE FROM letters".to_owned(),
    ] {
        assert!(try_execute(&mut conn, &change).is_err(), "{change}");
    }
    let copy = "INSERT INTO letters SELECT * FROM letters";
    assert!(try_execute(&mut conn, copy).is_err(), "a number twice");
    if world.db.backend() == Backend::Sqlite {
        let replaced = "INSERT OR REPLACE INTO letters SELECT * FROM letters";
        assert!(try_execute(&mut conn, replaced).is_err());
    } else {
        assert!(try_execute(&mut conn, "TRUNCATE letters").is_err());
    }
    // Void once, and not twice.
    let case = reload(&world, &case).await;
    let case = world.act(Who::Clerk, &case, void(&case)).await;
    assert!(!case.record.letters[0].is_valid());
    assert!(try_execute(&mut conn, "UPDATE letters SET voided_at = voided_at").is_err());
}

async fn reload(world: &World, case: &Case) -> Case {
    use gongkai::domain::actor::CaseScope;
    let found = world.app.store.case(&CaseScope::All, case.id).await.unwrap();
    (*found.unwrap()).clone()
}

/// Takes the triggers away, as somebody does who has the database.
fn unlock(world: &World) {
    world.db.meddle();
    match world.db.backend() {
        Backend::Postgres => world.db.execute("ALTER TABLE letters DISABLE TRIGGER ALL"),
        Backend::Sqlite => {
            for trigger in [
                "letters_frozen",
                "letters_voided_once",
                "letters_not_deleted",
                "letters_not_replaced",
            ] {
                world.db.execute(&format!("DROP TRIGGER {trigger}"));
            }
        }
    }
}

on_both!(a_changed_letter_is_found);
async fn a_changed_letter_is_found(world: World) {
    let case = drafted(&world).await;
    let first = world.act(Who::Clerk, &case, issue()).await;
    let case = drafted(&world).await;
    let second = world.act(Who::Clerk, &case, issue()).await;
    assert_eq!(world.differences(), Vec::<String>::new());
    unlock(&world);
    let id = |case: &Case| world.db.literal(case.record.letters[0].id.0);
    let (one, two) = (id(&first), id(&second));
    // Another content, under the right key or in another's place; another column; none.
    let edit = |set: &str| {
        world.db.execute(&format!("CREATE TABLE kept AS SELECT * FROM letters WHERE id = {one}"));
        world.db.execute(&format!("UPDATE letters SET {set} WHERE id = {one}"));
        let found = world.differences();
        world.db.execute(&format!("DELETE FROM letters WHERE id = {one}"));
        world.db.execute("INSERT INTO letters SELECT * FROM kept");
        world.db.execute("DROP TABLE kept");
        assert_eq!(world.differences(), Vec::<String>::new(), "{set} put back");
        found
    };
    for (set, what) in [
        (format!("content = (SELECT content FROM letters WHERE id = {two})"), "content is not"),
        (format!("content_hash = (SELECT content_hash FROM letters WHERE id = {two})"), "digest"),
        ("kind = 'refusal'".to_owned(), "columns"),
        ("issued_by = (SELECT max(id) FROM users)".to_owned(), "columns"),
        ("voided_at = issued_at".to_owned(), "columns"),
    ] {
        let set = if world.db.backend() == Backend::Postgres {
            set.replace("max(id)", "(array_agg(id ORDER BY id DESC))[1]")
        } else {
            set
        };
        let found = edit(&set);
        assert!(found.iter().any(|found| found.contains(what)), "{set}: {found:?}");
    }
    world.db.execute(&format!("DELETE FROM letters WHERE id = {one}"));
    let found = world.differences();
    assert!(found.iter().any(|found| found.contains("is not stored")), "{found:?}");
    world.db.execute("UPDATE letter_series SET last = 7");
    let found = world.differences();
    assert!(found.iter().any(|found| found.contains("ends at 7")), "{found:?}");
}

on_both!(the_content_is_sealed_and_bound_to_its_place);
async fn the_content_is_sealed_and_bound_to_its_place(world: World) {
    let case = drafted(&world).await;
    let case = world.act(Who::Clerk, &case, issue()).await;
    let letter = &case.record.letters[0];
    let mut conn = world.db.connect();
    let row = gongkai::store::letters::of_case(&mut conn, case.id, letter.id).unwrap().unwrap();
    let text = String::from_utf8(row.content.clone()).unwrap();
    assert!(text.starts_with("v1.") && !text.contains("王小明"));
    let sheet = row.sheet(&world.app.vault).unwrap();
    assert_eq!(sheet.addressee.as_deref(), Some("王小明："));
    assert_eq!(sheet.number.as_deref(), letter.number.as_ref().map(|n| n.text.as_str()));
    let other = Vault::from_secret("main", &[9; 32]).unwrap();
    assert!(row.sheet(&other).is_err());
}

on_both!(an_extension_that_is_refused_issues_nothing);
async fn an_extension_that_is_refused_issues_nothing(world: World) {
    let case = drafted(&world).await;
    let ask = Step::RequestExtension { days: 5, reason: "检索量大".to_owned() };
    let case = world.act(Who::OfficerA, &case, ask).await;
    let decide = |verdict| Step::DecideExtension {
        verdict,
        reason: Some("另行安排".to_owned()),
        service: None,
    };
    let case = world.act(Who::Supervisor, &case, decide(Verdict::Refused)).await;
    assert!(case.record.letters.is_empty());
    assert_eq!(world.db.number("SELECT count(*) FROM letters"), 0);
}
