//! Pages: what belongs together stays together, and everything has its place.

use gongkai::domain::letter::{Block, SealPlace, Sheet};
use gongkai::paper::measure::{LEFT, MM, PAGE_HEIGHT, TEXT_HEIGHT, TEXT_WIDTH, TOP};
use gongkai::paper::page::{self, Mark, Page};
use gongkai::paper::{Fonts, Marking};

use crate::samples::{all, edition, fonts, letter, sample};

fn pages(sheet: &Sheet, fonts: &Fonts) -> Vec<Page> {
    page::pages(sheet, &edition(Marking::Issued), fonts).unwrap()
}

/// Text and place of the lines of a page, from the top.
fn lines(page: &Page) -> Vec<(String, f32, f32, f32)> {
    let mut lines: Vec<_> = page
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Text { line, at, .. } => Some((line.text.clone(), at.0, at.1, line.width)),
            Mark::Rule { .. } | Mark::Circle { .. } => None,
        })
        .collect();
    lines.sort_by(|a, b| a.2.total_cmp(&b.2));
    lines
}

#[test]
fn the_signature_never_stands_alone() {
    let fonts = fonts();
    let mut on_a_new_page = 0;
    for count in 1..45 {
        let body = (0..count).map(|at| Block::Paragraph(format!("第{at}段。"))).collect();
        let pages = pages(&letter(body), &fonts);
        let last = lines(pages.last().unwrap());
        let texts: Vec<&str> = last.iter().map(|line| line.0.as_str()).collect();
        let agency = texts.iter().position(|text| *text == "长春市公安局");
        // On the only page the head bears the same name.
        let agency = texts.iter().rposition(|text| *text == "长春市公安局").or(agency).unwrap();
        assert_eq!(texts[agency + 1], "2026年4月2日", "{count}");
        if pages.len() > 1 {
            assert!(agency >= count.min(2), "{count}: {texts:?}");
            on_a_new_page += usize::from(agency == 2);
        }
    }
    assert!(on_a_new_page > 0, "some signature took two lines along");
}

#[test]
fn nothing_crosses_the_type_area() {
    let fonts = fonts();
    for (name, sheet) in all() {
        for page in pages(&sheet, &fonts) {
            for (text, x, y, width) in lines(&page) {
                assert!(x >= LEFT - 0.1, "{name}: {text}");
                assert!(x + width <= LEFT + TEXT_WIDTH + 0.1, "{name}: {text}");
                let folio = text.starts_with('—');
                let bottom = if folio { PAGE_HEIGHT - 25.0 * MM } else { TOP + TEXT_HEIGHT };
                assert!(y > TOP && y < bottom, "{name}: {text} at {y}");
            }
        }
    }
}

#[test]
fn page_numbers_stand_outside() {
    for (page, number) in pages(&sample("partial_disclosure"), &fonts()).iter().zip(1..) {
        let (text, x, y, width) = lines(page).pop().unwrap();
        assert_eq!(text, format!("— {number} —"));
        let inset = if number % 2 == 1 { LEFT + TEXT_WIDTH - x - width } else { x - LEFT };
        assert!((inset - 14.0).abs() < 0.1, "one character from the edge, not {inset}");
        let drop = y - TOP - TEXT_HEIGHT;
        assert!(drop > 7.0 * MM && drop < 9.0 * MM, "{drop}");
    }
}

#[test]
fn the_front_of_a_letter_is_where_the_standard_wants_it() {
    let pages = pages(&sample("refusal"), &fonts());
    let lines = lines(&pages[0]);
    let middle = LEFT + TEXT_WIDTH / 2.0;
    for (text, x, _, width) in &lines[..3] {
        assert!((x + width / 2.0 - middle).abs() < 4.5, "{text} is centred");
    }
    let head = &lines[0];
    let upper = head.2 - 0.88 * 44.0;
    assert!((upper - TOP - 35.0 * MM).abs() < 0.1, "the head begins 35 mm below: {upper}");
    let rule = pages[0].marks.iter().find_map(|mark| match mark {
        Mark::Rule { from, to, colour: (0xD8, 0, 0), .. } => Some((*from, *to)),
        _ => None,
    });
    let (from, to) = rule.expect("the red rule");
    assert!((to.0 - from.0 - 156.0 * MM).abs() < 0.1, "as wide as the type area");
    let below_number = from.1 - (lines[1].2 + 0.12 * 15.75);
    assert!((below_number - 4.0 * MM).abs() < 1.0, "4 mm below the number: {below_number}");
    assert_eq!(lines[3].0, "欧阳娜仁：");
    assert!((lines[3].1 - LEFT).abs() < 0.1, "flush left");
    assert!(lines.len() > 5, "the first page shows some of the body");
}

