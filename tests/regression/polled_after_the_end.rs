//! Whoever polled a handler again, after it had refused bad credentials that an `Option<Identity>` makes nothing of, let it
//! run if its other extractors went on by then.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use actix_web::{
    Error, FromRequest, HttpRequest, Responder, dev, error::ErrorConflict, test::TestRequest, web,
};
use auth_runtime::{Identity, public, testing::TestIssuer};

use crate::get;

/// Fails, and is there when it is asked once more.
struct Wavering;

struct Wavers(bool);

impl FromRequest for Wavering {
    type Error = Error;
    type Future = Wavers;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        Wavers(true)
    }
}

impl Future for Wavers {
    type Output = Result<Wavering, Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let fails = std::mem::replace(&mut self.0, false);
        Poll::Ready(if fails { Err(ErrorConflict("not yet")) } else { Ok(Wavering) })
    }
}

#[public]
async fn open(_: Option<Identity>, _: Wavering) -> impl Responder {
    "for everybody"
}

async fn statuses(request: TestRequest) -> [u16; 2] {
    let (request, mut payload) = request.to_http_parts();
    let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let mut handler = pin!(open((request, body).into()));
    [(); 2].map(|()| match handler.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response.status().as_u16(),
        Poll::Pending => panic!("nothing to wait for"),
    })
}

#[actix_web::test]
async fn a23_bad_credentials_are_refused_however_often_it_is_asked() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let none = TestRequest::get().app_data(auth.clone());
    assert_eq!(statuses(none).await, [409, 200]);
    let expired = issuer.token("ann").expired().mint();
    assert_eq!(statuses(get("/", &expired).app_data(auth)).await, [401, 401]);
}
