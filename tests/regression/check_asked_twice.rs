//! A check that stands in several parts of a policy was asked for each of them, and might have answered differently.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{HttpRequest, Responder, get};
use auth_runtime::{Identity, authorize, testing::TestIssuer};

use crate::{call, get};

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Changes its mind.
fn fickle(_: &Identity, _: &HttpRequest) -> bool {
    ASKED.fetch_add(1, Ordering::SeqCst) % 2 == 1
}

#[authorize(
    (role("x") && check(fickle)) || (role("y") && !check(fickle)) || (role("z") && check(fickle))
)]
#[get("/check")]
async fn checked() -> impl Responder {
    "checked"
}

#[actix_web::test]
async fn a_check_is_asked_at_most_once() {
    let issuer = TestIssuer::new();
    let token = issuer.token("bob").role("x").role("z").mint();
    let response = call(&issuer.auth().unwrap(), checked, get("/check", &token)).await;
    assert_eq!(response.status(), 403);
    assert_eq!(ASKED.load(Ordering::SeqCst), 1);
}
