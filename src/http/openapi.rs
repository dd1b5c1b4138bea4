//! openapi.yaml: put together from the route table, so it says what the server does.

use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathItem, Paths, ServerBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem::{ProblemBody, catalogue, flaws};
use super::routes;
use super::schema_rules::with_exact_integers;

const DESCRIPTION: &str = "Case management for 依申请公开, the disclosure of government \
information on request. Every change of a case needs `If-Match` with the version that the caller \
saw; a POST that creates or does something takes an `Idempotency-Key` where it is listed. Every error is a problem (RFC 9457) with a stable \
`code`; its sentences are in the language of `Accept-Language` (`zh-CN`, also when absent or \
unknown, or `en`). An enumeration may grow: tolerate a value that you do not know. `x-dictionary` \
names the dictionary (`GET /api/v1/dictionaries`) with its labels.";

/// The contract.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new();
    let mut problem_schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut problem_schemas);
    for (name, schema) in problem_schemas {
        components = components.schema(name, schema);
    }
    for entry in routes() {
        for (name, schema) in entry.schemas() {
            components = components.schema(name.clone(), with_exact_integers(schema.clone()));
        }
        let method = match entry.method.as_str() {
            "POST" => HttpMethod::Post,
            "PUT" => HttpMethod::Put,
            "PATCH" => HttpMethod::Patch,
            "DELETE" => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        let item = PathItem::new(method, entry.operation());
        match paths.paths.get_mut(entry.path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.paths.insert(entry.path.to_owned(), item);
            }
        }
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token of POST /api/v1/sessions."))
        .build();
    let info = InfoBuilder::new()
        .title("gongkai 公开")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(format!("{DESCRIPTION}\n\n{}", codes())))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ))
        .contact(Some(ContactBuilder::new().name(Some("gongkai")).build()))
        .build();
    let tags = [
        ("sessions", "Logging in and out, and passwords."),
        ("cases", "Applications and what is done on them."),
        ("public", "The applicant's own door, without an account."),
        ("statistics", "The supervisor's figures."),
        ("directory", "Units and users, and their administration."),
        ("calendar", "Working days, the texts of the Regulation, and their figures."),
        ("dictionaries", "Codes in words, for forms and lists."),
        ("server", "The server itself."),
    ];
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .tags(Some(
            tags.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build()),
        ))
        .paths(paths)
        .components(Some(
            components.security_scheme("bearer", SecurityScheme::Http(bearer)).build(),
        ))
        .build()
}

/// The list of error codes, folded in a viewer: the operations are what its reader came for.
fn codes() -> String {
    let rows: Vec<String> = catalogue()
        .iter()
        .map(|(code, status, zh, en)| format!("| `{code}` | {status} | {zh} | {en} |"))
        .collect();
    let parts: Vec<String> =
        flaws().iter().map(|(code, zh, en)| format!("| `{code}` | {zh} | {en} |")).collect();
    format!(
        "<details><summary>Error codes</summary>\n\n\
         | code | status | 中文 | English |\n|---|---|---|---|\n{}\n\n\
         Members of `errors` carry one of these codes, or one of the following.\n\n\
         | code | 中文 | English |\n|---|---|---|\n{}\n\n</details>",
        rows.join("\n"),
        parts.join("\n")
    )
}

/// The contract as YAML, as it is committed.
#[must_use]
pub fn yaml() -> String {
    document().to_yaml().unwrap_or_default()
}
