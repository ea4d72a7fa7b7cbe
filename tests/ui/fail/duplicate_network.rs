//! The same network twice.

use actix_web::Responder;
use auth_runtime::{authorize, require_ip};

#[require_ip("10.0.0.0/8", "10.0.0.0/8")]
async fn handler() -> impl Responder {
    "x"
}

#[require_ip("::1", "0:0:0:0:0:0:0:1/128")]
async fn other() -> impl Responder {
    "x"
}

#[authorize(ip("192.0.2.7", "192.0.2.7/32"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
