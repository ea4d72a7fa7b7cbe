//! The same asked twice in one expression.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") || role("a"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") && scope("b") && role("a"))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(role(any("a", "b")) && role(any("b", "a")))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
