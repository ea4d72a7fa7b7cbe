//! A predicate in an attribute without a rule.

use actix_web::Responder;
use auth_runtime::{public, require_api_key, require_auth};

#[require_auth(role("admin"))]
async fn handler() -> impl Responder {
    "x"
}

#[require_api_key(scope("docs:read"))]
async fn other() -> impl Responder {
    "x"
}

#[public(ip("10.0.0.0/8"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
