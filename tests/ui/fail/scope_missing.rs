//! No scope.

use actix_web::Responder;
use auth_runtime::{authorize, require_scope};

#[require_scope]
async fn handler() -> impl Responder {
    "x"
}

#[require_scope()]
async fn other() -> impl Responder {
    "x"
}

#[authorize(scope())]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
