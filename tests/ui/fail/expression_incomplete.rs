//! An operator that nothing follows.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") &&)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
