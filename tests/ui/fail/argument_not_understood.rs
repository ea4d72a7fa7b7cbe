//! Arguments that are no list.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role("a" "b")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
