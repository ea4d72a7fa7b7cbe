//! A constant that is no name.

use actix_web::Responder;
use auth_runtime::require_role;

const LIMIT: u32 = 7;

#[require_role(LIMIT)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
