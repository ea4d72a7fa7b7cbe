//! `#[require_auth]` takes no names.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth("admin")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
