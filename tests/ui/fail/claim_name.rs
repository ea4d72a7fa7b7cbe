//! A claim has a name, in quotes.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(claim("", "acme"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(claim(tenant, "acme"))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(claim(7, "acme"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
