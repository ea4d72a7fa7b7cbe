//! A number where a name belongs.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(1)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
