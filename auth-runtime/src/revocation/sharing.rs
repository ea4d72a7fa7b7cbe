//! Whether other instances will know of a change.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(feature = "redis")]
use tokio::sync::oneshot;

/// Whether a change reached those it is shared with. The change does not depend on it being awaited.
///
/// Where nothing is shared, it is `Ok` at once.
#[derive(Debug)]
#[must_use = "await it to learn whether the other instances will know"]
pub struct Sharing(Outcome);

#[derive(Debug)]
enum Outcome {
    Known(Result<(), NotShared>),
    #[cfg(feature = "redis")]
    Awaited(oneshot::Receiver<Result<(), NotShared>>),
}

impl Sharing {
    pub(super) fn known(result: Result<(), NotShared>) -> Self {
        Self(Outcome::Known(result))
    }

    #[cfg(feature = "redis")]
    pub(super) fn awaited(answer: oneshot::Receiver<Result<(), NotShared>>) -> Self {
        Self(Outcome::Awaited(answer))
    }
}

impl Future for Sharing {
    type Output = Result<(), NotShared>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Without Redis nothing is ever awaited.
        let _ = &context;
        match &mut self.0 {
            Outcome::Known(result) => Poll::Ready(result.clone()),
            // It fails if the thread has ended.
            #[cfg(feature = "redis")]
            Outcome::Awaited(answer) => {
                Pin::new(answer).poll(context).map(|answer| answer.unwrap_or(Err(NotShared::Away)))
            }
        }
    }
}

/// A change that the other instances do not know of yet.
///
/// A revocation holds here nevertheless, and is written to Redis as soon as this instance reaches it. What was to be
/// restored still is revoked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotShared {
    /// There is no connection to Redis.
    #[error("Redis cannot be reached, so the other instances do not know of this yet")]
    Away,
    /// Redis answered that it will not, or too late. What it said is without the values that were sent.
    #[error("Redis did not take it, so the other instances do not know of this yet: {0}")]
    Refused(String),
    /// More changes than 1024 are waiting for Redis.
    #[error("too many changes wait for Redis, so the other instances do not know of this yet")]
    TooMany,
}
