//! Several networks in one pair of quotes.

use actix_web::{Responder, get};
use auth_runtime::{authorize, require_ip};

#[require_ip("10.0.0.0/8, 192.168.0.0/16")]
#[get("/a")]
async fn with_commas() -> impl Responder {
    "x"
}

#[authorize(ip("10.0.0.0/8 ::1"))]
#[get("/b")]
async fn with_spaces() -> impl Responder {
    "x"
}

fn main() {}
