//! Days, statuses and refusals in plain Chinese.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

use crate::domain::deadline::{legal_day, legal_time};
use crate::domain::public_status::PublicStatus;
use crate::domain::rejection::Reason;

/// `2026年3月2日`.
pub fn chinese_day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// `2026年3月2日 9:05`, in Beijing time.
pub fn chinese_time(at: DateTime<Utc>) -> String {
    let time = legal_time(at);
    format!("{} {}:{:02}", chinese_day(legal_day(at)), time.hour(), time.minute())
}

/// What a status means for the applicant.
pub const fn meaning(status: PublicStatus) -> &'static str {
    match status {
        PublicStatus::Received => {
            "申请已收到，信息公开查询室将与您联系确认。双方确认之日为收到申请之日，答复期限自次日起算。"
        }
        PublicStatus::InProgress => "申请已登记，正在办理。",
        PublicStatus::AwaitingSupplement => {
            "请按照《补正申请通知书》的要求补正。收到补正前答复期限停止计算。"
        }
        PublicStatus::Answered => "答复已作出，按照您选择的方式送达。",
        PublicStatus::Closed => {
            "未在补正期限内收到补正，该申请视为放弃（条例第三十条）。您可以重新提交申请。"
        }
    }
}

/// Why something was refused, to somebody who is no clerk.
pub const fn refusal(reason: Reason) -> &'static str {
    match reason {
        Reason::NumberOrCodeWrong => {
            "编号或者查询码不正确。请对照回执核对；多次输入错误的，请半小时后再试。"
        }
        Reason::StatusForbids => "该申请目前没有等待您补正的事项。您可以先查询进度。",
        Reason::SupplementPeriodOver => {
            "补正期限已过，不能在线补正（条例第三十条）。有正当理由的，请与信息公开查询室联系。"
        }
        Reason::AnswerNotOnline => {
            "目前没有可以在网上领取的答复。您可以先查询进度；选择其他获取方式的，答复将按照所选方式送达。"
        }
        Reason::RemedyOutdated => "该答复须由本机关重新制作后再行送达，请与信息公开查询室联系。",
        Reason::NotFound => "答复中没有该文件。请返回答复页面重新选择。",
        Reason::NoQueryRoom => "本机关暂不受理网上申请，请邮寄或者当面提交。",
        _ => "未能受理本次提交。请稍后再试，或者与信息公开查询室联系。",
    }
}
