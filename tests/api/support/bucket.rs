//! A stand-in for an object store that speaks S3: it checks the signature of every request (AWS
//! Signature Version 4) and the digest of every body, keeps objects in memory, and fails as it is told
//! to. One server for all tests; each has a bucket of its own.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::{Method, header};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::{digest, hmac};
use futures_util::stream;
use gongkai::domain::hex;

/// The key that opens every bucket.
pub const ACCESS: &str = "AKIDSTANDIN";
/// Its secret.
pub const SECRET: &str = "a secret of the stand-in";
/// The region that requests are signed for.
pub const REGION: &str = "cn-test-1";

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failing {
    /// Nothing.
    #[default]
    Not,
    /// So many requests are answered with 500, then none.
    Errors(usize),
    /// Nothing is ever answered.
    Silent,
    /// Objects break off in the middle.
    BrokenOff,
    /// One bit of each object is another.
    Altered,
}

/// A bucket.
#[derive(Default)]
pub struct Bucket {
    pub objects: BTreeMap<String, Vec<u8>>,
    uploads: HashMap<String, BTreeMap<u32, Vec<u8>>>,
    pub failing: Failing,
    /// Requests that were not signed as they should be.
    pub unsigned: usize,
    /// Uploads that were given up.
    pub given_up: usize,
}

fn buckets() -> MutexGuard<'static, HashMap<String, Bucket>> {
    static ALL: OnceLock<Mutex<HashMap<String, Bucket>>> = OnceLock::new();
    ALL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at a bucket, or changes it.
pub fn with<T>(bucket: &str, change: impl FnOnce(&mut Bucket) -> T) -> T {
    change(buckets().entry(bucket.to_owned()).or_default())
}

/// Where the stand-in answers.
pub fn endpoint() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let limit = web::PayloadConfig::new(64 * 1024 * 1024);
                let app =
                    move || App::new().app_data(limit.clone()).default_service(web::to(answer));
                let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
                server.expect("a listener").run().await.expect("a server");
            });
        });
        format!("http://{address}")
    })
}

