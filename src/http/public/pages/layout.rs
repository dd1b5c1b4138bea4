//! What all pages have in common: the frame, and fields with their labels, hints and faults.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, html};

use super::form::{Field, Form, Kind, SUBMISSION, TRAP};
use crate::domain::text_enum::TextEnum;

/// The one style sheet.
pub const STYLE: &str = include_str!("style.css");

/// Its digest, for its address and for the browser to compare (Subresource Integrity).
pub static STYLE_DIGEST: LazyLock<String> = LazyLock::new(|| {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
    STANDARD.encode(digest)
});

/// The address of the style sheet; another one when it changes.
pub const STYLE_PATH: &str = "/public/style.css";

/// Where the pages are.
pub const HOME: &str = "/public";
/// The form of an application.
pub const APPLY: &str = "/public/apply";
/// The form of a query.
pub const STATUS: &str = "/public/status";
/// The form of a supplement.
pub const SUPPLEMENT: &str = "/public/supplement";

/// The form by which an answer is had.
pub const ANSWER: &str = "/public/answer";

/// A whole page.
pub fn page(organ: &str, title: &str, here: Option<&str>, content: &Markup) -> Markup {
    let version: String =
        STYLE_DIGEST.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light";
                title { (title) " - " (organ) "政府信息依申请公开" }
                link rel="stylesheet" href={ (STYLE_PATH) "?v=" (version) }
                    integrity={ "sha256-" (*STYLE_DIGEST) };
            }
            body {
                a.skip href="#main" { "跳到正文" }
                header.site {
                    p.organ { (organ) }
                    p.name { "政府信息依申请公开" }
                    @if let Some(here) = here { (ways(here)) }
                }
                main #main tabindex="-1" { (content) }
                @if here.is_some() {
                    footer.site {
                        p { "您也可以到信息公开查询室当面提交申请，或者邮寄提交申请。" }
                    }
                }
            }
        }
    }
}

/// The ways to the pages for the public, from one of them.
fn ways(here: &str) -> Markup {
    let links = [
        (HOME, "首页"),
        (APPLY, "提交申请"),
        (STATUS, "查询进度"),
        (SUPPLEMENT, "提交补正"),
        (ANSWER, "领取答复"),
    ];
    html! {
        nav aria-label="主要页面" {
            ul {
                @for (path, text) in links {
                    li {
                        a href=(path) aria-current=[(path == here).then_some("page")] { (text) }
                    }
                }
            }
        }
    }
}

/// What is wrong with a form, above it, with a way to each field. Has the focus when the page opens.
pub fn summary(form: &Form, fields: &[Field]) -> Markup {
    let faults = form.faults(fields);
    html! {
        @if !faults.is_empty() {
            div.errors role="alert" tabindex="-1" autofocus aria-labelledby="errors-title" {
                h2 #errors-title { "请核对后重新提交" }
                ul {
                    @for (name, text) in faults {
                        li {
                            @if let Some(name) = name {
                                a href={ "#" (name) } { (text) }
                            } @else {
                                (text)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a field of text looks and what the browser may help with.
#[derive(Clone, Copy, Default)]
pub struct Look {
    /// What to write, beneath the label.
    pub hint: &'static str,
    /// What the browser may fill in (HTML, autofill); off when empty.
    pub autocomplete: &'static str,
    /// Which keyboard a telephone shows.
    pub inputmode: &'static str,
    /// Lines; one when 0.
    pub lines: u8,
}

fn described_by(form: &Form, field: &Field, hint: &str) -> Option<String> {
    let mut ids = Vec::new();
    if !hint.is_empty() {
        ids.push(format!("{}-hint", field.name));
    }
    if form.error(field.name).is_some() {
        ids.push(format!("{}-error", field.name));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn invalid(form: &Form, field: &Field) -> Option<&'static str> {
    form.error(field.name).map(|_| "true")
}

fn around(form: &Form, field: &Field, hint: &str, input: &Markup) -> Markup {
    let needed = !matches!(field.kind, Kind::Optional | Kind::Flag);
    html! {
        div.field.wrong[form.error(field.name).is_some()] {
            label for=(field.name) {
                (field.label)
                @if needed { span.needed { "（必填）" } }
            }
            @if !hint.is_empty() { p.hint id={ (field.name) "-hint" } { (hint) } }
            @if let Some(text) = form.error(field.name) {
                p.error id={ (field.name) "-error" } { span.sign aria-hidden="true" { "!" } (text) }
            }
            (input)
        }
    }
}

/// A field of text.
pub fn text(form: &Form, field: &Field, look: Look) -> Markup {
    let needed = field.kind != Kind::Optional;
    let input_type = if field.kind == Kind::Password { "password" } else { "text" };
    let described = described_by(form, field, look.hint);
    let wrong = invalid(form, field);
    // A browser cuts off what is too long; of a password nobody would see it.
    let most = (field.kind != Kind::Password).then(|| field.most.to_string());
    let complete = if look.autocomplete.is_empty() { "off" } else { look.autocomplete };
    let keyboard = (!look.inputmode.is_empty()).then_some(look.inputmode);
    let input = html! {
        @if look.lines > 1 {
            textarea id=(field.name) name=(field.name) rows=(look.lines) maxlength=[&most]
                required[needed] aria-describedby=[described] aria-invalid=[wrong] {
                // The first line break after the tag is not part of the text.
                "\n" (form.value(field))
            }
        } @else {
            input type=(input_type) id=(field.name) name=(field.name) value=(form.value(field)) maxlength=[&most]
                required[needed] autocomplete=(complete) inputmode=[keyboard] spellcheck="false"
                aria-describedby=[described] aria-invalid=[wrong];
        }
    };
    around(form, field, look.hint, &input)
}

/// A field that is one of a list.
pub fn choice<T: TextEnum>(form: &Form, field: &Field, hint: &str) -> Markup {
    let described = described_by(form, field, hint);
    let wrong = invalid(form, field);
    let input = html! {
        select id=(field.name) name=(field.name) required aria-describedby=[described] aria-invalid=[wrong] {
            @for value in T::VALUES {
                option value=(value.code()) selected[form.value(field) == value.code()] { (value.zh()) }
            }
        }
    };
    around(form, field, hint, &input)
}

/// A box to tick.
pub fn flag(form: &Form, field: &Field) -> Markup {
    html! {
        div.tick {
            input type="checkbox" id=(field.name) name=(field.name) value="true"
                checked[!form.value(field).is_empty()];
            label for=(field.name) { (field.label) }
        }
    }
}

/// What every form carries: the text that makes it one submission when it is sent twice, and the
/// field that no human sees.
pub fn carried(submission: &str) -> Markup {
    html! {
        input type="hidden" name=(SUBMISSION) value=(submission);
        div.trap aria-hidden="true" {
            label for=(TRAP) { "此栏请勿填写" }
            input type="text" id=(TRAP) name=(TRAP) tabindex="-1" autocomplete="off";
        }
    }
}
