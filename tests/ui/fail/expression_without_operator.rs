//! Predicates with nothing between them, or with words.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") role("b"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") and role("b"))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(not role("a"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
