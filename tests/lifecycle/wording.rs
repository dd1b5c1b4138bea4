//! How letters are worded: every template for every decision and both texts, and what people write in
//! them.

use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::case::{Case, Draft, Ground, GroundFacts, SearchEntry};
use gongkai::domain::channel::{Carrier, Delivery};
use gongkai::domain::decision::{DecisionCode, DecisionKind, Decisions, DraftField};
use gongkai::domain::letter::{
    self, Audience, Block, ContentHash, Desk, LetterFacts, LetterKind, LetterOffice, Letters,
    Sheet, Signer, Sources, ThirdPartyFacts,
};
use gongkai::domain::lifecycle::Step;
use gongkai::domain::regulation::{Law, RuleSetId};
use serde_json::{Value, json};

use crate::cast::*;

fn desk<'a>(world: &'a World, office: &'a LetterOffice, today: &str) -> Desk<'a> {
    Desk {
        office,
        law: Law::builtin(),
        decisions: Decisions::builtin(),
        directory: &world.directory,
        today: day(today),
    }
}

fn office() -> LetterOffice {
    LetterOffice {
        agency: Some("长春市公安局".to_owned()),
        contact: Some("人民大街2627号，0431-88900000".to_owned()),
        ..LetterOffice::plain()
    }
}

/// A draft with all that may be said, or only with what must be.
fn drafted(decision: &str, only: Option<&[DraftField]>) -> Draft {
    let mut particulars = match draft(decision) {
        Step::DraftAnswer { wording } => wording.particulars,
        _ => unreachable!(),
    };
    particulars.search_log = vec![
        SearchEntry {
            searcher: "李某".to_owned(),
            system: "综合档案室".to_owned(),
            keywords: "处罚".to_owned(),
            searched_on: day("2011-03-02"),
            result: Some("未检索到".to_owned()),
        };
        2
    ];
    if let Some(only) = only {
        let keep = |field| only.contains(&field);
        let mut texts = [
            (DraftField::Reasons, &mut particulars.reasons),
            (DraftField::Article, &mut particulars.article),
            (DraftField::Harm, &mut particulars.harm),
            (DraftField::Provided, &mut particulars.provided),
            (DraftField::HowToObtain, &mut particulars.how_to_obtain),
            (DraftField::RightOrgan, &mut particulars.right_organ),
            (DraftField::EarlierCaseNumber, &mut particulars.earlier_case_number),
            (DraftField::ConsultationResult, &mut particulars.consultation_result),
            (DraftField::ChannelPointer, &mut particulars.channel_pointer),
            (DraftField::PublicationSource, &mut particulars.publication_source),
            (DraftField::BasisLaw, &mut particulars.basis_law),
        ];
        for (field, text) in &mut texts {
            if !keep(*field) {
                **text = None;
            }
        }
        if !keep(DraftField::SearchLog) {
            particulars.search_log.clear();
        }
        if !keep(DraftField::EarlierAnsweredDate) {
            particulars.earlier_answered_on = None;
        }
        if !keep(DraftField::Explanation) {
            particulars.explanation = None;
        }
        if !keep(DraftField::Conclusion) {
            particulars.conclusion = None;
        }
    }
    let full = only.is_none();
    let parts = only.is_none_or(|only| only.contains(&DraftField::Grounds));
    let code = DecisionCode::parse(decision).unwrap();
    let codes = Decisions::builtin().find(code).unwrap().grounds.codes.clone();
    Draft {
        decision: code,
        files: Vec::new(),
        inserts: Vec::new(),
        grounds: codes
            .iter()
            .filter(|_| parts)
            .map(|code| withheld(code, if full { None } else { Some(RuleSetId::Text2019) }))
            .collect(),
        needs: None,
        particulars,
        carrier: full.then_some(Carrier::Email),
        delivery: full.then_some(Delivery::Email),
        drafted_by: A1,
        drafted_at: morning(day("2011-03-03")),
    }
}

