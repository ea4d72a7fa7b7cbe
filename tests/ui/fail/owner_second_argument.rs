//! Only `prefix` may follow the parameter.

use actix_web::Responder;
use auth_runtime::{authorize, require_owner};

#[require_owner("user_id", scope)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(owner("user_id", "doc_id"))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
