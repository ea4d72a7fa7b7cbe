//! `crate` takes a path.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth(crate)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
