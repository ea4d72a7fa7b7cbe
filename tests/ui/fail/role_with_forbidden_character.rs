//! Characters that RFC 6749 forbids.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role("ad\"min")]
async fn handler() -> impl Responder {
    "x"
}

#[require_role("größe")]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
