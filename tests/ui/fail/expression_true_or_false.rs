//! `true` and `false` ask nobody.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(true)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") || false)]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
