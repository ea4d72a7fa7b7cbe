//! A misspelt attribute does not compile.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_rol("admin")]
async fn handler() -> impl Responder {
    "x"
}

#[require_role("admin")]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
