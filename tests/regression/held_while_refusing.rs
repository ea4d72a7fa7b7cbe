//! While the application's not-found handler was waited for, what an extractor had got stayed with it: with a pool of
//! connections, of which that handler wants one as well, nobody would have gone on.

use std::{
    cell::Cell,
    future::{Ready, ready},
};

use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, Responder, dev::Payload, get,
    rt::task::yield_now, web,
};
use auth_runtime::{Auth, authorize};
use auth_tests::Tokens;

use crate::{call, get as ask};

thread_local! {
    static IN_USE: Cell<bool> = const { Cell::new(false) };
}

/// The only one there is.
struct Connection;

impl FromRequest for Connection {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        IN_USE.set(true);
        ready(Ok(Self))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        IN_USE.set(false);
    }
}

#[authorize(when(*age > 17), deny = not_found)]
#[get("/{age}")]
async fn of_age(_: Connection, age: web::Path<u8>) -> impl Responder {
    age.to_string()
}

/// Waits for the connection, but not for ever.
async fn own_not_found(_: HttpRequest) -> impl Responder {
    for _ in 0..10 {
        yield_now().await;
        if !IN_USE.get() {
            return HttpResponse::NotFound();
        }
    }
    HttpResponse::InternalServerError()
}

#[actix_web::test]
async fn z5_who_waits_for_a_refusal_holds_nothing_that_it_may_need() {
    let auth = Auth::builder().verifier(Tokens::ready()).not_found(own_not_found).build().unwrap();
    // Young, and no number at all.
    for (path, status) in [("/18", 200), ("/17", 404), ("/old", 404)] {
        let response = call(&auth, of_age, ask(path, "user")).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(!IN_USE.get(), "{path}");
    }
}