/// A part that is withheld, with all that may be said of it or only with what the text demands.
fn withheld(code: &str, only: Option<RuleSetId>) -> Ground {
    let decision = DecisionCode::parse(code).unwrap();
    let required: Vec<DraftField> = only
        .and_then(|text| Decisions::builtin().basis(decision, text))
        .map(|basis| basis.required.iter().map(|demand| demand.field).collect())
        .unwrap_or_default();
    let says = |field: DraftField, text: &str| {
        (only.is_none() || required.contains(&field)).then(|| text.to_owned())
    };
    let facts = GroundFacts {
        about: "附表二,第三页".to_owned(),
        reasons: says(DraftField::Reasons, "含有不宜公开的内容"),
        article: says(DraftField::Article, "第十六条第二款"),
        harm: says(DraftField::Harm, "可能危及公共安全"),
        basis_law: says(DraftField::BasisLaw, "《某法》第一条"),
        consultation_result: says(DraftField::ConsultationResult, "权利人不同意公开"),
        channel_pointer: says(DraftField::ChannelPointer, "到车辆管理所窗口查询"),
        right_organ: says(DraftField::RightOrgan, "长春市交通运输局"),
    };
    Ground { decision, facts }
}

/// Everything that is printed.
fn text(sheet: &Sheet) -> String {
    let mut lines: Vec<String> =
        [&sheet.head, &sheet.number, &sheet.addressee].into_iter().flatten().cloned().collect();
    lines.push(sheet.title.clone());
    for block in &sheet.blocks {
        match block {
            Block::Paragraph(text)
            | Block::Heading(text)
            | Block::Item(text)
            | Block::Field(text) => lines.push(text.clone()),
            Block::Table(rows) => lines.extend(rows.iter().map(|row| row.join("|"))),
            Block::Break => {}
        }
    }
    lines.extend([&sheet.agency, &sheet.date].into_iter().flatten().cloned());
    lines.join("\n")
}

/// Nothing of a template's machinery, and no punctuation that a person would be ashamed of.
#[track_caller]
fn is_well_worded(sheet: &Sheet) {
    let text = text(sheet);
    for wrong in
        ["{{", "{%", "none", "undefined", "。。", "。，", "。；", "“”", "（）", "：。", "，。"]
    {
        assert!(!text.contains(wrong), "{wrong} in {text}");
    }
    for noncharacter in '\u{fdd0}'..='\u{fdd3}' {
        assert!(!text.contains(noncharacter));
    }
    assert!(!sheet.title.is_empty() && !sheet.blocks.is_empty());
}

