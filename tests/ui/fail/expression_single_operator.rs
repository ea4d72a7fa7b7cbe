//! `&`, `|` and `^` between predicates.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") & role("b"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") | role("b"))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(role("a") ^ role("b"))]
async fn third() -> impl Responder {
    "x"
}

#[authorize(role("a") + role("b"))]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
