//! Functions that cannot be handlers.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth]
async unsafe fn handler() -> impl Responder {
    "x"
}

#[require_auth]
async extern "C" fn other() -> impl Responder {
    "x"
}

#[require_auth]
const fn third() -> &'static str {
    "x"
}

fn main() {}