fn cases() -> [(RuleSetId, &'static str, Case, World); 2] {
    [(RuleSetId::Text2007, "2011-03-21"), (RuleSetId::Text2019, "2024-03-21")].map(|(text, on)| {
        let file = File::assigned(&format!("{}-03-01", &on[..4]));
        (text, on, file.case, file.world)
    })
}

#[test]
fn every_template_renders_for_every_decision_and_text() {
    let office = office();
    let mut letters = 0;
    for (rule_set, on, mut case, world) in cases() {
        let desk = desk(&world, &office, on);
        for row in Decisions::builtin().rows().iter().filter(|row| !row.is_lapse()) {
            let Some(basis) = row.basis(rule_set) else { continue };
            let required: Vec<DraftField> = basis.required.iter().map(|d| d.field).collect();
            for draft in [drafted(&row.code, None), drafted(&row.code, Some(&required))] {
                for (kind, you) in [
                    (ApplicantType::NaturalPerson, "您"),
                    (ApplicantType::LegalServiceOrganization, "贵单位"),
                ] {
                    case.record.intake.application.applicant.kind = kind;
                    let signed = (Signer::Bureau, Some("长公公开X〔2024〕1号"));
                    let (sheet, code) = letter::answer(&case, &draft, &desk, signed, None)
                        .unwrap_or_else(|error| panic!("{} {on}: {error}", row.code));
                    is_well_worded(&sheet);
                    letters += 1;
                    let said = text(&sheet);
                    assert!(said.contains(you), "{said}");
                    let other = if you == "您" { "贵单位" } else { "您" };
                    assert!(!said.contains(other), "{said}");
                    let basis = letter::zh(&basis.zh);
                    let partly = row.kind == DecisionKind::Partial;
                    assert!(partly || said.contains(&basis) || said.contains("《"), "{said}");
                    // One ground of which reconsideration comes first is enough.
                    let of_ground = |code| Decisions::builtin().find(code);
                    let grounds = draft.grounds.iter().filter_map(|g| of_ground(g.decision));
                    let first = row.reconsideration_first
                        || grounds.into_iter().any(|ground| ground.reconsideration_first);
                    let after = if on < "2015-05-01" {
                        "R-A"
                    } else if first {
                        "R-C"
                    } else {
                        "R-D"
                    };
                    assert_eq!(code, after);
                    assert_eq!(said.matches("申请行政复议").count(), 1, "{said}");
                    assert!(!said.contains("李某"), "an officer's name is nobody's business");
                    assert_eq!(sheet.addressee.as_deref(), Some("张某："));
                    assert_eq!(sheet.number.as_deref(), Some("长公公开X〔2024〕1号"));
                    assert_eq!(sheet.agency.as_deref(), Some("长春市公安局"));
                }
            }
        }
    }
    assert_eq!(letters, 2 * 2 * (18 + 21));
}

/// The facts of the documents whose actions are taken elsewhere, by kind.
fn samples() -> Vec<(&'static str, Value)> {
    let opening = json!({
        "agency": "长春市公安局", "number": "长公公开X〔2026〕1号", "issued_on": "2026年4月2日",
        "contact": "0431-88900000", "regulation": "《中华人民共和国政府信息公开条例》",
        "article": "第三十五条", "addressee": "张某", "you": "您", "receipt_date": "2026年3月2日",
        "case_number": "长公公开〔2026〕1号", "subject": "处罚依据", "supplemented_on": null,
        "extended_until": "2026年5月6日",
    });
    let with = |more: Value| {
        let mut all = opening.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    let sheet = |more: Value| {
        with(json!({ "unit": "交通分中心", "office": "信息公开办公室", "due_date": "2026年4月7日",
            "more": more }))
    };
    vec![
        ("consultation_notice", with(json!({ "joint": true, "sent_on": "2026年3月5日", "rule_set": "2019" }))),
        ("consultation_notice", with(json!({ "joint": false, "sent_on": "2026年3月5日", "rule_set": "2007" }))),
        ("explanation_request", with(json!({ "counted_from": "2026年1月1日", "counted_to": "2026年3月1日",
            "count": 120, "facts": "内容高度重复", "deadline": "2026年3月20日" }))),
        ("fee_notice", with(json!({ "tariff": "per_item", "quantity": "31件", "amount": 2200,
            "amount_zh": "贰仟贰佰元整", "payment": "市财政非税收入专户", "pay_days": 30,
            "tiers": [{ "range": "第11至30件", "price": "100元/件", "amount": 2000 },
                { "range": "第31件", "price": "200元/件", "amount": 200 }] }))),
        ("collection_notice", with(json!({ "answered_on": "2026年4月1日", "answer_number": "长公公开予〔2026〕1号",
            "collect_from": "2026年4月7日", "collect_to": "2026年4月30日", "place": "查询室" }))),
        ("joint_agency_consultation", with(json!({ "organ": "长春市交通运输局", "information": "联合通告底稿",
            "opinion_days": 15, "rule_set": "2019" }))),
        ("joint_agency_consultation", with(json!({ "organ": "长春市交通运输局", "information": "联合通告底稿",
            "opinion_days": 15, "rule_set": "2007" }))),
        ("phone_record", json!({ "agency": "长春市公安局", "called_at": "2011年3月2日9时", "caller": "王某",
            "phone": "138****0000", "question": "办事时间", "answer": "已告知", "transfer": "", "operator": "赵某",
            "case_number": null })),
        ("subtask_sheet", sheet(json!(0)).as_object().map(|all| {
            let mut all = all.clone();
            all.extend(json!({ "kind": "检索", "kind_code": "search", "question": "2023年处罚依据",
                "case_due_date": "2026年4月7日" }).as_object().unwrap().clone());
            Value::Object(all)
        }).unwrap()),
        ("urge_sheet", sheet(json!(0)).as_object().map(|all| {
            let mut all = all.clone();
            all.extend(json!({ "days_left": -3, "demand": "立即答复", "reply_due_date": "2026年4月9日" })
                .as_object().unwrap().clone());
            Value::Object(all)
        }).unwrap()),
        ("closing_index", json!({ "agency": "长春市公安局", "number": "长公公开结〔2026〕1号", "case_number": "长公公开〔2026〕1号", "applicant_name": "张某",
            "subject": "处罚依据", "channel": "当面书面", "receipt_date": "2026年3月2日", "due_date": "2026年3月30日",
            "outcome": "予以公开", "answer_date": "2026年3月20日", "on_time": "是", "retention": "10年",
            "retention_until": "2036年12月31日", "pages": 3,
            "papers": [{ "name": "政府信息公开申请表", "number": "", "date": "2026年3月2日", "pages": 1, "digest": "00" }] })),
    ]
}

fn to_third_party(rule_set: &'static str) -> LetterFacts {
    let some = |text: &str| Some(text.to_owned());
    LetterFacts::ThirdParty(Box::new(ThirdPartyFacts {
        agency: "长春市公安局".to_owned(),
        number: "长公公开征〔2026〕1号".to_owned(),
        issued_on: "2026年4月2日".to_owned(),
        contact: None,
        regulation: "《中华人民共和国政府信息公开条例》".to_owned(),
        rule_set,
        article: some("第三十二条"),
        third_party: "某某公司".to_owned(),
        you: "贵单位",
        yours: "贵单位的",
        interest: some("商业秘密"),
        information: "招标文件".to_owned(),
        opinion_days: Some(15),
        consulted_on: some("2026年3月5日"),
        opinion: some("不同意公开"),
        reasons: some("涉及公共安全"),
        provided: some("招标文件第三章"),
        remedy: some("如不服本告知，可以……"),
    }))
}

#[test]
fn documents_of_other_actions_render_too() {
    let letters = Letters::builtin();
    let mut done = std::collections::BTreeSet::new();
    for (code, facts) in samples() {
        let kind = LetterKind::parse(code).unwrap();
        let to = letters.kind(kind).unwrap().to;
        let Value::Object(facts) = facts else { panic!("an object") };
        let sheet = letters.fill(kind, &LetterFacts::Other { to, facts }).unwrap();
        is_well_worded(&sheet);
        done.insert(code);
    }
    for (code, rule_set) in [
        ("third_party_consultation", "2007"),
        ("third_party_consultation", "2019"),
        ("third_party_decision_notice", "2019"),
    ] {
        let kind = LetterKind::parse(code).unwrap();
        is_well_worded(&letters.fill(kind, &to_third_party(rule_set)).unwrap());
        done.insert(code);
    }
    let from_cases = [
        "application_form",
        "receipt",
        "transfer_sheet",
        "review_sheet",
        "service_receipt",
        "supplement_notice",
        "extension_notice",
    ];
    for row in letters.kinds() {
        let elsewhere = !row.decisions.is_empty() || from_cases.contains(&row.code.as_str());
        assert!(
            elsewhere ^ done.contains(row.code.as_str()),
            "{} is rendered by no test",
            row.code
        );
    }
}

#[test]
fn notices_and_sheets_render_from_the_case() {
    let office = office();
    for year in ["2011", "2024"] {
        let on = |day: &str| format!("{year}-{day}");
        let mut file = File::assigned(&on("03-01"));
        let world = World::new();
        let desk = desk(&world, &office, &on("03-04"));
        let signed = (Signer::Bureau, None);
        file.case.record.holding.as_mut().unwrap().note = Some("请从速".to_owned());
        is_well_worded(&letter::transfer_sheet(&file.case, &desk).unwrap());
        is_well_worded(&letter::receipt(&file.case, "张某".to_owned(), &desk).unwrap());
        let form = letter::application_form(&file.case, letter::Personal::default(), &desk);
        is_well_worded(&form.unwrap());

        let mut asked = File::assigned(&on("03-01"));
        asked.must(A1, &on("03-04"), &ask(None, None));
        let by_days = letter::supplement_notice(&asked.case, &desk, signed.0, signed.1).unwrap();
        is_well_worded(&by_days);
        assert!(text(&by_days).contains("自收到本通知书之日起10个工作日内"));
        let mut asked = File::assigned(&on("03-01"));
        asked.must(A1, &on("03-04"), &ask(Some(&on("03-25")), None));
        let by_day = letter::supplement_notice(&asked.case, &desk, signed.0, signed.1).unwrap();
        assert!(text(&by_day).contains(&format!("于{year}年3月25日以前（含当日）")));
        assert!(!text(&by_day).contains("行政复议"), "no remedy lies against a notice");

        file.must(A1, &on("03-04"), &ask_days(10));
        let notice = letter::extension_notice(&file.case, 0, &desk, signed.0, signed.1).unwrap();
        is_well_worded(&notice);
        let (old, new) =
            if year == "2011" { ("3月22日", "4月6日") } else { ("3月29日", "4月15日") };
        let said = text(&notice);
        assert!(said.contains(&format!("{year}年{old}以前")), "{said}");
        assert!(said.contains(&format!("至{year}年{new}")), "{said}");
        assert!(!said.contains("依法延长答复期限至"), "it was not extended before: {said}");

        file.must(A1, &on("03-04"), &draft("refuse_third"));
        is_well_worded(&letter::review_sheet(&file.case, &desk).unwrap());
    }
}

#[test]
fn what_a_person_writes_stays_text() {
    let office = office();
    let mut file = File::assigned("2024-03-01");
    let trick =
        "甲\n%title 假标题\n# 假\n| 一 | 二 |\r\n{{ agency }}{% if true %}乙\u{2028}%break\n|丙|";
    file.case.record.intake.application.subject = "| % # {{ you }}".to_owned();
    file.case.record.intake.application.applicant.name = "%head 假".to_owned();
    let mut draft = drafted("refuse_safety", None);
    draft.particulars.reasons = Some(trick.to_owned());
    let desk = desk(&file.world, &office, "2024-03-21");
    let signed = (Signer::Bureau, None);
    let (sheet, _) = letter::answer(&file.case, &draft, &desk, signed, None).unwrap();
    let plain = letter::answer(&file.case, &drafted("refuse_safety", None), &desk, signed, None);
    let plain = plain.unwrap().0;
    assert_eq!((&sheet.title, &sheet.head), (&plain.title, &plain.head));
    assert_eq!(sheet.blocks.len(), plain.blocks.len());
    assert_eq!(sheet.addressee.as_deref(), Some("%head 假："));
    let said = text(&sheet);
    let kept = trick.replace("\r\n", "\n").replace('\u{2028}', "\n");
    assert!(said.contains(&kept), "{said}");
    assert!(said.contains("申请获取“| % # {{ you }}”的"), "{said}");
    // In a cell too.
    file.case.record.holding.as_mut().unwrap().note = Some("a | b\n| c".to_owned());
    let form = letter::transfer_sheet(&file.case, &desk).unwrap();
    let Some(Block::Table(rows)) = form.blocks.iter().find(|b| matches!(b, Block::Table(_))) else {
        panic!("a table")
    };
    assert!(rows.iter().all(|row| row.len() == 2));
    assert!(rows.iter().any(|row| row[1] == "a | b\n| c"));
}

#[test]
fn a_letter_that_lacks_a_fact_is_not_made() {
    let office = office();
    let file = File::assigned("2024-03-01");
    let desk = desk(&file.world, &office, "2024-03-21");
    for code in ["refuse_law", "not_ours", "petition", "special_channel", "disclose"] {
        let mut bare = drafted(code, Some(&[]));
        bare.particulars.search_log.clear();
        let made = letter::answer(&file.case, &bare, &desk, (Signer::Bureau, None), None);
        assert!(made.is_err(), "{code}");
    }
    let received = File::received(
        "2024-03-01",
        gongkai::domain::channel::Channel::InPerson,
        gongkai::domain::case::Arrival::default(),
    );
    let made = letter::answer(
        &received.case,
        &drafted("disclose", None),
        &desk,
        (Signer::Bureau, None),
        None,
    );
    assert!(made.is_err(), "a case that is not in the register has no number to name");
}

#[test]
fn each_ground_stands_with_its_own_basis() {
    let office = office();
    let file = File::assigned("2024-03-01");
    let desk = desk(&file.world, &office, "2024-03-21");
    let mut draft = drafted("partial", None);
    draft.grounds = vec![withheld("refuse_third", None), withheld("not_exist", None)];
    let signed = (Signer::Bureau, None);
    let items = |draft: &Draft| -> Vec<String> {
        let (sheet, _) = letter::answer(&file.case, draft, &desk, signed, None).unwrap();
        let item = |block: &Block| match block {
            Block::Item(text) => Some(text.clone()),
            _ => None,
        };
        sheet.blocks.iter().filter_map(item).collect()
    };
    let said = items(&draft);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("（一）附表二，第三页：涉及第三方合法权益"), "{said:?}");
    assert!(said[0].contains("征求第三方意见的结果：权利人不同意公开。"), "{said:?}");
    assert!(
        said[0].ends_with(
            "依据：《中华人民共和国政府信息公开条例》第三十六条第（三）项、第十五条、第三十二条（具体条款：第十六条第二款）、《某法》第一条。"
        ),
        "{said:?}"
    );
    assert!(said[1].contains("第三十六条第（四）项"), "{said:?}");
    // A refusal gives its own ground first, then the further ones.
    let mut draft = drafted("refuse_internal", None);
    draft.grounds = vec![withheld("refuse_safety", None)];
    let said = items(&draft);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("第十六条第一款") && said[1].contains("第十四条"), "{said:?}");
    // What was drafted before there were grounds still has its letter.
    let mut draft = drafted("partial", None);
    draft.grounds.clear();
    assert!(items(&draft)[0].starts_with("其余部分："));
}

