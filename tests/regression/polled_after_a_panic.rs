//! Where an extractor panicked before its future was there, whoever caught that and polled the handler again came past
//! `when(…)`, which had been put aside.

use std::{
    cell::Cell,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use actix_web::{Error, FromRequest, HttpRequest, Responder, dev, web};
use auth_runtime::{authorize, testing::TestIssuer};

use crate::get;

thread_local! {
    static PANICS: Cell<bool> = const { Cell::new(true) };
}

struct Careless(bool);

impl FromRequest for Careless {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        assert!(!PANICS.replace(false), "a bug in from_request");
        ready(Ok(Self(false)))
    }
}

#[authorize(when(argument.0))]
async fn careless(argument: Careless) -> impl Responder {
    argument.0.to_string()
}

#[actix_web::test]
async fn a_handler_that_is_polled_after_a_panic_still_decides() {
    let issuer = TestIssuer::new();
    let request = get("/", &issuer.token("bob").mint()).app_data(issuer.auth().unwrap());
    let (request, mut payload) = request.to_http_parts();
    let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let mut response = pin!(careless((request, body).into()));
    let mut context = Context::from_waker(Waker::noop());
    let first = catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(&mut context)));
    assert!(first.is_err());
    let Poll::Ready(response) = response.poll(&mut context) else { panic!("nothing to wait for") };
    assert_eq!(response.status(), 403);
}
