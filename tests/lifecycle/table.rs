//! The table itself.

use gongkai::domain::actor::Role;
use gongkai::domain::lifecycle::table::{RULES, rules_of};
use gongkai::domain::lifecycle::{Action, Party, Status, Target, role_may};
use gongkai::domain::policy::Right;

#[test]
fn every_action_has_a_row_and_every_row_a_party_and_a_source() {
    for action in Action::ALL {
        assert!(rules_of(*action).next().is_some(), "{action} has no row");
    }
    for rule in RULES {
        assert!(!rule.by.is_empty() && !rule.article.is_empty(), "{rule:?}");
        let is_new = matches!(rule.to, Target::New(_));
        assert_eq!(is_new, rule.from.is_empty(), "{rule:?}");
        assert_eq!(is_new, rule.action == Action::Receive, "{rule:?}");
    }
}

#[test]
fn no_two_rows_decide_one_action_in_one_status() {
    for (at, rule) in RULES.iter().enumerate() {
        let earlier = RULES.iter().take(at).filter(|other| other.action == rule.action);
        for other in earlier {
            let both = rule.from.iter().find(|status| other.from.contains(status));
            assert_eq!(both, None, "{} has two rows", rule.action);
        }
    }
}

#[test]
fn every_status_is_reached_and_a_closed_one_is_left_by_nothing() {
    let mut reached: Vec<Status> = Vec::new();
    for _ in Status::ALL {
        for rule in RULES {
            let possible = rule.from.is_empty() || rule.from.iter().any(|s| reached.contains(s));
            if let (true, Target::New(to) | Target::To(to)) = (possible, rule.to)
                && !reached.contains(&to)
            {
                reached.push(to);
            }
        }
    }
    for status in Status::ALL {
        assert!(reached.contains(status), "{status} is never reached");
    }
    for rule in RULES {
        for closed in rule.from.iter().filter(|status| !status.is_open()) {
            let last = [Action::WaiveSubtask, Action::Archive];
            if last.contains(&rule.action) {
                assert!(rule.to == Target::Same && *closed != Status::Voided, "{rule:?}");
                continue;
            }
            // Until an answer has reached its applicant it can be taken back.
            let late = [
                Action::Serve,
                Action::Attach,
                Action::Detach,
                Action::IssueLetter,
                Action::RequestSeal,
            ];
            let kept = late.contains(&rule.action) && rule.to == Target::Same;
            assert!(kept || rule.action == Action::VoidLetter, "{rule:?}");
            assert_eq!(*closed, Status::Answered);
        }
    }
}

/// Who may ever do what. A change of this grid is a change of the contract: it belongs into the
/// changelog.
#[test]
fn the_grid_of_roles_and_actions() {
    let mut grid = String::new();
    for action in Action::ALL {
        let may = |role: &&Role| role_may(**role, *action);
        let roles: Vec<_> = Role::ALL.iter().filter(may).map(|role| role.as_str()).collect();
        grid = format!("{grid}{action}: {}\n", roles.join(" "));
    }
    let expected = "\
receive: query_room service_center
register: query_room service_center
amend: query_room service_center
void: query_room
assign: query_room
accept: query_room service_center
return: query_room service_center
request_supplement: query_room service_center
supplement: query_room service_center
lapse: query_room
request_extension: query_room service_center
decide_extension: supervisor
draft_answer: query_room service_center
review: query_room service_center legal_office supervisor
ask_subtask: query_room service_center
reply_subtask: query_room service_center
return_subtask: query_room service_center
waive_subtask: query_room service_center
answer: query_room service_center
serve: query_room service_center
issue_letter: query_room service_center
void_letter: query_room service_center
request_seal: query_room service_center
withdraw: query_room service_center
attach: query_room service_center
detach: query_room service_center
archive: query_room
";
    assert_eq!(grid, expected);
}

#[test]
fn rights_follow_the_table_and_readers_of_content_are_few() {
    for right in Right::all() {
        for role in Role::ALL {
            if let Right::Act(action) = right {
                assert_eq!(right.granted_to(*role), role_may(*role, action));
            }
            let outsider = matches!(role, Role::Auditor | Role::Admin);
            // None of these shows the content of a case.
            let harmless = matches!(
                right,
                Right::SignedIn
                    | Right::ReadMetrics
                    | Right::ManageDirectory
                    // How many cases a change moves, and not which.
                    | Right::ManageCalendar
            );
            let granted = outsider && right.granted_to(*role);
            assert!(!granted || harmless, "{role} has {}", right.name());
        }
    }
    let names: std::collections::BTreeSet<_> = Right::all().into_iter().map(Right::name).collect();
    assert_eq!(names.len(), Right::all().len());
    for party in Party::ALL {
        assert!(RULES.iter().any(|rule| rule.by.contains(party)), "{party} does nothing");
    }
}
