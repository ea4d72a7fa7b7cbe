//! Combinations do not nest here.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(any(all("a", "b"), "c"))]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
