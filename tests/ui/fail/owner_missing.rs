//! No path parameter, or several.

use actix_web::Responder;
use auth_runtime::{authorize, require_owner};

#[require_owner]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(owner())]
async fn other() -> impl Responder {
    "x"
}

#[require_owner("a", "b", "c")]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
