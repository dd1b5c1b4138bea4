//! Forms of the pages. A form is turned into the JSON body of the same operation and read by the
//! same code, so that no rule stands twice; what is wrong comes back to its field, in plain words.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::Validate;

use crate::domain::identity::IdentityError;
use crate::http::contract::{Describe, Draft};
use crate::http::extract::{Checked, parse};
use crate::http::problem::{Fault, FieldError, Problem};
use crate::store::command::Idempotency;

/// How the value of a field becomes a member of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Must be filled in; empty is the empty text.
    Text,
    /// May be left empty; empty is absent.
    Optional,
    /// One of a list; empty is absent.
    Choice,
    /// A box that is ticked or not.
    Flag,
    /// Like [`Kind::Text`], and never shown again.
    Secret,
    /// Like [`Kind::Secret`], and hidden while it is typed.
    Password,
}

/// A field of a form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the form; the id in the page, too.
    pub name: &'static str,
    /// The member that it becomes.
    pub pointer: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The most characters.
    pub most: usize,
    /// How it becomes that member.
    pub kind: Kind,
}

/// A field.
pub const fn field(
    name: &'static str,
    pointer: &'static str,
    label: &'static str,
    most: usize,
    kind: Kind,
) -> Field {
    Field { name, pointer, label, most, kind }
}

/// The field that people do not see. What fills it in is a program.
pub const TRAP: &str = "website";

/// The field that makes a form that is sent twice one submission.
pub const SUBMISSION: &str = "submission";

/// A form as it came, with what is wrong with it.
#[derive(Default)]
pub struct Form {
    values: BTreeMap<String, String>,
    errors: BTreeMap<&'static str, String>,
    general: Vec<String>,
}

impl Form {
    /// A form that is filled in with these.
    pub fn preset<const N: usize>(values: [(&str, &str); N]) -> Self {
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { values, ..Self::default() }
    }

    /// What stands in a field; nothing in one that is secret.
    pub fn value(&self, field: &Field) -> &str {
        if matches!(field.kind, Kind::Secret | Kind::Password) { "" } else { self.raw(field.name) }
    }

    /// What came in a field.
    pub fn raw(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What is wrong with a field.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.get(name).map(String::as_str)
    }

    /// What is wrong, in the order of these fields: with the field, or with the whole.
    pub fn faults<'a>(&'a self, fields: &'a [Field]) -> Vec<(Option<&'static str>, &'a str)> {
        let whole = self.general.iter().map(|text| (None, text.as_str()));
        let parts =
            fields.iter().filter_map(|field| Some((Some(field.name), self.error(field.name)?)));
        whole.chain(parts).collect()
    }

    /// The same form, with something wrong with a field.
    #[must_use]
    pub fn wrong(mut self, field: &Field, text: impl Into<String>) -> Self {
        self.errors.entry(field.name).or_insert_with(|| text.into());
        self
    }

    /// The same form, with something wrong as a whole.
    #[must_use]
    pub fn faulty(mut self, text: impl Into<String>) -> Self {
        self.general.push(text.into());
        self
    }

    /// The random text by which a form that is sent twice is recognised.
    pub fn submission(&self) -> &str {
        self.raw(SUBMISSION)
    }

    /// Has a program filled in what no human sees?
    pub fn is_trapped(&self) -> bool {
        !self.raw(TRAP).is_empty()
    }

    /// Reads the body of an operation from the form.
    ///
    /// # Errors
    /// The form, knowing what is wrong with each field.
    pub fn read<T>(mut self, fields: &'static [Field], today: NaiveDate) -> Result<(T, Self), Self>
    where
        T: DeserializeOwned + Validate + Checked + ToSchema,
    {
        let body = self.body(fields).to_string();
        match parse::<T>(body.as_bytes(), today) {
            Ok(value) => Ok((value, self)),
            Err(problem) => {
                self.blame(fields, problem.errors());
                Err(self)
            }
        }
    }

    fn body(&self, fields: &[Field]) -> Value {
        let mut body = Map::new();
        let mut applicant = Map::new();
        for field in fields {
            let text = self.raw(field.name);
            let value = match field.kind {
                Kind::Optional | Kind::Choice if text.is_empty() => continue,
                Kind::Flag => Value::from(!text.is_empty()),
                _ => Value::from(text),
            };
            match field.pointer.strip_prefix("#/applicant/") {
                Some(name) => applicant.insert(name.to_owned(), value),
                None => body.insert(field.pointer.trim_start_matches("#/").to_owned(), value),
            };
        }
        if !applicant.is_empty() {
            body.insert("applicant".to_owned(), Value::Object(applicant));
        }
        Value::Object(body)
    }

    fn blame(&mut self, fields: &'static [Field], faults: &[FieldError]) {
        for fault in faults {
            // That no way of contact is given is a fault of the applicant as a whole.
            let pointer = match fault.code.as_str() {
                "contact_missing" => "#/applicant/phone",
                _ => fault.pointer.as_str(),
            };
            match fields.iter().find(|field| field.pointer == pointer) {
                Some(field) => {
                    let text = plain_words(field, fault, self.raw(field.name));
                    self.errors.entry(field.name).or_insert(text);
                }
                None => self.general.push("提交的内容不完整，请重新填写".to_owned()),
            }
        }
        if self.errors.is_empty() && self.general.is_empty() {
            self.general.push("提交的内容无法识别，请重新填写".to_owned());
        }
    }
}

