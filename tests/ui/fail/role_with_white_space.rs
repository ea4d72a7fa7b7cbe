//! Names with white space.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role("admin editor")]
async fn handler() -> impl Responder {
    "x"
}

#[require_role(" admin")]
async fn other() -> impl Responder {
    "x"
}

#[require_role("\t")]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
