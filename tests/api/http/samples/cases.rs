//! Samples of the operations on cases. Center A holds the case: for center B it does not exist.

use serde_json::{Value, json};

use super::{Call, Sample, Stranger, sample};
use crate::support::client::{Api, application, upload};
use crate::support::inputs::instant;
use crate::support::world::{Place, Who};

const CENTER_B: Stranger = Stranger::Is(Who::OfficerB);
const SEES_ALL: Stranger = Stranger::Nobody("the roles with this right see every case");
const NO_ID: Stranger = Stranger::Nobody("there is no variable in its path");

/// A case that an officer of center A has accepted.
async fn accepted(api: &Api) -> Value {
    let case = api.assigned(Place::CenterA).await;
    api.done(Who::OfficerA, &case, "accept", &json!({})).await
}

async fn drafted(api: &Api) -> Value {
    let case = accepted(api).await;
    let draft = json!({ "decision": "disclose", "provided": "收费标准一份" });
    api.done(Who::OfficerA, &case, "draft-answer", &draft).await
}

/// A case of the query room on which center B was asked for a search.
async fn asked(api: &Api) -> Value {
    let case = api.registered().await;
    let unit = api.world.unit(Place::CenterB).0;
    let body =
        json!({ "unit_id": unit, "kind": "search", "question": "请检索2024年度车辆管理收费文件" });
    api.done(Who::Clerk, &case, "ask-subtask", &body).await
}

async fn reviewed(api: &Api) -> Value {
    api.reviewed(&drafted(api).await).await
}

/// A case with a file.
async fn filed(api: &Api) -> Value {
    api.filed(Who::OfficerA, &accepted(api).await).await
}

/// A call on a file of a case.
async fn on_file(api: &Api) -> Call {
    let case = filed(api).await;
    on(&case).at("attachment_id", &case["attachment_id"])
}

/// A case whose supplement notice was served today.
async fn supplement_asked(api: &Api) -> Value {
    let case = accepted(api).await;
    api.done(Who::OfficerA, &case, "request-supplement", &ask(api)).await
}

fn ask(api: &Api) -> Value {
    json!({
        "items": "申请中未写明年度",
        "guidance": "请写明所需信息的年度",
        "service": { "manner": "handed_over", "signed_at": api.world.today() }
    })
}

/// A case that was answered and whose answer has reached nobody yet.
async fn answered(api: &Api) -> Value {
    let case = reviewed(api).await;
    api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await
}

/// A case that has ended: its answer was handed over.
async fn served(api: &Api) -> Value {
    let case = reviewed(api).await;
    let handed = json!({ "service": { "manner": "handed_over", "signed_at": api.world.today() } });
    api.done(Who::SecondOfficerA, &case, "answer", &handed).await
}

/// A call on the first letter of a case.
fn on_letter(case: &Value) -> Call {
    on(case).at("letter_id", &case["letters"][0]["id"])
}

/// A call on a case.
fn on(case: &Value) -> Call {
    Call::plain().at("id", &case["id"])
}

/// An action on a case as it was seen.
fn act(case: &Value, body: Value) -> Call {
    Call { body: Some(body), ..on(case).seen(case) }
}

pub(super) fn samples() -> Vec<Sample> {
    reading()
        .into_iter()
        .chain(in_the_end())
        .chain(at_the_desk())
        .chain(of_letters())
        .chain(by_the_unit())
        .collect()
}

