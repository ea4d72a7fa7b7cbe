//! Two attributes that say the same.

use actix_web::{Responder, get};
use auth_runtime::{authorize, require_auth, require_ip, require_role};

#[require_role("a")]
#[authorize(role("a"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(authenticated())]
#[get("/x")]
#[require_auth]
async fn other() -> impl Responder {
    "x"
}

#[require_ip("10.0.0.0/8")]
#[authorize(ip("10.0.0.0/8"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
