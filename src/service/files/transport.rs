//! HTTP to a bucket: hyper under the object store's own protocol code. Its usual client brings HTTP/2
//! with it (deny.toml); a store is spoken to in HTTP/1.1 alone.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use tokio::time::{Instant, Sleep, sleep, timeout};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Makes the client of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connector {
    /// How long an answer, or the next part of one, may take.
    pub(super) patience: Duration,
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed = |source| object_store::Error::Generic { store: "S3", source };
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        // The certificates that the system trusts.
        let tls = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| failed(error.into()))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(tls);
        Ok(HttpClient::new(Transport { client, patience: self.patience }))
    }
}

#[derive(Debug)]
struct Transport {
    client: Client<HttpsConnector<Tcp>, HttpRequestBody>,
    patience: Duration,
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = timeout(self.patience, self.client.request(request)).await;
        let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
        let (head, body) = answer.map_err(refused)?.into_parts();
        let idle = Box::pin(sleep(self.patience));
        let watched = Watched { body, idle, patience: self.patience };
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(watched)))
    }
}

fn refused(error: ClientError) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        error.source().and_then(|cause| cause.downcast_ref()).map_or(HttpErrorKind::Unknown, broken)
    };
    HttpError::new(kind, error)
}

/// A connection that broke is worth another try; what the other side says in nonsense is not.
fn broken(error: &hyper::Error) -> HttpErrorKind {
    if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        HttpErrorKind::Interrupted
    } else if error.is_parse() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Request
    }
}

/// The body of an answer that may not stop for too long.
struct Watched {
    body: Incoming,
    idle: Pin<Box<Sleep>>,
    patience: Duration,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.idle.as_mut().reset(Instant::now() + this.patience);
            let told = |error: hyper::Error| HttpError::new(broken(&error), error);
            return Poll::Ready(frame.map(|frame| frame.map_err(told)));
        }
        ready!(this.idle.as_mut().poll(cx));
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(HttpError::new(HttpErrorKind::Timeout, late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}
