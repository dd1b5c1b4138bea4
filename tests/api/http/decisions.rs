//! One case of every decision code under each text that knows it, driven over HTTP to its letter by
//! different people, and each letter read. The table is walked itself (data/decisions.json), so a new
//! code without a walk fails here.
//!
//! With `GONGKAI_TEST_LETTERS` set to a folder the letters are left there as PDF, to be looked at.

mod reading;

use std::collections::BTreeSet;

use gongkai::domain::decision::{Basis, Condition, Decision, Decisions, DraftField};
use gongkai::domain::regulation::RuleSetId::{self, Text2007, Text2019};
use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::inputs::instant;
use crate::support::on_both;
use crate::support::world::{Place, Who};
use reading::{Answer, expected, remedy, rests_on, well_said, written};

/// Decisions that no action of the API makes yet.
const NO_ACTION: [&str; 1] = ["abandoned_fee"];

/// What a decision takes for the file and its letter leaves out: who searched for what would first have
/// to be made proves nothing to the applicant, and the number of a case that he may have lost.
const NOT_PRINTED: [(&str, DraftField); 2] =
    [("needs_processing", DraftField::SearchLog), ("excessive", DraftField::EarlierCaseNumber)];

/// A day, who applies then, and whether the draft states what it need not.
#[derive(Clone, Copy)]
struct Visit {
    day: &'static str,
    text: RuleSetId,
    applicant: Applicant,
    fields: Fields,
}

#[derive(Clone, Copy, PartialEq)]
enum Applicant {
    Person,
    Enterprise,
}

#[derive(Clone, Copy, PartialEq)]
enum Fields {
    Required,
    All,
}

/// Each text, each paragraph on remedies, each kind of applicant, with as little and as much as can
/// be said.
const VISITS: [Visit; 4] = [
    Visit {
        day: "2011-03-01",
        text: Text2007,
        applicant: Applicant::Person,
        fields: Fields::Required,
    },
    Visit {
        day: "2018-06-04",
        text: Text2007,
        applicant: Applicant::Enterprise,
        fields: Fields::All,
    },
    Visit {
        day: "2019-06-03",
        text: Text2019,
        applicant: Applicant::Enterprise,
        fields: Fields::Required,
    },
    Visit { day: "2025-03-10", text: Text2019, applicant: Applicant::Person, fields: Fields::All },
];

impl Visit {
    fn application(self) -> Value {
        let applicant = match self.applicant {
            Applicant::Person => json!({
                "type": "natural_person", "name": "王小明", "id_kind": "resident_id_card",
                "id_number": "220102199003071235", "phone": "13800000000"
            }),
            Applicant::Enterprise => json!({
                "type": "commercial_enterprise", "name": "长春示例商贸有限公司", "contact_name": "李经理",
                "phone": "13800000001"
            }),
        };
        json!({
            "applicant": applicant, "subject": "二道区“一标三实”采集情况(2010年)", "channel": "in_person",
            "purpose": "科研", "carrier": "paper", "delivery": "post", "register": true
        })
    }

    /// The fields that the draft states of those that this decision takes.
    fn stated(self, basis: &Basis) -> Vec<DraftField> {
        let required = basis.required.iter().map(|demand| demand.field);
        let optional = basis.optional.iter().copied().filter(|_| self.fields == Fields::All);
        required.chain(optional).collect()
    }

    fn served(self) -> Value {
        json!({ "manner": "handed_over", "signed_at": self.day })
    }
}

/// The article that an officer relies on beside the table's.
fn article(code: &str, text: RuleSetId) -> &'static str {
    match (code, text) {
        ("refuse_secret", Text2007) => "第十四条第四款",
        ("refuse_safety", Text2007) => "第八条",
        ("refuse_third", Text2019) => "第十五条",
        ("refuse_internal", Text2019) => "第十六条第一款",
        ("refuse_process" | "refuse_casefile", Text2019) => "第十六条第二款",
        ("refuse_internal" | "refuse_process", Text2007) => "国办发〔2010〕5号第二条",
        _ => "第十四条",
    }
}

