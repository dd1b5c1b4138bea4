//! `/docs`: the contract in a browser, without the network (ADR 0011). The viewer is Swagger UI,
//! embedded as scripts/vendor-docs has fetched it. It is no part of the contract, and can be
//! switched off.

use std::io::Read as _;
use std::sync::OnceLock;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, AcceptEncoding, Encoding, Header as _};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use super::document::is_known;
use super::problem::{Fault, Problem};
use super::rules::Caching;
use crate::config::Docs;
use crate::domain::hex;
use crate::service::App;

/// What the page may do: run the scripts of this server and talk to it, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// A file of the viewer, as it is embedded.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: Content,
}

/// A file as it is embedded.
enum Content {
    Plain(&'static [u8]),
    /// Compressed once, when it was vendored.
    Gzip(&'static [u8]),
}

static ASSETS: [Asset; 4] = [
    Asset {
        name: "swagger-ui.css",
        media_type: "text/css; charset=utf-8",
        content: Content::Gzip(include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz")),
    },
    Asset {
        name: "swagger-ui-bundle.js",
        media_type: "text/javascript; charset=utf-8",
        content: Content::Gzip(include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz")),
    },
    Asset {
        name: "swagger-ui-bundle.js.LICENSE.txt",
        media_type: "text/plain; charset=utf-8",
        content: Content::Plain(include_bytes!("../../assets/swagger-ui/LICENSE-bundled.txt")),
    },
    Asset {
        name: "docs.js",
        media_type: "text/javascript; charset=utf-8",
        content: Content::Plain(include_bytes!("../../assets/docs.js")),
    },
];

impl Asset {
    const fn bytes(&self) -> &'static [u8] {
        match self.content {
            Content::Plain(bytes) | Content::Gzip(bytes) => bytes,
        }
    }

    fn digest(&self) -> String {
        digest(self.bytes())
    }

    fn address(&self) -> String {
        format!("/docs/assets/{}/{}", self.digest(), self.name)
    }

    /// The content as the caller can read it, and the encoding that it has then.
    fn read_by(&self, request: &HttpRequest) -> std::io::Result<(Bytes, Option<&'static str>)> {
        let bytes = self.bytes();
        match self.content {
            Content::Plain(_) => Ok((Bytes::from_static(bytes), None)),
            Content::Gzip(_) if takes_gzip(request) => {
                Ok((Bytes::from_static(bytes), Some("gzip")))
            }
            Content::Gzip(_) => {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain)?;
                Ok((Bytes::from(plain), None))
            }
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hex::encode(digest.as_ref().get(..8).unwrap_or_default())
}

/// Does the caller read gzip, and not rather something else?
fn takes_gzip(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::ACCEPT_ENCODING)
        && AcceptEncoding::parse(request).is_ok_and(|accepted| {
            let offered = [Encoding::gzip(), Encoding::identity()];
            accepted.negotiate(offered.iter()) == Some(Encoding::gzip())
        })
}

/// The page, with the addresses of its assets.
fn page_text() -> &'static (String, String) {
    static PAGE: OnceLock<(String, String)> = OnceLock::new();
    PAGE.get_or_init(|| {
        let page =
            ASSETS.iter().fold(include_str!("../../assets/docs.html").to_owned(), |page, asset| {
                page.replace(&format!("{{{}}}", asset.name), &asset.address())
            });
        let tag = format!("\"{}\"", digest(page.as_bytes()));
        (page, tag)
    })
}

fn switched_on(app: &App) -> Result<(), Problem> {
    match app.docs {
        Docs::On => Ok(()),
        Docs::Off => Err(Problem::new(Fault::RouteNotFound)),
    }
}

/// `GET /docs`
async fn page(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse<BoxBody>, Problem> {
    switched_on(&app)?;
    let (text, tag) = page_text();
    let known = is_known(request.headers(), tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, tag.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("cross-origin-opener-policy", "same-origin"));
    if known {
        return Ok(response.finish());
    }
    Ok(response.content_type("text/html; charset=utf-8").body(text.as_str()))
}

/// `GET /docs/assets/{digest}/{name}`: the digest is of the content, so it never changes.
async fn asset(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse<BoxBody>, Problem> {
    switched_on(&app)?;
    let (digest, name) = path.into_inner();
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name && asset.digest() == digest)
        .ok_or(Fault::RouteNotFound)?;
    let (bytes, encoding) = asset.read_by(&request).map_err(|error| {
        tracing::error!(%error, asset = asset.name, "an embedded file does not unpack");
        Problem::new(Fault::Internal)
    })?;
    // Two forms of one file have two tags (RFC 9110 §8.8.3.3).
    let tag = format!("\"{digest}{}\"", encoding.map_or("", |_| "-gzip"));
    let known = is_known(request.headers(), &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, Caching::Forever.header()));
    if known {
        return Ok(response.insert_header((header::VARY, "Accept-Encoding")).finish());
    }
    // What is not compressed here may still be on its way out, which says by what it varies.
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
        response.insert_header((header::VARY, "Accept-Encoding"));
    }
    Ok(response.content_type(asset.media_type).body(bytes))
}

/// `GET /`: who types the bare address is a citizen, most likely.
async fn front() -> HttpResponse<BoxBody> {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/public")).finish()
}

/// Registers the viewer and the front with the framework.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::tells_methods(
            web::resource("/").route(web::get().to(front)).route(web::head().to(front)),
            "GET, HEAD, OPTIONS".to_owned(),
        ))
        .service(super::tells_methods(
            web::resource(["/docs", "/docs/"])
                .route(web::get().to(page))
                .route(web::head().to(page)),
            "GET, HEAD, OPTIONS".to_owned(),
        ))
        .service(super::tells_methods(
            web::resource("/docs/assets/{digest}/{name}")
                .route(web::get().to(asset))
                .route(web::head().to(asset)),
            "GET, HEAD, OPTIONS".to_owned(),
        ));
}
