//! A JSON Pointer that cannot be followed.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(claim("/a~b", "x"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(claim("/a/~2", "x"))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(claim("/a~", "x"))]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
