//! A setting given twice.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth(crate = ::auth_runtime, crate = ::auth_runtime)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