/// What a draft says of a field, as it is typed.
fn typed(field: DraftField, code: &str, visit: Visit, earlier: &Value) -> Value {
    match field {
        DraftField::Reasons => json!("有关材料(共2页)已逐项核对,情况属实"),
        DraftField::Article => json!(article(code, visit.text)),
        DraftField::Harm => json!("公开后会削弱防控效果;"),
        DraftField::SearchLog => json!([
            { "searcher": "档案员", "system": "户籍档案室目录", "keywords": "一标三实", "search_date": visit.day,
              "result": "未检索到相关记录" },
            { "searcher": "档案员", "system": "办公系统", "keywords": "采集情况", "search_date": visit.day }
        ]),
        DraftField::Provided => json!("采集情况统计表一份(3页)"),
        DraftField::HowToObtain => json!("登录本机关网站,在“政府信息公开”栏目查阅"),
        DraftField::RightOrgan => json!("长春市城乡建设委员会,电话0431-88888888"),
        DraftField::EarlierCaseNumber => earlier["case_number"].clone(),
        DraftField::ConsultationResult => json!("权利人书面答复:不同意公开"),
        DraftField::ChannelPointer => json!("持本人身份证件到户籍窗口查询。"),
        DraftField::PublicationSource => json!("《长春年鉴》(公开出版),可在图书馆借阅"),
        DraftField::BasisLaw => json!("《中华人民共和国户口登记条例》"),
        DraftField::Explanation => {
            json!({ "number": "长公公开说〔2019〕1号", "requested_date": visit.day })
        }
        DraftField::Conclusion => json!("本件不作为政府信息公开申请处理。"),
        DraftField::Grounds => grounds(code, visit),
        // Found by the number of the case.
        DraftField::EarlierAnsweredDate => Value::Null,
    }
}

/// Grounds beside the decision: the first two that it takes and that say another thing.
fn chosen(code: &str, text: RuleSetId) -> Vec<&'static Decision> {
    let table = Decisions::builtin();
    let row = table.rows().iter().find(|row| row.code == code).expect("a row");
    let of = |wanted: &String| table.rows().iter().find(|row| row.code == *wanted).expect("a row");
    let other = |row: &&Decision| row.code != code && row.basis(text).is_some();
    row.grounds.codes.iter().map(of).filter(other).take(2).collect()
}

fn grounds(code: &str, visit: Visit) -> Value {
    let ground = |(at, row): (usize, &Decision)| {
        let about = if at == 0 { "第一部分" } else { "第二部分" };
        let mut ground = json!({ "decision": row.code, "about": about });
        for demand in &row.basis(visit.text).expect("a basis").required {
            let value = typed(demand.field, &row.code, visit, &Value::Null);
            ground[demand.field.as_str()] = value;
        }
        ground
    };
    chosen(code, visit.text).into_iter().enumerate().map(ground).collect()
}

/// A case that is answered by a draft, from receipt to service, by four people.
async fn walk(api: &Api, visit: Visit, row: &Decision, earlier: &Value) -> Value {
    let received = api.post(Who::Clerk, "/api/v1/cases", &dated(visit)).await;
    assert_eq!(received.status, 201, "{}", received.text);
    let unit = api.world.unit(Place::CenterA).0;
    let case = api.done(Who::Clerk, &received.json(), "assign", &json!({ "unit_id": unit })).await;
    let mut case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
    if row.conditions.iter().any(|needed| needed.condition == Condition::SupplementReceived) {
        case = supplemented(api, visit, &case).await;
    }
    let mut draft = json!({ "decision": row.code });
    for field in visit.stated(row.basis(visit.text).expect("a basis")) {
        let value = typed(field, &row.code, visit, earlier);
        if !value.is_null() {
            draft[field.as_str()] = value;
        }
    }
    let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
    let case = api.reviewed(&case).await;
    let case = api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await;
    let body = json!({ "letter": "answer", "service": visit.served() });
    let case = api.done(Who::Clerk, &case, "serve", &body).await;
    assert_eq!(case["clock"]["answer_date"], visit.day, "{}", row.code);
    assert_eq!(case["answer"]["draft"]["decision"], json!(row.code));
    four_people(api, &case).await;
    case
}

