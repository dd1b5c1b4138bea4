//! The variables in the addresses of the calendar. Text that is no number names nothing.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::domain::rejection::Reason;
use crate::http::contract::{Describe, Draft};
use crate::http::problem::Problem;

const NONE: &str = "There is no such year, or no such version of it.";

/// The year that the path names.
pub struct YearPath(pub i32);

/// The version of a year that the path names.
pub struct VersionPath {
    /// The year.
    pub year: i32,
    /// Which version of it.
    pub number: u32,
}

fn number_parameter(name: &str, description: &'static str, bounds: (u32, u32)) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(bounds.0))
        .maximum(Some(bounds.1));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn read<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, Problem> {
    let text = request.match_info().get(name);
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| Reason::NotFound.into())
}

impl Describe for YearPath {
    fn describe(draft: &mut Draft) {
        draft.parameters.push(number_parameter("year", "The year.", (1949, 2200)));
        draft.error(404, NONE);
    }
}

impl FromRequest for YearPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "year").map(Self))
    }
}

impl Describe for VersionPath {
    fn describe(draft: &mut Draft) {
        YearPath::describe(draft);
        let number = number_parameter("number", "Which version of the year.", (1, 1_000_000));
        draft.parameters.push(number);
    }
}

impl FromRequest for VersionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let both = || Ok(Self { year: read(request, "year")?, number: read(request, "number")? });
        ready(both())
    }
}
