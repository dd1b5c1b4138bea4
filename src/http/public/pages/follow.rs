//! The forms by which an applicant follows his case, and what he is told of it.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::form::{Field, Form, Kind, field};
use super::layout::{ANSWER, Look, STATUS, SUPPLEMENT, carried, summary, text};
use super::words::{chinese_day, meaning};
use crate::domain::public_status::{PublicStatus, PublicView};

/// The number of a case. Either is looked for, whichever member it comes in.
pub const NUMBER: Field =
    field("number", "#/receipt_number", "收件编号或者申请编号", 64, Kind::Text);
/// The query code.
pub const CODE: Field = field("query_code", "#/query_code", "查询码", 64, Kind::Secret);
const CONTENT: Field = field("content", "#/content", "补正内容", 4000, Kind::Text);

/// The fields of a query.
pub const QUERY: &[Field] = &[NUMBER, CODE];
/// The fields of a supplement.
pub const REPLY: &[Field] = &[NUMBER, CODE, CONTENT];

/// The fields that ask for number and code.
pub fn who_asks(form: &Form) -> Markup {
    let number = Look { hint: "见收件回执或者登记回执", ..Look::default() };
    let code = Look {
        hint: "16位字母和数字，不区分大小写，横线可以省略", ..Look::default()
    };
    html! {
        (text(form, &NUMBER, number))
        (text(form, &CODE, code))
    }
}

/// The page that asks for number and code.
pub fn query(form: &Form) -> Markup {
    html! {
        h1 { "查询办理进度" }
        (summary(form, QUERY))
        form method="post" action=(STATUS) novalidate accept-charset="utf-8" {
            (who_asks(form))
            button type="submit" { "查询" }
        }
        p.hint { "遗失查询码的，请凭有效身份证件到信息公开查询室查询。已撤回的申请不提供网上查询。" }
    }
}

/// The page that asks for a supplement.
pub fn reply(form: &Form, submission: &str) -> Markup {
    let content = Look {
        hint: "对照《补正申请通知书》逐项写明。补正只能提交一次，提交后不能修改",
        lines: 8,
        ..Look::default()
    };
    html! {
        h1 { "提交补正" }
        (summary(form, REPLY))
        section.note aria-labelledby="know" {
            h2 #know { "提交前请了解" }
            p {
                "需要补正的事项和期限见送达您的《补正申请通知书》。答复期限自收到补正的申请之日起重新计算；"
                "无正当理由逾期不补正的，视为放弃申请（《中华人民共和国政府信息公开条例》第三十条）。"
            }
        }
        form method="post" action=(SUPPLEMENT) novalidate accept-charset="utf-8" {
            (carried(submission))
            (who_asks(form))
            (text(form, &CONTENT, content))
            button type="submit" { "提交补正" }
        }
    }
}

/// What has become of the case.
pub fn standing(view: &PublicView) -> Markup {
    html! {
        h1 { "办理进度" }
        (told(view))
    }
}

/// The supplement is there.
pub fn supplemented(view: &PublicView) -> Markup {
    html! {
        h1 { "补正已收到" }
        p { "答复期限自收到补正之日起重新计算。请打印或者截图保存本页。" }
        (told(view))
    }
}

fn told(view: &PublicView) -> Markup {
    let days = view.milestones;
    let milestones: [(&str, Option<NaiveDate>); 8] = [
        ("提交申请", days.received),
        ("收到申请之日", days.receipt),
        ("登记", days.registered),
        ("告知补正", days.supplement_requested),
        ("收到补正", days.supplemented),
        ("告知延期", days.extended),
        ("作出答复", days.answered),
        ("办结", days.closed),
    ];
    html! {
        section.standing aria-labelledby="status" {
            h2 #status { (view.status.label_zh()) }
            p { (meaning(view.status)) }
            dl {
                dt { "收件编号" }
                dd { (view.receipt_number) }
                @if let Some(number) = &view.case_number {
                    dt { "申请编号" }
                    dd { (number) }
                }
                @if let Some(day) = view.due {
                    dt { "答复期限" }
                    dd { (chinese_day(day)) }
                }
                @if view.status == PublicStatus::AwaitingSupplement {
                    dt { "补正期限" }
                    dd { (view.supplement_due.map_or_else(|| "见《补正申请通知书》".to_owned(), chinese_day)) }
                }
                @if let Some((state, day)) = view.delivery {
                    dt { "答复送达" }
                    dd { (state.label_zh()) @if let Some(day) = day { "（" (chinese_day(day)) "）" } }
                }
            }
            @if view.answer_online {
                p { a.action href=(ANSWER) { "领取答复" } }
            }
            @if view.status == PublicStatus::AwaitingSupplement {
                p { a.action href=(SUPPLEMENT) { "提交补正" } }
            }
        }
        section aria-labelledby="days" {
            h2 #days { "办理经过" }
            table {
                thead { tr { th scope="col" { "事项" } th scope="col" { "日期" } } }
                tbody {
                    @for (what, day) in milestones {
                        @if let Some(day) = day {
                            tr { th scope="row" { (what) } td { (chinese_day(day)) } }
                        }
                    }
                }
            }
        }
    }
}
