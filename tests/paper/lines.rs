//! Lines: nothing is lost, none is too long, none begins with what may not begin one.

use gongkai::paper::Role;
use gongkai::paper::line::{self, Line, Style, closes};
use gongkai::paper::page::{self, Mark};
use proptest::prelude::*;

use crate::samples::{all, edition, fonts};
use gongkai::paper::Marking;

const SIZE: f32 = 15.75;

fn body() -> Style {
    Style::text(Role::Fangsong, SIZE)
}

fn set(text: &str, ems: f32) -> Vec<Line> {
    line::set(&fonts(), text, body(), ems * SIZE, 0.0).unwrap()
}

fn shown(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn no_line_begins_with_closing_punctuation() {
    let fonts = fonts();
    for (name, sheet) in all() {
        for page in page::pages(&sheet, &edition(Marking::Draft), &fonts).unwrap() {
            for mark in &page.marks {
                let Mark::Text { line, .. } = mark else { continue };
                let first = line.text.chars().next();
                // What is to be filled in by hand may break before its bracket.
                let by_hand = name == "third_party_consultation" && line.text.starts_with('）');
                assert!(!first.is_some_and(closes) || by_hand, "{name}: {}", line.text);
                assert!(
                    !line.text.trim_end().ends_with(['（', '《', '“', '〔']),
                    "{name}: {}",
                    line.text
                );
            }
        }
    }
}

#[test]
fn a_closing_mark_takes_its_character_along_or_gives_up_its_blank_half() {
    // Ten characters and a stop: with its blank half the stop is too wide for ten and a half.
    assert_eq!(
        shown(&set("本机关决定不予以公开。特此告知", 10.5)),
        ["本机关决定不予以公开。", "特此告知"]
    );
    assert_eq!(
        shown(&set("本机关决定不予以公开。特此告知", 10.4)),
        ["本机关决定不予以公", "开。特此告知"]
    );
}

#[test]
fn what_opens_stays_with_what_it_opens() {
    assert_eq!(shown(&set("依据《政府信息》第一条", 3.0))[..2], ["依据", "《政府"]);
    assert_eq!(shown(&set("申请获取“长春市”的信息", 5.0))[..2], ["申请获取", "“长春市”"]);
}

#[test]
fn a_number_stays_with_its_unit_and_a_name_with_its_dot() {
    assert_eq!(shown(&set("收到之日起60日内提出", 6.0)), ["收到之日起", "60日内提出"]);
    assert_eq!(shown(&set("申请人阿卜杜拉·买买提", 7.0)), ["申请人阿卜杜", "拉·买买提"]);
}

#[test]
fn adjoining_marks_share_their_room() {
    let wide = line::set_one(&fonts(), "公开）。“公开", body()).unwrap();
    // Seven characters, and two of the gaps between marks are half as wide.
    assert!((wide.width - 6.0 * SIZE).abs() < 0.05, "{}", wide.width / SIZE);
}

#[test]
fn a_quarter_of_an_em_stands_between_chinese_and_digits() {
    let plain = line::set_one(&fonts(), "公", body()).unwrap().width;
    let digits = line::set_one(&fonts(), "2026", body()).unwrap().width;
    let both = line::set_one(&fonts(), "公2026公", body()).unwrap().width;
    assert!((both - 2.0 * plain - digits - SIZE / 2.0).abs() < 0.05);
    let alone = Style::alone(Role::Fangsong, SIZE);
    let number = line::set_one(&fonts(), "公2026公", alone).unwrap().width;
    assert!((number - 2.0 * plain - digits).abs() < 0.05);
}

#[test]
fn full_lines_end_at_the_edge() {
    let text = "经审查，您申请获取的政府信息（2025年）属于行政执法案卷信息。".repeat(5);
    let lines = set(&text, 28.0);
    let (last, full) = lines.split_last().unwrap();
    assert!(full.len() > 4);
    for line in full {
        assert!((line.width - 28.0 * SIZE).abs() < 0.05, "{}", line.text);
    }
    assert!(last.width < 28.0 * SIZE);
}

#[test]
fn a_word_longer_than_a_line_is_torn_and_never_runs_over() {
    let text = format!("见{}", "a".repeat(300));
    for line in set(&text, 12.0) {
        assert!(line.width <= 12.0 * SIZE + 0.05, "{}", line.text);
    }
}

#[test]
fn a_line_feed_begins_a_line_that_is_set_in() {
    let lines = line::set(&fonts(), "甲\n乙", body(), 28.0 * SIZE, 2.0 * SIZE).unwrap();
    let begins: Vec<f32> = lines.iter().map(|line| line.glyphs[0].x).collect();
    assert_eq!(begins, [2.0 * SIZE, 2.0 * SIZE]);
}

/// Chinese text as it comes, odd in places.
fn chinese() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(&["政府信息", "公开", "申请", "的", "答复", "𠮷", "长春市公安局"][..])
            .prop_map(str::to_owned),
        4 => prop::sample::select(&["，", "。", "、", "；", "：", "！", "？", "）", "》", "”", "〕"][..])
            .prop_map(str::to_owned),
        3 => prop::sample::select(&["（", "《", "“", "〔", "「", "——", "……", "·", "　", " "][..])
            .prop_map(str::to_owned),
        3 => "[0-9]{1,6}(\\.[0-9]{1,2})?%?",
        2 => "[A-Za-z]{1,14}",
        1 => Just("https://gongkai.example.cn/public/status?n=2026-17".to_owned()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost_and_no_line_is_overfull(text in chinese(), ems in 9_u16..30, indent in 0_u16..3) {
        let (width, indent) = (f32::from(ems) * SIZE, f32::from(indent) * SIZE);
        let lines = line::set(&fonts(), &text, body(), width, indent).unwrap();
        let together: String = lines.iter().map(|line| line.text.as_str()).collect();
        prop_assert_eq!(&together, &text);
        for (at, line) in lines.iter().enumerate() {
            prop_assert!(line.width <= width + 0.05, "{} pt: {}", line.width, line.text);
            let ordered = line.glyphs.windows(2).all(|pair| pair[0].x < pair[1].x);
            prop_assert!(ordered, "glyphs go from left to right: {}", line.text);
            let drawn: Vec<char> = line
                .glyphs
                .iter()
                .flat_map(|glyph| line.text[glyph.range.clone()].chars())
                .collect();
            let text = line.text.trim_end_matches(' ').chars().collect::<Vec<_>>();
            prop_assert_eq!(drawn, text, "every character has its glyph");
            let first = line.text.chars().next();
            prop_assert!(at == 0 || !first.is_some_and(closes), "begins a line: {}", line.text);
        }
    }
}
