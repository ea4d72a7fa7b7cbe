//! Predicates that take nothing.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(authenticated("admin"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") && api_key("b", 7))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
