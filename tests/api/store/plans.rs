//! With a hundred thousand cases every read that people wait for uses an index, on both databases.
//!
//! The queries are those that the product really runs: each read is carried out and its SQL taken
//! from Diesel's instrumentation, values included, and then explained by the database.

use chrono::{Days, NaiveDate, TimeDelta};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::clocks::ClockKind;
use gongkai::domain::external_ref::ExternalRef;
use gongkai::domain::ids::CaseId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::measure::{Cohort, GroupBy, Part};
use gongkai::domain::sealed::PersonalField;
use gongkai::store::cases::{self, CaseFilter, Lines, Place as Row, Sort, Unanswered, Unassigned};
use gongkai::store::clocks::{self, ClockFilter, ClockPlace};
use gongkai::store::page::Page;
use gongkai::store::{Conn, calendar, earlier, events, outcomes, pulse, references, statistics};

use super::explain::{BY_VALUES, FOR_ALL_VALUES, Way, captured, explained, fault};
use super::pairs::pairs;
use super::{many, rows};
use crate::support::databases::Backend;
use crate::support::world::{Place, Who, World};
use crate::support::{inputs, on_both};

type Run = Box<dyn Fn(&mut Conn)>;

/// One read that people wait for.
pub struct Read {
    name: String,
    way: Way,
    run: Run,
}

fn read(name: &str, way: Way, run: impl Fn(&mut Conn) + 'static) -> Read {
    Read { name: name.to_owned(), way, run: Box::new(run) }
}

/// The first page of a list of cases.
pub fn list(
    name: &str,
    way: Way,
    scope: &CaseScope,
    filter: CaseFilter,
    sort: Sort,
    page: Page<Row>,
) -> Read {
    let scope = scope.clone();
    read(name, way, move |conn| {
        rows::listed(conn, &scope, &filter, Lines { sort, page, limit: 50 });
    })
}

fn lists(world: &World) -> Vec<Read> {
    const NEWEST: Sort = Sort::NEWEST;
    const OLDEST: Sort = Sort::OLDEST;
    const URGENT: Sort = Sort::MOST_URGENT;
    use Way::{Search, Walk};
    let none = CaseFilter::default;
    let all = &CaseScope::All;
    let b = &CaseScope::Units(vec![world.unit(Place::CenterB)]);
    let window = &CaseScope::Units(vec![world.unit(Place::WindowA)]);
    let deep = inputs::instant("2019-06-01T00:00:00Z");
    let somebody = CaseId(world.app.fresh_id());
    let recorded = Row::Received(deep, somebody);
    let due = Row::Due(Some(deep.date_naive()), somebody);
    let undated = Row::Due(None, somebody);
    let status = CaseFilter { statuses: vec![Status::AwaitingSupplement], ..none() };
    let number = CaseFilter { number_prefix: Some("旧4711".to_owned()), ..none() };
    let external = CaseFilter { only: Some(vec![somebody]), ..none() };
    let name = CaseFilter { name_prefix: Some("王47".to_owned()), ..none() };
    let time = CaseFilter {
        received_from: Some(deep),
        received_before: Some(deep + TimeDelta::days(2)),
        ..none()
    };
    vec![
        list("the newest", Walk, all, none(), NEWEST, Page::First),
        list("the oldest", Walk, all, none(), OLDEST, Page::First),
        list("a deep page", Search, all, none(), NEWEST, Page::After(recorded)),
        list("a deep page, oldest first", Search, all, none(), OLDEST, Page::After(recorded)),
        list("a deep page by due date", Search, all, none(), URGENT, Page::After(due)),
        list("a deep page, backwards", Search, all, none(), NEWEST, Page::Before(recorded)),
        list("a deep page by due date, backwards", Search, all, none(), URGENT, Page::Before(due)),
        list(
            "among those of which nothing is due",
            Search,
            all,
            none(),
            URGENT,
            Page::After(undated),
        ),
        list("back among them", Search, all, none(), URGENT, Page::Before(undated)),
        list("the last page", Walk, all, none(), NEWEST, Page::Last),
        list("the last page by due date", Walk, all, none(), URGENT, Page::Last),
        list("the newest of a center", Walk, b, none(), NEWEST, Page::First),
        list("the newest of a window", Walk, window, none(), NEWEST, Page::First),
        list("by status", Search, all, status, NEWEST, Page::First),
        list("by number", Search, all, number, NEWEST, Page::First),
        list("one case of a list", Search, all, external, NEWEST, Page::First),
        list("by name", Search, all, name, NEWEST, Page::First),
        list("by time", Search, all, time, NEWEST, Page::First),
    ]
}

