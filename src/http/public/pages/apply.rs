//! The form of an application, and its receipt.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::form::{Field, Form, Kind, field};
use super::layout::{APPLY, Look, STATUS, carried, choice, flag, summary, text};
use super::words::{chinese_day, chinese_time};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::{Carrier, Delivery};
use crate::domain::deadline::legal_day;
use crate::domain::identity::IdKind;
use crate::service::public::Receipt;

const TYPE: Field = field("type", "#/applicant/type", "申请人类型", 64, Kind::Choice);
const NAME: Field = field("name", "#/applicant/name", "姓名或者单位名称", 100, Kind::Text);
const CONTACT: Field =
    field("contact_name", "#/applicant/contact_name", "联系人姓名", 50, Kind::Optional);
const ID_KIND: Field = field("id_kind", "#/applicant/id_kind", "证件种类", 64, Kind::Choice);
const ID_NUMBER: Field = field("id_number", "#/applicant/id_number", "证件号码", 40, Kind::Text);
const PHONE: Field = field("phone", "#/applicant/phone", "联系电话", 30, Kind::Optional);
const ADDRESS: Field = field("address", "#/applicant/address", "通信地址", 200, Kind::Optional);
const POSTCODE: Field = field("postcode", "#/applicant/postcode", "邮政编码", 10, Kind::Optional);
const EMAIL: Field = field("email", "#/applicant/email", "电子邮箱", 254, Kind::Optional);
const SUBJECT: Field =
    field("subject", "#/subject", "信息的名称、文号或者其他特征", 200, Kind::Text);
const DESCRIPTION: Field = field("description", "#/description", "补充描述", 4000, Kind::Optional);
const CARRIER: Field = field("carrier", "#/carrier", "提供形式", 64, Kind::Choice);
const DELIVERY: Field = field("delivery", "#/delivery", "获取方式", 64, Kind::Choice);
const OTHER_FORM: Field = field(
    "accepts_other_form",
    "#/accepts_other_form",
    "无法按照上述形式提供的，可以接受其他形式",
    8,
    Kind::Flag,
);

/// The fields, in the order of the page.
pub const FIELDS: &[Field] = &[
    TYPE,
    NAME,
    CONTACT,
    ID_KIND,
    ID_NUMBER,
    PHONE,
    EMAIL,
    ADDRESS,
    POSTCODE,
    SUBJECT,
    DESCRIPTION,
    CARRIER,
    DELIVERY,
    OTHER_FORM,
];

/// The form as it is before anything is filled in.
pub fn blank() -> Form {
    Form::preset([
        ("type", ApplicantType::NaturalPerson.as_str()),
        ("id_kind", IdKind::ResidentIdCard.as_str()),
        ("carrier", Carrier::Paper.as_str()),
        ("delivery", Delivery::Post.as_str()),
        ("accepts_other_form", "true"),
    ])
}

/// The page with the form.
pub fn form(form: &Form, submission: &str) -> Markup {
    html! {
        h1 { "提交政府信息公开申请" }
        (summary(form, FIELDS))
        (what_to_know())
        form method="post" action=(APPLY) novalidate accept-charset="utf-8" {
            (carried(submission))
            (who(form))
            (how_to_reach(form))
            (what(form))
            (in_what_form(form))
            p.hint {
                "您填写的个人信息只用于办理本次申请，加密保存，工作人员按职责查看。"
            }
            button type="submit" { "提交申请" }
        }
    }
}

fn what_to_know() -> Markup {
    html! {
        section.note aria-labelledby="know" {
            h2 #know { "提交前请了解" }
            ul {
                li { "请写明申请人的姓名或者名称、身份证明、联系方式，所需信息的名称、文号或者便于查询的其他特征，以及提供形式和获取方式（《中华人民共和国政府信息公开条例》第二十九条）。申请不需要说明用途。" }
                li { "提交后由信息公开查询室与您联系确认，双方确认之日为收到申请之日（第三十一条）。请保持联系畅通，确认时可能需要您出示身份证明。" }
                li { "能够当场答复的当场答复；不能当场答复的，自收到申请之日起20个工作日内答复。需要延长的会告知您，延长最多20个工作日；征求第三方和其他机关意见的时间不计算在内（第三十三条）。" }
                li { "内容不明确的，自收到申请之日起7个工作日内一次性告知您需要补正的事项和补正期限；答复期限自收到补正的申请之日起计算，无正当理由逾期不补正的，视为放弃申请（第三十条）。" }
                li { "申请公开政府信息不收取费用；申请的数量、频次明显超过合理范围的，可以收取信息处理费（第四十二条）。" }
                li { "对答复不服，或者逾期没有收到答复的，可以依法申请行政复议或者提起行政诉讼（第五十一条）。" }
            }
        }
    }
}

