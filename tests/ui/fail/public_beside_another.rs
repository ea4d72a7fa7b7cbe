//! Public and guarded.

use actix_web::{Responder, get};
use auth_runtime::{require_auth, require_role, public};

#[public]
#[require_auth]
async fn handler() -> impl Responder {
    "x"
}

#[require_role("admin")]
#[get("/x")]
#[public]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
