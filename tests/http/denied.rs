//! CHECKLIST D1: a denied request runs no extractor, reads no byte of its body, and has no side effect.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    App, Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder,
    dev::{Payload, Service},
    error::PayloadError,
    http::header::AUTHORIZATION,
    post,
    test::{TestRequest, init_service},
    web,
};
use auth_runtime::{Auth, require_auth, require_role};
use auth_tests::Tokens;

/// What happened during one request.
#[derive(Clone, Default)]
struct Trace(Rc<Cell<Counts>>);

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Counts {
    started: u32,
    polled: u32,
    read: u32,
    ran: u32,
}

impl Trace {
    fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().expect("the test put it there")
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.0.get();
        change(&mut counts);
        self.0.set(counts);
    }
}

/// An extractor that is noticed.
struct Noticed;

impl FromRequest for Noticed {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let trace = Trace::of(request);
        trace.count(|counts| counts.started += 1);
        Box::pin(async move {
            trace.count(|counts| counts.polled += 1);
            Ok(Self)
        })
    }
}

/// A body that is noticed, and never ends.
struct Body(Trace);

impl futures_core::Stream for Body {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.count(|counts| counts.read += 1);
        context.waker().wake_by_ref();
        Poll::Ready(Some(Ok(web::Bytes::from_static(b"x"))))
    }
}

#[require_role("admin")]
#[post("/role")]
async fn role(request: HttpRequest, _: Noticed, body: web::Payload) -> impl Responder {
    handle(&request, body).await
}

#[post("/below")]
#[require_auth]
#[require_role("admin")]
async fn below(request: HttpRequest, _: Noticed, body: web::Payload) -> impl Responder {
    handle(&request, body).await
}

#[require_role("admin")]
#[post("/buffered")]
async fn buffered(request: HttpRequest, _: Noticed, body: web::Bytes) -> impl Responder {
    Trace::of(&request).count(|counts| counts.ran += 1);
    body.len().to_string()
}

async fn handle(request: &HttpRequest, body: web::Payload) -> HttpResponse {
    use std::future::poll_fn;

    use futures_core::Stream;

    Trace::of(request).count(|counts| counts.ran += 1);
    let mut body = body.into_inner();
    let first = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await;
    assert!(first.is_some());
    HttpResponse::Ok().finish()
}

async fn counts(tokens: &Tokens, path: &str, token: Option<&str>) -> (u16, Counts) {
    let mut request = TestRequest::post().uri(path);
    if let Some(token) = token {
        request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
    }
    counts_of(tokens.auth(), request).await
}

async fn counts_of(auth: Auth, request: TestRequest) -> (u16, Counts) {
    let app =
        init_service(App::new().app_data(auth).service(role).service(below).service(buffered))
            .await;
    let trace = Trace::default();
    let body: Pin<Box<dyn futures_core::Stream<Item = _>>> = Box::pin(Body(trace.clone()));
    let (request, _) = request.to_request().replace_payload(Payload::Stream { payload: body });
    request.extensions_mut().insert(trace.clone());
    let status = app.call(request).await.expect("a response").status().as_u16();
    (status, trace.0.get())
}

#[actix_web::test]
async fn d1_a_denied_request_runs_no_extractor_and_reads_no_body() {
    for path in ["/role", "/below", "/buffered"] {
        for tokens in [Tokens::ready(), Tokens::slow()] {
            for (token, status) in [(None, 401), (Some("unknown"), 401), (Some("user"), 403)] {
                let nothing = (status, Counts::default());
                assert_eq!(counts(&tokens, path, token).await, nothing, "{path} as {token:?}");
            }
        }
    }
}

/// Whether a request to `/role` ran nothing: no extractor, no read of its body, no handler.
pub(crate) async fn status_and_nothing_else(auth: Auth, request: TestRequest) -> u16 {
    let (status, counts) = counts_of(auth, request.uri("/role")).await;
    assert_eq!(counts, Counts::default());
    status
}

#[actix_web::test]
async fn d1_an_allowed_request_runs_each_once() {
    for path in ["/role", "/below"] {
        for tokens in [Tokens::ready(), Tokens::slow()] {
            let once = Counts { started: 1, polled: 1, read: 1, ran: 1 };
            assert_eq!(counts(&tokens, path, Some("admin")).await, (200, once), "{path}");
        }
    }
    // A body without end is refused by actix-web's own limit, after the guard.
    let (status, counts) = counts(&Tokens::ready(), "/buffered", Some("admin")).await;
    assert_eq!((status, counts.ran), (413, 0));
    assert!(counts.read > 1);
}
