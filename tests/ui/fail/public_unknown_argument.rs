//! What `#[public]` takes.

use actix_web::Responder;
use auth_runtime::public;

#[public(optional)]
async fn handler() -> impl Responder {
    "x"
}

#[public("admin")]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
