//! How a letter has to read: what each statement becomes in print, which paragraph on remedies holds on
//! which day, and what no Chinese text may contain. Written by hand from the law and from GB/T 15834,
//! not with the product's own functions.

use gongkai::domain::decision::{Basis, Decision, DraftField};
use gongkai::domain::regulation::RuleSetId;
use serde_json::Value;

/// What of a field the letter prints.
pub fn expected(field: DraftField, row: &Decision, text: RuleSetId, case: &Value) -> Vec<String> {
    let said = match field {
        DraftField::Reasons => "有关材料（共2页）已逐项核对，情况属实。",
        DraftField::Article => super::article(&row.code, text),
        DraftField::Harm => "公开后会削弱防控效果。",
        DraftField::SearchLog => return searches(case),
        DraftField::Provided => "采集情况统计表一份（3页）。",
        DraftField::HowToObtain => "登录本机关网站，在“政府信息公开”栏目查阅",
        DraftField::RightOrgan => "长春市城乡建设委员会，电话0431-88888888。",
        DraftField::EarlierCaseNumber => return vec![number(case)],
        DraftField::EarlierAnsweredDate | DraftField::Explanation => {
            return vec![format!("于{}", written(day(case)))];
        }
        DraftField::ConsultationResult => "权利人书面答复：不同意公开。",
        DraftField::ChannelPointer => "持本人身份证件到户籍窗口查询。",
        DraftField::PublicationSource => "《长春年鉴》（公开出版），可在图书馆借阅。",
        DraftField::BasisLaw => "《中华人民共和国户口登记条例》",
        DraftField::Conclusion => "本件不作为政府信息公开申请处理。",
        DraftField::Grounds => return ["第一部分", "第二部分"].map(str::to_owned).into(),
    };
    vec![said.to_owned()]
}

fn day(case: &Value) -> &str {
    case["clock"]["answer_date"].as_str().expect("a day")
}

fn number(case: &Value) -> String {
    let said = case["answer"]["draft"]["earlier_case_number"].as_str().expect("a number");
    said.to_owned()
}

fn searches(case: &Value) -> Vec<String> {
    let day = written(day(case));
    vec![
        format!("（一）{day}，在户籍档案室目录中以“一标三实”为关键词检索，未检索到相关记录。"),
        format!("（二）{day}，在办公系统中以“采集情况”为关键词检索。"),
    ]
}

/// `2011年3月1日`.
pub fn written(day: &str) -> String {
    let mut parts = day.split('-').map(|part| part.trim_start_matches('0'));
    let mut next = || parts.next().expect("a part");
    format!("{}年{}月{}日", next(), next(), next())
}

/// What a letter comes down to.
#[derive(Clone, Copy)]
pub enum Answer {
    /// Something is refused.
    Refuses,
    /// Nothing is.
    Gives,
}

/// The paragraph on remedies of a day: litigation within 3 months before 2015-05-01 and 6 from then on;
/// one of two organs to reconsider before 2024, one from then on, and before it goes to court where it
/// is a refusal (行政诉讼法 1989 art. 39, 2014 art. 46; 行政复议法 2023 art. 23, 24).
pub fn remedy(day: &str, answer: Answer) -> (&'static str, &'static str) {
    match (day, answer) {
        (day, _) if day < "2015-05-01" => (
            "R-A",
            "可以自收到本告知书之日起60日内向长春市公安局或者长春市人民政府申请行政复议，或者自收到本告知书之日起3个月内向有管辖权的人民法院提起行政诉讼。",
        ),
        (day, _) if day < "2024-01-01" => (
            "R-B",
            "可以自收到本告知书之日起60日内向长春市公安局或者长春市人民政府申请行政复议，或者自收到本告知书之日起6个月内向有管辖权的人民法院提起行政诉讼。",
        ),
        (_, Answer::Refuses) => (
            "R-C",
            "应当先自收到本告知书之日起60日内向长春市人民政府申请行政复议；对行政复议决定不服的，可以自收到行政复议决定书之日起15日内向有管辖权的人民法院提起行政诉讼；行政复议机关超过行政复议期限不作答复的，可以自行政复议期限届满之日起15日内向有管辖权的人民法院提起行政诉讼。",
        ),
        (_, Answer::Gives) => (
            "R-D",
            "可以自收到本告知书之日起60日内向长春市人民政府申请行政复议，或者自收到本告知书之日起6个月内向有管辖权的人民法院提起行政诉讼。",
        ),
    }
}

/// Does the letter cite the basis of a decision? Titles may have their marks, and short names of
/// documents their full ones before them.
pub fn rests_on(whole: &str, basis: &Basis) -> bool {
    let bare = |text: &str| -> String {
        let text = text.replace('(', "（").replace(')', "）");
        text.chars().filter(|c| !"《》".contains(*c)).collect()
    };
    let whole = bare(whole);
    bare(&basis.zh).split('、').all(|part| whole.contains(part))
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}') || "“”《》（）〔〕、。，；：".contains(c)
}

/// What is wrong with a text as Chinese: nothing.
pub fn well_said(text: &str, kind: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    if text.trim() != text || text.is_empty() {
        faults.push(format!("blanks: {text:?}"));
    }
    for pair in chars.windows(2) {
        let [before, c] = pair else { continue };
        let doubled = "。，；：、".contains(*before) && "。，；：、".contains(*c);
        let western = is_chinese(*before) && ",;:!?()".contains(*c);
        let empty = matches!((before, c), ('“', '”') | ('《', '》') | ('（', '）') | ('：', '。'));
        if doubled || western || empty || (*before == ' ' && *c == ' ') {
            faults.push(format!("{before}{c} in {text}"));
        }
    }
    for length in 3..=8 {
        for start in 0..chars.len().saturating_sub(2 * length) {
            let first = &chars[start..start + length];
            let chinese = first.iter().all(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
            let gap = usize::from(matches!(chars[start + length], '，' | '、'));
            let second = chars.get(start + length + gap..start + 2 * length + gap);
            if chinese && second == Some(first) {
                faults.push(format!("{} twice in {text}", first.iter().collect::<String>()));
            }
        }
    }
    if kind != "heading" && !text.ends_with(['。', '：', '”', '）']) {
        faults.push(format!("no mark at the end: {text}"));
    }
    for word in ["{{", "{%", "None", "null", "undefined", "的的", "的规定的规定", "规定的规定"]
    {
        if text.contains(word) {
            faults.push(format!("{word} in {text}"));
        }
    }
    faults
}

#[test]
fn what_reads_wrong_is_found() {
    for text in [
        "根据条例,现告知您。",
        "经审查，经审查有误。",
        "理由属实。。",
        "获取途径：。",
        "申请获取“”的信息。",
        " 前有空格。",
        "没有句号",
        "第三十六条第(三)项。",
        "根据规定的规定。",
    ] {
        assert!(!well_said(text, "paragraph").is_empty(), "{text}");
    }
    let right = "根据《条例》第三十六条第（三）项的规定，现告知您（共2页）。";
    assert_eq!(well_said(right, "paragraph"), Vec::<String>::new());
    assert_eq!(well_said("一、予以公开的部分", "heading"), Vec::<String>::new());
}
