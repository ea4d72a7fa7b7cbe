//! `#[public]` takes no rule.

use actix_web::{Responder};
use auth_runtime::{public};

#[public("everybody")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
