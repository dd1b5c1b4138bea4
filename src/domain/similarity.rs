//! How alike two short texts are: do two applications ask for the same information?
//!
//! Chinese is written without spaces, so words are not looked for. Both texts are folded (NFKC,
//! lower case, letters and digits only), taken apart into pairs of neighbouring characters, and
//! compared by the Sørensen-Dice coefficient: twice the number of common pairs over the number of
//! all pairs. Ours, and no rule of law: it decides what a clerk is warned of and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

/// From this likeness on, two subjects of one person count as the same request. Chosen by the
/// examples in the tests below: reworded titles lie above, other subjects of one field below.
pub const REPEATED_FROM: Likeness = Likeness(60);

/// Likeness in per cent: 0 for texts without a common pair of characters, 100 for texts that are
/// the same after folding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness(u8);

impl Likeness {
    /// Per cent, 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// Whether two subjects so alike count as the same request.
    #[must_use]
    pub fn is_repetition(self) -> bool {
        self >= REPEATED_FROM
    }
}

/// How alike two texts are. Where both name numbers (years, document numbers) and share none, they
/// ask for different things however alike they read: the likeness is halved.
#[must_use]
pub fn likeness(one: &str, other: &str) -> Likeness {
    let (one, other) = (folded(one), folded(other));
    if one == other {
        return Likeness(if one.is_empty() { 0 } else { 100 });
    }
    let (pairs, others) = (pairs(&one), pairs(&other));
    let total = count(&pairs) + count(&others);
    let common: usize = pairs
        .iter()
        .filter_map(|(pair, times)| others.get(pair).map(|found| *times.min(found)))
        .sum();
    let percent = (200 * common).checked_div(total).unwrap_or(0);
    let percent = if different_numbers(&one, &other) { percent / 2 } else { percent };
    // Only equal texts are wholly alike.
    Likeness(u8::try_from(percent.min(99)).unwrap_or(99))
}

/// The letters and digits of a text in compatibility form and lower case.
#[must_use]
pub fn folded(text: &str) -> Vec<char> {
    let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
    // Lower case may decompose: once more makes the folding stable.
    lower.nfkc().filter(|c| c.is_alphanumeric()).collect()
}

/// Pairs of neighbours with their number; a text of one character is a pair with itself.
fn pairs(text: &[char]) -> BTreeMap<(char, char), usize> {
    let mut found = BTreeMap::new();
    if let [single] = text {
        found.insert((*single, *single), 1);
    }
    for [first, second] in text.array_windows() {
        *found.entry((*first, *second)).or_default() += 1;
    }
    found
}

fn count(pairs: &BTreeMap<(char, char), usize>) -> usize {
    pairs.values().sum()
}

/// Do both texts hold numbers, and none in common?
fn different_numbers(one: &[char], other: &[char]) -> bool {
    let (one, other) = (numbers(one), numbers(other));
    !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
}

fn numbers(text: &[char]) -> BTreeSet<&[char]> {
    text.split(|c| !c.is_numeric()).filter(|digits| !digits.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reworded_titles_are_repetitions() {
        for (one, other) in [
            ("2024年度车辆管理收费标准", "2024年度车辆管理收费标准"),
            ("2024年度车辆管理收费标准", "关于2024年度车辆管理的收费标准。"),
            ("２０２４年度“车辆管理”收费标准", "2024年度车辆管理收费标准"),
            ("人民大街交通监控设备采购合同", "申请公开人民大街交通监控设备采购合同"),
            ("南关区2023年行政处罚案件数量", "2023年南关区行政处罚案件的数量"),
            ("户籍档案", "户籍档案!"),
        ] {
            let found = likeness(one, other);
            assert!(found.is_repetition(), "{one} / {other}: {found:?}");
        }
    }

    #[test]
    fn other_subjects_are_not() {
        for (one, other) in [
            ("2024年度车辆管理收费标准", "2023年度车辆管理收费标准"),
            ("2024年度车辆管理收费标准", "2024年度出入境办证数量"),
            ("长公发〔2020〕15号文件", "长公发〔2021〕37号文件"),
            ("户籍迁移办理流程", "户籍档案查询结果"),
            ("人民大街交通监控设备采购合同", "自由大路派出所建设项目验收报告"),
            ("户", "籍"),
            ("", ""),
            ("!?", "——"),
        ] {
            let found = likeness(one, other);
            assert!(!found.is_repetition(), "{one} / {other}: {found:?}");
        }
    }

    #[test]
    fn the_coefficient_is_that_of_the_definition() {
        // 甲乙丙 and 乙丙丁 share one of two pairs each: 2·1 / (2+2).
        assert_eq!(likeness("甲乙丙", "乙丙丁").percent(), 50);
        assert_eq!(likeness("甲乙", "丙丁").percent(), 0);
        // A pair that comes twice in one and once in the other counts once: 2·1 / (3+1).
        assert_eq!(likeness("甲甲甲甲", "甲甲").percent(), 50);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_bounded(one in "\\PC{0,40}", other in "\\PC{0,40}") {
            let found = likeness(&one, &other);
            prop_assert_eq!(found, likeness(&other, &one));
            prop_assert!(found.percent() <= 100);
            let same = folded(&one) == folded(&other) && !folded(&one).is_empty();
            prop_assert_eq!(found.percent() == 100, same);
        }

        #[test]
        fn punctuation_and_width_do_not_matter(
            one in "[一-龥0-9a-z]{1,30}",
            other in "[一-龥0-9a-z]{1,30}",
            marks in "[,。;:、“”()  \u{3000}!-]{0,5}",
        ) {
            let wide: String = one.chars().map(|c| match c {
                '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap(),
                _ => c,
            }).collect();
            let decorated = format!("{marks}{wide}{marks}");
            prop_assert_eq!(likeness(&decorated, &other), likeness(&one, &other));
        }

        #[test]
        fn folding_is_stable(text in "\\PC{0,40}") {
            let once: String = folded(&text).into_iter().collect();
            prop_assert_eq!(folded(&once).into_iter().collect::<String>(), once);
        }
    }
}
