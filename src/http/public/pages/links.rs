//! The pages behind one-time links, for colleagues: choosing a password, and the set-up. To open one
//! does not use its link up. It says at once when the link is no good: of 256 random bits nothing can
//! be guessed by asking.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use maud::{Markup, html};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use validator::Validate;

use super::form::{Field, Form, FormBody, Kind, field};
use super::layout::{Look, summary, text};
use super::{Frame, Page, Reader};
use crate::domain::deadline::legal_day;
use crate::domain::rejection::Reason;
use crate::domain::session::LinkPurpose;
use crate::http::contract::{Describe, Draft};
use crate::http::extract::Checked;
use crate::http::passwords::{ChoosePasswordBody, SetUpBody};
use crate::http::problem::{Problem, status_of};
use crate::service::App;
use crate::service::cases::Origin;
use crate::service::people;
use crate::store::command::Denied;

/// Where the form of a password is sent.
const PASSWORD_PATH: &str = "/password";
/// Where the form of the set-up is sent.
const SET_UP_PATH: &str = "/set-up";

const PASSWORD_TITLE: &str = "设置密码";
const SET_UP_TITLE: &str = "初始设置";

const LINK: Field = field("link", "#/link", "链接", 100, Kind::Text);
const BUREAU: Field = field("bureau_name", "#/bureau_name", "机关名称", 100, Kind::Text);
const USERNAME: Field = field("username", "#/username", "用户名", 64, Kind::Text);
const DISPLAY: Field = field("display_name", "#/display_name", "姓名", 50, Kind::Text);
const PASSWORD: Field = field("password", "#/password", "新密码", 128, Kind::Password);
/// Not a member of any body: it is compared, and that is all.
const REPEAT: Field = field("repeat", "", "再次输入新密码", 128, Kind::Password);

const PASSWORD_BODY: &[Field] = &[LINK, PASSWORD];
const SET_UP_BODY: &[Field] = &[LINK, BUREAU, USERNAME, DISPLAY, PASSWORD];
/// What can be wrong where somebody sees it, in the order of the page.
const SHOWN: &[Field] = &[BUREAU, USERNAME, DISPLAY, PASSWORD, REPEAT];

/// The secret of a link, as the address of the page holds it.
pub struct LinkPath(String);

impl Describe for LinkPath {
    fn describe(_: &mut Draft) {}
}

impl FromRequest for LinkPath {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let secret = request.match_info().get("link").unwrap_or_default();
        std::future::ready(Ok(Self(secret.to_owned())))
    }
}

/// `GET /password/{link}`
pub async fn password_form(_: Reader, app: web::Data<App>, link: LinkPath) -> Page {
    let frame = Frame::apart(&app).await;
    let form = Form::preset([("link", link.0.as_str())]);
    match people::is_good(&app, &link.0, LinkPurpose::SetPassword).await {
        Ok(true) => frame.page(PASSWORD_TITLE, &password_page(&form)),
        Ok(false) => no_good(&frame),
        Err(failed) => frame.failed(&failed.into()),
    }
}

/// `GET /set-up/{link}`
pub async fn set_up_form(_: Reader, app: web::Data<App>, link: LinkPath) -> Page {
    let frame = Frame::apart(&app).await;
    let form = Form::preset([("link", link.0.as_str()), ("bureau_name", frame.organ.as_str())]);
    match people::is_good(&app, &link.0, LinkPurpose::SetUp).await {
        Ok(true) => frame.page(SET_UP_TITLE, &set_up_page(&form)),
        Ok(false) => no_good(&frame),
        Err(failed) => frame.failed(&failed.into()),
    }
}

/// `POST /password`
pub async fn password_sent(reader: Reader, app: web::Data<App>, body: FormBody) -> Page {
    let frame = Frame::apart(&app).await;
    let origin = Origin::link_holder(reader.0.request_id);
    let chosen = choose(&app, origin, body, &frame).await;
    chosen.unwrap_or_else(|problem| frame.failed(&problem))
}

async fn choose(
    app: &Arc<App>,
    origin: Origin,
    body: FormBody,
    frame: &Frame,
) -> Result<Page, Problem> {
    let back = |form: &Form, status| frame.faulty(PASSWORD_TITLE, &password_page(form), status);
    let (body, form): (ChoosePasswordBody, Form) = match read(body, PASSWORD_BODY, app)? {
        Ok(read) => read,
        Err(form) => return Ok(unread(&form, frame, back)),
    };
    match people::use_link(app, origin, &body.link, body.password).await {
        Ok(_) => Ok(frame.page("密码已设置", &done("密码已设置", "此前的登录均已失效。"))),
        Err(denied) => refused(denied, form, frame, back),
    }
}

/// `POST /set-up`
pub async fn set_up_sent(reader: Reader, app: web::Data<App>, body: FormBody) -> Page {
    let frame = Frame::apart(&app).await;
    let origin = Origin::link_holder(reader.0.request_id);
    let set_up = set_up(&app, origin, body, &frame).await;
    set_up.unwrap_or_else(|problem| frame.failed(&problem))
}