/// What is wrong with a field, to somebody who is no clerk.
fn plain_words(field: &Field, fault: &FieldError, value: &str) -> String {
    let label = field.label;
    match fault.code.as_str() {
        "contact_missing" => "电话、通信地址、电子邮箱请至少填写一项".to_owned(),
        "delivery_contact_missing" => format!("按您所选的获取方式，请填写{label}"),
        _ if field.kind == Kind::Choice => format!("请选择{label}"),
        _ if value.trim().is_empty() => format!("请填写{label}"),
        "query_code_malformed" => "查询码由16位字母和数字组成，请对照回执核对".to_owned(),
        "control_character" | "blank_or_control_character" => {
            format!("{label}中含有不能使用的字符")
        }
        "length" if value.chars().count() > field.most => {
            format!("{label}不能超过{}个字符", field.most)
        }
        code => match IdentityError::ALL.iter().find(|error| error.code() == code) {
            // Some say of what they speak.
            Some(error) if error.zh().contains(['号', '邮']) => error.zh().replace(',', "，"),
            Some(error) => format!("{label}有误：{}", error.zh()),
            None => format!("{label}不符合要求，请核对"),
        },
    }
}

/// The body of a form (`application/x-www-form-urlencoded`), or why it cannot be read: a page, and
/// not a problem in JSON, has to say so.
pub struct FormBody(pub Result<(Form, [u8; 32]), Problem>);

impl FormBody {
    /// The idempotency of a form: its random text with a digest of the whole body.
    pub fn keyed(form: &Form, digest: [u8; 32]) -> Option<Idempotency> {
        let key = form.submission();
        let random = key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        random.then(|| Idempotency { key: key.to_owned(), fingerprint: digest })
    }
}

impl Describe for FormBody {
    fn describe(_: &mut Draft) {}
}

impl FromRequest for FormBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            if !form {
                return Ok(Self(Err(Fault::UnsupportedMediaType.into())));
            }
            Ok(Self(bytes.await.map_err(|_| Fault::PayloadTooLarge.into()).and_then(|b| read(&b))))
        })
    }
}

fn read(bytes: &[u8]) -> Result<(Form, [u8; 32]), Problem> {
    let malformed = || Problem::new(Fault::MalformedRequest);
    let text = std::str::from_utf8(bytes).map_err(|_| malformed())?;
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| malformed())?;
    let mut values = BTreeMap::new();
    for (name, value) in pairs.into_inner() {
        // A form sends the ends of lines as CR LF, whatever the system.
        let value = value.replace("\r\n", "\n");
        if values.insert(name, value).is_some() {
            return Err(malformed());
        }
    }
    let mut digest = [0; 32];
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.copy_from_slice(hash.as_ref());
    Ok((Form { values, ..Form::default() }, digest))
}
