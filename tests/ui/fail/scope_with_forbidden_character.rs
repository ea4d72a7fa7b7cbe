//! Scopes that no token can hold.

use actix_web::Responder;
use auth_runtime::require_scope;

#[require_scope("docs\\read")]
async fn handler() -> impl Responder {
    "x"
}

#[require_scope("")]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