async fn answer(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let path = request.path().trim_start_matches('/').to_owned();
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    let failing = with(bucket, |bucket| {
        let now = bucket.failing;
        if let Failing::Errors(left) = now {
            bucket.failing =
                left.checked_sub(1).filter(|left| *left > 0).map_or(Failing::Not, Failing::Errors);
        }
        now
    });
    match failing {
        Failing::Silent => {
            // The test is over long before.
            actix_web::rt::time::sleep(Duration::from_hours(1)).await;
            return HttpResponse::Ok().finish();
        }
        Failing::Errors(_) => {
            return HttpResponse::InternalServerError().body(error("InternalError"));
        }
        Failing::Not | Failing::BrokenOff | Failing::Altered => {}
    }
    if !is_signed(&request, &body) {
        with(bucket, |bucket| bucket.unsigned += 1);
        return HttpResponse::Forbidden().body(error("SignatureDoesNotMatch"));
    }
    let query: HashMap<String, String> = web::Query::from_query(request.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default();
    with(bucket, |bucket| bucket.answer(&request, key, &query, &body))
}

fn error(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>")
}

fn tag(bytes: &[u8]) -> String {
    let sum = digest::digest(&digest::SHA256, bytes);
    format!("\"{}\"", &hex::encode(sum.as_ref())[..32])
}

impl Bucket {
    fn answer(
        &mut self,
        request: &HttpRequest,
        key: &str,
        query: &HashMap<String, String>,
        body: &web::Bytes,
    ) -> HttpResponse {
        let upload = query.get("uploadId");
        match *request.method() {
            Method::POST if query.contains_key("uploads") => {
                let id = format!("upload-{}", self.uploads.len() + 1);
                self.uploads.insert(id.clone(), BTreeMap::new());
                let said = format!("<UploadId>{id}</UploadId>");
                xml(&format!(
                    "<InitiateMultipartUploadResult>{said}</InitiateMultipartUploadResult>"
                ))
            }
            Method::PUT if upload.is_some() => {
                let part =
                    query.get("partNumber").and_then(|part| part.parse().ok()).expect("a part");
                let parts = upload.and_then(|id| self.uploads.get_mut(id)).expect("an upload");
                parts.insert(part, body.to_vec());
                HttpResponse::Ok().insert_header((header::ETAG, tag(body))).finish()
            }
            Method::POST if upload.is_some() => {
                let parts = upload.and_then(|id| self.uploads.remove(id)).expect("an upload");
                let whole: Vec<u8> = parts.into_values().flatten().collect();
                let said = format!("<ETag>{}</ETag>", tag(&whole));
                self.objects.insert(key.to_owned(), whole);
                xml(&format!(
                    "<CompleteMultipartUploadResult>{said}</CompleteMultipartUploadResult>"
                ))
            }
            Method::DELETE if upload.is_some() => {
                self.given_up += 1;
                upload.and_then(|id| self.uploads.remove(id));
                HttpResponse::NoContent().finish()
            }
            Method::PUT => {
                self.objects.insert(key.to_owned(), body.to_vec());
                HttpResponse::Ok().insert_header((header::ETAG, tag(body))).finish()
            }
            Method::DELETE => {
                self.objects.remove(key);
                HttpResponse::NoContent().finish()
            }
            Method::POST => self.delete_all(body),
            Method::GET if key.is_empty() => self.list(),
            _ => self.give(request, key),
        }
    }

    fn delete_all(&mut self, body: &web::Bytes) -> HttpResponse {
        let text = String::from_utf8_lossy(body).into_owned();
        let mut done = String::new();
        for key in text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()) {
            self.objects.remove(key);
            let _ = write!(done, "<Deleted><Key>{key}</Key></Deleted>");
        }
        xml(&format!("<DeleteResult>{done}</DeleteResult>"))
    }

    fn list(&self) -> HttpResponse {
        let mut all = String::new();
        for (key, object) in &self.objects {
            let (size, tag) = (object.len(), tag(object));
            let _ = write!(
                all,
                "<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified>\
                 <ETag>{tag}</ETag><Size>{size}</Size></Contents>"
            );
        }
        xml(&format!("<ListBucketResult><IsTruncated>false</IsTruncated>{all}</ListBucketResult>"))
    }

    fn give(&self, request: &HttpRequest, key: &str) -> HttpResponse {
        let Some(object) = self.objects.get(key) else {
            return HttpResponse::NotFound().body(error("NoSuchKey"));
        };
        let mut bytes = object.clone();
        if self.failing == Failing::Altered {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        let mut response = HttpResponse::Ok();
        response.insert_header((header::ETAG, tag(object)));
        response.insert_header((header::LAST_MODIFIED, "Wed, 01 Jan 2020 00:00:00 GMT"));
        let range = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
        let range = range.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
        if let Some((from, to)) = range {
            let from: usize = from.parse().expect("a start");
            let to = to.parse().map_or(bytes.len(), |to: usize| (to + 1).min(bytes.len()));
            let place = format!("bytes {from}-{}/{}", to - 1, bytes.len());
            response.status(actix_web::http::StatusCode::PARTIAL_CONTENT);
            response.insert_header((header::CONTENT_RANGE, place));
            bytes = bytes[from..to].to_vec();
        }
        if self.failing == Failing::BrokenOff && *request.method() == Method::GET {
            let (length, half) =
                (bytes.len() as u64, web::Bytes::from(bytes[..bytes.len() / 2].to_vec()));
            let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            return response.body(SizedStream::new(length, stream::iter([Ok(half), broken])));
        }
        if *request.method() == Method::HEAD {
            return response.body(SizedStream::new(
                bytes.len() as u64,
                stream::empty::<Result<web::Bytes, std::io::Error>>(),
            ));
        }
        response.body(bytes)
    }
}

fn xml(text: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/xml")
        .body(format!("<?xml version=\"1.0\"?>{text}"))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// Is the request signed by the key, and is its body the one that was signed?
fn is_signed(request: &HttpRequest, body: &[u8]) -> bool {
    signature(request, body).is_some_and(|(given, right)| given == right)
}

/// The signature of a request and what it should be; none when there is none, or when the body is not
/// the one whose digest it names.
fn signature(request: &HttpRequest, body: &[u8]) -> Option<(String, String)> {
    let value = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let said = value("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| {
        said.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let (credential, signed) = (part("Credential")?, part("SignedHeaders")?);
    let scope = credential.strip_prefix(ACCESS)?.strip_prefix('/')?;
    let day = scope.strip_suffix(&format!("/{REGION}/s3/aws4_request"))?;
    let sum = value("x-amz-content-sha256")?;
    if sum != sha256(body) || !signed.split(';').any(|name| name == "host") {
        return None;
    }
    let mut headers = String::new();
    for name in signed.split(';') {
        let _ = writeln!(headers, "{name}:{}", value(name)?.trim());
    }
    let mut query: Vec<String> = request
        .query_string()
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| if part.contains('=') { part.to_owned() } else { format!("{part}=") })
        .collect();
    query.sort_unstable();
    let (method, path) = (request.method(), request.uri().path());
    let canonical = format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{sum}", query.join("&"));
    let date = value("x-amz-date")?;
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = keyed(format!("AWS4{SECRET}").as_bytes(), day);
    for step in [REGION, "s3", "aws4_request"] {
        key = keyed(&key, step);
    }
    Some((part("Signature")?.to_owned(), hex::encode(&keyed(&key, &text))))
}
