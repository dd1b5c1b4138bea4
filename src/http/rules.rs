//! What the route table says of an operation that the machinery around its handler must know.

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::limits::Policy;

/// How an answer may be kept (RFC 9111).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// By nobody: it holds personal data, or what was said of somebody.
    #[default]
    Never,
    /// By everybody for a minute, and then to be asked for again by its entity tag.
    Minute,
    /// By everybody for good: its address changes with its content.
    Forever,
}

impl Caching {
    /// The value of `Cache-Control`.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Never => "no-store",
            Self::Minute => "public, max-age=60",
            Self::Forever => "public, max-age=31536000, immutable",
        }
    }
}

/// The rule of one operation.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The quota that it uses up; none for what must always answer.
    pub policy: Option<Policy>,
    /// How its success may be kept.
    pub caching: Caching,
}

/// The rules of the operations at one address.
pub struct Rules(pub Vec<(Method, Rule)>);

/// The rule of the operation that a request has reached.
#[must_use]
pub fn rule_of(request: &HttpRequest) -> Option<Rule> {
    let Rules(rules) = request.app_data::<Rules>()?;
    let method = request.method();
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    rules.iter().find(|(method, _)| method == wanted).map(|(_, rule)| *rule)
}
