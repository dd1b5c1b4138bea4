//! The public door for people: pages in Chinese that work without scripts. They ask for nothing that
//! the API does not take, and say nothing that it does not say.
//!
//! There is no cookie and no session, so a form that another site makes a browser send can do no
//! more than its maker could send himself: there is nothing to forge (CSRF needs a right that the
//! browser brings along). The same holds for the forms of one-time links in [`links`].

pub mod answer;
mod apply;
mod follow;
mod form;
mod layout;
pub mod links;
mod words;

use std::sync::Arc;

use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, ResponseError, web};
use maud::{Markup, html};

use super::bodies::{ClaimBody, PublicApplicationBody, PublicSupplementBody};
use super::{Visitor, seconds};
use crate::domain::deadline::legal_day;
use crate::domain::hex;
use crate::domain::rejection::Reason;
use crate::http::contract::{Declares, Describe, Draft};
use crate::http::problem::{Fault, Problem, status_of};
use crate::service::App;
use crate::service::public::{self, TurnedAway};
use crate::store::command::Denied;
use crate::store::vault::fresh_bytes;
use form::{Form, FormBody};
use layout::{ANSWER, APPLY, HOME, STATUS, SUPPLEMENT};

pub use layout::STYLE_PATH;

/// Somebody who opens a page. What others hang on the end of a link (`?from=…`) is ignored.
pub struct Reader(Visitor);

impl Describe for Reader {
    const QUERY: bool = true;

    fn describe(_: &mut Draft) {}
}

impl Declares for Reader {
    fn right() -> Option<crate::domain::policy::Right> {
        None
    }
}

impl FromRequest for Reader {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload).into_inner();
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            match (visitor, app) {
                (Ok(visitor), _) => Ok(Self(visitor)),
                (Err(problem), Some(app)) => {
                    Err(Refused(Frame::of(&app, HOME).await.failed(&problem)))
                }
                (Err(problem), None) => {
                    Err(Refused(Frame { organ: String::new(), here: None }.failed(&problem)))
                }
            }
        })
    }
}

/// A person who is turned away before his page is made is told so on a page, too.
#[derive(Debug)]
pub struct Refused(Page);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused with {}", self.0.status)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        self.0.response()
    }
}

/// A page, whatever became of the request.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    markup: Markup,
    retry_after: Option<i64>,
}

impl Describe for Page {
    fn describe(_: &mut Draft) {}
}

/// What the pages may do in a browser: show themselves with our style sheet, and send their forms to
/// us. No script runs, whoever wrote it.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.response()
    }
}

impl Page {
    fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.content_type("text/html; charset=utf-8").body(self.markup.0.clone())
    }
}

/// Puts pages into the frame, which names the organ.
struct Frame {
    organ: String,
    /// The address of the page among those for the public; none of a page that stands apart.
    here: Option<&'static str>,
}

impl Frame {
    async fn of(app: &App, here: &'static str) -> Self {
        let organ = match app.store.directory().await {
            Ok(directory) => app.agency(&directory).to_owned(),
            Err(_) => app.office.agency.clone().unwrap_or_default(),
        };
        Self { organ, here: Some(here) }
    }

    /// The frame of a page for colleagues, without the ways of the public.
    async fn apart(app: &App) -> Self {
        Self { here: None, ..Self::of(app, HOME).await }
    }

    fn page(&self, title: &str, content: &Markup) -> Page {
        let markup = layout::page(&self.organ, title, self.here, content);
        Page { status: StatusCode::OK, markup, retry_after: None }
    }

    /// A form that comes back with its faults.
    fn faulty(&self, title: &str, content: &Markup, status: u16) -> Page {
        self.faulty_page(&format!("有误：{title}"), content, status)
    }

    fn faulty_page(&self, title: &str, content: &Markup, status: u16) -> Page {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        Page { status, ..self.page(title, content) }
    }

