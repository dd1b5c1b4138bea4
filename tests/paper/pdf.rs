//! PDF: read again by another program, it says what the sheet says.

use gongkai::paper::fonts::FontError;
use gongkai::paper::{self, Edition, FontSettings, Fonts, Marking, PaperError};

use crate::samples::{all, bare, edition, fonts, letter, pdftotext, piped, sample, texts};
use gongkai::domain::letter::Block;

#[test]
fn text_of_the_pdf_is_the_text_of_the_letter() {
    let fonts = fonts();
    for (name, sheet) in all() {
        let pdf = paper::pdf(&sheet, &edition(Marking::Issued), &fonts).unwrap();
        let mut text = String::new();
        for (page, number) in pdftotext(&pdf).iter().zip(1..) {
            let page = bare(page);
            let folio = format!("—{number}—");
            let page = page.strip_suffix(&folio).unwrap_or_else(|| panic!("{name}: {page}"));
            text.push_str(page);
        }
        assert_eq!(text, bare(&texts(&sheet).concat()), "{name}");
    }
}

#[test]
fn what_is_known_of_the_letter_is_in_its_properties() {
    let sheet = sample("refusal");
    let pdf = paper::pdf(&sheet, &edition(Marking::Issued), &fonts()).unwrap();
    let about = piped("pdfinfo", &["-isodates", "-"], &pdf);
    for line in [
        "Title:           政府信息不予公开告知书（长公公开答〔2026〕17号）",
        "Author:          长春市公安局",
        "CreationDate:    2026-04-02T02:00:00Z",
        "Pages:           2",
        "(A4)",
    ] {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain(&about).contains(&plain(line)), "{line}\n{about}");
    }
    let form = piped("pdfinfo", &["-meta", "-"], &pdf);
    assert!(form.contains("<pdfaid:part>2</pdfaid:part>"), "{form}");
    assert!(form.contains("<pdfaid:conformance>U</pdfaid:conformance>"), "{form}");
    let raw = String::from_utf8_lossy(&pdf);
    assert!(raw.contains("/Lang(zh-CN)") || raw.contains("/Lang (zh-CN)"));
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    for (name, sheet) in all() {
        let issued = edition(Marking::Issued);
        let first = paper::pdf(&sheet, &issued, &fonts()).unwrap();
        assert_eq!(first, paper::pdf(&sheet, &issued, &fonts()).unwrap(), "{name}");
        let later = Edition { made_at: issued.made_at + chrono::TimeDelta::seconds(1), ..issued };
        assert_ne!(first, paper::pdf(&sheet, &later, &fonts()).unwrap(), "{name}");
        let other = Edition { id: uuid::Uuid::from_u128(1), ..issued };
        assert_ne!(first, paper::pdf(&sheet, &other, &fonts()).unwrap(), "{name}");
    }
}

#[test]
fn a_draft_and_a_void_letter_say_so_on_every_page() {
    let fonts = fonts();
    for (name, sheet) in all() {
        for marking in [Marking::Issued, Marking::Draft, Marking::Void] {
            let pdf = paper::pdf(&sheet, &edition(marking), &fonts).unwrap();
            let pages = pdftotext(&pdf);
            for (other, word) in [(Marking::Draft, "草稿"), (Marking::Void, "作废")] {
                for page in &pages {
                    // Poppler puts words that lie across a page one below the other.
                    let says = bare(page).starts_with(word);
                    assert_eq!(says, marking == other, "{name} {marking}: {page}");
                }
            }
        }
    }
}

#[test]
fn only_a_draft_shows_where_the_seal_belongs() {
    let fonts = fonts();
    for (name, words) in [("refusal", "（印章）"), ("receipt", "（收件章）")] {
        for marking in [Marking::Issued, Marking::Draft, Marking::Void] {
            let pdf = paper::pdf(&sample(name), &edition(marking), &fonts).unwrap();
            let shown = pdftotext(&pdf).concat().contains(words);
            assert_eq!(shown, marking == Marking::Draft, "{name} {marking}");
        }
    }
}

#[test]
fn a_character_that_no_font_has_is_named() {
    let text = "申请人：王\u{e123}。".to_owned();
    let sheet = letter(vec![Block::Paragraph(text)]);
    let failed = paper::pdf(&sheet, &edition(Marking::Issued), &fonts()).unwrap_err();
    assert_eq!(failed, PaperError::Font(FontError::GlyphMissing { character: '\u{e123}' }));
    assert_eq!(failed.to_string(), "no font has the character U+E123");
}

#[test]
fn what_shows_nothing_is_neither_missed_nor_printed() {
    let text = "申请\u{200b}人\u{feff}王\u{7}某\t甲\u{fe00}。".to_owned();
    let sheet = letter(vec![Block::Paragraph(text)]);
    let pdf = paper::pdf(&sheet, &edition(Marking::Issued), &fonts()).unwrap();
    assert!(bare(&pdftotext(&pdf)[0]).contains("申请人王某甲"));
}

#[test]
fn without_a_font_there_is_no_letter_and_a_clear_error() {
    let folder = std::env::temp_dir().join(format!("gongkai-no-fonts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let settings = FontSettings { folders: vec![folder.clone()], ..FontSettings::default() };
    assert_eq!(Fonts::find(&settings).err(), Some(FontError::NoChineseFont));
    std::fs::remove_dir_all(folder).unwrap();
}
