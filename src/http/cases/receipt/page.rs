//! The receipt as a page to print: plain layout after GB/T 9704, no script, one style sheet.

use chrono::{Datelike as _, NaiveDate};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Paper;
use super::qr;

/// What all papers have in common: size of type and spacing follow from `--size`.
const STYLE: &str = include_str!("receipt.css");

impl Paper {
    /// The style sheet of this paper.
    pub(super) fn style(self) -> String {
        let (page, size) = match self {
            // The side margins of GB/T 9704-2012 §5.2; the rest so that one sheet is enough.
            Self::A4 => ("size:A4;margin:25mm 26mm 20mm 28mm", "14pt"),
            Self::A5 => ("size:A5;margin:14mm 14mm 12mm 14mm", "10.5pt"),
            Self::Roll80mm => ("size:80mm 200mm;margin:4mm", "9pt"),
        };
        format!("@page{{{page}}}:root{{--size:{size}}}{STYLE}")
    }
}

/// What a receipt says.
pub(super) struct Receipt<'a> {
    /// The agency.
    pub(super) agency: &'a str,
    /// Where to ask, in words.
    pub(super) contact: Option<&'a str>,
    /// The address of the page on which the applicant follows his case.
    pub(super) status_page: Option<&'a str>,
    /// Is the case in the register?
    pub(super) registered: bool,
    /// Label and value of each line.
    pub(super) lines: Vec<(&'static str, String)>,
    /// The query code, when it is known.
    pub(super) query_code: Option<&'a str>,
    /// The day of printing.
    pub(super) printed_on: NaiveDate,
}

/// A day as official documents write it.
pub(super) fn written(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

impl Receipt<'_> {
    const fn title(&self) -> &'static str {
        if self.registered {
            "政府信息公开申请登记回执"
        } else {
            "政府信息公开申请收件回执"
        }
    }

    /// The whole page. Everything that came from outside is escaped by the template.
    pub(super) fn page(&self, style: &str, policy: &str) -> Markup {
        html! {
            (DOCTYPE)
            html lang="zh-CN" {
                head {
                    meta charset="utf-8";
                    // For a page that a client shows from memory, without this answer's headers.
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    title { (self.title()) }
                    style { (PreEscaped(style)) }
                }
                body {
                    main {
                        p.agency { (self.agency) }
                        h1 { (self.title()) }
                        table {
                            @for (label, value) in &self.lines {
                                tr { th scope="row" { (label) } td { (value) } }
                            }
                            @if let Some(code) = self.query_code {
                                tr.code { th scope="row" { "查询码" } td { (code) } }
                            }
                        }
                        (self.how_to_ask())
                        p.note {
                            "答复期限依照《中华人民共和国政府信息公开条例》自收到申请之日起计算，"
                            "补正、征求意见等依法不计入的期间除外。"
                        }
                        div.seal {
                            p { (self.agency) }
                            p { (written(self.printed_on)) }
                            p { "（收件章）" }
                        }
                    }
                }
            }
        }
    }

    fn how_to_ask(&self) -> Markup {
        let code = self.status_page.and_then(|page| qr::draw(page).map(|code| (page, code)));
        html! {
            section.ask {
                @if let Some((page, code)) = &code {
                    svg viewBox={ "0 0 " (code.side) " " (code.side) } role="img"
                        aria-label="查询网址二维码" shape-rendering="crispEdges" {
                        path d=(code.path) {}
                    }
                    p { "查询办理进度：扫描二维码或访问" br; span.address { (page) } }
                }
                p { "查询时须提供收件编号（或登记编号）和查询码。" }
                @if self.query_code.is_some() {
                    p { "查询码仅在收件时提供一次，本机关不留存，请妥善保管。" }
                }
                @if let Some(contact) = self.contact {
                    p { "咨询：" (contact) }
                }
            }
        }
    }
}
