//! A key as argument, whatever it looks like.

use actix_web::Responder;
use auth_runtime::{authorize, require_api_key};

#[require_api_key("topsecret")]
async fn handler() -> impl Responder {
    "x"
}

#[require_api_key(7)]
async fn other() -> impl Responder {
    "x"
}

#[authorize(api_key("topsecret") || role("admin"))]
async fn in_an_expression() -> impl Responder {
    "x"
}

fn main() {}
