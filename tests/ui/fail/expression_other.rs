//! Rust that is no combination of predicates.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(if role("a") { role("b") } else { role("c") })]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a").and(role("b")))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(7)]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