fn worklists(world: &World) -> Vec<Read> {
    use Way::Search;
    let none = CaseFilter::default;
    let today = world.today();
    let all = &CaseScope::All;
    let b = &CaseScope::Units(vec![world.unit(Place::CenterB)]);
    let overdue = CaseFilter { overdue_on: Some(today), ..none() };
    let soon = CaseFilter {
        unanswered: Some(Unanswered),
        due_from: Some(today),
        due_to: Some(today + Days::new(5)),
        ..none()
    };
    let unassigned = CaseFilter { unassigned: Some(Unassigned), ..none() };
    let mine = CaseFilter {
        officer: Some(world.user(Who::OfficerA)),
        unanswered: Some(Unanswered),
        ..none()
    };
    let unit = CaseFilter {
        statuses: Status::ALL.iter().copied().filter(|status| status.is_open()).collect(),
        units: Some(vec![world.unit(Place::CenterB)]),
        ..none()
    };
    vec![
        list("overdue", Search, all, overdue.clone(), Sort::MOST_URGENT, Page::First),
        list("overdue in a center", Search, b, overdue, Sort::MOST_URGENT, Page::First),
        list("due soon", Search, all, soon, Sort::MOST_URGENT, Page::First),
        list("unassigned", Search, all, unassigned, Sort::OLDEST, Page::First),
        list("mine", Search, b, mine, Sort::MOST_URGENT, Page::First),
        list("of my unit", Search, b, unit.clone(), Sort::NEWEST, Page::First),
        list("of a unit", Search, all, unit, Sort::NEWEST, Page::First),
    ]
}

fn details(world: &World, case: CaseId) -> Vec<Read> {
    let b = CaseScope::Units(vec![world.unit(Place::CenterB)]);
    let phone = inputs::applicant().phone.unwrap();
    let index = world.app.vault.blind_index(PersonalField::Phone, phone.as_str());
    let id_number = world.app.vault.blind_index(PersonalField::IdNumber, "220102199003071235");
    let scope = b.clone();
    vec![
        read("detail", Way::Search, move |conn| {
            drop(cases::get(conn, &CaseScope::All, case).unwrap());
        }),
        read("detail in a center", Way::Search, move |conn| {
            drop(cases::get(conn, &b, case).unwrap());
        }),
        read("events of a case", Way::Search, move |conn| {
            drop(events::of_case(conn, case, Page::First, 50).unwrap());
        }),
        read("by telephone", Way::Search, move |conn| {
            let found = cases::by_index(
                conn,
                &CaseScope::All,
                PersonalField::Phone,
                &index,
                Page::First,
                50,
            )
            .unwrap();
            assert_eq!(found.rows.len(), 1);
        }),
        read("earlier cases of a person", Way::Search, {
            let keys = [(PersonalField::IdNumber, id_number), (PersonalField::Phone, index)];
            move |conn| {
                let found = earlier::of_person(conn, &CaseScope::All, &keys).unwrap();
                assert_eq!(found.len(), 1);
            }
        }),
        read("has a person earlier cases", Way::Search, {
            let keys = [(PersonalField::IdNumber, id_number), (PersonalField::Phone, index)];
            move |conn| assert_eq!(earlier::known(conn, &keys).unwrap().len(), 2)
        }),
        read("outcomes of a batch", Way::Search, |conn| {
            drop(outcomes::of_keys(conn, &["key-4711", "key-4712", "another"]).unwrap());
        }),
        read("by external reference", Way::Search, |conn| {
            let known = ExternalRef::parse("oa", "2025-17").unwrap();
            drop(references::holders(conn, &[&known]).unwrap());
        }),
        read("by document in a center", Way::Search, move |conn| {
            drop(
                cases::by_index(conn, &scope, PersonalField::IdNumber, &id_number, Page::First, 50)
                    .unwrap(),
            );
        }),
    ]
}

fn figures(world: &World) -> Vec<Read> {
    let day = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let cohort = Cohort { from: day(2024), to: day(2025) - Days::new(1), as_of: world.today() };
    let b = CaseScope::Units(vec![world.unit(Place::CenterB)]);
    // A year is a fifth of these cases, and all its figures are counted by one look: PostgreSQL is right
    // when it rather walks past all of them once.
    let way = match world.db.backend() {
        Backend::Postgres => Way::Pass,
        Backend::Sqlite => Way::Search,
    };
    let mut reads: Vec<Read> = [
        ("reply rate by unit", GroupBy::Unit),
        ("reply rate by month", GroupBy::Month),
        ("reply rate by channel", GroupBy::Channel),
    ]
    .into_iter()
    .map(|(name, group_by)| {
        read(name, way, move |conn| {
            drop(statistics::counts(conn, &CaseScope::All, &cohort, group_by).unwrap());
        })
    })
    .collect();
    let today = world.today();
    reads.push(read("reply rate of a center", Way::Search, move |conn| {
        drop(statistics::counts(conn, &b, &cohort, GroupBy::Unit).unwrap());
    }));
    reads.push(read("open work", Way::Search, move |conn| {
        drop(statistics::open_work(conn, &CaseScope::All, today, today + Days::new(5)).unwrap());
    }));
    reads.push(read("what waits for delivery", Way::Walk, |conn| {
        assert!(pulse::waiting(conn).unwrap().messages > 0);
    }));
    let behind =
        CaseFilter { counted: Some((cohort, vec![Part::OpenOverdue])), ..CaseFilter::default() };
    reads.push(list(
        "the cases behind a figure",
        Way::Walk,
        &CaseScope::All,
        behind,
        Sort::NEWEST,
        Page::First,
    ));
    reads
}

