//! Denials are hidden as 404 or not at all.

use actix_web::Responder;
use auth_runtime::{require_auth, require_role};

#[require_role("admin", deny = forbidden)]
async fn handler() -> impl Responder {
    "x"
}

#[require_auth(deny = 404)]
async fn other() -> impl Responder {
    "x"
}

#[require_auth(deny = "not_found")]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
