//! What always holds.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") || !role("a"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(scope("x") && (role("a") || !role("a")))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(role("a") || authenticated())]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