#[rustfmt::skip]
fn reading() -> Vec<Sample> {
    vec![
        sample!("listCases", Some(Who::OfficerA), NO_ID, |api| {
            api.assigned(Place::CenterA).await;
            Call::plain().query("worklist", "my_unit").query("limit", "2")
        }),
        sample!("searchCases", Some(Who::Clerk), NO_ID, |api| {
            api.registered().await;
            Call::with(json!({ "phone": "13800000000", "limit": 2 }))
        }),
        sample!("findEarlierCases", Some(Who::Clerk), NO_ID, |api| {
            api.registered().await;
            Call::with(json!({ "applicant": { "id_number": "220102199003071235" }, "subject": "2024年度车辆管理收费标准" }))
        }),
        sample!("getImportTemplate", Some(Who::Clerk), NO_ID, |_api| Call::plain()),
        sample!("printReceipt", Some(Who::OfficerA), CENTER_B, |api| on(&api.assigned(Place::CenterA).await).query("paper", "a5")),
        sample!("printReceiptWithCode", Some(Who::Clerk), CENTER_B, |api| {
            let case = api.received().await;
            Call { body: Some(json!({ "query_code": case["query_code"] })), ..on(&case) }
        }),
        sample!("getCase", Some(Who::OfficerA), CENTER_B, |api| on(&accepted(api).await)),
        sample!("listCaseEvents", Some(Who::OfficerA), CENTER_B, |api| {
            on(&accepted(api).await).query("limit", "2")
        }),
        sample!("listCaseActions", Some(Who::OfficerA), CENTER_B, |api| on(&api.assigned(Place::CenterA).await)),
        sample!("listLetters", Some(Who::OfficerA), NO_ID, |api| {
            // The only one of its series: letters of one instant have no order among them.
            let case = accepted(api).await;
            let case = api.done(Who::OfficerA, &case, "request-extension", &json!({ "days": 10, "reason": "检索量大" })).await;
            api.done(Who::Supervisor, &case, "decide-extension", &json!({ "verdict": "granted" })).await;
            Call::plain().query("series", "extension").query("state", "valid").query("limit", "2")
        }),
        sample!("listCaseLetters", Some(Who::OfficerA), CENTER_B, |api| on(&answered(api).await)),
        sample!("getLetter", Some(Who::OfficerA), CENTER_B, |api| on_letter(&answered(api).await)),
        sample!("printLetter", Some(Who::OfficerA), CENTER_B, |api| on_letter(&answered(api).await)),
        sample!("downloadLetterPdf", Some(Who::OfficerA), CENTER_B, |api| on_letter(&answered(api).await)),
        sample!("downloadLetterDocx", Some(Who::OfficerA), CENTER_B, |api| on_letter(&answered(api).await)),
        sample!("previewLetter", Some(Who::OfficerA), CENTER_B, |api| {
            Call { body: Some(json!({ "kind": "disclosure" })), ..on(&drafted(api).await) }
        }),
        sample!("printDocument", Some(Who::OfficerA), CENTER_B, |api| {
            on(&accepted(api).await).at("kind", &json!("transfer_sheet"))
        }),
        sample!("listFiles", Some(Who::OfficerA), CENTER_B, |api| on(&filed(api).await)),
        sample!("getFile", Some(Who::OfficerA), CENTER_B, |api| on_file(api).await),
        sample!("downloadFile", Some(Who::OfficerA), CENTER_B, |api| on_file(api).await),
        sample!("getCaseDeadline", Some(Who::OfficerA), CENTER_B, |api| on(&api.assigned(Place::CenterA).await)),
        sample!("askWhatIf", Some(Who::OfficerA), CENTER_B, |api| {
            let case = api.assigned(Place::CenterA).await;
            Call { body: Some(json!({ "extensions": [{ "days": 10 }] })), ..on(&case) }
        }),
    ]
}

#[rustfmt::skip]
fn in_the_end() -> Vec<Sample> {
    vec![
        sample!("exportCase", Some(Who::Clerk), SEES_ALL, |api| on(&served(api).await)),
        sample!("archiveCase", Some(Who::Clerk), SEES_ALL, |api| {
            let case = served(api).await;
            act(&case, json!({ "pages": [{ "id": case["letters"][0]["id"], "pages": 2 }] }))
        }),
    ]
}

