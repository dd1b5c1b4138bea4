//! The search for one person's cases, by a field that is stored sealed.

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema};
use validator::Validate;

use super::Reply;
use super::line::CaseLineView;
use super::list::items;
use crate::domain::identity::{Email, Phone, compact_upper};
use crate::domain::sealed::PersonalField;
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::{Body, Checked};
use crate::http::flaw::Flaw;
use crate::http::page::{Bound, DEFAULT_LIMIT};
use crate::http::problem::{Fault, FieldError, Problem};
use crate::http::reply::Json;
use crate::service::App;
use crate::store::cases::{self, Sort};

/// One page of the cases that a search found, newest first. It has no addresses of other pages: a
/// search is posted.
#[derive(Serialize, ToSchema)]
pub struct FoundView {
    /// The cases.
    pub items: Vec<CaseLineView>,
    /// The cursor of the page after it; null on the last.
    pub next_cursor: Option<String>,
    /// The cursor of the page before it; null on the first.
    pub prev_cursor: Option<String>,
}

/// A search for one person's cases. In the body and not in the address, which is logged on its way.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSearchBody {
    /// The number of the identity document, whole.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub id_number: Option<String>,
    /// The telephone number, whole.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30)]
    pub phone: Option<String>,
    /// The e-mail address, whole.
    #[validate(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254)]
    pub email: Option<String>,
    /// Lines on a page.
    #[validate(range(min = 1, max = 200))]
    #[schema(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// Which page: a `next_cursor` or `prev_cursor` of this search. The first when left out.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub cursor: Option<String>,
}

impl PersonSearchBody {
    /// The one field that is searched, in the form in which it is indexed.
    fn field(&self) -> Result<(PersonalField, String), FieldError> {
        match (&self.id_number, &self.phone, &self.email) {
            (Some(number), None, None) => Ok((PersonalField::IdNumber, compact_upper(number))),
            (None, Some(phone), None) => Phone::parse(phone)
                .map(|phone| (PersonalField::Phone, phone.as_str().to_owned()))
                .map_err(|error| FieldError::personal("#/phone", error)),
            (None, None, Some(email)) => Email::parse(email)
                .map(|email| (PersonalField::Email, email.index_text()))
                .map_err(|error| FieldError::personal("#/email", error)),
            _ => {
                let detail = Flaw::OneOfNeeded.allowing(&["id_number", "phone", "email"]);
                Err(FieldError::saying("#", Flaw::OneOfNeeded, detail))
            }
        }
    }
}

impl Checked for PersonSearchBody {
    fn refine(schema: &mut RefOr<Schema>) {
        let one = ["id_number", "phone", "email"].into_iter().fold(
            AnyOfBuilder::new().description(Some("Exactly one field is searched.")),
            |one, field| one.item(ObjectBuilder::new().required(field)),
        );
        *schema = AllOfBuilder::new().item(schema.clone()).item(one).into();
    }

    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        self.field().err().into_iter().collect()
    }
}

/// `POST /api/v1/cases/search`
pub async fn search(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    body: Body<PersonSearchBody>,
) -> Reply<Json<FoundView>> {
    let (field, text) = body
        .value
        .field()
        .map_err(|fault| Problem::new(Fault::ValidationFailed).with(vec![fault]))?;
    let index = app.vault.blind_index(field, &text);
    let identity = format!("search {} {field} {}", auth.actor.user, index.to_hex());
    let list = Bound { issuer: &app.tokens, query: &identity };
    let page = list.page(body.value.cursor.as_deref())?;
    let limit = body.value.limit.unwrap_or(DEFAULT_LIMIT);
    let scope = auth.actor.case_scope();
    let lines = app
        .store
        .readers
        .run(move |conn| cases::by_index(conn, &scope, field, &index, page, limit))
        .await?;
    let cursors = list.around(page, &lines, |line| line.place(Sort::NEWEST));
    Ok(Json(FoundView {
        items: items(&app, &auth.actor, &lines),
        next_cursor: cursors.next,
        prev_cursor: cursors.prev,
    }))
}