    /// The request could not be read or carried out; there is no form to come back to.
    fn failed(&self, problem: &Problem) -> Page {
        let status = problem.status();
        let said = match status.as_u16() {
            413 => "提交的内容过长。",
            400 | 415 => "提交的内容无法识别。",
            429 | 503 => "系统繁忙，请稍后再试。",
            _ => "系统出现故障，请稍后再试。",
        };
        let content = html! {
            h1 { "未能完成" }
            p role="alert" { (said) }
            @if let Some(here) = self.here {
                p { a href=(here) { "返回重新填写" } }
            } @else {
                p { "请返回上一页重新填写。" }
            }
        };
        let retry_after = problem.retry_after();
        Page { status, retry_after, ..self.page("未能完成", &content) }
    }
}

/// The random text of a new form.
fn submission() -> String {
    fresh_bytes::<16>().map_or_else(|_| String::new(), |bytes| hex::encode(&bytes))
}

/// What a refusal says on a page: its words, its status, and for how long to wait.
fn refusal(refused: TurnedAway, app: &App) -> Result<(&'static str, u16, Option<i64>), Problem> {
    let now = app.clock.now();
    Ok(match refused {
        TurnedAway::Guessing(wait) => {
            ("输入错误次数过多，请稍后再试。", 429, Some(seconds(wait, now)))
        }
        TurnedAway::DailyLimit(wait) => (
            "今日网上申请的次数已达上限。您可以明日再提交，也可以邮寄或者到信息公开查询室当面提交，不受此限。",
            429,
            Some(seconds(wait, now)),
        ),
        TurnedAway::Denied(Denied::Refused(refusal)) => {
            let reason: Reason = refusal.first().reason;
            (words::refusal(reason), status_of(reason), None)
        }
        TurnedAway::Denied(failed @ Denied::Failed(_)) => return Err(failed.into()),
    })
}

/// `GET /public`
pub async fn home(_: Reader, app: web::Data<App>) -> Page {
    let content = html! {
        h1 { "政府信息依申请公开" }
        p { "公民、法人或者其他组织可以向本机关申请获取政府信息（《中华人民共和国政府信息公开条例》第二十七条）。" }
        ul.doors {
            li { a.action href=(APPLY) { "提交申请" } p { "填写申请表，取得收件编号和查询码。" } }
            li { a.action href=(STATUS) { "查询进度" } p { "凭编号和查询码查询办理进度。" } }
            li { a.action href=(ANSWER) { "领取答复" } p { "选择网上获取的，凭编号和查询码查看、下载答复和所附文件。" } }
            li { a.action href=(SUPPLEMENT) { "提交补正" } p { "收到《补正申请通知书》后在线补正。" } }
        }
        h2 { "其他途径" }
        p { "您也可以邮寄申请，或者到信息公开查询室当面提交申请；书写有困难的，可以口头提出，由工作人员代为填写。各种途径的申请同等办理。" }
    };
    Frame::of(&app, HOME).await.page("首页", &content)
}

/// `GET /public/apply`
pub async fn apply_form(_: Reader, app: web::Data<App>) -> Page {
    let content = apply::form(&apply::blank(), &submission());
    Frame::of(&app, APPLY).await.page("提交申请", &content)
}

/// `POST /public/apply`
pub async fn apply_sent(reader: Reader, app: web::Data<App>, body: FormBody) -> Page {
    let frame = Frame::of(&app, APPLY).await;
    match applied(&reader.0, &app, body, &frame).await {
        Ok(page) => page,
        Err(problem) => frame.failed(&problem),
    }
}

async fn applied(
    visitor: &Visitor,
    app: &Arc<App>,
    body: FormBody,
    frame: &Frame,
) -> Result<Page, Problem> {
    let (form, digest) = body.0?;
    let today = legal_day(app.clock.now());
    let back =
        |form: &Form, status| frame.faulty("提交申请", &apply::form(form, &submission()), status);
    if form.is_trapped() {
        // It is said and not passed over: a browser that fills in everything belongs to somebody
        // whose application must not be lost in silence.
        let form = form.faulty("页面中不显示的一栏被自动填写，请关闭自动填充后重新提交");
        return Ok(back(&form, 422));
    }
    let key = FormBody::keyed(&form, digest);
    let (value, form) = match form.read::<PublicApplicationBody>(apply::FIELDS, today) {
        Ok(read) => read,
        Err(form) => return Ok(back(&form, 422)),
    };
    let input = value.into_input(today).map_err(|_| Fault::ValidationFailed)?;
    match public::apply(app, visitor.address, visitor.origin(key), input).await {
        Ok(receipt) => Ok(frame.page("申请已提交", &apply::receipt(&receipt, app.clock.now()))),
        Err(refused) => {
            let (said, status, wait) = refusal(refused, app)?;
            Ok(Page { retry_after: wait, ..back(&form.faulty(said), status) })
        }
    }
}

