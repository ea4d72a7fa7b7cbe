//! Several names do not say how they combine.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role("admin", "editor")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
