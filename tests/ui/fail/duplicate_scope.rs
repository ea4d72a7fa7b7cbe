//! The same scope twice.

use actix_web::Responder;
use auth_runtime::{authorize, require_scope};

#[require_scope(all("docs:read", "docs:read"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(scope(any(Scope::Read, Scope::Read)))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