/// `GET /public/status`
pub async fn status_form(_: Reader, app: web::Data<App>) -> Page {
    Frame::of(&app, STATUS).await.page("查询进度", &follow::query(&Form::default()))
}

/// `POST /public/status`
pub async fn status_sent(reader: Reader, app: web::Data<App>, body: FormBody) -> Page {
    let frame = Frame::of(&app, STATUS).await;
    match asked(&reader.0, &app, body, &frame).await {
        Ok(page) => page,
        Err(problem) => frame.failed(&problem),
    }
}

async fn asked(
    visitor: &Visitor,
    app: &Arc<App>,
    body: FormBody,
    frame: &Frame,
) -> Result<Page, Problem> {
    let (form, _) = body.0?;
    let today = legal_day(app.clock.now());
    let back = |form: &Form, status| frame.faulty("查询进度", &follow::query(form), status);
    let (value, form) = match form.read::<ClaimBody>(follow::QUERY, today) {
        Ok(read) => read,
        Err(form) => return Ok(back(&form, 422)),
    };
    let claim = value.into_claim().ok_or(Fault::ValidationFailed)?;
    match public::status(app, visitor.address, &claim).await {
        Ok(view) => Ok(frame.page("办理进度", &follow::standing(&view))),
        Err(refused) => {
            let (said, status, wait) = refusal(refused, app)?;
            Ok(Page { retry_after: wait, ..back(&form.faulty(said), status) })
        }
    }
}

/// `GET /public/supplement`
pub async fn supplement_form(_: Reader, app: web::Data<App>) -> Page {
    let content = follow::reply(&Form::default(), &submission());
    Frame::of(&app, SUPPLEMENT).await.page("提交补正", &content)
}

/// `POST /public/supplement`
pub async fn supplement_sent(reader: Reader, app: web::Data<App>, body: FormBody) -> Page {
    let frame = Frame::of(&app, SUPPLEMENT).await;
    match supplemented(&reader.0, &app, body, &frame).await {
        Ok(page) => page,
        Err(problem) => frame.failed(&problem),
    }
}

async fn supplemented(
    visitor: &Visitor,
    app: &Arc<App>,
    body: FormBody,
    frame: &Frame,
) -> Result<Page, Problem> {
    let (form, digest) = body.0?;
    let today = legal_day(app.clock.now());
    let back =
        |form: &Form, status| frame.faulty("提交补正", &follow::reply(form, &submission()), status);
    let key = FormBody::keyed(&form, digest);
    let (value, form) = match form.read::<PublicSupplementBody>(follow::REPLY, today) {
        Ok(read) => read,
        Err(form) => return Ok(back(&form, 422)),
    };
    let (claim, content) = value.into_parts().ok_or(Fault::ValidationFailed)?;
    let origin = visitor.origin(key);
    match public::supplement(app, visitor.address, origin, claim, content).await {
        Ok((view, _)) => Ok(frame.page("补正已收到", &follow::supplemented(&view))),
        Err(refused) => {
            let (said, status, wait) = refusal(refused, app)?;
            Ok(Page { retry_after: wait, ..back(&form.faulty(said), status) })
        }
    }
}

/// The style sheet.
pub struct Style;

impl Describe for Style {
    fn describe(_: &mut Draft) {}
}

impl Responder for Style {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        // Its address changes with it.
        HttpResponse::Ok()
            .content_type("text/css; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .body(layout::STYLE)
    }
}

/// `GET /public/style.css`
pub async fn style(_: Reader) -> Style {
    Style
}
