//! Nobody, and everybody.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(any())]
async fn handler() -> impl Responder {
    "x"
}

#[require_role(all())]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
