//! Bodies that come too slowly. A connection that brings a byte now and then would otherwise be held
//! for as long as its owner likes; the framework watches over the head of a request only.

//!
//! What a handler leaves unread is not waited for either. The framework would read on to the end of a
//! chunked body whose reader is gone, without a timer; while the reader is there it closes the
//! connection. So the reader is kept until the answer has been sent.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::transport::Pace;

/// What became of the body of a request, whoever read it.
#[derive(Clone, Default)]
pub struct Watched(Option<Rc<Fate>>);

#[derive(Default)]
struct Fate {
    late: Cell<bool>,
    unread: RefCell<Option<Payload>>,
}

impl Watched {
    /// Did it fall behind?
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.0.as_ref().is_some_and(|fate| fate.late.get())
    }

    /// Keeps what was left unread until the answer has been sent.
    #[must_use]
    pub fn kept_with(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        match self.0.as_ref().and_then(|fate| fate.unread.take()) {
            Some(unread) => {
                response.map_body(|_, body| Answer { body, _unread: unread }).map_into_boxed_body()
            }
            None => response,
        }
    }
}

/// Lets the body of a request be read at this pace only.
#[must_use]
pub fn watch(request: &mut ServiceRequest, pace: Pace) -> Watched {
    match request.take_payload() {
        Payload::None => Watched::default(),
        inner => {
            let fate = Rc::new(Fate::default());
            let payload = Paced {
                inner,
                pace,
                fate: Rc::clone(&fate),
                since: None,
                received: 0,
                timer: None,
                ended: false,
            };
            request.set_payload(Payload::Stream { payload: Box::pin(payload) });
            Watched(Some(fate))
        }
    }
}

struct Paced {
    inner: Payload,
    pace: Pace,
    fate: Rc<Fate>,
    since: Option<Instant>,
    received: u64,
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Paced {
    /// When the next bytes must have come: the grace, and a second for each second's worth that has.
    fn deadline(&mut self) -> Instant {
        let since = *self.since.get_or_insert_with(Instant::now);
        let earned = self.received.saturating_mul(1000) / u64::from(self.pace.rate.max(1));
        since + self.pace.grace + Duration::from_millis(earned)
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        if !self.ended {
            let unread = std::mem::replace(&mut self.inner, Payload::None);
            *self.fate.unread.borrow_mut() = Some(unread);
        }
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(part) = Pin::new(&mut this.inner).poll_next(cx) {
            match &part {
                Some(Ok(bytes)) => {
                    this.received = this.received.saturating_add(bytes.len() as u64);
                }
                Some(Err(_)) => {}
                None => this.ended = true,
            }
            return Poll::Ready(part);
        }
        let deadline = this.deadline();
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        this.fate.late.set(true);
        let slow = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(PayloadError::Io(slow))))
    }
}

/// The body of an answer, and the reader of the request's body that nobody read.
struct Answer {
    body: BoxBody,
    _unread: Payload,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_of_bytes_earns_a_second() {
        let mut payload = Paced {
            inner: Payload::None,
            pace: Pace::default(),
            fate: Rc::default(),
            since: None,
            received: 0,
            timer: None,
            ended: false,
        };
        let start = payload.deadline();
        for (received, earned) in [(0, 0), (512, 500), (1024, 1000), (256 * 1024, 256_000)] {
            payload.received = received;
            let later = payload.deadline() - start;
            assert_eq!(later, Duration::from_millis(earned), "{received} bytes");
        }
        assert_eq!(Some(start), payload.since.map(|since| since + Duration::from_secs(10)));
    }
}
