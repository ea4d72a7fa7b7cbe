//! `any` and `all` around predicates.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(any(role("a"), role("b")))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") || all(scope("b"), scope("c")))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
