//! Searches by text and by person: what is typed means those characters and nothing else.

use gongkai::domain::actor::CaseScope;
use gongkai::domain::sealed::{BlindIndex, PersonalField};
use gongkai::store::cases::{self, CaseFilter, Names, Words};
use gongkai::store::page::Page;

use super::filters::{Question, assert_found, stored};
use crate::support::on_both;
use crate::support::world::World;

on_both!(a_prefix_means_those_characters_and_nothing_else);
async fn a_prefix_means_those_characters_and_nothing_else(world: World) {
    let stored = stored(&world).await;
    let numbers = [
        "T-0000",
        "T-000123",
        "T-",
        "试〔2025〕",
        "试〔2025〕1",
        "试〔2025〕12号",
        "试〔2025〕%",
        "t-",
        "_-",
        "",
    ];
    for prefix in numbers {
        let filter = CaseFilter { number_prefix: Some(prefix.to_owned()), ..CaseFilter::default() };
        let question: Question = Box::new(move |_, r| {
            r.receipt_number.starts_with(prefix)
                || r.case_number.as_ref().is_some_and(|n| n.starts_with(prefix))
        });
        assert_found(&world.db, &stored, prefix, &filter, &question);
    }
    let names = [
        "王",
        "王小",
        "王小明",
        "王小明明明",
        "買",
        "买买提·",
        "長春𠮷",
        "Wang",
        "wa",
        "王%",
        "长春市_",
        "%",
        "",
    ];
    for prefix in names {
        let filter = CaseFilter { name_prefix: Some(prefix.to_owned()), ..CaseFilter::default() };
        let question: Question = Box::new(move |_, r| r.applicant_name.starts_with(prefix));
        assert_found(&world.db, &stored, prefix, &filter, &question);
    }
}

on_both!(a_part_of_the_subject_means_those_characters);
/// Letters of the Latin alphabet match in either case, on both databases alike.
async fn a_part_of_the_subject_means_those_characters(world: World) {
    let stored = stored(&world).await;
    let parts = [
        "公开", "%", "_", r"\", "100%", "a_b", "A_B", r"径\文", "abc", "ABC", "(2024)", "'; DROP",
        "没有", "",
    ];
    for part in parts {
        let filter =
            CaseFilter { subject_contains: Some(part.to_owned()), ..CaseFilter::default() };
        let lower = part.to_ascii_lowercase();
        let question: Question =
            Box::new(move |_, r| r.subject.to_ascii_lowercase().contains(&lower));
        assert_found(&world.db, &stored, part, &filter, &question);
    }
}

on_both!(words_are_looked_for_where_the_caller_may_look);
async fn words_are_looked_for_where_the_caller_may_look(world: World) {
    let stored = stored(&world).await;
    let texts = [
        "T-0001",
        "试〔2025〕1",
        "王小",
        "wang",
        "Wang",
        "公开",
        "100%",
        "a_b",
        "ABC",
        r"径\",
        "%",
        "_",
    ];
    for (text, names) in
        texts.iter().flat_map(|text| [(*text, Names::Asked), (*text, Names::LeftOut)])
    {
        let words = Some(Words { text: text.to_owned(), names });
        let filter = CaseFilter { words, ..CaseFilter::default() };
        let lower = text.to_ascii_lowercase();
        let question: Question = Box::new(move |_, r| {
            r.receipt_number.starts_with(text)
                || r.case_number.as_ref().is_some_and(|number| number.starts_with(text))
                || r.subject.to_ascii_lowercase().contains(&lower)
                || (names == Names::Asked && r.applicant_name.starts_with(text))
        });
        assert_found(&world.db, &stored, &format!("{text} {names:?}"), &filter, &question);
    }
}

on_both!(a_digest_finds_exactly_the_cases_of_its_person);
async fn a_digest_finds_exactly_the_cases_of_its_person(world: World) {
    let mut stored = stored(&world).await;
    stored.sort_by_key(|(_, row)| std::cmp::Reverse((row.received_at, row.id)));
    let conn = &mut world.db.connect();
    for byte in 0..10 {
        let index = BlindIndex::from_bytes([byte; 32]);
        let found =
            cases::by_index(conn, &CaseScope::All, PersonalField::Phone, &index, Page::First, 1000)
                .unwrap()
                .rows;
        let wanted: Vec<_> = stored
            .iter()
            .filter(|(_, row)| row.phone_index == Some(vec![byte; 32]))
            .map(|(_, row)| row.id)
            .collect();
        assert_eq!(found.iter().map(|line| line.id).collect::<Vec<_>>(), wanted, "{byte}");
        for field in [PersonalField::IdNumber, PersonalField::Email, PersonalField::Address] {
            assert!(
                cases::by_index(conn, &CaseScope::All, field, &index, Page::First, 1000)
                    .unwrap()
                    .rows
                    .is_empty()
            );
        }
        let some =
            cases::by_index(conn, &CaseScope::All, PersonalField::Phone, &index, Page::First, 2)
                .unwrap();
        assert_eq!(some.rows.len(), wanted.len().min(2));
        assert_eq!(some.goes_on, wanted.len() > 2);
    }
}
