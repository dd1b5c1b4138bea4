//! One letter to the seal service and back, over HTTP/1.1. What the service is asked and may answer:
//! docs/operations.md.

use std::fmt::Write as _;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::config::seal::SealService;
use crate::domain::attachment::{FileType, Glimpse, HEAD_BYTES, TAIL_BYTES};
use crate::domain::letter::{LetterRef, SealFailure};

/// The largest sealed letter that is taken, in bytes.
const MOST: usize = 20 * 1024 * 1024;

const PDF: &str = "application/pdf";

/// What one try led to.
#[derive(Debug)]
pub(super) enum Answer {
    /// The sealed letter.
    Sealed(Bytes),
    /// No seal, and to ask again would be of no use.
    Failed(SealFailure),
    /// No seal yet; should this have been the last try, for this reason.
    Later(SealFailure),
}

/// The connection to the service.
pub(super) struct Client {
    service: SealService,
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Client {
    /// A client of this service. It trusts the certificates that the system trusts.
    ///
    /// # Errors
    /// The system trusts none.
    pub(super) fn new(service: SealService) -> std::io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(service.patience));
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // A connection for each letter: there are few, and a kept one may have died meanwhile.
        let pool = Pool::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { service, pool })
    }

    /// Sends a letter and waits for what comes back, as long as the settings allow.
    pub(super) async fn send(&self, letter: &LetterRef, pdf: &Bytes) -> Answer {
        let Some(request) = self.request(letter, pdf) else {
            return Answer::Failed(SealFailure::NotPrinted);
        };
        let exchange = async {
            let response = self.pool.request(request).await.map_err(|error| {
                tracing::warn!(letter = %letter.id, %error, "the seal service was not reached");
            });
            match response {
                Ok(response) => read(response, pdf).await,
                Err(()) => Answer::Later(SealFailure::Unreachable),
            }
        };
        let answer = timeout(self.service.patience, exchange).await;
        answer.unwrap_or(Answer::Later(SealFailure::Unreachable))
    }

    fn request(&self, letter: &LetterRef, pdf: &Bytes) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.service.url.clone())
            .header(CONTENT_TYPE, PDF)
            .header(ACCEPT, PDF)
            .header("Idempotency-Key", letter.id.to_string())
            .header("Gongkai-Letter-Kind", letter.kind.as_str())
            .header("Gongkai-Content-Hash", letter.content_hash.to_string());
        if let Some(number) = &letter.number {
            request = request.header("Gongkai-Letter-Number", escaped(&number.text));
        }
        if let Some(token) = &self.service.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.0)).ok()?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request.body(Full::new(pdf.clone())).ok()
    }
}

/// Everything but unreserved characters percent-encoded as UTF-8 (RFC 3986 §2.1).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// What an answer means. Redirections are not followed: letters go to the one address that is set.
async fn read(response: Response<hyper::body::Incoming>, sent: &Bytes) -> Answer {
    let status = response.status();
    if status != StatusCode::OK {
        return match status {
            StatusCode::ACCEPTED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Answer::Later(SealFailure::Unreachable)
            }
            status if status.is_server_error() => Answer::Later(SealFailure::Unreachable),
            _ => Answer::Failed(SealFailure::Refused),
        };
    }
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_pdf = media_type
        .is_some_and(|value| value.split(';').next().is_some_and(|main| main.trim() == PDF));
    if !is_pdf {
        return Answer::Failed(SealFailure::NotPdf);
    }
    match Limited::new(response.into_body(), MOST).collect().await {
        Ok(body) => judged(body.to_bytes(), sent),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Answer::Failed(SealFailure::TooLarge)
        }
        // It broke off.
        Err(_) => Answer::Later(SealFailure::Unreachable),
    }
}

/// Is what came back a whole PDF, and another one than was sent? That it is this letter, and whose
/// seal it bears, only the service can say.
fn judged(bytes: Bytes, sent: &Bytes) -> Answer {
    let head = bytes.get(..HEAD_BYTES.min(bytes.len())).unwrap_or_default();
    let tail = bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default();
    let glimpse = Glimpse { head, tail, container: None };
    if glimpse.check(FileType::Pdf).is_err() {
        Answer::Failed(SealFailure::NotPdf)
    } else if bytes == *sent {
        Answer::Failed(SealFailure::Unchanged)
    } else {
        Answer::Sealed(bytes)
    }
}
