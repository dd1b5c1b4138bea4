//! Walking a list page by page, forwards and back, gives every case once, whatever is added and taken
//! away meanwhile.

use std::collections::BTreeSet;

use chrono::{Days, TimeDelta};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::ids::{CaseId, UnitId};
use gongkai::domain::lifecycle::Status;
use gongkai::store::cases::{
    self, CaseFilter, CaseLine, Direction, Extent, Lines, Listing, Sort, SortKey, Total,
};
use gongkai::store::page::Page;
use gongkai::store::types::{At, Key};
use gongkai::store::{CaseRow, Conn};

use super::rows;
use crate::support::chance::Chance;
use crate::support::databases::execute;
use crate::support::on_both;
use crate::support::world::{Place, World};

const CASES: usize = 2500;
const PAGE: i64 = 250;

/// A case that comes in somewhere in the midst of the others: many share an instant or a due date,
/// some have none, and of some nothing is due any more.
fn somewhere(template: &CaseRow, world: &World, number: usize, chance: &mut Chance) -> CaseRow {
    let due = template.due_date.unwrap() + Days::new(u64::try_from(chance.below(40)).unwrap());
    let at = |chance: &mut Chance| At(world.now() + TimeDelta::milliseconds(chance.below(300)));
    let ended = chance.percent(15).then(|| world.today());
    let mut row = rows::another(template, world, number);
    row.received_at = at(chance);
    row.updated_at = at(chance);
    row.due_date = chance.percent(80).then_some(due);
    if ended.is_some() {
        "withdrawn".clone_into(&mut row.status);
        (row.closed_on, row.finished_on) = (ended, ended);
    }
    row
}

/// A list that grows and shrinks while it is read.
struct Walk<'a> {
    world: &'a World,
    conn: Conn,
    template: &'a CaseRow,
    sort: Sort,
    number: usize,
    chance: Chance,
    added: Vec<CaseRow>,
}

impl Walk<'_> {
    /// Reads page after page from here on, in the order in which they come.
    fn pages(&mut self, mut page: Page<cases::Place>) -> Vec<CaseLine> {
        let filter = CaseFilter::default();
        let mut seen: Vec<CaseLine> = Vec::new();
        loop {
            let lines = Lines { sort: self.sort, page, limit: PAGE };
            let found = rows::listed(&mut self.conn, &CaseScope::All, &filter, lines);
            let backward = page.is_backward();
            let (first, last) = (found.rows.first(), found.rows.last());
            if let Some(next) = if backward { first } else { last } {
                let place = next.place(self.sort);
                page = if backward { Page::Before(place) } else { Page::After(place) };
            }
            if backward {
                seen.splice(0..0, found.rows);
            } else {
                seen.extend(found.rows);
            }
            if !found.goes_on {
                return seen;
            }
            self.meanwhile();
        }
    }

    /// Five more come in, one of those that came in goes.
    fn meanwhile(&mut self) {
        let more: Vec<CaseRow> = (0..5)
            .map(|_| {
                self.number += 1;
                somewhere(self.template, self.world, self.number, &mut self.chance)
            })
            .collect();
        rows::insert(&self.world.db, &more);
        self.added.extend(more);
        let some = usize::try_from(self.chance.below(i64::try_from(self.added.len()).unwrap()));
        let gone = self.added.swap_remove(some.unwrap());
        let id = self.world.db.literal(gone.id.0);
        execute(&mut self.conn, &format!("DELETE FROM cases WHERE id = {id}"));
    }
}

fn assert_each_once(walked: &[CaseLine], expected: &BTreeSet<CaseId>, sort: Sort, what: &str) {
    let ids: Vec<CaseId> = walked.iter().map(|line| CaseId(line.id.0)).collect();
    let distinct: BTreeSet<CaseId> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "{sort:?} {what}: a case came twice");
    assert!(expected.is_subset(&distinct), "{sort:?} {what}: a case was passed over");
    let ordered = walked.windows(2).all(|pair| {
        let (a, b) = (&pair[0], &pair[1]);
        let key = match sort.key {
            SortKey::ReceivedAt => a.received_at.0.cmp(&b.received_at.0),
            SortKey::UpdatedAt => a.updated_at.0.cmp(&b.updated_at.0),
            SortKey::DueDate => a.due_now().cmp(&b.due_now()),
        };
        let undated =
            sort.key == SortKey::DueDate && (a.due_now().is_none() || b.due_now().is_none());
        let key = match sort.direction {
            // Nothing due comes last either way.
            _ if undated => a.due_now().is_none().cmp(&b.due_now().is_none()),
            Direction::Ascending => key,
            Direction::Descending => key.reverse(),
        };
        let ids = match sort.ids {
            Direction::Ascending => a.id.cmp(&b.id),
            Direction::Descending => b.id.cmp(&a.id),
        };
        key.then(ids).is_lt()
    });
    assert!(ordered, "{sort:?} {what}: out of order");
}

