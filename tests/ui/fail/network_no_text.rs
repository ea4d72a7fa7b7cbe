//! Networks that are not in quotes.

use actix_web::Responder;
use auth_runtime::{authorize, require_ip};

#[require_ip(10)]
async fn handler() -> impl Responder {
    "x"
}

#[require_ip(10.0.0.0/8)]
async fn other() -> impl Responder {
    "x"
}

#[require_ip(localhost)]
async fn third() -> impl Responder {
    "x"
}

#[authorize(ip(OFFICE))]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
