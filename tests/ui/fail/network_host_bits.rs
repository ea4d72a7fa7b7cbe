//! Bits set behind the prefix.

use actix_web::Responder;
use auth_runtime::{authorize, require_ip};

#[require_ip("10.0.0.1/8")]
async fn handler() -> impl Responder {
    "x"
}

#[require_ip("2001:db8::1/32")]
async fn other() -> impl Responder {
    "x"
}

#[authorize(ip("192.0.2.7/0"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
