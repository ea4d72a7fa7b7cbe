//! `check(…)` takes a function by its path.

use actix_web::{HttpRequest, Responder};
use auth_runtime::{authorize, Identity};

fn may(_: &Identity, _: &HttpRequest) -> bool {
    true
}

#[authorize(check("may"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(check(may(identity, request)))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(check(|identity, _| identity.has_role("admin")))]
async fn third() -> impl Responder {
    "x"
}

#[authorize(check(7))]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
