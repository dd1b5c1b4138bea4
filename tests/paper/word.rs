//! DOCX: parts that are well-formed and belong together, every paragraph once.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use gongkai::domain::letter::{Block, Sheet};
use gongkai::paper::{self, Marking};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::samples::{all, edition, letter, sample, texts};

/// An element with its attributes.
type Element = (String, BTreeMap<String, String>);

fn parts(sheet: &Sheet, marking: Marking) -> BTreeMap<String, String> {
    let bytes = paper::docx(sheet, &edition(marking)).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        parts.insert(name, text);
    }
    parts
}

/// Reads a part to its end: the text of each paragraph, and every attribute by element.
fn read(part: &str) -> (Vec<String>, Vec<Element>) {
    let mut reader = Reader::from_str(part);
    let mut paragraphs = Vec::new();
    let mut elements = Vec::new();
    let mut open = 0;
    loop {
        let event = reader.read_event().expect("well-formed");
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                if name == "w:p" {
                    paragraphs.push(String::new());
                }
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    (key, String::from_utf8(attribute.value.to_vec()).unwrap())
                });
                elements.push((name, attributes.collect()));
                open += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => open -= 1,
            Event::Text(text) => {
                if let Some(paragraph) = paragraphs.last_mut() {
                    paragraph.push_str(&text.decode().unwrap());
                }
            }
            Event::GeneralRef(entity) => {
                let text = match entity.decode().unwrap().as_ref() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("&{other};"),
                };
                paragraphs.last_mut().unwrap().push(text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0, "every element is closed");
    (paragraphs, elements)
}

#[test]
fn the_parts_are_well_formed_and_all_named() {
    for (name, sheet) in all() {
        for marking in [Marking::Issued, Marking::Draft, Marking::Void] {
            let parts = parts(&sheet, marking);
            for part in parts.values() {
                read(part);
            }
            let (_, types) = read(&parts["[Content_Types].xml"]);
            let named: Vec<&str> =
                types.iter().filter_map(|(_, a)| a.get("PartName")).map(|n| &n[1..]).collect();
            for part in
                parts.keys().filter(|part| !part.contains(".rels") && !part.starts_with('['))
            {
                assert!(named.contains(&part.as_str()), "{name}: {part} has no type");
            }
            let (_, relations) = read(&parts["word/_rels/document.xml.rels"]);
            let targets: BTreeMap<&str, &str> = relations
                .iter()
                .filter_map(|(_, a)| Some((a.get("Id")?.as_str(), a.get("Target")?.as_str())))
                .collect();
            assert_eq!(targets.len(), parts.keys().filter(|p| p.starts_with("word/")).count() - 2);
            for target in targets.values() {
                assert!(parts.contains_key(&format!("word/{target}")), "{name}: {target}");
            }
            let (_, elements) = read(&parts["word/document.xml"]);
            for (element, attributes) in elements.iter().filter(|(e, _)| e.ends_with("Reference")) {
                let kind = &element[2..8];
                assert!(targets[attributes["r:id"].as_str()].starts_with(kind), "{element}");
            }
            let (_, styles) = read(&parts["word/styles.xml"]);
            let known: Vec<&String> =
                styles.iter().filter_map(|(_, a)| a.get("w:styleId")).collect();
            for (_, attributes) in elements.iter().filter(|(element, _)| element == "w:pStyle") {
                assert!(known.contains(&&attributes["w:val"]), "{name}: {attributes:?}");
            }
        }
    }
}

#[test]
fn every_paragraph_is_there_once_and_in_its_order() {
    for (name, sheet) in all() {
        let (paragraphs, _) = read(&parts(&sheet, Marking::Issued)["word/document.xml"]);
        let shown: Vec<&str> =
            paragraphs.iter().map(|text| text.trim_end_matches('\u{3000}')).collect();
        let wanted = texts(&sheet);
        let wanted: Vec<&str> = wanted.iter().flat_map(|text| text.split('\n')).collect();
        let wanted: Vec<&str> =
            wanted.iter().map(|text| text.trim_end_matches('\u{3000}')).collect();
        assert_eq!(shown, wanted, "{name}");
    }
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    for (name, sheet) in all() {
        let issued = edition(Marking::Issued);
        let first = paper::docx(&sheet, &issued).unwrap();
        assert_eq!(first, paper::docx(&sheet, &issued).unwrap(), "{name}");
        assert_ne!(first, paper::docx(&sheet, &edition(Marking::Draft)).unwrap(), "{name}");
    }
}

#[test]
fn what_xml_cannot_hold_does_no_harm() {
    let text = "甲<乙>&\"丙\"\u{1}\u{ffff}'丁".to_owned();
    let sheet = letter(vec![Block::Paragraph(text)]);
    let (paragraphs, _) = read(&parts(&sheet, Marking::Issued)["word/document.xml"]);
    assert!(paragraphs.contains(&"甲<乙>&\"丙\"'丁".to_owned()), "{paragraphs:?}");
}

#[test]
fn the_page_is_that_of_the_standard() {
    let parts = parts(&sample("refusal"), Marking::Issued);
    let document = &parts["word/document.xml"];
    for figures in [
        r#"<w:pgSz w:w="11906" w:h="16838"/>"#,
        r#"<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587""#,
        r#"<w:docGrid w:type="lines" w:linePitch="580"/>"#,
    ] {
        assert!(document.contains(figures), "{figures}");
    }
    let styles = &parts["word/styles.xml"];
    for figures in [
        r#"w:eastAsia="仿宋_GB2312""#,
        r#"w:eastAsia="方正小标宋简体""#,
        r#"<w:ind w:firstLineChars="200" w:firstLine="640"/>"#,
        r#"<w:sz w:val="32"/>"#,
        r#"<w:sz w:val="44"/>"#,
    ] {
        assert!(styles.contains(figures), "{figures}");
    }
    assert!(parts["word/footer1.xml"].contains(r#"<w:jc w:val="right"/>"#));
    assert!(parts["word/footer2.xml"].contains(r#"<w:jc w:val="left"/>"#));
    assert!(parts["word/footer1.xml"].contains(" PAGE "));
    assert!(parts["word/settings.xml"].contains("<w:evenAndOddHeaders/>"));
}

#[test]
fn a_draft_and_a_void_letter_say_so_above_every_page() {
    let sheet = sample("receipt");
    assert!(!parts(&sheet, Marking::Issued).contains_key("word/header1.xml"));
    for (marking, word) in [(Marking::Draft, "草稿"), (Marking::Void, "作废")] {
        let parts = parts(&sheet, marking);
        assert!(parts["word/header1.xml"].contains(word));
        let document = &parts["word/document.xml"];
        assert_eq!(document.matches("<w:headerReference").count(), 2, "odd pages and even ones");
        assert_eq!(document.contains("（收件章）"), marking == Marking::Draft);
    }
}
