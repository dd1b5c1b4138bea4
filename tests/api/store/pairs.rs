//! Every filter of a list in every order that is offered.

use chrono::{Days, TimeDelta};
use gongkai::domain::actor::CaseScope;
use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::channel::Channel;
use gongkai::domain::lifecycle::Status;
use gongkai::store::cases::{
    CaseFilter, Direction, Names, Sort, SortKey, Unanswered, Unassigned, Words,
};
use gongkai::store::page::Page;

use super::explain::Way;
use super::plans::{Read, list};
use crate::support::inputs;
use crate::support::world::{Place, Who, World};

fn filters(world: &World) -> Vec<(&'static str, Way, CaseFilter)> {
    use Way::{Pass, Walk};
    let none = CaseFilter::default;
    let today = world.today();
    let then = inputs::instant("2019-06-01T00:00:00Z");
    let later = Some(then + TimeDelta::days(2));
    let then = Some(then);
    let day = then.map(|at| at.date_naive());
    let units = Some(vec![world.unit(Place::CenterB)]);
    let text = |text: &str| Some(text.to_owned());
    let words = |text: &str| Some(Words { text: text.to_owned(), names: Names::Asked });
    vec![
        ("no filter", Walk, none()),
        ("status", Walk, CaseFilter { statuses: vec![Status::AwaitingSupplement], ..none() }),
        ("unit", Walk, CaseFilter { units, ..none() }),
        ("channel", Walk, CaseFilter { channels: vec![Channel::Email], ..none() }),
        (
            "kind",
            Walk,
            CaseFilter { applicant_types: vec![ApplicantType::NaturalPerson], ..none() },
        ),
        ("officer", Walk, CaseFilter { officer: Some(world.user(Who::OfficerA)), ..none() }),
        ("unassigned", Walk, CaseFilter { unassigned: Some(Unassigned), ..none() }),
        ("due", Walk, CaseFilter { due_from: day, due_to: day, ..none() }),
        ("received", Walk, CaseFilter { received_from: then, received_before: later, ..none() }),
        ("changed", Walk, CaseFilter { updated_from: then, updated_before: later, ..none() }),
        (
            "receipt",
            Walk,
            CaseFilter { receipt_from: day, receipt_to: day.map(|d| d + Days::new(2)), ..none() },
        ),
        ("overdue", Walk, CaseFilter { overdue_on: Some(today), ..none() }),
        ("unanswered", Walk, CaseFilter { unanswered: Some(Unanswered), ..none() }),
        ("number", Walk, CaseFilter { number_prefix: text("旧4711"), ..none() }),
        ("name", Walk, CaseFilter { name_prefix: text("王47"), ..none() }),
        // No index knows the inside of a text. A page that is full ends the reading; a text that is
        // nowhere is looked for in every case of the scope, once.
        ("subject", Pass, CaseFilter { subject_contains: text("件"), ..none() }),
        ("words", Pass, CaseFilter { words: words("收费"), ..none() }),
    ]
}

/// The first page of each.
pub fn pairs(world: &World) -> Vec<Read> {
    let scopes = [CaseScope::All, CaseScope::Units(vec![world.unit(Place::CenterB)])];
    let mut reads = Vec::new();
    for (name, way, filter) in filters(world) {
        for key in [SortKey::ReceivedAt, SortKey::UpdatedAt, SortKey::DueDate] {
            for direction in [Direction::Ascending, Direction::Descending] {
                for scope in &scopes {
                    let what = format!("{name} by {key:?} {direction:?}");
                    let sort = Sort::by(key, direction);
                    reads.push(list(&what, way, scope, filter.clone(), sort, Page::First));
                }
            }
        }
    }
    reads
}
