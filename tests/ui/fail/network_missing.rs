//! No network.

use actix_web::Responder;
use auth_runtime::{authorize, require_ip};

#[require_ip]
async fn handler() -> impl Responder {
    "x"
}

#[require_ip()]
async fn other() -> impl Responder {
    "x"
}

#[authorize(ip())]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
