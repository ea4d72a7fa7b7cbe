//! What a claim has to be is text, a number or a flag.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(claim("tenant", acme))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(claim("rate", 1.5))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(claim("level", 99999999999999999999))]
async fn third() -> impl Responder {
    "x"
}

#[authorize(claim("level", 7u8))]
async fn fourth() -> impl Responder {
    "x"
}

#[authorize(claim("groups", ["a", "b"]))]
async fn fifth() -> impl Responder {
    "x"
}

#[authorize(claim("grade", 'a'))]
async fn sixth() -> impl Responder {
    "x"
}

fn main() {}
