//! A path parameter is named without what stands around it in a path.

use actix_web::Responder;
use auth_runtime::{authorize, require_owner};

#[require_owner("{user_id}")]
async fn handler() -> impl Responder {
    "x"
}

#[require_owner("/users/{user_id}/docs")]
async fn other() -> impl Responder {
    "x"
}

#[require_owner("users/user_id")]
async fn third() -> impl Responder {
    "x"
}

#[authorize(owner("{user_id:[0-9]+}"))]
async fn fourth() -> impl Responder {
    "x"
}

#[require_owner("")]
async fn fifth() -> impl Responder {
    "x"
}

#[require_owner("/")]
async fn sixth() -> impl Responder {
    "x"
}

fn main() {}
