//! The answer for people: the letter to read, to be had as PDF, and the files that come with it.
//!
//! Each download is a form of its own that carries number and code along, hidden: there is no session
//! that could, and an address must hold neither. The page is kept by nobody (`no-store`).

use std::sync::Arc;

use actix_web::web;
use maud::{Markup, html};

use super::follow::{CODE, NUMBER, QUERY, who_asks};
use super::form::{Field, Form, FormBody, Kind, field};
use super::layout::{ANSWER, summary};
use super::words::chinese_day;
use super::{Frame, Page, Reader, Refused, refusal};
use crate::domain::attachment::ProvidedFile;
use crate::domain::case::ServedLetter;
use crate::domain::deadline::legal_day;
use crate::domain::text_enum::TextEnum as _;
use crate::http::cases::letters;
use crate::http::download::{Download, Wanted};
use crate::http::problem::{Fault, Problem};
use crate::http::public::bodies::{AnswerFileBody, ClaimBody};
use crate::http::public::{NotProvided, Visitor, provided};
use crate::service::App;
use crate::service::public::{self, OnlineAnswer, TurnedAway};

const TITLE: &str = "领取答复";
/// Where the letter is had as PDF.
const PDF: &str = "/public/answer/pdf";
/// Where the files are had.
const FILE: &str = "/public/answer/file";

const FILE_ID: Field = field("file_id", "#/file_id", "文件", 36, Kind::Text);
/// The fields of a download.
const DOWNLOAD: &[Field] = &[NUMBER, CODE, FILE_ID];

/// Why there is no answer to show: a page that says it, or a problem that is made into one.
enum Failed {
    Page(Page),
    Problem(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Failed {
    fn page(self, frame: &Frame) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Problem(problem) => frame.failed(&problem),
        }
    }
}

/// `GET /public/answer`
pub async fn form(_: Reader, app: web::Data<App>) -> Page {
    Frame::of(&app, ANSWER).await.page(TITLE, &query(&Form::default()))
}

/// `POST /public/answer`
pub async fn shown(reader: Reader, app: web::Data<App>, body: FormBody) -> Page {
    let frame = Frame::of(&app, ANSWER).await;
    match taken(&reader.0, &app, body, &frame).await {
        Ok((answer, form)) => frame.page("答复", &letter(&answer, &form)),
        Err(failed) => failed.page(&frame),
    }
}

/// `POST /public/answer/pdf`
pub async fn pdf(
    reader: Reader,
    app: web::Data<App>,
    body: FormBody,
) -> Result<letters::Printed<letters::Pdf>, Refused> {
    let frame = Frame::of(&app, ANSWER).await;
    let answer = taken(&reader.0, &app, body, &frame).await;
    let (answer, _) = answer.map_err(|failed| Refused(failed.page(&frame)))?;
    let printed = letters::printed_pdf(&app, answer.sheet, &answer.letter).await;
    printed.map_err(|problem| Refused(frame.failed(&problem)))
}

/// `POST /public/answer/file`
pub async fn file(
    reader: Reader,
    app: web::Data<App>,
    wanted: Wanted,
    body: FormBody,
) -> Result<Download, Refused> {
    let frame = Frame::of(&app, ANSWER).await;
    let given = given(&reader.0, &app, body, &wanted, &frame).await;
    given.map_err(|failed| Refused(failed.page(&frame)))
}

fn back(frame: &Frame, form: &Form, status: u16) -> Page {
    frame.faulty(TITLE, &query(form), status)
}

fn turned_away(refused: TurnedAway, app: &App, form: Form, frame: &Frame) -> Failed {
    match refusal(refused, app) {
        Ok((said, status, retry_after)) => {
            Failed::Page(Page { retry_after, ..back(frame, &form.faulty(said), status) })
        }
        Err(problem) => Failed::Problem(problem),
    }
}

