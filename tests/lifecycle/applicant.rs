//! What the applicant himself may do, who has no account.

use gongkai::domain::actor::By;
use gongkai::domain::case::{Arrival, Case};
use gongkai::domain::channel::Channel;
use gongkai::domain::deadline::legal_day;
use gongkai::domain::lifecycle::{
    Action, ServiceFacts, Status, Step, SupplementFacts, applicant_may, apply, availability,
    receive,
};
use gongkai::domain::public_status::{DeliveryState, PublicStatus, PublicView};
use gongkai::domain::rejection::Reason;

use crate::cast::*;

fn online(at: &str) -> Step {
    Step::Supplement {
        facts: SupplementFacts::online("文号为某某".to_owned(), morning(day(at)))
    }
}

fn awaiting() -> File {
    let mut file = File::registered("2024-03-01");
    file.must(Q1, "2024-03-01", &ask(Some("2024-03-15"), Some(handed("2024-03-01"))));
    file
}

#[test]
fn he_may_apply_supplement_and_take_his_answer_and_nothing_else() {
    let may: Vec<_> = Action::ALL.iter().filter(|action| applicant_may(**action)).collect();
    assert_eq!(may, [&Action::Receive, &Action::Supplement, &Action::Serve]);
}

#[test]
fn he_serves_nothing_but_his_answer_and_only_by_taking_it() {
    let mut file = File::assigned("2024-03-04");
    file.must(A1, "2024-03-04", &draft("disclose"));
    file.pass("2024-03-04");
    file.must(Q1, "2024-03-04", &answer(None));
    let at = morning(day("2024-03-05"));
    let ctx = file.world.ctx_by(By::Applicant, at);
    let letter = gongkai::domain::case::ServedLetter::Answer;
    let taken = serve(letter, ServiceFacts::downloaded(at));
    let refused = apply(&file.case, &serve(letter, handed("2024-03-05")), &ctx).unwrap_err();
    assert_eq!(refused.first().reason, Reason::RoleNotPermitted);
    let after = apply(&file.case, &taken, &ctx).unwrap().case;
    assert_eq!(after.record.services[0].recorded_by, None);
    assert_eq!(after.record.clock.unwrap().answer_date, Some(day("2024-03-05")));
    // Nobody of the staff takes it for him.
    let staff = file.try_(Q1, "2024-03-05", &taken).unwrap_err();
    assert_eq!(staff.first().reason, Reason::FactOutOfPlace);
}

#[test]
fn he_comes_online_and_the_query_room_receives_it() {
    let world = World::new();
    let at = morning(day("2024-03-01"));
    let ctx = world.ctx_by(By::Applicant, at);
    let case =
        receive(&new_case(Channel::Online, confirmed("2024-03-01"), CENTER_A), &ctx).unwrap();
    let intake = &case.record.intake;
    assert_eq!((intake.receiving_unit, intake.received_by), (QUERY_ROOM, None));
    // What the system does not know itself is not taken from him.
    assert_eq!(intake.arrival, Arrival::online(at));
    for channel in [Channel::InPerson, Channel::Email, Channel::OnlineComplaint] {
        let refused = receive(&new_case(channel, Arrival::default(), QUERY_ROOM), &ctx);
        assert_eq!(refused.unwrap_err().first().reason, Reason::RoleNotPermitted);
    }
}

#[test]
fn without_a_query_room_nobody_can_receive_it() {
    let mut world = World::new();
    world.directory = gongkai::domain::unit::Directory::new(
        2,
        Vec::new(),
        Vec::new(),
        std::collections::HashSet::default(),
    );
    let ctx = world.ctx_by(By::Applicant, morning(day("2024-03-01")));
    let refused = receive(&new_case(Channel::Online, Arrival::default(), QUERY_ROOM), &ctx);
    assert_eq!(refused.unwrap_err().first().reason, Reason::NoQueryRoom);
}

#[test]
fn his_supplement_restarts_the_clock_on_the_day_it_is_there() {
    let file = awaiting();
    let ctx = file.world.ctx_by(By::Applicant, morning(day("2024-03-15")));
    let after = apply(&file.case, &online("2024-03-15"), &ctx).unwrap().case;
    assert_eq!(after.status(), Status::Supplemented);
    let clock = after.record.clock.as_ref().unwrap();
    assert_eq!(clock.resumed_on, Some(day("2024-03-15")));
    // Twenty working days; 4 and 5 April are holidays, 7 April is worked.
    assert_eq!(clock.due_date, Some(day("2024-04-15")));
    assert_eq!(after.record.supplement.unwrap().reply.unwrap().recorded_by, None);
    let late = file.world.ctx_by(By::Applicant, morning(day("2024-03-16")));
    let refused = apply(&file.case, &online("2024-03-16"), &late).unwrap_err();
    assert_eq!(refused.first().reason, Reason::SupplementPeriodOver);
}