fn dated(visit: Visit) -> Value {
    let mut application = visit.application();
    application["arrival"] = json!({ "submitted_at": visit.day });
    application
}

async fn supplemented(api: &Api, visit: Visit, case: &Value) -> Value {
    let ask = json!({ "items": "年度不明确", "guidance": "请写明年度", "service": visit.served() });
    let case = api.done(Who::OfficerA, case, "request-supplement", &ask).await;
    let arrival = json!({ "submitted_at": visit.day });
    let reply = json!({ "channel": "in_person", "arrival": arrival, "content": "全部年度" });
    api.done(Who::OfficerA, &case, "supplement", &reply).await
}

/// Nobody has drafted, reviewed and issued in two of these capacities.
async fn four_people(api: &Api, case: &Value) {
    let path = format!("{}/events?limit=200", case["links"]["self"].as_str().expect("an address"));
    let events = api.get(Who::Clerk, &path).await.json();
    let acts = events["items"].as_array().expect("events").iter();
    let hands: Vec<String> = acts
        .filter(|event| {
            ["draft_answer", "review", "answer"].contains(&event["action"].as_str().unwrap_or(""))
        })
        .map(|event| event["actor"]["user_id"].to_string())
        .collect();
    let distinct: BTreeSet<&String> = hands.iter().collect();
    assert_eq!(distinct.len(), hands.len(), "{events}");
    let reviews = case["reviews"].as_array().map_or(0, Vec::len);
    assert_eq!(hands.len(), 2 + reviews, "a draft, its reviews and its issue");
}

/// Reads the letter of a case as its applicant will, and tells what is wrong with it.
async fn read(api: &Api, visit: Visit, row: &Decision, case: &Value) -> Vec<String> {
    let mut letters = case["letters"].as_array().expect("letters").iter().rev();
    // After the answer stands the sheet of its reviews.
    let last = letters.find(|letter| letter["kind"] != "review_sheet").expect("a letter");
    let path = last["links"]["self"].as_str().expect("an address");
    let letter = api.get(Who::Clerk, path).await.json();
    let blocks = letter["blocks"].as_array().expect("blocks").iter();
    let parts: Vec<(&str, &str)> =
        blocks.filter_map(|block| block["text"].as_str().zip(block["kind"].as_str())).collect();
    let whole = parts.iter().map(|(text, _)| *text).collect::<Vec<_>>().join("\n");
    let basis = row.basis(visit.text).expect("a basis");
    let stated = visit.stated(basis);
    let mut wanted: Vec<String> = stated
        .iter()
        .filter(|field| !NOT_PRINTED.contains(&(row.code.as_str(), **field)))
        .flat_map(|field| expected(*field, row, visit.text, case))
        .collect();
    let grounds = if stated.contains(&DraftField::Grounds) {
        chosen(&row.code, visit.text)
    } else {
        Vec::new()
    };
    let refuses = row.code.starts_with("refuse_") || row.code == "partial" || !grounds.is_empty();
    let answer = if refuses { Answer::Refuses } else { Answer::Gives };
    let (code, paragraph) = remedy(visit.day, answer);
    let (you, not) = match visit.applicant {
        Applicant::Person => ("您", "贵单位"),
        Applicant::Enterprise => ("贵单位", "您"),
    };
    wanted.extend([paragraph, you].map(str::to_owned));
    let mut faults: Vec<String> =
        parts.iter().flat_map(|(text, kind)| well_said(text, kind)).collect();
    faults.extend(wanted.into_iter().filter(|words| !whole.contains(words.as_str())));
    let rest = std::iter::once(row).chain(grounds).filter_map(|row| row.basis(visit.text));
    faults.extend(rest.filter(|basis| !rests_on(&whole, basis)).map(|basis| basis.zh.clone()));
    if whole.contains(not) || whole.matches("如不服本告知").count() != 1 {
        faults.push(format!("{not}, or remedies twice or never"));
    }
    if letter["remedy"] != code || letter["written_day"] != json!(written(visit.day)) {
        faults.push(format!("{} on {}", letter["remedy"], letter["written_day"]));
    }
    printed(api, path, &format!("{}-{}", visit.day, row.code)).await;
    let told = |fault: String| format!("{} on {}: {fault}\n  {whole}", row.code, visit.day);
    faults.into_iter().map(told).collect()
}

