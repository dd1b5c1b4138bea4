//! The tables behind the letters: what they must not say, and which remedies hold on which day.

use chrono::NaiveDate;
use gongkai::domain::deadline::{DecisionEffect, Moment, remedy};
use gongkai::domain::decision::Decisions;
use gongkai::domain::letter::{self, Issuer, Letters, Sources};
use gongkai::domain::regulation::Law;

use crate::cast::*;

/// The same data with one thing changed.
fn changed(file: &str, from: &str, to: &str) -> Result<Letters, letter::LettersError> {
    let mut sources = Sources::builtin();
    let leaked: &'static str = {
        let text = match file {
            "letters" => sources.letters,
            "series" => sources.series,
            _ => sources.remedies,
        };
        assert!(text.contains(from), "{from} is not in {file}");
        Box::leak(text.replacen(from, to, 1).into_boxed_str())
    };
    match file {
        "letters" => sources.letters = leaked,
        "series" => sources.series = leaked,
        _ => sources.remedies = leaked,
    }
    Letters::read(&sources)
}

#[test]
fn faulty_data_is_refused() {
    assert!(Letters::read(&Sources::builtin()).is_ok());
    for (file, from, to) in [
        // Listed and not printed; a series that is none; an answer without a letter.
        ("letters", "\"series\": \"supplement\"", "\"series\": \"supplements\""),
        ("letters", "\"not_exist\"\n      ]", "\"disclose\"\n      ]"),
        ("letters", "\"addressee\",", ""),
        ("series", "{year}〕{n}号", "{year}〕号"),
        ("series", "长公公开补〔", "长公公开延〔"),
        // A day without a paragraph, a day with two.
        ("remedies", "\"served_from\": \"2015-05-01\"", "\"served_from\": \"2015-05-02\""),
        ("remedies", "\"served_to\": \"2015-04-30\"", "\"served_to\": \"2015-05-01\""),
        ("remedies", "\"decision\": \"repeat\"", "\"decision\": \"repeated\""),
    ] {
        assert!(changed(file, from, to).is_err(), "{file}: {to}");
    }
}

#[test]
fn remedies_on_each_border_day() {
    let law = Law::builtin();
    let remedies = Letters::builtin().remedies();
    let days = ["2008-05-01", "2015-04-30", "2015-05-01", "2023-12-31", "2024-01-01", "2026-03-02"];
    for row in Decisions::builtin().rows().iter().filter(|row| !row.is_lapse()) {
        assert_eq!(remedies.is_first(&row.code), Some(row.reconsideration_first), "{}", row.code);
        let refusal = row.reconsideration_first;
        let effect = if refusal { DecisionEffect::Refusal } else { DecisionEffect::Other };
        for served in days.map(day) {
            let paragraph = remedies.paragraph(&row.code, served).unwrap();
            let said = remedies.text(paragraph, Issuer::Bureau, served);
            let holds = remedy(Moment::Date(served), effect, law).unwrap();
            assert_eq!(said.contains("应当先"), holds.reconsideration_first, "{served}: {said}");
            let months = if served < day("2015-05-01") { "3个月" } else { "6个月" };
            assert_eq!(said.contains(months), holds.litigation_due.is_some(), "{served}: {said}");
            let organs = if served < day("2024-01-01") {
                "长春市人民政府或者吉林省公安厅"
            } else {
                "向长春市人民政府申请"
            };
            assert!(said.contains(organs) && said.contains("60日"), "{said}");
            assert!(!said.contains('{'), "{said}");
            let unit = remedies.text(paragraph, Issuer::Unit, served);
            assert!(!unit.contains("吉林省公安厅"), "{unit}");
        }
    }
    let before: NaiveDate = day("2008-04-30");
    assert!(remedies.paragraph("disclose", before).is_none());
}
