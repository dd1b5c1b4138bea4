//! How letters write days, numbers and sentences (GB/T 15834, GB/T 15835).

use chrono::{Datelike as _, NaiveDate};

/// A day as official documents write it: 2026年4月2日.
#[must_use]
pub fn written(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// A number from 1 to 99 in Chinese digits, for the points of a list; others in figures.
#[must_use]
pub fn zh_number(n: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u32| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied().unwrap_or("");
    match n {
        1..=9 => digit(n).to_owned(),
        10..=19 => format!("十{}", digit(n % 10)),
        20..=99 => format!("{}十{}", digit(n / 10), digit(n % 10)),
        _ => n.to_string(),
    }
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
        || "“”‘’《》〈〉（）〔〕、。，；：！？".contains(c)
}

/// The same with the punctuation of Chinese text where Chinese stands before it, as keyboards often
/// give the other one: `第十四条第(二)项,依法` becomes 第十四条第（二）项，依法.
#[must_use]
pub fn zh(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut brackets = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let chinese = before.is_some_and(is_chinese);
        let ends = rest.peek().is_none_or(|next| is_chinese(*next) || next.is_whitespace());
        let c = match c {
            '(' => {
                brackets.push(chinese);
                if chinese { '（' } else { c }
            }
            ')' => {
                if brackets.pop().unwrap_or(chinese) {
                    '）'
                } else {
                    c
                }
            }
            ',' if chinese && ends => '，',
            ';' if chinese && ends => '；',
            ':' if chinese && ends => '：',
            '!' if chinese && ends => '！',
            '?' if chinese && ends => '？',
            c => c,
        };
        out.push(c);
        before = Some(c);
    }
    out
}

/// The text as a part of a sentence: without the mark at its end.
#[must_use]
pub fn clause(text: &str) -> String {
    let text = zh(text.trim());
    text.trim_end_matches(['。', '；', '，', '、', ';', ',']).to_owned()
}

/// The text as a whole sentence: with a mark at its end.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut text = clause(text);
    if !text.ends_with(['！', '？', '…']) && !text.ends_with("。”") {
        text.push('。');
    }
    text
}

/// The text between quotation marks: its own become the inner ones (GB/T 15834, 4.8.3).
#[must_use]
pub fn quoted(text: &str) -> String {
    clause(text).replace('“', "‘").replace('”', "’")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_points() {
        let numbers: Vec<_> = [1, 9, 10, 11, 20, 21, 99, 100].map(zh_number).into();
        assert_eq!(numbers, ["一", "九", "十", "十一", "二十", "二十一", "九十九", "100"]);
    }

    #[test]
    fn punctuation_is_that_of_the_text_around_it() {
        for (typed, printed) in [
            ("第二十一条第(一)项", "第二十一条第（一）项"),
            ("认定书复印件(2页)", "认定书复印件（2页）"),
            ("隐私,经书面征求意见,不同意", "隐私，经书面征求意见，不同意"),
            ("a, b (c)", "a, b (c)"),
            ("共1,000页", "共1,000页"),
            ("网址:http://a.cn/?b=1", "网址:http://a.cn/?b=1"),
            (")(", ")("),
        ] {
            assert_eq!(zh(typed), printed);
            assert_eq!(zh(printed), printed);
        }
    }

    #[test]
    fn quotation_marks_within_quotation_marks_are_the_inner_ones() {
        assert_eq!(quoted("“一标三实”采集情况(2010年)。"), "‘一标三实’采集情况（2010年）");
        assert_eq!(quoted("2010年收费标准"), "2010年收费标准");
    }

    #[test]
    fn a_sentence_has_one_mark_at_its_end() {
        for text in ["不同意", "不同意。", "不同意；", "不同意,", "  不同意。。 "]
        {
            assert_eq!(sentence(text), "不同意。");
            assert_eq!(clause(text), "不同意");
        }
        assert_eq!(sentence("为何？"), "为何？");
    }
}