/// The letter as a file.
async fn printed(api: &Api, path: &str, name: &str) {
    let pdf = api.get(Who::Clerk, &format!("{path}/pdf")).await;
    assert_eq!(pdf.status, 200, "{name}: {}", pdf.text);
    assert!(pdf.bytes.starts_with(b"%PDF-1.") && pdf.bytes.len() > 5_000, "{name}");
    #[expect(clippy::disallowed_methods, reason = "where to leave them is no setting")]
    let folder = std::env::var_os("GONGKAI_TEST_LETTERS");
    if let Some(folder) = folder {
        let path = std::path::Path::new(&folder).join(format!("{name}.pdf"));
        std::fs::write(path, &pdf.bytes).expect("the folder of the letters");
    }
}

fn answers() -> impl Iterator<Item = &'static Decision> {
    Decisions::builtin().rows().iter().filter(|row| !row.is_lapse())
}

async fn every_answer_of(api: &Api, visit: Visit) {
    api.world.clock.set(instant(&format!("{}T02:00:00Z", visit.day)));
    let disclosure = answers().find(|row| row.code == "disclose").expect("a disclosure");
    let earlier = walk(api, visit, disclosure, &Value::Null).await;
    let (mut walked, mut faults) = (0, Vec::new());
    for row in answers().filter(|row| row.basis(visit.text).is_some()) {
        let case = walk(api, visit, row, &earlier).await;
        faults.extend(read(api, visit, row, &case).await);
        walked += 1;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(walked >= 18, "{walked} decisions under {:?}", visit.text);
}

on_both! {
    async fn every_decision_under_the_text_of_2007(api: Api) {
        for visit in VISITS.into_iter().filter(|visit| visit.text == Text2007) {
            every_answer_of(&api, visit).await;
        }
    }
}

on_both! {
    async fn every_decision_under_the_text_of_2019(api: Api) {
        for visit in VISITS.into_iter().filter(|visit| visit.text == Text2019) {
            every_answer_of(&api, visit).await;
        }
    }
}

on_both! {
    async fn every_lapse_has_its_action(api: Api) {
        let lapses = Decisions::builtin().rows().iter().filter(|row| row.is_lapse());
        for row in lapses.filter(|row| !NO_ACTION.contains(&row.code.as_str())) {
            assert_eq!(row.code, "abandoned_supplement", "a lapse without a walk");
            for (day, later) in [("2011-03-01", "2011-03-18"), ("2025-03-10", "2025-03-27")] {
                let visit = VISITS.into_iter().find(|visit| visit.day == day).expect("a visit");
                api.world.clock.set(instant(&format!("{day}T02:00:00Z")));
                let case = api.post(Who::Clerk, "/api/v1/cases", &dated(visit)).await.json();
                let ask = json!({ "items": "年度不明确", "guidance": "请写明年度", "service": visit.served() });
                let case = api.done(Who::Clerk, &case, "request-supplement", &ask).await;
                let notice = case["letters"][0]["links"]["self"].as_str().expect("an address").to_owned();
                let text = api.get(Who::Clerk, &notice).await.json()["blocks"].to_string();
                assert!(!text.contains("如不服"), "no remedies: {text}");
                printed(&api, &notice, &format!("{day}-{}", row.code)).await;
                api.world.clock.set(instant(&format!("{later}T02:00:00Z")));
                let case = api.done(Who::Clerk, &case, "lapse", &json!({ "reason": "逾期未补正" })).await;
                assert_eq!((&case["status"], &case["closure"]["closed_date"]), (&json!("lapsed"), &json!(later)));
            }
        }
    }
}
