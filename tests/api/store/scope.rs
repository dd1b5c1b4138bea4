//! A case outside an actor's scope does not exist for him, whichever way he asks.

use gongkai::domain::actor::CaseScope;
use gongkai::domain::case::Case;
use gongkai::domain::ids::CaseId;
use gongkai::domain::lifecycle::Step;
use gongkai::domain::rejection::Reason;
use gongkai::domain::sealed::PersonalField;
use gongkai::store::cases::{self, CaseFilter, Sort};
use gongkai::store::page::Page;

use super::rows;
use crate::support::world::{Place, Who, World, reason};
use crate::support::{inputs, on_both};

async fn scope_of(world: &World, who: Who) -> CaseScope {
    let directory = world.app.store.directory().await.unwrap();
    directory.actor(world.user(who)).unwrap().case_scope()
}

/// What this user finds by each way of asking, as one list of ids.
async fn visible(world: &World, who: Who) -> Vec<CaseId> {
    let scope = scope_of(world, who).await;
    let conn = &mut world.db.connect();
    let filter = CaseFilter::default();
    let lines = rows::listed(conn, &scope, &filter, rows::first(Sort::OLDEST, 1000)).rows;
    let listed: Vec<CaseId> = lines.iter().map(|line| CaseId(line.id.0)).collect();
    let count = cases::count(conn, &scope, &filter).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), listed.len(), "{who:?}: list and count");
    let phone = inputs::applicant().phone.unwrap();
    let index = world.app.vault.blind_index(PersonalField::Phone, phone.as_str());
    let mut found: Vec<CaseId> =
        cases::by_index(conn, &scope, PersonalField::Phone, &index, Page::First, 1000)
            .unwrap()
            .rows
            .iter()
            .map(|line| CaseId(line.id.0))
            .collect();
    found.reverse();
    assert_eq!(found, listed, "{who:?}: search and list");
    let everything =
        rows::listed(conn, &CaseScope::All, &filter, rows::first(Sort::OLDEST, 1000)).rows;
    for line in everything {
        let id = CaseId(line.id.0);
        let got = cases::get(conn, &scope, id).unwrap().is_some();
        assert_eq!(got, listed.contains(&id), "{who:?}: detail and list of {id}");
    }
    listed
}

on_both!(each_sees_the_cases_of_his_scope_and_no_other);
async fn each_sees_the_cases_of_his_scope_and_no_other(world: World) {
    let with_query_room = world.registered().await;
    let with_a = world.assigned(Place::CenterA).await;
    let with_window = world.assigned(Place::WindowA).await;
    let with_b = world.assigned(Place::CenterB).await;
    let received_by_window = world.receive(Who::WindowA, inputs::application()).await;
    let received_by_b = world.receive(Who::OfficerB, inputs::application()).await;
    // Received by B, held by A: both see it.
    let registered = world.act(Who::OfficerB, &received_by_b, inputs::register()).await;
    let shared =
        world.act(Who::Clerk, &registered, inputs::assign(world.unit(Place::CenterA))).await;

    let ids = |cases: &[&Case]| cases.iter().map(|case| case.id).collect::<Vec<_>>();
    let all =
        ids(&[&with_query_room, &with_a, &with_window, &with_b, &received_by_window, &shared]);
    for who in [Who::Clerk, Who::Legal, Who::Supervisor] {
        assert_eq!(visible(&world, who).await, all, "{who:?}");
    }
    let of_a = ids(&[&with_a, &with_window, &received_by_window, &shared]);
    assert_eq!(visible(&world, Who::OfficerA).await, of_a);
    assert_eq!(visible(&world, Who::WindowA).await, ids(&[&with_window, &received_by_window]));
    assert_eq!(visible(&world, Who::OfficerB).await, ids(&[&with_b, &shared]));
    for who in [Who::Auditor, Who::Admin] {
        assert_eq!(visible(&world, who).await, [], "{who:?}");
    }
}

on_both!(an_action_on_another_centers_case_is_not_found);
/// The writer, too, knows no case outside the scope: the same answer as for an unknown id.
async fn an_action_on_another_centers_case_is_not_found(world: World) {
    let foreign = world.assigned(Place::CenterB).await;
    let mut unknown = foreign.clone();
    unknown.id = CaseId(world.app.fresh_id());
    for who in [Who::OfficerA, Who::WindowA, Who::Auditor, Who::Admin] {
        for case in [&foreign, &unknown] {
            let answer = world.try_act(who, case, Step::Accept).await;
            assert_eq!(reason(&answer), Some(Reason::NotFound), "{who:?}");
        }
    }
    // Even a wrong version tells nothing.
    let mut stale = foreign.clone();
    stale.version = stale.version.next();
    let answer = world.try_act(Who::OfficerA, &stale, Step::Accept).await;
    assert_eq!(reason(&answer), Some(Reason::NotFound));
}

on_both!(a_case_named_in_the_input_gives_nothing_away);
/// Naming another case in the input must not show whether it exists.
async fn a_case_named_in_the_input_gives_nothing_away(world: World) {
    let own = world.assigned(Place::CenterA).await;
    let foreign = world.assigned(Place::CenterB).await;
    let void = |id| Step::Void { reason: "重复".to_owned(), duplicate_of: Some(id) };
    let named = reason(&world.try_act(Who::OfficerA, &own, void(foreign.id)).await);
    let unknown = CaseId(world.app.fresh_id());
    assert_eq!(named, reason(&world.try_act(Who::OfficerA, &own, void(unknown)).await));
    // The query room, which may void, is told.
    let answer = world.try_act(Who::Clerk, &own, void(unknown)).await;
    assert_eq!(reason(&answer), Some(Reason::CaseUnknown));
    world.act(Who::Clerk, &own, void(foreign.id)).await;
}