fn who(form: &Form) -> Markup {
    let name = Look { autocomplete: "name", ..Look::default() };
    let contact = Look { hint: "申请人是单位的，请填写", ..Look::default() };
    let number = Look {
        hint: "与所选证件一致；单位填写统一社会信用代码", ..Look::default()
    };
    html! {
        fieldset {
            legend { "申请人" }
            (choice::<ApplicantType>(form, &TYPE, ""))
            (text(form, &NAME, name))
            (text(form, &CONTACT, contact))
            (choice::<IdKind>(form, &ID_KIND, ""))
            (text(form, &ID_NUMBER, number))
        }
    }
}

fn how_to_reach(form: &Form) -> Markup {
    let look = |hint, autocomplete, inputmode| Look { hint, autocomplete, inputmode, lines: 0 };
    html! {
        fieldset aria-describedby="reach-hint" {
            legend { "联系方式" }
            p.hint #reach-hint { "至少填写一项。邮寄或者快递获取的须填写通信地址，以电子邮件获取的须填写电子邮箱，以传真获取的须填写电话。" }
            (text(form, &PHONE, look("手机号码，或者带区号的固定电话", "tel", "tel")))
            (text(form, &EMAIL, look("", "email", "email")))
            (text(form, &ADDRESS, look("", "street-address", "")))
            (text(form, &POSTCODE, look("六位数字", "postal-code", "numeric")))
        }
    }
}

fn what(form: &Form) -> Markup {
    let subject =
        Look { hint: "例如：2024年度车辆管理业务收费标准", ..Look::default() };
    let description =
        Look { hint: "有助于查找的时间、地点、部门等", lines: 6, ..Look::default() };
    html! {
        fieldset {
            legend { "所需信息" }
            (text(form, &SUBJECT, subject))
            (text(form, &DESCRIPTION, description))
        }
    }
}

fn in_what_form(form: &Form) -> Markup {
    html! {
        fieldset {
            legend { "提供形式和获取方式" }
            (choice::<Carrier>(form, &CARRIER, ""))
            (choice::<Delivery>(form, &DELIVERY, ""))
            (flag(form, &OTHER_FORM))
        }
    }
}

/// The receipt, with the code that is shown this once.
pub fn receipt(receipt: &Receipt, now: DateTime<Utc>) -> Markup {
    html! {
        h1 { "申请已提交" }
        section.receipt aria-labelledby="receipt" {
            h2 #receipt { "收件回执" }
            dl {
                dt { "收件编号" }
                dd.number { (receipt.number) }
                dt { "查询码" }
                dd.number { (receipt.query_code) }
                dt { "提交时间" }
                dd { (chinese_time(receipt.received_at)) }
            }
            p.keep {
                strong { "请立即打印、抄录或者截图保存。" }
                "查询码只显示这一次，遗失后无法找回；凭有效身份证件可到信息公开查询室查询。"
            }
        }
        section aria-labelledby="next" {
            h2 #next { "接下来" }
            ol {
                li { "信息公开查询室按您留下的联系方式与您确认，双方确认之日为收到申请之日，随后登记并给出申请编号。" }
                li { "自收到申请之日起20个工作日内答复；需要补正或者延期的，会另行告知您。" }
                li { "凭收件编号或者申请编号和查询码，可以随时" a href=(STATUS) { "查询进度" } "。" }
            }
        }
        p.printed { "打印日期：" (chinese_day(legal_day(now))) }
    }
}
