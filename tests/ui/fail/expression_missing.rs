//! No expression.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize]
async fn handler() -> impl Responder {
    "x"
}

#[authorize()]
async fn other() -> impl Responder {
    "x"
}

#[authorize(deny = not_found)]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
