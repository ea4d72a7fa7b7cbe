//! What comes from an issuer over the network: every test is named after the row it shows.
//!
//! Issuers are servers on the loopback interface. Time is a number that tests move: none waits for a cooldown.

mod discovery;
mod faults;
mod keys;
mod logs;
mod metrics;
mod provider;
mod ready;
mod remembered;
mod tls;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    App, Responder, get,
    http::header::AUTHORIZATION,
    rt::time::timeout,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{Auth, Identity, Issuer, require_auth};
use auth_tests::{Answer, INVALID};

use crate::provider::Provider;

const UNAVAILABLE: &str = "Authentication is temporarily unavailable";
const NOT_AVAILABLE: &str = "Authentication is not available";
const NOT_ACCEPTABLE: &str = "Invalid or expired token";

#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

/// Time that stands still until somebody moves it, in seconds since the Unix epoch.
#[derive(Clone)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self(Arc::new(AtomicU64::new(now)))
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn put_back(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::SeqCst);
    }
}

/// An `Auth` that trusts this issuer alone.
fn auth_of(issuer: Issuer, time: &Time) -> Auth {
    let time = time.clone();
    Auth::builder().issuer(issuer).clock(move || time.now()).build().unwrap()
}

/// The issuer that publishes its keys at `/keys`.
fn issuer(provider: &Provider) -> Issuer {
    Issuer::new(provider.name()).audience("api").jwks_url(provider.url("/keys"))
}

/// The same, once its keys are there.
async fn ready_auth(provider: &Provider, time: &Time) -> Auth {
    let auth = auth_of(issuer(provider), time);
    timeout(Duration::from_secs(10), auth.wait_ready()).await.unwrap();
    auth
}

/// Asks for `/me` with this token.
async fn ask(auth: &Auth, token: &str) -> Answer {
    let app = init_service(App::new().app_data(auth.clone()).service(me)).await;
    let request =
        TestRequest::get().uri("/me").insert_header((AUTHORIZATION, format!("Bearer {token}")));
    Answer::of(call_service(&app, request.to_request()).await).await
}

#[track_caller]
fn assert_ann(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ann"), "{answer:?}");
}

#[track_caller]
fn assert_invalid(answer: &Answer) {
    answer.assert(401, Some(INVALID), NOT_ACCEPTABLE);
}

#[track_caller]
fn assert_away(answer: &Answer) {
    answer.assert(503, None, UNAVAILABLE);
    let seconds: u64 =
        answer.retry_after.as_deref().expect("it says when to retry").parse().unwrap();
    assert!(seconds >= 1, "{answer:?}");
}

#[track_caller]
fn assert_unusable(answer: &Answer) {
    answer.assert(500, None, NOT_AVAILABLE);
    assert_eq!(answer.retry_after, None);
}
