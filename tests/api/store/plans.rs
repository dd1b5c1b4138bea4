//! With a hundred thousand cases every read that people wait for uses an index, on both databases.
//!
//! The queries are those that the product really runs: each read is carried out and its SQL taken
//! from Diesel's instrumentation, values included, and then explained by the database.

use chrono::{Days, NaiveDate, TimeDelta};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::external_ref::ExternalRef;
use gongkai::domain::ids::CaseId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::measure::{Cohort, GroupBy, Part};
use gongkai::domain::sealed::PersonalField;
use gongkai::store::cases::{self, CaseFilter, Place as Page, Sort, Unanswered, Unassigned};
use gongkai::store::{Conn, earlier, events, references, statistics};

use super::explain::{BY_VALUES, FOR_ALL_VALUES, Way, captured, explained, fault};
use super::{many, rows};
use crate::support::world::{Place, Who, World};
use crate::support::{inputs, on_both};

type Run = Box<dyn Fn(&mut Conn)>;

/// One read that people wait for.
struct Read {
    name: &'static str,
    way: Way,
    run: Run,
}

fn read(name: &'static str, way: Way, run: impl Fn(&mut Conn) + 'static) -> Read {
    Read { name, way, run: Box::new(run) }
}

/// The first page of a list of cases.
fn list(
    name: &'static str,
    way: Way,
    scope: &CaseScope,
    filter: CaseFilter,
    sort: Sort,
    page: Option<Page>,
) -> Read {
    let scope = scope.clone();
    read(name, way, move |conn| {
        cases::list(conn, &scope, &filter, sort, page, 51).unwrap();
    })
}

fn lists(world: &World) -> Vec<Read> {
    use Sort::{DueAsc, ReceivedAsc, ReceivedDesc};
    use Way::{Search, Walk};
    let none = CaseFilter::default;
    let all = &CaseScope::All;
    let b = &CaseScope::Units(vec![world.unit(Place::CenterB)]);
    let window = &CaseScope::Units(vec![world.unit(Place::WindowA)]);
    let deep = inputs::instant("2019-06-01T00:00:00Z");
    let somebody = CaseId(world.app.fresh_id());
    let recorded = Some(Page::Received(deep, somebody));
    let due = Some(Page::Due(deep.date_naive(), somebody));
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
        list("the newest", Walk, all, none(), ReceivedDesc, None),
        list("the oldest", Walk, all, none(), ReceivedAsc, None),
        list("a deep page", Search, all, none(), ReceivedDesc, recorded),
        list("a deep page, oldest first", Search, all, none(), ReceivedAsc, recorded),
        list("a deep page by due date", Search, all, none(), DueAsc, due),
        list("the newest of a center", Walk, b, none(), ReceivedDesc, None),
        list("the newest of a window", Walk, window, none(), ReceivedDesc, None),
        list("by status", Search, all, status, ReceivedDesc, None),
        list("by number", Search, all, number, ReceivedDesc, None),
        list("one case of a list", Search, all, external, ReceivedDesc, None),
        list("by name", Search, all, name, ReceivedDesc, None),
        list("by time", Search, all, time, ReceivedDesc, None),
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
    vec![
        list("overdue", Search, all, overdue.clone(), Sort::DueAsc, None),
        list("overdue in a center", Search, b, overdue, Sort::DueAsc, None),
        list("due soon", Search, all, soon, Sort::DueAsc, None),
        list("unassigned", Search, all, unassigned, Sort::ReceivedAsc, None),
        list("mine", Search, b, mine, Sort::DueAsc, None),
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
            drop(events::of_case(conn, case, 0, 51).unwrap());
        }),
        read("by telephone", Way::Search, move |conn| {
            let found =
                cases::by_index(conn, &CaseScope::All, PersonalField::Phone, &index, None, 51)
                    .unwrap();
            assert_eq!(found.len(), 1);
        }),
        read("earlier cases of a person", Way::Search, {
            let keys = [(PersonalField::IdNumber, id_number), (PersonalField::Phone, index)];
            move |conn| {
                let found = earlier::of_person(conn, &CaseScope::All, &keys).unwrap();
                assert_eq!(found.len(), 1);
            }
        }),
        read("by external reference", Way::Search, |conn| {
            let known = ExternalRef::parse("oa", "2025-17").unwrap();
            drop(references::holders(conn, &[&known]).unwrap());
        }),
        read("by document in a center", Way::Search, move |conn| {
            drop(
                cases::by_index(conn, &scope, PersonalField::IdNumber, &id_number, None, 51)
                    .unwrap(),
            );
        }),
    ]
}

fn figures(world: &World) -> Vec<Read> {
    let day = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let cohort = Cohort { from: day(2024), to: day(2025) - Days::new(1), as_of: world.today() };
    let b = CaseScope::Units(vec![world.unit(Place::CenterB)]);
    let mut reads: Vec<Read> = [
        ("reply rate by unit", GroupBy::Unit),
        ("reply rate by month", GroupBy::Month),
        ("reply rate by channel", GroupBy::Channel),
    ]
    .into_iter()
    .map(|(name, group_by)| {
        read(name, Way::Search, move |conn| {
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
    let behind =
        CaseFilter { counted: Some((cohort, vec![Part::OpenOverdue])), ..CaseFilter::default() };
    reads.push(list(
        "the cases behind a figure",
        Way::Walk,
        &CaseScope::All,
        behind,
        Sort::ReceivedDesc,
        None,
    ));
    reads
}

on_both!(every_read_uses_an_index);
async fn every_read_uses_an_index(world: World) {
    let template = rows::template(&world).await;
    many::fill(&world);
    let numbered = "INSERT INTO external_refs (source, reference, case_id) \
         SELECT 'oa', receipt_number, id FROM cases; ANALYZE;";
    world.db.execute(numbered);
    let mut faults = Vec::new();
    let reads =
        [lists(&world), worklists(&world), details(&world, rows::id(&template)), figures(&world)];
    for read in reads.into_iter().flatten() {
        let t = std::time::Instant::now();
        (read.run)(&mut world.db.connect());
        println!("TIME {:?} {} {:?}", world.db.backend(), read.name, t.elapsed());
        for query in captured(&world.db, &read.run) {
            for (mode, way) in [(BY_VALUES, read.way), (FOR_ALL_VALUES, Way::Walk)] {
                let plan = explained(&world.db, &query, mode);
                if let Some(fault) = fault(&plan, way) {
                    let (name, plan) = (read.name, plan.join("\n"));
                    faults.push(format!("## {name}, {mode}: {fault}\n{query}\n{plan}\n"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