on_both!(a_walk_meets_every_case_once_in_every_order_and_back);
async fn a_walk_meets_every_case_once_in_every_order_and_back(world: World) {
    let template = rows::template(&world).await;
    let mut chance = Chance::seeded(26);
    let made: Vec<CaseRow> =
        (0..CASES).map(|number| somewhere(&template, &world, number, &mut chance)).collect();
    rows::insert(&world.db, &made);
    let all: BTreeSet<CaseId> = made.iter().map(rows::id).collect();
    let mut walk = Walk {
        world: &world,
        conn: world.db.connect(),
        template: &template,
        sort: Sort::NEWEST,
        number: CASES,
        chance,
        added: Vec::new(),
    };
    for key in [SortKey::ReceivedAt, SortKey::UpdatedAt, SortKey::DueDate] {
        for direction in [Direction::Ascending, Direction::Descending] {
            for ids in [Direction::Ascending, Direction::Descending] {
                walk.sort = Sort { key, direction, ids };
                let forward = walk.pages(Page::First);
                assert_each_once(&forward, &all, walk.sort, "forwards");
                let back = walk.pages(Page::Last);
                assert_each_once(&back, &all, walk.sort, "backwards");
                // Turning round in the midst meets everything before that place.
                let middle = &forward[forward.len() / 2];
                let before = walk.pages(Page::Before(middle.place(walk.sort)));
                let passed: BTreeSet<CaseId> = forward[..forward.len() / 2]
                    .iter()
                    .map(|line| CaseId(line.id.0))
                    .filter(|id| all.contains(id))
                    .collect();
                assert_each_once(&before, &passed, walk.sort, "back from the midst");
                let ahead: BTreeSet<CaseId> = all.difference(&passed).copied().collect();
                let met: BTreeSet<CaseId> = before.iter().map(|line| CaseId(line.id.0)).collect();
                assert!(met.is_disjoint(&ahead), "{:?}: beyond its place", walk.sort);
            }
        }
    }
}

on_both!(a_place_of_another_order_finds_nothing);
async fn a_place_of_another_order_finds_nothing(world: World) {
    world.registered().await;
    let conn = &mut world.db.connect();
    let list = |conn: &mut _, sort, page| {
        let lines = Lines { sort, page, limit: 10 };
        rows::listed(conn, &CaseScope::All, &CaseFilter::default(), lines).rows
    };
    let line = &list(conn, Sort::OLDEST, Page::First)[0];
    let urgent = Sort::MOST_URGENT;
    assert!(list(conn, urgent, Page::After(line.place(Sort::OLDEST))).is_empty());
    assert!(list(conn, Sort::NEWEST, Page::After(line.place(urgent))).is_empty());
    assert!(list(conn, Sort::NEWEST, Page::Before(line.place(urgent))).is_empty());
}

on_both!(counts_stop_where_they_are_told_to);
async fn counts_stop_where_they_are_told_to(world: World) {
    let template = rows::template(&world).await;
    let made: Vec<CaseRow> = (0..6).map(|n| rows::another(&template, &world, n)).collect();
    rows::insert(&world.db, &made);
    let conn = &mut world.db.connect();
    let filter = CaseFilter::default();
    for (most, found) in [(6, Total::MoreThan(6)), (7, Total::Exactly(7)), (8, Total::Exactly(7))] {
        assert_eq!(
            cases::total(conn, &CaseScope::All, &filter, Extent::UpTo(most)).unwrap(),
            found
        );
    }
    for (scope, found) in [(CaseScope::Nothing, 0), (CaseScope::All, 7)] {
        let lines = Lines { sort: Sort::MOST_URGENT, page: Page::First, limit: 2 };
        let (filter, extent) = (filter.clone(), Some(Extent::All));
        let (page, total) = cases::list(conn, &Listing { scope, filter, lines, extent }).unwrap();
        let total = total.unwrap();
        assert_eq!((total, page.goes_on), (Total::Exactly(found), found > 2));
    }
}