#[test]
fn a_unit_signs_in_its_own_name() {
    let office = office();
    let file = File::assigned("2024-03-01");
    let desk = desk(&file.world, &office, "2024-03-21");
    let signed = (Signer::Unit(CENTER_A), None);
    let (sheet, _) =
        letter::answer(&file.case, &drafted("disclose", None), &desk, signed, None).unwrap();
    let name = file.world.directory.unit(CENTER_A).unwrap().name.clone();
    assert_eq!(sheet.agency, Some(name.clone()));
    assert_eq!(sheet.head, Some(name));
}

#[test]
fn the_old_text_is_named_with_its_order_once_another_is_in_force() {
    let office = office();
    let file = File::assigned("2019-05-06");
    for (today, named) in [
        ("2019-05-14", "《中华人民共和国政府信息公开条例》第"),
        ("2019-05-15", "《中华人民共和国政府信息公开条例》（国务院令第492号）第"),
    ] {
        let desk = desk(&file.world, &office, today);
        let signed = (Signer::Bureau, None);
        let made = letter::answer(&file.case, &drafted("not_exist", None), &desk, signed, None);
        assert!(text(&made.unwrap().0).contains(named), "{today}");
    }
}

#[test]
fn the_content_is_frozen_as_canonical_text() {
    let office = office();
    let file = File::assigned("2024-03-01");
    let desk = desk(&file.world, &office, "2024-03-21");
    let mut draft = drafted("refuse_internal", Some(&[DraftField::Reasons, DraftField::Article]));
    draft.particulars.reasons = Some("该文件是本机关内部值班安排,属于内部工作流程信息".to_owned());
    draft.particulars.article = Some("第十六条第一款".to_owned());
    let signed = (Signer::Bureau, Some("长公公开不予〔2024〕1号"));
    let (sheet, _) = letter::answer(&file.case, &draft, &desk, signed, None).unwrap();
    let printed = "\
长春市公安局
长公公开不予〔2024〕1号
张某：
政府信息不予公开告知书
本机关于2024年3月1日收到您提交的政府信息公开申请（登记编号：长公公开〔2024〕17号），申请获取“2023年处罚依据”的政府信息。
经审查，您申请获取的政府信息属于行政机关的内部事务信息。该文件是本机关内部值班安排，属于内部工作流程信息。
根据《中华人民共和国政府信息公开条例》第三十六条第（三）项、第十六条第一款的规定，本机关决定不予公开。
如不服本告知，应当先自收到本告知书之日起60日内向长春市人民政府申请行政复议；对行政复议决定不服的，可以自收到行政复议决定书之日起15日内向有管辖权的人民法院提起行政诉讼；行政复议机关超过行政复议期限不作答复的，可以自行政复议期限届满之日起15日内向有管辖权的人民法院提起行政诉讼。
特此告知。
联系地址及电话：人民大街2627号，0431-88900000。
长春市公安局
2024年3月21日";
    assert_eq!(text(&sheet), printed);
    let canonical = sheet.canonical().unwrap();
    let back: Sheet = serde_json::from_str(&canonical).unwrap();
    assert_eq!(back, sheet);
    assert_eq!(back.canonical().unwrap(), canonical);
    let hash = ContentHash::of(&canonical);
    let read: ContentHash = serde_json::from_value(json!(hash)).unwrap();
    assert_eq!(read, hash);
    assert_ne!(ContentHash::of(&canonical.replace("六", "七")), hash);
    assert_eq!(
        ContentHash::of("").to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn no_template_for_a_third_party_can_name_the_applicant() {
    let letters = Letters::builtin();
    for row in letters.kinds().iter().filter(|row| row.to == Audience::ThirdParty) {
        let kind = LetterKind::parse(&row.code).unwrap();
        // The facts of any other document do not fit.
        let facts = json!({ "addressee": "张某" }).as_object().unwrap().clone();
        let other = LetterFacts::Other { to: Audience::ThirdParty, facts };
        assert!(letters.fill(kind, &other).is_err());
        let printed = serde_json::to_value(to_third_party("2019")).unwrap();
        for name in ["addressee", "applicant_name", "case_number", "subject"] {
            assert!(printed.get(name).is_none(), "{name}");
        }
    }
    // Nor can a template be given that asks for more.
    let naming = |code: &str| match code {
        "third_party_consultation" => Some("%to {{ third_party }}\n申请人：{{ addressee }}"),
        other => (Sources::builtin().template)(other),
    };
    let mut value: Value = serde_json::from_str(Sources::builtin().letters).unwrap();
    for row in value["letters"].as_array_mut().unwrap() {
        if row["code"] == "third_party_consultation" {
            row["placeholders"] = json!(["addressee", "third_party"]);
        }
    }
    let text = value.to_string();
    let sources = Sources { letters: &text, template: naming, ..Sources::builtin() };
    let error = Letters::read(&sources).unwrap_err();
    assert!(error.what.contains("third party"), "{error}");
}
