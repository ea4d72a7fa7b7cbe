//! A name without quotes.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(admin)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
