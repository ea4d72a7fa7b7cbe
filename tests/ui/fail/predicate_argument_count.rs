//! Too few arguments, or too many.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(claim("tenant"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(claim("tenant", "acme", "other"))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(max_age())]
async fn third() -> impl Responder {
    "x"
}

#[authorize(acr("mfa", "phr"))]
async fn fourth() -> impl Responder {
    "x"
}

#[authorize(check())]
async fn fifth() -> impl Responder {
    "x"
}

#[authorize(check(a, b))]
async fn sixth() -> impl Responder {
    "x"
}

#[authorize(when())]
async fn seventh() -> impl Responder {
    "x"
}

#[authorize(when(a, b))]
async fn eighth() -> impl Responder {
    "x"
}

fn main() {}