async fn set_up(
    app: &Arc<App>,
    origin: Origin,
    body: FormBody,
    frame: &Frame,
) -> Result<Page, Problem> {
    let back = |form: &Form, status| frame.faulty(SET_UP_TITLE, &set_up_page(form), status);
    let (body, form): (SetUpBody, Form) = match read(body, SET_UP_BODY, app)? {
        Ok(read) => read,
        Err(form) => return Ok(unread(&form, frame, back)),
    };
    let (link, input) = body.read()?;
    match people::set_up(app, origin, &link, input).await {
        Ok(_) => Ok(frame.page("设置完成", &done("设置完成", "接下来请建立各单位和用户。"))),
        Err(denied) => refused(denied, form, frame, back),
    }
}

/// Reads a form whose password has to come twice.
fn read<T>(
    body: FormBody,
    fields: &'static [Field],
    app: &App,
) -> Result<Result<(T, Form), Form>, Problem>
where
    T: DeserializeOwned + Validate + Checked + ToSchema,
{
    let (form, _) = body.0?;
    let same = form.raw(PASSWORD.name) == form.raw(REPEAT.name);
    let differ = |form: Form| form.wrong(&REPEAT, "两次输入的密码不一致");
    Ok(match form.read::<T>(fields, legal_day(app.clock.now())) {
        Ok((_, form)) if !same => Err(differ(form)),
        Err(form) if !same && form.error(PASSWORD.name).is_none() => Err(differ(form)),
        read => read,
    })
}

/// The form, with what is wrong with it; but a text that is no link needs none.
fn unread(form: &Form, frame: &Frame, back: impl Fn(&Form, u16) -> Page) -> Page {
    if form.error(LINK.name).is_some() { no_good(frame) } else { back(form, 422) }
}

/// What a refusal says: at the password, or, when no form could help, instead of it.
fn refused(
    denied: Denied,
    form: Form,
    frame: &Frame,
    back: impl Fn(&Form, u16) -> Page,
) -> Result<Page, Problem> {
    let reason = match denied {
        Denied::Refused(refusal) => refusal.first().reason,
        Denied::Failed(_) => return Err(denied.into()),
    };
    let form = match reason {
        Reason::LinkInvalid | Reason::AlreadySetUp => return Ok(no_good(frame)),
        Reason::PasswordLength => form.wrong(&PASSWORD, "密码须为8至128个字符"),
        Reason::PasswordWeak => {
            form.wrong(&PASSWORD, "密码过于常见、过于简单或者与用户名相同，请另选一个")
        }
        other => form.faulty(other.label_zh()),
    };
    Ok(back(&form, status_of(reason)))
}

fn password_page(form: &Form) -> Markup {
    html! {
        h1 { (PASSWORD_TITLE) }
        (summary(form, SHOWN))
        form method="post" action=(PASSWORD_PATH) novalidate accept-charset="utf-8" {
            (hidden(form))
            (password_twice(form))
            button type="submit" { "设置密码" }
        }
    }
}

fn set_up_page(form: &Form) -> Markup {
    let bureau = Look {
        hint: "印在文书和公众页面上的全称",
        autocomplete: "organization",
        ..Look::default()
    };
    let username = Look {
        hint: "登录时使用：小写字母、数字、点、横线或者下划线，以字母或者数字开头",
        autocomplete: "username",
        ..Look::default()
    };
    let display = Look { hint: "供同事识别", autocomplete: "name", ..Look::default() };
    html! {
        h1 { (SET_UP_TITLE) }
        (summary(form, SHOWN))
        p { "登记本机关的名称和第一个系统管理员。各单位和其他用户由管理员随后建立。" }
        form method="post" action=(SET_UP_PATH) novalidate accept-charset="utf-8" {
            (hidden(form))
            fieldset {
                legend { "机关" }
                (text(form, &BUREAU, bureau))
            }
            fieldset {
                legend { "系统管理员" }
                (text(form, &USERNAME, username))
                (text(form, &DISPLAY, display))
                (password_twice(form))
            }
            button type="submit" { "完成设置" }
        }
    }
}

fn hidden(form: &Form) -> Markup {
    html! { input type="hidden" name=(LINK.name) value=(form.value(&LINK)); }
}

fn password_twice(form: &Form) -> Markup {
    let look = Look { autocomplete: "new-password", ..Look::default() };
    let rules = "8至128个字符，不能是常见的密码，也不能与用户名相同；建议用几个互不相关的词组成";
    html! {
        (text(form, &PASSWORD, Look { hint: rules, ..look }))
        (text(form, &REPEAT, look))
    }
}

fn done(title: &str, more: &str) -> Markup {
    html! {
        h1 { (title) }
        p role="status" { "请使用用户名和新密码登录。" (more) }
    }
}

/// The link is unknown, used or expired: which of them is not told.
fn no_good(frame: &Frame) -> Page {
    let content = html! {
        h1 { "链接无效" }
        p role="alert" {
            "链接不正确、已使用或者已过期。链接只能使用一次；刚刚已经设置成功的，请直接登录，"
            "否则请向系统管理员索取新的链接。"
        }
    };
    frame.faulty_page("链接无效", &content, status_of(Reason::LinkInvalid))
}
