//! A name that does not say of what.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize("admin")]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") || "b")]
async fn other() -> impl Responder {
    "x"
}

#[authorize(Role::Admin)]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