/// An answer that is due of every open case, and of each case an occasion that is over.
fn fill_clocks(world: &World) {
    let no_limit = match world.db.backend() {
        Backend::Postgres => "SET statement_timeout = 0;",
        Backend::Sqlite => "",
    };
    world.db.execute(&format!(
        "{no_limit} DELETE FROM case_clocks; \
         INSERT INTO case_clocks SELECT id, 'answer', 0, due_date, responsible_unit_id, officer_id \
         FROM cases WHERE finished_on IS NULL AND due_date IS NOT NULL; \
         INSERT INTO case_clocks SELECT id, 'supplement_notice', 0, receipt_date, \
         responsible_unit_id, officer_id FROM cases WHERE receipt_date IS NOT NULL; ANALYZE;"
    ));
}

/// What falls due, and the cases that a change of the calendar concerns.
fn clocks(world: &World) -> Vec<Read> {
    let today = world.today();
    let ours = |filter: ClockFilter, page: Page<ClockPlace>| {
        move |conn: &mut Conn| drop(clocks::list(conn, &filter, today, page, 50).unwrap())
    };
    let within = |days| ClockFilter { to: Some(today + Days::new(days)), ..ClockFilter::default() };
    let units = Some(vec![world.unit(Place::CenterB), world.unit(Place::WindowA)]);
    let officer = Some(world.user(Who::OfficerA));
    let deep = ClockPlace(today + Days::new(2), CaseId(world.app.fresh_id()), ClockKind::Answer, 0);
    let of_units = ClockFilter { units, from: Some(today), ..within(7) };
    let kinds = vec![ClockKind::Answer, ClockKind::Subtask];
    let coming = ClockFilter { from: Some(today), ..within(7) };
    let next = Some(calendar::Place { due: Some(today), id: CaseId(world.app.fresh_id()) });
    vec![
        read("what falls due", Way::Search, ours(within(7), Page::First)),
        read("what falls due, a deep page", Way::Search, ours(within(30), Page::After(deep))),
        read("what falls due, backwards", Way::Search, ours(within(30), Page::Before(deep))),
        read("what falls due at two units", Way::Search, ours(of_units, Page::First)),
        read(
            "what falls due of an officer",
            Way::Search,
            ours(ClockFilter { officer, ..within(7) }, Page::First),
        ),
        read(
            "what falls due of two kinds",
            Way::Search,
            ours(ClockFilter { kinds, ..within(7) }, Page::First),
        ),
        read("how much falls due", Way::Search, move |conn| {
            drop(clocks::count(conn, &coming, today).unwrap());
        }),
        read("cases that a new calendar concerns", Way::Walk, move |conn| {
            drop(calendar::look_at(conn, &CaseScope::All, today, None, 100).unwrap());
        }),
        read("more of them", Way::Walk, move |conn| {
            drop(calendar::look_at(conn, &CaseScope::All, today, next, 100).unwrap());
        }),
    ]
}

on_both!(every_read_uses_an_index);
async fn every_read_uses_an_index(world: World) {
    let template = rows::template(&world).await;
    many::fill(&world);
    let numbered = "INSERT INTO external_refs (source, reference, case_id) \
         SELECT 'oa', receipt_number, id FROM cases; \
         INSERT INTO idempotency_keys SELECT subject_id, 'key-' || seq, hash, hash, at FROM events; \
         INSERT INTO outbox SELECT 1000000000 + seq, 'case.received', '{}', at, at FROM events; ANALYZE;";
    world.db.execute(numbered);
    fill_clocks(&world);
    let mut faults = Vec::new();
    let reads = [
        lists(&world),
        worklists(&world),
        details(&world, rows::id(&template)),
        figures(&world),
        clocks(&world),
        pairs(&world),
    ];
    for read in reads.into_iter().flatten() {
        for query in captured(&world.db, &read.run) {
            for (mode, way) in [(BY_VALUES, read.way), (FOR_ALL_VALUES, read.way.for_all_values())]
            {
                let plan = explained(&world.db, &query, mode);
                if let Some(fault) = fault(&plan, way) {
                    let (name, plan) = (&read.name, plan.join("\n"));
                    faults.push(format!("## {name}, {mode}: {fault}\n{query}\n{plan}\n"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
