//! `#[require_auth]` takes no rule.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth(1 + 1)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