#[rustfmt::skip]
fn at_the_desk() -> Vec<Sample> {
    vec![
        sample!("receiveCase", Some(Who::Clerk), NO_ID, |_api| {
            let mut body = application();
            body["register"] = json!(true);
            let mut call = Call::with(body);
            call.headers.push(("Idempotency-Key", "counter-7-2025-03-10-001".to_owned()));
            call
        }),
        sample!("importRegister", Some(Who::Clerk), NO_ID, |_api| {
            let heading = "登记号,受理方式,申请人类型,申请人,联系电话,所需信息,到达日期,立即登记";
            let row = "2025-1,当面书面,自然人,王小明,13800000000,2024年度车辆管理收费标准,2025-03-07,是";
            Call::with(json!(format!("{heading}\r\n{row}\r\n"))).query("dry_run", "false")
        }),
        sample!("registerCase", Some(Who::Clerk), CENTER_B, |api| {
            let mut body = application();
            body["channel"] = json!("online");
            body["arrival"] = json!({ "received_at": "2025-03-10T09:30:00+08:00" });
            let case = api.post(Who::Clerk, "/api/v1/cases", &body).await.json();
            act(&case, json!({ "arrival": { "confirmed_at": "2025-03-10T09:50:00+08:00", "confirmed_by": "查询室", "confirmation_manner": "电话" } }))
        }),
        sample!("amendCase", Some(Who::OfficerA), CENTER_B, |api| {
            let case = api.assigned(Place::CenterA).await;
            act(&case, json!({ "reason": "录入有误", "subject": "2023年度车辆管理收费标准" }))
        }),
        sample!("voidCase", Some(Who::Clerk), SEES_ALL, |api| {
            let first = api.registered().await;
            let case = api.received().await;
            act(&case, json!({ "reason": "重复录入", "duplicate_of": first["id"] }))
        }),
        sample!("assignCase", Some(Who::Clerk), SEES_ALL, |api| {
            let case = api.registered().await;
            act(&case, json!({ "unit_id": api.world.unit(Place::CenterA).0, "internal_due_date": "2025-03-24", "note": "请于两周内办结" }))
        }),
    ]
}

#[rustfmt::skip]
fn of_letters() -> Vec<Sample> {
    vec![
        sample!("serveLetter", Some(Who::Clerk), CENTER_B, |api| {
            let case = api.done(Who::SecondOfficerA, &reviewed(api).await, "answer", &json!({})).await;
            act(&case, json!({ "letter": "answer", "service": { "manner": "posted", "posted_at": api.world.today(), "mail_number": "XA12345678911" } }))
        }),
        sample!("issueLetter", Some(Who::OfficerA), CENTER_B, |api| {
            act(&answered(api).await, json!({ "kind": "collection_notice", "collect_from_date": "2025-03-11", "collect_to_date": "2025-03-21", "place": "户政分中心一楼政府信息公开查询点" }))
        }),
        sample!("sealLetter", Some(Who::SecondOfficerA), CENTER_B, |api| {
            let case = answered(api).await;
            act(&case, json!({})).at("letter_id", &case["letters"][0]["id"])
        }),
        sample!("voidLetter", Some(Who::SecondOfficerA), CENTER_B, |api| {
            let case = answered(api).await;
            act(&case, json!({ "letter_id": case["letters"][0]["id"], "reason": "文书印制有误" }))
        }),
    ]
}

