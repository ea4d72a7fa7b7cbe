//! A role is needed.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role]
async fn handler() -> impl Responder {
    "x"
}

#[require_role()]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
