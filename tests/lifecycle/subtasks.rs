//! A search or an opinion asked of another unit: the answer waits, the statutory period does not.

use gongkai::domain::case::{Reminder, SearchEntry, SubtaskKind, SubtaskState};
use gongkai::domain::ids::UnitId;
use gongkai::domain::lifecycle::{Action, Step, availability, hand_over};
use gongkai::domain::rejection::Reason;

use super::cast::*;

const DAY: &str = "2024-03-04";

fn reply(subtask: u32) -> Step {
    let search_log = vec![SearchEntry {
        searcher: "赵某".to_owned(),
        system: "车辆档案".to_owned(),
        keywords: "号牌".to_owned(),
        searched_on: day(DAY),
        result: Some("查得一份".to_owned()),
    }];
    Step::ReplySubtask { subtask, reply: "查得一份".to_owned(), search_log }
}

fn give_back(subtask: u32) -> Step {
    Step::ReturnSubtask { subtask, reason: "不属本单位".to_owned() }
}

fn waive(subtask: u32) -> Step {
    Step::WaiveSubtask { subtask, reason: "已另行查明".to_owned() }
}

/// Drafted and reviewed by center A, which has asked center B for a search.
fn asked() -> File {
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &ask_unit(CENTER_B, SubtaskKind::Search));
    file.must(A1, DAY, &draft("disclose"));
    file.pass(DAY);
    file
}

#[test]
fn art_45_the_answer_waits_for_the_reply() {
    let mut file = asked();
    let due = file.due();
    file.refuses(Q1, DAY, &answer(None), Reason::SubtaskOpen);
    file.must(B1, DAY, &reply(1));
    assert_eq!(file.case.record.subtasks[0].state(), SubtaskState::Replied);
    assert_eq!(file.due(), due, "the one statutory period runs on");
    file.must(Q1, DAY, &answer(None));
}

#[test]
fn a_subtask_can_be_waived_with_a_reason_and_one_that_came_back_must_be() {
    let mut file = asked();
    file.must(B1, DAY, &give_back(1));
    file.refuses(Q1, DAY, &answer(None), Reason::SubtaskOpen);
    file.refuses(B1, DAY, &waive(1), Reason::NotHoldingUnit);
    file.refuses(A1, DAY, &waive(2), Reason::SubtaskUnknown);
    file.must(A1, DAY, &waive(1));
    file.refuses(A1, DAY, &waive(1), Reason::NothingToWaive);
    file.must(Q1, DAY, &answer(None));
}

#[test]
fn what_came_back_and_is_asked_anew_does_not_block_twice() {
    let mut file = asked();
    file.must(B1, DAY, &give_back(1));
    file.must(A1, DAY, &ask_unit(WINDOW, SubtaskKind::Search));
    file.refuses(A1, DAY, &waive(1), Reason::SubtaskClosed);
    file.must(W1, DAY, &reply(2));
    file.must(Q1, DAY, &answer(None));
}

#[test]
fn only_the_unit_that_was_asked_replies_and_only_once() {
    let mut file = asked();
    file.refuses(A1, DAY, &reply(1), Reason::NotAskedUnit);
    file.refuses(LEGAL1, DAY, &reply(1), Reason::RoleNotPermitted);
    file.refuses(B1, DAY, &reply(2), Reason::SubtaskUnknown);
    let bare = Step::ReplySubtask { subtask: 1, reply: "有".to_owned(), search_log: Vec::new() };
    file.refuses(B1, DAY, &bare, Reason::FactMissing);
    file.must(B1, DAY, &reply(1));
    file.refuses(B1, DAY, &reply(1), Reason::NotAskedUnit);
    // A subtask of another unit is as if it were not there.
    file.must(A1, DAY, &ask_unit(CENTER_B, SubtaskKind::Opinion));
    file.must(Q1, DAY, &ask_unit(WINDOW, SubtaskKind::Opinion));
    file.refuses(B1, DAY, &reply(3), Reason::SubtaskUnknown);
    file.refuses(B1, DAY, &reply(1), Reason::SubtaskClosed);
}

#[test]
fn who_can_be_asked_and_by_when() {
    let file = File::assigned(DAY);
    let tries = [
        (CENTER_A, None, Reason::UnitHoldsCase),
        (LEGAL, None, Reason::UnitCannotHold),
        (UnitId(uuid::Uuid::from_u128(99)), None, Reason::UnitUnknown),
        (CENTER_B, Some("2024-03-01"), Reason::DateTooEarly),
        (CENTER_B, Some("2024-04-02"), Reason::DateTooLate),
    ];
    for (unit, due, reason) in tries {
        file.refuses(A1, DAY, &ask_unit_by(unit, SubtaskKind::Opinion, due), reason);
    }
    let mut file = file;
    file.must(A1, DAY, &ask_unit_by(CENTER_B, SubtaskKind::Opinion, Some("2024-04-01")));
    file.must(A1, DAY, &ask_unit(CENTER_B, SubtaskKind::Opinion));
    let due: Vec<_> = file.case.record.subtasks.iter().map(|subtask| subtask.due_date).collect();
    assert_eq!(due, [day("2024-04-01"), day("2024-03-11")], "five working days");
    // Late in the period the default ends with it, and does not lie behind it.
    file.must(A1, "2024-03-29", &ask_unit(CENTER_B, SubtaskKind::Opinion));
    assert_eq!(file.case.record.subtasks[2].due_date, day("2024-04-01"));
    for _ in 3..20 {
        file.must(A1, DAY, &ask_unit(WINDOW, SubtaskKind::Opinion));
    }
    file.refuses(A1, DAY, &ask_unit(WINDOW, SubtaskKind::Opinion), Reason::TooManySubtasks);
}

#[test]
fn a_reminder_follows_from_the_day() {
    let mut file = File::assigned(DAY);
    file.must(A1, DAY, &ask_unit_by(CENTER_B, SubtaskKind::Opinion, Some("2024-03-11")));
    let subtask = &file.case.record.subtasks[0];
    for (today, soon, expected) in [
        ("2024-03-04", "2024-03-07", Reminder::None),
        ("2024-03-07", "2024-03-12", Reminder::DueSoon),
        ("2024-03-11", "2024-03-14", Reminder::DueSoon),
        ("2024-03-12", "2024-03-15", Reminder::Overdue),
    ] {
        assert_eq!(subtask.reminder(day(today), day(soon)), expected, "{today}");
    }
    let mut done = file.case.record.subtasks[0].clone();
    file.must(
        B1,
        DAY,
        &Step::ReplySubtask { subtask: 1, reply: "同意".to_owned(), search_log: Vec::new() },
    );
    done.ended.clone_from(&file.case.record.subtasks[0].ended);
    assert_eq!(done.reminder(day("2024-03-12"), day("2024-03-15")), Reminder::None);
}

#[test]
fn an_open_subtask_goes_with_its_unit() {
    let mut file = asked();
    file.must(A1, DAY, &ask_unit(WINDOW, SubtaskKind::Opinion));
    let at = morning(day(DAY));
    file.case = hand_over(&file.case, CENTER_B, QUERY_ROOM, None, at);
    let units: Vec<_> = file.case.record.subtasks.iter().map(|subtask| subtask.unit).collect();
    assert_eq!(units, [QUERY_ROOM, WINDOW]);
    let actor = file.world.actor(Q1);
    let listed = availability(&file.case, &file.world.ctx(&actor, at));
    let may = listed.iter().find(|entry| entry.action == Action::ReplySubtask).unwrap();
    assert!(may.allowed(), "{may:?}");
}
