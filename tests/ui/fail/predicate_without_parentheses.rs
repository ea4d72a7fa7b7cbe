//! A predicate without its parentheses.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(authenticated)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") && !api_key)]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
