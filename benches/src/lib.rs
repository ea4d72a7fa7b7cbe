//! What the benchmarks beside this folder share; `run` makes all of them.

use std::{
    fmt,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use actix_web::{FromRequest, HttpRequest, dev};

/// Runs what is ready at once.
///
/// # Panics
///
/// If it has to be waited for: then it would be something else that is measured.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here has to be waited for"),
    }
}

/// What a handler takes, made as actix-web makes it.
///
/// # Panics
///
/// If the request has no such thing.
pub fn argument<T: FromRequest<Error: fmt::Debug>>(request: &HttpRequest) -> T {
    run(T::from_request(request, &mut dev::Payload::None)).expect("an argument")
}
