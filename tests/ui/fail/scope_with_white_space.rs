//! Scopes with white space.

use actix_web::Responder;
use auth_runtime::require_scope;

#[require_scope("docs:read docs:write")]
async fn handler() -> impl Responder {
    "x"
}

#[require_scope(any("docs:read docs:write", "admin"))]
async fn other() -> impl Responder {
    "x"
}

#[require_scope("docs:read\n")]
async fn third() -> impl Responder {
    "x"
}

#[require_scope("\t")]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