#[test]
fn in_every_status_he_is_offered_what_the_table_gives_him() {
    let mut cases: Vec<Case> =
        vec![File::received("2024-03-01", Channel::InPerson, Arrival::default()).case];
    cases.push(File::registered("2024-03-01").case);
    cases.push(File::assigned("2024-03-01").case);
    cases.push(awaiting().case);
    let mut file = awaiting();
    file.must(Q1, "2024-03-04", &supplement_in_person("2024-03-04"));
    cases.push(file.case);
    let world = World::new();
    for case in cases {
        let ctx = world.ctx_by(By::Applicant, morning(day("2024-03-05")));
        for entry in availability(&case, &ctx) {
            let offered =
                entry.action == Action::Supplement && case.status() == Status::AwaitingSupplement;
            assert_eq!(entry.allowed(), offered, "{:?} in {}", entry.action, case.status());
        }
        for step in
            [register(Arrival::default()), assign(CENTER_A), Step::Accept, withdraw(), answer(None)]
        {
            let refused = apply(&case, &step, &ctx).unwrap_err();
            assert_eq!(refused.first().reason, Reason::RoleNotPermitted);
        }
    }
}

fn view(file: &File) -> PublicView {
    PublicView::of(&file.case).expect("told of")
}

#[test]
fn what_he_is_told_follows_the_case() {
    let mut file = File::received("2024-03-01", Channel::InPerson, Arrival::default());
    assert_eq!((view(&file).status, view(&file).case_number), (PublicStatus::Received, None));
    file.must(Q1, "2024-03-01", &register(Arrival::default()));
    assert_eq!(
        (view(&file).status, view(&file).due),
        (PublicStatus::InProgress, Some(day("2024-03-29")))
    );
    file.must(Q1, "2024-03-01", &ask(None, None));
    let told = view(&file);
    assert_eq!((told.status, told.due), (PublicStatus::AwaitingSupplement, None));
    assert_eq!(told.supplement_due, None, "a notice that nobody has begins no period");
    file.must(
        Q1,
        "2024-03-04",
        &serve(gongkai::domain::case::ServedLetter::SupplementNotice, handed("2024-03-04")),
    );
    assert_eq!(view(&file).supplement_due, Some(day("2024-03-18")));
    file.must(Q1, "2024-03-05", &supplement_in_person("2024-03-05"));
    assert_eq!((view(&file).status, view(&file).supplement_due), (PublicStatus::InProgress, None));
    file.must(Q1, "2024-03-05", &assign(CENTER_A));
    file.must(A1, "2024-03-05", &draft("disclose"));
    file.pass("2024-03-05");
    file.must(Q1, "2024-03-06", &answer(None));
    assert_eq!(view(&file).delivery, Some((DeliveryState::Pending, None)));
    let letter = gongkai::domain::case::ServedLetter::Answer;
    file.must(Q1, "2024-03-07", &serve(letter, posted("2024-03-07")));
    assert_eq!(view(&file).delivery, Some((DeliveryState::Dispatched, Some(day("2024-03-07")))));
    file.must(Q1, "2024-03-11", &serve(letter, returned("2024-03-11")));
    assert_eq!(view(&file).delivery, Some((DeliveryState::Returned, Some(day("2024-03-11")))));
    file.must(Q1, "2024-03-12", &serve(letter, handed("2024-03-12")));
    let told = view(&file);
    assert_eq!(told.delivery, Some((DeliveryState::Delivered, Some(day("2024-03-12")))));
    assert_eq!(told.milestones.answered, Some(day("2024-03-06")));
}

#[test]
fn what_was_withdrawn_or_voided_is_not_told_of_and_what_lapsed_is_closed() {
    let mut file = File::registered("2024-03-01");
    file.must(Q1, "2024-03-01", &withdraw());
    assert_eq!(PublicView::of(&file.case), None);
    let mut file = File::registered("2024-03-01");
    file.must(Q1, "2024-03-01", &void());
    assert_eq!(PublicView::of(&file.case), None);
    let mut file = awaiting();
    file.must(Q1, "2024-03-18", &lapse());
    let told = view(&file);
    assert_eq!((told.status, told.due), (PublicStatus::Closed, None));
    assert_eq!(told.milestones.closed, Some(legal_day(morning(day("2024-03-18")))));
}
