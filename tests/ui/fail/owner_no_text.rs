//! A path parameter that is not in quotes.

use actix_web::Responder;
use auth_runtime::{authorize, require_owner};

#[require_owner(user_id)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(owner(7))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
