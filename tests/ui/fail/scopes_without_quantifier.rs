//! Several scopes that do not say how they combine.

use actix_web::Responder;
use auth_runtime::{authorize, require_scope};

#[require_scope("docs:read", "docs:write")]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(scope("docs:read", SCOPE))]
async fn other() -> impl Responder {
    "x"
}

#[require_scope(Scope::Read, Scope::Write)]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
