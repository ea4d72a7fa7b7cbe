//! A setting whose name is none.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth("crate" = x)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
