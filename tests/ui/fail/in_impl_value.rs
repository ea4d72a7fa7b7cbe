//! `in_impl` takes no value.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth(in_impl = true)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
