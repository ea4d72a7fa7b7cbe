//! A name that is empty.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role("")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