/// The answer that a form asks for.
async fn taken(
    visitor: &Visitor,
    app: &Arc<App>,
    body: FormBody,
    frame: &Frame,
) -> Result<(OnlineAnswer, Form), Failed> {
    let (form, _) = body.0?;
    let today = legal_day(app.clock.now());
    let (value, form) = form
        .read::<ClaimBody>(QUERY, today)
        .map_err(|form| Failed::Page(back(frame, &form, 422)))?;
    let claim = value.into_claim().ok_or(Fault::ValidationFailed).map_err(Problem::from)?;
    match public::answer(app, visitor.address, visitor.origin(None), claim).await {
        Ok(answer) => Ok((answer, form)),
        Err(refused) => Err(turned_away(refused, app, form, frame)),
    }
}

/// The file that a form asks for.
async fn given(
    visitor: &Visitor,
    app: &web::Data<App>,
    body: FormBody,
    wanted: &Wanted,
    frame: &Frame,
) -> Result<Download, Failed> {
    let (form, _) = body.0?;
    let today = legal_day(app.clock.now());
    let (value, form) = form
        .read::<AnswerFileBody>(DOWNLOAD, today)
        .map_err(|form| Failed::Page(back(frame, &form, 422)))?;
    let asked = value.into_parts().ok_or(Fault::ValidationFailed).map_err(Problem::from)?;
    match provided(visitor, app, asked, wanted).await {
        Ok(download) => Ok(download),
        Err(NotProvided::TurnedAway(refused)) => Err(turned_away(refused, app, form, frame)),
        Err(NotProvided::Problem(problem)) => Err(Failed::Problem(problem)),
    }
}

/// The page that asks for number and code.
fn query(form: &Form) -> Markup {
    html! {
        h1 { (TITLE) }
        (summary(form, DOWNLOAD))
        section.note aria-labelledby="know" {
            h2 #know { "领取前请了解" }
            p {
                "首次在此查看或者下载答复之日，即为答复送达您之日；"
                "答复中写明的行政复议、行政诉讼期限自该日起计算。"
            }
        }
        form method="post" action=(ANSWER) novalidate accept-charset="utf-8" {
            (who_asks(form))
            button type="submit" { "查看答复" }
        }
    }
}

/// The letter, and what can be had with it.
fn letter(answer: &OnlineAnswer, form: &Form) -> Markup {
    let case = &answer.case;
    let served = case.effective_service(ServedLetter::Answer).map(|service| service.counts_on);
    let files = case.record.stage.answer().map_or(&[][..], |answer| &answer.draft.files);
    html! {
        section.note aria-labelledby="know" {
            h2 #know { "请保存答复" }
            @if let Some(day) = served {
                p { "本答复于" (chinese_day(day)) "送达，行政复议、行政诉讼期限自该日起计算。" }
            }
            p { "请下载或者打印答复和所附文件。您可以凭编号和查询码再次查看。" }
            (download(form, PDF, None, "下载答复（PDF）"))
        }
        article.letter { (letters::issued_text(&answer.sheet)) }
        @if !files.is_empty() {
            section aria-labelledby="files" {
                h2 #files { "所附文件" }
                ul.files { @for file in files { li { (provided_file(file, form)) } } }
            }
        }
    }
}

fn provided_file(file: &ProvidedFile, form: &Form) -> Markup {
    html! {
        p.name { (file.name.as_str()) }
        p.hint { (file.file_type.zh()) "，" (size(file.size)) }
        p.hint.digest { "SHA-256：" (file.sha256.to_string()) }
        (download(form, FILE, Some(file), "下载"))
    }
}

/// A button that sends number and code along.
fn download(form: &Form, to: &str, file: Option<&ProvidedFile>, text: &str) -> Markup {
    let label = file.map(|file| format!("{text}{}", file.name.as_str()));
    html! {
        form method="post" action=(to) accept-charset="utf-8" {
            input type="hidden" name=(NUMBER.name) value=(form.raw(NUMBER.name));
            input type="hidden" name=(CODE.name) value=(form.raw(CODE.name));
            @if let Some(file) = file {
                input type="hidden" name=(FILE_ID.name) value=(file.id.to_string());
            }
            button type="submit" aria-label=[label] { (text) }
        }
    }
}

/// A length in words: `512 字节`, `1.5 MB`.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = bytes.saturating_mul(10).div_ceil(unit);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1024 => format!("{bytes} 字节"),
        1024..0x10_0000 => format!("{} KB", tenths(1024)),
        _ => format!("{} MB", tenths(0x10_0000)),
    }
}
