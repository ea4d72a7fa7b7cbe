//! Nobody authenticated no time ago.

use actix_web::Responder;
use auth_runtime::{authorize, require_step_up};

#[require_step_up(max_age = "0s")]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(max_age("0h0m"))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