/// A case of one of the units, open, waiting for its service, or finished.
fn anywhere(template: &CaseRow, world: &World, number: usize, chance: &mut Chance) -> CaseRow {
    let units = [Place::CenterA, Place::WindowA, Place::CenterB].map(|place| world.unit(place).0);
    let mut row = rows::another(template, world, number);
    row.received_at = At(world.now() + TimeDelta::milliseconds(chance.below(60)));
    row.receiving_unit_id = Key(*chance.one_of(&units));
    row.holding_unit_id = chance.percent(70).then(|| Key(*chance.one_of(&units)));
    row.responsible_unit_id = row.holding_unit_id.unwrap_or(row.receiving_unit_id);
    let status =
        chance.one_of(&["received", "registered", "supplemented", "answered", "withdrawn"]);
    (*status).clone_into(&mut row.status);
    if *status == "withdrawn" {
        (row.closed_on, row.finished_on) = (Some(world.today()), Some(world.today()));
    } else if *status == "answered" && chance.percent(50) {
        (row.answer_date, row.finished_on) = (Some(world.today()), Some(world.today()));
    }
    row
}

/// The pages of a list from one end to the other, small ones, in the order of the list.
fn in_pages(
    conn: &mut Conn,
    (scope, filter): (&CaseScope, &CaseFilter),
    sort: Sort,
    mut page: Page<cases::Place>,
) -> Vec<CaseId> {
    let mut seen: Vec<CaseId> = Vec::new();
    loop {
        let lines = Lines { sort, page, limit: 7 };
        let found = rows::listed(conn, scope, filter, lines);
        let ids = found.rows.iter().map(|line| CaseId(line.id.0));
        if page.is_backward() {
            seen.splice(0..0, ids);
        } else {
            seen.extend(ids);
        }
        let (first, last) = (found.rows.first(), found.rows.last());
        match (found.goes_on, page.is_backward()) {
            (false, _) => return seen,
            (true, true) => page = Page::Before(first.unwrap().place(sort)),
            (true, false) => page = Page::After(last.unwrap().place(sort)),
        }
    }
}

on_both!(lists_of_units_are_what_a_look_at_every_case_finds);
async fn lists_of_units_are_what_a_look_at_every_case_finds(world: World) {
    let template = rows::template(&world).await;
    let mut chance = Chance::seeded(5);
    let mut made: Vec<CaseRow> =
        (0..400).map(|number| anywhere(&template, &world, number, &mut chance)).collect();
    rows::insert(&world.db, &made);
    made.push(template);
    let conn = &mut world.db.connect();
    let [a, window, b] = [Place::CenterA, Place::WindowA, Place::CenterB].map(|p| world.unit(p));
    let open = |units: &[UnitId]| CaseFilter {
        statuses: Status::ALL.iter().copied().filter(|status| status.is_open()).collect(),
        units: Some(units.to_vec()),
        ..CaseFilter::default()
    };
    let some = |units: &[UnitId]| CaseFilter {
        statuses: vec![Status::Received, Status::Supplemented],
        ..open(units)
    };
    let scopes = [
        CaseScope::All,
        CaseScope::Units(vec![a, window]),
        CaseScope::Units(vec![a, window, b]),
        CaseScope::Units(vec![window]),
        CaseScope::Nothing,
    ];
    // Of a unit that is not within the scope, those that are: received by one, held by the other.
    let filters = [CaseFilter::default(), open(&[a, window]), open(&[b]), some(&[a, b]), open(&[])];
    let mut found_at_all = 0;
    for (scope, filter) in scopes.iter().flat_map(|s| filters.iter().map(move |f| (s, f))) {
        let mut expected: Vec<&CaseRow> = made
            .iter()
            .filter(|row| {
                let holding = row.holding_unit_id.map(|unit| UnitId(unit.0));
                let status = Status::parse(&row.status).unwrap();
                scope.contains(UnitId(row.receiving_unit_id.0), holding)
                    && (filter.statuses.is_empty() || filter.statuses.contains(&status))
                    && filter
                        .units
                        .as_ref()
                        .is_none_or(|units| units.contains(&UnitId(row.responsible_unit_id.0)))
            })
            .collect();
        expected.sort_by_key(|row| (row.received_at.0, row.id.0));
        let mut expected: Vec<CaseId> = expected.into_iter().map(rows::id).collect();
        for sort in [Sort::OLDEST, Sort::NEWEST] {
            for page in [Page::First, Page::Last] {
                let found = in_pages(conn, (scope, filter), sort, page);
                assert_eq!(found, expected, "{scope:?} {filter:?} {sort:?} {page:?}");
                found_at_all += found.len();
            }
            expected.reverse();
        }
    }
    assert!(found_at_all > 5_000, "{found_at_all}");
}
