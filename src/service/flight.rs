//! Commands that are on their way: given in order, answered later, so that many share one commit.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::store::command::{Denied, Outcome};

/// What will come of a command.
pub(super) type Flight<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Denied>> + 'a>>;

/// The command on its way: polled once, so that it is in the writer's queue, with the clock read.
pub(super) fn launched(mut answer: Flight<'_>) -> Flight<'_> {
    let mut context = Context::from_waker(Waker::noop());
    match answer.as_mut().poll(&mut context) {
        Poll::Ready(done) => Box::pin(std::future::ready(done)),
        Poll::Pending => answer,
    }
}