#[test]
fn date_and_agency_are_four_characters_from_the_edge_and_one_over_the_other() {
    let pages = pages(&sample("refusal"), &fonts());
    let lines = lines(&pages[1]);
    let (agency, date) = (&lines[lines.len() - 3], &lines[lines.len() - 2]);
    assert_eq!((agency.0.as_str(), date.0.as_str()), ("长春市公安局", "2026年4月2日"));
    let right = LEFT + TEXT_WIDTH - date.1 - date.3;
    assert!((right - 4.0 * 15.75).abs() < 0.1, "{right}");
    assert!((agency.1 + agency.3 / 2.0 - date.1 - date.3 / 2.0).abs() < 0.1);
}

#[test]
fn a_long_name_over_a_short_date_stays_on_the_page() {
    let agency = "长春市公安局净月高新技术产业开发区分局政府信息公开工作领导小组办公室";
    let sheet = Sheet {
        agency: Some(agency.to_owned()),
        date: Some("2026年4月2日".to_owned()),
        ..letter(vec![Block::Paragraph("特此告知。".to_owned())])
    };
    for page in pages(&sheet, &fonts()) {
        for (text, x, _, width) in lines(&page) {
            assert!(x >= LEFT - 0.1 && x + width <= LEFT + TEXT_WIDTH + 0.1, "{text}");
        }
    }
}

#[test]
fn a_form_of_its_own_follows_the_signature_on_a_new_page() {
    let pages = pages(&sample("third_party_consultation"), &fonts());
    let last = lines(pages.last().unwrap());
    assert_eq!(last[0].0, "意见回执");
    let before = lines(&pages[pages.len() - 2]);
    assert!(
        before.iter().any(|line| line.0 == "2026年10月28日"),
        "the date stands before the form"
    );
}

#[test]
fn a_row_stays_whole_and_a_very_long_one_goes_on_overleaf() {
    let fonts = fonts();
    let row = |label: &str, text: String| vec![label.to_owned(), text];
    let rows: Vec<_> =
        (0..30).map(|at| row("项目", format!("{at}：{}", "内容".repeat(40)))).collect();
    let sheet = letter(vec![Block::Table(rows)]);
    for page in pages(&sheet, &fonts) {
        let texts = lines(&page);
        let begun =
            texts.iter().filter(|line| line.0.contains('：') && line.0.contains("内容")).count();
        let cells = texts.iter().map(|line| line.0.as_str()).filter(|text| *text != "项目");
        let cells: String = cells.collect();
        assert_eq!(cells.matches("内容").count(), begun * 40, "no row is torn");
    }
    let long = row("申请内容", "很长的描述。".repeat(600));
    let pages = pages(&letter(vec![Block::Table(vec![long])]), &fonts);
    assert!(pages.len() > 3);
    let all: String = pages.iter().flat_map(lines).map(|line| line.0).collect();
    assert_eq!(all.matches("很长的描述。").count(), 600, "all of it is there");
}

#[test]
fn a_heading_stays_with_what_follows() {
    let fonts = fonts();
    for count in 1..30 {
        let mut body: Vec<_> = (0..count).map(|_| Block::Paragraph("一行。".to_owned())).collect();
        body.push(Block::Heading("二、理由".to_owned()));
        body.extend((0..20).map(|_| Block::Paragraph("后文。".to_owned())));
        for page in pages(&letter(body), &fonts) {
            let texts = lines(&page);
            if let Some(at) = texts.iter().position(|line| line.0 == "二、理由") {
                assert_eq!(texts[at + 1].0, "后文。", "{count}");
            }
        }
    }
}

#[test]
fn an_empty_letter_and_odd_tables_do_no_harm() {
    let fonts = fonts();
    let sheet = Sheet {
        head: None,
        number: None,
        title: String::new(),
        addressee: None,
        blocks: vec![
            Block::Paragraph(String::new()),
            Block::Table(Vec::new()),
            Block::Table(vec![Vec::new()]),
            Block::Table(vec![vec!["一".to_owned()], vec!["二".to_owned(), "三".to_owned()]]),
            Block::Break,
            Block::Break,
        ],
        agency: None,
        date: None,
        seal: SealPlace::None,
        ..letter(Vec::new())
    };
    let all: String = pages(&sheet, &fonts).iter().flat_map(lines).map(|line| line.0).collect();
    assert!(all.contains('三'));
}
