//! Words that mean nothing here.

use actix_web::{Responder};
use auth_runtime::{require_auth, require_role};

#[require_auth(optional)]
async fn handler() -> impl Responder {
    "x"
}

#[require_role("admin", crat = ::auth_runtime)]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