#[rustfmt::skip]
fn by_the_unit() -> Vec<Sample> {
    vec![
        sample!("acceptCase", Some(Who::OfficerA), CENTER_B, |api| act(&api.assigned(Place::CenterA).await, json!({}))),
        sample!("returnCase", Some(Who::OfficerA), CENTER_B, |api| {
            act(&api.assigned(Place::CenterA).await, json!({ "reason": "不属本中心职责" }))
        }),
        sample!("requestSupplement", Some(Who::OfficerA), CENTER_B, |api| act(&accepted(api).await, ask(api))),
        sample!("supplementCase", Some(Who::OfficerA), CENTER_B, |api| {
            let case = supplement_asked(api).await;
            act(&case, json!({ "channel": "in_person", "arrival": { "submitted_at": api.world.today() }, "content": "2024年度" }))
        }),
        sample!("requestExtension", Some(Who::OfficerA), CENTER_B, |api| {
            act(&accepted(api).await, json!({ "days": 10, "reason": "检索量大" }))
        }),
        sample!("decideExtension", Some(Who::Supervisor), SEES_ALL, |api| {
            let case = accepted(api).await;
            let case = api.done(Who::OfficerA, &case, "request-extension", &json!({ "days": 10, "reason": "检索量大" })).await;
            act(&case, json!({ "verdict": "granted", "service": { "manner": "posted", "posted_at": api.world.today(), "mail_number": "XA12345678922" } }))
        }),
        sample!("draftAnswer", Some(Who::OfficerA), CENTER_B, |api| {
            act(&accepted(api).await, json!({ "decision": "disclose", "provided": "2024年度车辆管理收费标准一份", "carrier": "paper", "delivery": "collect" }))
        }),
        sample!("askSubtask", Some(Who::OfficerA), CENTER_B, |api| {
            let unit = api.world.unit(Place::CenterB).0;
            act(&accepted(api).await, json!({ "unit_id": unit, "kind": "search", "question": "请检索2024年度车辆管理收费文件", "due_date": "2025-03-14" }))
        }),
        sample!("listSubtasks", Some(Who::OfficerB), NO_ID, |api| {
            asked(api).await;
            Call::plain()
        }),
        sample!("listCaseSubtasks", Some(Who::OfficerB), Stranger::Is(Who::WindowA), |api| on(&asked(api).await)),
        sample!("replySubtask", Some(Who::OfficerB), Stranger::Is(Who::WindowA), |api| {
            let search = json!({ "searcher": "车辆档案员", "system": "车辆档案", "keywords": "收费", "search_date": api.world.today(), "result": "查得文件一份" });
            act(&asked(api).await, json!({ "subtask": 1, "reply": "查得收费文件一份,已随附", "search_log": [search] }))
        }),
        sample!("returnSubtask", Some(Who::OfficerB), Stranger::Is(Who::WindowA), |api| {
            act(&asked(api).await, json!({ "subtask": 1, "reason": "本单位不保存该类文件" }))
        }),
        sample!("waiveSubtask", Some(Who::Clerk), CENTER_B, |api| {
            act(&asked(api).await, json!({ "subtask": 1, "reason": "已从其他档案查得" }))
        }),
        sample!("reviewDraft", Some(Who::Secrecy), SEES_ALL, |api| {
            act(&drafted(api).await, json!({ "kind": "secrecy", "verdict": "passed", "opinion": "经审查,不涉及国家秘密", "basis": "保守国家秘密法第三十五条" }))
        }),
        sample!("answerCase", Some(Who::SecondOfficerA), CENTER_B, |api| {
            act(&reviewed(api).await, json!({ "service": { "manner": "handed_over", "signed_at": api.world.today() } }))
        }),
        sample!("attachFile", Some(Who::OfficerA), CENTER_B, |api| act(&accepted(api).await, upload())),
        sample!("detachFile", Some(Who::OfficerA), CENTER_B, |api| {
            let case = filed(api).await;
            act(&case, json!({ "attachment_id": case["attachment_id"], "reason": "误传" }))
        }),
        sample!("withdrawCase", Some(Who::OfficerA), CENTER_B, |api| {
            act(&accepted(api).await, json!({ "reason": "申请人书面撤回" }))
        }),
        // The last: it sets the clock forward, to the day after the supplement's period.
        sample!("lapseCase", Some(Who::Clerk), SEES_ALL, |api| {
            let case = supplement_asked(api).await;
            api.world.clock.set(instant("2025-03-27T02:00:00Z"));
            act(&case, json!({ "reason": "逾期未补正" }))
        }),
    ]
}
