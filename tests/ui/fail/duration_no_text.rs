//! A duration that is not in quotes.

use actix_web::Responder;
use auth_runtime::{authorize, require_step_up};

#[require_step_up(max_age = 300)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(max_age(5m))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(max_age(MAX_AGE))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
