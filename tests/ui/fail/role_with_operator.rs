//! An expression where a name belongs.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role("admin" || "editor")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
