//! A name twice.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(any("admin", "editor", "admin"))]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
