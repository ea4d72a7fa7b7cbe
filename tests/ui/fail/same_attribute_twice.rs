//! The same requirement twice.

use actix_web::{Responder};
use auth_runtime::{require_auth, require_role};

#[require_auth]
#[require_auth]
async fn handler() -> impl Responder {
    "x"
}

#[require_role("a")]
#[require_role(any("a"))]
async fn other() -> impl Responder {
    "x"
}

#[require_role(any("a", "b"))]
#[require_role(any("b", "a"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
