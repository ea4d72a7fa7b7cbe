//! Where an extractor panicked before its future was there, whoever caught that and polled the handler again came past
//! `when(…)`, which had been put aside; and went on with the `Auth` that there was by then. (Where one panics when its future
//! is dropped nothing was wrong before; it is here since it goes the same way.)

use std::{
    cell::Cell,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, Responder, dev, web};
use auth_runtime::{
    Auth, Policy, ReloadableAuth, authorize, guard, require_auth, testing::TestIssuer,
};

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

fn polled_twice(handler: impl Future<Output = HttpResponse>) -> HttpResponse {
    let mut handler = pin!(handler);
    let mut context = Context::from_waker(Waker::noop());
    let first = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(&mut context)));
    assert!(first.is_err());
    let Poll::Ready(response) = handler.poll(&mut context) else { panic!("nothing to wait for") };
    response
}

#[actix_web::test]
async fn a_handler_that_is_polled_after_a_panic_still_decides() {
    let issuer = TestIssuer::new();
    let request = get("/", &issuer.token("bob").mint()).app_data(issuer.auth().unwrap());
    let (request, mut payload) = request.to_http_parts();
    let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let response = polled_twice(careless((request, body).into()));
    assert_eq!(response.status(), 403);
}

/// Panics when what it was extracted by is dropped.
struct Clumsy;

struct Extracting;

impl FromRequest for Clumsy {
    type Error = Error;
    type Future = Extracting;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        Extracting
    }
}

impl Future for Extracting {
    type Output = Result<Clumsy, Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(Clumsy))
    }
}

impl Drop for Extracting {
    fn drop(&mut self) {
        assert!(!PANICS.replace(false), "a bug in drop");
    }
}

#[authorize(when(body == "sent"))]
async fn clumsy(_: Clumsy, body: String) -> impl Responder {
    body
}

/// The body was read by then: whoever began once more would decide about another one.
#[actix_web::test]
async fn a_handler_that_is_polled_after_a_drop_panicked_goes_on_where_it_was() {
    let issuer = TestIssuer::new();
    let request = get("/", &issuer.token("bob").mint()).app_data(issuer.auth().unwrap());
    let (request, mut payload) = request.set_payload("sent").to_http_parts();
    let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let response = polled_twice(clumsy((request, body).into()));
    assert_eq!(response.status(), 200);
}

/// The body asks for somebody else, whose realm tells which `Auth` that was.
#[require_auth]
async fn asking(_: Replacing, request: HttpRequest) -> HttpResponse {
    static ADMIN: Policy = Policy::scope("admin");
    match guard(&request, &ADMIN).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(rejection) => rejection.into_response(&request),
    }
}

/// What the application goes on with.
struct Next(Auth);

/// Has it go on, and panics once it does.
struct Replacing;

impl FromRequest for Replacing {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let handle = request.app_data::<ReloadableAuth>().unwrap();
        handle.replace(&request.app_data::<Next>().unwrap().0);
        assert!(!PANICS.replace(false), "a bug in from_request");
        ready(Ok(Self))
    }
}

/// A request goes on with the `Auth` that it began with.
#[actix_web::test]
async fn a_handler_that_is_polled_after_a_panic_goes_on_with_what_it_began_with() {
    let issuer = TestIssuer::new();
    let named = |realm| Auth::builder().issuer(issuer.issuer()).realm(realm).build().unwrap();
    let request = get("/", &issuer.token("bob").mint())
        .app_data(ReloadableAuth::new(named("before")))
        .app_data(Next(named("after")));
    let (request, mut payload) = request.to_http_parts();
    let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let response = polled_twice(asking((request, body).into()));
    assert_eq!(response.status(), 403);
    let challenge = response.headers().get("www-authenticate").unwrap().to_str().unwrap();
    assert!(challenge.contains(r#"realm="before""#), "{challenge}");
}
