//! `any()` and `all()` of no scope.

use actix_web::Responder;
use auth_runtime::{authorize, require_scope};

#[require_scope(any())]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(scope(all()))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
